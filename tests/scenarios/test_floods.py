"""Floods: what somebody else still gets while one person, or a thousand, ask far more than can be answered.

The bot is a process; what floods it comes down the same connection as the bystander's questions do.
"""

import asyncio
import statistics
import zlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import Channel, Message, User, Workspace
from tests.support.databases import database, query
from tests.support.model_server import KEY, MODEL, ModelServer, Request, Script, words
from tests.support.process import Process, process, until
from tests.support.world import NAMES, body_of, shown

pytestmark = pytest.mark.slow

FLOOD = 10.0  # seconds
PER_SECOND = 1_000  # commands
ACKNOWLEDGED = 3.0  # seconds; Slack's
PROBE_EVERY = 0.25  # seconds between two probes of a bystander, which ask nothing
MEMORY = 200  # MiB


@dataclass(slots=True)
class Stage:
    """A workspace with a bot in it, as a process."""

    workspace: Workspace
    slack: SlackServer
    model: ModelServer
    bot: Process
    url: str
    probes: list[float | None] = field(default_factory=list)

    async def probe(self) -> None:
        """Ask for the hint, again and again, as a bystander; note how long each acknowledgement took."""
        async with asyncio.TaskGroup() as group:
            while True:
                group.create_task(self._probe())
                await asyncio.sleep(PROBE_EVERY)

    async def _probe(self) -> None:
        self.probes.append(await self.slack.command("", user="ben", channel="random"))

    async def first_text(self, problem: str, *, channel: str) -> float:
        """Ask as the bystander; seconds until some answer shows its first words."""
        began = self.workspace.now()
        assert await self.slack.command(problem, user="ben", channel=channel) is not None
        await self.workspace.until(lambda: any(body_of(one) for one in self._replies(problem)))
        return self.workspace.now() - began

    def is_told_busy(self) -> bool:
        """Whether the bystander was told that too many others ask."""
        return any(one.user == "U0BEN" and "I am busy" in one.text for one in self.workspace.whispers)

    def _replies(self, problem: str) -> list[Message]:
        parent = next((one for one in self.workspace.messages if problem in shown(one)), None)
        return self.workspace.thread(parent.channel, parent.ts)[1:] if parent else []

    async def taken(self, problem: str) -> float:
        """Ask as the bystander; seconds until the thread stands in which it will be answered."""
        began = self.workspace.now()
        assert await self.slack.command(problem, user="ben", channel="random") is not None
        await self.workspace.until(lambda: any(problem in shown(one) for one in self.workspace.messages))
        return self.workspace.now() - began

    async def settled(self, problem: str) -> None:
        """Wait until the database has no such run open any more: its end is logged before it is written."""
        async with asyncio.timeout(5):
            while ("open",) in await self.states(problem):  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.1)

    async def states(self, problem: str) -> list[tuple[Any, ...]]:
        """Those of the runs whose problem begins so, in the database."""
        return await query(self.url, f"SELECT state FROM runs WHERE problem LIKE '{problem}%'")  # noqa: S608 - ours

    async def flood(self, people: int) -> None:
        """So many people ask, in turn, for `FLOOD` seconds."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with asyncio.TaskGroup() as group:
            for number in range(int(FLOOD * PER_SECOND)):
                await asyncio.sleep(began + number / PER_SECOND - loop.time())
                user = f"U0FLOOD{number % people}"
                group.create_task(self.slack.command(f"flood {number}?", user=user, channel="general"))


@asynccontextmanager
async def flooded(
    directory: Path, people: int, *, tokens: int = 60, make_model: type[ModelServer] = ModelServer
) -> AsyncIterator[Stage]:
    """A bot, and as many people in #general as are to flood it; each answer has so many tokens."""
    workspace = Workspace()
    flooders = {f"U0FLOOD{number}": User(f"U0FLOOD{number}", f"flood{number}") for number in range(people)}
    workspace.users |= flooders
    workspace.channel("general").members |= set(flooders)
    workspace.channel("random").members |= {"U0BEN", workspace.bot.id}
    model = make_model(**{name: words(tokens, 20, first=0.3) for name in NAMES})
    async with database("sqlite", directory) as url, SlackServer(workspace, latency=0.05) as slack, model:
        environment = {
            "SLACK_BOT_TOKEN": workspace.bot_token,
            "SLACK_APP_TOKEN": workspace.app_token,
            "SLACK_API_URL": slack.url,
            "OPENAI_API_KEY": KEY,
            "OPENAI_BASE_URL": model.url,
            "OPENAI_MODEL": MODEL,
            "DATABASE_URL": url,
            "RUNS_PER_WORKSPACE": "100",
        }
        async with process(directory, **environment) as bot:
            await bot.logged("bot.start")
            await slack.connected()
            yield Stage(workspace, slack, model, bot, url)


