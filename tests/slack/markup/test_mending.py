import re
from pathlib import Path

import pytest
from hypothesis import given

from bot.markup.characters import units
from bot.slack.markup import codes, emphasis, mending
from bot.slack.markup.emphasis import MOST_MARKS
from bot.slack.markup.links import make_safe
from bot.slack.markup.mending import forget, mend
from bot.slack.markup.pages import PAGE_LIMIT, fit, pages
from tests.slack.markup.test_emphasis import by_paragraphs, words
from tests.slack.markup.test_links import EVIL, MASKS, links
from tests.slack.markup.test_pages import source
from tests.support.hostile import hostile

ANSWERS = (Path(__file__).parent / "answers.md").read_text(encoding="utf-8").split("\n%%%%\n")
STEP = 20  # characters between two states of a text that grows
MOST_RAW = 0.01  # of these states


FRAMES = ["**「{}」**は", "は**{}**は", "**{}", "`{}", "<br>a{}", "{}<br>x", "|a|\n|-|\n\n|b|\n|-|\n|{}|"]


def states(step: int = STEP) -> list[str]:
    """What has been written of the answers at one moment or another."""
    return [answer[:end] for answer in ANSWERS for end in [*range(step, len(answer), step), len(answer)]]


@pytest.mark.heavy
def test_a_text_that_grows_shows_no_raw_asterisks() -> None:
    """Nearly none, of answers in seven languages; without care it is every third state that does."""
    grown = states()
    assert len(ANSWERS) == 30
    assert sum("**" in words(fit(text).markdown) for text in grown) <= MOST_RAW * len(grown)
    assert sum("**" in words(make_safe(text)) for text in grown) > 0.3 * len(grown)
    assert not any("**" in words(fit(answer).markdown) for answer in ANSWERS)


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer[:20])
def test_an_answer_is_mended_line_by_line_as_by_paragraphs(answer: str) -> None:
    """While it grows, too; by paragraphs is how a harder text is mended."""
    grown = [answer[:end] for end in range(STEP, len(answer), STEP)]
    shown = [mend(text) for text in grown]
    with by_paragraphs():
        assert [mend(text) for text in grown] == shown


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer[:20])
def test_words_stay_while_a_text_grows(answer: str) -> None:
    """What is added while it grows is asterisks and backticks only; what is shown is what was written."""
    for end in range(1, len(answer), 7):
        shown = mend(answer[:end])
        if "|---" not in shown:
            assert re.sub("[*`\u2060]", "", shown) == re.sub("[*`]", "", answer[:end])


@pytest.mark.parametrize(
    ("growing", "shown"),
    [
        ("a `co", "a `co`"),
        ("a `co ", "a `co` "),
        ("a ``c` o", "a ``c` o``"),
        ("a `b` and `co", "a `b` and `co`"),
        ("`a ``b`` c` and `co", "`a ``b`` c` and `co`"),
        ("は`co", "は`co`"),
        ("`b`\nthe `co", "`b`\nthe `co`"),
        ("`b`\rthe `co", "`b`\rthe `co`"),
        ("a `", "a "),
        ("a ``", "a "),
        ("**bold `co", "**bold `co`**"),
        ("`a ** b", "`a ** b`"),
        ("`a`", "`a`"),
        ("the ` key", "the ` key"),
        ("it`s", "it`s"),
        ("\\`co", "\\`co"),
        ("inline ``` code", "inline ``` code"),
        ("`co\nde", "`co\nde"),
    ],
)
def test_a_code_span_that_is_open_in_the_last_line_is_closed(growing: str, shown: str) -> None:
    """If it is one; a backtick with nothing behind it is not shown."""
    assert mend(growing) == shown
    assert "`" not in mend(growing, is_open=False)[len(growing) :]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("one<br>two", "one\ntwo"),
        ("one<BR />two<br/>三", "one\ntwo\n三"),
        ("one<br># two", "one # two"),
        ("one<br>- two<br>1. x", "one - two 1. x"),
        ("one<br><br>two", "one \ntwo"),
        ("- one<br>two", "- one\ntwo"),
        ("# one<br>two", "# one two"),
        ("| a<br>b | c |", "| a b | c |"),
        ("`<br>a` and <br>a", "`<br>a` and \na"),
        ("```\na<br>b\n```\na<br>b", "```\na<br>b\n```\na\nb"),
        ("<br>```\nb", "\u2060```\nb"),
        ("1.<br>b<br>c", "1.\u2060b\nc"),
        ("a<brave>b", "a<brave>b"),
        ("a<br", "a<br"),
    ],
)
def test_a_line_break_of_html_becomes_one(text: str, shown: str) -> None:
    """Or a blank, where a line would begin something else; code stays."""
    assert mend(text) == shown


