import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.schedules.arrivals import ROW, Arrivals


def after(*times: float) -> Arrivals:
    """What is known after questions that came then, of a parent and four replies each."""
    arrivals = Arrivals()
    for at in times:
        arrivals.note(at, 5)
    return arrivals


def test_nothing_is_expected_at_the_start() -> None:
    """Neither before a question nor after the first."""
    assert Arrivals().rate(0) == 0
    assert after(10).rate(10) == 0


def test_in_a_row_more_are_expected_with_each() -> None:
    """Until it is about what comes."""
    rates = [after(*(12.0 * place for place in range(number))).rate(12.0 * (number - 1)) for number in range(1, 30)]
    assert rates[0] == 0
    assert 0 < rates[1] < rates[2] < rates[3] < 5 / 60
    assert rates[-1] == pytest.approx(5 / 60, rel=0.25)


def test_the_longer_none_comes_the_fewer_are_expected() -> None:
    """And none, when the row is over."""
    arrivals = after(0, 10, 20)
    assert arrivals.rate(20) > arrivals.rate(50) > arrivals.rate(100) > 0
    assert arrivals.rate(20 + ROW + 1) == 0


def test_what_followed_is_expected_after_the_first_of_another_row() -> None:
    """People who ask in rows ask in rows again."""
    arrivals = after(*(600.0 * row + 10 * place for row in range(6) for place in range(4)), 6_000)
    assert 0.5 < arrivals.rate(6_000) * 60 < 2
    assert after(*(600.0 * row for row in range(6)), 6_000).rate(6_000) == 0


def test_it_learns_how_many_messages_a_question_has() -> None:
    """Follow-ups have one."""
    arrivals = after(0)
    for place in range(20):
        arrivals.note(1_000.0 + place, 1)
    assert arrivals.messages == pytest.approx(1, abs=0.1)


@given(st.lists(st.floats(0, 300), max_size=30), st.floats(0, 1_000))
def test_no_more_is_expected_than_came(pauses: list[float], later: float) -> None:
    """Within as much time as there was between them."""
    arrivals = Arrivals()
    now = 0.0
    for pause in pauses:
        now += pause
        arrivals.note(now, 5)
    assert 0 <= arrivals.rate(now + later) * 60 <= 4 * len(pauses)
