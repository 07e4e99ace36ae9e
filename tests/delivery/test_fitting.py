"""What one message is sent as after each refusal, and what a workspace learns by it."""

import math

import pytest

from bot.delivery.fitting import LEAST, LESSON, MOST_DOUBTFUL, MOST_HALVINGS, Fitting, Form, Lesson
from bot.slack.body import Body

NOW = 100.0


def long(octets: int) -> Body:
    """A message with so many bytes of text."""
    return Body("a", [{"type": "markdown", "text": "x" * octets}])


def test_a_size_that_was_refused_is_kept_to_for_an_hour() -> None:
    """The smallest of late; one that was refused longer ago counts for nothing."""
    lesson = Lesson()
    assert lesson.room(NOW) == math.inf
    lesson.learn(5_000, NOW)
    lesson.learn(8_000, NOW + 60)
    assert lesson.room(NOW + 60 + LESSON - 1) == 5_000
    assert lesson.room(NOW + 60 + LESSON) == math.inf
    lesson.learn(8_000, NOW + 2 * LESSON)
    assert lesson.room(NOW + 2 * LESSON) == 8_000
    lesson.forget()
    assert lesson.room(NOW + 2 * LESSON) == math.inf


@pytest.mark.parametrize(
    ("octets", "shown", "room"),
    [
        (8_000, 0, 4_000),
        (LEAST + 1, 0, LEAST),
        (8_000, 6_000, 6_000),  # so much stands, and was not too long
        (8_000, 8_000, 4_000),  # as much does, and is now
        (8_000, 9_000, 4_000),
    ],
)
def test_what_is_too_long_is_halved_and_the_workspace_learns_it(octets: int, shown: int, room: float) -> None:
    """But for what stands already, and what Slack takes everywhere."""
    fitting, lesson = Fitting(), Lesson()
    standing = long(shown) if shown else None
    assert fitting.refuse(long(octets), standing, lesson, NOW, is_for_size=True, is_known=True)
    assert (fitting.form, fitting.room, fitting.refused_size) == (Form.MARKDOWN, room, octets)
    assert lesson.room(NOW) == room


@pytest.mark.parametrize(("is_for_size", "most"), [(True, MOST_HALVINGS), (False, MOST_DOUBTFUL)])
def test_what_is_refused_in_every_size_is_made_plainer(*, is_for_size: bool, most: int) -> None:
    """It was not the size, then: nothing is learned of it. Where Slack does not say that it is, less often."""
    fitting, lesson = Fitting(), Lesson()
    for number in range(most + 1):
        assert fitting.refuse(long(8_000), None, lesson, NOW, is_for_size=is_for_size, is_known=True)
        assert (fitting.form is Form.PLAIN) is (number == most)
        assert (lesson.room(NOW) < math.inf) is (is_for_size and number < most)
    assert (fitting.room == math.inf) is not is_for_size


@pytest.mark.parametrize("is_known", [True, False])
def test_the_barest_form_is_for_where_no_text_is_taken_away_by_it(*, is_known: bool) -> None:
    """And after that there is none."""
    fitting = Fitting()
    ways = [fitting.refuse(long(9), None, Lesson(), NOW, is_for_size=False, is_known=is_known) for _ in range(3)]
    assert ways == [True, is_known, False]
    assert fitting.form is Form.BARE


@pytest.mark.parametrize(
    ("form", "is_known", "dressed"),
    [
        (Form.MARKDOWN, False, long(8_000).plainer()),
        (Form.PLAIN, True, long(8_000).barest()),
        (Form.PLAIN, False, None),
    ],
)
def test_what_was_refused_takes_the_next_form(form: Form, dressed: Body | None, *, is_known: bool) -> None:
    """But for the barest, where a text stands that is not known."""
    fitting = Fitting(form)
    fitting.refuse(long(8_000), None, Lesson(), NOW, is_for_size=True, is_known=is_known)
    assert fitting.dress(long(8_000), None, is_known=is_known) == dressed


def test_nothing_is_sent_again_that_was_refused_in_that_form() -> None:
    """Less of it is, and so is more in a plainer one."""
    fitting = Fitting()
    fitting.refuse(long(8_000), None, Lesson(), NOW, is_for_size=True, is_known=True)
    for octets, body, form in (
        (7_999, long(7_999), Form.MARKDOWN),
        (8_000, long(8_000).plainer(), Form.PLAIN),
    ):
        assert fitting.dress(long(octets), None, is_known=True) == body
        assert fitting.form is form
