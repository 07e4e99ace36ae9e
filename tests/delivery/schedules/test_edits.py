import heapq
import math
from itertools import count, pairwise
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.delivery.schedules.durations import Durations
from bot.delivery.schedules.edits import EditSchedule
from bot.delivery.schedules.shape import LEFT, PATIENCE
from bot.delivery.schedules.turn import Turn


def land(edits: EditSchedule, key: str, start: float, took: float = 0.1) -> bool:
    """One edit that goes well."""
    edits.start(key, start)
    return edits.land(key, start + took)


def when(edits: EditSchedule, now: float) -> float:
    """When the next edit may start, if nothing happens until then."""
    while (turn := edits.next(now)).key is None:
        now = turn.at
    return now


def spend(edits: EditSchedule, number: int, at: float) -> None:
    """Use up a part of the budget, by messages that are gone."""
    for place in range(number):
        edits.watch(f"spent {place}", at, is_index=True)  # no answers, whose length would be learned from
        edits.finish(f"spent {place}", at)
        assert land(edits, f"spent {place}", at, 0.0)


def test_an_edit_carries_the_last_text_if_nothing_came_after_it() -> None:
    """A text that came while it was under way is not in it, be it the last."""
    edits = EditSchedule(50)
    edits.watch("a", 0)
    edits.grow("a", 1)
    edits.start("a", 1)
    assert not edits.carries_last("a")
    edits.finish("a", 1.05)
    edits.land("a", 1.1)
    assert not edits.carries_last("a")
    edits.start("a", 3)
    assert edits.carries_last("a")
    edits.finish("a", 3.05)
    assert not edits.carries_last("a")
    edits.forget("a")
    assert not edits.carries_last("a")


def test_nothing_new_is_nothing_to_send() -> None:
    """Not before there is text, and not after it is shown."""
    edits = EditSchedule(50)
    assert edits.next(0) == Turn(None)
    edits.watch("a", 0)
    assert edits.next(0) == Turn(None)
    edits.grow("a", 1)
    assert edits.next(1) == Turn("a")
    land(edits, "a", 1)
    assert edits.next(2) == Turn(None)


def test_first_texts_go_before_later_ones() -> None:
    """At the pace of all: a word alone is hardly news. An answer that is alone waits for none."""
    edits = EditSchedule(50)
    for place, key in enumerate("abcd"):
        edits.watch(key, 0, shows_text=key == "a")
        edits.grow(key, place / 100)
    order: list[str] = []
    now = 0.0
    while len(order) < 4:
        now = when(edits, now)
        chosen = edits.next(now).key
        assert isinstance(chosen, str)
        land(edits, chosen, now, 0.0)
        order.append(chosen)
    assert order == ["a", "b", "c", "d"]  # the others wait for more, at first
    assert now < 1.6
    alone = EditSchedule(50)
    alone.watch("a", 0)
    alone.grow("a", 0)
    assert alone.next(0) == Turn("a")


def test_the_oldest_unseen_text_goes_first() -> None:
    """Among answers that show text already."""
    edits = EditSchedule(50)
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
    edits = EditSchedule(50)
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
    edits = EditSchedule(50)
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
    edits = EditSchedule(60_000)
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
    edits = EditSchedule(10)
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
    edits = EditSchedule(10)
    spend(edits, 8, 0)
    for key in "ab":
        edits.watch(key, 30)
    edits.grow("a", 30)
    assert edits.next(30) == Turn(None, 60)
    edits.forget("b")
    edits.forget("nobody knows")
    assert when(edits, 30) < 40


