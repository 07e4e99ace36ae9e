"""The log's lines: as people read them, or as programs do, with nothing lost and one line each."""

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.logs import LONGEST_ERROR, Form, Lines, read_fields


def line(form: Form, message: str, *arguments: object, error: Exception | None = None) -> str:
    """A line of the bot's, or of a library that has an error with it."""
    exc_info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("bot.runs.supervisor", logging.INFO, "f", 1, message, arguments, exc_info)
    record.created = 1_800_000_000.25
    return Lines(form).format(record)


@pytest.mark.parametrize(
    ("message", "fields"),
    [
        (
            "run.end key=C1:1.2 outcome=done seconds=1.7",
            {"event": "run.end", "key": "C1:1.2", "outcome": "done", "seconds": "1.7"},
        ),
        ("bot.stop", {"event": "bot.stop"}),
        ("http.late", {"event": "http.late"}),
        (
            "slack.unavailable error=no answer: trying again in 4 s",
            {"event": "slack.unavailable", "error": "no answer: trying again in 4 s"},
        ),
        ("install.rotates: token rotation is on", {"event": "install.rotates", "text": "token rotation is on"}),
        ("Something else", {"text": "Something else"}),
        (
            "bot.broken error=KeyError at=a.py:1>b.py:2",
            {"event": "bot.broken", "error": "KeyError", "at": "a.py:1>b.py:2"},
        ),
    ],
)
def test_a_line_is_an_event_with_fields(message: str, fields: dict[str, str]) -> None:
    """Its first word, and what stands behind each name."""
    assert read_fields(message) == fields


def test_each_form_says_the_same() -> None:
    """As text it is what it was."""
    said = ("run.end key=%s error=%s", "a b", 'odd "word"')
    assert line(Form.TEXT, *said).endswith('INFO bot.runs.supervisor run.end key=a b error=odd "word"')
    told = json.loads(line(Form.JSON, *said))
    assert told == {
        "time": "2027-01-15T08:00:00.250Z",
        "level": "info",
        "logger": "bot.runs.supervisor",
        "event": "run.end",
        "key": "a b",
        "error": 'odd "word"',
    }
    assert line(Form.LOGFMT, *said) == (
        "time=2027-01-15T08:00:00.250Z level=info logger=bot.runs.supervisor event=run.end "
        'key="a b" error="odd \\"word\\""'
    )


def fall(depth: int) -> None:
    """Raise a secret, at some depth."""
    if depth:
        fall(depth - 1)
    raise KeyError("xoxb-secret\n")


@pytest.mark.parametrize("depth", [0, 400])
def test_an_error_that_comes_with_a_line_is_told_in_it(depth: int) -> None:
    """By its name and by where it was raised, without its words, and however deep that was."""
    with pytest.raises(KeyError) as raised:
        fall(depth)
    told = json.loads(line(Form.JSON, "Task exception was never retrieved", error=raised.value))
    assert (told["text"], told["error"]) == ("Task exception was never retrieved", "KeyError")
    assert told["at"].startswith("test_logs.py:")
    place = raised.traceback[-1].lineno + 1
    assert told["at"].endswith(f">test_logs.py:{place}")
    logfmt = line(Form.LOGFMT, "Task exception was never retrieved", error=raised.value)
    assert "error=KeyError at=test_logs.py:" in logfmt
    assert len(logfmt) < LONGEST_ERROR + 200
    assert "secret" not in logfmt
    assert "\n" not in logfmt


@given(st.text(max_size=60))
def test_whatever_is_said_is_one_line(message: str) -> None:
    """Of JSON that can be read, and of logfmt without a break."""
    record = logging.LogRecord("bot", logging.INFO, "f", 1, "%s", (message,), None)
    assert isinstance(json.loads(Lines(Form.JSON).format(record)), dict)
    assert not {"\n", "\r"} & {*Lines(Form.LOGFMT).format(record)}
