"""A thread in Slack and its messages, as the board knows them: what stands, what is to be posted, what must be shown.

Nothing here talks to Slack or knows about limits; both sides meet here. A run posts messages, says that they have
grown, and waits; the board takes the messages in its own time, and notes what became of them.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

from bot.blocks import Body


class Wall(Protocol):
    """Who shows the messages of a thread. The board."""

    @property
    def wait(self) -> float:
        """Seconds from one edit of an answer to its next, as things stand."""

    def queue(self, thread: "Thread") -> None:
        """Note that `thread` has something to post."""

    def grow(self, message: "Message") -> None:
        """Note that a message has something new to show."""

    def close(self, thread: "Thread") -> None:
        """Send nothing more of `thread`."""


class Message:
    """One message of a thread, standing or to be posted.

    `body` gives what it should show now, and None when it has nothing to show that is not shown elsewhere; it is asked
    when a post or an edit is sent. `on_placed` is called once the message stands, or is given up.
    """

    __slots__ = (
        "attempts",
        "body",
        "form",
        "is_index",
        "is_last",
        "is_lost",
        "is_stale",
        "on_placed",
        "thread",
        "ts",
    )

    def __init__(
        self,
        thread: "Thread",
        body: Callable[[], Body | None],
        *,
        on_placed: Callable[[], None] = lambda: None,
        is_index: bool = False,
    ) -> None:
        self.thread = thread
        self.body = body
        self.on_placed = on_placed
        self.is_index = is_index  # it becomes one, when the answers have ended: its last edit comes after theirs
        self.ts: str | None = None
        self.is_stale = False  # whether there is more than its post carries, while that is on its way
        self.is_last = False  # whether what there is to show is its last
        self.form = 0  # how often Slack has refused its form: it is sent in a plainer one each time
        self.is_lost = False  # whether it is deleted, locked, or was perhaps posted and perhaps not
        self.attempts = 0  # calls that failed in a row

    def grow(self) -> None:
        """Say that there is more to show."""
        self.thread.wall.grow(self)

    def finish(self) -> None:
        """Say that what there is to show now is the last."""
        if not self.is_lost:
            self.is_last = True
            self.thread.unsettled.add(self)
            self.thread.wall.grow(self)


class Thread:
    """One thread: where it is, what of it waits, and what it has cost."""

    def __init__(self, wall: Wall, channel: str, ts: str | None) -> None:
        self.wall = wall
        self.channel = channel
        self.ts = ts  # the parent's; None until there is one
        self.waiting: deque[Message] = deque()  # to be posted, in this order
        self.waiting_since = 0.0
        self.is_posting = False
        self.unsettled: set[Message] = set()  # whose last text is not shown yet
        self.failure: Exception | None = None
        self.edits = 0
        self.refusals = 0
        self._changed = asyncio.Event()

    def post(self, message: Message) -> None:
        """Have a message posted, behind those that wait; the first becomes the parent where there is none."""
        self.waiting.append(message)
        self.wall.queue(self)

    def withdraw(self, message: Message) -> bool:
        """Take back a message that still waits to be posted; whether it did."""
        if message not in self.waiting:
            return False
        self.waiting.remove(message)
        self.lose(message)
        return True

    async def stands(self, message: Message) -> None:
        """Wait until a message is in Slack.

        Raises:
            Exception: what ended the thread.
        """
        await self._until(lambda: message.ts is not None or message.is_lost)

    async def settle(self) -> None:
        """Wait until everything that is finished is shown.

        Raises:
            Exception: what ended the thread.
        """
        await self._until(lambda: not (self.unsettled or self.waiting or self.is_posting))

    def check(self) -> None:
        """Raise what ended the thread, if something did."""
        if self.failure is not None:
            raise self.failure

    def fail(self, failure: Exception) -> None:
        """End the thread: whoever waits for it gets `failure`."""
        self.failure = self.failure or failure
        self.close()

    def close(self) -> None:
        """Let go of everything that is still to be shown."""
        self.waiting.clear()
        self.unsettled.clear()
        self.wall.close(self)
        self.changed()

    def lose(self, message: Message) -> None:
        """Give up a message; nothing of it is sent any more."""
        message.is_lost = True
        self.unsettled.discard(message)
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
