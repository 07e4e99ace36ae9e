"""What a process says to the others of its reach, in literal times on a virtual clock."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.durable.sharing.company import Company
from bot.durable.sharing.ownership import CUT_OFF, REACHED
from bot.durable.sharing.reach import WATCH, WATCH_TIMEOUT, Reach


class Others(Company):
    """The others, who are there or not, and what they were told: when, of when, and whether it goes on."""

    is_there = False

    def __init__(self, *, is_there: bool) -> None:
        self.is_there = is_there
        self.told: list[tuple[float, float, bool]] = []
        self._began = asyncio.get_running_loop().time()

    def note_reach(self, at: float, *, is_reached: bool) -> None:
        """Note it, in seconds since the beginning."""
        now = asyncio.get_running_loop().time()
        self.told.append((round(now - self._began, 3), round(at - self._began, 3), is_reached))


class Server:
    """Something that is needed."""

    def __init__(self) -> None:
        self.is_there = True
        self.pause = 0.0
        self.looks = 0

    async def look(self) -> bool:
        """Whether it is there, after a pause."""
        self.looks += 1
        await asyncio.sleep(self.pause)
        return self.is_there


@asynccontextmanager
async def watching(reach: Reach, company: Others) -> AsyncIterator[None]:
    """While it looks."""
    task = asyncio.create_task(reach.watch(company))
    yield
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_is_lost_is_told_with_when_it_was_there_last(caplog: pytest.LogCaptureFixture) -> None:
    """Any of what is needed, one that hangs too; the log says once which it is, and that it is back."""
    caplog.set_level("INFO")
    company, slack, model = Others(is_there=True), Server(), Server()
    async with watching(Reach({"slack": slack.look, "model": model.look}), company):
        await asyncio.sleep(1.0)
        model.is_there = False
        await asyncio.sleep(2 * WATCH)
        model.is_there, slack.pause = True, 60.0
        await asyncio.sleep(WATCH + WATCH_TIMEOUT)
        slack.pause = 0.0
        await asyncio.sleep(WATCH)
    assert company.told == [
        (0.0, 0.0, True),
        (10.0, 0.0, False),
        (20.0, 0.0, False),
        (35.0, 0.0, False),
        (45.0, 45.0, True),
    ]
    said = [record.getMessage() for record in caplog.records if record.name == "bot.durable.sharing.reach"]
    assert said == ["reach.lost what=model", "reach.lost what=slack", "reach.back what=model", "reach.back what=slack"]


async def test_who_is_alone_asks_for_nothing_and_leaves_nothing() -> None:
    """Nobody counts on it, either, before it has looked: others may have lost the same, and left it all theirs."""
    company, server = Others(is_there=False), Server()
    server.is_there = False
    async with watching(Reach({"model": server.look}), company):
        await asyncio.sleep(2 * WATCH + 1.0)
        assert (company.told, server.looks) == ([(at, at - REACHED, False) for at in (0.0, 10.0, 20.0)], 0)
        company.is_there = True
        await asyncio.sleep(WATCH)
    assert (company.told[-1], server.looks) == ((30.0, 20.0 - REACHED, False), 1)
    assert REACHED + WATCH + WATCH_TIMEOUT < CUT_OFF


async def test_who_has_just_begun_counts_once_it_has_looked() -> None:
    """Where what it needs is away for all, it is no better than they are."""
    company, server = Others(is_there=True), Server()
    server.is_there = False
    async with watching(Reach({"model": server.look}), company):
        await asyncio.sleep(WATCH + 1.0)
    assert company.told == [(0.0, -REACHED, False), (10.0, -REACHED, False)]
