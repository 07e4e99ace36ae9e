"""One process serves many workspaces, and is killed: the others share them out."""

import asyncio
import statistics
import time
from pathlib import Path

import pytest

from tests.scenarios.test_kills import note
from tests.support.fleet import LONG, Fleet, Replica, fleet, on_postgresql
from tests.support.process import until
from tests.support.world import NAMES, shown

pytestmark = [pytest.mark.slow, on_postgresql]

TEAMS = 50
AT_ONCE = 10  # questions; more of them at once wait for each other's acknowledgements here


async def test_what_one_leaves_in_many_workspaces_is_shared_out(kind: str, tmp_path: Path) -> None:
    """All of it within 12 s of the kill, half within 10; in the same messages, none twice, and nobody takes too much.

    Where somebody stops a run while nobody works on it, at two of the others, it ends, and nothing is bought.
    """
    async with fleet(kind, tmp_path, teams=TEAMS) as there:
        first, *others = await there.start_all(first={}, second={}, third={})
        there.model.paces |= dict.fromkeys(there.teams, LONG)
        await ask_all(there, first)
        await there.until(lambda: all(there.is_writing(team) for team in there.teams), within=100)
        there.model.paces |= dict.fromkeys(there.teams, 4.0)

        await first.process.kill()
        killed = time.time()
        stopped, *going_on = there.teams
        parent = there.thread(stopped)[0]
        assert [await there.at(one, stopped).click(parent, "stop") is not None for one in others] == [True, True]
        await until(lambda: sum(one.count("run.taken_up") for one in others) == TEAMS, within=30)
        took = sorted(at - killed for one in others for at in one.times("run.taken_up"))
        note(kind, f"{TEAMS} taken up, half", statistics.median(took))
        note(kind, f"{TEAMS} taken up, all", took[-1])
        assert statistics.median(took) <= 10.0, took
        assert took[-1] <= 12.0, took
        assert max(one.count("run.taken_up") for one in others) <= 1.5 * TEAMS / len(others)

        await there.until_whole(going_on, within=60)
        for team in going_on:
            there.assert_whole(team)
        await there.until(lambda: all("stopped" in shown(reply) for reply in there.thread(stopped)[1:]))
        assert len(there.model.asked(stopped)) == len(NAMES)


async def ask_all(there: Fleet, *replicas: Replica) -> None:
    """Ask in all workspaces, at each process in turn."""
    limit = asyncio.Semaphore(AT_ONCE)

    async def ask(number: int, team: str) -> None:
        async with limit:
            assert await there.ask(replicas[number % len(replicas)], team) is not None

    async with asyncio.TaskGroup() as group:
        for number, team in enumerate(there.teams):
            group.create_task(ask(number, team))
