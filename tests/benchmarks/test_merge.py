from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.engine.merge import merge_async_iterators
from tests.benchmarks.merge import MERGES, QUICK, Result, measure, table

COUNTS = {"equal seconds": (108, 72, 39, 21), "equal tokens": (21, 21, 21, 21)}


def result(merge: str, counts: str, pause: float) -> Result:
    """One measurement in the quick form."""
    return measure(MERGES[merge], COUNTS[counts], pause)


def worst(one: Result) -> list[float]:
    """The worst delay of each stream."""
    return [round(delays.worst, 2) for delays in one.delays]


@pytest.mark.parametrize("counts", COUNTS)
def test_a_quick_reader_gets_each_token_when_it_is_produced(counts: str) -> None:
    """Of every stream, and the whole lasts as long as the slowest."""
    ours = result("ours", counts, 0.0)
    assert max(delays.worst for delays in ours.delays) < 0.001
    assert ours.total == pytest.approx(1.0, abs=0.001)


@pytest.mark.parametrize("counts", COUNTS)
def test_a_slow_reader_waits_for_itself_only(counts: str) -> None:
    """One pause at most, for each stream, and for the end of the whole."""
    ours = result("ours", counts, 0.3)
    assert max(delays.worst for delays in ours.delays) <= 0.3 + 1e-6
    assert all(0.14 < delays.mean < 0.18 for delays in ours.delays)
    slowest = COUNTS[counts][3] / 12
    assert ours.total <= 1 + 0.3 / slowest + 1e-6


@pytest.mark.parametrize("counts", COUNTS)
def test_in_rounds_the_quick_streams_crawl_at_the_pace_of_the_slowest(counts: str) -> None:
    """The quickest is shown up to 1.4 s late in 1.75 s; in 18 s it is 14.4."""
    rounds = result("in rounds", counts, 0.0)
    assert worst(rounds) == [1.4, 1.23, 0.8, 0.0]
    assert [delays.mean for delays in rounds.delays][:3] == pytest.approx([0.70, 0.61, 0.40], abs=0.05)


@pytest.mark.parametrize(
    ("counts", "total", "late"),
    [("equal seconds", 17.88, [30.38, 19.58, 9.71, 4.33]), ("equal tokens", 3.48, [5.73, 5.56, 5.13, 4.33])],
)
def test_in_rounds_a_slow_reader_pays_its_pause_for_every_token(counts: str, total: float, late: list[float]) -> None:
    """The backlog grows with the number of tokens: many times the whole, where ours adds a pause."""
    rounds, ours = result("in rounds", counts, 0.3), result("ours", counts, 0.3)
    assert rounds.total == pytest.approx(total, abs=0.01)
    assert worst(rounds) == late
    assert all(one.mean > 13 * other.mean for one, other in zip(rounds.delays, ours.delays, strict=True))


def test_a_merge_that_loses_a_token_is_found_out() -> None:
    """The benchmark itself can fail."""

    @asynccontextmanager
    async def forgetful(*streams: AsyncIterator[int]) -> AsyncIterator[AsyncIterator[tuple[int | None, ...]]]:
        async def three(merged: AsyncIterator[tuple[int | None, ...]]) -> AsyncIterator[tuple[int | None, ...]]:
            async for values in merged:
                yield (*values[:3], None)

        async with merge_async_iterators(*streams) as merged:
            yield three(merged)

    with pytest.raises(AssertionError, match="every token is handed over"):
        measure(forgetful, COUNTS["equal tokens"], 0.0)


def test_the_table_has_a_line_for_each_measurement() -> None:
    """Aligned, for two lengths, two readers and two merges."""
    lines = table(QUICK).splitlines()
    assert len(lines) == 3 + 8
    assert len({len(line) for line in lines[2:]}) == 1
    assert " ".join(lines[3].split()) == f"108 72 39 21 0.0 s ours{4 * ' 0.00 / 0.00'} 1.00 x"
