"""An installation: the bot in one workspace, with the token that Slack gave it there. Found by the team. Pure."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

SCOPES = {
    "app_mentions:read": "to hear of a mention",
    "chat:write": "to post the thread and to edit it",
    "commands": "for /perspectives, and the shortcut on a message",
}
"""The scopes that the bot cannot do without, as in `manifest.yml`, and what for."""

OPTIONAL_SCOPES = {
    "channels:history": "in public channels",
    "groups:history": "in private ones",
    "im:history": "in direct messages",
}
"""The scopes that it makes use of where it has them, as in `manifest.yml`, and where."""


@dataclass(frozen=True, slots=True)
class Installation:
    """The bot as it is installed in the workspace `team_id`, or in the organisation `enterprise_id` as a whole.

    The ids are Slack's; `team_id` is the workspace's that was asked for in either case. `scopes` are what the token may
    do; None where Slack does not say.
    """

    team_id: str
    enterprise_id: str | None
    bot_token: str = field(repr=False)
    bot_id: str
    bot_user_id: str
    scopes: frozenset[str] | None = None

    @property
    def workspace(self) -> str:
        """What the workspace is called where runs are kept: two bots that are in the same one stay apart."""
        return f"{self.team_id}/{self.bot_id}"


def find_team(workspace: str) -> str:
    """The team of a workspace that is called so."""
    return workspace.partition("/")[0]


Find = Callable[[str, str | None], Awaitable[Installation | None]]
"""Finds the installation that answers in a workspace, by its team and its organisation; None where there is none."""


def find_only(installation: Installation) -> Find:
    """Finds the only one that there is: what arrives is its workspace's, or that of people who are its guests."""

    async def find(_: str, __: str | None) -> Installation:
        return installation

    return find
