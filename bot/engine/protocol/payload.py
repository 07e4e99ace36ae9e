"""The data of one event, or the body of an error, read as JSON. Pure.

Reading is bounded: half a megabyte of empty objects takes a tenth of a second, in which nobody else is served.
"""

import json
from typing import Any

import jiter

from bot.engine.protocol.sse import TooLongError

OBJECTS_LIMIT = 4_000  # and lists, in one event
VALUES_LIMIT = 20_000  # in one event
LONG_EVENT = 16_384  # bytes from which on that is looked at
SLOW_LIMIT = 131_072  # bytes of what only the slow reader can read, which takes 10 ms for as many


def read_payload(data: bytes) -> Any:
    """The JSON that `data` is.

    Raises:
        TooLongError: there is more in it than makes sense.
        ValueError, RecursionError: it is none.
    """
    if len(data) > LONG_EVENT and (
        data.count(b"{") + data.count(b"[") > OBJECTS_LIMIT or data.count(b",") > VALUES_LIMIT
    ):
        raise TooLongError(f"more than {OBJECTS_LIMIT} objects or {VALUES_LIMIT} values in an event")
    try:
        return jiter.from_json(data)
    except ValueError as error:
        if len(data) > SLOW_LIMIT:
            raise TooLongError(f"more than {SLOW_LIMIT} bytes in an event that is hard to read") from error
        # Slower, but it knows halves of characters; and of a text in which some bytes are wrong, the rest can be read.
        return json.loads(data.decode(errors="replace"))


def read_anything(data: bytes) -> Any:
    """The JSON that `data` is, or else the text."""
    try:
        return read_payload(data.strip())
    except (ValueError, RecursionError, TooLongError):
        return data.decode(errors="replace").strip()
