"""Several processes on one PostgreSQL, reached over HTTP, and the many workspaces that they serve together.

Each workspace has one channel in which is asked, and the model writes at the pace that is set for it. Slack keeps which
process sent what, and of each it can be said how it reaches Slack and the database: by a wire of its own, say.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.durable.sealing import Sealer
from bot.durable.store import Store
from bot.playground.slack.distribution.oauth import CLIENT_ID, CLIENT_SECRET
from bot.playground.slack.distribution.requests import Requests
from bot.playground.slack.interaction.people import People
from bot.playground.slack.server import SIGNING_SECRET, SlackServer
from bot.playground.slack.workspace import Call, Message, Workspace
from bot.slack.http.events import PATH
from bot.slack.installation import Installation
from tests.support.databases import KINDS, database
from tests.support.model_server import KEY, MODEL, ModelServer, Request, Script
from tests.support.process import Process, process, until
from tests.support.world import NAMES, WORKING, body_of, shown

on_postgresql = pytest.mark.parametrize("kind", [kind for kind in KINDS if kind == "postgresql"])
TOKEN_KEY = "0123456789abcdef0123456789abcdef0123456789A="
PIECES = 30  # of each answer
LATENCY = 0.05  # seconds of each call of Slack's
LONG = 60.0  # seconds for an answer; longer than any test looks
WORKS = {
    "RUNS_PER_WORKSPACE": "100",
    "RUNS_PER_PERSON": "100",
    "RUNS_PER_PERSON_PER_HOUR": "1000",
    "SLACK_EDITS_PER_MINUTE": "1000",
    "MAX_STREAMS": "1000",
}


def pieces(name: str) -> tuple[str, ...]:
    """What the model answers, for each perspective something else."""
    return (f"{name} begins. ", *(f"{name.lower()}{number} " for number in range(2, PIECES)), "and ends.")


class Author(ModelServer):
    """A model that writes at the pace that is set for a problem's place: seconds for a whole answer."""

    def __init__(self) -> None:
        super().__init__()
        self.paces: dict[str, float] = {}

    def asked(self, place: str) -> list[Request]:
        """What was asked of it there."""
        return [request for request in self.requests if _place_of(request) == place]

    async def _answer(self, request: web.Request, script: Script, record: Request) -> web.StreamResponse:
        script = Script(pieces(record.name), self.paces.get(_place_of(record), 1.0) / PIECES, 0.0)
        return await super()._answer(request, script, record)


@dataclass(slots=True, eq=False)
class Replica:
    """One process, by its name."""

    name: str
    process: Process
    requests: Requests  # the way to it

    def times(self, words: str) -> list[float]:
        """When it has logged lines with these words, in seconds since 1970."""
        stamps = [line[:23] for line in self.process.log if words in line]
        return [datetime.strptime(stamp, "%Y-%m-%d %H:%M:%S,%f").astimezone().timestamp() for stamp in stamps]

    def count(self, words: str) -> int:
        """How many lines of its log have these words."""
        return sum(words in line for line in self.process.log)