def test_a_spent_budget_comes_back_after_a_minute() -> None:
    """Counted from the end of each edit, since somewhere in it Slack has counted."""
    edits = EditSchedule(6)
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
    edits = EditSchedule(50)
    edits.watch("a", 0, shows_text=True)
    edits.watch("b", 0, shows_text=True)

    for place in range(7):
        edits.grow("b", place)
        land(edits, "b", place, 0.0)
    edits.grow("a", 8)
    edits.start("a", 8)
    edits.refuse("a", 8.1, retry_after=7)
    edits.grow("b", 9)
    assert edits.next(9) == Turn(None, 15.1)
    starts = []
    now = 15.1
    while now < 700:
        for key in "ab":
            edits.grow(key, now)
        now = when(edits, now)
        chosen = edits.next(now).key
        assert isinstance(chosen, str)
        land(edits, chosen, now, 0.0)
        starts.append(now)
    assert sum(start < 45 for start in starts) <= 25  # of 50 a minute: nearly as many, but no more
    assert sum(start >= now - 60 for start in starts) in range(46, 51)


def refused_sixth(*, again_at: float | None = None) -> EditSchedule:
    """A schedule of which the sixth edit at once was refused, for five seconds; and one more at a time, if there is."""
    edits = EditSchedule(50)
    spend(edits, 5, 0)
    for at in (0, again_at):
        if at is not None:
            edits.watch("a", at)
            edits.grow("a", at)
            edits.start("a", at)
            edits.refuse("a", at, retry_after=5)
    edits.forget("a")
    return edits


def test_what_is_refused_when_the_pause_is_over_teaches_a_lesson_of_its_own() -> None:
    """It did not fly with the one before."""
    once = refused_sixth().learned.refused
    assert refused_sixth(again_at=4.9).learned.refused == once
    assert refused_sixth(again_at=5).learned.refused < once


def test_once_in_a_while_a_preview_finds_out_whether_more_is_granted() -> None:
    """Where the answer goes on most likely, be the bucket empty."""
    edits = refused_sixth()
    before = edits.learned.refused
    edits.watch("a", 300, shows_text=True)
    spend(edits, 5, 400)
    edits.grow("a", 400)
    assert edits.next(400) == Turn("a")
    land(edits, "a", 400, 0.0)
    assert edits.learned.refused > before


def test_room_is_promised_to_answers_that_need_it_yet() -> None:
    """An index comes after them, and a last text on its way has its slot."""
    edits = EditSchedule(2)
    for key in "ai":
        edits.watch(key, 0, is_index=key == "i")
    assert edits.has_room(0, 0)
    edits.finish("a", 0)
    edits.start("a", 0)
    assert edits.has_room(0, 0)
    edits.watch("b", 0)
    assert not edits.has_room(0, 0)


def test_what_the_bucket_holds_is_no_try() -> None:
    """If that is refused, the next try need not be later."""
    edits = refused_sixth()
    edits.watch("a", 300, shows_text=True)
    edits.grow("a", 400)
    edits.start("a", 400)
    edits.refuse("a", 400, retry_after=5)
    assert edits._shape.may_try(400 + PATIENCE)


def test_edits_that_are_refused_together_teach_one_lesson() -> None:
    """They flew together; the longest pause holds."""
    edits = EditSchedule(50)
    for key in "ab":
        edits.watch(key, 0)
        edits.grow(key, 0)
        edits.start(key, 0)
    edits.refuse("a", 0.1, retry_after=5)
    edits.refuse("b", 0.2, retry_after=7)
    assert edits.next(0.2) == Turn(None, 7.2)
    assert edits._shape.level(0.2) >= LEFT  # neither was counted
    once = EditSchedule(50)
    once.watch("a", 0)
    once.grow("a", 0)
    once.start("a", 0)
    once.refuse("a", 0.2, retry_after=7)
    assert edits.next(7.2) == once.next(7.2) == Turn("a")


def test_a_refused_text_is_unseen_again_and_never_lost() -> None:
    """With its age."""
    edits = EditSchedule(50)
    edits.watch("a", 0)
    edits.finish("a", 1)
    edits.start("a", 1)
    edits.refuse("a", 2, retry_after=3)
    assert edits.refused_at == 2
    assert edits.next(5) == Turn("a")
    edits.start("a", 5)
    edits.fail("a", 6, retry_after=4)
    assert edits.next(6) == Turn(None, 10)
    edits.start("a", 10)
    assert edits.land("a", 11) is True


