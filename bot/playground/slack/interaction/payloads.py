"""The payloads of what people do with what is on their screens: press, fill in, use a shortcut, write to the bot."""

from collections.abc import Mapping
from typing import Any

from bot.playground.slack.block_kit.elements import Button, find_buttons
from bot.playground.slack.block_kit.stored import store
from bot.playground.slack.interaction.modals import describe_view
from bot.playground.slack.payloads import describe_message, name_channel, name_version
from bot.playground.slack.records import Channel, DirectChange, Message, User, View, Whisper
from bot.playground.slack.workspace import Workspace

Payload = dict[str, Any]


def find_button(source: Message | Whisper, action_id: str, value: str | None, user: User) -> Button:
    """Return the button of a message as it stands; with a `value`, the one that carries it.

    Raises:
        ValueError: there is none that `user` sees, or there are several.
    """
    blocks = store(source.blocks, _name_version(source))
    found = [
        button
        for button in find_buttons(blocks)
        if button.action_id == action_id
        and value in (None, button.value)
        and (not button.visible_to or user.id in button.visible_to)
    ]
    if len(found) != 1:
        raise ValueError(f"{len(found)} buttons {action_id} in the message {source.ts}")
    return found[0]


def describe_press(
    workspace: Workspace, source: Message | Whisper, button: Button, user: User, *, trigger_id: str, response_url: str
) -> Payload:
    """Return the payload of a press of a button; of an ephemeral message it does not have the message."""
    container: Payload = {
        "type": "message",
        "message_ts": source.ts,
        "channel_id": source.channel,
        "is_ephemeral": isinstance(source, Whisper),
    }
    if source.thread_ts is not None:
        container["thread_ts"] = source.thread_ts
    action: Payload = {
        "type": button.kind,
        "action_id": button.action_id,
        "block_id": button.block_id,
        "text": button.text,
        "action_ts": _stamp(workspace),
    }
    if button.value is not None:
        action["value"] = button.value
    if button.style is not None:
        action["style"] = button.style
    payload = _describe(workspace, "block_actions", user) | {
        "container": container,
        "trigger_id": trigger_id,
        "channel": _describe_channel(workspace.channel(source.channel)),
        "state": {"values": {}},
        "response_url": response_url,
        "actions": [action],
    }
    if isinstance(source, Message):
        payload["message"] = describe_message(workspace, source)
    return payload


def describe_shortcut(
    workspace: Workspace, message: Message, callback_id: str, user: User, *, trigger_id: str, response_url: str
) -> Payload:
    """Return the payload of a message shortcut, with the whole message."""
    return _describe(workspace, "message_action", user) | {
        "action_ts": _stamp(workspace),
        "callback_id": callback_id,
        "trigger_id": trigger_id,
        "response_url": response_url,
        "channel": _describe_channel(workspace.channel(message.channel)),
        "message_ts": message.ts,
        "message": describe_message(workspace, message),
    }


def describe_submission(
    workspace: Workspace, view: View, values: Mapping[str, Any], user: User, *, trigger_id: str
) -> Payload:
    """Return the payload of a form that was sent: it knows of no channel, and of no message."""
    return _describe(workspace, "view_submission", user) | {
        "trigger_id": trigger_id,
        "view": describe_view(view, values),
        "response_urls": [],
    }


def describe_closing(workspace: Workspace, view: View, user: User) -> Payload:
    """Return the payload of a form that was closed and not sent."""
    return _describe(workspace, "view_closed", user) | {"view": describe_view(view), "is_cleared": False}


def describe_direct_change(workspace: Workspace, change: DirectChange) -> Payload:
    """Return the `message` event of a message that was written, changed or deleted in a direct channel."""
    before, now = change.before, change.now
    changed = now or before
    assert changed is not None, "something has changed"  # noqa: S101 - a law of the record
    event: Payload = {
        "type": "message",
        "channel": changed.channel,
        "channel_type": "im",
        "ts": change.ts,
        "event_ts": change.ts,
    }
    if now is None:
        subtype = {"subtype": "message_deleted", "deleted_ts": changed.ts}
    elif before is None:
        return describe_message(workspace, now) | event
    else:
        subtype = {"subtype": "message_changed"}
        event["message"] = describe_message(workspace, now)
    if before is not None:
        event["previous_message"] = describe_message(workspace, before)
    return event | subtype | {"hidden": True}


def _describe(workspace: Workspace, kind: str, user: User) -> Payload:
    return {
        "type": kind,
        "team": {"id": workspace.team_id, "domain": workspace.domain},
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": workspace.team_id},
        "api_app_id": workspace.app_id,
        "token": "playground",
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _describe_channel(channel: Channel) -> Payload:
    return {"id": channel.id, "name": name_channel(channel)}


def _name_version(source: Message | Whisper) -> str:
    return name_version(source) if isinstance(source, Message) else f"{source.channel}/{source.ts}"


def _stamp(workspace: Workspace) -> str:
    return f"{workspace.clock():.6f}"
