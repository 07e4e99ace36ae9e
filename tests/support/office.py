"""The bot over HTTP, installed by whoever wants to, against its stand-ins in one event loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bot.app import serve
from bot.playground.slack.distribution.oauth import CLIENT_ID, CLIENT_SECRET
from bot.playground.slack.interaction.people import People
from bot.playground.slack.server import SIGNING_SECRET, SlackServer
from bot.playground.slack.workspace import Message, Workspace
from bot.settings import Distribution, Http, Settings
from bot.slack.http.events import PATH
from bot.slack.http.installs import INSTALL
from tests.support.model_server import KEY, MODEL, ModelServer
from tests.support.ports import free_port
from tests.support.world import PROBLEM, WORLDLY, PatientStore, wall_clock

KEYS = ("0123456789abcdef0123456789abcdef0123456789A=",)


@dataclass(slots=True)
class Office:
    """The bot, the workspaces that may install it, and the model."""

    url: str  # where the bot listens
    slack: SlackServer
    model: ModelServer
    bot: asyncio.Task[None]
    stop: asyncio.Event

    def team(self, team_id: str) -> People:
        """The people of a workspace."""
        return self.slack.people[team_id]

    async def get(self, path: str) -> tuple[int, str]:
        """What the bot's server answers."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}{path}") as response:
            return response.status, await response.text()

    async def install(self, team_id: str) -> str:
        """Have somebody install the bot in their workspace; the page that they see in the end."""
        jar = aiohttp.CookieJar(unsafe=True)
        async with (
            aiohttp.ClientSession(cookie_jar=jar) as browser,
            browser.get(f"{self.url}{INSTALL}?team={team_id}") as response,
        ):
            assert response.status == 200
            assert urlsplit(str(response.url)).path == "/slack/oauth_redirect"
            return await response.text()

    async def remove(self, team_id: str, *, at: float | None = None) -> None:
        """Have a workspace remove the bot, or Slack tell of that again which happened `at` that time."""
        workspace = self.team(team_id).workspace
        if at is None:
            workspace.is_installed = False
        body = {
            "token": "x",
            "team_id": team_id,
            "api_app_id": workspace.app_id,
            "event": {"type": "app_uninstalled"},
            "type": "event_callback",
            "event_id": f"EvREMOVED{at}",
            "event_time": int(wall_clock() if at is None else at),
        }
        assert await self.slack.requests.deliver("events_api", body, within=3.0)

    async def ask(self, team_id: str, problem: str = PROBLEM, **place: Any) -> list[Message]:
        """Type the command and wait until the thread is settled. Returns the thread."""
        workspace = self.team(team_id).workspace
        before = len(workspace.messages)
        await self.team(team_id).command(problem, **place)
        async with asyncio.timeout(600.0):
            await workspace.until(lambda: len(workspace.messages) > before)
            parent = workspace.messages[before]
            await workspace.until(lambda: "Perspectives for" in parent.text)
        return workspace.thread(parent.channel, parent.ts)


@asynccontextmanager
async def office(
    *others: Workspace,
    model: ModelServer | None = None,
    is_distributed: bool = True,
    token_keys: tuple[str, ...] = KEYS,
    metrics_token: str = "",
    **changed: Any,
) -> AsyncIterator[Office]:
    """Run the bot over HTTP until the block is left; `changed` are settings. Else it is the first team's."""
    first = Workspace(clock=wall_clock)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    async with SlackServer(first, latency=0.08, others=others) as slack, model or ModelServer() as server:
        settings = replace(
            Settings(
                slack_bot_token="" if is_distributed else first.bot_token,
                slack_app_token="",
                openai_api_key=KEY,
                openai_base_url=server.url,
                openai_model=MODEL,
                slack_api_url=slack.url,
                http=Http(port, "127.0.0.1", SIGNING_SECRET, metrics_token),
                distribution=Distribution(CLIENT_ID, CLIENT_SECRET, url, token_keys) if is_distributed else None,
            ),
            **(WORLDLY | changed),
        )
        stop, is_open = asyncio.Event(), asyncio.Event()
        bot = asyncio.create_task(
            serve(settings, stop=stop, make_store=PatientStore, clock=wall_clock, on_connected=is_open.set)
        )
        opening = asyncio.create_task(is_open.wait())
        await asyncio.wait((bot, opening), return_when=asyncio.FIRST_COMPLETED)
        opening.cancel()
        slack.send_to(f"{url}{PATH}")
        try:
            yield Office(url, slack, server, bot, stop)
        finally:
            stop.set()
            await bot
