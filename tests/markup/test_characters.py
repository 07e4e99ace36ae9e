import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.markup.characters import MOST_STEPS, character_start, characters, columns, is_blank, octets, units


def test_a_length_is_counted_in_the_unit_that_is_asked_for() -> None:
    """Half a character counts as a whole one."""
    texts = ["", "abc", "é", "あ", "😀", "\ud800"]
    assert [units(text) for text in texts] == [0, 3, 1, 1, 2, 1]
    assert [octets(text) for text in texts] == [0, 3, 2, 3, 4, 3]


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


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("", 0),
        ("abc", 3),
        ("最初の。", 8),
        ("ｱｲ", 2),
        ("ＡＢ", 4),
        ("속도", 4),
        ("\u1112\u1161\u11ab", 2),  # the same as one letter of three parts
        ("e\u0301", 1),
        ("a\u200b\u2060b", 2),
        ("مرحبا", 5),
        ("👩\u200d👩\u200d👧", 2),
        ("👍🏽", 2),
        ("🇩🇪🇫🇷", 4),
        ("1\ufe0f\u20e3", 2),
        ("❤\ufe0f", 2),
        ("🏴\U000e0067\U000e0062\U000e007f", 2),
        ("…", 1),
    ],
)
def test_a_width_is_counted_as_it_is_seen(text: str, width: int) -> None:
    """What East Asia writes with takes two columns, and so does an emoji, whatever it is made of."""
    assert columns(text) == width


@given(st.text())
def test_characters_join_back_to_the_text(text: str) -> None:
    """None is lost, and none is empty."""
    ends = [end for end, _ in characters(text)]
    assert ends == sorted(set(ends))
    assert ends[-1:] == ([len(text)] if text else [])
    assert sum(width for _, width in characters(text)) == columns(text)


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
