"""What Slack tells an app of what people do: messages, commands and mentions, and text as Slack hands it over."""

import re
import uuid
from typing import Any

from bot.playground.slack.block_kit.stored import store, write_rich_text
from bot.playground.slack.records import Channel, Message, User
from bot.playground.slack.workspace import Workspace

NAME = re.compile(r"(?<!\w)([@#])([a-z0-9][a-z0-9._-]*)")


def escape(workspace: Workspace, text: str, *, with_labels: bool) -> str:
    """Return `text` as Slack hands over what a person typed.

    `&`, `<` and `>` become entities, the names of known people and channels become mentions: with their label in
    commands (`should_escape` in the manifest), without one in messages.
    """
    users = {user.name: user for user in workspace.users.values()}
    channels = {channel.name: channel for channel in workspace.channels.values()}

    def mention(match: re.Match[str]) -> str:
        sign, name = match.groups()
        known: User | Channel | None = users.get(name) if sign == "@" else channels.get(name)
        if known is None:
            return match.group()
        label = name if with_labels else ""
        bar = "|" if with_labels or sign == "#" else ""
        return f"<{sign}{known.id}{bar}{label}>"

    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return NAME.sub(mention, escaped)


def describe_message(workspace: Workspace, message: Message) -> dict[str, Any]:
    """Return a message as Slack hands it out, with its blocks as it keeps them, and never quite as they were sent."""
    described: dict[str, Any] = {
        "type": "message",
        "user": message.user,
        "team": workspace.team_id,
        "ts": message.ts,
        "text": message.text,
    }
    if message.bot_id is not None:
        described |= {"bot_id": message.bot_id, "app_id": workspace.app_id}
    if message.blocks:
        described["blocks"] = store(message.blocks, name_version(message))
    elif message.bot_id is None:
        described["blocks"] = [write_rich_text(message.text, name_version(message))]
    if message.thread_ts is not None:
        described["thread_ts"] = message.thread_ts
    if message.metadata is not None:
        described["metadata"] = message.metadata
    if message.edited:
        described["edited"] = {"user": message.user, "ts": message.ts}
    return described


def name_version(message: Message) -> str:
    """Return a name of the message as it stands."""
    return f"{message.channel}/{message.ts}/{len(message.versions)}"


def name_channel(channel: Channel) -> str:
    """Return the name that an app is told of a channel: of a private one it is none."""
    if channel.is_direct:
        return "directmessage"
    return "privategroup" if channel.is_private else channel.name


def describe_command(
    workspace: Workspace,
    *,
    command: str,
    text: str,
    user: User,
    channel: Channel,
    response_url: str,
    trigger_id: str | None = None,
) -> dict[str, Any]:
    """Return the payload of a `slash_commands` envelope; a `trigger_id` that was not issued opens nothing."""
    return {
        "token": "playground",
        "team_id": workspace.team_id,
        "team_domain": workspace.domain,
        "channel_id": channel.id,
        "channel_name": name_channel(channel),
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": escape(workspace, text, with_labels=True).strip(),
        "api_app_id": workspace.app_id,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id or f"1.1.{uuid.uuid4().hex}",
    } | ({"enterprise_id": workspace.enterprise_id, "enterprise_name": "org"} if workspace.enterprise_id else {})


def describe_mention(workspace: Workspace, message: Message) -> dict[str, Any]:
    """Return the `app_mention` event of a person's message."""
    event: dict[str, Any] = {
        "type": "app_mention",
        "user": message.user,
        "ts": message.ts,
        "client_msg_id": str(uuid.uuid4()),
        "text": message.text,
        "team": workspace.team_id,
        "channel": message.channel,
        "event_ts": message.ts,
    }
    if message.thread_ts is not None:
        event["thread_ts"] = message.thread_ts
    if message.edited:
        event["edited"] = {"user": message.user, "ts": message.ts}
    return event


def describe_event(workspace: Workspace, event: dict[str, Any], event_id: str | None) -> dict[str, Any]:
    """Return the payload of an `events_api` envelope."""
    return {
        "token": "playground",
        "team_id": workspace.team_id,
        "api_app_id": workspace.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": event_id or f"Ev{uuid.uuid4().hex[:10].upper()}",
        "event_time": int(workspace.clock()),
        "authorizations": [
            {
                "enterprise_id": workspace.enterprise_id,
                "team_id": workspace.team_id,
                "user_id": workspace.bot.id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-{uuid.uuid4().hex}",
    }
