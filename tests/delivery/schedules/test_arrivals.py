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
    """Until it is more than half of what comes."""
    rates = [after(*(12.0 * place for place in range(number))).rate(12.0 * (number - 1)) for number in range(1, 30)]
    assert rates[0] == 0
    assert 0 < rates[1] < rates[2] < rates[3] < 5 / 60
    assert 0.6 * 5 / 60 < rates[-1] < 5 / 60


def test_the_longer_none_comes_the_fewer_are_expected() -> None:
    """And none, when the row is over."""
    arrivals = after(0, 10, 20)
    assert arrivals.rate(20) > arrivals.rate(50) > arrivals.rate(100) > 0
    assert arrivals.rate(20 + ROW + 1) == 0


def test_what_followed_is_expected_after_the_first_of_another_row() -> None:
    """People who ask in rows ask in rows again."""
    arrivals = after(*(600.0 * row + 10 * place for row in range(6) for place in range(4)), 6_000)
    assert 2.5 < arrivals.rate(6_000) * 60 < 3
    assert Arrivals(following=arrivals.likely).rate(0) == 0  # not before there is one
    assert after(*(600.0 * row for row in range(6)), 6_000).rate(6_000) == 0


def test_it_learns_how_many_messages_a_question_has() -> None:
    """Follow-ups have one."""
    arrivals = after(0)
    for place in range(20):
        arrivals.note(1_000.0 + place, 1)
    assert arrivals.messages == pytest.approx(1, abs=0.1)


def test_nothing_is_expected_sooner_after_a_question_than_any_came_so_far() -> None:
    """Some ask once a minute, and not twice."""
    arrivals = after(0)
    assert arrivals.quiet(5) == 0
    arrivals.note(60, 5)
    assert arrivals.quiet(60) == pytest.approx(48)
    assert arrivals.quiet(100) == pytest.approx(8)
    assert arrivals.quiet(110) == 0
    arrivals.note(120, 5)
    arrivals.note(130, 5)
    assert arrivals.quiet(130) == pytest.approx(8)


def test_what_another_has_learned_is_believed() -> None:
    """How large questions are, if that was learned."""
    arrivals = Arrivals()
    arrivals.recall(3, 1)
    assert (arrivals.following, arrivals.messages) == (3, 1)
    arrivals.recall(2, 0)
    assert (arrivals.following, arrivals.messages, arrivals.likely) == (2, 1, 2)
    arrivals.note(0, 1)
    assert arrivals.rate(0) == pytest.approx(2 / 60)


@given(st.lists(st.floats(0, 300), max_size=30), st.floats(0, 1_000))
def test_no_more_is_expected_than_came(pauses: list[float], later: float) -> None:
    """Within as much time as there was between them."""
    arrivals = Arrivals()
    now = 0.0
    for pause in pauses:
        now += pause
        arrivals.note(now, 5)
    assert 0 <= arrivals.rate(now + later) * 60 <= 4 * len(pauses)
