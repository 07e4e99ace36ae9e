"""Processes that end at the worst moments, and what people see in the end: every thread whole, nothing twice.

Each process has a door of its own into one workspace, so that it is known who sent what. A run is asked in a channel of
its own; its answers come at the pace that is set for that channel. Where the end of a lease need not be waited for, it
is written into the database: who is dead renews nothing.
"""

import asyncio
import re
import signal
import statistics
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.playground.slack.fault import Fault
from bot.playground.slack.payloads import describe_mention
from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import BOT_SCOPES, Call, Channel, Message, Workspace
from tests.support.databases import KINDS, database, disconnect, locked, query
from tests.support.model_server import KEY, MODEL, ModelServer, Request, Script
from tests.support.process import Process, process, until
from tests.support.world import NAMES, WORKING, body_of, shown

pytestmark = pytest.mark.slow
on_each_kind = pytest.mark.parametrize("kind", KINDS)
on_a_server = pytest.mark.parametrize("kind", KINDS[-1:])  # where there is one; these take long

PIECES = 30  # of each answer
PACE = 1.0  # seconds for an answer, where nothing else is said
LONG = 60.0  # seconds; longer than any test looks
LATENCY = 0.05  # seconds of each call of Slack's: there is something between two posts
EVENT = "Ev0MENTION"
NOTED = 0.3  # seconds until what is shown is written down too, by far
# Faults of a call whose answer does not come: that is not carried out, and that is.
NEVER: Mapping[str, Any] = {
    "breaks": True,
    "delay": LONG,
}
UNANSWERED: Mapping[str, Any] = {
    "after": True,
    "delay": LONG,
}
PLENTY = {
    "SLACK_EDITS_PER_MINUTE": "1000",
    "RUNS_PER_WORKSPACE": "100",
    "RUNS_PER_PERSON": "100",
    "RUNS_PER_PERSON_PER_HOUR": "1000",
}


def pieces(name: str) -> tuple[str, ...]:
    """What the model answers, for each perspective something else."""
    return (f"{name} begins. ", *(f"{name.lower()}{number} " for number in range(2, PIECES)), "and ends.")


class Author(ModelServer):
    """A model that writes at the pace that is set for a channel: seconds for a whole answer, by perspective."""

    def __init__(self) -> None:
        super().__init__()
        self.paces: dict[str, dict[str, float]] = {}

    def asked(self, channel: str, name: str) -> list[Request]:
        """What was asked of it for an answer of the run in a channel."""
        return [request for request in self.requests if (_channel_of(request), request.name) == (channel, name)]

    async def _answer(self, request: web.Request, script: Script, record: Request) -> web.StreamResponse:
        seconds = self.paces.get(_channel_of(record), {}).get(record.name, PACE)
        script = Script(pieces(record.name), seconds / PIECES, 0.0)
        return await super()._answer(request, script, record)


class Door(Workspace):
    """The one workspace, as one process sees it: what went through here is that process's."""

    __slots__ = ("calls_through",)

    def __init__(self, whole: Workspace) -> None:
        self.__dict__ = whole.__dict__
        self.calls_through: list[Call] = []

    def record(self, call: Call) -> None:
        self.calls_through.append(call)
        super().record(call)


class Bot:
    """A process, and the stand-in for Slack that it talks to."""

    def __init__(self, process: Process, slack: SlackServer, door: Door) -> None:
        self.process = process
        self.slack = slack
        self.door = door

    async def ask(self, channel: str) -> float:
        """Type the command; how many seconds its acknowledgement took."""
        began = self.door.now()
        assert await self.slack.command(problem(channel), channel=channel) is not None
        return self.door.now() - began

    def sent(self, channel: str) -> list[Call]:
        """The posts and edits of this process in a channel that were carried out."""
        return [call for call in self.door.calls_through if _is_in(call, channel)]


