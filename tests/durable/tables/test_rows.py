from types import SimpleNamespace
from typing import Any

import pytest

from bot.durable.record import Outcome, Record
from bot.durable.tables.rows import is_number, read_reason, read_records, write_reason
from bot.durable.tables.schema import runs
from bot.engine.conversation.followups import Kind
from bot.engine.draft import Draft, State
from bot.engine.reasons import Code, Reason
from bot.slack.question import Question
from bot.texts.en import ENGLISH
from bot.texts.ja import JAPANESE
from bot.texts.language import Language

NAN, INFINITE = float("nan"), float("inf")


def run(**other: Any) -> SimpleNamespace:
    """A row of a run that makes sense, but for what is told."""
    row = {
        "key": "k",
        "workspace": "T1/B1",
        "problem": "Why?",
        "user": "U",
        "channel": "C",
        "asked_at": 5.0,
        "state": "open",
    }
    nothing = dict.fromkeys(column.name for column in runs.columns if column.nullable)
    return SimpleNamespace(**{**row, **nothing, **other})


def message(**other: Any) -> SimpleNamespace:
    """One of a message."""
    return SimpleNamespace(**{"run": "k", "part": "Depth", "ts": "1.1", "intended_at": 0.0, **other})


def answer(**other: Any) -> SimpleNamespace:
    """One of an answer."""
    row = {"run": "k", "name": "Depth", "state": "done", "reason": "", "text": "So.", "model": "m"}
    return SimpleNamespace(**{**row, "seconds": 1.5, "tokens": 7, **other})


READ = Record(
    Question("k", "Why?", "U", "C", workspace="T1/B1"),
    5.0,
    {"Depth": "1.1"},
    {"Depth": Draft.of("So.", State.DONE, model="m", seconds=1.5, tokens=7)},
)


def test_rows_become_a_record() -> None:
    """With what is left in doubt: the post that was intended last, and edits whose answers are not known."""
    assert read_records([run()], [message()], [answer()]) == ([READ], set())
    rows = [message(intended_at=3.0), message(part="Time", ts=None, intended_at=4.0)]
    [record], _ = read_records([run()], rows, [])
    assert (record.posts, record.calls, record.left_at) == ({"Depth": "1.1", "Time": None}, {"Depth": 3.0}, 4.0)


@pytest.mark.parametrize(("key", "language"), [("ja", JAPANESE), ("en", ENGLISH), (None, ENGLISH)])
def test_a_run_keeps_its_language(key: str | None, language: Language) -> None:
    """One that was written down without any spoke English."""
    [record], _ = read_records([run(language=key)], [], [])
    assert record.question.language is language


def test_a_run_of_the_version_before_goes_on_with_nothing() -> None:
    """All that it had no columns for is what it was then: four answers, no thread read, not stopped, never reopened."""
    [record], _ = read_records([run()], [], [])
    assert (record.question.kind, record.question.root, record.question.side) == (Kind.PERSPECTIVES, "", "")
    assert record.question.reads_thread is False
    assert (record.material, record.stopped_by, record.outcome) == ("", "", None)
    assert (record.begun_at, record.begun_by) == (5.0, "U")


@pytest.mark.parametrize("kind", Kind)
def test_a_run_is_read_with_all_that_it_goes_on_with(kind: Kind) -> None:
    """And with what has become of it."""
    row = run(
        kind=kind.value, root="r", side="Depth", reads_thread=1, material="Person 1: no.", stopped_by="U2",
        reopened_at=7.0, reopened_by="U3", ended_at=9.0, state="done",
    )  # fmt: skip
    [record], _ = read_records([row], [], [])
    asked = Question("k", "Why?", "U", "C", kind=kind, root="r", side="Depth", reads_thread=True, workspace="T1/B1")
    assert record == Record(
        asked, 5.0, {}, {}, material="Person 1: no.", stopped_by="U2", reopened_at=7.0, reopened_by="U3",
        outcome=Outcome.DONE,
    )  # fmt: skip
    assert (record.begun_at, record.begun_by) == (7.0, "U3")


