"""Loads of the benchmark of freshness: what is asked when, and how long the answers take.

A run has four answers, of 60, 40, 22 and 12 tokens a second; a token is a character. A follow-up has one, of 40, in a
thread that stands.
"""

from collections.abc import Sequence
from random import Random

from tests.benchmarks.policies import Answer, Run
from tests.support.clock import START

RATES = (60, 40, 22, 12)  # tokens a second
FIRST = 0.5  # seconds from a question to the first token
DAY = 240.0  # seconds that are looked at of a random day


def _run(at: float, seconds: float, rates: Sequence[int] = RATES) -> Run:
    """A run asked `at` a time, whose answers take so long."""
    first = START + at + FIRST
    answers = (Answer(tuple(first + number / rate for number in range(round(rate * seconds)))) for rate in rates)
    return Run(START + at, tuple(answers), follows=len(rates) == 1)


def _row(number: int, apart: float, seconds: float) -> tuple[Run, ...]:
    return tuple(_run(place * apart, seconds) for place in range(number))


def _followed(number: int, apart: float, seconds: float) -> tuple[Run, ...]:
    """A row of runs, each with two follow-ups once it is over."""
    runs = [
        (_run(at, seconds), _run(at + seconds + 4, seconds, (40,)), _run(at + 2 * seconds + 8, seconds, (40,)))
        for at in (place * apart for place in range(number))
    ]
    return tuple(sorted((one for run in runs for one in run), key=lambda one: one.at))


def _random(per_minute: float) -> tuple[Run, ...]:
    """A part of a random day: questions at random, most answered in 6 s, some in 18."""
    chance = Random(f"{per_minute} a minute")  # noqa: S311 - the same at each measurement
    runs = []
    at = chance.expovariate(per_minute / 60)
    while at < DAY:
        runs.append(_run(at, chance.choice((5.0, 6.0, 6.0, 7.0, 18.0))))
        at += chance.expovariate(per_minute / 60)
    return tuple(runs)


LOADS: dict[str, tuple[Run, ...]] = {
    "one run, 18 s": (_run(0, 18),),
    "one run, 90 s": (_run(0, 90),),
    "another after 25 s": _row(2, 25, 18),
    "three, 2 s apart": _row(3, 2, 18),
    "six, 1 s apart": _row(6, 1, 18),
    "one run, 6 s": (_run(0, 6),),
    "six, one a minute": _row(6, 60, 6),
    "three, 10 s apart": _row(3, 10, 6),
    "five in a minute": _row(5, 12, 6),
    "eight in a minute": _row(8, 7.5, 6),
    "ten in a minute": _row(10, 6, 6),
    "four in 3 min, 18 s": _row(4, 45, 18),
    "with follow-ups": _followed(3, 40, 6),
    "random, 1 in 2 min": _random(0.5),
    "random, 2 a minute": _random(2),
    "random, 4 a minute": _random(4),
}


def worlds_for(load: str, worlds: Sequence[str]) -> list[str]:
    """The worlds in which a load is looked at."""
    is_new = list(LOADS).index(load) > list(LOADS).index("six, 1 s apart")
    return [world for world in worlds if not (is_new and world == "half")]
