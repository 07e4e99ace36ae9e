import heapq
import math
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.pacing import POST_BURST, Edits, Posts, Turn


def land(edits: Edits, key: str, start: float, took: float = 0.1) -> bool:
    """One edit that goes well."""
    edits.start(key, start)
    return edits.land(key, start + took)


def when(edits: Edits, now: float) -> float:
    """When the next edit may start, if nothing happens until then."""
    while (turn := edits.next(now)).key is None:
        now = turn.at
    return now


def spend(edits: Edits, number: int, at: float) -> None:
    """Use up a part of the budget, by messages that are gone."""
    for place in range(number):
        edits.watch(f"spent {place}", at)
        edits.finish(f"spent {place}", at)
        assert land(edits, f"spent {place}", at, 0.0)


def test_nothing_new_is_nothing_to_send() -> None:
    """Not before there is text, and not after it is shown."""
    edits = Edits(50)
    assert edits.next(0) == Turn(None)
    edits.watch("a", 0)
    assert edits.next(0) == Turn(None)
    edits.grow("a", 1)
    assert edits.next(1) == Turn("a")
    land(edits, "a", 1)
    assert edits.next(2) == Turn(None)


def test_the_first_text_of_an_answer_goes_at_once() -> None:
    """However shortly after another edit."""
    edits = Edits(50)
    for at, key in enumerate("abcd"):
        edits.watch(key, at / 100)
        edits.grow(key, at / 100)
        assert edits.next(at / 100) == Turn(key)
        edits.start(key, at / 100)


def test_the_oldest_unseen_text_goes_first() -> None:
    """Among answers that show text already."""
    edits = Edits(50)
    for key in "abc":
        edits.watch(key, 0, shows_text=True)
    edits.grow("b", 1)
    edits.grow("c", 2)
    edits.grow("a", 3)
    edits.grow("b", 4)
    order = []
    for now in range(10, 13):
        chosen = edits.next(now).key
        assert isinstance(chosen, str)
        land(edits, chosen, now)
        order.append(chosen)
    assert order == ["b", "c", "a"]


def test_finals_go_before_previews_and_indexes_after_finals() -> None:
    """However old the previews are."""
    edits = Edits(50)
    edits.watch("parent", 0, is_index=True)
    edits.watch("preview", 0)
    edits.watch("final", 0)
    edits.grow("preview", 1)
    edits.finish("parent", 2)
    edits.finish("final", 3)
    order = []
    for now in range(4, 7):
        chosen = edits.next(now).key
        assert isinstance(chosen, str)
        land(edits, chosen, now)
        order.append(chosen)
    assert order == ["final", "parent", "preview"]


def test_one_edit_in_flight_a_message() -> None:
    """What grows meanwhile waits for it."""
    edits = Edits(50)
    edits.watch("a", 0)
    edits.grow("a", 0)
    edits.start("a", 0)
    edits.finish("a", 5)
    assert edits.next(5) == Turn(None)
    assert edits.land("a", 6) is False
    assert edits.next(6) == Turn("a")
    edits.start("a", 6)
    assert edits.land("a", 7) is True


def test_no_message_is_edited_more_than_twice_a_second() -> None:
    """Whatever the budget; its last text may follow a preview at once."""
    edits = Edits(60_000)
    edits.watch("a", 0)
    starts = []
    now = 0.0
    for _ in range(50):
        edits.grow("a", now)
        turn = edits.next(now)
        while turn.key is None:
            now = turn.at
            turn = edits.next(now)
        starts.append(now)
        land(edits, "a", now, 0.01)
        now += 0.01
    assert all(third - first >= 1.0 for first, third in zip(starts, starts[2:], strict=False))
    edits.finish("a", now)
    assert when(edits, now) - starts[-1] < 0.25


def test_a_slot_is_kept_for_every_message_without_its_last_text() -> None:
    """Previews stop where only the finals' slots are left."""
    edits = Edits(10)
    spend(edits, 6, 0)
    for key in "abcd":
        edits.watch(key, 30, shows_text=True)
        edits.grow(key, 30)
    assert edits.next(30) == Turn(None, 60)
    for key in "abcd":
        edits.finish(key, 31)
        assert edits.next(31) == Turn(key)
        assert land(edits, key, 31)


def test_a_message_that_is_let_go_gives_back_its_slot() -> None:
    """A finished run leaves its share to the others."""
    edits = Edits(10)
    spend(edits, 8, 0)
    for key in "ab":
        edits.watch(key, 30)
    edits.grow("a", 30)
    assert edits.next(30).key is None
    edits.forget("b")
    edits.forget("nobody knows")
    assert edits.next(30) == Turn("a")


def test_a_spent_budget_comes_back_after_a_minute() -> None:
    """Counted from the end of each edit, since somewhere in it Slack has counted."""
    edits = Edits(6)
    spend(edits, 5, 0)
    edits.watch("a", 1)
    edits.finish("a", 1)
    land(edits, "a", 1, 2.0)
    edits.watch("b", 2)
    edits.finish("b", 2)
    assert edits.next(3) == Turn(None, 60)
    edits.start("b", 60)
    edits.watch("c", 60)
    edits.finish("c", 60)
    assert edits.next(60).key == "c"


