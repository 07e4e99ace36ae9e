"""A ledger for tests of what stands below the journal: it remembers what it is told."""

import asyncio


class Ledger:
    """Writes at once, or `takes` so many seconds for each intent."""

    def __init__(self, key: str = "run", *, takes: float = 0.0) -> None:
        self.key = key
        self.notes: list[tuple[str, ...]] = []
        self._takes = takes

    async def intend(self, part: str) -> None:
        self.notes.append(("intend", part))
        if self._takes:
            await asyncio.sleep(self._takes)

    def withdraw(self, part: str) -> None:
        self.notes.append(("withdraw", part))

    def place(self, part: str, ts: str) -> None:
        self.notes.append(("place", part, ts))

    async def spend(self, part: str) -> None:
        self.notes.append(("spend", part))

    def note_answered(self, part: str) -> None:
        self.notes.append(("answered", part))
