import pytest

from bot.delivery.schedules.durations import BEYOND, KEPT, LONG, OLDEST, PARETO, SHORTEST, Durations


def learned(*seconds: float) -> Durations:
    """What is believed after answers that took so long."""
    durations = Durations()
    for one in seconds:
        durations.learn(one)
    return durations


def test_before_an_answer_has_ended_the_guess_is_all_there_is() -> None:
    """None ends before the shortest, and some end when they are as long as is usual."""
    durations = Durations()
    assert durations.goes_on(0, SHORTEST - 1) == 1
    assert durations.goes_on(LONG - 0.5, 1.0) == pytest.approx(BEYOND, abs=0.05)
    assert durations.goes_on(20, 50) > 0.99  # who waits for it is not to see it stand still
    assert durations.goes_on(160, 80) > durations.goes_on(80, 80)  # what is old already is likely to become older
    assert SHORTEST <= durations.soon() <= 6


def test_the_answers_of_late_are_believed_and_never_quite() -> None:
    """As many as are remembered; others may come."""
    durations = learned(*[6.0] * KEPT)
    assert durations.goes_on(0, 5.0) > 0.8
    assert 0 < durations.goes_on(0, 8.0) < 0.1
    assert 4 < durations.soon() <= 5.5
    assert durations.soon(3.0) == pytest.approx(durations.soon() - 3.0, abs=0.5)
    for _ in range(KEPT):
        durations.learn(40.0)
    assert durations.seen == [40.0] * KEPT
    assert durations.goes_on(0, 30.0) > 0.9


def test_a_second_is_worth_less_the_fewer_answers_last_so_long() -> None:
    """What is spent until some time is the sum of that, so it grows ever more slowly."""
    durations = learned(*[6.0] * 4)
    spent = durations.spent(0.0)
    assert spent(0.0) == 0
    assert spent(6.0) > spent(60.0) / 2
    assert spent(1.0) == pytest.approx(durations.worth(0.5), rel=0.01)
    assert durations.spent(3.0)(2.0) == pytest.approx((spent(5.0) - spent(3.0)), rel=0.05)


def test_one_to_come_is_worth_what_it_is_likely_to_last() -> None:
    """Nothing at once, what one that goes on is worth as long as all do, and hardly more after that."""
    durations = learned(*[6.0] * KEPT)
    assert durations.spent_anew(0.0) == 0
    assert durations.spent_anew(3.0) == pytest.approx(durations.spent(0.0)(3.0), rel=0.01)
    assert durations.spent_anew(60.0) < 1.1 * durations.spent_anew(7.0)


def test_what_cannot_be_is_no_trouble() -> None:
    """Nothing at all, and longer than the tables go."""
    durations = learned(0.0, 1e9)
    assert durations.seen == [0.5, OLDEST]
    assert durations.worth(1e9) > 0
    assert durations.spent(1e9)(60.0) >= 0
    assert 0 < durations.goes_on(1e9, 1e9) <= 1


@pytest.mark.parametrize("seen", [[], [6.0] * 3])
@pytest.mark.parametrize("age", [0.0, 2.0, 10.0, 18.0, 30.0, 100.0])
def test_what_a_second_is_worth_is_the_root_of_what_is_expected_of_one_over_the_duration(
    age: float, seen: list[float]
) -> None:
    """Summed over the answers of each duration; of those that go on beyond the tables, what all are who are so old."""
    durations = learned(*seen)

    def expected(at: float) -> float:
        """Of all answers, as far as they last until then."""
        return durations.worth(at) ** 2 * durations.goes_on(0, at)

    step = 0.5
    summed = expected(OLDEST)
    for place in range(round(age / step), round(OLDEST / step)):
        ending = durations.goes_on(0, place * step) - durations.goes_on(0, (place + 1) * step)
        summed += ending / ((place + 0.5) * step)
    assert expected(age) == pytest.approx(summed, rel=0.03)
    assert expected(OLDEST) == pytest.approx(PARETO / (1 + PARETO) * durations.goes_on(0, OLDEST) / OLDEST)