def test_what_turns_out_to_be_shown_elsewhere_costs_nothing() -> None:
    """A full page waits for the one that goes on after it."""
    edits = EditSchedule(50)
    edits.watch("a", 0)
    edits.grow("a", 0)
    edits.skip("a")
    assert edits.next(0) == Turn(None)


def test_what_somebody_else_has_sent_counts() -> None:
    """For as long as Slack remembers it."""
    edits = EditSchedule(6)
    edits.watch("a", 0)
    edits.note_spent(0, [5, 58, 30, 20, 10, 1])
    edits.grow("a", 0)
    edits.finish("a", 0)
    assert when(edits, 0) == 2


def test_a_text_that_is_to_be_sent_once_more_is_sent_once_more() -> None:
    """Not before its time, and only then it is forgotten; one that is forgotten already is no trouble."""
    edits = EditSchedule(50)
    edits.watch("a", 0)
    edits.finish("a", 0)
    edits.start("a", 0)
    edits.repeat("a", 0.1, at=10)
    assert not edits.land("a", 0.1)
    assert when(edits, 0.1) == 10
    assert land(edits, "a", 10)
    edits.repeat("a", 11, at=20)
    assert edits.next(30) == Turn(None)


def test_what_failed_has_cost_a_slot_for_a_minute() -> None:
    """Slack may have counted it."""
    edits = EditSchedule(1)
    edits.watch("a", 0)
    edits.finish("a", 0)
    edits.start("a", 0)
    edits.fail("a", 1)
    assert when(edits, 1) == 61


def test_a_message_whose_text_was_shown_waits_for_one_that_shows_none() -> None:
    """Though its own next text is older."""
    edits = EditSchedule(50)
    for key in "ab":
        edits.watch(key, 0)
    edits.grow("a", 0)
    land(edits, "a", 0)
    edits.grow("a", 2)
    edits.grow("b", 3)
    assert edits.next(10) == Turn("b")


@pytest.mark.parametrize("is_taken_up", [False, True])
def test_a_message_forgotten_in_flight_is_no_trouble(*, is_taken_up: bool) -> None:
    """Its run has ended; its edit is still counted. Nor is it where the message is taken up again meanwhile."""
    edits = EditSchedule(50)
    for ending in (
        lambda: edits.land("a", 1),
        lambda: edits.fail("a", 1),
        lambda: edits.refuse("a", 1, retry_after=1),
    ):
        edits.watch("a", 0)
        edits.grow("a", 0)
        edits.start("a", 0)
        edits.forget("a")
        if is_taken_up:
            edits.watch("a", 0)
        assert not ending()
        assert edits.next(2) == Turn(None)


def play(
    seconds: float, *, answers: int = 4, budget: int = 50, edits: EditSchedule | None = None, at: float = 0.0
) -> list[float]:
    """When the edits of answers that grow all the time start, until all end at once."""
    edits = edits or EditSchedule(budget)
    for key in range(answers):
        edits.watch((at, key), at)
    starts = []
    now = at
    while now < at + seconds:
        for key in range(answers):
            edits.grow((at, key), now)
        turn = edits.next(now)
        if turn.key is None:
            now = turn.at
            continue
        starts.append(now)
        edits.start(turn.key, now)
        edits.land(turn.key, now)
    now = at + seconds
    for key in range(answers):
        edits.finish((at, key), now)
    while (turn := edits.next(now)).key is not None or turn.at < math.inf:
        if turn.key is None:
            now = turn.at
            continue
        starts.append(now)
        edits.start(turn.key, now)
        edits.land(turn.key, now)
    return starts


def test_a_short_run_gets_most_of_the_budget() -> None:
    """People look now, and it may be over soon: an edit each third of a second at first, then fewer and fewer."""
    starts = play(18)
    gaps = [after - before for before, after in pairwise(starts[:-4])]
    assert sum(start < 6 for start in starts) in range(14, 19)
    assert 32 <= len(starts) <= 38
    assert 0.3 <= min(gaps) <= max(gaps) <= 1.2
    assert starts[-4:] == [18] * 4


