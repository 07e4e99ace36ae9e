"""The report: a line for each thing that is counted, a column for each perspective, and one for all. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from bot.engine.draft import State
from tests.benchmarks.answers.counts.form import (
    ANALYSIS_CHARACTERS,
    ANALYSIS_WORDS,
    FAULTS,
    Form,
    examine,
)
from tests.benchmarks.answers.counts.overlap import Overlap, compare
from tests.benchmarks.answers.counts.reading import TAKEAWAY_CHARACTERS, TAKEAWAY_WORDS, Reading
from tests.benchmarks.answers.counts.words import count_columns, measure
from tests.benchmarks.answers.records import Answer, Run

ALL = "all"
LEGEND = f"""\
Lengths, tokens and seconds: mean / most. Faults: how many answers have one, and in brackets how often where that is
more. A takeaway is too long over {TAKEAWAY_WORDS} words or {TAKEAWAY_CHARACTERS} characters, an analysis over \
{ANALYSIS_WORDS} or {ANALYSIS_CHARACTERS};
characters are counted in Japanese and Chinese. Overlap is the part of an answer's content that the likest sentences of
the others have. A text that was cut counts; one that failed does not. Tokens are those of the prompt too."""
NAME_COLUMNS, CELL_COLUMNS = 26, 13  # of the table


@dataclass(frozen=True, slots=True)
class Counted:
    """An answer with what was counted of it; of one that has no text, or failed with half of one, that is nothing."""

    problem: str
    answer: Answer
    form: Form | None
    overlap: Overlap | None
    length: int  # of the whole text, in words or characters


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the report: what it says of some answers."""

    name: str
    tell: Callable[[Sequence[Counted]], str]


def count(run: Run) -> list[Counted]:
    """Count all answers of a run."""
    found = []
    for asked in run.asked:
        problem = asked.problem
        readings = [
            Reading(answer.text, answer.perspective, problem.scripts, problem.is_vague) if _is_counted(answer) else None
            for answer in asked.answers
        ]
        overlaps = compare(problem.text, [one.lines if one else () for one in readings])
        found += [
            Counted(
                problem.key,
                answer,
                examine(one) if one else None,
                overlap if one else None,
                measure(one.text, one.script) if one else 0,
            )
            for answer, one, overlap in zip(asked.answers, readings, overlaps, strict=True)
        ]
    return found


def _is_counted(answer: Answer) -> bool:
    return answer.state in {State.DONE, State.CUT} and bool(answer.text.strip())


def report(model: str, counted: Sequence[Counted]) -> str:
    """The whole report, of what `model` has answered."""
    columns = {key: [one for one in counted if one.answer.perspective == key] for key in _keys(counted)}
    columns[ALL] = list(counted)
    problems = len({one.problem for one in counted})
    lines = [f"{problems} problem{'s' * (problems != 1)}, answered by {model}", "", LEGEND, "", _line("", columns)]
    lines += [_line(row.name, {key: row.tell(answers) for key, answers in columns.items()}) for row in ROWS]
    if threads := list(_tell_threads(counted)):
        lines += ["", *threads]
    if failures := list(_name_failures(counted)):
        lines += ["", "Not whole:", *failures]
    return "\n".join(line.rstrip() for line in lines)


def tell_each(counted: Sequence[Counted]) -> str:
    """A line for each answer that has faults: which they are."""
    return "\n".join(
        f"{one.problem} · {one.answer.perspective}: "
        + ", ".join(f"{name} ({times})" if times > 1 else name for name, times in one.form.faults.items())
        for one in counted
        if one.form and one.form.faults
    )


def _keys(counted: Sequence[Counted]) -> list[str]:
    return list(dict.fromkeys(one.answer.perspective for one in counted))


def _line(name: str, cells: Mapping[str, object]) -> str:
    """A line of the table; the head has the columns' names as its cells."""
    shown = (str(cell if name else key) for key, cell in cells.items())
    return name + " " * (NAME_COLUMNS - count_columns(name)) + "".join(f"{cell:>{CELL_COLUMNS}}" for cell in shown)


def _tell_threads(counted: Sequence[Counted]) -> Iterator[str]:
    """How long the answers to one problem are together, where all came and are counted alike."""
    for has_words, unit in ((True, "words"), (False, "characters")):
        lengths = []
        for key in dict.fromkeys(one.problem for one in counted):
            thread = [one for one in counted if one.problem == key]
            if all(one.form and one.form.script.has_words is has_words for one in thread):
                lengths.append(sum(one.length for one in thread))
        if lengths:
            yield f"A thread has {fmean(lengths):,.0f} {unit} in the mean, {max(lengths):,} at the most."


def _name_failures(counted: Sequence[Counted]) -> Iterator[str]:
    for one in counted:
        answer = one.answer
        if answer.state is not State.DONE or not answer.text.strip():
            reason = f", {answer.reason}" if answer.reason else ""
            what = "" if answer.text.strip() else ", no text"
            yield f"  {one.problem} · {answer.perspective}: {answer.state.value}{reason}{what}"


def _spread(values: Sequence[float], digits: int = 0) -> str:
    """Mean and most of them; a dash where there are none."""
    return f"{fmean(values):,.{digits}f} / {max(values):,.{digits}f}" if values else "–"


def _states(*states: State) -> Callable[[Sequence[Counted]], str]:
    return lambda counted: str(sum(one.answer.state in states for one in counted))


def _lengths(take: Callable[[Form], int], *, has_words: bool) -> Callable[[Sequence[Counted]], str]:
    return lambda counted: _spread(
        [take(one.form) for one in counted if one.form and one.form.script.has_words is has_words]
    )


def _faults(name: str) -> Callable[[Sequence[Counted]], str]:
    def tell(counted: Sequence[Counted]) -> str:
        found = [times for one in counted if one.form and (times := one.form.faults.get(name, 0))]
        return f"{len(found)} ({sum(found)})" if sum(found) > len(found) else str(len(found))

    return tell


def _tell_overlap(counted: Sequence[Counted]) -> str:
    """Of all their content together, so that a short answer weighs less."""
    content = sum(one.overlap.content for one in counted if one.overlap)
    return f"{sum(one.overlap.shared for one in counted if one.overlap) / content:.0%}" if content else "–"


def _tell_retold(counted: Sequence[Counted]) -> str:
    """How many sentences, of how many."""
    overlaps = [one.overlap for one in counted if one.overlap]
    return f"{sum(one.retold for one in overlaps)} of {sum(one.sentences for one in overlaps)}"


ROWS = (
    Row("answers that are whole", _states(State.DONE)),
    Row("cut by the model", _states(State.CUT)),
    Row("failed", _states(*(state for state in State if state not in {State.DONE, State.CUT}))),
    Row("takeaway, words", _lengths(lambda form: form.takeaway, has_words=True)),
    Row("takeaway, characters", _lengths(lambda form: form.takeaway, has_words=False)),
    Row("takeaway, columns", lambda counted: _spread([one.form.columns for one in counted if one.form])),
    Row("analysis, words", _lengths(lambda form: form.analysis, has_words=True)),
    Row("analysis, characters", _lengths(lambda form: form.analysis, has_words=False)),
    *(Row(name, _faults(name)) for name in FAULTS),
    Row("overlap with the others", _tell_overlap),
    Row("sentences retold", _tell_retold),
    Row("tokens", lambda counted: _spread([one.answer.tokens for one in counted if one.answer.tokens])),
    Row("seconds", lambda counted: _spread([one.answer.seconds for one in counted if one.form], 1)),
)