class Points:
    """Brings runs of a process to a point at which they are in the way of a kill. Each is a channel's."""

    def __init__(self, stage: "Stage", bot: Bot) -> None:
        self._stage = stage
        self._bot = bot

    async def post_parent(self, channel: str, fault: Mapping[str, Any]) -> None:
        """The first post is on its way, and its answer never comes."""
        befalling = self._stage.befall("chat.postMessage", channel, fault)
        await self._bot.ask(channel)
        await until(lambda: befalling not in self._stage.workspace.faults)

    async def post_reply(self, channel: str, fault: Mapping[str, Any]) -> None:
        """Two replies stand; the post of the third is on its way, and its answer never comes."""
        await self._bot.ask(channel)
        await self._stage.until(lambda: len(self._stage.messages(channel)) == 3)
        befalling = self._stage.befall("chat.postMessage", channel, fault)
        await until(lambda: befalling not in self._stage.workspace.faults)

    async def write(self, channel: str) -> None:
        """All four replies show some text."""
        await self._bot.ask(channel)
        await self._stage.until(lambda: is_writing(self._stage, channel))

    async def finish(self, channel: str, *names: str) -> None:
        """These answers are shown, whole; where these are all, the edit that shows the index never ends."""
        await self._bot.ask(channel)
        await self._stage.until(lambda: len(self._stage.messages(channel)) == 1 + len(NAMES))
        befalling = self._stage.befall("chat.update", channel, NEVER, ts=self._stage.messages(channel)[0].ts)
        await self._stage.until(lambda: all("✅" in shown(self._stage.reply(channel, name)) for name in names))
        if len(names) == len(NAMES):
            await until(lambda: befalling not in self._stage.workspace.faults)
        else:
            self._stage.workspace.faults.remove(befalling)
            await asyncio.sleep(NOTED)

    async def acknowledge(self, command: str, mention: str) -> dict[str, Any]:
        """A command and a mention are acknowledged, just now; if the bot comes to posting, that comes to nothing.

        Returns the event that told of the mention.
        """
        workspace = self._stage.workspace
        held = [self._stage.befall("chat.postMessage", channel, NEVER) for channel in (command, mention)]
        question = workspace.post(mention, workspace.user("ada").id, f"<@{workspace.bot.id}> {problem(mention)}")
        event = describe_mention(workspace, question)
        async with asyncio.TaskGroup() as points:
            points.create_task(self._bot.ask(command))
            told = points.create_task(self._bot.slack.event(event, event_id=EVENT))
        assert told.result() is not None
        await self._bot.process.kill()
        workspace.faults[:] = [fault for fault in workspace.faults if fault not in held]
        return event


class Stage:
    """A workspace, a model and a database, and the processes that a test starts."""

    def __init__(self, url: str, directory: Path, stack: AsyncExitStack, workspace: Workspace, model: Author) -> None:
        self.url = url
        self.workspace = workspace
        self.model = model
        self.bots: list[Bot] = []
        self.latency = LATENCY  # of what is started from now on
        self._directory = directory
        self._stack = stack

    async def start(self, **settings: str) -> Bot:
        """Start one more process, and wait until it is connected."""
        bot = await self.launch(**settings)
        await bot.process.logged("bot.start", within=60)
        return bot

    async def launch(self, **settings: str) -> Bot:
        """Start one more process."""
        door = Door(self.workspace)
        slack = await self._stack.enter_async_context(SlackServer(door, latency=self.latency))
        environment = {
            "SLACK_BOT_TOKEN": door.bot_token,
            "SLACK_APP_TOKEN": door.app_token,
            "SLACK_API_URL": slack.url,
            "OPENAI_API_KEY": KEY,
            "OPENAI_BASE_URL": self.model.url,
            "OPENAI_MODEL": MODEL,
            "DATABASE_URL": self.url,
            **settings,
        }
        child = await self._stack.enter_async_context(process(self._directory, **environment))
        bot = Bot(child, slack, door)
        self.bots.append(bot)
        return bot

    def open_channel(self, name: str, paces: Mapping[str, float] | None = None, *, is_private: bool = False) -> str:
        """Make a channel where everybody is; answers come at these paces there. Returns its name."""
        members = set(self.workspace.users)
        self.workspace.channels[name] = Channel(name, name, members, is_private=is_private)
        self.model.paces[name] = {**(paces or {})}
        return name

    def befall(self, method: str, channel: str, fault: Mapping[str, Any], **where: str) -> Fault:
        """Put in a fault of the next such call in a channel."""
        befalling = Fault(method, where={"channel": channel, **where}, **fault)
        self.workspace.faults.append(befalling)
        return befalling

    def messages(self, channel: str) -> list[Message]:
        """What stands in a channel."""
        return [message for message in self.workspace.messages if message.channel == channel]

    def reply(self, channel: str, name: str) -> Message:
        """The reply that shows an answer."""
        [found] = [one for one in self.messages(channel) if one.thread_ts and f"*{name}*" in shown(one)]
        return found

    def is_indexed(self, channel: str) -> bool:
        """Whether the message that opens the thread has become its index."""
        return any(message.text.startswith("Perspectives for") for message in self.messages(channel))

    async def until(self, holds: Callable[[], bool], *, within: float = 25.0) -> None:
        """Wait for what the workspace should come to show."""
        async with asyncio.timeout(within):
            await self.workspace.until(holds)

    async def until_whole(self, channels: Iterable[str], *, within: float = 25.0) -> None:
        """Wait until the threads in these channels have their indexes."""
        for channel in channels:
            await self.until(lambda channel=channel: self.is_indexed(channel), within=within)  # type: ignore[misc]

    def tell(self) -> str:
        """What can be seen of it all, for whoever looks for the reason of a failure."""
        logs = [line for number, bot in enumerate(self.bots) for line in (f"process {number}", *bot.process.log)]
        seen = [f"{one.channel} {one.ts} {shown(one)[:160]!r}" for one in self.workspace.messages]
        failed = [
            f"{call.at:.2f} {call.method} {call.args} {call.error}"
            for call in self.workspace.calls
            if call.error or call.method.startswith("conv")
        ]
        return "\n".join((*logs, *failed, *seen, *(repr(shown(whisper)) for whisper in self.workspace.whispers)))

    async def lapse(self) -> None:
        """Have all leases end, as if ten seconds had gone by since their owners were killed."""
        await query(self.url, "UPDATE processes SET lease_until = lease_until - 15")
        # A question that is newer is its owner's, and so is one that is tried again.
        await query(self.url, "UPDATE runs SET asked_at = asked_at - 15, reopened_at = reopened_at - 15")


