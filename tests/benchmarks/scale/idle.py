"""What a process costs in which nothing goes on: many workspaces have the bot, some have just asked something."""

import asyncio
from dataclasses import dataclass
from time import monotonic

from tests.benchmarks.scale.figures import Row
from tests.benchmarks.scale.machine import load, memory_of, watch
from tests.benchmarks.scale.serving import serving

TOKENS, ANSWER = 50, 2.0  # of each answer, and seconds that it takes
COUNTED = 12.0  # seconds after which an idle connection's transactions are in the server's counts, which keeps them 10


@dataclass(frozen=True, slots=True)
class Idle:
    """What was seen of a process in which `installed` have the bot, of whom `active` have asked before."""

    installed: int
    active: int
    transactions: float  # a second
    cpu: float  # of one processor
    memory: float  # MiB
    loads: str
    closed: int  # desks, by the end


async def measure_idle(*, installed: int, active: int, seconds: float) -> Idle:
    """Look at one for so long, once all that was asked is answered, and the server's counts have come in."""
    async with serving(teams=active, installed=installed, tokens=TOKENS, seconds=ANSWER) as served:
        await served.ask(over=active / 10)
        await asyncio.sleep(min(COUNTED, seconds))
        watched = await watch(served.database, served.pid, now=monotonic())
        await asyncio.sleep(seconds)
        took = watched.seconds(monotonic())
        return Idle(
            installed,
            active,
            await watched.transactions() / took,
            watched.cpu / took,
            memory_of(served.pid),
            load(),
            sum("workspace.closed" in line for line in served.process.log),
        )


def describe_idle(many: Idle, one: Idle) -> list[Row]:
    """As lines of the table."""
    who = f"{many.installed:,} installed, {many.active} active, idle"
    more = many.memory - one.memory
    return [
        Row(f"{who}: transactions", f"{many.transactions:.2f} a second ({one.transactions:.2f} of one)", "≤ 3"),
        Row(f"{who}: processor", f"{many.cpu:.2%} of one ({one.cpu:.2%})", "≤ 2 %"),
        Row(f"{who}: memory", f"{many.memory:.0f} MiB, {more:+.1f} MiB over one workspace's", "≤ + 20 MiB"),
    ]
