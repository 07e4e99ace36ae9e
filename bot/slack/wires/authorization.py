"""Which installation a payload is for, told to Bolt: by its team, without a question to Slack.

Bolt would ask Slack who the token's owner is, for each payload. A payload of a workspace where the bot is not (or no
more) installed goes on to its listener all the same, which finds no installation and says so: Bolt's own words would be
in one language, and go wherever the payload says.
"""

from collections.abc import Awaitable, Callable

from slack_bolt.async_app import AsyncBoltContext
from slack_bolt.authorization import AuthorizeResult

from bot.slack.installation import Installation

INSTALLATION = "installation"  # where it stands in Bolt's context
Find = Callable[[str, str | None], Awaitable[Installation | None]]


def authorize_by(find: Find) -> Callable[..., Awaitable[AuthorizeResult]]:
    """What Bolt calls with each payload; `find` is given a team and an enterprise."""

    async def authorize(context: AsyncBoltContext, enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        found = await find(team_id or "", enterprise_id)
        if found is None:
            return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id)
        context[INSTALLATION] = found
        return AuthorizeResult(
            enterprise_id=enterprise_id, team_id=found.team_id, bot_id=found.bot_id, bot_user_id=found.bot_user_id
        )

    return authorize


def find_installation(context: AsyncBoltContext) -> Installation | None:
    """The installation that a payload is for."""
    found = context.get(INSTALLATION)
    return found if isinstance(found, Installation) else None
