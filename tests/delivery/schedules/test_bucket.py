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
    bucket = Bucket(0.5, 3.0, 0.0, 0.0)
    assert bucket.has_at(0.0) == 2.0
    assert bucket.has_at(2.0, 3.0) == 6.0
    assert bucket.has_at(0.0, 99.0) == pytest.approx(6.0)
    assert bucket.has_at(3_600.0, 3.0) == 3_600.0
    bucket.take(3_600.0)
    assert bucket.has_at(3_600.0, 3.0) == 3_602.0


def test_a_refusal_teaches_what_bucket_would_explain_it() -> None:
    """Eight at once and two a second later, and then none: eight, or nearly ten, and what was gained between."""
    bucket = Bucket.learn(11.0, 1.0, [10.0] * 8 + [10.5, 10.9])
    assert bucket.burst == pytest.approx(10 - 0.95)
    assert bucket.rate == 0.95
    assert bucket.has_at(11.0) == pytest.approx(11 + 1 / 0.95)


def test_a_refusal_at_once_teaches_a_bucket_of_one() -> None:
    """Less would never grant anything."""
    assert Bucket.learn(0.0, 1.0, []).burst == 1.0


def test_one_more_refusal_slows_it_down() -> None:
    """And empties it."""
    bucket = Bucket.learn(0.0, 1.0, [0.0] * 5)
    bucket.refuse(10.0)
    assert bucket.has_at(10.0) == pytest.approx(10 + 1 / (0.95 * 0.6))


def test_it_is_trusted_less_the_longer_nothing_is_refused() -> None:
    """Every half minute a quarter more."""
    bucket = Bucket.learn(0.0, 1.0, [0.0] * 4)
    bucket.loosen(29.0)
    assert (bucket.burst, bucket.rate) == (4.0, 0.95)
    bucket.loosen(65.0)
    assert (bucket.burst, bucket.rate) == pytest.approx((4 * 1.25**2, 0.95 * 1.25**2))


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