BROKEN_RUNS: list[dict[str, Any]] = [
    {"problem": None}, {"problem": b"bytes"}, {"user": 7}, {"channel": None}, {"thread_ts": 1.5},
    {"response_url": b""}, {"language": 7},
    {"asked_at": None}, {"asked_at": "soon"}, {"asked_at": NAN}, {"asked_at": INFINITE},
    {"kind": "of a newer version"}, {"kind": 7}, {"kind": b"deeper"}, {"root": 7}, {"side": b""},
    {"reads_thread": "yes"}, {"reads_thread": NAN}, {"material": 7}, {"stopped_by": b"U"}, {"reopened_at": "soon"},
    {"reopened_by": 7}, {"ended_at": 9.0, "state": "of a newer version"}, {"ended_at": 9.0, "state": None},
]  # fmt: skip
BROKEN_MESSAGES: list[dict[str, Any]] = [{"part": None}, {"ts": 1.5}, {"intended_at": None}, {"intended_at": NAN}]


@pytest.mark.parametrize("broken", BROKEN_RUNS)
def test_a_run_that_makes_no_sense_keeps_no_other_from_being_read(broken: dict[str, Any]) -> None:
    """Its key is told."""
    rows = [run(**broken), run(key="other")]
    records, unreadable = read_records(rows, [message(), message(run="other")], [answer(run="other")])
    assert [record.question.key for record in records] == ["other"]
    assert unreadable == {"k"}


@pytest.mark.parametrize("broken", BROKEN_MESSAGES)
def test_a_run_is_not_read_without_one_of_its_messages(broken: dict[str, Any]) -> None:
    """That would be posted twice."""
    assert read_records([run()], [message(**broken)], []) == ([], {"k"})


BROKEN_ANSWERS: list[dict[str, Any]] = [
    {"state": "pondering"}, {"state": None}, {"name": None}, {"text": None}, {"text": b""}, {"reason": 7},
    {"reason": "{"}, {"reason": '{"code": "of a newer version", "args": {}}'},
    {"reason": '{"code": "silent", "args": {}}'}, {"reason": '{"code": "silent", "args": {"seconds": null}}'},
    {"model": None}, {"seconds": NAN}, {"seconds": "long"}, {"tokens": None}, {"tokens": INFINITE},
]  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN_ANSWERS)
def test_an_answer_that_makes_no_sense_is_asked_for_again(
    broken: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """A newer version of the program has written it, perhaps. The run's others are read; the log says so once."""
    [record], unreadable = read_records([run()], [message()], [answer(**broken), answer(name="Time")])
    assert (list(record.answers), unreadable) == (["Time"], set())
    assert record.posts == READ.posts
    assert caplog.messages == ["store.unreadable kind=answers run=k"]


@pytest.mark.parametrize(
    "reason",
    [
        None,
        Reason(Code.EMPTY),
        Reason(Code.SILENT, {"seconds": 60.0}),
        Reason(Code.NO_MODEL, {"model": "gpt “ü”"}),
        Reason(Code.FAILED_AGAIN, {"cause": Reason(Code.SERVER_FAILED, {"status": 503})}),
    ],
)
def test_a_reason_is_read_as_it_was_written(reason: Reason | None) -> None:
    """With its arguments, of which one may be another reason."""
    assert read_reason(write_reason(reason)) == reason


def test_a_sentence_of_the_version_before_is_read_as_one() -> None:
    """It wrote down what it had said."""
    [record], _ = read_records([run()], [message()], [answer(state="failed", reason="It broke. Ask again.")])
    assert record.answers["Depth"].reason == Reason(Code.TOLD, {"words": "It broke. Ask again."})


def test_what_is_a_number() -> None:
    """What can be counted with."""
    assert [is_number(value) for value in (0, 1.5, None, "1", NAN, INFINITE)] == [True] * 2 + [False] * 4
