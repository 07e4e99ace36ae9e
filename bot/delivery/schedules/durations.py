"""How long answers take, learned from those that have ended. Pure; durations and ages are in seconds.

What is believed is a mixture: the answers of late, each of which stands for those that are about as long, and a guess
that knows no length. By the guess, half of the answers that have gone on for a while end before they are twice as long
(a distribution of Pareto's). It weighs as much as `GUESS` answers, so that it is all there is until some have ended.

From that `Durations` says of answers of some age how likely they are to go on for so much longer, and what share of the
budget their next seconds are worth (see `pace`): the root of what is expected of 1 / duration, where it goes on.
"""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from math import sqrt
from operator import neg

SHORTEST = 3.9  # seconds; by the guess no answer is shorter
LONG = 18.7  # seconds; 350 words at a model's usual speed
BEYOND = 0.595  # of those that go on for so long go on
FAR = 71.0  # seconds, at the least: who waits for them is not to see them stand still
PARETO = 0.68  # its exponent: a share of (SHORTEST / t) ** PARETO outlasts t
GUESS = 0.5  # answers that the guess weighs as much as
KEPT = 24  # answers that are remembered: six questions' worth
ALIKE = (0.8, 0.9, 1.0, 1.1, 1.2)  # of the length of one that is remembered: what it stands for
STEP = 0.5  # seconds, of the tables
OLDEST = 300.0  # seconds; answers that are older are held to be as old
SOON = 0.8  # of all answers take longer than what is called soon


@dataclass(frozen=True, slots=True)
class _Tables:
    """By age, in steps: what share of answers lasts, and what is worth spending until then, of one and of a new one."""

    lasting: Sequence[float]
    worth: Sequence[float]
    spent: Sequence[float]
    spent_anew: Sequence[float]


@dataclass(slots=True)
class Durations:
    """What is believed of the durations of answers, of which those `seen` have ended last."""

    seen: list[float] = field(default_factory=list)
    _tables: _Tables | None = None

    def learn(self, seconds: float) -> None:
        """Note how long an answer took, from its placeholder to its last text."""
        self.seen = [*self.seen, min(max(seconds, STEP), OLDEST)][-KEPT:]
        self._tables = None

    def recall(self, seen: Sequence[float]) -> None:
        """Believe what another has seen."""
        for seconds in seen:
            self.learn(seconds)

    def soon(self, age: float = 0.0) -> float:
        """In how many seconds an answer of some age may end; nearly all go on for longer."""
        lasting = self._table().lasting
        left = SOON * _at(lasting, min(age, OLDEST))
        place = bisect_left(lasting, -left, key=neg)
        return max(0.0, place * STEP - age)

    def goes_on(self, age: float, seconds: float) -> float:
        """How likely an answer of some age is to go on for so much longer."""
        lasting = self._table().lasting
        return _at(lasting, age + seconds) / _at(lasting, age)

    def worth(self, age: float) -> float:
        """What share of the budget a second of an answer of some age is worth, as `spent` counts it."""
        tables = self._table()
        age = min(age, OLDEST)
        return _at(tables.worth, age) / sqrt(_at(tables.lasting, age))

    def spent(self, age: float) -> Callable[[float], float]:
        """What share an answer of some age is worth in the next so many seconds (up to `OLDEST`) if it goes on."""
        spent = self._table().spent
        age = min(age, OLDEST)
        before, root = _at(spent, age), sqrt(_at(self._table().lasting, age))
        return lambda seconds: (_between(spent, (age + seconds) / STEP) - before) / root

    def spent_anew(self, seconds: float) -> float:
        """What share an answer that is still to come is likely to be worth within so many seconds of its beginning."""
        return _between(self._table().spent_anew, seconds / STEP)

    def _table(self) -> _Tables:
        if self._tables is None:
            self._tables = _tabulate(tuple(self.seen))
        return self._tables


@lru_cache(maxsize=16)  # all workspaces begin with the same; one takes 40 KiB
def _tabulate(seen: tuple[float, ...]) -> _Tables:
    ages = [place * STEP for place in range(round(2 * OLDEST / STEP) + 1)]
    lengths = sorted(seconds * factor for seconds in seen for factor in ALIKE)
    guess = GUESS / (GUESS + len(seen))
    share = (1 - guess) / len(lengths) if lengths else 0.0
    # What is left of each beyond an age, summed from the oldest on.
    lasting, expected = [], []
    left, each = 0.0, 0.0
    for age in reversed(ages):
        while lengths and lengths[-1] > age:
            left, each = left + share, each + share / lengths.pop()
        since = max(age, SHORTEST)
        by_guess, of_guess = _guess(since)
        lasting.append(left + guess * by_guess)
        expected.append(each + guess * of_guess)
    lasting.reverse()
    worth = [sqrt(one) for one in reversed(expected)]
    spent = accumulate((one * STEP for one in worth[:-1]), initial=0.0)
    anew = accumulate((one * share * STEP for one, share in zip(worth[:-1], lasting[:-1], strict=True)), initial=0.0)
    return _Tables(*(array("d", one) for one in (lasting, worth, spent, anew)))


def _guess(age: float) -> tuple[float, float]:
    """By the guess, what share of answers outlasts an age, and the mean of 1 / duration of those (0 for others)."""
    tail = PARETO / (1 + PARETO)  # of what a share is worth, where it begins to fall
    at_long = (SHORTEST / LONG) ** PARETO
    if age >= LONG:
        share = BEYOND * at_long * (FAR / max(age, FAR)) ** PARETO
        return share, tail * share / max(age, FAR)
    share = (SHORTEST / age) ** PARETO
    ending = at_long * ((1 - BEYOND) / LONG + BEYOND * tail / FAR)
    return share, tail * (share / age - at_long / LONG) + ending


def _at(table: Sequence[float], age: float) -> float:
    """What a table says of an age."""
    return _between(table, min(max(age, 0.0) / STEP, len(table) - 1.001))


def _between(table: Sequence[float], place: float) -> float:
    """What a table says of a place in it, between its steps too."""
    below = int(place)
    at = table[below]
    return at + (table[below + 1] - at) * (place - below)
