"""All that is to be seen in a workspace, as items: each with a name by which it is known again, and who sees it. Pure.

An item is what a page gets, as JSON has it. What two people see differently (a form, an ephemeral message, which of
two votes is pressed) are items of their own; what everybody sees is one.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from bot.playground.answers import is_growing
from bot.playground.slack.block_kit.shown import see, see_blocks
from bot.playground.slack.records import Channel, Message, User, View, Whisper
from bot.playground.slack.workspace import Workspace

Json = dict[str, Any]
TROUBLE = "We had some trouble connecting. Try again?"  # Slack's words, whatever the app has not answered, or how
MINUTE = 60.0  # seconds; the window in which Slack counts


@dataclass(frozen=True, slots=True)
class Item:
    """What a page gets of one thing, and the ids of those who see it; None: all do."""

    content: Json
    readers: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class _Written:
    """A message as it was written, at `sign`: what changes with it."""

    sign: Any
    item: Item
    grows: bool = False


@dataclass(slots=True)
class Items:
    """The items of a workspace; what has not changed since is not written again."""

    workspace: Workspace
    _written: dict[tuple[str, str], _Written] = field(default_factory=dict)

    def list(self, now: float) -> dict[str, Item]:
        """Return all items by their names, as they stand."""
        return dict(self._list(now))

    def _list(self, now: float) -> Iterator[tuple[str, Item]]:
        workspace = self.workspace
        for user in workspace.users.values():
            yield f"person {user.id}", Item(_describe_person(user, is_bot=user.id == workspace.bot.id))
        for channel in workspace.channels.values():
            yield f"channel {channel.id}", Item(_describe_channel(channel, workspace.bot), _people(channel.members))
        for message in workspace.messages:
            yield f"message {message.channel} {message.ts}", self._write_message(message)
        for whisper in workspace.whispers:
            yield f"ephemeral {whisper.ts}", self._write_whisper(whisper)
        for view in workspace.views:
            if view.is_open:  # the newest of one person's stands above the others
                yield f"form {view.user}", Item(_describe_form(view), _people([view.user]))
        for press in workspace.presses:
            told = {"kind": "press", "value": press.value}
            yield f"press {press.user} {press.message_ts} {press.action_id}", Item(told, _people([press.user]))
        for number, warned in enumerate(workspace.warnings):
            yield f"warning {number}", Item({"kind": "warning", "words": TROUBLE}, _people([warned.user]))
        yield "limits", Item(self._describe_limits(now))

    def _write_message(self, message: Message) -> Item:
        members = self._members(message.channel)
        sign = (len(message.versions), message.edited, len(self.workspace.users), members)
        kept = self._written.get((message.channel, message.ts))
        if kept is None or kept.sign != sign:
            told = self._describe(message, message.user) | {"edited": message.edited}
            kept = _Written(sign, Item(told, members), is_growing(message))
            self._written[message.channel, message.ts] = kept
        return kept.item

    def _write_whisper(self, whisper: Whisper) -> Item:
        kept = self._written.get(("", whisper.ts))
        if kept is None or kept.sign != whisper.at:
            told = self._describe(whisper, whisper.sender) | {"ephemeral": True}
            kept = self._written["", whisper.ts] = _Written(whisper.at, Item(told, _people([whisper.user])))
        return kept.item

    def _describe(self, message: Message | Whisper, user: str) -> Json:
        workspace = self.workspace
        names = {user.id: user.name for user in workspace.users.values()}
        names |= {channel.id: channel.name for channel in workspace.channels.values()}
        return {
            "kind": "message",
            "channel": message.channel,
            "ts": message.ts,
            "thread": message.thread_ts,
            "user": user,
            "nodes": [node.describe() for node in see(message, names)],
        }

    def _members(self, channel: str) -> frozenset[str]:
        return _people(self.workspace.channels[channel].members)

    def _describe_limits(self, now: float) -> Json:
        """What the limits do: edits and refusals of the last minute, and how old the oldest text on a screen is.

        A text is on the screen since its edit was carried out. What a model has written since then is not, so nothing
        that cannot be seen yet is older than that.
        """
        edits = refusals = 0
        for call in reversed(self.workspace.calls):
            if call.at <= now - MINUTE:
                break
            edits += call.method == "chat.update" and call.error is None
            refusals += call.error == "ratelimited"
        growing = [one for one in self.workspace.messages if self._written[one.channel, one.ts].grows]
        ages = [now - one.versions[-1].at for one in growing]
        return {
            "kind": "limits",
            "edits": edits,
            "most": self.workspace.gates.edits_per_minute,
            "refusals": refusals,
            "growing": len(ages),
            "oldest": round(max(ages, default=0.0), 1),
        }


def _people(ids: Collection[str]) -> frozenset[str]:
    return frozenset(ids)


def _describe_person(user: User, *, is_bot: bool) -> Json:
    return {"kind": "person", "id": user.id, "name": user.name, "is_bot": is_bot}


def _describe_channel(channel: Channel, bot: User) -> Json:
    kind = "direct" if channel.is_direct else "private" if channel.is_private else "public"
    return {
        "kind": "channel",
        "id": channel.id,
        "name": bot.name if channel.is_direct else channel.name,
        "type": kind,
        "has_bot": bot.id in channel.members,
    }


def _describe_form(view: View) -> Json:
    content = view.content
    words = {name: (content.get(name) or {}).get("text", "") for name in ("title", "submit", "close")}
    return {
        "kind": "form",
        "id": view.id,
        "hash": content["hash"],
        **words,
        "nodes": [node.describe() for node in see_blocks(content["blocks"])],
        "errors": dict(view.errors),
    }
