from bot.slack.markup.characters import octets, units


def test_a_length_is_counted_in_the_unit_that_is_asked_for() -> None:
    """Half a character counts as a whole one."""
    texts = ["", "abc", "é", "あ", "😀", "\ud800"]
    assert [units(text) for text in texts] == [0, 3, 1, 1, 2, 1]
    assert [octets(text) for text in texts] == [0, 3, 2, 3, 4, 3]
