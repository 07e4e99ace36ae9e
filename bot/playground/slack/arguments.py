"""What the arguments of Slack's methods must be: their types, and what a message may consist of."""

import json
import re
from collections.abc import Mapping
from typing import Any

from bot.playground.slack.block_kit.blocks import BLOCKS_TEXT_LIMIT, MARKDOWN_LIMIT, count_text, find_problems
from bot.playground.slack.block_kit.checks import count_units
from bot.playground.slack.records import Block

Json = dict[str, Any]
Args = Mapping[str, Any]

BLOCKS = "blocks"  # the type of an argument: an array, or a string with one in JSON
DIGITS = re.compile(r"[0-9]{1,9}")  # a number in a form
METADATA = "metadata"  # the type of an argument: an object with an event's type and payload, or a string with one
VIEW = "view"  # the type of an argument: an object that is a form, or a string with one in JSON

POST: Mapping[str, type | str] = {
    "channel": str,
    "text": str,
    "blocks": BLOCKS,
    "markdown_text": str,
    "metadata": METADATA,
    "thread_ts": str,
    "unfurl_links": bool,
    "unfurl_media": bool,
}
UPDATE: Mapping[str, type | str] = {
    "channel": str,
    "ts": str,
    "text": str,
    "blocks": BLOCKS,
    "markdown_text": str,
    "metadata": METADATA,
}
WHISPER: Mapping[str, type | str] = {
    **dict.fromkeys(("channel", "user", "text", "markdown_text", "thread_ts"), str),
    "blocks": BLOCKS,
}
PAGE: Mapping[str, type | str] = {
    "channel": str,
    "cursor": str,
    "limit": int,
    "oldest": str,
    "latest": str,
    "inclusive": bool,
    "include_all_metadata": bool,
}
OPEN: Mapping[str, type | str] = {"trigger_id": str, "view": VIEW}
UPDATE_VIEW: Mapping[str, type | str] = {**dict.fromkeys(("view_id", "external_id", "hash"), str), "view": VIEW}
VALIDATE: Mapping[str, type | str] = dict.fromkeys(("blocks", "message", "view"), str)  # each in JSON, and but one


class RefusedError(Exception):
    """Slack's answer to a call that it refuses: its word for the reason, and what else the answer says."""

    def __init__(self, code: str, *, retry_after: int = 0, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after  # whole seconds; above 0 the answer has status 429
        self.details = details


def check_arguments(known: Mapping[str, type | str], required: tuple[str, ...], args: Args) -> Json:
    """Return `args` in their types: in a form all are strings.

    Raises:
        RefusedError: one is missing, unknown or mistyped.
    """
    problems = [f"missing required field: {name}" for name in required if name not in args]
    checked: Json = {}
    for name, value in args.items():
        kind = known.get(name)
        if kind is BLOCKS:
            checked[name] = read_json(value, "invalid_blocks_format")
        elif kind is VIEW:
            checked[name] = read_json(value, "invalid_arguments")
        elif kind is METADATA:
            checked[name] = read_metadata(value)
        elif kind is int and isinstance(value, str) and DIGITS.fullmatch(value):
            checked[name] = int(value)
        elif kind is bool and isinstance(value, str) and value in {"0", "1", "false", "true"}:
            checked[name] = value in {"1", "true"}
        elif isinstance(kind, type) and type(value) is kind:
            checked[name] = value
        else:
            problems.append(f"{'invalid' if kind else 'unknown'} argument: {name}")
    if problems:
        messages = [f"[ERROR] {problem}" for problem in problems]
        raise RefusedError("invalid_arguments", response_metadata={"messages": messages})
    return checked


def read_content(args: Args) -> tuple[str, list[Block]]:
    """Return the text and the blocks of a message as a call gives them.

    Raises:
        RefusedError: there is nothing to show, or Slack would not show it.
    """
    text, blocks = args.get("text", ""), args.get("blocks", [])
    markdown = args.get("markdown_text", "")
    if markdown:
        if text or blocks:
            raise RefusedError("markdown_text_conflict")
        if count_units(markdown) > MARKDOWN_LIMIT:
            raise RefusedError("msg_too_long")
        text, blocks = markdown, [{"type": "markdown", "text": markdown}]
    if problems := find_problems(blocks):
        messages = [f"[ERROR] {problem}" for problem in problems]
        raise RefusedError("invalid_blocks", errors=problems, response_metadata={"messages": messages})
    if count_text(blocks) > BLOCKS_TEXT_LIMIT:
        raise RefusedError("msg_blocks_too_long")
    if not text.strip() and not blocks:
        raise RefusedError("no_text")
    return text, blocks


def cut(text: str, limit: int) -> str:
    """Return the first `limit` UTF-16 units of `text`, never half a character."""
    return text.encode("utf-16-le", "surrogatepass")[: 2 * limit].decode("utf-16-le", "ignore")


def read_metadata(value: Any) -> Json:
    """Return the metadata of a message as a call gives them.

    Raises:
        RefusedError: they do not name an event, or have no payload.
    """
    metadata = read_json(value, "invalid_metadata_format")
    kinds = {"event_type": str, "event_payload": dict}
    if not isinstance(metadata, dict) or {name: type(part) for name, part in metadata.items()} != kinds:
        raise RefusedError("invalid_metadata_format")
    if not metadata["event_type"].strip():
        raise RefusedError("invalid_metadata_format")
    return metadata


def read_json(value: Any, otherwise: str) -> Any:
    """Return what a string of JSON says; what is no string is what it is.

    Raises:
        RefusedError: it says nothing; the error is called `otherwise`.
    """
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise RefusedError(otherwise) from None