@asynccontextmanager
async def opened(kind: str, directory: Path, workspace: Workspace | None = None) -> AsyncIterator[Stage]:
    """A stage with no process yet."""
    async with database(kind, directory) as url, AsyncExitStack() as stack:
        model = await stack.enter_async_context(Author())
        stage = Stage(url, directory, stack, workspace or Workspace(), model)
        try:
            yield stage
        except BaseException as error:
            error.add_note(stage.tell())
            raise


def spacious() -> Workspace:
    """A workspace where many runs at once are no matter, and public channels can be read."""
    return Workspace(edits_per_minute=1_000, scopes=(*BOT_SCOPES, "channels:history"))


def note(kind: str, what: str, seconds: float) -> None:
    """Print a figure, for `pytest -s`."""
    print(f"{kind}: {what}: {seconds:.3f} s")  # noqa: T201 - a person reads it


def slowly() -> dict[str, float]:
    """Paces at which no answer ends while anybody looks."""
    return dict.fromkeys(NAMES, LONG)


def problem(channel: str) -> str:
    """What is asked in a channel."""
    return f"What is amiss in #{channel}?"


def assert_whole(stage: Stage, channel: str, *, lost: str = "", is_mention: bool = False) -> None:
    """What must hold in the end, whoever was killed when; of the answer `lost` nobody knows what became.

    One message opens the thread and is its index; there are four replies, each with the model's text and no sign of
    work; no text ever went back; nobody had two processes working, and nothing is asked of the model any more.
    """
    parent, *replies = stage.messages(channel)
    assert [message.thread_ts for message in (parent, *replies)] == [None] + [parent.ts] * len(replies)
    expected = [name for name in NAMES if name != lost]
    whole = [reply for reply in replies if "✅ done" in shown(reply)]
    assert [body_of(reply) for reply in whole] == ["".join(pieces(name)) for name in expected]
    assert len(replies) - len(whole) in ({0, 1} if lost else {0})
    for reply in replies:
        assert_growing(reply)
        assert lost or not any(word in shown(reply) for word in (*WORKING, "interrupted"))
    if not is_mention:
        assert parent.text.startswith("Perspectives for")
        assert all(f"*{name}*" in shown(parent) for name in NAMES)
    workers = [bot for bot, _ in groupby(_workers(stage, channel))]
    assert len(workers) == len(set(workers)), f"two processes took turns: {workers}"
    assert not any(request.ended_at is None for name in NAMES for request in stage.model.asked(channel, name))
    assert not [call for call in stage.workspace.calls if call.error == "ratelimited"]


