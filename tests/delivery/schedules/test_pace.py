from itertools import pairwise

import pytest

from bot.delivery.schedules.arrivals import Arrivals, Coming
from bot.delivery.schedules.durations import Durations
from bot.delivery.schedules.pace import Pace, Returns

FREE = [(60.0, 46.0)]  # all slots but those of four last texts


def interval(returns: Returns, *, age: float = 0.0, answers: int = 4, pace: Pace | None = None) -> float:
    """Of answers that have begun together."""
    return (pace or Pace()).interval(100.0, [100.0 - age] * answers, returns)


def test_it_slows_down_the_longer_answers_go_on() -> None:
    """Whether they are long is not known before."""
    left, intervals = 46.0, []
    pace = Pace()
    for age in range(60):
        intervals.append(interval([(60.0 - age, left)], age=age, pace=pace))
        left -= 1 / intervals[-1]
    assert all(later > earlier * 0.97 for earlier, later in pairwise(intervals))
    assert intervals[0] < 0.4
    assert intervals[25] > 6 * intervals[0]
    assert intervals[58] < 1.3 * intervals[25]


def test_it_spends_what_is_there_within_the_minute() -> None:
    """If answers go on for as long, at the pace of each second."""
    left, age, spent_in_6 = 46.0, 0.0, 0.0
    pace = Pace()
    while age < 59:
        spent = 0.25 / interval([(60.0 - age, left)], age=age, pace=pace)
        left -= spent
        age += 0.25
        spent_in_6 += spent if age <= 6 else 0
    assert 14 < spent_in_6 < 20
    assert 0 < left < 3


def test_answers_that_were_alike_are_built_upon() -> None:
    """Then most is spent in their time, and less on what goes on for longer."""
    pace = Pace(Durations([6.0] * 12))
    assert interval(FREE, pace=pace) < 0.85 * interval(FREE)
    assert interval(FREE, pace=pace, age=9) > 2 * interval(FREE, pace=pace, age=2)


def test_slots_that_come_back_soon_are_spent_in_their_time() -> None:
    """What is there until then is the least of all that bounds it."""
    assert interval([(1.0, 20.0), *FREE]) == interval(FREE)
    assert interval([(10.0, 2.0), *FREE]) > 4
    assert interval([(10.0, 0.0), *FREE]) == float("inf")


def test_questions_to_come_have_their_part() -> None:
    """Their last texts' slots, and a part of what is left, before anybody's previews."""
    pace = Pace(arrivals=Arrivals())
    for at in (60.0, 70.0, 80.0, 90.0, 100.0):
        pace.arrivals.note(at, 5)
    assert interval(FREE, pace=pace) > 1.4 * interval(FREE)
    needed = sum(one.likely for one in pace.arrivals.coming(100.0)) * 5
    assert interval([(60.0, needed - 0.1)], pace=pace) == float("inf")
    assert interval([(60.0, needed + 5)], pace=pace) < float("inf")


class Known(Arrivals):
    """It is known that somebody asks in ten seconds, or half known."""

    def coming(self, now: float) -> list[Coming]:
        return [Coming(10.0, 0.5)]


@pytest.mark.parametrize(
    ("ahead", "slots", "kept", "anew"),
    [
        (5.0, 8.0, 0.0, None),
        (10.0, 8.0, 0.0, None),  # it has not begun by then
        (40.0, 20.0, 0.5 * 5, 30.0),
        (60.0, 46.0, 0.5 * 5, 50.0),
    ],
)
def test_the_pace_is_that_of_the_theory(ahead: float, slots: float, kept: float, anew: float | None) -> None:
    """What can be spent over what is wanted, of two answers that go on and half a question's four."""
    pace, durations = Pace(arrivals=Known()), Durations()
    wanted = 2 * durations.spent(6.0)(ahead) + (0.5 * 4 * durations.spent_anew(anew) if anew else 0.0)
    share = (slots - kept) / wanted
    assert pace.interval(100.0, [94.0, 94.0], [(ahead, slots)]) == pytest.approx(1 / (share * 2 * durations.worth(6.0)))


def test_slots_that_come_back_before_a_question_are_not_kept_for_it() -> None:
    """It brings no last texts until then."""
    pace = Pace(arrivals=Arrivals())
    for at in (0.0, 30.0, 60.0, 90.0, 120.0):
        pace.arrivals.note(at, 5)
    first = pace.arrivals.coming(121.0)[0].ahead
    soon, late = (pace.interval(121.0, [121.0] * 4, [(ahead, 1.0)]) for ahead in (first / 2, first + 30))
    assert soon < float("inf")
    assert late == float("inf")


def test_more_answers_share_what_one_would_have() -> None:
    """The pace is that of all together."""
    assert interval(FREE, answers=1) == pytest.approx(interval(FREE, answers=8))
