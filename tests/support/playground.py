"""The playground's page over the bot and its stand-ins, and windows that listen as the page does."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bot.playground.browser.server import serving_page
from bot.playground.slack.workspace import BOT_SCOPES, HISTORY_SCOPES, Workspace
from tests.support.model_server import ModelServer
from tests.support.world import World, running

Json = dict[str, Any]
LONGEST = 600.0  # seconds, after which what is waited for is held not to come


@dataclass(slots=True)
class Window:
    """A window: who sits before it, and what they see."""

    url: str
    client: aiohttp.ClientSession
    key: str = ""
    person: str = ""
    problem: str = ""
    revision: str = ""
    items: Json = field(default_factory=dict)

    async def open(self) -> "Window":
        """Open it, or load it anew: it has its key then."""
        async with self.client.post(f"{self.url}windows", json={"window": self.key}) as response:
            told = await response.json()
        self.key, self.person, self.problem = told["window"], told["person"], told["problem"]
        return self

    async def do(self, what: str, **deed: Any) -> tuple[int, str]:
        """Do something; the status, and the words where it is refused."""
        deed = {"window": self.key, "do": what, **deed}
        async with self.client.post(f"{self.url}deeds", json=deed) as response:
            text = await response.text()
        return response.status, json.loads(text)["error"]["words"] if text else ""

    async def look(self, condition: Any = bool) -> bool:
        """Listen until all that is seen fulfils a condition; whether all was sent anew."""
        is_whole = False
        query = {"window": self.key, "since": self.revision}
        async with (
            asyncio.timeout(LONGEST),
            self.client.get(f"{self.url}events", params=query) as response,
        ):
            assert response.status == 200, await response.text()
            async for line in response.content:
                if not line.startswith(b"data: "):
                    continue
                told = json.loads(line.removeprefix(b"data: "))
                is_whole = is_whole or told["is_whole"]
                self.revision = told["revision"]
                self.items = {**({} if told["is_whole"] else self.items), **told["items"]}
                self.items = {name: item for name, item in self.items.items() if item is not None}
                if condition(self.items):
                    break
        return is_whole

    def of(self, kind: str) -> list[Json]:
        """The items of a kind."""
        return [item for item in self.items.values() if item["kind"] == kind]


@dataclass(frozen=True, slots=True)
class Place:
    """The bot, and the page's server at the address that a browser opens."""

    world: World
    address: str
    client: aiohttp.ClientSession

    @property
    def url(self) -> str:
        """What it listens at, without the token."""
        return self.address.partition("?")[0]

    async def window(self) -> Window:
        """Open another window."""
        return await Window(self.url, self.client).open()


@asynccontextmanager
async def playing(model: ModelServer | None = None, *, problem: str = "", **world: Any) -> AsyncIterator[Place]:
    """Run the bot and the page's server, with a client that has the address."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with (
        running(model, workspace=Workspace(scopes=(*BOT_SCOPES, *HISTORY_SCOPES)), **world) as there,
        serving_page(there.slack, problem=problem) as address,
        aiohttp.ClientSession(cookie_jar=jar, timeout=aiohttp.ClientTimeout()) as client,
    ):
        async with client.get(address) as response:
            assert response.status == 200
        yield Place(there, address, client)