def assert_growing(reply: Message) -> None:
    """No version shows less than the one before it, unless it is the last word."""
    for older, newer in zip(reply.versions, reply.versions[1:], strict=False):
        assert len(body_of(newer)) >= len(body_of(older)) or "✅" in str(newer.blocks)


async def until_none(url: str, counting: str) -> None:
    """Wait until a statement counts nothing."""
    async with asyncio.timeout(10):
        while True:
            if await query(url, counting) == [(0,)]:
                return
            await asyncio.sleep(NOTED)


def _workers(stage: Stage, channel: str) -> list[int]:
    """Which process each call in a channel was of, in order."""
    calls = [(call.at, number) for number, bot in enumerate(stage.bots) for call in bot.sent(channel)]
    return [number for _, number in sorted(calls)]


def _is_in(call: Call, channel: str) -> bool:
    is_writing = call.method in {"chat.postMessage", "chat.update"}
    return is_writing and call.error is None and call.args.get("channel") == channel


def _channel_of(request: Request) -> str:
    named = re.search(r"#([\w-]+)\?", str(request.body["messages"][-1]["content"]))
    return named[1] if named else ""


def is_writing(stage: Stage, channel: str) -> bool:
    """Whether all four replies show some text, and none is whole."""
    replies = stage.messages(channel)[1:]
    return len(replies) == len(NAMES) and all(body_of(one) and "✍️" in shown(one) for one in replies)


@on_each_kind
async def test_a_killed_processs_runs_are_finished_by_the_next(kind: str, tmp_path: Path) -> None:
    """Whatever it was doing with each: between two posts, writing, one answer whole, all whole, just acknowledged."""
    async with opened(kind, tmp_path, spacious()) as stage:
        at = Points(stage, await stage.start(**PLENTY))
        async with asyncio.TaskGroup() as points:
            points.create_task(at.post_parent(stage.open_channel("parent-stands"), UNANSWERED))
            points.create_task(at.post_parent(stage.open_channel("parent-missing"), NEVER))
            points.create_task(at.post_reply(stage.open_channel("reply-stands"), UNANSWERED))
            points.create_task(at.post_reply(stage.open_channel("reply-missing"), NEVER))
            points.create_task(at.write(stage.open_channel("writing", slowly())))
            points.create_task(at.finish(stage.open_channel("one-whole", slowly() | {"Breadth": 0.3}), "Breadth"))
            points.create_task(at.finish(stage.open_channel("all-whole"), *NAMES))
        event = await at.acknowledge(stage.open_channel("commanded"), stage.open_channel("mentioned"))
        stage.model.paces.clear()
        stood = {message.ts for message in stage.workspace.messages}

        second = await stage.start(**PLENTY)
        assert await second.slack.event(event, event_id=EVENT) is not None  # Slack may tell it once more
        began = stage.workspace.now()
        await second.process.logged("run.taken_up", within=15)
        note(kind, "from connected to taken up", stage.workspace.now() - began)
        channels = ["parent-stands", "parent-missing", "reply-stands", "reply-missing", "writing", "one-whole"]
        channels += ["all-whole", "commanded"]
        await stage.until_whole(channels)
        await stage.until(lambda: sum("✅" in shown(one) for one in stage.messages("mentioned")) == len(NAMES))

        for channel in channels:
            assert_whole(stage, channel)
        assert_whole(stage, "mentioned", is_mention=True)
        assert stood <= {message.ts for message in stage.workspace.messages}
        assert len(stage.model.asked("one-whole", "Breadth")) == 1
        assert len(stage.model.asked("writing", "Breadth")) == 2
        assert [len(stage.model.asked("all-whole", name)) for name in NAMES] == [1] * len(NAMES)
        assert not stage.workspace.whispers


