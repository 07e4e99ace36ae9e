"""The log's lines: as people read them, or as programs do, with nothing lost and one line each."""

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.logs import Form, Lines, read_fields


def line(form: Form, message: str, *arguments: object) -> str:
    """A line of the bot's."""
    record = logging.LogRecord("bot.runs.supervisor", logging.INFO, "f", 1, message, arguments, None)
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


@given(st.text(max_size=60))
def test_whatever_is_said_is_one_line(message: str) -> None:
    """Of JSON that can be read, and of logfmt without a break."""
    record = logging.LogRecord("bot", logging.INFO, "f", 1, "%s", (message,), None)
    assert isinstance(json.loads(Lines(Form.JSON).format(record)), dict)
    assert not {"\n", "\r"} & {*Lines(Form.LOGFMT).format(record)}
