import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.schedules.bucket import Bucket


@pytest.mark.parametrize("number", [4, 5, 6, 8])
def test_grants_a_burst_and_then_one_at_a_time(number: int) -> None:
    """A parent and its four replies at once; the next when its second has come."""
    bucket = Bucket(1.0, 5.0)
    times = []
    now = 100.0
    for _ in range(number):
        now = bucket.has_at(now)
        bucket.take(now)
        times.append(now)
    assert times == ([100.0] * 5 + [101.0, 102.0, 103.0])[:number]


def test_fills_up_to_its_burst_and_no_further() -> None:
    """An idle hour is worth no more than an idle minute."""
    bucket = Bucket(0.5, 3.0, full_at=6.0)
    assert bucket.has_at(0.0) == 2.0
    assert bucket.has_at(2.0, 3.0) == 6.0
    assert bucket.has_at(0.0, 99.0) == pytest.approx(6.0)
    assert bucket.has_at(3_600.0, 3.0) == 3_600.0
    bucket.take(3_600.0)
    assert bucket.has_at(3_600.0, 3.0) == 3_602.0


def test_what_somebody_else_has_taken_counts_from_when_that_was() -> None:
    """One after another; of what is told later, and was before, it owes nothing that it cannot have given."""
    bucket = Bucket(1.0, 5.0)
    for at in (93.0, 98.0, 98.5):
        bucket.note_taken(at, 100.0)
    assert bucket.has_at(100.0, 5.0) == 100.0
    for at in (99.0, 99.5, 99.9):
        bucket.note_taken(at, 100.0)
    assert bucket.has_at(100.0, 5.0) == 103.0
    for at in (60.0, 61.0, 62.0, 63.0):
        bucket.note_taken(at, 100.0)
    assert (bucket.has_at(100.0), bucket.full_at) == (101.0, 105.0)


@given(st.lists(st.floats(0, 5), max_size=60), st.floats(0.1, 10), st.integers(1, 10))
def test_it_never_grants_more_than_a_burst_and_what_was_gained(pauses: list[float], rate: float, burst: int) -> None:
    """In any stretch of time."""
    bucket = Bucket(rate, float(burst))
    now = 0.0
    taken: list[float] = []
    for pause in pauses:
        now = bucket.has_at(now + pause)
        bucket.take(now)
        taken.append(now)
    for first, start in enumerate(taken):
        for last, end in enumerate(taken[first:], first):
            assert last - first + 1 <= burst + rate * (end - start) + 1e-6
