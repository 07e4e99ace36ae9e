"""Which messages the schedule of edits knows, by thread: those that stand, and do not show their last text. Pure.

It is told what becomes of each post and edit, and counts that.
"""

from bot.delivery.fitting import Lesson
from bot.delivery.message import Message
from bot.delivery.outcomes import Again, Ending
from bot.delivery.schedules.edits import EditSchedule
from bot.delivery.thread import Thread
from bot.errors import RateLimitedError
from bot.slack.body import Body
from bot.tally import FAILED, REFUSED, SHOWN, Tally

LOOK_AGAIN = 1.0  # seconds after which it is seen whether edits have slots for one more message
LONG_TEXT = 4_000  # characters; about where Slack folds a message up


class Slots:
    """Tells a schedule what there is to show, and what became of it; what is refused for its size teaches `lesson`."""

    def __init__(self, edits: EditSchedule, lesson: Lesson, tally: Tally) -> None:
        self._edits = edits
        self._lesson = lesson
        self._tally = tally
        self._known: dict[Thread, set[Message]] = {}
        self._began: dict[Thread, float] = {}

    def expect(self, thread: Thread, now: float) -> None:
        """Note that somebody has asked, and gets a thread."""
        self._edits.expect(now, thread.size)
        self._began[thread] = now

    def follow(self, thread: Thread, now: float) -> bool:
        """Hand on what is new in a thread; whether that is news to the schedule."""
        known = self._known.setdefault(thread, set())
        is_news = False
        for message in thread.standing:
            slot = (thread, message)
            if message not in known and (message.has_news or message.ending is not Ending.SHOWN):
                known.add(message)
                began = self._began.get(thread, now)
                self._edits.watch(slot, began, shows_text=message.shows_text, is_index=message.is_index)
            if message.has_news:
                message.hand_on()
                if message.is_last:
                    self._edits.finish(slot, now)
                    is_news = True
                elif self._edits.grow(slot, now):
                    is_news = True
        for message in [one for one in known if one.loss]:
            self._edits.forget((thread, message))
            known.discard(message)
        return is_news

    def post_at(self, thread: Thread, now: float) -> float:
        """When a thread may post what is next, or when to ask again.

        Where edits have no slot for its last text, it waits; what is whole needs none, and goes first then.
        """
        if self._edits.has_room(now, self._began.get(thread, now)):
            return now
        if thread.can_wait:
            return now + LOOK_AGAIN
        thread.put_urgent_first()
        return now

    def skip(self, thread: Thread, message: Message) -> None:
        """Note that a message has nothing to send: what it has is shown elsewhere."""
        if message in self._known.get(thread, ()) and not message.loss:
            self._edits.skip((thread, message))

    def start(self, thread: Thread, message: Message, body: Body, now: float) -> None:
        """Note that an edit starts which shows `body`."""
        slot = (thread, message)
        if message.is_last:  # perhaps since it was laid out
            self._edits.finish(slot, now)
        self._edits.start(slot, now, is_long=body.size > LONG_TEXT)

    def note_wait(self, seconds: float) -> None:
        """Note for how long an edit has waited to be written down."""
        self._tally.journal_waits.observe(seconds)

    def put_back(self, thread: Thread, message: Message, now: float) -> None:
        """Note that an edit that had started was not sent."""
        self._edits.fail((thread, message), now)

    def land(self, thread: Thread, message: Message, body: Body, now: float) -> None:
        """Note that an edit shows `body`; if that is the last text, the schedule knows the message no more."""
        slot = (thread, message)
        self._count_shown(thread, message, body, now)
        if thread.landed(message, body, now, was_last=self._edits.carries_last(slot)):
            # An older edit may land on this one: it is sent once more, when none is under way any longer.
            self._edits.repeat(slot, now, at=message.edited_until)
        if self._edits.land(slot, now):
            self._known.get(thread, set()).discard(message)

    def fail(self, thread: Thread, message: Message, error: Exception, body: Body, now: float) -> None:
        """Note that an edit which should have shown `body` came to an error, and when it is tried again."""
        again = thread.edit_failed(message, error, body, self._lesson, now)
        self._tally.edits[_name(error)] += 1
        if again and again.holds_all:
            self._edits.refuse((thread, message), now, retry_after=again.pause)
        else:
            self._edits.fail((thread, message), now, retry_after=again.pause if again else 0.0)

    def posted(self, thread: Thread, message: Message, ts: str, body: Body, now: float, *, was_last: bool) -> None:
        """Note that a message stands, and shows `body`."""
        self._tally.posts[SHOWN] += 1
        self._note_first_text(thread, message, body, now)
        thread.posted(message, ts, body, was_last=was_last)

    def post_failed(
        self, thread: Thread, message: Message, error: Exception, body: Body | None, now: float
    ) -> Again | None:
        """Note that a post which should have shown `body` came to an error; what to do then, None: nothing."""
        self._tally.posts[_name(error)] += 1
        return thread.post_failed(message, error, body, self._lesson, now)

    def close(self, thread: Thread) -> None:
        """Let go of a thread."""
        self._began.pop(thread, None)
        for message in self._known.pop(thread, ()):
            self._edits.forget((thread, message))

    def _count_shown(self, thread: Thread, message: Message, body: Body, now: float) -> None:
        self._tally.edits[SHOWN] += 1
        since = self._edits.unseen_since((thread, message))
        # The index waits for all others, and what is sent once more has been seen before.
        if since is not None and body.has_text and not message.is_index and message.ending is not Ending.LATE:
            self._tally.ages.observe(now - since)
        self._note_first_text(thread, message, body, now)

    def _note_first_text(self, thread: Thread, message: Message, body: Body, now: float) -> None:
        # Of an answer's messages, only the first can wait.
        if message.can_wait and body.has_text and not message.shows_text and thread in self._began:
            self._tally.first_texts.observe(now - self._began[thread])


def _name(error: Exception) -> str:
    return REFUSED if isinstance(error, RateLimitedError) else FAILED
