"""Persons and installs, where several processes serve them: limits are exact, and a removal is heard of by all."""

import asyncio
import time
from pathlib import Path

import pytest

from bot.slack.wires.remembered import REMEMBERED
from tests.scenarios.test_kills import note
from tests.support.fleet import LONG, fleet, install, on_postgresql
from tests.support.process import until
from tests.support.world import NAMES, shown

pytestmark = [pytest.mark.slow, on_postgresql]

PEOPLE = ("ada", "ben")
MOST = 2  # runs of a person at once


async def test_how_much_a_person_may_ask_stays_so_when_another_takes_over(kind: str, tmp_path: Path) -> None:
    """Each has asked for two, at either process; a third is refused before the owner's end and after it."""
    async with fleet(kind, tmp_path) as there:
        [team] = there.teams
        workspace = there.workspace(team)
        owner, other = await there.start_all(owner={"RUNS_PER_PERSON": f"{MOST}"}, other={"RUNS_PER_PERSON": f"{MOST}"})
        there.model.paces |= dict.fromkeys(("long0", "long1"), LONG)
        for name in PEOPLE:
            for number in range(MOST):
                one = (owner, other)[number]
                assert await there.ask(one, team, place=f"long{number}", user=name) is not None
        count = len(PEOPLE) * MOST
        await until(lambda: owner.count("run.start") == count, within=10)
        # One post a second, in a channel.
        await there.until(
            lambda: all(len(there.thread(team, number)) == 1 + len(NAMES) for number in range(count)), within=40
        )
        for name in PEOPLE:
            assert await there.ask(other, team, place="before", user=name) is not None
        await there.until(lambda: len(workspace.whispers) == len(PEOPLE))

        await owner.process.kill()
        await until(lambda: other.count("run.taken_up") >= count, within=15)
        for name in PEOPLE:
            assert await there.ask(other, team, place="after", user=name) is not None
        await there.until(lambda: sum("#after?" in shown(one) for one in workspace.whispers) == len(PEOPLE))
        assert not any("#before?" in one.text for one in workspace.messages)
        assert not there.model.asked("before")
        assert not there.model.asked("after")

        assert await there.at(other, team).click(there.thread(team)[0], "stop") is not None
        await there.until_whole([team])
        began = other.count("run.start")
        assert await there.ask(other, team, place="again") is not None
        await until(lambda: other.count("run.start") == began + 1, within=5)


async def test_a_removal_and_a_new_install_reach_every_process(kind: str, tmp_path: Path) -> None:
    """Whichever hears of it: runs there end, or go on with the new token; nobody else's notice."""
    async with fleet(kind, tmp_path, teams=3) as there:
        left, renewed, untouched = there.teams
        owner, other = await there.start_all(owner={}, other={})
        there.model.paces |= {left: LONG, renewed: 8.0, untouched: 8.0}
        for team in there.teams:
            assert await there.ask(owner, team) is not None
            assert await there.ask(other, team, place="short") is not None  # it has heard of all
        await there.until(lambda: all(len(there.thread(team, 1)) == 1 + len(NAMES) for team in there.teams))

        there.workspace(left).is_installed = False
        removed = {"type": "app_uninstalled"}
        assert await there.at(other, left).event(removed) is not None
        began = time.monotonic()
        await until(lambda: all(one.ended_at for one in there.model.asked(left)), within=5)
        note(kind, "streams closed after", time.monotonic() - began)
        workspace = there.workspace(renewed)
        workspace.is_installed = False
        workspace.install(workspace.scopes)
        await install(there.url, workspace)
        await there.until_whole([untouched])
        there.assert_whole(untouched)
        # Where its token was refused before the new one was written down, it has ended.
        await until(lambda: all(one.ended_at for one in there.model.asked(renewed)), within=15)

        await asyncio.sleep(REMEMBERED)
        refused = [call for call in workspace.calls if call.error == "invalid_auth"]
        for number, one in enumerate((owner, other)):
            assert await there.ask(one, renewed) is not None
            assert await there.ask(one, left) is not None
            await there.until_whole([renewed], 2 + number)
        assert [call for call in workspace.calls if call.error == "invalid_auth"] == refused
        assert len(there.thread(left, 1)) == 0 or len(there.model.asked(left)) == len(NAMES)