@on_each_kind
async def test_what_may_have_been_posted_and_cannot_be_looked_up_is_told(kind: str, tmp_path: Path) -> None:
    """No scope lets the bot look into private channels here: nothing is posted on a guess, be it there or not."""
    async with opened(kind, tmp_path, spacious()) as stage:
        first = await stage.start(**PLENTY)
        at = Points(stage, first)
        async with asyncio.TaskGroup() as points:
            points.create_task(at.post_parent(stage.open_channel("parent", is_private=True), UNANSWERED))
            points.create_task(at.post_reply(stage.open_channel("stands", is_private=True), UNANSWERED))
            points.create_task(at.post_reply(stage.open_channel("missing", is_private=True), NEVER))
        await first.process.kill()
        await stage.lapse()
        await stage.start(**PLENTY)
        await stage.until_whole(["stands", "missing"])
        await stage.until(lambda: len(stage.workspace.whispers) == 3)

        for channel in ("stands", "missing"):
            assert_whole(stage, channel, lost="Structure")
            assert "*Structure* interrupted" in shown(stage.messages(channel)[0])
        assert [len(stage.messages(channel)) for channel in ("parent", "stands", "missing")] == [1, 5, 4]
        assert {whisper.channel for whisper in stage.workspace.whispers} == {"parent", "stands", "missing"}
        for whisper in stage.workspace.whispers:
            assert "interrupted" in shown(whisper)
            assert problem(whisper.channel) in shown(whisper)


@on_each_kind
async def test_an_answer_that_is_shown_whole_is_not_bought_again(kind: str, tmp_path: Path) -> None:
    """Killed as its last edit lands; what is shown to be whole stays so."""
    async with opened(kind, tmp_path, spacious()) as stage:
        stage.latency = 0.0  # it lands before anything else could be done
        first = await stage.start(**PLENTY)
        channel = stage.open_channel("whole", slowly() | {"Time": 0.3})
        await first.ask(channel)
        await stage.until(lambda: len(stage.messages(channel)) == 1 + len(NAMES))
        await stage.until(lambda: "✅" in shown(stage.reply(channel, "Time")))
        await first.process.kill()
        await stage.lapse()
        stage.model.paces.clear()
        await stage.start(**PLENTY)
        await stage.until_whole([channel])
        assert_whole(stage, channel)
        assert len(stage.model.asked(channel, "Time")) == 1


@on_a_server
async def test_killed_again_and_again_it_is_whole_in_the_end(kind: str, tmp_path: Path) -> None:
    """Three processes, one after another, finish two runs, within Slack's usual limits."""
    async with opened(kind, tmp_path) as stage:
        channels = [stage.open_channel(name, dict.fromkeys(NAMES, 6.0)) for name in ("left", "right")]
        bot = await stage.start()
        for channel in channels:
            await bot.ask(channel)
        for _ in range(2):
            await stage.until(lambda: all(is_writing(stage, channel) for channel in channels))
            await asyncio.sleep(1.0)
            await bot.process.kill()
            await stage.lapse()
            bot = await stage.start()
            await bot.process.logged("run.taken_up", within=15)
        await stage.until_whole(channels, within=90)
        for channel in channels:
            assert_whole(stage, channel)
            assert len(stage.model.asked(channel, "Depth")) == 3


@on_each_kind
async def test_what_a_killed_process_has_spent_is_spent_for_the_next(kind: str, tmp_path: Path) -> None:
    """It would be refused otherwise: the minute's edits are nearly used up."""
    async with opened(kind, tmp_path) as stage:
        bot = await stage.start(RUNS_PER_PERSON="100")
        short = [stage.open_channel(f"short{number}", dict.fromkeys(NAMES, 1.5)) for number in range(8)]
        async with asyncio.TaskGroup() as asking:
            for channel in short:
                asking.create_task(bot.ask(channel))
        await stage.until_whole(short)
        for channel in (stage.open_channel("left", slowly()), stage.open_channel("right", slowly())):
            await bot.ask(channel)
            # The minute's edits may not be enough for all of them to show text.
            await stage.until(lambda channel=channel: len(stage.messages(channel)) == 1 + len(NAMES))  # type: ignore[misc]
        await bot.process.kill()
        await stage.lapse()
        stage.model.paces.clear()
        bot = await stage.start()
        await bot.process.logged("run.taken_up", within=15)
        await asyncio.sleep(4.0)
        edits = [call for call in stage.workspace.calls if call.method == "chat.update"]
        assert len(edits) <= 50
        assert not [call for call in stage.workspace.calls if call.error == "ratelimited"]


