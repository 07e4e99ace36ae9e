"""The Socket Mode connection: what Slack sends comes in here and goes to Bolt's listeners.

Connecting asks for the first ticket itself, so that a token which Slack refuses is told at the start, where somebody
looks; the SDK would try again for ever.
"""

import asyncio
import logging
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bot.slack import Identity, make_client, translated

logger = logging.getLogger(__name__)

CLOSE_TIMEOUT = 2.0  # seconds; running answers wait behind it, and hosts kill after 30


class Socket:
    """One connection, kept up by the SDK. An async context manager, which closes it so that Slack sees it closed."""

    def __init__(self, *, app_token: str, api_url: str, session: aiohttp.ClientSession) -> None:
        # This client has no token: Bolt would ask Slack who its owner is when the first command waits.
        client = make_client(None, api_url, session)

        async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
            return self._authorize(enterprise_id, team_id)

        self.app = AsyncApp(client=client, authorize=authorize, logger=client.logger)
        self._app_token = app_token
        self._identity: Identity | None = None
        self._handler: AsyncSocketModeHandler | None = None
        self._web = client
        self._ticket = ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def prepare(self) -> None:
        """Ask for the ticket of the first connection. Raises `SlackError` or `TokenRefusedError`."""
        async with translated(token="SLACK_APP_TOKEN"):  # noqa: S106 - a variable's name
            answer = await self._web.apps_connections_open(app_token=self._app_token)
        self._ticket = answer["url"]

    async def connect(self, identity: Identity) -> None:
        """Connect; from now on the listeners of `app` are called, in the name of `identity`."""
        self._identity = identity
        self._handler = AsyncSocketModeHandler(self.app, self._app_token, logger=self._web.logger)
        self._handler.client.message_listeners.append(_note_hello)
        self._handler.client.wss_uri = self._ticket
        await self._handler.connect_async()  # type: ignore[no-untyped-call]

    async def close(self) -> None:
        """Close the connection; nothing comes in any more."""
        if self._handler is not None:
            handler, self._handler = self._handler, None
            with suppress(TimeoutError):  # a peer that is gone answers nothing
                async with asyncio.timeout(CLOSE_TIMEOUT):
                    await handler.close_async()  # type: ignore[no-untyped-call]

    def _authorize(self, enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        assert self._identity is not None, "events come after connect()"  # noqa: S101 - a law of this class
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_id=self._identity.bot_id,
            bot_user_id=self._identity.user_id,
        )


async def _note_hello(_client: object, message: dict[str, Any], _raw: str | None = None) -> None:
    if message.get("type") == "hello":
        # More than the replicas that run means connections that died without Slack's knowing.
        logger.info("socket.connected connections=%s", message.get("num_connections"))
