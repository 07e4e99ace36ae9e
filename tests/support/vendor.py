"""A process that serves several workspaces, each a Slack of its own, in one event loop."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count

from bot.durable.journal import Journal
from bot.engine.completions import Completions
from bot.engine.conversation.followups import FURTHER
from bot.engine.perspectives import PERSPECTIVES
from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import Message, Workspace
from bot.runs.desk import Desk
from bot.runs.workspace import Rules, Shared
from bot.runs.workspaces import Workspaces
from bot.slack.api import Slack, make_client
from bot.slack.installation import Installation
from bot.slack.question import Question
from bot.slack.wires.session import make_session
from tests.support.model_server import KEY, MODEL, ModelServer
from tests.support.world import PatientStore, wall_clock

RULES = Rules(
    edits_per_minute=50,
    most_runs=100,
    runs_at_once=8,
    runs_per_person=1_000,
    runs_per_person_per_hour=1_000,
    problem_limit=4_000,
)


@dataclass(slots=True)
class Table:
    """The installations, by team."""

    known: dict[str, Installation] = field(default_factory=dict)

    async def find(self, team_id: str, enterprise_id: str | None) -> Installation | None:
        return self.known.get(team_id)


@dataclass(slots=True)
class Vendor:
    """Teams, the Slack of each, and the processes that serve them all."""

    teams: Sequence[SlackServer]
    model: ModelServer
    table: Table
    url: str
    numbers: "count[int]" = field(default_factory=count)

    @asynccontextmanager
    async def process(self, rules: Rules = RULES, *, is_shared: bool = False) -> AsyncIterator["Process"]:
        """One that serves them until the block is left: then it leaves what goes on to the next.

        Where it `is_shared`, others serve workspaces of the same database.
        """
        async with make_session() as session, self._completions() as completions:

            def make_slack(installation: Installation) -> Slack:
                server = self.teams[int(installation.team_id[1:])]
                own = (installation.bot_user_id, installation.bot_id)
                return Slack(make_client(installation.bot_token, server.url, session), own=own)

            owner = f"process{next(self.numbers)}"
            store = PatientStore(self.url, owner=owner, clock=wall_clock, is_shared=is_shared)
            async with Journal(store, clock=wall_clock, history_days=30) as journal:
                shared = Shared(journal, completions, PERSPECTIVES, FURTHER, "auto", rules, wall_clock)
                async with asyncio.TaskGroup() as group:
                    async with Workspaces(shared, self.table.find, make_slack=make_slack) as workspaces:
                        attending = group.create_task(workspaces.attend())
                        await journal.tried()
                        yield Process(self, workspaces, journal)
                        journal.rest()
                        workspaces.drop()
                    attending.cancel()

    def _completions(self) -> Completions:
        return Completions(
            api_key=KEY, base_url=self.model.url, model=MODEL, idle_timeout=60, max_streams=64, proxy=None, tls=None
        )

    def thread(self, team: int) -> list[Message]:
        """What was posted last in a team: the parent, and its replies."""
        messages = self.teams[team].workspace.messages
        parents = [message for message in messages if message.thread_ts is None]
        return self.teams[team].workspace.thread("general", parents[-1].ts) if parents else []

    async def until_answered(self, team: int) -> list[Message]:
        """Wait until the last thread of a team is settled."""
        workspace = self.teams[team].workspace
        async with asyncio.timeout(600):
            await workspace.until(lambda: any("Perspectives for" in one.text for one in self.thread(team)[:1]))
        return self.thread(team)


@dataclass(slots=True)
class Process:
    """One of them."""

    vendor: Vendor
    workspaces: Workspaces
    journal: Journal

    def desk(self, team: int) -> Desk:
        """The desk of a team."""
        return self.workspaces.find_desk(self.vendor.table.known[f"T{team}"])

    async def ask(self, team: int, problem: str = "Why?", *, user: str = "U0ADA") -> Question:
        """Somebody asks there; return once it is acknowledged."""
        desk = self.desk(team)
        key = f"T{team}.{next(self.vendor.numbers)}"
        question = Question(key, problem, user, "C0GENERAL", workspace=desk.workspace)
        await desk.receive(question)
        return question


@asynccontextmanager
async def vendor(model: ModelServer, *, teams: int = 2, url: str = "sqlite://") -> AsyncIterator[Vendor]:
    """The teams T0, T1, …, and their Slacks."""
    async with AsyncExitStack() as stack:
        table, servers = Table(), []
        for number in range(teams):
            workspace = Workspace()
            workspace.team_id, workspace.bot_token = f"T{number}", f"xoxb-{number}"
            server = await stack.enter_async_context(SlackServer(workspace, latency=0.08))
            servers.append(server)
            table.known[f"T{number}"] = Installation(
                f"T{number}", None, workspace.bot_token, workspace.bot_id, workspace.bot.id
            )
        yield Vendor(servers, await stack.enter_async_context(model), table, url)


def few(runs: int) -> Rules:
    """Rules by which so many runs go on at once."""
    return replace(RULES, runs_at_once=runs)
