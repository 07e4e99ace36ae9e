"""How the lines of the log are written: as people read them, or as programs do, in logfmt or JSON. Pure.

A line of the bot's is an event with fields, `run.end key=… outcome=done seconds=1.7`: its first word, and what stands
behind each `name=` up to the next one. What another library has said is a text; an error that came along with it is
told by its name and by where it was raised, as the bot tells its own.
"""

import json
import logging
import re
from datetime import UTC, datetime
from enum import Enum

from bot.errors import describe

PLAIN = "%(asctime)s %(levelname)s %(name)s %(message)s"

LONGEST_ERROR = 1_000  # characters; an endless recursion has a thousand places

_EVENT = re.compile(r"([a-z]+(?:[._][a-z_]+)*)(?: |:|$)")
_FIELD = re.compile(r"(?:^|(?<=\s))([a-z_]+)=")
_BARE = re.compile(r'[^\s="\\]+')


class Form(Enum):
    """What a line looks like."""

    TEXT = "text"
    LOGFMT = "logfmt"
    JSON = "json"


class Lines(logging.Formatter):
    """Writes each record as one line of a form."""

    def __init__(self, form: Form) -> None:
        super().__init__(PLAIN)
        self._form = form

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter`."""
        if self._form is Form.TEXT:
            return super().format(record)
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        fields = {"time": at, "level": record.levelname.lower(), "logger": record.name}
        fields |= {name: value for name, value in read_fields(record.getMessage()).items() if name not in fields}
        if record.exc_info and (error := record.exc_info[1]):
            fields |= read_fields(f"error={_cut(describe(error))}")
        if self._form is Form.JSON:
            return json.dumps(fields, ensure_ascii=False)
        return " ".join(f"{name}={_quote(value)}" for name, value in fields.items())


def read_fields(message: str) -> dict[str, str]:
    """The fields of a line: `event`, those that it names, and as `text` what stands before the first of them."""
    found = _EVENT.match(message)
    event, rest = (found[1], message[found.end() :]) if found and "." in found[1] else ("", message)
    fields = {"event": event} if event else {}
    names = [*_FIELD.finditer(rest)]
    if text := rest[: names[0].start() if names else None].strip():
        fields["text"] = text
    for place, name in enumerate(names):
        end = names[place + 1].start() if place + 1 < len(names) else None
        fields.setdefault(name[1], rest[name.end() : end].strip())
    return fields


def _cut(error: str) -> str:
    """An error without what lies in the middle of a long way to where it was raised."""
    half = LONGEST_ERROR // 2
    return error if len(error) <= LONGEST_ERROR else f"{error[:half]}…{error[-half:]}"


def _quote(value: str) -> str:
    return value if _BARE.fullmatch(value) else json.dumps(value, ensure_ascii=False)
