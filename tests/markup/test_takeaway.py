import pytest
from hypothesis import given

from bot.markup.takeaway import takeaway
from tests.slack.markup.test_pages import markdown


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("People leave because nobody expects them. Then more.", "People leave because nobody expects them."),
        ("**Nobody** owns [the start](https://a.example), `really`.\n\nMore.", "Nobody owns the start, really."),
        ("## Takeaway\n\nIt is the first week. So.", "It is the first week."),
        ("# Only a heading", "Only a heading"),
        ("- first point. Second.\n- third", "first point."),
        ("Ask e.g. the team. Then act.", "Ask e.g. the team."),
        ("1. Why? Because.", "Why?"),
        ("It costs 3.5 hours a week. Or more.", "It costs 3.5 hours a week."),
        ("最初の週が問題です。次に。", "最初の週が問題です。"),
        ("Two\nlines are one. Yes", "Two lines are one."),
        ("<b>tags</b> stay. As text.", "<b>tags</b> stay."),
        ("no end of a sentence", "no end of a sentence"),
        ("“Quoted.” Then on.", "“Quoted.”"),
        ("```\ncode\n```", ""),
        ("", ""),
        (" \n\n ", ""),
    ],
)
def test_the_takeaway_is_the_first_sentence_without_markdown(text: str, sentence: str) -> None:
    """The first sentence that is one."""
    assert takeaway(text) == sentence


def test_a_long_takeaway_is_cut_at_a_word() -> None:
    """With a mark, within the limit."""
    cut = takeaway("every word " * 40)
    assert cut == "every word " * 13 + "every…"
    assert len(cut) == 149
    assert takeaway("あ" * 200) == "あ" * 149 + "…"
    assert takeaway("x" * 150) == "x" * 150


@given(markdown)
def test_a_takeaway_is_one_short_line(text: str) -> None:
    """Whatever the model wrote."""
    assert len(takeaway(text)) <= 150
    assert len(takeaway(text).splitlines()) <= 1


def test_a_takeaway_of_brackets_is_still_one() -> None:
    """They are not looked at for links."""
    assert takeaway("[" * 50 + "It ends. So.") == "[" * 50 + "It ends."
    assert takeaway(">" * 100 + " It ends. So.") == "It ends."
