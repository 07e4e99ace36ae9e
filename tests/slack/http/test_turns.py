"""Turns go round by person, and whoever leaves takes none."""

import asyncio

import pytest

from bot.slack.http.turns import CrowdedError, Turns


async def take(turns: Turns, person: str, done: list[str], seconds: float = 1.0) -> None:
    """Have a turn, and note whose it was, or that there was no room."""
    try:
        async with turns.turn(person):
            await asyncio.sleep(seconds)
            done.append(person)
    except CrowdedError:
        done.append(f"{person} was turned away")


async def test_they_go_round_by_person() -> None:
    """Somebody's first does not wait for another's third."""
    turns, done = Turns(most_at_once=1), list[str]()
    async with asyncio.TaskGroup() as group:
        for person in ("a", "a", "a", "a", "b"):
            group.create_task(take(turns, person, done))
    assert done == ["a", "a", "b", "a", "a"]


async def test_what_has_no_room_is_told_at_once() -> None:
    """It is the newest of whoever has the most waiting."""
    turns, done = Turns(most_at_once=1, most_waiting=2), list[str]()
    async with asyncio.TaskGroup() as group:
        for person in ("a", "a", "a", "b"):
            group.create_task(take(turns, person, done))
        await asyncio.sleep(0.5)
        assert done == ["a was turned away"]
    assert done[1:] == ["a", "a", "b"]


@pytest.mark.parametrize("moments", range(6))
async def test_who_leaves_takes_no_turn(moments: int) -> None:
    """At whichever moment, be it that in which their turn comes."""
    turns, done = Turns(most_at_once=1), list[str]()
    async with asyncio.TaskGroup() as group:
        group.create_task(take(turns, "a", done))
        leaving = group.create_task(take(turns, "b", done, 5.0))
        group.create_task(take(turns, "c", done))
        await asyncio.sleep(1.0)
        for _ in range(moments):
            await asyncio.sleep(0)
        leaving.cancel()
    assert done == ["a", "c"]
    await asyncio.wait_for(take(turns, "d", done), 1.5)


async def test_who_leaves_and_was_turned_away_is_no_failure() -> None:
    """Nobody is left to be told."""
    turns, done = Turns(most_at_once=1, most_waiting=2), list[str]()
    async with asyncio.TaskGroup() as group:
        group.create_task(take(turns, "a", done))
        await asyncio.sleep(0.1)
        waiting = [group.create_task(take(turns, "b", done)) for _ in range(2)]
        await asyncio.sleep(0)
        waiting[1].cancel()
        await asyncio.sleep(0)
        group.create_task(take(turns, "c", done))
    assert done == ["a", "b", "c"]
