import itertools
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.markup.characters import octets, units
from bot.markup.fences import Fence
from bot.playground.slack.block_kit.mrkdwn import LIVE
from bot.slack.markup import pages as pages_module
from bot.slack.markup.links import make_safe
from bot.slack.markup.mending import mend
from bot.slack.markup.mrkdwn import escape
from bot.slack.markup.pages import PAGE_LIMIT, Page, fit, has_too_many_items, pages, stretches

PIECES = [
    "word ",
    "\n",
    "\n\n",
    "```",
    "```py\n",
    "~~~\n",
    "````\n",
    "- ",
    "  ```\n",
    "> ",
    "| a | b |\n",
    "<!channel> ",
    "👩‍👩‍👧",
    "é",
    "🇩🇪",
    "# a\n",
    "***\n",
    "- - -\n",
    "![i](u) ",
    "|-|-|\n",
    "===\n",
    "`a -> <b>` ",
    "`",
    "\n    ",
    "**",
    "は**「速さ」**は",
    "<br>",
    "| c | d | e |\n|-|-|-|\n",
]
markdown = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=12)), max_size=60).map("".join)
limits = st.integers(120, 400)


def source(text: str, cut: list[Page]) -> list[str]:
    """The stretches of the source that the pages stand for."""
    ends = [0, *(page.end for page in cut)]
    return [text[start:end] for start, end in itertools.pairwise(ends)]


def open_fence(text: str) -> str:
    """The marker of the fence that is open at the end, as somebody who reads line by line sees it."""
    mark = ""
    for line in re.split(r"\r\n?|\n", text):
        run = re.match(r"[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]+)*(`{3,32}|~{3,32})(.*)", line)
        bare = line.strip(" \t>\r")
        if mark:
            mark = "" if len(bare) >= len(mark) and set(bare) == {mark[0]} else mark
        elif run and not (run[1][0] == "`" and "`" in run[2]):
            mark = run[1]
    return mark


@given(markdown, limits)
@example("```\n" + "x" * 500, 120)
@example("<" * 200, 120)
@example("a\r\n" * 100, 120)
@example("~~~" + "x " * 100, 120)
@example("x" * 50 + "\n~~~" + "x" * 115, 120)
def test_pages_join_back_to_the_source_and_each_fits(text: str, limit: int) -> None:
    """Nothing is lost, nothing is too long, no page leaves a fence open."""
    cut = pages(text, limit=limit)
    assert "".join(source(text, cut)) == text
    assert cut[-1].end == len(text)
    for page in cut:
        assert units(page.markdown) <= limit
        assert open_fence(page.markdown) == ""
        assert not LIVE.search(page.markdown)
        assert page.is_plain or not has_too_many_items(page.markdown)


@given(st.text(max_size=300), limits)
@example("](", 120)
def test_what_is_shown_is_the_source_but_for_fences(text: str, limit: int) -> None:
    """Each page holds its stretch, escaped, between the fences that it adds; mended, where there is something to."""
    cut = pages(text, limit=limit)
    for page, stretch in zip(cut, source(text, cut), strict=True):
        mended = {mend(stretch), mend(stretch, is_open=False), stretch}
        assert any(make_safe(shown) in page.markdown for shown in mended)


@given(markdown, limits)
def test_a_page_is_laid_out_alike_however_much_follows(text: str, limit: int) -> None:
    """A cut does not move when the text grows behind it."""
    first = pages(text, limit=limit)[0]
    if first.end < len(text):
        assert fit(text + " and more", limit=limit) == first


@given(markdown)
def test_an_added_fence_closes_what_the_standard_sees_open(text: str) -> None:
    """Nothing that stands after the page's text is code, for a parser of CommonMark."""
    shown = fit("no list\n\n" + text.replace(">", "").replace("\t", "")).markdown
    if not re.search(r"^ {4}|^ *([-*+]|\d+[.)])", shown, re.MULTILINE):
        tokens = MarkdownIt("commonmark").parse(shown + "\n\nafterwards")
        assert not any(token.type == "fence" and "afterwards" in token.content for token in tokens)


def test_a_text_that_fits_is_one_page_as_it_is() -> None:
    """Up to the last unit."""
    text = "x" * PAGE_LIMIT
    assert pages(text) == [Page(text, PAGE_LIMIT, None)]
    assert len(pages(text + "x")) == 2


