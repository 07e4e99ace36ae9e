"""What Slack tells of the bot's end in a workspace: it was removed there, or its token was revoked.

An organisation that has installed the bot as a whole may take some of its workspaces from it, and the token stays good.
Slack tells of each, in any order, late, and more than once; each says when it happened, by Slack's clock. What a
removal means is for whoever is told: one that is older than the installation means nothing.
"""

import logging
from collections.abc import Awaitable, Callable, Collection
from typing import Any, Protocol

from slack_bolt.async_app import AsyncApp, AsyncBoltContext

from bot.printable import as_code, is_code

logger = logging.getLogger(__name__)

REMOVED, REVOKED, WITHDRAWN = "app_uninstalled", "tokens_revoked", "team_access_revoked"
MOST_TEAMS = 10_000  # of one event; an organisation has some thousand at the most


class Departures(Protocol):
    """Ends what goes on in a workspace, and keeps nothing of it. Both raise `StoreError`."""

    async def leave(self, team_id: str, enterprise_id: str | None, *, at: float) -> None:
        """Do so for one; without a `team_id`, for an organisation that has installed the bot as a whole."""

    async def withdraw(self, teams: Collection[str], *, at: float) -> None:
        """Do so for some of an organisation's."""


def register_removals(app: AsyncApp, departures: Departures) -> None:
    """Have `departures` told of each removal that arrives at `app`; it is acknowledged after that."""

    async def keep(
        event: dict[str, Any],
        body: dict[str, Any],
        context: AsyncBoltContext,
        next: Callable[[], Awaitable[Any]],  # noqa: A002 - Bolt's
    ) -> None:
        at = body.get("event_time")
        tokens = event.get("tokens")
        is_bots = event.get("type") == REMOVED or (isinstance(tokens, dict) and bool(tokens.get("bot")))
        if is_bots and isinstance(at, int | float):
            team_id = "" if context.is_enterprise_install else context.team_id or ""
            logger.info("removal.heard team=%s enterprise=%s", as_code(team_id), as_code(context.enterprise_id))
            await departures.leave(team_id, context.enterprise_id, at=float(at))
        await next()

    async def keep_withdrawal(
        event: dict[str, Any],
        body: dict[str, Any],
        next: Callable[[], Awaitable[Any]],  # noqa: A002 - Bolt's
    ) -> None:
        at, named = body.get("event_time"), event.get("team_ids")
        teams = {one for one in named[:MOST_TEAMS] if is_code(one)} if isinstance(named, list) else set()
        if teams and isinstance(at, int | float):
            logger.info("removal.heard teams=%s", len(teams))
            await departures.withdraw(teams, at=float(at))
        await next()

    async def on_event() -> None:
        """Nothing is left to do."""

    app.event(REMOVED, middleware=[keep])(on_event)
    app.event(REVOKED, middleware=[keep])(on_event)
    app.event(WITHDRAWN, middleware=[keep_withdrawal])(on_event)