@pytest.mark.parametrize("mask", MASKS)
def test_nothing_that_is_mended_hides_an_address(mask: str) -> None:
    """It is made safe afterwards."""
    for frame in FRAMES:
        shown = fit(frame.format(mask.format(EVIL))).markdown
        assert links(shown) == [], frame
        assert "evil.example" in shown, frame


@given(hostile)
def test_no_parser_finds_a_link_in_what_was_mended(text: str) -> None:
    """However it is put together."""
    for whole in (text, f"|a|\n|-|\n\n|b|\n|-|\n|{text}", f"は**「{text}」**は<br>a"):
        assert links(fit(whole).markdown) == []


TABLES = "| Team | Months | Left |\n|---|---|---|\n" + "| Ann | 3 | yes |\n" * 60 + "\n"


def test_a_page_has_room_for_what_is_mended_in_it() -> None:
    """A table that is shown as a list takes more of it, and so does bold text."""
    for text in (TABLES * 40, "必要なのは**`code`**なのではなく、会議の前に決める人を決めておくことです。" * 400):
        cut = pages(text)
        assert "".join(source(text, cut)) == text
        for page in cut:
            assert units(page.markdown) <= PAGE_LIMIT
            assert page.markdown.count("|---|---|---|") <= 1
            assert "は**`" not in page.markdown


def test_what_has_no_room_is_shown_as_it_is() -> None:
    """Rather than not at all: up to the last unit."""
    assert fit("**bold", limit=7).markdown == "**bold"
    assert fit("**bold", limit=8).markdown == "**bold**"
    text = "**a：**は\n\n**b\n\n**c\n\n**d"
    assert fit(text, limit=len(text) + 6).markdown == "**a**：は\n\n**b**\n\n**c**\n\n**d**"
    assert fit(text, limit=len(text) + 5).markdown == "**a**：は\n\n**b\n\n**c\n\n**d"
    text = "必要なのは**`code`なのではなく\n\n" * 800
    assert all(units(page.markdown) <= PAGE_LIMIT for page in pages(text))


TABLE = "| a | b |\n|---|---|\n| 1 | 2 |"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"{TABLE}\n\nは**「a」**は\n\n{TABLE}\n\nend", f"{TABLE}\n\nは「**a**」は\n\n**a · b**\n- 1 · 2\n\nend"),
        (f"a | b\n\n{TABLE}\n\n{TABLE}", f"a | b\n\n{TABLE}\n\n**a · b**\n- 1 · 2"),
        (f"```\n{TABLE}\n\n```\n\n{TABLE}\n\n", f"```\n{TABLE}\n\n```\n\n{TABLE}\n\n"),
        ("a `b\n\nc `d", "a `b\n\nc `d`"),
        ("は **\n\n`", "は \n\n"),
        (f"{TABLE}\n\n| c | d |\n|---|---|\n\nend", f"{TABLE}\n\n**c · d**\n\nend"),
        (f"{TABLE}\n\n| c |\n|---|\n| |\n| e |\n| |\n\nend", f"{TABLE}\n\n**c**\n- e\n\nend"),
        ("```\na\n``` >\n\n**「b」**は<br>x\n\nend", "```\na\n``` >\n\n**「b」**は<br>x\n\nend"),
        ("a `b\n\n", "a `b\n\n"),
        ("**a\n\n**b\n\n \n", "**a**\n\n**b**\n\n \n"),
        ("a **\n\nb **\n\n\n", "a **\n\nb \n\n\n"),
        ("```\n**a：**は\n\n<br>\n```\n\n**a：**は<br>は", "```\n**a：**は\n\n<br>\n```\n\n**a**：は\nは"),
    ],
)
def test_what_stands_before_the_last_blank_line_is_mended_as_what_comes_is(text: str, shown: str) -> None:
    """With all that has to be known of what stands before."""
    assert mend(text) == shown
    with by_paragraphs():
        assert mend(text) == shown


@given(hostile)
def test_a_text_is_mended_in_parts_as_it_is_whole(text: str) -> None:
    """Whatever it is."""
    shown = mend(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codes, "parts", lambda whole: [whole])
        assert mend(text) == shown


def test_a_text_of_nothing_but_asterisks_is_not_looked_at() -> None:
    """Each would cost time, however many parts they stand in."""
    text = "は**「a」**は\n\n" * (MOST_MARKS // 2 + 1)
    assert mend(text) == text


def test_nothing_of_a_text_is_held_once_it_is_to_be_forgotten() -> None:
    """What is remembered of its parts, of paragraphs and of lines."""
    caches = [
        held
        for module in (mending, codes, emphasis)
        for held in vars(module).values()
        if hasattr(held, "cache_info") and held.__module__ == module.__name__
    ]
    assert len(caches) == 6
    forget()
    mend("```\na\n```\n\n必要なのは**「速さ」**ではなく\nは\n\n> `a **「b`**は c\n\nd")
    assert all(held.cache_info().currsize for held in caches)
    forget()
    assert not any(held.cache_info().currsize for held in caches)
