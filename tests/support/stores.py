"""Stores of several processes on one empty database, whose clock shows what it is set to."""

from contextlib import AsyncExitStack
from typing import Any

from bot.durable.record import Past, Record
from bot.durable.store import Store
from bot.slack.question import Question

PROBLEM = "Why does the marmalade factory lose its night shift?"


class Clock:
    """Shows what it is set to."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.25

    def __call__(self) -> float:
        return self.now


class World:
    """One empty database, and the stores of as many processes as a test asks for."""

    def __init__(self, url: str, stack: AsyncExitStack) -> None:
        self.url = url
        self.clock = Clock()
        self._stack = stack

    async def store(self, owner: str = "one") -> Store:
        """A store that is open; closed at the end."""
        store = await self._stack.enter_async_context(Store(self.url, owner=owner, clock=self.clock))
        await store.open()
        return store


def question(key: str = "T1", **other: Any) -> Question:
    """A question that differs from others in its key."""
    return Question(key, **{"problem": PROBLEM, "user": "U1", "channel": "C1", **other})


async def serve_workspace(store: Store, workspace: str = "", since: float = 0.0) -> Past:
    """Serve a workspace where nobody does; what was there since then."""
    pasts, _ = await store.serve([workspace], asked_since=since, edits_since=since)
    return pasts[workspace]


def keys(records: list[Record]) -> list[str]:
    """Which runs they are of."""
    return [record.question.key for record in records]
