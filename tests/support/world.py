"""The whole bot against its stand-ins, in one event loop: real SDKs, real sockets, virtual time."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import Any

from bot.app import serve
from bot.durable.store import Store
from bot.engine.perspectives import PERSPECTIVES
from bot.playground.slack.block_kit.shown import plain
from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import Call, Message, Version, Whisper, Workspace
from bot.settings import Settings
from tests.support.clock import VirtualLoop
from tests.support.databases import work_in_the_loop
from tests.support.model_server import KEY, MODEL, ModelServer, Script

NAMES = [perspective.key for perspective in PERSPECTIVES]
PROBLEM = "Why do our new hires leave within six months?"
WORLDLY: dict[str, Any] = {
    "database_url": "sqlite://",
    "runs_per_workspace": 1_000,
    "runs_per_person": 1_000,
    "runs_per_person_per_hour": 10_000,
}
EPOCH = 1_800_000_000.0  # seconds since 1970 at which the virtual clock begins
WORKING = ("waiting", "writing…")
SHOWN_LIMIT = 500
_shown: dict[tuple[str, str], str] = {}


@dataclass(slots=True)
class World:
    """The bot, running, and both servers that it talks to."""

    workspace: Workspace
    slack: SlackServer
    model: ModelServer
    settings: Settings
    bot: asyncio.Task[None]

    async def ask(self, problem: str = PROBLEM, **place: Any) -> list[Message]:
        """Type the command and wait until the thread is settled: the parent is the index. Returns the thread."""
        before = len(self.workspace.messages)
        await self.slack.command(problem, **place)
        await self.until(lambda: len(self.workspace.messages) > before)
        parent = self.workspace.messages[before]
        await self.until(lambda: "Perspectives for" in parent.text)
        return self.thread(parent)

    async def until(self, condition: Any, *, timeout: float = 600.0) -> None:
        """Wait for what the workspace should come to show."""
        async with asyncio.timeout(timeout):
            await self.workspace.until(condition)

    def thread(self, parent: Message) -> list[Message]:
        """A thread as it stands: the parent, then the replies."""
        return self.workspace.thread(parent.channel, parent.ts)

    def calls(self, method: str) -> list[Call]:
        """The calls of a method, refused ones too."""
        return [call for call in self.workspace.calls if call.method == method]

    def whispers_to(self, *users: str) -> list[str]:
        """What each of these people was told alone."""
        ids = {self.workspace.user(user).id for user in users}
        return [shown(whisper) for whisper in self.workspace.whispers if whisper.user in ids]

    def whispers(self) -> list[str]:
        """What ada was told alone."""
        return [shown(whisper) for whisper in self.workspace.whispers]


def shown(message: Any) -> str:
    """All that a person reads of a message.

    Whoever waits for something looks at every message after every change, and parsing was half the time of a soak.
    """
    key = (message.text, repr(message.blocks))
    if key not in _shown:
        if len(_shown) >= SHOWN_LIMIT:
            _shown.clear()
        _shown[key] = plain(message)
    return _shown[key]


def body_of(version: Version | Message | Whisper) -> str:
    """The model's text that a version of a reply shows, unescaped."""
    texts = [block["text"] for block in version.blocks if block["type"] == "markdown"]
    return "".join(texts).replace("&lt;", "<").replace("&gt;", ">")


class PatientStore(Store):
    """The store, on a virtual clock: that does not jump while the database works."""

    def __init__(self, *how: Any, **more: Any) -> None:
        super().__init__(*how, **more)
        do, close = self._database.do, self._database.close
        work_in_the_loop(self._database)

        async def do_patiently(*how: Any, **more: Any) -> Any:
            with _standstill():
                return await do(*how, **more)

        async def close_patiently() -> None:
            with _standstill():
                await close()

        self._database.do, self._database.close = do_patiently, close_patiently  # type: ignore[method-assign]


@contextmanager
def _standstill() -> Iterator[None]:
    loop = asyncio.get_running_loop()
    if not isinstance(loop, VirtualLoop):
        yield
        return
    loop.threads += 1
    try:
        yield
    finally:
        loop.threads -= 1


def wall_clock() -> float:
    """Seconds since 1970, as the loop's clock has it."""
    return EPOCH + asyncio.get_running_loop().time()


@asynccontextmanager
async def running(
    model: ModelServer | None = None, *, workspace: Workspace | None = None, latency: float = 0.08, **changed: Any
) -> AsyncIterator[World]:
    """Run the bot, connected, until the block is left; `changed` are settings."""
    workspace = workspace or Workspace()
    async with SlackServer(workspace, latency=latency) as slack, model or ModelServer() as server:
        settings = replace(
            Settings(
                slack_bot_token=workspace.bot_token,
                slack_app_token=workspace.app_token,
                openai_api_key=KEY,
                openai_base_url=server.url,
                openai_model=MODEL,
                slack_api_url=slack.url,
            ),
            **(WORLDLY | changed),
        )
        stop = asyncio.Event()
        bot = asyncio.create_task(serve(settings, stop=stop, make_store=PatientStore, clock=wall_clock))
        try:
            await slack.connected()
            yield World(workspace, slack, server, settings, bot)
        finally:
            stop.set()
            await bot


def script_of(text: str, **how: Any) -> Script:
    """A script that streams `text` in pieces of ten characters, or, where it is long, in some six hundred."""
    size = max(10, len(text) // 600)
    return Script(tuple(text[at : at + size] for at in range(0, len(text), size)), **how)
