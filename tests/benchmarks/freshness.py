"""How fresh the screen is: the bot's board against other policies, in worlds of unlike limits, under unlike loads.

    python -m tests.benchmarks.freshness [--quick] [--draw docs/freshness.svg]

*Age*: at a moment, for an answer, how long ago the oldest text was produced that a reader cannot see; 0 if all is
seen. Its mean is over answers, and over the time from an answer's first token until its last text is shown. *Freeze* is
the longest time that an answer with unseen text stood still; *late* the time from an answer's last token until its last
text is shown; both are of the worst answer. *Refused* and *edits* are calls of Slack's, posts refused among the former.

*Of oracle* is the mean age, as so many times that of the oracle which knows the future and only edits; another uses
posts too. Times are virtual, so that the whole takes seconds.
"""

import argparse
import asyncio
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from tests.benchmarks.chart import draw
from tests.benchmarks.loads import LOADS, worlds_for
from tests.benchmarks.oracle import plan
from tests.benchmarks.policies import POLICIES, Call, Messages, Policy, by_plan, ours
from tests.benchmarks.worlds import WORLDS, Slack
from tests.support.clock import VirtualLoop

DRAWN = ("one run, 18 s", "one run, 90 s", "three, 2 s apart", "one run, 6 s", "five in a minute", "ten in a minute")
NAMES = (*POLICIES, "oracle", "oracle, posts")


@cache
def _calls(load: str, world: str, policy: str) -> list[Call]:
    """What an oracle would do; one of them uses posts as well."""
    return plan(LOADS[load], WORLDS[world](), may_wait=policy != "oracle")


@dataclass(frozen=True, slots=True)
class Result:
    """What readers saw, in seconds, and what it cost, in calls."""

    age: float
    freeze: float
    late: float
    refused: int
    edits: int


@cache
def measure(policy: str, world: str, load: str) -> Result:
    """Let a policy show a load in a world."""
    if policy == "ours":
        messages, slack, _ = _show_cold(load, world)
    elif policy == "ours, learned":
        messages, slack = _show(partial(ours, learned=_show_cold(load, world)[2]), load, world)
    else:
        show: Policy = POLICIES.get(policy) or (lambda slack, _: by_plan(slack, _calls(load, world, policy)))
        messages, slack = _show(show, load, world)
    assert len(messages) == sum(len(run.answers) for run in LOADS[load]), "every answer has a message"
    seen = [look(answer.tokens, slack.shown[int(ts)]) for answer, ts in messages]
    return Result(
        sum(age for age, _, _ in seen) / len(seen),
        max(freeze for _, freeze, _ in seen),
        max(late for _, _, late in seen),
        slack.refusals,
        slack.edits,
    )


def look(tokens: Sequence[float], shown: Sequence[tuple[float, int]]) -> tuple[float, float, float]:
    """Mean age, worst freeze and lateness of one answer, whose message had so many tokens since each moment."""
    length, area, freeze = 0, 0.0, 0.0
    changed = at = tokens[0]
    for moment, longer in shown:
        if moment > at:
            if length < len(tokens):
                oldest = tokens[length]
                area += (max(moment - oldest, 0.0) ** 2 - max(at - oldest, 0.0) ** 2) / 2
            at = moment
        if longer > length:
            freeze = max(freeze, moment - max(changed, tokens[length]))
            changed, length = moment, longer
    assert length == len(tokens), "the whole text is shown"
    return area / (changed - tokens[0]), freeze, changed - tokens[-1]


def _show(show: Policy, load: str, world: str) -> tuple[Messages, Slack]:
    slack = Slack(WORLDS[world]())
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(show(slack, LOADS[load])), slack


@cache
def _show_cold(load: str, world: str) -> tuple[Messages, Slack, str]:
    """What readers saw of a bot that knew nothing, and what it has learned by then."""
    lessons: list[str] = []
    return *_show(partial(ours, lessons=lessons), load, world), lessons[0]


Results = Mapping[tuple[str, str, str], Result]  # by load, world and policy


def measure_all(loads: Sequence[str]) -> Results:
    """Every policy under these loads, in every world, on every processor."""
    places = [(load, world) for load in loads for world in worlds_for(load, list(WORLDS))]
    with ProcessPoolExecutor() as processes:
        found = dict(zip(places, processes.map(_measure_each, *zip(*places, strict=True)), strict=True))
    return {(*place, policy): result for place, results in found.items() for policy, result in results.items()}


def _measure_each(load: str, world: str) -> dict[str, Result]:
    return {policy: measure(policy, world, load) for policy in NAMES}


def table(results: Results) -> str:
    """A line for each measurement, load by load, world by world."""
    lines = [_line("load", "world", "policy", "mean age", "of oracle", "freeze", "late", "refused", "edits")]
    for (load, world, policy), result in results.items():
        if policy == NAMES[0]:
            lines.append("")
        ratio = result.age / results[load, world, "oracle"].age
        age, freeze, late = (f"{value:.2f} s" for value in (result.age, result.freeze, result.late))
        lines.append(
            _line(load, world, policy, age, f"{ratio:.2f}", freeze, late, str(result.refused), str(result.edits))
        )
    return "\n".join(lines)


def _line(load: str, world: str, policy: str, *cells: str) -> str:
    return f"{load:<21}{world:<10}{policy:<15}" + "".join(f"{cell:>10}" for cell in cells)


def main() -> None:
    """Print the table, and draw it if asked to."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.freshness",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="only the first load")
    parser.add_argument("--draw", type=Path, metavar="FILE", help="draw the mean ages into an .svg or a .png")
    arguments = parser.parse_args()
    began = time.perf_counter()
    results = measure_all(list(LOADS)[: 1 if arguments.quick else None])
    print(table(results))  # noqa: T201 - a person reads it
    print(f"\n{len(results)} measurements in {time.perf_counter() - began:.1f} s")  # noqa: T201
    if arguments.draw:
        try:
            draw({key: result for key, result in results.items() if key[0] in DRAWN}, arguments.draw)
        except ModuleNotFoundError as error:
            parser.exit(1, f"{error.name} is not installed. Run it with `uv run --group bench python -m ...`\n")


if __name__ == "__main__":
    main()
