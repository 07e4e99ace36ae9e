"""Figures as people read them: percentiles, what was asked beside what was seen, a table. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: what was measured, what was seen, and what was asked, which may be nothing."""

    what: str
    seen: str
    asked: str = ""


def percentile(values: Iterable[float], percent: float) -> float:
    """The value that so many percent of all do not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0.0


def in_ms(values: Sequence[float]) -> str:
    """The middle and the 99th of a hundred, of seconds."""
    return f"{percentile(values, 50) * 1e3:.1f} / {percentile(values, 99) * 1e3:.1f} ms"


def quantile(buckets: Sequence[tuple[float, float]], share: float) -> float:
    """Where so large a share of a histogram ends, as Prometheus has it: evenly spread within each bucket.

    `buckets` are bounds, and how many values were no more than each; the last one has all.
    """
    wanted = buckets[-1][1] * share if buckets else 0.0
    for (lower, below), (upper, upto) in pairwise([(0.0, 0.0), *buckets]):
        if upto >= wanted and upto > below:
            return lower if upper == float("inf") else lower + (upper - lower) * (wanted - below) / (upto - below)
    return 0.0


def table(rows: Iterable[Row]) -> str:
    """A table in Markdown."""
    return draw([["what", "seen", "asked"], *([row.what, row.seen, row.asked] for row in rows)])


def draw(lines: Sequence[Sequence[str]]) -> str:
    """Lines of cells as a table in Markdown; the first is its head."""
    head, *rest = ["| " + " | ".join(cells) + " |" for cells in lines]
    return "\n".join([head, "|" + "---|" * len(lines[0]), *rest])