@on_a_server
async def test_asked_to_end_it_leaves_quietly_and_the_next_goes_on(kind: str, tmp_path: Path) -> None:
    """Answers get their time; what is not whole then says that it goes on, and does, in the same messages."""
    async with opened(kind, tmp_path, spacious()) as stage:
        first = await stage.start(**PLENTY)
        at = Points(stage, first)
        long = stage.open_channel("long", slowly() | {"Time": 0.3})
        await first.ask(stage.open_channel("short", dict.fromkeys(NAMES, 3.0)))
        await at.finish(long, "Time")
        stood = [message.ts for message in stage.messages(long)]
        began = stage.workspace.now()
        first.process.signal(signal.SIGTERM)
        ended = await first.process.ended(within=25)
        note(kind, "from SIGTERM to the end", stage.workspace.now() - began)
        assert ended.code == 0
        assert ended.out == ""
        assert not [line for line in ended.err.splitlines() if " INFO " not in line]
        assert_whole(stage, "short")
        for name in ("Depth", "Breadth", "Structure"):
            assert "the bot is being restarted, and goes on with this in a moment" in shown(stage.reply(long, name))

        stage.model.paces.clear()
        second = await stage.start(**PLENTY)
        await second.process.logged("run.taken_up", within=4)  # its lease was given up: nobody waits for its end
        await stage.until_whole([long])
        assert_whole(stage, long)
        assert [message.ts for message in stage.messages(long)] == stood
        assert len(stage.model.asked(long, "Time")) == 1


@on_each_kind
async def test_a_second_signal_ends_it_at_once_and_nothing_is_lost(kind: str, tmp_path: Path) -> None:
    """Within 3 s, whichever signals these are; the next goes on without waiting for a lease to end."""
    async with opened(kind, tmp_path, spacious()) as stage:
        channel = stage.open_channel("writing", slowly())
        bot = await stage.start(**PLENTY)
        await bot.ask(channel)
        for number in (signal.SIGTERM, signal.SIGINT):
            await stage.until(lambda: is_writing(stage, channel))
            bot.process.signal(number)
            await asyncio.sleep(NOTED)
            bot.process.signal(number)
            ended = await bot.process.ended(within=3)
            assert ended.code == 0
            assert not [line for line in ended.err.splitlines() if " INFO " not in line]
            if number is signal.SIGINT:
                stage.model.paces.clear()
            bot = await stage.start(**PLENTY)
            await bot.process.logged("run.taken_up", within=4)
        await stage.until_whole([channel])
        assert_whole(stage, channel)


@on_a_server
async def test_a_process_that_was_suspended_lets_go_of_what_another_has_taken_up(kind: str, tmp_path: Path) -> None:
    """Awake again it sends nothing more of that run, which another has finished or is finishing."""
    async with opened(kind, tmp_path, spacious()) as stage:
        channel = stage.open_channel("writing", slowly())
        first, second = await stage.start(**PLENTY), await stage.start(**PLENTY)
        await first.ask(channel)
        await stage.until(lambda: is_writing(stage, channel))
        stage.model.paces[channel] = dict.fromkeys(NAMES, 4.0)
        await asyncio.sleep(NOTED)  # what was on its way by then has arrived
        first.process.signal(signal.SIGSTOP)
        await second.process.logged("run.taken_up", within=15)
        await stage.until(lambda: len(second.sent(channel)) >= 2)
        before = len(first.sent(channel))
        first.process.signal(signal.SIGCONT)
        await first.process.logged("run.lost", within=5)
        await stage.until_whole([channel])
        await asyncio.sleep(NOTED)
        assert len(first.sent(channel)) == before
        assert_whole(stage, channel)
        await first.ask(stage.open_channel("after"))  # it is as good as new
        await stage.until_whole(["after"])
        assert_whole(stage, "after")


@on_each_kind
async def test_a_database_that_is_away_keeps_nobody_waiting(kind: str, tmp_path: Path) -> None:
    """Asked while it is locked, and after its connections broke: acknowledged in time, answered, told in the log."""
    async with opened(kind, tmp_path, spacious()) as stage:
        bot = await stage.start(**PLENTY)
        await bot.ask(stage.open_channel("before"))
        async with locked(stage.url):
            assert await bot.ask(stage.open_channel("locked")) < 3.0
            await stage.until_whole(["locked"])
            await bot.process.logged("store.away", within=10)
        await bot.process.logged("run.not_durable", within=1)
        await bot.process.logged("store.back", within=5)
        await disconnect(stage.url)
        assert await bot.ask(stage.open_channel("disconnected")) < 3.0
        await stage.until_whole(["disconnected", "before"])
        for channel in ("before", "locked", "disconnected"):
            assert_whole(stage, channel)
        open_runs = "SELECT COUNT(*) FROM runs WHERE ended_at IS NULL"
        await until_none(stage.url, open_runs)


