"""Which installation a payload is for, told to Bolt: by its team, without a question to Slack.

Bolt would ask Slack who the token's owner is, for each payload. A payload of a workspace where the bot is not (or no
more) installed goes on to its listener all the same, which finds no installation and says so: Bolt's own words would be
in one language, and go wherever the payload says.
"""

from collections.abc import Awaitable, Callable

import aiohttp
from slack_bolt.async_app import AsyncApp, AsyncBoltContext
from slack_bolt.authorization import AuthorizeResult

from bot.network.proxies import DIRECT, Proxies
from bot.slack.api import make_client
from bot.slack.installation import Find, Installation

INSTALLATION = "installation"  # where it stands in Bolt's context


async def find_none(_: str, __: str | None) -> None:
    """No installation, for whoever only wants to see whether a connection can be made."""


def make_bolt(find: Find, *, api_url: str, session: aiohttp.ClientSession, proxies: Proxies = DIRECT) -> AsyncApp:
    """Bolt's app, whose listeners are called for whichever installations `find` knows, whatever way a payload comes."""
    # This client has no token: Bolt would ask Slack who its owner is when the first command waits.
    client = make_client(None, api_url, session, proxies)
    return AsyncApp(
        name="perspectives",  # else Bolt would look up who calls it, by a way that takes 15 ms
        client=client,
        authorize=authorize_by(find),
        logger=client.logger,
        # Whoever takes payloads in sees to that, before any of them is read. Else Bolt would ask the environment.
        signing_secret="",
        request_verification_enabled=False,
    )


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
