"""A thread in Slack and its messages, as the board knows them: what stands, what is to be posted, what must be shown.

Nothing here talks to Slack or knows about limits; both sides meet here. A run posts messages, says that they have
grown, and waits; the board takes the messages in its own time, and notes what became of them.
"""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from enum import Enum, IntEnum
from typing import Protocol

from bot.engine.draft import Draft
from bot.slack.blocks import Body


class Wall(Protocol):
    """Who shows the messages of a thread. The board."""

    @property
    def wait(self) -> float:
        """Seconds from one edit of an answer to its next, as things stand."""

    @property
    def room(self) -> float:
        """How many bytes of text a message may show, as far as Slack has taught it; infinity where it has not."""

    def queue(self, thread: "Thread") -> None:
        """Note that `thread` has something to post."""

    def unqueue(self, thread: "Thread") -> None:
        """Note that `thread` has nothing to post any more."""

    def grow(self, message: "Message") -> None:
        """Note that a message has something new to show."""

    def adopt(self, message: "Message", *, shows_text: bool) -> None:
        """Take up a message that stands already."""

    def close(self, thread: "Thread") -> None:
        """Send nothing more of `thread`."""


class Ledger(Protocol):
    """Who writes down what becomes of a run, in case this process does not live to know: an entry of the journal."""

    @property
    def key(self) -> str:
        """What the run is known by."""

    async def record_intent(self, part: str) -> None:
        """Write down that a message is about to be posted; return when that is safe, or is not to be had."""

    def not_posted(self, part: str) -> None:
        """Note that it was not posted."""

    def posted(self, part: str, ts: str) -> None:
        """Note that it stands."""

    def save_draft(self, name: str, draft: Draft) -> None:
        """Note an answer's newest draft."""

    async def record_edit(self, part: str) -> None:
        """Write down that an edit is about to be sent, and what it shows; return as `record_intent` does."""

    def edit_answered(self, part: str) -> None:
        """Note that no edit of a message is under way any more."""


class Loss(Enum):
    """Why a message can be shown no more."""

    DELETED = "deleted"  # somebody took it away
    LOCKED = "locked"  # it stands, but Slack lets nobody edit it
    REFUSED = "refused"  # Slack would not post it
    UNKNOWN = "unknown"  # nobody knows whether it was posted


class Form(IntEnum):
    """What a message is sent as, and what it is sent as once Slack has refused that."""

    MARKDOWN = 0
    PLAIN = 1  # the same words, with nothing in them to be parsed
    BARE = 2  # what it is and its state, over the text that stands there already


class Message:
    """One message of a thread, standing or to be posted; `part` is its name within the run.

    `body` gives what it should show now, and None when it has nothing to show that is not shown elsewhere; it is asked
    when a post or an edit is sent. `on_placed` is called once the message stands, `on_lost` when it is given up.
    """

    __slots__ = (
        "attempts",
        "body",
        "form",
        "halvings",
        "is_index",
        "is_last",
        "is_refused",
        "is_stale",
        "is_unknown",
        "loss",
        "on_lost",
        "on_placed",
        "part",
        "pending_until",
        "refusals",
        "refused_form",
        "refused_size",
        "room",
        "shown",
        "shows_text",
        "thread",
        "ts",
        "was_missed",
    )

    def __init__(
        self,
        thread: "Thread",
        part: str,
        body: Callable[[], Body | None],
        *,
        on_placed: Callable[[], None] = lambda: None,
        on_lost: Callable[[Loss], None] = lambda _: None,
        is_index: bool = False,
    ) -> None:
        self.thread = thread
        self.part = part
        self.body = body
        self.on_placed = on_placed
        self.on_lost = on_lost
        self.is_index = is_index  # it becomes one, when the answers have ended: its last edit comes after theirs
        self.ts: str | None = None
        self.is_stale = False  # whether there is more than its post carries, while that is on its way
        self.is_last = False  # whether what there is to show is its last
        self.form = Form.MARKDOWN
        self.shown: Body | None = None  # what Slack has confirmed last; None where another process has sent it
        self.shows_text = False  # whether text of it stands on the screen, `shown` or not
        self.room = math.inf  # bytes of text that its body should not exceed: Slack has refused more
        self.refused_size = math.inf  # bytes of the smallest text that Slack has refused for its size
        self.refused_form = self.form  # in which it did
        self.halvings = 0  # how often it was made smaller for that
        self.loss: Loss | None = None
        self.attempts = 0  # calls that failed in a row
        self.refusals = 0  # those of them that Slack refused for a reason which is not known here
        self.is_unknown = False  # whether it was perhaps posted: it is looked up before it is posted again
        self.pending_until = -math.inf  # until when a call that was given up may be carried out after all
        self.is_refused = False  # whether Slack has said that it was not posted, though it may be
        self.was_missed = False  # whether it was looked up, and was not there

    @property
    def is_lost(self) -> bool:
        """Whether nothing of it is sent any more."""
        return self.loss is not None

    def grow(self) -> None:
        """Say that there is more to show."""
        self.thread.wall.grow(self)

    def finish(self) -> None:
        """Say that what there is to show now is the last."""
        if not self.is_lost:
            self.is_last = True
            self.thread.unsettled.add(self)
            self.thread.wall.grow(self)

    def reopen(self) -> None:
        """Say that what was the last is not: there is something else to show."""
        self.is_last = False
        self.thread.unsettled.discard(self)
        self.grow()


