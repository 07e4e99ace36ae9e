from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.schedules.learned import Learned
from bot.delivery.schedules.shape import BLUR, LEFT, LONGEST_PATIENCE, PATIENCE, RATES, Shape, _Bucket


class Slack:
    """A limit as it is: a bucket, which is full at the start."""

    def __init__(self, per_minute: float, burst: float) -> None:
        self.rate, self.burst = per_minute / 60, burst
        self.level, self.at = burst, 0.0

    def grants(self, now: float) -> bool:
        """Whether a call is granted."""
        self.level = min(self.burst, self.level + self.rate * (now - self.at))
        self.at = now
        if self.level < 1:
            return False
        self.level -= 1
        return True


def call(shape: Shape, slack: Slack, now: float, *, is_try: bool = False) -> bool:
    """Make a call; whether it was granted."""
    taken = shape.take(now, is_try=is_try)
    if slack.grants(now):
        shape.grant(taken)
        return True
    shape.refuse(now, taken, retry_after=5)
    return False


def refusals(shape: Shape, slack: Slack, pauses: Iterable[float], now: float = 0.0) -> list[float]:
    """When calls were refused that were made as soon as the shape let them, and some time was over."""
    refused = []
    for pause in pauses:
        now = shape.has_at(now + pause)
        if not call(shape, slack, now):
            refused.append(now)
            now += 5
    return refused


def test_before_a_refusal_there_is_no_shape() -> None:
    """Only the number a minute, which is another's to keep."""
    shape = Shape(50)
    for _ in range(49):
        shape.grant(shape.take(0.0))
    assert not shape.is_known
    assert shape.has_at(0.0, 40) == 0.0
    assert not shape.may_try(1e9)


def test_what_had_no_refusal_teaches_no_shape() -> None:
    """And nothing is tried for it."""
    shape, other = Shape(50), Shape(50)
    shape.recall(other.learned, 0.0)
    assert not shape.is_known


def test_one_refusal_teaches_the_burst() -> None:
    """Six at once are one too many: it holds five, and gains what is told."""
    shape, slack = Shape(50), Slack(50, 5)
    assert refusals(shape, slack, [0.0] * 6) == [0.0]
    assert shape.is_known
    assert 4.5 < shape.burst <= 5
    assert shape.rate * 60 == pytest.approx(50, rel=0.05)
    assert not shape.is_slower
    assert refusals(shape, slack, [0.0] * 100, 5.0) == []


def test_what_is_left_after_a_refusal_is_less_than_one() -> None:
    """Whatever was thought to be there."""
    shape = Shape(50)
    for place in range(10):
        shape.grant(shape.take(place * 2.0))
    shape.refuse(20.0, shape.take(20.0), retry_after=5)
    assert shape.level(20.0) < 1
    assert shape.has_at(20.0) > 20.0


def test_a_rate_that_was_found_out_is_gone_on_with_sparingly() -> None:
    """The true one may be half a step below it; the one that is told is taken at its word."""
    shape, slack = Shape(50), Slack(25, 5)
    assert shape.steady == shape.rate
    refusals(shape, slack, [0.0] * 300)
    assert 0.9 * shape.rate < shape.steady < 0.96 * shape.rate


def test_refusals_that_contradict_grants_teach_a_slower_rate() -> None:
    """Half of what is told, found within some refusals."""
    shape, slack = Shape(50), Slack(25, 5)
    refused = refusals(shape, slack, [0.0] * 300)
    assert 2 <= len(refused) <= 6
    assert 0.75 * 25 <= shape.rate * 60 <= 25.5
    assert shape.is_slower


def test_no_rate_is_believed_in_that_is_slower_than_all() -> None:
    """A sixth of what is told, though two steps more would be safer."""
    shape = Shape(50)
    refusals(shape, Slack(8, 2), [0.0] * 300)
    assert shape.rate == shape._buckets[-1].rate


def test_where_no_bucket_explains_what_happened_the_newest_refusal_is_believed() -> None:
    """Slack has changed."""
    shape = Shape(50)
    for _ in range(40):
        shape.grant(shape.take(0.0))
    for place in range(3):
        shape.refuse(10_000.0 + place, shape.take(10_000.0 + place), retry_after=5)
        assert shape.level(10_000.0 + place) <= LEFT
    assert shape.burst <= 3
    assert shape.rate * 60 > 20


def test_what_was_granted_is_not_forgotten_where_nothing_explains_what_happened() -> None:
    """A burst that was granted before is held to be as large as the newest refusal lets it be."""
    shape = Shape(50)
    for _ in range(6):
        shape.grant(shape.take(0.0))
    for now in (0.0, 30.0):
        for _ in range(5 if now else 0):
            shape.grant(shape.take(now))
        shape.refuse(now, shape.take(now), retry_after=5)
    before = shape.burst
    while shape.burst >= before:  # now less is refused than was granted, by any rate
        now += 60
        for _ in range(3):
            shape.grant(shape.take(now))
        shape.refuse(now, shape.take(now), retry_after=5)
    assert 2.5 < shape.burst < before


