import pytest

from bot.markup.prose import Kind, join, one_line, words
from bot.markup.takeaway import takeaway


def test_words_are_told_apart_by_what_they_are() -> None:
    """In the order of the text, without their Markdown."""
    text = (
        "# Head\n\nSome **bold**\nprose.\n\n- item\n\n> quoted\n\n| a | b |\n|-|-|\n| 1 | |\n\n"
        "```\ncode\n```\n\n![alt](u) and words\n\n**Bold title**\n\n**A bold sentence.**\n\n**Bold** and not"
    )
    assert words(text) == [
        (Kind.HEADING, "Head"),
        (Kind.PROSE, "Some bold\nprose."),
        (Kind.ITEM, "item"),
        (Kind.PROSE, "quoted"),
        (Kind.HEAD_ROW, "a · b"),
        (Kind.ROW, "1"),
        (Kind.CODE, "code"),
        (Kind.PROSE, " and words"),
        (Kind.PICTURE, "alt"),
        (Kind.HEADING, "Bold title"),
        (Kind.PROSE, "A bold sentence."),
        (Kind.PROSE, "Bold and not"),
    ]


def test_what_a_text_begins_with_is_skipped_only_if_there_are_words_behind_it() -> None:
    """However much it is, up to where nobody would look."""
    code = "```\n" + "code = 1\n" * 500 + "```\n"
    assert words(f"{code}\nWords.") == [(Kind.PROSE, "Words.")]
    assert words(f"{code}\n# Head") == [(Kind.CODE, "code = 1")]
    assert words(f"{code}\n***") == [(Kind.CODE, "code = 1")]
    assert words(code) == [(Kind.CODE, "code = 1")]
    assert words("| a |\n" * 4_000 + "\nWords.")[0][0] is Kind.PROSE


@pytest.mark.parametrize(
    ("before", "after", "joined"),
    [
        ("a", "b", "a b"),
        ("最初の", "週", "最初の週"),
        ("週。", "A", "週。 A"),
        ("첫", "주", "첫 주"),
        ("", "b", "b"),
        ("a", "", "a"),
    ],
)
def test_parts_are_joined_as_their_language_has_it(before: str, after: str, joined: str) -> None:
    """With a blank, or with none."""
    assert join(before, after) == joined
    assert one_line(f"{before}\n{after}") == joined


def test_a_footnotes_text_within_a_quote_is_none_of_it() -> None:
    """Nor in a list."""
    assert [text for _, text in words("> [^1]: a note\n\nSo.")] == ["So."]
    assert [text for _, text in words("- [^1]: a note\n\nSo.")] == ["So."]


OF_QUOTES_AND_LISTS = [
    ("> Our churn is 6 %.\n\nCall the leavers. So.", "Call the leavers."),
    ("> Our churn is 6 %.", "Our churn is 6 %."),
    ("> Call the leavers.\n\nThey know. So.", "Call the leavers."),
    ("> [!TIP]\n> Call the leavers. So.", "Call the leavers."),
    ("The loop feeds itself:\n\n- Rush makes errors. So.\n- More", "The loop feeds itself: Rush makes errors."),
    ("Three causes:\n\n- pay\n- trust\n- tools", "Three causes: pay, trust, tools"),
    ("三つあります：\n\n- 給与\n- 信頼", "三つあります：給与、信頼"),
    ("Many causes:\n\n" + "- a cause of some words\n" * 9, "Many causes: " + ", ".join(["a cause of some words"] * 5)),
    ("Nobody owns:", "Nobody owns:"),
]


@pytest.mark.parametrize(("text", "line"), OF_QUOTES_AND_LISTS, ids=lambda text: text[:30])
def test_a_quote_of_whoever_asks_says_nothing_new_and_a_colon_goes_on(text: str, line: str) -> None:
    """But a quote is shown where there is nothing else; and of what is listed, as much as there is room for."""
    assert takeaway(text) == line
