"""Which items changed when, so that each page is sent what it lacks and nothing else. Pure.

Laws:

- Whoever has seen everything up to a revision and is sent what is newer has seen everything, in whatever order the
  items changed and however many changes lie between: of each item only its newest state is sent.
- What is gone is sent as None, to those who have seen it.
- Nobody is sent what is for others.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.playground.browser.items import Item, Json


@dataclass(frozen=True, slots=True)
class _Change:
    revision: int
    item: Item
    is_gone: bool = False


@dataclass(slots=True)
class Revisions:
    """The newest state of each item, with the number of the revision that brought it."""

    number: int = 0
    _changes: dict[str, _Change] = field(default_factory=dict)

    def take(self, items: Mapping[str, Item]) -> bool:
        """Note how all items stand now; whether anything has changed."""
        found = {
            name: _Change(self.number + 1, item)
            for name, item in items.items()
            if (before := self._changes.get(name)) is None or before.is_gone or before.item != item
        }
        for name, before in self._changes.items():
            if name not in items and not before.is_gone:
                found[name] = _Change(self.number + 1, before.item, is_gone=True)
        self._changes |= found
        self.number += bool(found)
        return bool(found)

    def since(self, revision: int, person: str) -> dict[str, Json | None]:
        """Return what is new for somebody who has seen all up to a revision, by names; None for what is gone."""
        return {
            name: None if change.is_gone else change.item.content
            for name, change in self._changes.items()
            if change.revision > revision
            and (change.item.readers is None or person in change.item.readers)
            and not (change.is_gone and not revision)
        }