def test_more_is_tried_once_in_a_while_and_less_often_the_more_often_in_vain() -> None:
    """Whoever knows the moment asks."""
    shape, slack = Shape(50), Slack(50, 5)
    refusals(shape, slack, [0.0] * 6)
    assert not shape.may_try(PATIENCE - 1)
    now, patience = PATIENCE, []
    for _ in range(8):
        assert shape.may_try(now)
        while call(shape, slack, now, is_try=shape.has_at(now) > now):
            pass
        assert not shape.may_try(now + 1)
        began = now
        while not shape.may_try(now):
            now += 10
        patience.append(now - began)
    assert patience == sorted(patience)
    assert (patience[0], patience[-1]) == (2 * PATIENCE, LONGEST_PATIENCE)


def test_what_is_granted_beyond_is_believed_until_nothing_is_left_of_the_refusal() -> None:
    """Slack takes more than it did: the pace comes back."""
    shape = Shape(50)
    refusals(shape, Slack(50, 5), [0.0] * 6)
    slack = Slack(1_000_000, 1_000)
    now = PATIENCE
    for _ in range(50):  # a whole minute's at once
        assert shape.is_known
        assert shape.may_try(now)
        call(shape, slack, now, is_try=shape.has_at(now) > now)
    assert not shape.is_known


def test_a_rate_that_was_refuted_is_tried_again() -> None:
    """A step at a time."""
    shape, slack = Shape(50), Slack(25, 5)
    refusals(shape, slack, [0.0] * 300)
    slower = shape.rate
    now = 10_000.0
    slack = Slack(50, 5)
    for _ in range(60):
        now += LONGEST_PATIENCE
        call(shape, slack, now, is_try=True)
        refusals(shape, slack, [0.0] * 20, now)
    assert shape.rate > 1.5 * slower


@pytest.mark.parametrize(("granted", "refused"), [(6.0, 6.0), (0.0, 1 + BLUR)])
def test_a_try_forgets_what_refuted_the_next_faster_rate(granted: float, refused: float) -> None:
    """It holds as much as was granted, and one at the least, until it is seen what it holds."""
    shape = Shape(50)
    shape.recall(Learned(per_minute=50, granted=(granted,) * RATES, refused=(2.0,) * RATES, believed=3), 0.0)
    shape.take(0.0, is_try=True)
    assert shape.learned.believed == 2
    assert shape.learned.refused[:4] == (2.0, 2.0, refused, 2.0)


@pytest.mark.parametrize(
    ("granted", "refused", "is_refuted", "burst"),
    [
        (3.0, 9.0, False, 3.0),
        (5.0, 5.0, False, 4.7),
        (5.0 + BLUR, 5.0, False, 4.7),
        (5.5, 5.0, True, 4.7),
        (0.0, 1.0, True, 1.0),
        (1.0, 1.1, False, 1.0),
    ],
)
def test_grants_and_refusals_bound_a_bucket(*, granted: float, refused: float, is_refuted: bool, burst: float) -> None:
    """Or contradict each other, by more than is known of when Slack counts."""
    bucket = _Bucket(1.0, granted=granted, refused=refused)
    assert bucket.is_refuted is is_refuted
    assert bucket.burst == pytest.approx(burst)


def test_a_rate_that_is_refused_soon_after_it_was_tried_is_tried_less_often() -> None:
    """Though it was granted the call that was to find out."""
    shape = Shape(50)
    refusals(shape, Slack(25, 5), [0.0] * 300)
    now = 10_000.0
    shape.grant(shape.take(now, is_try=True))
    shape.refuse(now + 1, shape.take(now + 1), retry_after=5)
    assert not shape.may_try(now + 2 * PATIENCE)
    assert shape.may_try(now + 1 + 2 * PATIENCE)


def test_what_another_has_learned_is_tried_out_too() -> None:
    """After as long as if it had just been refused."""
    shape, other = Shape(50), Shape(50)
    refusals(shape, Slack(50, 5), [0.0] * 6)
    other.recall(shape.learned, 1_000.0)
    assert not other.may_try(1_000 + PATIENCE - 1)
    assert other.may_try(1_000 + PATIENCE)


def test_a_call_that_was_not_counted_is_given_back() -> None:
    """It leaves the bucket as it was."""
    shape, slack = Shape(50), Slack(50, 5)
    refusals(shape, slack, [0.0] * 6)
    level = shape.level(100.0)
    shape.take(100.0)
    shape.give_back()
    assert shape.level(100.0) == level


@given(st.floats(20, 60), st.floats(1, 40), st.lists(st.floats(0, 20), max_size=40))
def test_in_any_bucket_refusals_become_few(per_minute: float, burst: float, pauses: list[float]) -> None:
    """After those that taught its shape; and no slower rate is believed in than half of the true one."""
    shape, slack = Shape(50), Slack(per_minute, burst)
    refused = refusals(shape, slack, pauses + [0.0] * 200)
    assert len(refused) <= 25  # of 200; seldom more than seven
    assert shape.rate * 60 >= 0.5 * min(per_minute, 50)
