"""What is kept of texts that grow makes no difference but in what they cost."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.slack.markup import emphasis
from bot.slack.markup.growing import MOST_ALIKE, MOST_KEPT, Growing, whole_lines
from bot.slack.markup.pages import KEPT, Page, fit, forget
from bot.slack.markup.passages import last_passage, may_nest
from bot.slack.markup.scan import MOST_LINES
from tests.slack.markup.test_mending import ANSWERS
from tests.slack.markup.test_pages import markdown
from tests.support.hostile import hostile

STEP = 20  # characters between two states of a text that grows
LINES = [
    "\n",
    "\n",
    "plain words of some length\n",
    "は**「速さ」**は、ここに書いてあることです\n",
    "- **確認：**直近の五回の議事録で見てください\n",
    "1. `a **b** c` **「d」**は、ここに書いてある\n",
    "- a `b **「c」**は、ここに書いてあることです\n",
    "    **「a」**は、ここに書いてあることです\n",
    "```py\n",
    "```\n",
    "   ~~~\n",
    "> ```\n",
    "| a | **「b」**は、ここに書いてあること |\n",
    "|---|---|\n",
    "# **open and of some length\n",
    "words <br>b **open and of some length\n",
    "of some length **\n",
]
texts = st.one_of(hostile, markdown, st.lists(st.sampled_from(LINES), max_size=40).map("".join))
BEGINNING = "A beginning that is longer than what a text is found by.\n\n"
TABLE = "| a | b |\n|---|---|\n| 1 | 2 |\n\n"


def at_once(text: str, limit: int) -> Page:
    """A page of a text of which nothing is known."""
    forget()
    return fit(text, limit=limit)


def check(states: list[str], limit: int) -> None:
    """Lay states of a text, or of several, out one after another, and each as if there had been no other."""
    forget()
    found = [fit(state, limit=limit) for state in states]
    assert found == [at_once(state, limit) for state in states]


HARD = [
    "~~~\n\na line of code **「a」**は\n\nanother line of it **「b」**は\n",
    "```\n\n> ```\n\nwords of some length\n\nwords of some length **「a」**は\n",
    "```\na line of code\n```\nwords `of some length **「a」**は\n- an item` of some length **「b」**は\n",
    "    a line of code\n\n- an item `of some length **「a」**は\n- another` of some length **「b」**は\n",
    "- an item of some length\n| a row of some length |\n| another row |\n\n    words of some length **「a」**は\n",
    "words `of some length\n- an item `of length **「a」**は\n- another **「b」**は` of length ```\n",
    "words \\`of some length\n- an item` of length **「a」**は\n- another **「b」**は` of length ```\n",
    "words ``of some length\n- an item of length **「a」**は\n- another **「b」**は`` of length ```\n",
    "words of some length\n```py\n**「a」**は\n```\n**「b」**は",
    "words of some length\n```py\n**「a」**は\n```\r**「b」**は",
    "words of some length ```py\n**「a」**は\n",
    "words `open\n\n    words **「a」**は\nwords `of some length\n- an item **「b」**は` of length\n",
    "words of some length **\n- an item of some length **「a」**は\n",
    "| a |\n|---|\n| b |\n\n| Factor | Towards |  Strength |\n|---|---|---|\n" + "| c | d | e |\n" * 6,
    "words of some length\n" + " | a row | of some length |\n" * 6,
]
"""Texts in which something is open for long, or where a line means something else before it has ended."""


@pytest.mark.parametrize("limit", [90, 120, 150, 12_000])
@pytest.mark.parametrize("text", HARD)
def test_a_text_that_grows_by_letters_is_laid_out_as_if_it_were_seen_at_once(text: str, limit: int) -> None:
    """A page that is full included."""
    check([f"{BEGINNING}{text}"[:length] for length in range(len(BEGINNING) + len(text) + 1)], limit)


def test_a_page_of_too_many_lines_is_cut_as_if_it_were_seen_at_once() -> None:
    """Where it has as many as are walked over."""
    check(["a\n" * (MOST_LINES + lines) for lines in (-40, -20, -1, 0, 1, 20)], 12_000)


@given(texts, texts, st.integers(300, 3_000))
def test_a_text_that_grows_is_laid_out_as_if_it_were_seen_at_once(text: str, end: str, limit: int) -> None:
    """Whatever is in it, and wherever it ends at one moment or another."""
    whole = BEGINNING + text + end
    check([whole[:length] for length in range(STEP, len(whole), STEP)] + [whole[: -len(end) or None], whole], limit)


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer[:20])
def test_an_answer_that_grows_is_laid_out_as_if_it_were_seen_at_once(answer: str) -> None:
    """With others in between."""
    others = [other for other in ANSWERS if other != answer][:3]
    check([text[:length] for length in range(STEP, len(answer), STEP) for text in (answer, *others)], 12_000)


@given(texts, st.lists(texts, min_size=2, max_size=6))
@example("words of **some length\n", ["- b", "b"])
@example("words of **some length\n", ["| b |", "b"])
@example("words of some length\n\n", ["b", "    は**「a」**は"])
def test_texts_that_begin_alike_are_not_taken_for_each_other(beginning: str, ends: list[str]) -> None:
    """Though one has what the other had, and goes on otherwise: another answer to the same question does."""
    check([BEGINNING + beginning + end for end in [*ends, *ends]], 12_000)


@given(texts)
def test_passages_are_mended_as_the_whole_text_is(text: str) -> None:
    """However many of them there are, and with code in other things or not."""
    for whole in (text, f"    code\n\n{text}"):
        check_passages(whole, is_open=True)
        check_passages(whole, is_open=False)


@pytest.mark.parametrize("text", HARD)
def test_passages_of_hard_texts_are_mended_as_the_whole_text_is(text: str) -> None:
    """Up to each of their letters."""
    for length in range(len(text)):
        check_passages(text[: length + 1], is_open=True)


def check_passages(text: str, *, is_open: bool) -> None:
    """Mend a text passage by passage, and in one go."""
    how = emphasis._How(may_nest(text), is_open)
    shown, start = "", 0
    for end in [*range(1, len(text), 5), len(text)]:
        place = last_passage(text[:end], start, is_nested=how.is_nested)
        shown, start = emphasis._mend(shown, text[start:place], how), place
    assert emphasis._mend(shown, text[start:], how, is_last=True) == emphasis._mend("", text, how, is_last=True)


def test_what_stays_is_looked_at_once() -> None:
    """As long as a text grows at its end."""
    seen: list[str] = []

    def go_on(before: int, text: str, *_: object) -> int:
        seen.append(text)
        return before + 1

    growing = Growing(lambda *_: 0, whole_lines, go_on)
    text = "".join(f"line {number} of a text\n" for number in range(20))
    for length in range(1, len(text) + 1):
        _, rest = growing.look_at(text[:length], "how")
        assert (text[:length]).endswith(rest)
    stays = [stretch for stretch in seen if stretch != text[: len(stretch)]]
    assert text.endswith("".join(stays))
    assert len("".join(stays)) >= len(text) - 2 * len("line 10 of a text\n")
    assert growing.look_at(text, "how")[1] == ""
    assert growing.look_at(text, "otherwise") == (1, "")


def test_no_more_is_kept_than_may_be() -> None:
    """Of texts, and of texts that begin alike."""
    growing = Growing(lambda: 0, whole_lines, lambda before, text: before + len(text))
    for number in range(2 * MOST_KEPT):
        growing.look_at(f"{number} begins a text of its own here\n")
    assert len(growing._kept) == MOST_KEPT
    growing.forget()
    for number in range(2 * MOST_ALIKE):
        growing.look_at(f"{BEGINNING}{number}\n")
    assert [len(alike) for alike in growing._kept.values()] == [MOST_ALIKE]


def test_nothing_of_a_text_is_held_once_it_is_to_be_forgotten() -> None:
    """Of its lines, tables and bold text."""
    fit(BEGINNING + TABLE * 2 + "```\ncode\n```\n必要なのは**「速さ」**ではなく\n\nx")
    assert all(growing._kept for growing in KEPT)
    forget()
    assert not any(growing._kept for growing in KEPT)