@pytest.mark.parametrize("people", [1, 1_000])
async def test_a_flood_costs_others_a_moment(people: int, tmp_path: Path) -> None:
    """Everybody's probes are acknowledged, the bystander's run is durable and soon begins, memory stays bounded."""
    async with asyncio.timeout(60), flooded(tmp_path, people) as stage:
        usual = await stage.first_text("what is usual?", channel="random")
        await until(lambda: sum("✅" in shown(one) for one in stage.workspace.messages) == len(NAMES))
        async with asyncio.TaskGroup() as group:
            probing = group.create_task(stage.probe())
            flooding = group.create_task(stage.flood(people))
            await asyncio.sleep(FLOOD / 2)
            first = await stage.first_text("who else is served?", channel="random") if people == 1 else usual
            if people > 1:
                told = await stage.slack.command("and who is told?", user="ben", channel="random")
                assert told is not None
                await until(stage.is_told_busy, within=1.0)
            await flooding
            probing.cancel()
        seconds = [one for one in stage.probes if one is not None]
        assert len(seconds) == len(stage.probes)
        assert max(seconds) < ACKNOWLEDGED
        assert "run.not_durable" not in "\n".join(stage.bot.log)
        assert first < usual + 1.5
        rows = await query(stage.url, "SELECT COUNT(*) FROM runs")
        print(  # noqa: T201 - figures
            f"flood of {people}: probes {statistics.median(seconds):.3f} s in the median, {max(seconds):.3f} at most; "
            f"first text {usual:.2f} s, {first:.2f} in the flood; {rows} runs stored; {stage.bot.memory():.0f} MiB"
        )
        assert stage.bot.memory() < MEMORY


class Bomber(ModelServer):
    """Who asks of bombs gets 300 MB of blanks in 300 KB: as a stream, as an error, as a whole answer."""

    def __init__(self, **scripts: Script) -> None:
        super().__init__(**scripts)
        packing = zlib.compressobj(9, zlib.DEFLATED, 31)
        self._bomb = b"".join(packing.compress(b" " * 1_000_000) for _ in range(300)) + packing.flush()

    async def _answer(self, request: web.Request, script: Script, record: Request) -> web.StreamResponse:
        if "bomb" not in str(record.body["messages"][1:]):
            return await super()._answer(request, script, record)
        kinds = ((200, "text/event-stream"), (400, "application/json"), (200, "application/json"))
        status, kind = kinds[len(self.requests) % len(kinds)]
        return web.Response(status=status, body=self._bomb, headers={"Content-Encoding": "gzip", "Content-Type": kind})


async def ask_of_bombs(stage: Stage) -> None:
    """Three runs at once, again and again."""
    for number in range(9):
        user = f"U0FLOOD{number % 3}"
        assert await stage.slack.command(f"bomb {number}?", user=user, channel="general") is not None
        await asyncio.sleep(0.5)


async def ask_at_length(stage: Stage) -> None:
    """200 problems that are too long, and take long to be looked at, within five seconds."""
    kinds = ("](" * 2_000, "[" * 2_000 + "](" * 1_000, "> " * 100 + "`" * 3_800, "<https://a|" * 360)
    async with asyncio.TaskGroup() as group:
        for number in range(200):
            problem = kinds[number % len(kinds)]
            group.create_task(stage.slack.command(problem, user=f"U0FLOOD{number % 20}", channel="general"))
            await asyncio.sleep(0.025)


@pytest.mark.parametrize("attack", [ask_of_bombs, ask_at_length])
async def test_what_is_hard_to_digest_costs_others_a_moment(
    attack: Callable[[Stage], Coroutine[Any, Any, None]], tmp_path: Path
) -> None:
    """Everybody's probes are acknowledged, the bystander's run is durable and whole, memory stays bounded."""
    async with asyncio.timeout(60), flooded(tmp_path, 20, make_model=Bomber) as stage, asyncio.TaskGroup() as group:
        probing = group.create_task(stage.probe())
        attacking = group.create_task(attack(stage))
        await asyncio.sleep(1.0)
        first = await stage.first_text("who else is served?", channel="random")
        await attacking
        await until(lambda: sum("✅" in shown(one) for one in stage.workspace.messages) >= len(NAMES), within=30)
        await until(lambda: any("run.end" in line and "done,done,done,done" in line for line in stage.bot.log))
        probing.cancel()
        seconds = [one for one in stage.probes if one is not None]
        print(f"{max(seconds):.3f} s at most, first text {first:.2f} s, {stage.bot.memory():.0f} MiB")  # noqa: T201
        assert len(seconds) == len(stage.probes)
        assert max(seconds) < ACKNOWLEDGED
        assert "run.not_durable" not in "\n".join(stage.bot.log)
        await stage.settled("who else")
        assert ("done",) in await stage.states("who else")
        assert stage.bot.memory() < MEMORY


async def test_who_is_admitted_while_others_hold_all_streams_has_a_thread_at_once(tmp_path: Path) -> None:
    """Within a second, though no answer begins for as long as nobody else's ends, and edits are others' till then."""
    people = 30  # with four streams each, where 64 may be open
    async with asyncio.timeout(60), flooded(tmp_path, people, tokens=1_000) as stage:
        async with asyncio.TaskGroup() as group:
            for number in range(people):
                user = f"U0FLOOD{number}"
                # In channels of their own: one takes a post a second, so their answers would begin one after another.
                stage.workspace.channels[user] = Channel(user, user, {user, stage.workspace.bot.id})
                group.create_task(stage.slack.command(f"flood {number}?", user=user, channel=user))
        await until(lambda: len(stage.model.requests) >= 64)
        seconds = await stage.taken("who waits for a turn?")
        print(f"a thread after {seconds:.2f} s")  # noqa: T201 - a figure
        assert seconds < 1.0