@on_each_kind
async def test_the_first_question_of_a_process_is_kept_as_any_other(kind: str, tmp_path: Path) -> None:
    """Asked the moment that the socket connects, of a process that has to compile all that it loads.

    It is on disk before it is acknowledged, which is soon; killed 2 s later, it goes on in the same messages.
    """
    async with opened(kind, tmp_path, spacious()) as stage:
        channel = stage.open_channel("first", slowly())
        # Nothing compiled is found where it would be looked for, and none is written.
        bare = {"PYTHONPYCACHEPREFIX": str(tmp_path / "none"), "PYTHONDONTWRITEBYTECODE": "1"}
        began = stage.workspace.now()
        first = await stage.launch(**bare, **PLENTY)
        async with asyncio.timeout(30):
            await first.slack.connected()
        note(kind, "from the start to a connection, without bytecode", stage.workspace.now() - began)
        took = await first.ask(channel)
        assert await query(stage.url, "SELECT state FROM runs") == [("open",)]
        note(kind, "to the first acknowledgement", took)
        await asyncio.sleep(2.0)
        stood = [message.ts for message in stage.messages(channel)]
        await first.process.kill()
        assert not [line for line in first.process.log if " INFO " not in line]
        await stage.lapse()
        stage.model.paces.clear()
        await stage.start(**PLENTY)
        await stage.until_whole([channel])
        await until(lambda: not stage.model.open_streams)
        assert_whole(stage, channel)
        assert stood
        assert [message.ts for message in stage.messages(channel)][: len(stood)] == stood
        assert took <= 0.3


@on_each_kind
async def test_a_start_waits_some_seconds_for_a_database_and_no_longer(kind: str, tmp_path: Path) -> None:
    """The log says what is amiss, questions are answered, and once it is there the run is kept: killed, it goes on."""
    async with opened(kind, tmp_path, spacious()) as stage:
        bot = await stage.start(**PLENTY)
        await bot.process.kill()
        channel = stage.open_channel("asked", slowly())
        async with locked(stage.url):
            began = stage.workspace.now()
            bot = await stage.start(**PLENTY)
            note(kind, "from the start to a connection, the database locked", stage.workspace.now() - began)
            assert stage.workspace.now() - began < 8
            await bot.process.logged("store.away", within=1)
            assert await bot.ask(channel) < 3.0
            await stage.until(lambda: is_writing(stage, channel))
        await bot.process.logged("run.durable", within=5)
        stood = [message.ts for message in stage.messages(channel)]
        await bot.process.kill()
        await stage.lapse()
        stage.model.paces.clear()
        await stage.start(**PLENTY)
        await stage.until_whole([channel])
        await until(lambda: not stage.model.open_streams)
        assert_whole(stage, channel)
        assert [message.ts for message in stage.messages(channel)] == stood


async def test_runs_go_on_in_a_new_file_where_somebody_removes_the_old(tmp_path: Path) -> None:
    """All that stands of them is in it soon: killed after that, they are taken up."""
    async with opened("sqlite", tmp_path, spacious()) as stage:
        bot = await stage.start(**PLENTY)
        channel = stage.open_channel("writing", slowly() | {"Time": 0.3})
        await Points(stage, bot).finish(channel, "Time")
        (tmp_path / "store.sqlite").unlink()
        await bot.process.logged("store.moved", within=5)
        await bot.process.logged("run.durable", within=5)
        stood = [message.ts for message in stage.messages(channel)]
        await bot.process.kill()
        await stage.lapse()
        stage.model.paces.clear()
        await stage.start(**PLENTY)
        await stage.until_whole([channel])
        await until(lambda: not stage.model.open_streams)
        assert_whole(stage, channel)
        assert [message.ts for message in stage.messages(channel)] == stood
        assert len(stage.model.asked(channel, "Time")) == 1