class Thread:
    """One thread: where it is, what of it waits, and what it has cost."""

    def __init__(
        self,
        wall: Wall,
        ledger: Ledger,
        channel: str,
        ts: str | None,
        *,
        person: str = "",
        takes_replies: bool = False,
    ) -> None:
        self.wall = wall
        self.ledger = ledger
        self.channel = channel
        self.ts = ts  # the parent's; None until there is one
        self.person = person  # whose question it answers
        self.takes_replies = takes_replies  # whether messages of this channel are known to take replies
        self.waiting: deque[Message] = deque()  # to be posted, in this order
        self.post_not_before = -math.inf  # after a failure
        self.is_posting = False
        self.unsettled: set[Message] = set()  # whose last text is not shown yet
        self.late: set[Message] = set()  # whose last text is shown, but an older edit may land on it: sent once more
        self.doubtful_until = -math.inf  # until when a post that another process has left may be carried out
        self.edited_until: dict[str, float] = {}  # the same for edits that it has left, by the part that they change
        self.failure: Exception | None = None
        self.on_failure: Callable[[Exception], None] = lambda _: None
        self.edits = 0
        self.refusals = 0
        self._changed = asyncio.Event()

    def post(self, message: Message) -> None:
        """Have a message posted, behind those that wait; the first becomes the parent where there is none."""
        self.waiting.append(message)
        self.wall.queue(self)

    def adopt(self, message: Message, ts: str | None, *, shows_text: bool) -> None:
        """Go on with a message that another process has posted: at `ts`, or perhaps, where that is None."""
        if ts is None:
            message.is_unknown = True
            message.pending_until = self.doubtful_until
            self.post(message)
        else:
            message.ts = ts
            message.shows_text = shows_text
            message.pending_until = self.edited_until.get(message.part, -math.inf)
            self.wall.adopt(message, shows_text=shows_text)

    def withdraw(self, message: Message) -> bool:
        """Take back a message that still waits to be posted; whether it did."""
        if message not in self.waiting or message.is_unknown:
            return False
        self.waiting.remove(message)
        if not self.waiting:
            self.wall.unqueue(self)
        self.lose(message, Loss.REFUSED)
        return True

    async def stands(self, *messages: Message) -> None:
        """Wait until one of these messages is in Slack, or all are given up.

        Raises:
            Exception: what ended the thread.
        """
        await self._until(lambda: any(one.ts is not None for one in messages) or all(one.is_lost for one in messages))

    async def settle(self) -> None:
        """Wait until everything that is finished is shown.

        Raises:
            Exception: what ended the thread.
        """
        await self._until(lambda: not (self.unsettled or self.waiting or self.is_posting))

    async def outlast(self) -> None:
        """Wait until no older edit can land on what is finished any more.

        Raises:
            Exception: what ended the thread.
        """
        await self._until(lambda: not (self.unsettled or self.waiting or self.is_posting or self.late))

    def check(self) -> None:
        """Raise what ended the thread, if something did."""
        if self.failure is not None:
            raise self.failure

    def fail(self, failure: Exception) -> None:
        """End the thread: whoever waits for it gets `failure`."""
        if self.failure is None:
            self.failure = failure
            self.on_failure(failure)
        self.close()

    def close(self) -> None:
        """Let go of everything that is still to be shown."""
        self.waiting.clear()
        self.unsettled.clear()
        self.late.clear()
        self.wall.close(self)
        self.changed()

    def lose(self, message: Message, loss: Loss) -> None:
        """Give up a message; nothing of it is sent any more."""
        message.loss = loss
        self.unsettled.discard(message)
        self.late.discard(message)
        self.changed()

    def changed(self) -> None:
        """Wake whoever waits for something to hold."""
        self._changed.set()

    async def _until(self, holds: Callable[[], bool]) -> None:
        self.check()
        while not holds():
            self._changed.clear()
            await self._changed.wait()
            self.check()