def test_cuts_between_paragraphs_where_it_can() -> None:
    """The last paragraph that fits, not the last line."""
    text = "one\n\n" + "two\ntwo\n\n" + "three\nthree"
    assert source(text, pages(text, limit=18)) == ["one\n\ntwo\ntwo\n\n", "three\nthree"]


def test_cuts_between_lines_where_a_paragraph_is_long() -> None:
    """A page is at least half full."""
    text = "a\n\n" + "bbbb bbbb\n" * 4
    assert source(text, pages(text, limit=25)) == ["a\n\nbbbb bbbb\nbbbb bbbb\n", "bbbb bbbb\nbbbb bbbb\n"]


def test_keeps_a_table_together_where_it_can() -> None:
    """A cut between two rows would leave the second half without its head."""
    table = "| a | b |\n|---|---|\n| 1 | 2 |\n"
    text = "some words to begin with\n" + table
    assert source(text, pages(text, limit=46)) == ["some words to begin with\n", table]


def test_cuts_a_long_line_between_words() -> None:
    """Never within a word that fits."""
    text = "alpha beta gamma delta"
    assert source(text, pages(text, limit=12)) == ["alpha beta ", "gamma delta"]


def test_does_not_cut_within_a_link() -> None:
    """Half a link is two broken ones."""
    text = "see the long words [the plan of all](https://a.example/x) there"
    assert source(text, pages(text, limit=40))[0] == "see the long words "


