import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playground.slack.quota import MINUTE, ROUNDING, Gate, Gates, SlidingWindow, TokenBucket

PAUSES = st.lists(st.floats(min_value=0.0, max_value=10.0), max_size=300)


def times_of(pauses: list[float]) -> list[float]:
    """Return when calls come that are so far apart."""
    return list(itertools.accumulate(pauses))


@given(pauses=PAUSES, limit=st.integers(1, 60))
def test_never_more_than_the_limit_in_any_minute(pauses: list[float], limit: int) -> None:
    """Whatever the rhythm, the call after `limit` others comes a minute after the first of them."""
    window = SlidingWindow(limit)
    passed = [now for now in times_of(pauses) if window.take(now) == 0.0]
    assert all(last - first >= MINUTE - 2 * ROUNDING for first, last in zip(passed, passed[limit:], strict=False))


@given(pauses=PAUSES, limit=st.integers(1, 60))
def test_a_window_that_refuses_is_full(pauses: list[float], limit: int) -> None:
    """Nothing is refused without `limit` calls in the minute before, so that refused calls spend nothing."""
    window = SlidingWindow(limit)
    passed: list[float] = []
    for now in times_of(pauses):
        if window.take(now) == 0.0:
            passed.append(now)
        else:
            assert sum(now - MINUTE < then for then in passed) == limit


@given(pauses=PAUSES, rate=st.floats(0.1, 10.0), burst=st.integers(1, 20))
def test_a_bucket_gives_its_burst_and_its_rate_and_no_more(pauses: list[float], rate: float, burst: int) -> None:
    """In any span: at most the burst, and what flowed in."""
    bucket = TokenBucket(rate, burst)
    passed = [now for now in times_of(pauses) if bucket.take(now) == 0.0]
    for first, last in itertools.combinations(range(len(passed)), 2):
        assert last - first + 1 <= burst + (passed[last] - passed[first]) * rate + 0.001


def test_the_window_opens_when_its_first_call_is_a_minute_old() -> None:
    """With three a minute at 0, 10 and 20 s, the next ones pass at 60 and 70 s."""
    window = SlidingWindow(3)
    assert [window.take(now) for now in (0.0, 10.0, 20.0)] == [0.0, 0.0, 0.0]
    assert window.take(30.0) == 30.0
    assert window.take(59.0) == 1.0
    assert window.take(60.0) == 0.0
    assert window.take(60.0) == 10.0
    assert window.take(70.0) == 0.0


def test_a_bucket_is_full_at_first_and_refills_at_its_rate() -> None:
    """A burst of three, then one every two seconds."""
    bucket = TokenBucket(rate=0.5, burst=3)
    assert [bucket.take(100.0) for _ in range(4)] == [0.0, 0.0, 0.0, 2.0]
    assert bucket.take(102.0) == 0.0
    assert bucket.take(103.0) == 1.0
    assert bucket.take(104.0) == 0.0
    assert [bucket.take(1_000.0) for _ in range(4)] == [0.0, 0.0, 0.0, 2.0]


def test_a_gate_stays_shut_for_as_long_as_it_said() -> None:
    """Retry-After is whole seconds, and a call before its end is refused though the window has room again."""
    gate = Gate(SlidingWindow(1))
    assert gate.admit(0.0) == 0
    assert gate.admit(0.5) == 60
    assert gate.admit(60.25) == 1
    assert gate.admit(60.5) == 0


def test_a_gate_says_one_second_at_least() -> None:
    """A wait of a tenth is a second in the header."""
    gate = Gate(TokenBucket(rate=10.0, burst=1))
    assert [gate.admit(0.0), gate.admit(0.0)] == [0, 1]


@pytest.mark.parametrize(("minimum", "expected"), [(1, 1), (10, 10)])
def test_the_shortest_retry_after_can_be_told(minimum: int, expected: int) -> None:
    """Slack often says ten seconds, however soon there would be room."""
    gate = Gate(TokenBucket(rate=1.0, burst=1), minimum)
    assert [gate.admit(0.0), gate.admit(0.0)] == [0, expected]


def test_a_refused_call_keeps_no_later_one_out() -> None:
    """Hammering on a shut gate does not move its end."""
    gate = Gate(TokenBucket(rate=0.1, burst=1))
    gate.admit(0.0)
    assert [gate.admit(now) for now in (1.0, 2.0, 9.0, 10.0)] == [9, 8, 1, 0]


def gates(edit_burst: int | None = None) -> Gates:
    """Return gates that are quickly exhausted."""
    return Gates(edits_per_minute=2, edit_burst=edit_burst, posts_per_second=1.0, post_burst=1, minimum_retry_after=1)


def test_posts_are_counted_by_channel_and_edits_over_the_workspace() -> None:
    """A post in one channel leaves the other channel its own; an edit does not."""
    by_channel = gates()

    def admit(method: str, channel: str) -> int:
        gate = by_channel.find(method, channel)
        assert gate is not None
        return gate.admit(0.0)

    assert [admit("chat.postMessage", "C1"), admit("chat.postMessage", "C1"), admit("chat.postMessage", "C2")] == [
        0,
        1,
        0,
    ]
    assert [admit("chat.update", "C1"), admit("chat.update", "C2"), admit("chat.update", "C1")] == [0, 0, 60]


def test_edits_can_be_counted_in_a_bucket() -> None:
    """A burst of one at two a minute: the next is due in 30 s."""
    gate = gates(edit_burst=1).find("chat.update", "C1")
    assert gate is not None
    assert [gate.admit(0.0), gate.admit(0.0)] == [0, 30]


def test_what_slack_allows_hundreds_of_times_has_no_gate() -> None:
    """auth.test is free."""
    assert gates().find("auth.test", "") is None
