"""What is counted while the bot works, in plain numbers, of which `/metrics` tells. Pure.

Whoever has done something counts it here, whether anybody looks or not: it costs an addition. Laws:

- Nothing in it says who has asked, where, or what.
- It does not grow: names are those of this program's own words, and of so many models.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

MOST_MODELS = 20  # whose tokens are counted apart; each name is a series for ever, and a server may make up any
LONGEST_MODEL = 100  # characters
OTHER = "other"  # all further models

AGES = (0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0, 34.0, 60.0)  # seconds
FIRST_TEXTS = (1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0, 34.0, 60.0, 90.0)  # seconds
JOURNAL_WAITS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0)  # seconds; after 0.25 an edit goes without
LINE_WAITS = (1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0)  # seconds

LEFT = "left"  # in place of the outcome of a run that another process is to go on with
SHOWN, REFUSED, FAILED = "shown", "refused", "failed"  # what an edit or a post came to; refused is for its rate

_SENT = dict.fromkeys((SHOWN, REFUSED, FAILED), 0)


class Histogram:
    """How many values were no more than each of `bounds`, which ascend; the last of `counts` is for those beyond."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)  # each without those below it
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count one."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


@dataclass(slots=True)
class Tally:
    """That of one process, since it began."""

    runs: Counter[tuple[str, ...]] = field(default_factory=Counter)  # that have ended: by their kind and outcome
    answers: Counter[str] = field(default_factory=Counter)  # that have ended: by their last state
    tokens: Counter[str] = field(default_factory=Counter)  # of those: by their model
    edits: Counter[str] = field(default_factory=lambda: Counter(_SENT))  # by what they came to; so are posts
    posts: Counter[str] = field(default_factory=lambda: Counter(_SENT))
    ages: Histogram = field(default_factory=lambda: Histogram(AGES))  # of the oldest text that an edit has shown
    first_texts: Histogram = field(default_factory=lambda: Histogram(FIRST_TEXTS))  # from a run's begin, of each answer
    journal_waits: Histogram = field(default_factory=lambda: Histogram(JOURNAL_WAITS))  # of edits, to be written down
    line_waits: Histogram = field(default_factory=lambda: Histogram(LINE_WAITS))  # of runs, until they may begin
    taken_up: int = 0  # runs that another process had left
    lost: int = 0  # runs that another process has taken

    def expect(self, kinds: Iterable[str], outcomes: Iterable[str], states: Iterable[str]) -> None:
        """Have what may come stand at zero: else the first of it is no rise, and nobody notices."""
        for one in product(kinds, outcomes):
            self.runs[one] += 0
        for state in states:
            self.answers[state] += 0

    def count_answer(self, state: str, model: str, tokens: int) -> None:
        """Count an answer that has ended."""
        self.answers[state] += 1
        if tokens:
            name = model[:LONGEST_MODEL] or OTHER
            is_known = name in self.tokens or len(self.tokens) < MOST_MODELS
            self.tokens[name if is_known else OTHER] += tokens


@dataclass(frozen=True, slots=True)
class Levels:
    """How much there is of what at one moment."""

    workspaces: int = 0  # that this process serves
    runs: int = 0  # that go on
    runs_in_line: int = 0
    streams: int = 0  # that are open at the model
    streams_waiting: int = 0
    is_store_away: bool = False
    # So far: questions and presses, to whoever serves their workspaces.
    passed_on: Mapping[str, int] = field(default_factory=dict)
