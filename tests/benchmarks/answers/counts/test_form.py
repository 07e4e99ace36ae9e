import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.benchmarks.answers.counts.form import FAULTS, examine, find_raw_bold, lacks_whys
from tests.benchmarks.answers.counts.reading import Reading, parse
from tests.benchmarks.answers.counts.recorded import Recorded, load
from tests.benchmarks.answers.counts.words import Script

GOOD, BAD = load("good"), load("bad")


@pytest.mark.parametrize("answer", GOOD, ids=lambda one: f"{one.problem}-{one.perspective}")
def test_a_good_answer_has_no_fault(answer: Recorded) -> None:
    """English and Japanese, all four sides: so a counter that counts what is right is found out."""
    assert examine(answer.read()).faults == {}


@pytest.mark.parametrize("answer", BAD, ids=lambda one: one.name)
def test_a_bad_answer_has_its_faults_and_no_others(answer: Recorded) -> None:
    """As often as they occur."""
    assert examine(answer.read()).faults == answer.faults


def test_each_fault_occurs_in_a_recorded_answer() -> None:
    """So a counter that finds nothing is found out."""
    assert {fault for answer in BAD for fault in answer.faults} == FAULTS.keys()


@pytest.mark.parametrize(
    ("markdown", "lines"),
    [
        ("根は**「完了」の定義がない**ことです。\n- 主催者が**費用（時間）**を負いません。", 2),
        ("**Move: block two mornings.", 1),
        ("**Move**: `**kwargs`, **two** mornings.", 0),
    ],
)
def test_bold_that_does_not_close_is_seen(markdown: str, lines: int) -> None:
    """CommonMark does not close it against kana: what is sent as it was written shows its stars."""
    assert find_raw_bold(parse(markdown)) == lines


@pytest.mark.parametrize(
    ("fault", "text", "most"),
    [
        ("takeaway too long", "{words}.\n\nMore.", 15),
        ("takeaway too long", "{kana}\n\n次です。", 40),
        ("analysis too long", "One.\n\n{words}", 140),
        ("analysis too long", "一つ。\n\n{kana}", 350),
        ("list items too wide", "One.\n\n- {letters}", 120),
        ("list items too wide", "一つ。\n\n- {wide}", 60),
    ],
)
def test_a_limit_may_be_reached_and_not_passed(fault: str, text: str, most: int) -> None:
    """Words, characters, columns."""

    def fill(number: int) -> bool:
        filled = {"words": "word " * number, "kana": "か" * number, "letters": "x" * number, "wide": "か" * number}
        return fault in examine(Reading(text.format(**filled), "Time", tuple(Script))).faults

    assert [fill(most), fill(most + 1)] == [False, True]


PIECES = st.sampled_from(
    [
        "word",
        "会議",
        "です。",
        "か。",
        "**",
        "`",
        "```",
        "# ",
        "- ",
        "1. ",
        "  ",
        "|",
        "|-|",
        "→",
        "->",
        ": ",
        "：",
        "\n",
        "\n\n",
        ">",
    ]
)


@given(st.lists(PIECES | st.text(max_size=3), max_size=40).map("".join), st.sampled_from(["Depth", "Time"]))
@pytest.mark.heavy
def test_whatever_a_model_writes_is_counted(text: str, perspective: str) -> None:
    """One answer that cannot be read would cost the whole report."""
    form = examine(Reading(text, perspective, (Script.JAPANESE,)))
    assert min(form.takeaway, form.columns, form.analysis, *form.faults.values()) >= 0


def test_a_vague_problem_needs_no_nine_whys() -> None:
    """The prompts ask for a question there."""
    assert lacks_whys(Reading("Slow is a mood.", "Depth", (Script.LATIN,)))
    assert not lacks_whys(Reading("Slow is a mood.", "Depth", (Script.LATIN,), is_vague=True))
