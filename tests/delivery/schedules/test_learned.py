import json
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.schedules.edits import EditSchedule
from bot.delivery.schedules.learned import MOST, Learned
from bot.delivery.schedules.shape import RATES

numbers = st.lists(st.floats(0, 1e6), max_size=20).map(tuple)


@given(st.builds(Learned, numbers, numbers, st.floats(0, 1e3), st.integers(0, 1_000), numbers, numbers))
def test_what_was_learned_comes_back_as_it_was(learned: Learned) -> None:
    """Infinity among it."""
    one = Learned(refused=(inf, 1.5))
    assert Learned.from_text(learned.to_text()) == learned
    assert Learned.from_text(one.to_text()) == one
    json.loads(one.to_text(), parse_constant=pytest.fail)  # nothing that only Python reads


def test_what_each_edit_moves_is_no_lesson() -> None:
    """What a refusal or an answer's end has taught is one."""
    one, other = Learned(granted=(1.0,), durations=(6.0,)), Learned(granted=(2.0,), durations=(6.0,))
    assert one.lessons == other.lessons == Learned(durations=(6.0,))


def test_as_many_numbers_are_believed_as_are_written() -> None:
    """More are not ours."""
    for number, kept in ((MOST, MOST), (MOST + 1, 0)):
        assert len(Learned.from_text(Learned(durations=(6.0,) * number).to_text()).durations) == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[1]",
        '{"durations": 5, "granted": ["x"], "refused": [true], "believed": -3, "per_minute": "50", "pauses": [NaN]}',
        json.dumps({"durations": [6.0] * 1_000, "granted": [-1.0], "messages": 1e300, "refused": {"a": 1}}),
    ],
)
def test_what_cannot_be_is_as_if_it_had_not_been_learned(text: str) -> None:
    """A database is somebody else's, too."""
    assert Learned.from_text(text) == Learned()


def taught() -> EditSchedule:
    """One that knows of a bucket, and of short answers."""
    edits = EditSchedule(50)
    for key in range(6):
        edits.expect(0, 1)
        edits.watch(key, 0)
        edits.finish(key, 6)
        edits.start(key, 6)
    for key in range(5):
        edits.land(key, 6.1)
    edits.refuse(5, 6.1, retry_after=5)
    return edits


def test_another_schedule_goes_on_from_it() -> None:
    """It runs into no refusal to know of the bucket, and learns on from there."""
    learned = taught().learned
    assert learned.durations == (6.0,) * 5
    again = EditSchedule(50)
    again.recall(learned, 0)
    assert again.learned == learned
    for key in range(9):
        again.watch(key, 0)
        again.finish(key, 0)
    started = 0
    while (turn := again.next(0)).key is not None:
        again.start(turn.key, 0)
        started += 1
    assert started == 5


@pytest.mark.parametrize(
    "learned",
    [
        Learned(),
        Learned(per_minute=40, granted=(1.0,) * RATES, refused=(2.0,) * RATES),
        Learned(per_minute=50, granted=(1.0,), refused=(2.0,)),
        Learned(per_minute=50, granted=(1.0,) * RATES, refused=(2.0,) * RATES, believed=RATES),
    ],
)
def test_what_is_of_another_limit_is_not_believed(learned: Learned) -> None:
    """The settings were changed, or the program."""
    edits = EditSchedule(50)
    edits.recall(learned, 0)
    assert edits.learned.refused == (inf,) * RATES
