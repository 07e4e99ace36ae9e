import pytest
from hypothesis import given

from bot.markup.fences import code
from bot.slack.markup.codes import has_quiet_code, is_fence, parts
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


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("a\n\nb\n\n\nc", ["a", "b", "\nc"]),
        ("a\n\n```py\nb\n\n    c\n```\n\nd", ["a", "```py\nb\n\n    c\n```", "d"]),
        ("a\n\n~~~\nb\n\nc", ["a", "~~~\nb\n\nc"]),
        ("- a\n    - b\n\nc", ["- a\n    - b", "c"]),
        ("- a\n    - b\n\n例：\n```py\n    x\n```\n\nc", ["- a\n    - b", "例：\n```py\n    x\n```", "c"]),
    ],
)
def test_a_text_is_parted_between_its_blank_lines_but_for_those_within_a_fence(text: str, whole: list[str]) -> None:
    """Whatever is indented in a fence is part of it."""
    assert parts(text) == whole


@pytest.mark.parametrize(
    "text",
    ["- a\n\n    b", "\n\n\tb", "> ```\n> x\n\n```\n\n**a", "a\r\n\n\r\n    b\n\n", "```\na\n\n    b\n```\n    c\n\nd"],
)
def test_a_text_is_left_whole_where_one_part_may_decide_what_is_code_in_another(text: str) -> None:
    """As where a list goes on in what is indented, or a fence ends with its quote."""
    assert parts(text) == [text]


@given(hostile)
def test_no_part_of_a_text_decides_what_is_code_in_another(text: str) -> None:
    """Whatever the text is; and they join back to it."""
    found, start = [], 0
    whole = parts(text)
    for part in whole:
        found += [(start + one.start, start + one.end) for one in code(part)]
        start += len(part) + 2
    assert "\n\n".join(whole) == text
    assert covered(found, text) == covered([(one.start, one.end) for one in code(text)], text)


def covered(stretches: list[tuple[int, int]], text: str) -> set[int]:
    """The places of all that is code, but for the blanks between."""
    return {place for start, end in stretches for place in range(start, end) if not text[place].isspace()}


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("```\na\n```", True),
        ("```py\na **b** ``` c\n", True),
        ("~~~\n```\n~~~\n", True),
        ("```\na\n```\nb", False),
        ("```\na\n```\nb\n```\nc", False),
        ("```a`` b", False),
        ("a\n```\nb\n```", False),
        (" ```\na\n```", False),
    ],
)
def test_a_fence_is_told_from_one_with_something_around_it(text: str, *, is_one: bool) -> None:
    """It may have no end yet."""
    assert is_fence(text) is is_one
