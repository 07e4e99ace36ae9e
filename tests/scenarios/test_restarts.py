"""Restarts on the virtual clock: what a process has left is answered by the next one, all of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from bot.app import serve
from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import BOT_SCOPES, Workspace
from bot.settings import Settings
from tests.support.model_server import KEY, MODEL, ModelServer, Script
from tests.support.world import NAMES, WORLDLY, PatientStore, shown, wall_clock

PROBLEM = "Why does the confidential gearbox rattle?"
MOST_AT_ONCE = 20  # runs that a process takes up with one look
SLOW = {name: Script((f"{name} says", " so."), first=5.0) for name in NAMES}


class Host:
    """Where the bot runs: one process after another, with one database."""

    def __init__(self, slack: SlackServer, settings: Settings) -> None:
        self._slack = slack
        self._workspace = slack.workspace
        self._settings = settings

    @asynccontextmanager
    async def process(self) -> AsyncIterator[None]:
        """A process, which two signals end at once when the block is left."""
        stop, hurry = asyncio.Event(), asyncio.Event()
        bot = asyncio.create_task(
            serve(self._settings, stop=stop, hurry=hurry, make_store=PatientStore, clock=wall_clock)
        )
        await self._slack.connected()
        try:
            yield
        finally:
            stop.set()
            hurry.set()
            await bot

    async def ask(self) -> str:
        """Mention the bot; the message's ts."""
        return await self._slack.mention(PROBLEM)

    async def until_answered(self, *asked: str) -> None:
        """Wait until all answers stand under these messages, whole."""
        async with asyncio.timeout(600):
            for ts in asked:
                await self._workspace.until(partial(self._is_answered, ts))

    def _is_answered(self, ts: str) -> bool:
        return ["✅ done" in text for text in self._replies(ts)] == [True] * len(NAMES)

    def _replies(self, ts: str) -> list[str]:
        return [shown(one) for one in self._workspace.messages if one.thread_ts == ts]


@asynccontextmanager
async def host(directory: Path) -> AsyncIterator[Host]:
    """A host, Slack, and a model that takes its time."""
    workspace = Workspace(scopes=(*BOT_SCOPES, "channels:history"), edits_per_minute=600, clock=wall_clock)
    async with SlackServer(workspace, latency=0.08) as slack, ModelServer(**SLOW) as model:
        settings = replace(
            Settings(workspace.bot_token, workspace.app_token, KEY, model.url, MODEL, slack_api_url=slack.url),
            **(WORLDLY | {"database_url": f"sqlite:///{directory / 'runs.sqlite'}"}),
            slack_edits_per_minute=600,
        )
        yield Host(slack, settings)


async def test_all_questions_outlive_a_process_that_had_many(tmp_path: Path) -> None:
    """More of them than the next one takes up with one look: nothing of the others is forgotten meanwhile."""
    async with host(tmp_path) as there:
        async with there.process():
            asked = [await there.ask() for _ in range(MOST_AT_ONCE + 2)]
            await asyncio.sleep(2)
        async with there.process():
            await there.until_answered(*asked)
