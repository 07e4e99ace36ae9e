import re

import pytest

from bot.slack.markup.asterisks import Run
from bot.slack.markup.bold import apply, close_bold, mend_bold, mend_stretch


@pytest.mark.parametrize(
    ("before", "said", "after", "shown"),
    [
        ("は", "速さ", "で", "**速さ**"),
        ("\n", "「速さ」", "\n", "**「速さ」**"),
        ("は", "「速さ」", "で", "「**速さ**」"),
        ("は", "「速さ」と「質」", "で", "「**速さ」と「質**」"),
        ("は", "「（速さ）」", "で", "「（**速さ**）」"),
        ("は", "「速さ」と質", "で", "「**速さ」と質**"),
        ("\n", "確認：", "直", "**確認**："),
        ("\n", "……", "直", "**…**…"),
        ("は", "：", "で", "："),
        ("は", "`a`", "で", "**\u2060`a`\u2060**"),
        ("は", "🚀", "で", "**\u2060🚀\u2060**"),
        ("は", "「」", "で", "「」"),
    ],
)
def test_bold_text_is_put_where_every_parser_sees_it(before: str, said: str, after: str, shown: str) -> None:
    """By what stands around it."""
    assert mend_bold(before, said, after) == shown


@pytest.mark.parametrize(
    ("before", "said", "shown"),
    [
        (" ", "word and ", "**word and** "),
        ("は", "「速", "「**速**"),
        ("は", "「", "「"),
        ("は", "速さ*質", "**速さ*質***"),
        ("は", "速さ*質*", "**速さ*質***"),
        ("x", "2 + y", "**2 + y"),
        ("は", "速さ\\", "**速さ\\\u2060**"),
    ],
)
def test_bold_text_that_is_open_is_closed(before: str, said: str, shown: str) -> None:
    """Wherever it is a beginning for sure."""
    assert close_bold(before, said, is_last=True) == shown
    assert close_bold(before, said, is_last=False) == shown


def test_asterisks_with_nothing_behind_them_are_not_shown_where_the_text_ends() -> None:
    """What comes behind may make them bold."""
    assert close_bold("は", "", is_last=True) == ""
    assert close_bold("は", " \n", is_last=True) == " \n"
    assert close_bold("は", "", is_last=False) == "**"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**a\nb：**は**「c」**は", "**a\nb**：は「**c**」は"),
        ("**a\nb：**は**c**", "**a\nb**：は**c**"),
        ("**a **b **「c」**は", "**a** b 「**c**」は"),
        ("**foo(**bar**)**", "**foo(\u2060**bar**\u2060)**"),
        ("は***「a」**は", "は*「**a**」は"),
        ("**重要な ***3つ*** の点：**次", "**重要な ***3つ*** の点**：次"),
        ("***これは **「速さ」** の話です。***次", "***これは **「速さ」** の話です***。次"),
        ("**This is ***really*** “important.”**次", "**This is ***really*** “important.**”次"),
        ("は***「速さ」***です。**「次", "は「***速さ***」です。**「次**"),
        ("は***「速さ」**で、**「質", "は*「**速さ**」で、**「質**"),
        ("***a **b」**は***", "***a **b」**は***"),
        ("***a**は**b *c", "***a**は**b *c***"),
        ("2**10 = 1024 and 3 ** 4", "2**10 = 1024 and 3 ** 4"),
        ("は***#a**は", "は***\u2060#a**は"),
        ("は***「a」***は", "は「***a***」は"),
        ("は***「a」**は**「b」***は", "は***「a」**は**「b」***は"),
        ("**a", "**a**"),
        ("****a：****は", "****a：****は"),
        ("** a ** b", "** a ** b"),
        ("** a **", "** a "),
    ],
)
def test_a_stretch_is_mended_with_all_its_asterisks(text: str, shown: str) -> None:
    """In pairs, one behind another; where they are in no such, and the standard leaves none over, it stays."""
    runs = [Run.at(match.span(), text, 0, len(text)) for match in re.finditer(r"\*{2,}", text)]
    edits = mend_stretch(text, len(text), runs, is_open=True, is_last=True)
    assert apply(edits, text, 0, len(text)) == shown


def test_what_is_put_in_place_of_something_stands_there() -> None:
    """In whatever order."""
    assert apply([(4, 5, "E"), (1, 2, ""), (5, 5, "+")], "abcdef", 1, 6) == "cdE+f"
