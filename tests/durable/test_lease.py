"""Who may send until when, in literal times; and what a renewal says of runs, as a table."""

import math
from typing import Any

import pytest

from bot.durable.lease import LEASE, Lease, Verdict, judge


def test_nothing_is_held_before_the_database_has_said_so() -> None:
    """Not even at a time long ago."""
    lease = Lease()
    assert not lease.is_held(0)
    assert lease.send_until(has_runs=True, is_away=False) == -math.inf


def test_a_lease_lasts_from_when_it_was_asked_for() -> None:
    """And not from the answer, which may be late."""
    lease = Lease()
    lease.renew(100)
    assert lease.send_until(has_runs=True, is_away=False) == 100 + LEASE
    assert (lease.is_held(100 + LEASE - 0.1), lease.is_held(100 + LEASE)) == (True, False)
    lease.renew(103)
    assert lease.send_until(has_runs=True, is_away=False) == 103 + LEASE


@pytest.mark.parametrize(
    ("failed_at", "has_runs", "is_away", "until"),
    [
        ([], True, False, 109),
        ([], False, False, 109),  # for those that are just being written
        ([103], False, True, math.inf),  # nobody can have what the database does not know
        ([103], True, True, 109),
        ([103, 104, 105, 108.9], True, True, 109),  # they say nothing of the time after its end
        ([103, 110], True, True, 109),  # perhaps only the connection was dead
        ([103, 110, 111], True, True, math.inf),  # it answers nobody else either
        ([110, 111], True, False, math.inf),
    ],
)
def test_sending_goes_on_while_nobody_can_reach_the_database(
    failed_at: list[float], *, has_runs: bool, is_away: bool, until: float
) -> None:
    """Of a lease from 100 on, after renewals that failed."""
    lease = Lease()
    lease.renew(100)
    for at in failed_at:
        lease.fail(at)
    assert lease.send_until(has_runs=has_runs, is_away=is_away) == until


def test_a_renewal_makes_failures_forgotten() -> None:
    """The next ones are counted anew."""
    lease = Lease()
    lease.fail(1)
    lease.renew(100)
    lease.fail(111)
    assert lease.send_until(has_runs=True, is_away=True) == 100 + LEASE


CASES: dict[str, tuple[dict[str, str], bool, dict[str, str]]] = {
    "nothing": ({}, True, {}),
    "as it was": ({"held": "a", "live": "a", "saved": "a", "saved_before": "a"}, True, {}),
    "another's": ({"live": "a", "saved": "a", "saved_before": "a"}, False, {"lost": "a"}),
    "gone, and nobody else's": ({"live": "a", "saved": "a", "saved_before": "a"}, True, {"missing": "a"}),
    "saved while this was written": ({"live": "a", "saved": "a"}, False, {}),
    "ended while this was written": ({"saved_before": "a", "ended_since": "a"}, False, {}),
    "ended with this": ({"held": "a", "ended": "a"}, True, {}),
    "ended with this, and never saved": ({"held": "a", "begun": "a", "ended": "a"}, True, {}),
    "begun": ({"held": "a", "live": "a", "begun": "a"}, True, {"saved": "a"}),
    "begun, and claimed long ago": ({"live": "a", "begun": "a"}, True, {"lost": "a"}),
    "begun, and claimed long ago, late": ({"live": "a", "begun": "a"}, False, {"lost": "a"}),
    "begun, and ended meanwhile": ({"begun": "a"}, True, {}),
    "begun, and saved meanwhile": ({"live": "a", "saved": "a", "begun": "a"}, True, {}),
    "written late": ({"held": "a", "live": "a"}, True, {"saved": "a"}),
    "never heard of": ({"held": "a"}, True, {"strays": "a"}),
    "its end is written next": ({"held": "a", "ended_since": "a"}, True, {}),
    "each its own": (
        {"held": "abc", "live": "abd", "saved": "ad", "saved_before": "ad", "ended": "x"},
        True,
        {"saved": "b", "strays": "c", "missing": "d"},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_renewal_tells_whose_each_run_is(case: str) -> None:
    """Keys are letters; what is not named is none."""
    given, was_held, expected = CASES[case]
    names = ("live", "saved", "saved_before", "begun", "ended", "ended_since")
    sets: dict[str, Any] = {name: frozenset(given.get(name, "")) for name in names}
    verdict = judge(frozenset(given.get("held", "")), **sets, was_held=was_held)
    told = {name: frozenset(expected.get(name, "")) for name in ("lost", "missing", "saved", "strays")}
    assert verdict == Verdict(**told)


def test_in_company_nothing_is_sent_beyond_the_lease() -> None:
    """However often it has failed: others may reach the database, and go on with the runs."""
    lease = Lease()
    lease.renew(100)
    for failed_at in (103, 110, 111, 112):
        lease.fail(failed_at)
    assert lease.send_until(has_runs=True, is_away=True, has_company=True) == 100 + LEASE
    assert lease.send_until(has_runs=False, is_away=True, has_company=True) == 100 + LEASE
    assert lease.send_until(has_runs=True, is_away=True) == math.inf
