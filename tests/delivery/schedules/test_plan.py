"""When each kind of edit may start, as things stand: in literal times, of windows and buckets that are made for it."""

import pytest

from bot.delivery.schedules.durations import Durations
from bot.delivery.schedules.learned import Learned
from bot.delivery.schedules.pace import Pace
from bot.delivery.schedules.plan import AHEAD, INDEX_PATIENCE, STANDSTILL, Plan, make_plan
from bot.delivery.schedules.shape import BLUR, PATIENCE, RATES, Shape
from bot.delivery.schedules.track import Flight, Track
from bot.delivery.schedules.window import Window


def track(age: float, now: float, *, flies: bool = False) -> Track:
    """An answer of that age, which grows, or whose last text is on its way."""
    flight = Flight(now, is_last=True, taken=Shape(50).take(now)) if flies else None
    return Track(is_index=False, since=now - age, shows_text=True, is_last=flies, flight=flight)


def taught(calls: int) -> Shape:
    """A bucket that has granted so many at once, and refused one more."""
    shape = Shape(50)
    for _ in range(calls):
        shape.grant(shape.take(0.0))
    shape.refuse(0.0, shape.take(0.0), retry_after=5)
    return shape


def planned(now: float, *tracks: Track, window: Window | None = None, shape: Shape | None = None) -> Plan:
    """What is planned for them, where the last preview has just started."""
    return make_plan(now, tracks, now, window=window or Window(50), shape=shape or Shape(50), pace=Pace())


# All have text that nobody has seen since 1.0. Times of plans: a last text, an index, a preview, one that is overdue.
INDEX = Track(is_index=True, since=0, shows_text=True, unseen_since=1.0, is_last=True)
LAST = Track(is_index=False, since=0, shows_text=False, unseen_since=1.0, is_last=True)
FIRST = Track(is_index=False, since=0, shows_text=False, unseen_since=1.0)
LATER = Track(is_index=False, since=0, shows_text=True, unseen_since=1.0)


@pytest.mark.parametrize(
    ("plan", "track", "at"),
    [
        (Plan(5, 9, 10, 8, 2, 0), INDEX, 9),
        (Plan(5, 50, 10, 8, 2, 0), INDEX, 1 + INDEX_PATIENCE),
        (Plan(30, 9, 10, 8, 2, 0), INDEX, 30),
        (Plan(5, 50, 10, 8, 2, 0), LAST, 5),
        (Plan(5, 50, 10, 8, 2, 0), LATER, 10),
        (Plan(5, 50, 90, 8, 2, 0), LATER, 1 + STANDSTILL),
        (Plan(5, 50, 90, 80, 2, 0), LATER, 80),
        (Plan(5, 50, 10, 8, 20, 0), LATER, 10),
        (Plan(5, 50, 10, 8, 20, 0), FIRST, 21),  # it waits for company
    ],
)
def test_each_kind_of_edit_has_its_time(plan: Plan, track: Track, at: float) -> None:
    """A last text, an index, which waits for so long at the most, and a preview, sooner where it has stood still."""
    assert plan.time_for(track) == at


def test_a_last_text_on_its_way_needs_no_slot_of_its_own() -> None:
    """It has one."""
    window = Window(4)
    window.note_spent(100, [50, 20])
    window.start()
    growing = track(5, 100)
    plan = planned(100, growing, track(9, 100, flies=True), window=window)
    assert plan == planned(100, growing, window=window)
    assert (plan.preview, plan.wait) == (110, 20)  # of the three slots that are left, each comes back once a minute


def test_what_a_bucket_will_hold_is_spent_as_it_comes() -> None:
    """However many slots are free: what is in it, but for the last text's, and what it gains."""
    shape, now, since = taught(12), 100.0, 97.0
    for _ in range(8):
        shape.take(now)
    level = shape.level(now) - 1
    levels = [(ahead, level + shape.rate * ahead) for ahead in AHEAD]
    plan = planned(now, track(now - since, now), shape=shape)
    assert plan.preview - now == pytest.approx(Pace().interval(now, [since], [(60.0, 49.0), *levels]))
    assert plan.preview - now > 1.5 * (planned(now, track(now - since, now)).preview - now)


def slower(burst: float, *, now: float, spent: int) -> Shape:
    """A bucket of which another process has found out that it gains less than is told, and that was full before."""
    shape = Shape(50)
    refused = burst + BLUR
    shape.recall(Learned(per_minute=50, granted=(burst,) * RATES, refused=(refused,) * RATES, believed=6), now)
    for _ in range(spent):
        shape.take(now)
    assert shape.is_slower
    return shape


def test_a_rate_that_was_found_out_is_spent_sparingly() -> None:
    """It may be a little less in truth."""
    now, since = 100.0, 97.0
    shape = slower(12, now=now, spent=8)
    assert shape.steady < 0.97 * shape.rate
    levels = [(ahead, shape.level(now) - 1 + shape.steady * ahead) for ahead in AHEAD]
    plan = planned(now, track(now - since, now), shape=shape)
    assert plan.preview - now == pytest.approx(Pace().interval(now, [since], [(60.0, 49.0), *levels]))


@pytest.mark.parametrize(("burst", "is_even"), [(6, True), (40, False)])
def test_where_a_slow_bucket_holds_little_previews_are_as_far_apart_as_it_gains(*, burst: float, is_even: bool) -> None:
    """What it holds is soon spent, and then a refusal would hold up a last text."""
    now = 100.0
    shape = slower(burst, now=now, spent=0)
    plan = planned(now, *[track(5, now) for _ in range(4)], shape=shape)
    assert (plan.preview - now >= 1 / shape.steady - 1e-9) is is_even


@pytest.mark.parametrize(("age", "tries"), [(5, False), (10, False), (90, True)])
def test_more_is_tried_while_all_answers_go_on_most_likely(*, age: float, tries: bool) -> None:
    """So that the refusal, if there is one, is over when their last texts come."""
    shape, now = taught(5), PATIENCE
    for _ in range(5):
        shape.take(now)
    assert Durations().goes_on(90, shape.pause + 2) > 0.8 > Durations().goes_on(5, shape.pause + 2)
    plan = planned(now, track(age, now), track(90, now), shape=shape)
    assert (plan.preview < shape.has_at(now, 3)) is tries


@pytest.mark.parametrize(
    ("now", "grows", "waits"), [(PATIENCE - 9, False, True), (PATIENCE, True, True), (PATIENCE, False, False)]
)
def test_an_index_may_find_out_whether_more_is_granted(*, now: float, grows: bool, waits: bool) -> None:
    """Once all answers have ended, and when it is time; else it waits for what the bucket gains."""
    shape = taught(5)
    for _ in range(5):
        shape.take(now)
    index = Track(is_index=True, since=0, shows_text=True, unseen_since=now, is_last=True)
    plan = planned(now, index, *[track(5, now)] * grows, shape=shape)
    assert (plan.index >= shape.has_at(now) > now) is waits
