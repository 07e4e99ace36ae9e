"""A ledger for tests of what stands below the journal: it remembers what it is told."""

import asyncio

from bot.engine.draft import Draft


class Ledger:
    """Writes at once, or `takes` so many seconds for each intent and edit; where it `is_away`, no intent is written."""

    def __init__(self, key: str = "run", *, takes: float = 0.0) -> None:
        self.key = key
        self.notes: list[tuple[str, ...]] = []
        self.takes = takes
        self.is_away = False

    async def record_intent(self, part: str) -> bool:
        self.notes.append(("intent", part))
        if self.takes:
            await asyncio.sleep(self.takes)
        return not self.is_away

    def not_posted(self, part: str) -> None:
        self.notes.append(("not posted", part))

    def posted(self, part: str, ts: str) -> None:
        self.notes.append(("posted", part, ts))

    def save_draft(self, name: str, draft: Draft) -> None:
        self.notes.append(("draft", name, draft.text))

    async def record_edit(self, part: str) -> None:
        self.notes.append(("edit", part))
        if self.takes:
            await asyncio.sleep(self.takes)

    def edit_answered(self, part: str) -> None:
        self.notes.append(("answered", part))
