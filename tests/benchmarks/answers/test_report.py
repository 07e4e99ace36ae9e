from dataclasses import replace

from bot.engine.draft import State
from tests.benchmarks.answers.counts.form import FAULTS
from tests.benchmarks.answers.counts.recorded import Recorded, load
from tests.benchmarks.answers.counts.words import count_columns
from tests.benchmarks.answers.problems import PROBLEMS
from tests.benchmarks.answers.records import Answer, Asked, Run
from tests.benchmarks.answers.report import ROWS, count, report, tell_each

GOOD, BAD = load("good"), {one.name: one for one in load("bad")}


def answer(recorded: Recorded, state: State = State.DONE, reason: str = "") -> Answer:
    """A recorded answer as if a model had given it."""
    return Answer(recorded.perspective, recorded.text, state, reason, tokens=500, seconds=2.0)


def ask(place: int, *answers: Answer) -> Asked:
    """Answers on the problem at that place."""
    return Asked(PROBLEMS[place], answers)


def cells(text: str, row: str) -> list[str]:
    """The cells of a row, blanks within them taken out."""
    line = next(line for line in text.splitlines() if line.startswith(row))
    return line[len(row) :].replace(" / ", "/").replace(" (", "(").replace(" of ", "/").split()


RUN = Run("a-model", [ask(place, *map(answer, GOOD[4 * place : 4 * place + 4])) for place in range(3)])


def test_good_answers_have_no_fault_in_the_report() -> None:
    """Twelve of them, three a perspective; English in words, Japanese in characters."""
    text = report("a-model", count(RUN))
    assert text.startswith("3 problems, answered by a-model\n")
    assert cells(text, "answers that are whole") == ["3", "3", "3", "3", "12"]
    for name in FAULTS:
        assert cells(text, name) == ["0"] * 5
    assert cells(text, "takeaway, words") == ["14/14", "14/15", "15/15", "14/14", "14/15"]
    assert cells(text, "takeaway, characters") == ["35/35", "29/29", "31/31", "28/28", "31/35"]
    assert cells(text, "takeaway, columns") == ["76/80", "66/74", "72/78", "71/82", "71/82"]
    assert cells(text, "analysis, characters") == ["293/293", "238/238", "223/223", "208/208", "240/293"]
    assert cells(text, "sentences retold")[4] == "0/113"
    assert cells(text, "tokens") == ["500/500"] * 5
    assert cells(text, "seconds") == ["2.0/2.0"] * 5
    assert "A thread has 560 words in the mean, 576 at the most." in text
    assert "A thread has 1,241 characters in the mean, 1,241 at the most." in text
    assert "Not whole" not in text


def test_each_row_has_a_cell_for_each_perspective_and_for_all() -> None:
    """Aligned, however wide the words of a row are."""
    lines = report("a-model", count(RUN)).splitlines()
    first = next(place for place, line in enumerate(lines) if line.split()[-1:] == ["all"])
    table = lines[first : first + 1 + len(ROWS)]
    assert table[0].split() == ["Depth", "Breadth", "Structure", "Time", "all"]
    assert len({count_columns(line) for line in table}) == 1


def test_faults_are_counted_by_answer_and_by_occurrence() -> None:
    """The first is the figure to compare; the second stands in brackets where it is more."""
    run = Run(
        "m",
        [
            ask(0, answer(BAD["a heading first"]), answer(BAD["a label in bold first"])),
            ask(1, answer(BAD["a table"]), answer(BAD["an analysis that is too long"])),
        ],
    )
    text = report("m", count(run))
    assert text.startswith("2 problems,")
    assert cells(text, "headings") == ["1(2)", "0", "1(2)"]
    assert cells(text, "takeaway with a label") == ["0", "1", "1"]
    assert cells(text, "tables") == ["1", "0", "1"]
    assert cells(text, "analysis too long") == ["0", "1", "1"]


def test_what_failed_is_named_and_what_was_cut_is_counted_too() -> None:
    """Half a text of a failure says nothing about the form."""
    run = Run(
        "m",
        [
            ask(
                0,
                answer(GOOD[0], State.CUT, "cut"),
                answer(BAD["a heading first"], State.FAILED, "failed_again broken"),
                replace(answer(GOOD[2]), text=" "),
            )
        ],
    )
    text = report("m", count(run))
    assert cells(text, "answers that are whole") == ["0", "1", "1"]  # of Structure there are two
    assert cells(text, "cut by the model") == ["1", "0", "1"]
    assert cells(text, "failed") == ["0", "1", "1"]
    assert cells(text, "headings") == ["0", "0", "0"]
    assert cells(text, "takeaway, words") == ["13/13", "–", "13/13"]
    assert cells(text, "seconds") == ["2.0/2.0", "–", "2.0/2.0"]
    assert text.splitlines()[-5:] == [
        "",
        "Not whole:",
        "  leavers · Depth: cut, cut",
        "  leavers · Structure: failed, failed_again broken",
        "  leavers · Structure: done, no text",
    ]
    assert "A thread" not in text
    assert "\n\n\n" not in text


def test_overlap_is_between_answers_on_the_same_problem() -> None:
    """And shown as the part of all content."""
    four = [answer(one) for one in load("overlapping")]
    text = report("m", count(Run("m", [ask(0, *four)])))
    assert cells(text, "sentences retold") == ["3/5", "0/4", "5/6", "1/5", "9/20"]
    apart = report("m", count(Run("m", [ask(place, one) for place, one in enumerate(four)])))
    assert cells(apart, "overlap with the others") == ["0%"] * 5


def test_each_answer_with_faults_is_told_by_name() -> None:
    """Those without are left out."""
    run = Run("m", [ask(0, answer(GOOD[0]), answer(BAD["a heading first"]))])
    assert tell_each(count(run)) == "leavers · Structure: takeaway not by itself, headings (2)"
