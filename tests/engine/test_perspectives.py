import re

from bot.engine.perspectives import PERSPECTIVES, SIDES, Side, make_set

RISK = Side(
    key="Risk", emoji="⚡", scope="what may go wrong", takeaway="a risk", task="Name the risks.", last="A sign."
)


def test_a_key_is_what_databases_have_since_the_first_version() -> None:
    """Runs that are open there go on with it; a name may change."""
    assert [one.key for one in PERSPECTIVES] == ["Depth", "Breadth", "Structure", "Time"]


def test_each_is_told_what_the_others_take() -> None:
    """And how many they are; whether there are four, five or one less."""
    five = make_set([*SIDES, RISK])
    for side, perspective in zip([*SIDES, RISK], five, strict=True):
        others = [f"{one.key} ({one.scope})" for one in [*SIDES, RISK] if one is not side]
        beginning, _, _ = perspective.instruction.partition(": each cause")
        assert beginning.startswith("You are one of five analysts")
        assert beginning.endswith(f"Your side is {side.key}. The others take {', '.join(others)}")
    assert "Name the risks." in five[-1].instruction
    assert make_set(SIDES[:3])[0].instruction.startswith("You are one of three analysts")


def test_each_is_asked_for_a_product_of_its_own() -> None:
    """What keeps four answers from saying the same: another kind of first line, and of last line."""
    for kind in ("takeaway", "last", "task", "scope"):
        assert len({getattr(side, kind) for side in SIDES}) == len(SIDES)
    for side, perspective in zip(SIDES, PERSPECTIVES, strict=True):
        assert f"by itself: {side.takeaway}. One plain" in perspective.instruction
        assert f"by itself: {side.last} It tests" in perspective.instruction


def test_one_of_them_argues_the_other_way_of_a_decision() -> None:
    """In earnest, and the others know of it."""
    assert [one.key for one in PERSPECTIVES if "Yours is the side that argues" in one.instruction] == ["Breadth"]
    assert sum("One of the others argues" in one.instruction for one in PERSPECTIVES) == len(PERSPECTIVES) - 1


def test_no_brace_is_left_in_a_prompt() -> None:
    """Of those that are filled in."""
    assert not any(re.search(r"[{}]", one.instruction) for one in make_set([*SIDES, RISK]))
