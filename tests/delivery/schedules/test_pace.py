import pytest

from bot.delivery.schedules.pace import STANDSTILL, TAIL, Pace, Returns

FREE = [(60.0, 46)]  # all slots but those of four last texts


def interval(
    returns: Returns, *, now: float = 0.0, began: float = 0.0, answers: int = 4, typical: float = 18.0
) -> float:
    """Of answers that have begun together."""
    return Pace().interval(now, [0.0] * answers, returns)


def test_a_budget_is_spent_within_what_is_typical_but_for_the_tail() -> None:
    """The tail is a part of what lasts, and no more than keeps each answer from standing still."""
    tail = min(TAIL * 46 / 60, 4 / STANDSTILL)
    assert interval(FREE) == pytest.approx(18 / (46 - tail * 42))
    assert interval(FREE, answers=1) == pytest.approx(18 / (46 - 42 / STANDSTILL))


def test_after_that_it_is_what_lasts_for_ever() -> None:
    """And never less: slots would be left."""
    assert interval(FREE, now=18.0) == pytest.approx(60 / 46)
    assert interval(FREE, now=100.0) == pytest.approx(60 / 46)
    assert interval([(60.0, 3)], now=18.0, answers=60) == pytest.approx(20.0)


def test_slots_that_come_back_soon_are_spent_in_their_time() -> None:
    """What is there until then is the least of all that bounds it."""
    assert interval([(1.0, 1), (60.0, 46)], now=18.0) == pytest.approx(60 / 46)
    assert interval([(10.0, 2), (60.0, 46)], now=18.0) == pytest.approx(5.0)
    assert interval([(10.0, 2), (60.0, 46)]) == pytest.approx(5.0)


def test_the_tail_is_a_part_of_what_could_last_before_anything_was_spent() -> None:
    """Else it would shrink with what it is to keep; a message that is taken up makes it anew."""
    pace = Pace()
    before = pace.interval(0.0, [0.0] * 4, FREE)
    spent = [(59.0, 6), (60.0, 46)]
    kept = pace.interval(1.0, [0.0] * 4, spent)
    pace.renew()
    assert pace.interval(1.0, [0.0] * 4, spent) < kept
    assert before < kept
