from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from bot.slack.wires.backlog import Backlog


def taken(backlog: Backlog[str]) -> list[str]:
    """All that waits, in the order of its turns, each finished before the next is taken."""
    items = []
    while turn := backlog.take():
        person, item = turn
        backlog.finish(person)
        items.append(item)
    return items


def test_turns_go_round_by_person() -> None:
    """Somebody who asks once does not wait behind all that another has asked before."""
    backlog: Backlog[str] = Backlog(10)
    for item in ("a1", "a2", "a3", "b1", "b2", "c1"):
        assert backlog.put(item[0], item) is None
    assert taken(backlog) == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_who_is_being_answered_the_least_is_next() -> None:
    """However long another has waited."""
    backlog: Backlog[str] = Backlog(10)
    for item in ("a1", "a2", "a3", "b1", "b2"):
        backlog.put(item[0], item)
    assert [backlog.take() for _ in range(2)] == [("a", "a1"), ("b", "b1")]
    backlog.put("c", "c1")
    assert backlog.take() == ("c", "c1")
    backlog.finish("b")
    assert [backlog.take() for _ in range(3)] == [("b", "b2"), ("a", "a2"), ("a", "a3")]
    assert backlog.take() is None


def test_what_has_no_room_is_the_newest_of_whoever_has_the_most() -> None:
    """A first question does not give way to a third; among equals, what comes last does."""
    backlog: Backlog[str] = Backlog(3)
    assert [backlog.put("a", item) for item in ("a1", "a2", "a3")] == [None] * 3
    assert backlog.put("a", "a4") == "a4"
    assert backlog.put("b", "b1") == "a3"
    assert backlog.put("c", "c1") == "a2"
    assert backlog.put("d", "d1") == "d1"
    assert backlog.put("b", "b2") == "b2"
    assert taken(backlog) == ["a1", "b1", "c1"]
    assert backlog.put("d", "d2") is None


STEPS = st.lists(st.tuples(st.sampled_from(["put", "take", "finish"]), st.sampled_from("abc")))


@given(STEPS, st.integers(1, 4))
def test_nothing_is_lost_or_answered_twice(steps: list[tuple[str, str]], most: int) -> None:
    """Each is taken or turned away, once; no more wait than may, and each person's are taken in their order."""
    backlog: Backlog[int] = Backlog(most)
    numbers = count()
    sent: dict[int, str] = {}
    gone: list[int] = []
    got: list[int] = []
    under_way: list[str] = []
    for step, person in steps:
        if step == "put":
            sent[number := next(numbers)] = person
            if (lost := backlog.put(person, number)) is not None:
                gone.append(lost)
        elif step == "finish" and person in under_way:
            under_way.remove(person)
            backlog.finish(person)
        elif step == "take" and (turn := backlog.take()):
            assert turn[0] == sent[turn[1]]
            under_way.append(turn[0])
            got.append(turn[1])
        assert 0 <= len(sent) - len(gone) - len(got) <= most
    while turn := backlog.take():
        got.append(turn[1])
    assert sorted(gone + got) == list(sent)
    for person in "abc":
        own = [number for number in got if sent[number] == person]
        assert own == sorted(own)
