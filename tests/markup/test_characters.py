import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.markup.characters import MOST_STEPS, character_start, is_blank


@pytest.mark.parametrize("character", ["e\u0301", "👩\u200d👧", "👍🏽", "🇩🇪", "\ud83d\ude00", "\r\n"])
def test_a_character_begins_before_all_of_its_code_points(character: str) -> None:
    """Where a text is cut within one, it is cut before it."""
    text = f"a{character}b"
    end = 1 + len(character)
    assert [character_start(text, place) for place in range(len(text) + 1)] == [0, *[1] * len(character), end, end + 1]


def test_a_character_without_an_end_is_cut_somewhere() -> None:
    """It is not looked for without end."""
    text = "a" + "\u0301" * 1_000
    assert character_start(text, MOST_STEPS - 1) == 0
    assert character_start(text, 500) == 500


NOTHING = (
    "\u200b\u2060\ufeff\u3164\u00ad\u2800\u180e\u115f\u1160\uffa0\ufe0f\U000e0041"
    "\u202e\u2066\u0301\x00\x1b\ufffd\u2028 ?!…。、-_*`#"
)


@given(st.text(NOTHING))
@example(NOTHING)
def test_what_cannot_be_seen_is_no_problem(text: str) -> None:
    """Nor is punctuation alone."""
    assert is_blank(text)


@given(st.text(NOTHING), st.sampled_from(["a", "な", "7", "٣", "👍", "€", "∑", "é", "한"]), st.text(NOTHING))
def test_one_letter_is_enough(before: str, letter: str, after: str) -> None:
    """Or a number, a sign, an emoji."""
    assert not is_blank(before + letter + after)
