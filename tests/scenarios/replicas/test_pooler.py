"""Processes that reach PostgreSQL through a pooler which shares connections: no ring comes through it."""

import statistics
import time
from pathlib import Path

import pytest

from tests.scenarios.test_kills import note
from tests.support.fleet import LONG, fleet, on_postgresql
from tests.support.pooler import PROGRAM, pooled
from tests.support.process import until

pytestmark = [
    pytest.mark.slow,
    on_postgresql,
    pytest.mark.skipif(PROGRAM is None, reason="there is no pgbouncer"),
]


async def test_through_a_pooler_what_another_is_asked_is_found_soon(kind: str, tmp_path: Path) -> None:
    """Each says that it hears no bell, and looks every second; a stop reaches the owner as soon."""
    async with fleet(kind, tmp_path) as there, pooled(there.url) as url:
        [team] = there.teams
        owner, other = await there.start_all(owner={"database": url}, other={"database": url})
        for one in (owner, other):
            await one.process.logged("bell.unheard")
        assert await there.ask(owner, team) is not None
        await there.until_whole([team])
        took = []
        for number in range(4):
            assert await there.ask(other, team, place=f"asked{number}") is not None
            asked = time.time()
            await until(lambda: owner.count("run.start") == number + 2)  # noqa: B023 - it is waited for
            took.append(owner.times("run.start")[-1] - asked)
        note(kind, "taken at the latest", max(took))
        assert statistics.median(took) <= 2.5, took
        there.model.paces["stopped"] = LONG
        assert await there.ask(other, team, place="stopped") is not None
        await there.until(lambda: there.is_writing(team))
        assert await there.at(other, team).click(there.thread(team, -1)[0], "stop") is not None
        pressed = time.time()
        await until(lambda: all(request.ended_at for request in there.model.asked("stopped")))
        note(kind, "stopped after", time.time() - pressed)
        assert time.time() - pressed <= 2.5
