"""What Slack tells of the bot's end in a workspace: it was removed there, or its token was revoked.

An organisation that has installed the bot as a whole may take some of its workspaces from it, and the token stays good.
Slack tells of each, in any order, late, and more than once; each says when it happened, by Slack's clock. What a
removal means is for whoever is told: one that is older than the installation means nothing.
"""

import logging
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from slack_bolt.async_app import AsyncApp, AsyncBoltContext

from bot.printable import as_code, is_code

logger = logging.getLogger(__name__)

REMOVED, REVOKED, WITHDRAWN = "app_uninstalled", "tokens_revoked", "team_access_revoked"
MOST_TEAMS = 10_000  # of one event; an organisation has some thousand at the most


Leave = Callable[[str, str | None, float], Awaitable[None]]
"""Lets a team go, or without one an organisation as a whole, unless it was installed after a time."""
Withdraw = Callable[[Collection[str], float], Awaitable[None]]
"""Lets some teams of an organisation go, likewise."""


def register_removals(app: AsyncApp, leave: Leave, withdraw: Withdraw) -> None:
    """Have each removal that arrives at `app` heeded; it is acknowledged after that, unless there is a `StoreError`."""

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
            await leave(team_id, context.enterprise_id, float(at))
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
            await withdraw(teams, float(at))
        await next()

    async def on_event() -> None:
        """Nothing is left to do."""

    app.event(REMOVED, middleware=[keep])(on_event)
    app.event(REVOKED, middleware=[keep])(on_event)
    app.event(WITHDRAWN, middleware=[keep_withdrawal])(on_event)
