"""The bot as a process, over HTTP, installed in many workspaces, with a database and the stand-ins of its own."""

import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp

from bot.durable.sealing import Sealer
from bot.durable.store import Store
from bot.playground.slack.distribution.oauth import CLIENT_ID, CLIENT_SECRET
from bot.playground.slack.server import SIGNING_SECRET
from bot.playground.slack.workspace import BOT_SCOPES
from bot.slack.http.events import PATH
from bot.slack.installation import Installation
from tests.benchmarks.scale.child import Child, child
from tests.benchmarks.scale.stand_in import make_team
from tests.support.databases import database, query
from tests.support.model_server import KEY, MODEL
from tests.support.office import KEYS
from tests.support.process import Process, process

METRICS = "0123456789abcdef-metrics"  # the token with which they are asked for


@dataclass(frozen=True, slots=True)
class Served:
    """The bot, and what it is measured by."""

    process: Process
    pid: int
    url: str  # where it listens
    database: str
    world: Child

    async def ask(self, over: float) -> dict[str, Any]:
        """Have a question asked in each workspace: see `stand_in.World.ask`."""
        seen: dict[str, Any] = await self.world.ask("ask", url=f"{self.url}{PATH}", over=over)
        return seen

    async def metrics(self) -> dict[str, float]:
        """What the bot counts itself, by name and labels."""
        headers = {"Authorization": f"Bearer {METRICS}", "Accept": "text/plain"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.get(f"{self.url}/metrics") as response,
        ):
            if response.status != 200:
                return {}
            lines = [line.rpartition(" ") for line in (await response.text()).splitlines() if line[:1] != "#"]
        return {name: float(value) for name, _, value in lines}


@asynccontextmanager
async def serving(*, teams: int, installed: int, tokens: int, seconds: float) -> AsyncIterator[Served]:
    """Start all of it, with so many workspaces of which `installed` have the bot, and answers of so many tokens."""
    with TemporaryDirectory() as directory:
        async with (
            database("postgresql", Path(directory)) as url,
            child("tests.benchmarks.scale.stand_in", str(teams), str(tokens), str(seconds)) as world,
        ):
            addresses = await world.hear()
            await install(url, teams, installed)
            port = find_port()
            environment = {
                "PORT": str(port),
                "WEB_HOST": "127.0.0.1",
                "PUBLIC_URL": f"http://127.0.0.1:{port}",
                "SLACK_CLIENT_ID": CLIENT_ID,
                "SLACK_CLIENT_SECRET": CLIENT_SECRET,
                "SLACK_SIGNING_SECRET": SIGNING_SECRET,
                "TOKEN_KEY": KEYS[0],
                "SLACK_API_URL": addresses["slack"],
                "OPENAI_API_KEY": KEY,
                "OPENAI_BASE_URL": addresses["model"],
                "OPENAI_MODEL": MODEL,
                "DATABASE_URL": url,
                "MAX_STREAMS": "1000",
                "RUNS_PER_PERSON": "100",
                "RUNS_PER_PERSON_PER_HOUR": "1000",
                "METRICS_TOKEN": METRICS,
            }
            async with process(Path(directory), **environment) as bot:
                await bot.logged("bot.start", within=60)
                yield Served(bot, bot.pid, environment["PUBLIC_URL"], url, world)


async def install(url: str, teams: int, installed: int) -> None:
    """Write down that the bot is installed in so many workspaces; those beyond the first `teams` ask nothing."""
    async with Store(url, owner="installer", clock=time.time) as store:
        await store.open()
        table = store.installations(Sealer(KEYS))
        for team in map(make_team, range(teams)):
            one = Installation(team.team_id, None, team.bot_token, team.bot_id, team.bot.id, frozenset(BOT_SCOPES))
            await table.save(one, name=team.domain, at=time.time())
        await store.leave()
    columns = "enterprise, {}, name, token, sealed_by, bot_id, bot_user, scopes, installed_at"
    copied = columns.format("'T0QUIET' || number")
    await query(
        url,
        f"INSERT INTO installations ({columns.format('team')}) SELECT {copied} "  # noqa: S608 - ours
        f"FROM installations, generate_series(1, {installed - teams}) AS number WHERE team = '{make_team(0).team_id}'",
    )
    await query(url, "ANALYZE")


def find_port() -> int:
    """One that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port
