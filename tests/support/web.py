"""The page and the API over a stand-in for the model, and a client that reads what they stream."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bot.settings import Settings, WebSettings
from bot.web.server import serve
from tests.support.model_server import KEY, MODEL, ModelServer

PROBLEM = "Why do our releases slip?"
ASK = "v1/perspectives"


@dataclass(frozen=True, slots=True)
class Site:
    """A server that listens at `url`, what it asks, and a client."""

    url: str
    model: ModelServer
    client: aiohttp.ClientSession
    stop: asyncio.Event

    async def ask(self, path: str = ASK, **body: Any) -> "Reading":
        """Ask by a body, and read all that comes."""
        async with self.client.post(self.url + path, json=body) as response:
            return await read(response)


@dataclass(slots=True)
class Reading:
    """The events that came: their names and data, and when each came, by the loop."""

    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    comments: int = 0

    def of(self, name: str) -> list[dict[str, Any]]:
        """The data of all events of that name."""
        return [data for one, data in self.events if one == name]

    @property
    def run(self) -> dict[str, Any]:
        """What the first event told."""
        return self.of("run")[0]

    @property
    def texts(self) -> dict[str, str]:
        """What the drafts come to."""
        texts: dict[str, str] = {}
        for draft in self.of("draft"):
            key = draft["perspective"]
            texts[key] = draft["text"] if "text" in draft else texts.get(key, "") + draft.get("append", "")
        return texts

    @property
    def states(self) -> dict[str, str]:
        """How the answers ended."""
        return {end["perspective"]: end["state"] for end in self.of("end")}


async def read(response: aiohttp.ClientResponse, until: str = "") -> Reading:
    """Read server-sent events to their end, or to the first of a name."""
    assert response.status == 200, await response.text()
    reading, name = Reading(), ""
    async for line in response.content:
        text = line.decode().removesuffix("\n")
        if text.startswith(":"):
            reading.comments += 1
        elif text.startswith("event: "):
            name = text.removeprefix("event: ")
        elif text.startswith("data: "):
            reading.events.append((name, json.loads(text.removeprefix("data: "))))
            reading.times.append(asyncio.get_running_loop().time())
            if name == until:
                break
    return reading


def settings_for(model_url: str, changes: Mapping[str, Any], **web: Any) -> WebSettings:
    """Settings of a server that asks a stand-in."""
    bot: dict[str, Any] = {
        "openai_base_url": model_url,
        "openai_model": MODEL,
        "runs_per_person": 10,
        "runs_per_person_per_hour": 1_000,
        **changes,
    }
    return WebSettings(Settings("xoxb-none", "xapp-none", KEY, **bot), **{"port": 0, **web})


def _client() -> aiohttp.ClientSession:
    """As patient as it has to be, and with cookies of addresses too."""
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(), cookie_jar=aiohttp.CookieJar(unsafe=True))


@asynccontextmanager
async def serving(model: ModelServer, *, web: Mapping[str, Any] | None = None, **changes: Any) -> AsyncIterator[Site]:
    """Serve, with these settings of the bot changed and those of `web`; it is stopped when the block is left."""
    stop, addresses = asyncio.Event(), asyncio.Queue[str]()
    async with model, _client() as client, asyncio.TaskGroup() as group:
        settings = settings_for(model.url, changes, **(web or {}))
        task = group.create_task(serve(settings, stop=stop, on_listening=addresses.put_nowait))
        listening = group.create_task(addresses.get())
        await asyncio.wait((task, listening), return_when=asyncio.FIRST_COMPLETED)
        try:
            yield Site(listening.result(), model, client, stop)
        finally:
            stop.set()
