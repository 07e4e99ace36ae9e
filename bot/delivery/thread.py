"""A thread as it should stand in Slack: its messages, what is to be posted next, what is shown, what failed. Pure.

A run tells it what there is to show; the board asks it what to send, and tells it what became of that. Both then read
what follows: which answers nobody can read any more, whether all is shown, what ended it. Times come in as `now`.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from math import inf

from bot.delivery.fitting import Lesson
from bot.delivery.message import Message
from bot.delivery.outcomes import Again, Ending, Failure, Verdict, classify
from bot.delivery.sections.section import Section
from bot.errors import RateLimitedError, ThreadLostError
from bot.slack.body import Body


class Thread:
    """The thread of the run `key`, in `channel`: under the message `ts`, or else under the first that is posted.

    `person` asked. Its `sections` come in the order in which they are posted.
    """

    def __init__(
        self, key: str, channel: str, ts: str | None = None, *, person: str = "", sections: Sequence[Section] = ()
    ) -> None:
        self.key = key
        self.channel = channel
        self.ts = ts  # the parent's; None until there is one
        self.is_sure_of_replies = ts is not None  # whether it is known that a parent which stands takes some
        self.person = person
        self.post_not_before = -inf  # after a failure
        self.failure: Exception | None = None  # what ended it
        self.is_closed = False
        self.edits = 0
        self.refusals = 0
        self._sections = sections
        self._owners: dict[Message, Section] = {}
        self._waiting: deque[Message] = deque()  # to be posted, in this order
        self._posting: Message | None = None  # the one before those, whose post is being prepared or on its way
        self.review()

    # What the run does and reads.

    def review(self) -> None:
        """Do what follows from what has changed: whoever shows something new in a section calls it."""
        if self.is_closed:
            return
        for section in self._sections:
            section.review()
            for message in section.messages:
                if message not in self._owners:
                    self._owners[message] = section
                if message.is_waiting and message is not self._posting and message not in self._waiting:
                    self._waiting.append(message)

    def close(self) -> None:
        """Let go of everything that is still to be shown."""
        self.is_closed = True
        self._waiting.clear()

    @property
    def size(self) -> int:
        """How many messages it has, posted or not."""
        return len(self._owners)

    def stands(self, messages: Sequence[Message]) -> bool:
        """Whether one of these messages is in Slack, or all are given up."""
        return any(one.ts is not None for one in messages) or all(one.loss for one in messages)

    @property
    def is_settled(self) -> bool:
        """Whether everything that is the last is shown."""
        return self.is_closed or not (
            self.has_posts or self.is_posting or any(one.ending is Ending.DUE and not one.loss for one in self._owners)
        )

    @property
    def is_safe(self) -> bool:
        """Whether that is so, and no older edit can land on it any more."""
        return self.is_settled and (
            self.is_closed or not any(one.ending is Ending.LATE and not one.loss for one in self._owners)
        )

    # What the board does.

    @property
    def has_posts(self) -> bool:
        """Whether a message waits to be posted."""
        while self._waiting and not self._waiting[0].is_waiting:
            self._waiting.popleft()  # it was withdrawn
        return bool(self._waiting)

    @property
    def can_wait(self) -> bool:
        """Whether all of them can be posted later: it is known that they can be posted, and there is a sign of them."""
        standing = sum(1 for _ in self.standing)
        is_sure = standing > 1 or (standing == 1 and self.is_sure_of_replies)
        return is_sure and not any(message.is_waiting and message.is_urgent for message in self._waiting)

    def put_urgent_first(self) -> None:
        """Have those that cannot wait posted before the others, for which edits have no slot."""
        self._waiting = deque(sorted(self._waiting, key=lambda message: not message.is_urgent))

    @property
    def is_posting(self) -> bool:
        """Whether a post of it is being prepared, or on its way."""
        return self._posting is not None

    @property
    def standing(self) -> Iterator[Message]:
        """The messages that are in Slack."""
        return (message for message in self._owners if message.ts is not None)

    def body(self, message: Message, *, wait: float, room: float) -> Body | None:
        """What a message is sent as now, and None where there is nothing to send; a bug in that ends the thread."""
        try:
            body = self._owners[message].body(message, wait=wait, room=room)
        except Exception as bug:  # noqa: BLE001 - it ends this thread, and is raised to the run, which owns it
            self.fail(bug)
            return None
        message.hand_on()  # all of it, also what laying it out has brought up
        sent = message.dress(body) if body else None
        self.review()
        return sent

    def start_edit(self) -> None:
        """Note that an edit is sent."""
        self.edits += 1

    def start_post(self) -> Message:
        """Take the message that is to be posted next."""
        self._posting = message = self._waiting.popleft()
        message.start_post()
        return message

    def end_post(self) -> None:
        """Note that no post is on its way any more."""
        self._posting = None

    def put_back(self, message: Message, now: float, pause: float = 0.0) -> None:
        """Have a message posted after all, before the others, in `pause` seconds at the earliest."""
        self.post_not_before = now + pause
        message.put_back()
        if not self.is_closed:
            self._waiting.appendleft(message)

    def posted(self, message: Message, ts: str, body: Body, *, was_last: bool) -> None:
        """Note that a message stands, and shows `body`."""
        message.posted(ts, body, was_last=was_last)
        self.ts = self.ts or ts
        self.review()

    def post_failed(
        self, message: Message, error: Exception, body: Body | None, lesson: Lesson, now: float
    ) -> Again | None:
        """What to do after a post that failed, whose text was `body`; None: nothing."""
        failure = classify(error)
        self.refusals += failure is Failure.LIMITED
        next_step = message.post_failed(
            failure,
            now,
            retry_after=_retry_after(error),
            has_other_form=body is not None and message.refuse_form(body, failure, lesson, now),
        )
        if isinstance(next_step, Again):
            self.put_back(message, now, next_step.pause)
            return next_step
        if next_step is Verdict.FATAL or self.ts is None:
            self.fail(error)
        self.review()
        return None

    def looked_up(self, message: Message, ts: str | None, now: float) -> Verdict | None:
        """What became of a message in doubt that was looked up; None: it is looked up once more."""
        return self._after_look(message, message.looked_up(ts, now), now)

    def look_failed(self, message: Message, error: Exception, now: float) -> Verdict | None:
        """The same where that failed."""
        step = message.look_failed(classify(error), retry_after=_retry_after(error))
        return self._after_look(message, step, now)

    def landed(self, message: Message, body: Body, now: float, *, was_last: bool) -> bool:
        """Note that an edit shows `body`; whether it has to be sent once more."""
        is_late = message.landed(body, now, was_last=was_last)
        self.review()
        return is_late

    def edit_failed(self, message: Message, error: Exception, body: Body, lesson: Lesson, now: float) -> Again | None:
        """What to do after an edit that failed, whose text was `body`; None: nothing."""
        failure = classify(error)
        self.refusals += failure is Failure.LIMITED
        next_step = message.edit_failed(
            failure,
            now,
            retry_after=_retry_after(error),
            has_other_form=message.refuse_form(body, failure, lesson, now),
        )
        if next_step is Verdict.FATAL:
            self.fail(error)
        self.review()
        return next_step if isinstance(next_step, Again) else None

    def check(self) -> None:
        """Raise what ended it, if something did."""
        if self.failure is not None:
            raise self.failure

    def fail(self, failure: Exception) -> None:
        """End it, for what it cannot go on from."""
        self.failure = self.failure or failure
        self.close()

    def _after_look(self, message: Message, step: Again | Verdict, now: float) -> Verdict | None:
        if isinstance(step, Again):
            self.put_back(message, now, step.pause)
            return None
        if step is Verdict.FOUND:
            self.ts = self.ts or message.ts
        elif step is Verdict.LOST and self.ts is None:
            self.fail(ThreadLostError())
        self.review()
        return step


def _retry_after(error: Exception) -> float:
    return error.retry_after if isinstance(error, RateLimitedError) else 0.0
