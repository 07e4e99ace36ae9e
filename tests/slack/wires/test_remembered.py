"""Installations that are remembered, on a virtual clock: how often the database is asked, and what if it is away."""

import asyncio

import pytest

from bot.errors import StoreError
from bot.slack.installation import Installation
from bot.slack.wires.remembered import PATIENCE, REMEMBERED, STALE, Remembered

ACME = Installation("T1", None, "xoxb-acme", "B1", "U1")


class Table:
    """A database that takes its time, and may be away."""

    def __init__(self) -> None:
        self.seconds = 0.1
        self.is_away = False
        self.known: dict[str, Installation] = {"T1": ACME}
        self.asked = 0

    async def find(self, team_id: str, _: str | None) -> Installation | None:
        """Look one up."""
        self.asked += 1
        await asyncio.sleep(self.seconds)
        if self.is_away:
            raise StoreError("away")
        return self.known.get(team_id)


def now() -> float:
    """The loop's time."""
    return asyncio.get_running_loop().time()


async def ask(remembered: Remembered, times: int = 1) -> list[Installation | StoreError | None]:
    """What so many who ask at once are told."""

    async def one() -> Installation | StoreError | None:
        try:
            return await remembered.find("T1", None)
        except StoreError as error:
            return error

    async with asyncio.TaskGroup() as group:
        asking = [group.create_task(one()) for _ in range(times)]
    return [task.result() for task in asking]


async def test_who_asks_meanwhile_waits_for_the_same_answer() -> None:
    """It is good for some seconds, also that there is none."""
    table = Table()
    remembered = Remembered(table.find)
    assert await ask(remembered, 5) == [ACME] * 5
    assert await remembered.find("T2", None) is None
    await asyncio.sleep(REMEMBERED - 0.5)
    assert await ask(remembered, 5) == [ACME] * 5
    assert await remembered.find("T2", None) is None
    assert table.asked == 2
    await asyncio.sleep(1)
    assert await ask(remembered, 5) == [ACME] * 5
    assert table.asked == 3


async def test_nobody_waits_for_long_where_the_database_says_nothing() -> None:
    """However many ask; where nothing was known before, nobody knows."""
    table = Table()
    table.seconds = 60.0
    begun_at = now()
    told = await ask(Remembered(table.find), 20)
    assert all(isinstance(one, StoreError) for one in told)
    assert now() - begun_at == pytest.approx(PATIENCE)
    assert table.asked == 1


@pytest.mark.parametrize("seconds", [0.1, 60.0], ids=["fails", "silent"])
async def test_what_was_known_before_is_good_while_the_database_is_away(seconds: float) -> None:
    """It is asked again after some seconds, not with each payload; after ten minutes nobody knows."""
    table = Table()
    remembered = Remembered(table.find)
    await ask(remembered)
    await asyncio.sleep(REMEMBERED)
    table.is_away, table.seconds = True, seconds
    assert await ask(remembered, 3) == [ACME] * 3
    asked, begun_at = table.asked, now()
    assert await ask(remembered, 3) == [ACME] * 3
    assert (table.asked, now()) == (asked, begun_at)
    await asyncio.sleep(REMEMBERED)
    assert await ask(remembered) == [ACME]
    assert table.asked == asked + 1
    await asyncio.sleep(STALE)
    [told] = await ask(remembered)
    assert isinstance(told, StoreError)


async def test_no_two_look_the_same_up_at_once_whatever_becomes_of_the_first() -> None:
    """It fails, and one of those who waited asks in its place, while others go on waiting."""
    table = Table()
    remembered = Remembered(table.find)
    table.is_away = True
    first = asyncio.create_task(ask(remembered))
    await asyncio.sleep(0.05)
    others = asyncio.create_task(ask(remembered, 2))
    await first
    table.is_away = False
    late = asyncio.create_task(ask(remembered, 2))
    assert await others + await late == [ACME] * 4
    assert table.asked == 2


async def test_a_removal_is_not_undone_by_what_was_known_before() -> None:
    """Not even where it comes while the database is being asked in vain."""
    table = Table()
    remembered = Remembered(table.find)
    await ask(remembered)
    await asyncio.sleep(REMEMBERED)
    table.is_away = True
    asking = asyncio.create_task(ask(remembered))
    await asyncio.sleep(0.05)
    remembered.forget("T1")
    [told] = await asking
    assert isinstance(told, StoreError)
