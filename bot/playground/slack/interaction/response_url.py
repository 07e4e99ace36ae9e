"""The address that comes with what a person did, where the app may answer without being a member of the channel.

It works `USES` times within `LIFETIME`. A press is answered beside the message that has the button, or in its place
(`replace_original`, `delete_original`). Those two are about such a message; for a command or a shortcut they change
nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.playground.slack.arguments import BLOCKS, Args, RefusedError, check_arguments, cut, read_content
from bot.playground.slack.methods import POST_TEXT_LIMIT
from bot.playground.slack.records import Message, Whisper
from bot.playground.slack.workspace import Workspace

USES = 5  # documented
LIFETIME = 30 * 60.0  # seconds; documented
ANSWER: Mapping[str, type | str] = {
    "text": str,
    "blocks": BLOCKS,
    "response_type": str,
    "replace_original": bool,
    "delete_original": bool,
}
Source = Message | Whisper | None
"""The message that has the button; None for what was no press."""


@dataclass(slots=True)
class ResponseUrl:
    """One address: who did something where, with what message, and what is left of it."""

    channel: str
    user: str
    expires_at: float  # loop time
    uses_left: int = USES
    source: Source = None

    def use(self, workspace: Workspace, args: Args) -> str:
        """Carry out a call of this address and return the ts of what it showed.

        Raises:
            RefusedError: nothing was done, and no use spent.
        """
        if workspace.now() >= self.expires_at:
            raise RefusedError("expired_url")
        if not self.uses_left:
            raise RefusedError("used_url")
        if self.source is None:
            ts = answer(workspace, self.channel, self.user, args)
        else:
            ts = self._answer_press(workspace, self.source, args)
        self.uses_left -= 1
        return ts

    def _answer_press(self, workspace: Workspace, source: Message | Whisper, args: Args) -> str:
        args = check_arguments({**ANSWER, "thread_ts": str}, (), args)
        replaces, deletes = args.get("replace_original", False), args.get("delete_original", False)
        if "replace_original" not in args and not deletes:
            # What becomes of the message then is not documented, and people report both.
            raise RefusedError("invalid_payload")
        if not replaces and not deletes:
            thread_ts = args.pop("thread_ts", None)
            if thread_ts is not None and workspace.find(self.channel, thread_ts) is None:
                raise RefusedError("thread_not_found")
            return answer(workspace, self.channel, self.user, args, thread_ts=thread_ts)
        if replaces and deletes:
            raise RefusedError("invalid_payload")
        content = read_content(args) if replaces else None
        if not workspace.replace_original(source, content):
            raise RefusedError("message_not_found")
        return source.ts


def answer(
    workspace: Workspace, channel: str, user: str, args: Mapping[str, Any], *, thread_ts: str | None = None
) -> str:
    """Show what an app answers to somebody, to them or to all, and return its ts.

    Raises:
        RefusedError: the answer has no form that Slack would show.
    """
    args = check_arguments(ANSWER, (), args)
    response_type = args.get("response_type", "ephemeral")
    if response_type not in {"ephemeral", "in_channel"}:
        raise RefusedError("invalid_payload")
    text, blocks = read_content(args)
    text = cut(text, POST_TEXT_LIMIT)
    if response_type == "in_channel":
        return workspace.post(channel, workspace.bot.id, text, blocks, thread_ts=thread_ts).ts
    return workspace.whisper(channel, user, text, blocks, thread_ts=thread_ts).ts
