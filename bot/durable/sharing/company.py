"""What passes between this process and the others that share its database: questions and presses for each other.

Where there are none, all is this process's own.
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Any

from bot.durable.holdings import Holdings
from bot.durable.record import Signal
from bot.durable.recovery import Recovery
from bot.durable.sharing.ownership import Arrival
from bot.durable.turns import Turns
from bot.durable.unsaved import Unsaved
from bot.errors import StoreError
from bot.slack.question import Press, Question

if TYPE_CHECKING:
    from bot.durable.store import Store

Ask = Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]
"""Asks the database for what a person waits for, as `Journal.ask` does. Raises `StoreError`."""


class Company:
    """Of one process; `ask` asks its `store`, and at its `turns` what is looked for in `recovery` is looked for."""

    def __init__(
        self,
        store: "Store",
        recovery: Recovery,
        holdings: Holdings,
        unsaved: Unsaved,
        turns: Turns,
        *,
        ask: Ask,
    ) -> None:
        self._store = store
        self._recovery = recovery
        self._holdings = holdings
        self._unsaved = unsaved
        self._ask = ask
        self._turns = turns
        self.passed_on = Counter(question=0, press=0)  # what was written down for others: questions and presses

    def owns(self, workspace: str) -> bool:
        """Whether this process serves a workspace, as far as it knows: where none shares it, it does."""
        return self._holdings.owns(workspace)

    @property
    def is_there(self) -> bool:
        """Whether there are others."""
        return self._holdings.has_company

    def note_reach(self, at: float, *, is_reached: bool) -> None:
        """Note when all that is needed was reached last, by the loop's time; it goes on while it `is_reached`.

        Who does not reach it leaves all to others.
        """
        self._recovery.note_reach(at, is_reached=is_reached)

    def carried_out(self, signal: Signal) -> None:
        """Note that what was pressed in another process is done."""
        self._unsaved.note_done(signal.id)
        self._turns.wake()

    async def hand_over(self, question: Question) -> bool:
        """Write a question down for whoever serves its workspace, who says whether it may be asked; whether it is new.

        Raises:
            StoreError: the database is away, or does not answer in time; so in `signal`.
        """
        arrival = await self._ask(partial(self._store.add, question, is_admitted=False))
        self.passed_on["question"] += arrival is not Arrival.KNOWN
        self.look()  # perhaps that is this process by now
        return arrival is not Arrival.KNOWN

    async def signal(self, press: Press) -> None:
        """Write a press down for whoever serves its workspace."""
        await self._ask(partial(self._store.signal, press))
        self.passed_on["press"] += 1
        self.look()

    async def take_socket(self) -> bool:
        """Take one of the connections to Slack that all processes have together; whether there was one left.

        Where the database is away, nobody can say so, and there is.
        """
        try:
            is_left: bool = await self._ask(self._store.take_socket)
        except StoreError:
            return True
        return is_left

    async def listen(self) -> None:
        """Look whenever another process says that there is something; until cancelled, or at once where none does."""
        if bell := self._store.bell:
            async with aclosing(bell.rings()) as rings:
                async for is_heard in rings:
                    self.look(is_heard=is_heard)
                    self._turns.hurry()  # somebody waits for it

    def look(self, *, is_heard: bool = True) -> None:
        """Look for what others have left or written, as soon as may be."""
        self._recovery.hasten(is_heard=is_heard)
        self._turns.wake()
