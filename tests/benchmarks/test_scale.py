"""What is measured of capacity, as far as it needs neither time nor processes: figures, and the simulation."""

import math

import pytest

from tests.benchmarks.scale.__main__ import MEASURED, Measurements
from tests.benchmarks.scale.figures import Row, percentile, quantile, table
from tests.benchmarks.scale.paper import FULL, need
from tests.benchmarks.scale.runs import Runs
from tests.benchmarks.scale.simulation import AT_ONCE, PER_MINUTE, RUN, Load, rate_for, shares, simulate
from tests.benchmarks.scale.stand_in import most_in_a_second


def test_percentiles_are_values_that_were_seen() -> None:
    """Of many, of one, of none."""
    assert percentile(range(100, 0, -1), 50) == 51
    assert percentile(range(1, 101), 99) == 100
    assert percentile([3.0], 99) == 3.0
    assert percentile([], 50) == 0.0


@pytest.mark.parametrize(("share", "expected"), [(0.25, 0.005), (0.5, 0.01), (0.75, 0.03), (0.99, 0.05)])
def test_a_histograms_values_are_spread_evenly(share: float, expected: float) -> None:
    """Those beyond the last bound are said to be at it."""
    buckets = [(0.01, 50.0), (0.03, 75.0), (0.05, 90.0), (math.inf, 100.0)]
    assert quantile(buckets, share) == pytest.approx(expected)


def test_nothing_counted_is_no_time() -> None:
    """Nor is it an error."""
    assert quantile([], 0.5) == quantile([(0.01, 0.0), (math.inf, 0.0)], 0.99) == 0.0


def test_the_table_is_markdown() -> None:
    """What was asked may be nothing."""
    rows = [Row("edits", "3/s"), Row("waits", "2 ms", "≤ 3")]
    assert table(rows).splitlines()[2:] == ["| edits | 3/s |  |", "| waits | 2 ms | ≤ 3 |"]


def test_the_busiest_second_is_found() -> None:
    """Whatever the order."""
    assert most_in_a_second([7.9, 1.0, 7.1, 7.5, 2.0]) == 3
    assert most_in_a_second([]) == 0


def test_so_many_run_as_come_while_one_lasts() -> None:
    """Where none waits: Little's law."""
    seen = simulate(Load(2_000, 3.0, 3, seconds=400.0))
    assert seen.runs == pytest.approx(3.0 * RUN, rel=0.1)
    assert seen.starts == pytest.approx(3.0, rel=0.1)
    assert (round(seen.waiting), seen.left) == (0, 0)


def test_a_workspace_has_its_places_and_its_edits() -> None:
    """However much is asked there."""
    seen = simulate(Load(1, 5.0, 2, seconds=300.0))
    assert seen.runs == pytest.approx(AT_ONCE, rel=0.01)
    assert 0.6 < seen.edits <= PER_MINUTE / 60
    assert seen.left == pytest.approx(420 * (5.0 - AT_ONCE / RUN), rel=0.1)
    assert seen.busiest == pytest.approx(2.0, rel=0.01)


def test_who_is_alone_hands_nothing_over() -> None:
    """Of more replicas, each hands over more; at the most, all but its own part."""
    parts = [simulate(Load(500, 3.0, number, seconds=200.0)).handed_over for number in (1, 2, 10)]
    assert parts[0] == 0
    assert 0 < parts[1] < 1 / 2
    assert parts[1] < parts[2] < 9 / 10


def test_the_same_seed_is_the_same_play() -> None:
    """Another is another."""
    load = Load(100, 2.0, 3, seconds=60.0)
    assert simulate(load) == simulate(load)
    assert simulate(load) != simulate(load, seed=2)


def test_a_rate_keeps_so_many_runs_going() -> None:
    """More than if no workspace were full: those have no place for what else is asked there."""
    rate = rate_for(100.0, 1_000)
    assert rate > 100 / RUN
    assert sum(min(AT_ONCE, rate * part * RUN) for part in shares(1_000)) == pytest.approx(100.0)
    assert simulate(Load(1_000, rate, 4, seconds=300.0)).runs == pytest.approx(100.0, rel=0.1)


def test_there_are_replicas_enough_for_the_busiest() -> None:
    """By what things cost."""
    found = need(5.0, MEASURED, workspaces=500, seconds=100.0)
    assert found.cores * found.seen.busiest / found.load.replicas <= FULL
    assert found.cores == pytest.approx(found.tokens * MEASURED.token + found.seen.edits * MEASURED.edit)


def test_tokens_are_told_from_all_else() -> None:
    """By two loads of which one has more of them."""

    def runs(tokens: int, cpu: float) -> Runs:
        return Runs(10, tokens, 18.0, [], 0, 20.0, 300, 0, 0, cpu, 1.0, 0.3, 150, 0, [], MEASURED.memory + 2, "")

    wanted = Measurements(is_quick=False)
    wanted._note_costs(slow=runs(100, 1.2 + 10 * 400 * 1e-4), quick=runs(500, 1.2 + 10 * 2_000 * 1e-4))
    assert wanted.costs.token == pytest.approx(1e-4)
    assert wanted.costs.edit == pytest.approx(1.2 / 300)
    assert wanted.costs.transactions == pytest.approx(0.5)
    assert wanted.costs.server == pytest.approx(0.001)
    assert wanted.costs.run == pytest.approx(0.2)
