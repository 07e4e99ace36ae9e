"""What Slack tells of the bot's end in a workspace: it was removed there, or its token was revoked.

Slack tells of both, in any order, late, and more than once; each says when it happened, by Slack's clock. What a
removal means is for whoever is told: one that is older than the installation means nothing.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from slack_bolt.async_app import AsyncApp, AsyncBoltContext

from bot.printable import as_code

logger = logging.getLogger(__name__)

REMOVED, REVOKED = "app_uninstalled", "tokens_revoked"


class Leave(Protocol):
    """Ends what goes on in a workspace, and keeps nothing of it. Raises `StoreError`."""

    async def __call__(self, team_id: str, enterprise_id: str | None, *, at: float) -> None:
        """Do so for one; without a `team_id`, for an organisation that has installed the bot as a whole."""


def register_removals(app: AsyncApp, leave: Leave) -> None:
    """Have `leave` called for each removal that arrives at `app`; it is acknowledged after that."""

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
            await leave(team_id, context.enterprise_id, at=float(at))
        await next()

    async def on_event() -> None:
        """Nothing is left to do."""

    app.event(REMOVED, middleware=[keep])(on_event)
    app.event(REVOKED, middleware=[keep])(on_event)
