"""A new version is deployed while people ask: the processes are replaced one by one, each by one that is there."""

import signal
from itertools import pairwise
from pathlib import Path

import pytest

from tests.scenarios.replicas.test_many import ask_all
from tests.scenarios.test_kills import note
from tests.support.fleet import LONG, fleet, on_postgresql

pytestmark = [pytest.mark.slow, on_postgresql]

RUNS = 20  # at once; a hundred of them are as well, on a machine of its own
PACE = 20.0  # seconds for an answer that is begun anew: it goes on until all processes are replaced
SOON = 6.0  # seconds; half of that on a machine that does nothing else
OLD, NEW = ("old1", "old2", "old3"), ("new1", "new2", "new3")


async def test_a_deploy_loses_nothing(kind: str, tmp_path: Path) -> None:
    """Every run moves once at the most, its text stands still for seconds at the longest, and no command fails."""
    async with fleet(kind, tmp_path, teams=RUNS) as there:
        replicas = await there.start_all(**{name: {} for name in OLD})
        there.model.paces |= dict.fromkeys(there.teams, LONG)
        await ask_all(there, *replicas)
        await there.until(lambda: all(there.is_writing(team) for team in there.teams), within=60)
        there.model.paces |= dict.fromkeys(there.teams, PACE)

        for number, name in enumerate(NEW):
            replicas.append(await there.start(name))
            old, team = replicas.pop(0), there.teams[number]
            old.process.signal(signal.SIGTERM)
            assert await there.ask(replicas[0], team, place=f"beside-{name}") is not None
            await there.until(lambda team=team: len(there.thread(team, 1)) > 1, within=SOON)  # type: ignore[misc]
            old.process.signal(signal.SIGTERM)  # else those that go on for long go on for another 20 s
            assert (await old.process.ended()).code == 0
        await there.until_whole(there.teams, within=PACE + 20)
        await there.until_whole(there.teams[: len(NEW)], 1)

        stood = []
        for team in there.teams:
            there.assert_whole(team)
            calls = there.calls(team)
            stood += [after.at - before.at for before, after in pairwise(calls) if before.process != after.process]
            assert len({call.process for call in calls}) <= 2, "it has moved more than once"
        note(kind, f"{len(stood)} moved, stood still at the most", max(stood))
        assert max(stood) <= SOON
        assert len(stood) == RUNS
