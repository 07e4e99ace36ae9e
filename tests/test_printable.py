import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.printable import LONGEST_CODE, LONGEST_NAME, as_code, printable

NAMES = [
    ("Acme, Inc.", "Acme, Inc."),
    ("日本語 ✅", "日本語 ✅"),
    ("a\nb\r\x1b[31mc\td", "a b [31mc d"),
    ("gpt\u202e enod \u2066x\u2069", "gpt enod x"),
    ("a\u200b\u200d\ufeffb\ud800c", "abc"),
    ("a\u2028b\u2029c\u00a0d", "a b c d"),
    (" \n ", ""),
    (12, "12"),
    (10**200, ""),
    (True, ""),
    (None, ""),
    (["x"], ""),
    ({"x": 1}, ""),
    ("x" * 81, "x" * 79 + "…"),
    ("x" * 1_000_000, "x" * 79 + "…"),
]


@pytest.mark.parametrize(("value", "name"), NAMES)
def test_a_name_is_one_line_that_can_be_seen(value: object, name: str) -> None:
    """Of bounded length, whatever was sent in its place."""
    assert printable(value) == name


CODES = [
    ("not_in_channel", "not_in_channel"),
    ("upgrade.v2:x-1", "upgrade.v2:x-1"),
    ("bad\n2026-01-01 INFO bot.start", "bad_2026-01-01_INFO_bot.start"),
    ("✅ done", "__done"),
    (3, "3"),
    ([], ""),
    ("x" * 200, "x" * 80),
]


@pytest.mark.parametrize(("value", "code"), CODES)
def test_a_code_is_one_word(value: object, code: str) -> None:
    """Nothing in it can look like another line, or like ours."""
    assert as_code(value) == code


ANYTHING = st.one_of(st.text(), st.integers(), st.none(), st.floats(), st.lists(st.text()), st.binary())


@given(ANYTHING)
def test_whatever_is_sent_is_bounded_and_printable(value: object) -> None:
    """And what is printable already stays as it is."""
    name, code = printable(value), as_code(value)
    assert name.isprintable()
    assert len(name) <= LONGEST_NAME
    assert printable(name) == name
    assert code.isascii()
    assert len(code) <= LONGEST_CODE
    assert as_code(code) == code
