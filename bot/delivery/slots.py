"""Which messages the schedule of edits knows, by thread: those that stand, and do not show their last text. Pure."""

from bot.delivery.fitting import Lesson
from bot.delivery.message import Message
from bot.delivery.outcomes import Ending
from bot.delivery.schedules.edits import EditSchedule
from bot.delivery.thread import Thread
from bot.slack.body import Body

LOOK_AGAIN = 1.0  # seconds after which it is seen whether edits have slots for one more message
LONG_TEXT = 4_000  # characters; about where Slack folds a message up


class Slots:
    """Tells a schedule what there is to show, and what became of it; what is refused for its size teaches `lesson`."""

    def __init__(self, edits: EditSchedule, lesson: Lesson) -> None:
        self._edits = edits
        self._lesson = lesson
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

    def put_back(self, thread: Thread, message: Message, now: float) -> None:
        """Note that an edit that had started was not sent."""
        self._edits.fail((thread, message), now)

    def land(self, thread: Thread, message: Message, body: Body, now: float) -> None:
        """Note that an edit shows `body`; if that is the last text, the schedule knows the message no more."""
        slot = (thread, message)
        if thread.landed(message, body, now, was_last=self._edits.carries_last(slot)):
            # An older edit may land on this one: it is sent once more, when none is under way any longer.
            self._edits.repeat(slot, now, at=message.edited_until)
        if self._edits.land(slot, now):
            self._known.get(thread, set()).discard(message)

    def fail(self, thread: Thread, message: Message, error: Exception, body: Body, now: float) -> None:
        """Note that an edit which should have shown `body` came to an error, and when it is tried again."""
        again = thread.edit_failed(message, error, body, self._lesson, now)
        if again and again.holds_all:
            self._edits.refuse((thread, message), now, retry_after=again.pause)
        else:
            self._edits.fail((thread, message), now, retry_after=again.pause if again else 0.0)

    def close(self, thread: Thread) -> None:
        """Let go of a thread."""
        self._began.pop(thread, None)
        for message in self._known.pop(thread, ()):
            self._edits.forget((thread, message))
