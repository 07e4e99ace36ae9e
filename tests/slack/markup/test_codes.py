import pytest
from hypothesis import given

from bot.markup.fences import code
from bot.slack.markup.codes import has_quiet_code
from tests.support.hostile import hostile


@pytest.mark.parametrize("text", ["", "a **b** c", "a `b` c\n`d` e", "- a\n    - b\n", "a\n\n   b", "a\n \tb"])
def test_code_is_quiet_where_it_is_spans_within_lines(text: str) -> None:
    """An indented line goes on with the one before."""
    assert has_quiet_code(text)


@pytest.mark.parametrize(
    "text",
    [
        "`a",
        "a `b\nc` d",
        "a `b\r\rc` d",
        "`a **b` c",
        "``a``",
        "a \\`b` c `d`",
        "```\na\n```",
        "~~~\na",
        "    a",
        "\ta",
        "\n    a",
        "\r    a",
        "a\n \n    b",
        "a\r\r\tb",
    ],
)
def test_code_is_not_quiet_where_it_may_be_more(text: str) -> None:
    """Whole lines, spans over several, what is escaped, and asterisks in it."""
    assert not has_quiet_code(text)


@given(hostile)
def test_quiet_code_has_neither_line_ends_nor_asterisks(text: str) -> None:
    """Whatever the text is."""
    if has_quiet_code(text):
        assert not any(set(text[one.start : one.end]) & set("*\r\n") for one in code(text))
