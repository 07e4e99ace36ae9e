"""What not knowing costs: how near to its oracle any policy can be that is not told whether more questions come.

    python -m tests.benchmarks.foresight

A run alone and the first of a row look the same until the second question comes. Whatever has been spent by then is the
same in both: after few edits the lone run is older than it had to be, after many the row is. For each number the
oracle's machinery tells how old both would be at the least, each from there on with all that can be known. The number
at which the worse of both is least, as so many times its own oracle, is what nobody can do better than that edits only,
as far as the oracle is the best that there is; the first run may even spend all that while it lasts.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from tests.benchmarks.freshness import look
from tests.benchmarks.loads import LOADS
from tests.benchmarks.oracle import plan
from tests.benchmarks.policies import PER_MINUTE, Run, by_plan
from tests.benchmarks.worlds import Slack, Window
from tests.support.clock import VirtualLoop

ROWS = ("another after 25 s", "three, 10 s apart", "five in a minute", "eight in a minute")  # each within a minute
STEP = 2  # edits from one number that is tried to the next


@dataclass(frozen=True, slots=True)
class Bound:
    """The least that the worse of both is, times its oracle, and the mean ages then, of the lone run and the row."""

    times: float
    alone: float
    in_row: float


def bound(runs: Sequence[Run]) -> Bound:
    """How near any policy can be to the oracle of the first of these runs alone, and to that of all."""
    first, rest = runs[:1], runs[1:]
    alone_at_best, row_at_best = _age(first, PER_MINUTE), _age(runs, PER_MINUTE)
    found = []
    messages = [len(run.answers) for run in runs]
    for spent in range(messages[0], PER_MINUTE - sum(messages[1:]) + 1, STEP):
        alone = _age(first, spent)
        in_row = (alone + len(rest) * _age(rest, PER_MINUTE - spent)) / len(runs)
        found.append(Bound(max(alone / alone_at_best, in_row / row_at_best), alone, in_row))
    return min(found, key=lambda one: one.times)


def _age(runs: Sequence[Run], edits: int) -> float:
    """The mean age that the oracle reaches with so many edits."""
    slack = Slack(Window(edits))
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        messages = runner.run(by_plan(slack, plan(runs, Window(edits))))
    ages = [look(answer.tokens, slack.shown[int(ts)])[0] for answer, ts in messages]
    return sum(ages) / len(ages)


def main() -> None:
    """Print the bound of each row."""
    for load in ROWS:
        one = bound(LOADS[load])
        print(f"{load:<20}{one.times:>6.2f} times: {one.alone:.2f} s alone, {one.in_row:.2f} s in the row")  # noqa: T201


if __name__ == "__main__":
    main()
