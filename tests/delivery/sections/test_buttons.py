from collections.abc import Sequence

import pytest

from bot.delivery.sections.buttons import Buttons
from bot.engine.conversation.followups import Kind
from bot.engine.draft import Draft, State
from bot.engine.reasons import Code, Reason
from bot.slack.body import Block
from bot.texts.en import ENGLISH

KEYS = ("Depth", "Breadth", "Time")
DONE, WRITING, FAILED = Draft.of("x", State.DONE), Draft.of("x", State.WRITING), Draft.of("", State.FAILED)
STOPPED, CUT = Draft.of("x", State.STOPPED), Draft.of("x", State.CUT)
LOST = Draft.of("x", State.INTERRUPTED, reason=Reason(Code.POST_REFUSED))
RESTARTS = Draft.of("x", State.INTERRUPTED, reason=Reason(Code.BOT_RESTARTS))


def made(*drafts: Draft, **how: object) -> Buttons:
    """The buttons of a run whose answers stand so."""
    buttons = Buttons("K 1", ENGLISH, KEYS[: len(drafts)], **how)  # type: ignore[arg-type]
    for key, draft in zip(KEYS, drafts, strict=False):
        buttons.note(key, draft)
    return buttons


def actions(blocks: Sequence[Block]) -> list[tuple[str, str]]:
    """What the buttons do, and what they are about."""
    elements = [one for block in blocks for one in block["elements"]]
    return [(one["action_id"], one.get("value") or one["positive_button"]["value"]) for one in elements]


PARENTS = [
    ([WRITING, DONE, DONE], ["stop"]),
    ([DONE, DONE, DONE], ["together"]),
    ([DONE, DONE, FAILED], ["together", "again"]),
    ([DONE, FAILED, CUT], ["again"]),
    ([STOPPED, STOPPED, STOPPED], ["again"]),
    ([DONE], []),
    ([DONE, DONE, LOST], ["together", "again"]),
]


@pytest.mark.parametrize(("drafts", "expected"), PARENTS)
def test_under_the_parent_stands_what_can_be_done_with_the_whole_run(drafts: list[Draft], expected: list[str]) -> None:
    """As its answers stand."""
    assert actions(made(*drafts).under_parent()) == [(one, "en - K 1") for one in expected]


def test_an_answer_that_was_whole_and_is_seen_by_nobody_can_be_tried_again() -> None:
    """Its message was lost, or refused."""
    buttons = made(DONE)
    buttons.note("Depth", LOST)
    assert actions(buttons.under_parent()) == [("again", "en - K 1")]


def test_under_an_answer_stands_what_can_be_done_with_it_once_it_has_ended() -> None:
    """A whole one is gone deeper on and voted on, another tried again; one that goes on by itself has nothing."""
    buttons = made(DONE, FAILED, WRITING)
    assert actions(buttons.under_answer("Depth", DONE)) == [
        ("deeper", "en Depth K 1"),
        ("feedback", "+en Depth K 1"),
    ]
    assert actions(buttons.under_answer("Breadth", FAILED)) == [("again", "en Breadth K 1")]
    assert actions(buttons.under_answer("Time", WRITING)) == []
    assert actions(buttons.under_answer("Time", RESTARTS)) == []


def test_without_a_parent_of_ours_stop_stands_on_the_first_answer_that_goes_on() -> None:
    """Where an edit will take it away."""
    buttons = made(DONE, WRITING, WRITING, has_parent=False)
    stops = [actions(buttons.under_answer(key, WRITING)) for key in KEYS[1:]]
    assert stops == [[("stop", "en - K 1")], []]


def test_without_a_parent_of_ours_what_draws_together_stands_on_the_answer_that_is_laid_out_last() -> None:
    """It is the last that is edited; where it failed, beside trying it again."""
    buttons = made(DONE, DONE, FAILED, has_parent=False)
    assert [one for one, _ in actions(buttons.under_answer("Breadth", DONE))] == ["deeper", "feedback"]
    assert [one for one, _ in actions(buttons.under_answer("Depth", DONE))] == ["deeper", "feedback"]
    rows = buttons.under_answer("Time", FAILED)
    assert actions(rows) == [("again", "en Time K 1"), ("together", "en - K 1")]
    assert len(rows) == 1
    last = made(DONE, DONE, has_parent=False)
    last.under_answer("Depth", DONE)
    assert [one for one, _ in actions(last.under_answer("Breadth", DONE))] == ["deeper", "together", "feedback"]


def test_a_follow_up_goes_deeper_on_its_root_and_is_voted_on_by_itself() -> None:
    """It is stopped and tried again by itself too."""
    buttons = made(WRITING, kind=Kind.DEEPER, root="R", has_parent=False)
    assert actions(buttons.under_answer("Depth", WRITING)) == [("stop", "en - K 1")]
    assert actions(buttons.under_answer("Depth", DONE)) == [("deeper", "en Depth R"), ("feedback", "+en Depth K 1")]
    assert actions(buttons.under_answer("Depth", CUT)) == [("again", "en Depth K 1")]


def test_what_draws_together_is_not_gone_deeper_on() -> None:
    """It is of no side."""
    buttons = made(DONE, kind=Kind.TOGETHER, root="R", has_parent=False)
    assert actions(buttons.under_answer("Depth", DONE)) == [("feedback", "+en Depth K 1")]