@on_a_server
async def test_a_post_that_is_tried_again_is_in_doubt_anew(kind: str, tmp_path: Path) -> None:
    """Killed in its second try, which is carried out late: whoever goes on waits for that, and posts nothing twice."""
    async with opened(kind, tmp_path, spacious()) as stage:
        channel = stage.open_channel("twice", slowly())
        bot = await stage.start(**PLENTY)
        await bot.ask(channel)
        await stage.until(lambda: len(stage.messages(channel)) == 3)
        first = stage.befall("chat.postMessage", channel, {"breaks": True})  # not carried out, and looked up
        await until(lambda: first not in stage.workspace.faults)
        await query(stage.url, "UPDATE messages SET intended_at = intended_at - 60")  # as if that had taken long
        second = stage.befall("chat.postMessage", channel, {"delay": 12.0})
        await until(lambda: second not in stage.workspace.faults, within=15)
        await bot.process.kill()
        await stage.lapse()
        stage.model.paces.clear()
        await stage.start(**PLENTY)
        await stage.until_whole([channel], within=60)
        parent, *replies = stage.messages(channel)
        assert [shown(reply).split("*")[1] for reply in replies] == NAMES
        assert all(
            "✅ done" in shown(reply) and f"*{name}*" in shown(parent)
            for reply, name in zip(replies, NAMES, strict=True)
        )


@on_a_server
async def test_an_edit_of_a_killed_process_that_lands_late_is_not_the_last_word(kind: str, tmp_path: Path) -> None:
    """Whoever goes on sends the last text once more, when no edit of the former can be carried out any longer."""
    async with opened(kind, tmp_path, spacious()) as stage:
        channel = stage.open_channel("late", slowly())
        bot = await stage.start(**PLENTY)
        await bot.ask(channel)
        await stage.until(lambda: is_writing(stage, channel))
        depth = stage.reply(channel, "Depth")
        edit = stage.befall("chat.update", channel, {"delay": 8.0}, ts=depth.ts)
        await until(lambda: edit not in stage.workspace.faults)
        await bot.process.kill()
        await stage.lapse()
        stage.model.paces.clear()
        second = await stage.start(**PLENTY)
        await stage.until(lambda: "✅" in shown(depth))
        await stage.until(lambda: "✅" not in shown(depth))  # it has landed
        await stage.until(lambda: "✅" in shown(depth), within=40)
        await second.process.logged("run.end")
        assert body_of(depth) == "".join(pieces("Depth"))


@on_each_kind
async def test_a_run_of_an_hour_ago_is_told_and_not_gone_on_with(kind: str, tmp_path: Path) -> None:
    """Who asked has gone on: replies and index say so, a whisper gives the problem back, nothing more is bought."""
    async with opened(kind, tmp_path, spacious()) as stage:
        first = await stage.start(**PLENTY)
        channel = stage.open_channel("writing", slowly() | {"Time": 0.3})
        await Points(stage, first).finish(channel, "Time")
        await first.process.kill()
        await stage.lapse()
        await query(stage.url, "UPDATE runs SET asked_at = asked_at - 3600")
        asked = len(stage.model.requests)
        await stage.start(**PLENTY)
        await stage.until_whole([channel])
        await stage.until(lambda: len(stage.workspace.whispers) == 1)
        for name in ("Depth", "Breadth", "Structure"):
            assert "interrupted: the bot was away for too long. Ask again." in shown(stage.reply(channel, name))
        assert body_of(stage.reply(channel, "Time")) == "".join(pieces("Time"))
        assert len(stage.messages(channel)) == 1 + len(NAMES)
        assert problem(channel) in shown(stage.workspace.whispers[0])
        assert len(stage.model.requests) == asked


@on_each_kind
async def test_a_command_is_acknowledged_soon_though_it_is_written_down_before(kind: str, tmp_path: Path) -> None:
    """In 0.15 s, the commit included, in the median."""
    async with opened(kind, tmp_path, spacious()) as stage:
        bot = await stage.start(**PLENTY)
        seconds = [await bot.ask(stage.open_channel(f"c{number}")) for number in range(10)]
        note(kind, "to an acknowledgement, in the median", statistics.median(seconds))
        assert statistics.median(seconds) <= 0.15
