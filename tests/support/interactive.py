"""What Slack sends of buttons, forms and chosen messages, and of messages to the bot, built from its documentation."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bot.commands import TALKATIVE
from bot.playground.slack.payloads import describe_event
from bot.playground.slack.workspace import Workspace
from bot.slack.forms import WORDS
from bot.slack.listeners import SHORTCUT

USER, CHANNEL, DIRECT = "U0ADA", "C0GENERAL", "D0ADA"
PARENT, REPLY = "1800000000.000001", "1800000000.000002"
TRIGGER = "12466734323.1395872398.0123456789abcdef"
RESPONSE_URL = "http://127.0.0.1:9/x"  # where nobody answers


def interactive(kind: str, **fields: Any) -> dict[str, Any]:
    """What all of them have."""
    return {
        "type": kind,
        "team": {"id": "T0PLAYGRND", "domain": "playground"},
        "user": {"id": USER, "team_id": "T0PLAYGRND"},
        "trigger_id": TRIGGER,
        **fields,
    }


def press(action_id: str, value: str, *, ts: str = REPLY, thread_ts: str | None = PARENT) -> dict[str, Any]:
    """Somebody presses a button of a message."""
    container: dict[str, Any] = {"type": "message", "message_ts": ts, "channel_id": CHANNEL, "is_ephemeral": False}
    if thread_ts:
        container["thread_ts"] = thread_ts
    return interactive(
        "block_actions",
        container=container,
        channel={"id": CHANNEL, "name": "general"},
        message={"type": "message", "ts": ts},
        response_url=RESPONSE_URL,
        actions=[{"type": "button", "action_id": action_id, "block_id": "b1", "value": value, "action_ts": "1.0"}],
    )


def choose_message(text: str, *, ts: str = REPLY, thread_ts: str | None = PARENT) -> dict[str, Any]:
    """Somebody chooses the shortcut on a message."""
    message: dict[str, Any] = {"type": "message", "user": "U0BOB", "ts": ts, "text": text}
    if thread_ts:
        message["thread_ts"] = thread_ts
    return interactive(
        "message_action",
        callback_id=SHORTCUT,
        channel={"id": CHANNEL, "name": "general"},
        message_ts=ts,
        message=message,
        response_url=RESPONSE_URL,
    )


def submit(view: dict[str, Any], words: str | None, view_id: str = "V0PKB1ZFV") -> dict[str, Any]:
    """Somebody sends a form with `words` in its field."""
    value = {"type": "plain_text_input", "value": words}
    kept = {name: view[name] for name in ("type", "callback_id", "private_metadata")}
    return interactive(
        "view_submission",
        view={**kept, "id": view_id, "state": {"values": {WORDS: {WORDS: value}}}},
        response_urls=[],
    )


def submit_to(callback_id: str, place: dict[str, Any], words: str | None = "why?") -> dict[str, Any]:
    """The same of a form that carries `place`."""
    return submit({"type": "modal", "callback_id": callback_id, "private_metadata": json.dumps(place)}, words)


def write_to_bot(workspace: Workspace, text: str, **fields: Any) -> dict[str, Any]:
    """Somebody writes to the bot itself: the payload of the event."""
    event = {
        "type": "message",
        "channel_type": "im",
        "channel": DIRECT,
        "user": USER,
        "text": text,
        "ts": REPLY,
        "event_ts": REPLY,
        **fields,
    }
    return describe_event(workspace, event, None)


@contextmanager
def silenced() -> Iterator[None]:
    """As in the bot: Bolt's loggers quote whole requests, in characters that no report of a test can hold."""
    loggers = [logging.getLogger(name) for name in TALKATIVE]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)
