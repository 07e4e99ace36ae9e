import pytest

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


def test_a_vague_problem_needs_no_nine_whys() -> None:
    """The prompts ask for a question there."""
    assert lacks_whys(Reading("Slow is a mood.", "Depth", (Script.LATIN,)))
    assert not lacks_whys(Reading("Slow is a mood.", "Depth", (Script.LATIN,), is_vague=True))
