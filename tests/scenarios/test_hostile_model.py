"""A server that misbehaves in every way that we could think of, as a process; and the bot's client, as another."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.hostile_server import ATTACKS
from tests.support.process import ROOT

HELD = 20.0  # ms of CPU in which the loop looks at nothing else; all streams of a company share it
MEMORY = 50  # MiB; four streams make a run, and 200 are what the bot may grow by
ALL_HELD = 100.0  # ms, with as many streams as may be open; that all are read from the kernel at one look costs some
ALL_MEMORY = 100  # MiB, with as many
SECONDS = 20.0  # real ones, on a machine that has other things to do; the client's patience is 3 s

ENDS = {
    "text": "cut",
    "blanks": "cut",
    "tags": "cut",
    "thoughts behind the end": "done",
    "the end again and again": "done",
}


@pytest.fixture(scope="module")
def port() -> Iterator[str]:
    """The port of the server."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.hostile_server"], cwd=ROOT, stdout=subprocess.PIPE
    ) as server:
        assert server.stdout
        yield server.stdout.readline().decode().strip()
        server.kill()


@pytest.mark.slow
@pytest.mark.parametrize("attack", ATTACKS)
async def test_no_server_holds_the_loop_or_fills_the_memory_or_is_read_for_ever(port: str, attack: str) -> None:
    """And the person reads what it was, in words."""
    report = await measured(port, attack)
    assert report["state"] == ENDS.get(attack, "failed")
    assert (report["reason"] == "") is (report["state"] == "done")
    assert report["held"] <= HELD
    assert report["memory"] <= MEMORY
    assert report["seconds"] <= SECONDS


@pytest.mark.slow
@pytest.mark.parametrize("attack", ["comments", "events of nothing", "deltas of nothing"])
async def test_a_flood_in_as_many_streams_as_may_be_open_leaves_the_loop_to_others(port: str, attack: str) -> None:
    """Each has its turn, and not all of them at each look of the loop."""
    report = await measured(port, attack, 64)
    assert report["held"] <= ALL_HELD
    assert report["memory"] <= ALL_MEMORY


async def measured(port: str, attack: str, count: int = 1) -> dict[str, Any]:
    """What so many completions at once came to."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.hostile_client", port, attack, str(count)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await child.communicate()
    report: dict[str, Any] = json.loads(out)
    return report
