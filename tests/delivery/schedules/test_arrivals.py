from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.schedules.arrivals import KEPT, LIKELY, ROW, SOON, Arrivals


def after(*times: float) -> Arrivals:
    """What is known after questions that came then, of a parent and four replies each."""
    arrivals = Arrivals()
    for at in times:
        arrivals.note(at, 5)
    return arrivals


def row(number: int, apart: float, begins: float = 0.0) -> list[float]:
    """When the questions of a row come."""
    return [begins + apart * place for place in range(number)]


def expected(arrivals: Arrivals, now: float) -> float:
    """How many questions are expected within the minute."""
    return sum(one.likely for one in arrivals.coming(now))


def test_nothing_is_expected_at_the_start() -> None:
    """Neither before a question nor after the first."""
    assert expected(Arrivals(), 0) == 0
    assert expected(after(10), 10) == 0


def test_in_a_row_more_are_expected_with_each() -> None:
    """About as many as come, in the end."""
    found = [expected(after(*row(number, 12)), 12.0 * (number - 1)) for number in range(1, 30)]
    assert found[0] == 0
    assert 0 < found[1] < found[2] < found[3] < 5
    assert 3.5 < found[-1] < 5.5


def test_the_longer_none_comes_the_fewer_are_expected() -> None:
    """And none, when the row is over."""
    arrivals = after(0, 10, 20)
    assert expected(arrivals, 20) > expected(arrivals, 100) > expected(arrivals, 160)
    assert expected(arrivals, 20 + ROW + 1) == 0


def test_a_row_is_expected_to_be_as_the_one_before() -> None:
    """Who asks three times, ten seconds apart, is expected to do so again; and not to ask a fourth time."""
    before = row(3, 10)
    first, second = after(*before, 600).coming(600)[:2]
    assert [first.ahead, second.ahead] == pytest.approx([10, 20], abs=1.5)
    assert first.likely > second.likely > 0.5
    assert expected(after(*before, 600), 600) > expected(after(*before, 600, 610), 610)
    assert expected(after(*before, 600, 610, 620), 620) < 0.5
    assert expected(after(*before, 600, 610, 620), 620) < expected(after(*row(5, 10), *row(3, 10, 600)), 620)


def test_what_does_not_come_when_it_should_have_is_no_longer_believed() -> None:
    """It may still be a little late."""
    arrivals = after(*row(2, 25), 600)
    assert expected(arrivals, 600) > 0.5
    assert expected(arrivals, 626) > 0.5
    assert expected(arrivals, 630) > 0.5  # a fifth later
    assert expected(arrivals, 640) == 0


def test_the_pauses_of_late_are_kept() -> None:
    """As many as may be alike, and the one before the first of them."""
    assert after(*row(9, 20), *row(KEPT, 10, 1_000)).pauses == [20.0] + [ROW] + [10.0] * (KEPT - 1)


def test_who_asked_alone_is_expected_to_do_so_again() -> None:
    """However often."""
    assert expected(after(*row(6, 600), 6_000), 6_000) == 0
    assert expected(after(*row(6, 60), 6_000), 6_000) < 0.2  # a minute apart


def test_what_often_followed_is_more_likely_than_what_seldom_did() -> None:
    """In proportion."""
    often = [600.0 * place + apart for place in range(6) for apart in (0, 15) if apart == 0 or place != 3]
    seldom = [600.0 * place + apart for place in range(6) for apart in (0, 15) if apart == 0 or place == 3]
    assert expected(after(*often, 6_000), 6_000) == pytest.approx(5 / 6, abs=0.1)
    assert expected(after(*seldom, 6_000), 6_000) == pytest.approx(1 / 6, abs=0.1)


def test_it_learns_how_many_messages_a_question_has() -> None:
    """Follow-ups have one."""
    arrivals = after(0)
    for place in range(20):
        arrivals.note(1_000.0 + place, 1)
    assert arrivals.messages == pytest.approx(1, abs=0.1)


def test_nothing_is_expected_at_once_where_none_came_sooner() -> None:
    """Some ask once in half a minute, and not twice."""
    arrivals = after(*row(4, 30))
    assert arrivals.coming(90)[0].ahead > 20
    assert arrivals.coming(110)[0].ahead < 15


def test_each_row_has_a_pace_of_its_own() -> None:
    """Nobody asks sooner than anybody did in this row, however soon they asked in one before."""
    quick, slow = row(4, 10), row(4, 30, 600)
    assert len(after(*quick, *slow).coming(690)) == 2  # at a third, they would have been at the pace of the quick ones


def test_what_comes_after_the_next_is_as_far_from_it_whenever_it_is_asked() -> None:
    """What has passed since the last question shortens the wait for the next, and not for the one after."""
    arrivals = after(*row(3, 10), 600)
    for gone in (0, 5):
        coming = arrivals.coming(600 + gone)
        assert [one.ahead for one in coming] == pytest.approx([10 - gone, 20 - gone])


def test_what_another_has_learned_is_believed() -> None:
    """How large questions are, if that was learned; and nothing is expected before there is one."""
    learned = after(*row(3, 10))
    arrivals = Arrivals()
    arrivals.recall(learned.pauses, 1)
    assert (arrivals.pauses, arrivals.messages) == ([ROW, 10, 10], 1)
    assert expected(arrivals, 0) == 0
    arrivals.note(0, 1)
    assert expected(arrivals, 0) == expected(after(*row(3, 10), 600), 600)
    arrivals.recall([], 0)
    assert arrivals.messages == 1


@given(st.lists(st.floats(0, 300), max_size=60), st.floats(0, 1_000))
def test_what_is_expected_can_be(pauses: list[float], later: float) -> None:
    """It comes within the minute, one after another, each no likelier than the one before; and little is kept."""
    times = list(accumulate(pauses, initial=0.0))
    arrivals = after(*times)
    coming = arrivals.coming(times[-1] + later)
    assert all(LIKELY <= one.likely <= 1 and 0 < one.ahead <= SOON + 1 for one in coming)
    assert all(one.ahead < other.ahead and one.likely >= other.likely for one, other in pairwise(coming))
    assert sum(one.likely for one in coming) <= len(times)  # no more than have come
    assert len(arrivals.pauses) == min(len(times), KEPT + 1)