@pytest.mark.parametrize("character", ["👩‍👩‍👧", "é", "🇩🇪", "👍🏽"])
def test_does_not_cut_within_a_character(character: str) -> None:
    """Not within what is made of several code points."""
    text = character * 40
    for stretch in source(text, pages(text, limit=33)):
        assert stretch == character * (len(stretch) // len(character))


def test_counts_after_escaping_in_utf_16_units() -> None:
    """`<` grows fourfold, an emoji counts two."""
    assert [page.end for page in pages("<" * 30, limit=40)] == [10, 20, 30]
    assert [page.end for page in pages("😀" * 30, limit=40)] == [20, 30]


def test_closes_a_fence_and_opens_it_again() -> None:
    """With its language, and its indentation."""
    text = "```py\n" + "line = 1\n" * 6 + "```\nend"
    first, second = pages(text, limit=50)
    assert first.markdown == "```py\n" + "line = 1\n" * 4 + "```"
    assert second.markdown == "```py\n" + "line = 1\n" * 2 + "```\nend"
    assert first.fence == Fence("", "```", "py")


@pytest.mark.parametrize(
    ("growing", "shown"),
    [
        ("```", "```\n```"),
        ("```py\nx", "```py\nx\n```"),
        ("```py\nx\n```", "```py\nx\n```"),
        ("~~~~\n```\n", "~~~~\n```\n~~~~"),
        ("- a:\n  ```\n  x", "- a:\n  ```\n  x\n  ```"),
        ("- ```\n  x", "- ```\n  x\n  ```"),
        ("inline ``` code", "inline ``` code"),
        ("```not`a fence", "```not`a fence"),
    ],
)
def test_growing_text_never_shows_an_open_fence(growing: str, shown: str) -> None:
    """It is closed as it was opened."""
    assert fit(growing).markdown == shown


@given(markdown, limits, st.integers(200, 600))
def test_pages_fit_the_bytes_that_slack_has_taught(text: str, limit: int, room: int) -> None:
    """They join back to the source, and none is longer."""
    cut = pages(text, limit=limit, room=room)
    assert "".join(source(text, cut)) == text
    for page in cut:
        assert units(page.markdown) <= limit
        assert octets(page.markdown) <= room


ITEMS = [
    "## Heading\n\ntext\n\n",
    "---\n",
    "text\n\n***\n\n",
    "underlined\n===\n",
    "| a | b |\n|---|---|\n| 1 | 2 |\n\n",
    "```\ncode\n```\n",
    "> # quoted\n",
]


@pytest.mark.parametrize("item", ITEMS)
def test_pages_are_cut_by_the_number_of_blocks_that_slack_makes_of_them(item: str) -> None:
    """Of headings, rules, images, tables, code and the text between them; none is cut apart for it."""
    text = item * 100
    cut = pages(text)
    assert "".join(source(text, cut)) == text
    assert len(cut) >= 3
    for stretch in source(text, cut):
        assert not has_too_many_items(stretch)
        assert stretch == item * (len(stretch) // len(item))


def test_an_ordinary_answer_is_not_cut_by_its_items() -> None:
    """Lines of a list, rows of a table and lines of code are none."""
    for line in ("- point\n", "| a | b |\n", "1. one\n", "just a line\n", "a paragraph\n\n", "> quoted\n"):
        assert len(pages(line * 400)) == 1
    assert len(pages("```\n" + "# no heading\n" * 400 + "```")) == 1


@given(st.text("ab &<\n😀", max_size=400), st.integers(12, 60))
def test_plain_stretches_join_back_and_fit(text: str, limit: int) -> None:
    """No entity is cut."""
    text = escape(text)
    cut = list(stretches(text, limit=limit))
    assert "".join(cut) == text
    for one in cut:
        assert 0 < units(one) <= limit
        assert not re.search("&[a-z]*$", one)


def test_a_text_of_many_bytes_is_cut_smaller() -> None:
    """Where Slack has refused more."""
    text = "最初の一週間。" * 300
    cut = pages(text, room=3_000)
    assert "".join(source(text, cut)) == text
    assert [octets(page.markdown) <= 3_000 for page in cut] == [True] * 3


@pytest.mark.parametrize("item", ["-\n\n", "***\n", "# \n", "~~~\n"])
def test_what_has_more_parts_than_text_is_shown_plain(item: str) -> None:
    """In few pages: nobody wants hundreds of messages of forty rules each."""
    text = item * (40_000 // len(item))
    cut = pages(text)
    assert "".join(source(text, cut)) == text
    assert len(cut) < 50
    assert any(page.is_plain for page in cut)


@given(markdown, st.integers(1, 30))
def test_a_page_keeps_its_form_however_much_follows(text: str, times: int) -> None:
    """Plain or not."""
    text = text * times
    first = pages(text, limit=400)[0]
    if first.end < len(text):
        assert fit(text + "# and\n" * 50, limit=400) == first


@pytest.mark.parametrize("text", ["a\n\n" * 9, "a\n\n" * 10, "x" * 400, "x" * 401, "<" * 100, "<" * 101, "~~~a"])
def test_a_page_is_the_same_whether_it_is_seen_at_once_or_line_by_line(text: str) -> None:
    """What fits for certain is not looked at line by line."""
    page = fit(text, limit=400)
    behind_code = fit("```\n```\n" + text, limit=408)
    assert behind_code.end - 8 == page.end
    assert behind_code.markdown == "```\n```\n" + page.markdown


def test_a_plain_page_is_not_mended() -> None:
    """What is shown as it is written needs no care."""
    text = "***\n" * 10_000 + "**a"
    page = fit(text, len(text) - 400)
    assert page.is_plain
    assert page.markdown.endswith("**a")


@given(markdown, st.integers(60, 2_000), st.integers(5, 40))
@example("a\n---\n" * 30, 2_000, 40)
@example("# a\nb\n" * 30, 2_000, 40)
@example("```\na\n```\nb\n" * 7, 2_000, 40)
@example("a|b\n-|-\n", 2_000, 40)
@example("a|b\n-|-\n" * 5, 2_000, 10)
@example("a\r---\r" * 30, 2_000, 40)
@example("\n" * 3_500, 12_000, 40)
@example(f"a|b\n-|-\n\n|{'|'.join(['b' * 40] * 4)}|\n|-|-|-|-|\n" + "|2|2|2|2|\n" * 12, 900, 40)
@example(f"a|b\n-|-\n\n|{'|'.join(['b' * 40] * 4)}|\n|-|-|-|-|\n" + "|2|2|2|2|\n" * 28, 2_000, 40)
@example("```\n" + "a" * 396, 400, 40)
@example("|-|\n|-|\n|-|", 2_000, 5)
@example("a\n```\nb" + "\n" * 10, 2_000, 1)
@example("-\t-\t-\na\n" * 20, 2_000, 10)
@example("a\r\n---\r\n" * 15, 2_000, 40)
@example("a\r\n\r\n# b\r\n" * 15, 200, 40)
@example("a|b\r-|-\r\r" * 3 + "<" * 90, 400, 40)
def test_what_is_seen_to_fit_without_a_walk_does(text: str, limit: int, items: int) -> None:
    """The walk would come to the same."""
    scan = pages_module._Scan(limit, None, items)
    if pages_module._is_one_page(text, limit, items):
        assert scan.cut(text, 0, len(text)) == len(text)
        assert fit(text, limit=limit, items=items).fence == scan.fence_at_cut
