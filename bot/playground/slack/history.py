"""Which messages `conversations.replies` and `conversations.history` give, page by page.

A page goes on where the last one ended, by the timestamp of its last message, so that what is posted or deleted
between two calls neither repeats a message nor skips one. Pure.
"""

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.playground.slack.workspace import Message

STAMP = re.compile(r"[0-9]{1,11}(\.[0-9]{1,6})?")
CURSOR = "next_ts:"  # what a cursor says, once decoded, before the timestamp after which it goes on


class PageError(Exception):
    """A page that cannot be given; the message is Slack's word for the reason."""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a conversation; `next_cursor` is empty when nothing follows."""

    messages: Sequence[Message]
    next_cursor: str


def select(
    messages: Sequence[Message], args: Mapping[str, Any], *, usual: int, most: int, newest_first: bool = False
) -> Page:
    """Return the page of `messages`, which are given oldest first, that `args` ask for.

    A page has at most `limit` messages: `usual` where `args` say nothing, and never more than `most`. `oldest` and
    `latest` leave out what is beyond them and, unless `inclusive`, what is of that very time.

    Raises:
        PageError: the arguments make no sense.
    """
    limit = args.get("limit", usual)
    if not 1 <= limit <= most:
        raise PageError("invalid_limit")
    oldest, latest = _read_stamp(args, "oldest"), _read_stamp(args, "latest")
    edges = {oldest, latest} if args.get("inclusive", False) else set()
    ended_at = _count(_read_cursor(args["cursor"])) if args.get("cursor") else None

    def is_asked_for(message: Message) -> bool:
        at = _count(message.ts)
        if ended_at is not None and not (at < ended_at if newest_first else at > ended_at):
            return False
        return at in edges or ((oldest is None or oldest < at) and (latest is None or at < latest))

    found = sorted(filter(is_asked_for, messages), key=lambda message: _count(message.ts), reverse=newest_first)
    page = found[:limit]
    return Page(page, _write_cursor(page[-1].ts) if len(found) > limit else "")


def _read_stamp(args: Mapping[str, Any], name: str) -> int | None:
    if name not in args:
        return None
    if not STAMP.fullmatch(args[name]):
        raise PageError(f"invalid_ts_{name}")
    return _count(args[name])


def _count(ts: str) -> int:
    """The microseconds of a timestamp: as a float, two that differ by one could be equal."""
    seconds, _, fraction = ts.partition(".")
    return int(seconds) * 1_000_000 + int(fraction.ljust(6, "0"))


def _write_cursor(ts: str) -> str:
    return urlsafe_b64encode((CURSOR + ts).encode()).decode()


def _read_cursor(cursor: str) -> str:
    try:
        said = urlsafe_b64decode(cursor.encode()).decode()
    except (binascii.Error, UnicodeError):
        said = ""
    ts = said.removeprefix(CURSOR)
    if ts == said or not STAMP.fullmatch(ts):
        raise PageError("invalid_cursor")
    return ts