def test_a_long_run_never_stands_still() -> None:
    """The tail that was kept lasts until slots come back."""
    starts = play(90)
    gaps = [after - before for before, after in pairwise(starts)]
    assert max(gaps) <= 3.05  # four answers: each about every 12 s
    assert max(gaps[:25]) <= 1.0


def test_it_knows_how_far_apart_the_edits_of_an_answer_are() -> None:
    """So that a reader can be told."""
    waits = {}
    for answers in (4, 24, 60):
        edits = EditSchedule(50)
        for key in range(answers):
            edits.watch(key, 0, shows_text=True)
            edits.grow(key, 0)
        waits[answers] = edits.next(0).wait or 0.0
    assert waits[4] < 3
    assert 12 < waits[24] < 40
    assert waits[60] == 60  # more than there are slots: the last texts will need them all
    edits = EditSchedule(50)
    edits.watch("a", 0, shows_text=True)
    edits.grow("a", 0)
    edits.start("a", 0)
    edits.refuse("a", 0.1, retry_after=1)
    assert (edits.next(2).wait or 0.0) > 1.2


def test_it_learns_how_long_answers_usually_are() -> None:
    """And then spends what it has within that time."""
    edits = EditSchedule(50)
    before = len(play(8, edits=edits))
    for run in range(1, 6):
        after = len(play(8, edits=edits, at=run * 100.0))
    assert after > 1.3 * before


def test_where_edits_are_few_a_first_text_waits_for_company() -> None:
    """One word is hardly news to who waits a quarter of a minute for the next."""
    edits = EditSchedule(50)
    spend(edits, 36, 0)
    for key in "abcd":
        edits.watch(key, 20)
        edits.grow(key, 20)
    assert 20.5 < when(edits, 20) < 23


def test_first_texts_wait_for_half_a_cycle() -> None:
    """An edit so soon after the first word spares little age, and is missed later; but nobody waits for long."""
    edits = EditSchedule(50)
    for key in "abcd":
        edits.watch(key, 0)
        edits.grow(key, 0.5)
    wait = edits.next(0.5).wait
    assert wait is not None
    assert when(edits, 0.5) - 0.5 == pytest.approx(wait / 2, rel=0.05)
    assert wait < 1.5


@pytest.mark.parametrize(("answers", "is_apart"), [(7, False), (32, True)])
def test_first_texts_wait_no_longer_than_a_part_of_what_short_answers_take(*, answers: int, is_apart: bool) -> None:
    """Half a cycle of many answers would be long; but they wait for as long as edits are apart."""
    edits = EditSchedule(50)
    for key in range(answers):
        edits.watch(key, 0)
        edits.grow(key, 0.5)
    wait = edits.next(0.5).wait
    assert wait is not None
    apart, most = wait / answers, Durations().soon() / 8
    assert max(apart, most) < wait / 2
    assert (apart > most) is is_apart
    assert when(edits, 0.5) - 0.5 == pytest.approx(max(apart, most))


def test_previews_that_were_refused_are_not_held_to_have_been_seen() -> None:
    """Else three in a row would lie so far apart that nearly each rate seemed too fast."""
    edits = EditSchedule(50)
    for key in "abcd":
        edits.watch(key, 0)
        edits.grow(key, 0.5)
    first = now = when(edits, 0.5)
    for _ in range(3):
        key = cast("str", edits.next(now).key)
        edits.start(key, now)
        edits.refuse(key, now + 0.1, retry_after=0)
        now = when(edits, now + 0.1)
    assert now - first < 3
    shown: list[float] = []
    while len(shown) < 8:
        key = cast("str", edits.next(now).key)
        edits.start(key, now)
        edits.land(key, now + 0.1)
        edits.grow(key, now + 0.1)
        shown.append(now)
        now = when(edits, now + 0.1)
    assert max(later - one for one, later in pairwise(shown)) < 3


