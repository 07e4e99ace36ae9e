from dataclasses import replace

from bot.engine.conversation.followups import DRAW_TOGETHER, TOGETHER, deepen
from bot.engine.perspectives import PERSPECTIVES, SIDES


def test_each_side_goes_deeper_by_itself() -> None:
    """With its own kind of last line, under its own key."""
    deeper = [deepen(one) for one in PERSPECTIVES]
    assert [one.key for one in deeper] == [one.key for one in PERSPECTIVES]
    assert len({one.instruction for one in deeper}) == len(SIDES)
    for one, side in zip(deeper, SIDES, strict=True):
        assert side.last in one.instruction
        assert "weakest point" in one.instruction


def test_a_side_that_somebody_has_added_goes_deeper_too() -> None:
    """It has no words for that, and needs none."""
    risk = deepen(replace(PERSPECTIVES[0], key="Risk"))
    assert "from one side: Risk" in risk.instruction


def test_what_draws_together_takes_no_agreement_for_proof() -> None:
    """Four calls to one model agree for no reason but that."""
    assert DRAW_TOGETHER.key == TOGETHER
    assert "proves nothing" in DRAW_TOGETHER.instruction
    assert not any(mark in one.instruction for one in [DRAW_TOGETHER, *map(deepen, PERSPECTIVES)] for mark in "{}")
