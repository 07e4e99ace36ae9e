"""The fields of a payload, each read as what it has to be. Pure.

A payload comes from Slack, and still its types are checked: what is handed on is written down, sent back and logged.
"""

import re
from typing import Any

from bot.printable import is_code

LONGEST_ID = 100  # characters; a user's or a channel's has some 11, a timestamp 17, a trigger's some 60
LONGEST_KEY = 500  # characters of a run's key, which is made of such ids
LONGEST_NAME = 100  # characters of a perspective's key, which is a word
LONGEST_TEXT = 200_000  # characters; a message of Slack's has 40,000, of which `&` comes as five
LONGEST_URL = 2_000  # characters; a response_url has some 100

Json = dict[str, Any]

_TIMESTAMP = re.compile(r"[0-9]{1,12}\.[0-9]{1,9}")


class OddFieldError(ValueError):
    """A field of a payload is missing, or is nothing that Slack would send; the message is its name."""


def read_object(payload: Json, name: str) -> Json:
    """A group of fields."""
    value = payload.get(name)
    if not isinstance(value, dict):
        raise OddFieldError(name)
    return value


def read_id(payload: Json, name: str) -> str:
    """An id, or a timestamp."""
    value = payload.get(name)
    if not is_code(value, LONGEST_ID):
        raise OddFieldError(name)
    return value


def read_optional_id(payload: Json, name: str) -> str | None:
    """An id, or None where there is none."""
    return read_id(payload, name) if payload.get(name) else None


def read_time(ts: object) -> float | None:
    """When the message stands there that has this timestamp: seconds since 1970 by Slack's clock; None: it is none."""
    return float(ts) if isinstance(ts, str) and _TIMESTAMP.fullmatch(ts) else None


def read_text(payload: Json, name: str = "text") -> str:
    """What somebody wrote, as Slack hands it over; empty where there is none."""
    text = payload.get(name)
    if text is None:
        return ""
    if not isinstance(text, str) or len(text) > LONGEST_TEXT:
        raise OddFieldError(name)
    return text


def read_name(payload: Json, name: str, longest: int = LONGEST_NAME) -> str:
    """What the bot itself has called something, and sent along with a button or a form: one line that can be seen."""
    value = payload.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= longest or not value.isprintable():
        raise OddFieldError(name)
    return value


def read_url(payload: Json) -> str | None:
    """The response_url; whether it is one of Slack's is looked at when it is used."""
    url = payload.get("response_url")
    return url if isinstance(url, str) and len(url) <= LONGEST_URL else None