def test_an_index_is_not_sent_on_the_last_drop() -> None:
    """Where a bucket holds a little less than it is held to, finding that out costs all others a pause."""
    at = {}
    for is_index in (False, True):
        edits = EditSchedule(50)
        for key in range(4):
            edits.watch(key, 0, is_index=True)
            edits.finish(key, 0)
            edits.start(key, 0)
        for key in range(3):
            edits.land(key, 0)
        edits.refuse(3, 0, retry_after=1)
        edits.forget(3)
        edits.watch("last", 0, is_index=is_index)
        edits.finish("last", 0)
        at[is_index] = when(edits, 0.1)
    assert at[True] > at[False] + 0.5


def test_long_messages_are_edited_less_often() -> None:
    """Each edit folds them up for who has unfolded them; their last text does not wait."""
    edits = EditSchedule(50)
    edits.watch("a", 0)
    edits.grow("a", 0)
    edits.start("a", 0, is_long=True)
    edits.land("a", 0.1)
    edits.grow("a", 0.2)
    assert when(edits, 0.2) == 3.0
    edits.finish("a", 1)
    assert when(edits, 1) == 1


def test_after_a_refusal_last_texts_find_slots() -> None:
    """As the end comes near, the bucket that the refusal has taught is kept for them."""
    edits = EditSchedule(50)
    for key in "abcd":
        edits.watch(key, 0, shows_text=True)
    for key in "abcdab":
        edits.grow(key, 10)
        land(edits, key, 10, 0.0)
    edits.grow("c", 10.5)
    edits.start("c", 10.5)
    edits.refuse("c", 10.5, retry_after=5)
    taken = []
    now = 15.5
    while now < 24:
        turn = edits.next(now)
        if turn.key is None:
            now = turn.at
            continue
        taken.append(now)
        edits.start(turn.key, now)
        edits.land(turn.key, now)
        edits.grow(turn.key, now)
    for key in "abcd":
        edits.finish(key, 24)
    assert 2 <= len(taken) <= 6
    for _ in range(4):
        now = when(edits, 24)
        assert now < 26
        chosen = edits.next(now).key
        assert land(edits, str(chosen), now, 0.0)


lengths = st.lists(st.tuples(st.floats(0, 120), st.floats(0.1, 40), st.integers(1, 60)), min_size=1, max_size=12)


@settings(max_examples=min(100, settings().max_examples))  # each plays minutes: 300 took a minute of the processor
@given(
    lengths,
    st.integers(6, 60),
    st.lists(st.floats(0.01, 3.0), min_size=1, max_size=7),
    st.sets(st.integers(0, 60), max_size=12),
)
@pytest.mark.heavy
def test_the_laws_hold_for_any_answers_and_any_slack(  # noqa: C901 - a simulation is a loop of cases
    answers: list[tuple[float, float, int]], budget: int, latencies: list[float], refused: set[int]
) -> None:
    """The budget is never exceeded in any 60 s, finals included; every last text lands; nothing flies twice at once."""
    edits = EditSchedule(budget)
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


def test_one_more_message_has_room_where_its_last_text_will_have_a_slot() -> None:
    """One that is free, or comes back before it is needed, and is not kept for another."""
    edits = EditSchedule(6)
    spend(edits, 4, 0)
    assert edits.has_room(10, 10)
    for key in "ab":
        assert edits.has_room(10, 10)
        edits.watch(key, 10)
    assert not edits.has_room(10, 10)
    assert edits.has_room(59, 59)
    edits.forget("a")
    assert edits.has_room(10, 10)


def test_a_bucket_has_room_for_as_many_as_it_gains() -> None:
    """Until the soonest of them ends."""
    edits = EditSchedule(50)
    edits.watch("a", 0, shows_text=True)
    for _ in range(6):
        edits.grow("a", 0)
        edits.start("a", 0)
        edits.land("a", 0)
    edits.grow("a", 0)
    edits.start("a", 0)
    edits.refuse("a", 0, retry_after=1)
    room = 0
    while edits.has_room(0, 0):
        edits.watch(room, 0)
        room += 1
    assert room == 3  # half a call is left, four and a half seconds bring less than four, and one is kept