def test_after_a_refusal_everything_waits_then_goes_slower_and_finds_its_way_back() -> None:
    """The workspace's limit is one."""
    edits = Edits(50)
    edits.watch("a", 0, shows_text=True)
    edits.watch("b", 0, shows_text=True)

    def gap(now: float) -> float:
        edits.grow("b", now)
        land(edits, "b", now, 0.0)
        edits.grow("b", now)
        return when(edits, now) - now

    before = gap(10)
    edits.grow("a", 20)
    edits.start("a", 20)
    edits.refuse("a", 20.1, retry_after=7)
    edits.finish("b", 21)
    assert edits.next(21) == Turn(None, 27.1)
    assert edits.next(27.1).key == "b"
    edits.forget("b")
    edits.watch("b", 28, shows_text=True)
    slow = gap(30)
    assert slow > 2 * before
    assert gap(400) < slow / 2


def test_a_refused_text_is_unseen_again_and_never_lost() -> None:
    """With its age."""
    edits = Edits(50)
    edits.watch("a", 0)
    edits.finish("a", 1)
    edits.start("a", 1)
    edits.refuse("a", 2, retry_after=3)
    assert edits.next(5) == Turn("a")
    edits.start("a", 5)
    edits.fail("a", 6, retry_after=4)
    assert edits.next(6) == Turn(None, 10)
    edits.start("a", 10)
    assert edits.land("a", 11) is True


def test_what_turns_out_to_be_shown_elsewhere_costs_nothing() -> None:
    """A full page waits for the one that goes on after it."""
    edits = Edits(50)
    edits.watch("a", 0)
    edits.grow("a", 0)
    edits.skip("a")
    assert edits.next(0) == Turn(None)


def test_a_message_forgotten_in_flight_is_no_trouble() -> None:
    """Its run has ended; its edit is still counted."""
    edits = Edits(50)
    for ending in (
        lambda: edits.land("a", 1),
        lambda: edits.fail("a", 1),
        lambda: edits.refuse("a", 1, retry_after=1),
    ):
        edits.watch("a", 0)
        edits.grow("a", 0)
        edits.start("a", 0)
        edits.forget("a")
        assert not ending()


@pytest.mark.parametrize("spent", [5, 6, 7])
def test_posts_come_in_a_burst_and_then_one_a_second(spent: int) -> None:
    """A parent and its four replies at once; the next when its second has come."""
    posts = Posts()
    times = []
    now = 100.0
    for _ in range(spent):
        now = max(now, posts.next(now))
        posts.start(now)
        times.append(now - 100)
    assert times == [0.0] * POST_BURST + [float(place) for place in range(1, spent - POST_BURST + 1)]
    assert posts.next(now + 60) <= now + 60 - 4


lengths = st.lists(st.tuples(st.floats(0, 120), st.floats(0.1, 40), st.integers(1, 60)), min_size=1, max_size=12)


@given(
    lengths,
    st.integers(6, 60),
    st.lists(st.floats(0.01, 3.0), min_size=1, max_size=7),
    st.sets(st.integers(0, 60), max_size=12),
)
def test_the_laws_hold_for_any_answers_and_any_slack(  # noqa: C901 - a simulation is a loop of cases
    answers: list[tuple[float, float, int]], budget: int, latencies: list[float], refused: set[int]
) -> None:
    """The budget is never exceeded in any 60 s, finals included; every last text lands; nothing flies twice at once."""
    edits = Edits(budget)
    order = count()
    events: list[tuple[float, int, str, int]] = []
    for place, (at, long, pieces) in enumerate(answers):
        events.append((at, next(order), "watch", place))
        events += [(at + long * piece / pieces, next(order), "grow", place) for piece in range(1, pieces)]
        events.append((at + long, next(order), "finish", place))
    heapq.heapify(events)
    starts: list[tuple[float, float, int]] = []
    flying: set[int] = set()
    landed: set[int] = set()
    while len(landed) < len(answers):
        now, _, kind, place = heapq.heappop(events)
        if kind == "watch":
            edits.watch(place, now)
        elif kind == "grow":
            edits.grow(place, now)
        elif kind == "finish":
            edits.finish(place, now)
        elif kind == "end":
            flying.discard(place)
            if len(starts) in refused:
                refused.discard(len(starts))
                starts = [edit for edit in starts if edit[2] != place or edit[1] != now]
                edits.refuse(place, now, retry_after=5)
            elif edits.land(place, now):
                landed.add(place)
        turn = edits.next(now)
        while turn.key is not None:
            chosen = turn.key
            assert isinstance(chosen, int)
            assert chosen not in flying
            flying.add(chosen)
            edits.start(chosen, now)
            took = latencies[len(starts) % len(latencies)]
            starts.append((now, now + took, chosen))
            heapq.heappush(events, (now + took, next(order), "end", chosen))
            turn = edits.next(now)
        if turn.at < math.inf:
            heapq.heappush(events, (turn.at, next(order), "wake", -1))
        assert now < 10_000
    # Slack counts an edit somewhere between its start and its end; this holds wherever that is.
    for moment, _, _ in starts:
        assert sum(start <= moment and end > moment - 60 + 1e-9 for start, end, _ in starts) <= budget
    for key in range(len(answers)):
        own = [start for start, _, chosen in starts if chosen == key]
        assert all(third - first >= 1.0 - 1e-9 for first, third in zip(own, own[2:], strict=False))
