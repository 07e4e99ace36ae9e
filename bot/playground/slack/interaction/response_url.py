"""The address that a slash command carries, where its app may answer without being a member of the channel.

It works `USES` times within `LIFETIME`. `replace_original` and `delete_original` are about the messages of interactive
payloads; for a command they change nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.playground.slack.arguments import BLOCKS, Args, RefusedError, check_arguments, cut, read_content
from bot.playground.slack.methods import POST_TEXT_LIMIT
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


@dataclass(slots=True)
class ResponseUrl:
    """One command's address: who sent it from where, and what is left of it."""

    channel: str
    user: str
    expires_at: float  # loop time
    uses_left: int = USES

    def use(self, workspace: Workspace, args: Args) -> str:
        """Carry out a call of this address and return the ts of what it showed.

        Raises:
            RefusedError: nothing was done, and no use spent.
        """
        if workspace.now() >= self.expires_at:
            raise RefusedError("expired_url")
        if not self.uses_left:
            raise RefusedError("used_url")
        ts = answer(workspace, self.channel, self.user, args)
        self.uses_left -= 1
        return ts


def answer(workspace: Workspace, channel: str, user: str, args: Mapping[str, Any]) -> str:
    """Show what an app answers to a command, to its sender or to all, and return its ts.

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
        return workspace.post(channel, workspace.bot.id, text, blocks).ts
    return workspace.whisper(channel, user, text, blocks).ts
