"""What passes between this process and the others that share its database: questions and presses for each other.

Where there are none, all is this process's own.
"""

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from functools import partial
from typing import Any, Protocol

from bot.durable.holdings import Holdings
from bot.durable.record import Signal
from bot.durable.recovery import Recovery, Storage
from bot.durable.sharing.ownership import Arrival
from bot.durable.unsaved import Unsaved
from bot.slack.question import Press, Question


class Asking(Protocol):
    """How the database is asked for what a person waits for: `Journal.ask`."""

    def __call__(self, work: Callable[[], Awaitable[Any]]) -> Awaitable[Any]:
        """Do it. Raises `StoreError`."""


class Company:
    """Of one process; `ask` asks its `store`, and `wake` has what is looked for in `recovery` looked for."""

    def __init__(
        self,
        store: Storage,
        recovery: Recovery,
        holdings: Holdings,
        unsaved: Unsaved,
        *,
        ask: Asking,
        wake: Callable[[], None],
    ) -> None:
        self._store = store
        self._recovery = recovery
        self._holdings = holdings
        self._unsaved = unsaved
        self._ask = ask
        self._wake = wake

    def owns(self, workspace: str) -> bool:
        """Whether this process serves a workspace, as far as it knows: where none shares it, it does."""
        return self._holdings.owns(workspace)

    @property
    def is_there(self) -> bool:
        """Whether there are others."""
        return self._holdings.has_company

    def note_slack(self, now: float, *, is_reached: bool) -> None:
        """Note whether this process reaches Slack, by the loop's time; one that long does not leaves all to others."""
        self._recovery.note_slack(now, is_reached=is_reached)

    def may_be_taken(self, key: str) -> bool:
        """Whether another process may go on with a run, with what is written of it, while this one works on it."""
        return key in self._holdings.saved and self._holdings.has_company

    def carried_out(self, signal: Signal) -> None:
        """Note that what was pressed in another process is done."""
        self._unsaved.note_done(signal.id)
        self._wake()

    async def hand_over(self, question: Question) -> bool:
        """Write a question down for whoever serves its workspace, who says whether it may be asked; whether it is new.

        Raises:
            StoreError: the database is away, or does not answer in time; so in those that follow.
        """
        arrival = await self._ask(partial(self._store.add, question, is_admitted=False))
        self.look()  # perhaps that is this process by now
        return arrival is not Arrival.KNOWN

    async def signal(self, press: Press) -> None:
        """Write a press down for whoever serves its workspace."""
        await self._ask(partial(self._store.signal, press))
        self.look()

    async def call(self, workspace: str) -> None:
        """Have whoever serves a workspace look at what was written there."""
        await self._ask(partial(self._store.call, workspace))

    async def listen(self) -> None:
        """Look whenever another process says that there is something; until cancelled, or at once where none does."""
        if bell := self._store.bell:
            async with aclosing(bell.rings()) as rings:
                async for is_heard in rings:
                    self.look(is_heard=is_heard)

    def look(self, *, is_heard: bool = True) -> None:
        """Look for what others have left or written, as soon as may be."""
        self._recovery.hasten(is_heard=is_heard)
        self._wake()
