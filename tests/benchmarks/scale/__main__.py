"""What one process and one database carry, measured, and how far that goes, on paper.

    python -m tests.benchmarks.scale [--quick] [--only idle runs hand-overs flood take-over paper]

The bot is a process of its own, over HTTP, and so are its stand-ins: what they take of the machine is not counted. The
database is the PostgreSQL that TEST_POSTGRES_URL names; without one, all is left out but the paper, which then goes by
what was measured once. All of it takes some eight minutes, most of which is waiting. It prints tables in Markdown.
"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from tests.benchmarks.scale.figures import Row, draw, table
from tests.benchmarks.scale.idle import describe_idle, measure_idle
from tests.benchmarks.scale.machine import load
from tests.benchmarks.scale.paper import Costs, assume, describe
from tests.benchmarks.scale.replicas import (
    describe_flood,
    describe_hand_overs,
    describe_take_overs,
    measure_flood,
    measure_hand_overs,
    measure_take_over,
)
from tests.benchmarks.scale.runs import Runs, describe_runs, measure_runs
from tests.support.databases import ADDRESS
from tests.support.world import NAMES

# As docs/operations.md has it: measured with 25 runs at once, on two processors with nothing else on them.
MEASURED = Costs(
    token=19e-6, edit=4.8e-3, transactions=1.20, hand_over=3.8, idle=1.6, server=1.29e-3, memory=116.0, run=0.252
)


@dataclass(slots=True)
class Measurements:
    """All of them, in the form that is wanted; `costs` become what was measured."""

    is_quick: bool
    costs: Costs = MEASURED
    notes: list[str] = field(default_factory=list)

    async def idle(self) -> list[Row]:
        """Processes in which nothing goes on."""
        if self.is_quick:
            seen = await measure_idle(installed=20, active=2, seconds=2.0)
            return describe_idle(seen, seen)
        one = await measure_idle(installed=1, active=1, seconds=60.0)
        many = await measure_idle(installed=10_000, active=50, seconds=60.0)
        self.costs = replace(self.costs, idle=many.transactions, memory=one.memory)
        return describe_idle(many, one)

    async def runs(self) -> list[Row]:
        """Runs at once, in one process: of few tokens, and of many, which tells what tokens cost."""
        if self.is_quick:
            seen = [await measure_runs(runs=2, tokens=20, answer=1.0, over=0.2)]
            self.notes.append(draw(describe_runs(seen)))
            return []
        forms = ((25, 125), (25, 500), (50, 125), (100, 125))
        seen = [await measure_runs(runs=runs, tokens=tokens, answer=18.0, over=6.0) for runs, tokens in forms]
        self._note_costs(slow=seen[0], quick=seen[1])
        self.notes.append(draw(describe_runs(seen)))
        return []

    def _note_costs(self, *, slow: Runs, quick: Runs) -> None:
        """Tell tokens from all else, by runs that last equally long, of which one has more of them."""
        more = (quick.tokens - slow.tokens) * len(NAMES)
        token = max(0.0, (quick.cpu / quick.runs - slow.cpu / slow.runs) / more)
        self.costs = replace(
            self.costs,
            token=token,
            edit=max(0.0, slow.cpu - token * slow.all_tokens) / slow.edits,
            transactions=quick.transactions / quick.edits,
            server=quick.server_cpu / quick.edits,
            run=max(0.0, quick.memory - self.costs.memory) / quick.runs,
        )

    async def hand_overs(self) -> list[Row]:
        """Questions that another replica has to answer."""
        seen = await measure_hand_overs(rate=33, seconds=1 if self.is_quick else 20)
        if not self.is_quick:
            self.costs = replace(self.costs, hand_over=seen.transactions)
        return describe_hand_overs(seen)

    async def flood(self) -> list[Row]:
        """Questions as fast as they are written down."""
        forms = [(1, 8, 0.5)] if self.is_quick else [(1, 64, 5.0), (2, 64, 5.0)]
        return [
            describe_flood(await measure_flood(number=number, at_once=at_once, seconds=seconds))
            for number, at_once, seconds in forms
        ]

    async def take_over(self) -> list[Row]:
        """What a killed process leaves; in the quick form, nobody waits for the end of its lease."""
        if self.is_quick:
            return []
        return [describe_take_overs([await measure_take_over(number=3, workspaces=50) for _ in range(3)])]

    async def paper(self) -> list[Row]:
        """What would take more than this machine has."""
        self.notes += [draw(describe(self.costs, 20.0 if self.is_quick else 600.0)), assume(self.costs)]
        return []


Part = Callable[[Measurements], Awaitable[list[Row]]]
PARTS: dict[str, Part] = {
    "idle": Measurements.idle,
    "runs": Measurements.runs,
    "hand-overs": Measurements.hand_overs,
    "flood": Measurements.flood,
    "take-over": Measurements.take_over,
    "paper": Measurements.paper,
}


async def measure(parts: list[str], *, is_quick: bool) -> str:
    """Measure these parts, one after another, or in the quick form two at a time; the tables."""
    wanted, begun = Measurements(is_quick), load()
    turns = asyncio.Semaphore(2 if is_quick else 1)

    async def take(part: Part) -> list[Row]:
        async with turns:
            return await part(wanted)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(take(part)) for name, part in PARTS.items() if name in parts]
    rows = [row for task in tasks for row in task.result()]
    loads = f"Load of the machine: {begun} before, {load()} after."
    measured = [table(rows), loads] if rows else []
    return "\n\n".join([*measured, *wanted.notes])


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.scale",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="a few seconds of each, to see that it works")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=[*PARTS], help="these parts")
    arguments = parser.parse_args()
    parts = arguments.only
    if not ADDRESS:
        print("TEST_POSTGRES_URL is not set: nothing is measured.\n")  # noqa: T201 - a person reads it
        parts = [one for one in parts if one == "paper"]
    print(asyncio.run(measure(parts, is_quick=arguments.quick)))  # noqa: T201


if __name__ == "__main__":
    main()
