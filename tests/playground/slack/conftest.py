"""A server that answers, the SDK's client for it with one session, and an app that is connected to it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import Workspace


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the SDK's bare client reach the stand-in: unlike the bot's, it takes a proxy for loopback too."""
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def workspace() -> Workspace:
    """A workspace with Slack's limits."""
    return Workspace()


@pytest.fixture
async def server(workspace: Workspace) -> AsyncIterator[SlackServer]:
    """Slack, listening."""
    async with SlackServer(workspace) as server:
        yield server


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """One session for all calls of a test."""
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def client(server: SlackServer, session: aiohttp.ClientSession) -> AsyncWebClient:
    """The SDK's client with the bot's token; it repeats no call by itself."""
    return AsyncWebClient(server.workspace.bot_token, base_url=server.url, session=session, retry_handlers=[])


@pytest.fixture
async def app(server: SlackServer, client: AsyncWebClient) -> AsyncIterator[AsyncApp]:
    """A Bolt app that is connected, and listens to nothing yet."""
    app = AsyncApp(client=client)
    handler = AsyncSocketModeHandler(app, Workspace.app_token)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    await server.connected()
    yield app
    await handler.close_async()  # type: ignore[no-untyped-call]