class Fleet:
    """The workspaces `T0N0`, `T0N1`, … at `slack`, and the processes that a test starts."""

    def __init__(self, url: str, directory: Path, stack: AsyncExitStack, slack: SlackServer, model: Author) -> None:
        self.url = url
        self.slack = slack
        self.model = model
        self._processes: dict[str, Process] = {}
        self._directory = directory
        self._stack = stack

    @property
    def teams(self) -> list[str]:
        """All workspaces."""
        return [*self.slack.people]

    async def start(self, name: str, *, database: str = "", slack: str = "", **settings: str) -> Replica:
        """Start one more process, and wait until it is open; what it reaches by another address than others is told."""
        environment = {
            "SLACK_CLIENT_ID": CLIENT_ID,
            "SLACK_CLIENT_SECRET": CLIENT_SECRET,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "TOKEN_KEY": TOKEN_KEY,
            "PUBLIC_URL": "http://127.0.0.1",
            "PORT": "0",
            "WEB_HOST": "127.0.0.1",
            "SLACK_API_URL": slack or self.slack.address_for(name),
            "OPENAI_API_KEY": KEY,
            "OPENAI_BASE_URL": self.model.url,
            "OPENAI_MODEL": MODEL,
            "DATABASE_URL": database or self.url,
            **WORKS,
            **settings,
        }
        child = await self._stack.enter_async_context(process(self._directory, **environment))
        self._processes[name] = child
        await child.logged("bot.start", within=60)
        [port] = re.findall(r"http\.start host=\S+ port=(\d+)", "\n".join(child.log))
        requests = Requests(f"http://127.0.0.1:{port}{PATH}", SIGNING_SECRET, time.time)
        self._stack.push_async_callback(requests.close)
        return Replica(name, child, requests)

    async def start_all(self, **how: Mapping[str, str]) -> list[Replica]:
        """Start several at once, by their names, each as `start` is told for it."""
        async with asyncio.TaskGroup() as group:
            starting = [group.create_task(self.start(name, **own)) for name, own in how.items()]
        return [one.result() for one in starting]

    def at(self, replica: Replica, team: str) -> People:
        """The people of a workspace; what they do next, before anything else is awaited, reaches this process."""
        people = self.slack.people[team]
        people._deliveries.transport = replica.requests
        return people

    async def ask(self, replica: Replica, team: str, *, place: str = "", user: str = "ada") -> float | None:
        """Type the command, of which this process hears; seconds until it was acknowledged."""
        return await self.at(replica, team).command(f"What is amiss in #{place or team}?", user=user)

    def workspace(self, team: str) -> Workspace:
        """One of them."""
        return self.slack.people[team].workspace

    def thread(self, team: str, number: int = 0) -> list[Message]:
        """A run's messages there: the parent, and its replies."""
        workspace = self.workspace(team)
        parents = [message for message in workspace.messages if message.thread_ts is None]
        return workspace.thread("general", parents[number].ts) if len(parents) > number else []

    def is_writing(self, team: str) -> bool:
        """Whether all four replies of the newest run there show some text, and none is whole."""
        replies = self.thread(team, -1)[1:] if self.workspace(team).messages else []
        return len(replies) == len(NAMES) and all(body_of(one) and "✍️" in shown(one) for one in replies)

    def is_whole(self, team: str, number: int = 0) -> bool:
        """Whether the message that opens the thread has become its index."""
        return any(message.text.startswith("Perspectives for") for message in self.thread(team, number)[:1])

    def sent(self, replica: Replica, team: str = "") -> list[Call]:
        """The posts and edits of a process, there or anywhere, that were carried out."""
        calls = [call for one in ([team] if team else self.teams) for call in self.workspace(one).calls]
        return sorted((one for one in calls if one.process == replica.name and _is_shown(one)), key=lambda one: one.at)

    def calls(self, team: str, number: int = 0) -> list[Call]:
        """The posts and edits of a run that were carried out, by whichever process, in order."""
        own = {message.ts for message in self.thread(team, number)}
        calls = [call for call in self.workspace(team).calls if _is_shown(call) and call.ts in own]
        return sorted(calls, key=lambda call: call.at)

    async def until(self, holds: Callable[[], bool], *, within: float = 25.0) -> None:
        """Wait for what any of them should come to show."""
        await until(holds, within=within)

    async def until_whole(self, teams: Iterable[str], number: int = 0, *, within: float = 25.0) -> None:
        """Wait until the threads there have their indexes."""
        await until(lambda: all(self.is_whole(team, number) for team in teams), within=within)

    def assert_whole(self, team: str, number: int = 0, *, is_in_turn: bool = True) -> None:
        """What must hold of a run in the end, whatever went before.

        One message opens the thread and is its index; there are four replies, each with the model's text and no sign of
        work; one process after another worked on it (unless Slack has carried out late what one has sent), and nothing
        was refused for its rate.
        """
        parent, *replies = self.thread(team, number)
        assert [body_of(reply) for reply in replies] == ["".join(pieces(name)) for name in NAMES], team
        assert all("✅ done" in shown(reply) for reply in replies)
        assert not any(word in shown(reply) for reply in replies for word in (*WORKING, "interrupted"))
        assert all(f"*{name}*" in shown(parent) for name in NAMES)
        workers = [name for name, _ in groupby(call.process for call in self.calls(team, number))]
        assert not is_in_turn or len(workers) == len(set(workers)), f"two processes took turns in {team}: {workers}"
        assert not [call for call in self.workspace(team).calls if call.error == "ratelimited"]

    def tell(self) -> str:
        """What can be seen of it all, for whoever looks for the reason of a failure."""
        logs = [line for name, one in self._processes.items() for line in (f"process {name}", *one.log)]
        busy = [team for team in self.teams if self.workspace(team).messages][:8]
        seen = [f"{team} {one.ts} {shown(one)[:160]!r}" for team in busy for one in self.workspace(team).messages]
        failed = [
            f"{call.at:.2f} {team} {call}"[:300] for team in busy for call in self.workspace(team).calls if call.error
        ]
        return "\n".join((*logs, *failed, *seen))


@asynccontextmanager
async def fleet(kind: str, directory: Path, *, teams: int = 1, **how: Any) -> AsyncIterator[Fleet]:
    """So many workspaces in which the bot is installed, and no process yet."""
    how = {"edits_per_minute": 1_000, "scopes": (*Workspace().scopes, "channels:history"), **how}
    workspaces = [Workspace(team=f"n{number}", **how) for number in range(teams)]
    async with database(kind, directory) as url, AsyncExitStack() as stack:
        slack = await stack.enter_async_context(SlackServer(workspaces[0], latency=LATENCY, others=workspaces[1:]))
        model = await stack.enter_async_context(Author())
        await install(url, *workspaces)
        stage = Fleet(url, directory, stack, slack, model)
        try:
            yield stage
        except BaseException as error:
            error.add_note(stage.tell())
            raise


async def install(url: str, *workspaces: Workspace) -> None:
    """Write down that the bot is installed there, as it is, in the database."""
    async with Store(url, owner="installer", clock=time.time) as store:
        await store.open()
        table = store.installations(Sealer((TOKEN_KEY,)))
        for one in workspaces:
            installed = Installation(one.team_id, None, one.bot_token, one.bot_id, one.bot.id)
            await table.save(installed, name=one.domain, at=time.time())
        await store.leave()


def _is_shown(call: Call) -> bool:
    return call.method in {"chat.postMessage", "chat.update"} and call.error is None


def _place_of(request: Request) -> str:
    named = re.search(r"#([\w-]+)\?", str(request.body["messages"][-1]["content"]))
    return named[1] if named else ""
