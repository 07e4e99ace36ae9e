import pytest

from bot.slack.markup.characters import MOST_STEPS, character_start, octets, units


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
