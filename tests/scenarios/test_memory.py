"""What the bot keeps, measured around the whole of it, SDKs and stand-ins included; and what a run of it needs, alone.

The stand-ins share the process and write down all that happens: what they have noted is thrown away before anything is
measured. What the loop, the connections and the caches keep is there after a few runs, and is the baseline. It is
counted after a collection: a thread, its messages and its replies know each other, and only that frees them.
"""

import asyncio
import gc
import sys
import time
import tracemalloc
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any, ClassVar, TypeVar, cast

import pytest

from bot.delivery.board import Board
from bot.delivery.message import Message
from bot.delivery.schedules.track import Track
from bot.delivery.sections.reply import Reply
from bot.delivery.thread import Thread
from bot.durable.journal import Journal
from bot.engine.draft import Draft, Transcript
from bot.engine.merge import Merged
from bot.engine.perspectives import PERSPECTIVES, Perspective
from bot.engine.protocol.answer import Answer
from bot.quotas import Limits
from bot.runs.admission import Admission
from bot.runs.reception import Reception
from bot.runs.refusals import Refusals
from bot.runs.run import Run
from bot.runs.supervisor import Supervisor
from bot.runs.teller import Teller
from bot.runs.workspace import Workspace
from bot.slack.api import Mark, Slack
from bot.slack.blocks import fits_parent
from bot.slack.body import Body
from bot.slack.question import Question
from bot.texts.en import ENGLISH
from tests.support.clock import VirtualLoop
from tests.support.model_server import ModelServer, Script
from tests.support.world import NAMES, WORKING, World, running, script_of, shown

T = TypeVar("T")

KINDS = (Thread, Message, Reply, Draft, Transcript, Merged, Run, Track)
WARM_UP = 12  # runs; by then nothing is loaded or compiled any more, and every buffer has its size


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run on a virtual clock of its own, since tests marked `slow` have the real one."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(coroutine)


@pytest.fixture(autouse=True)
def _only_what_is_new() -> Iterator[None]:
    """Leave what other tests and their modules hold out of the counts; it is a lot to look through."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def forget(world: World) -> None:
    """Throw away what the stand-ins have noted."""
    world.workspace.messages.clear()
    world.workspace.whispers.clear()
    world.workspace.calls.clear()
    world.model.requests.clear()
    world.slack._api._response_urls.clear()


async def ask(world: World) -> None:
    """One run from its question until nothing of it is under way."""
    thread = await world.ask()
    assert len(thread) == 1 + len(NAMES)
    assert not [reply.text for reply in thread if any(word in shown(reply) for word in WORKING)]
    await asyncio.sleep(1)
    forget(world)


def counts() -> dict[str, int]:
    """How many objects of a run there are."""
    gc.collect()
    found = Counter(type(item) for item in gc.get_objects())
    return {kind.__name__: found[kind] for kind in KINDS}


def the_only(kind: type[T]) -> T:
    """The object of a kind of which the bot has one."""
    gc.collect()
    (found,) = (item for item in gc.get_objects() if isinstance(item, kind))
    return found


async def kept_by(runs: int) -> float:
    """Blocks of memory that a run leaves behind, on average over `runs`. One run has some thousands in use."""
    async with running(ModelServer(**{name: Script(("A short ", "answer.")) for name in NAMES})) as world:
        for _ in range(WARM_UP):
            await ask(world)
        gc.collect()
        before = sys.getallocatedblocks()
        for _ in range(runs):
            await ask(world)
        gc.collect()
        return (sys.getallocatedblocks() - before) / runs


@pytest.mark.heavy
async def test_nothing_of_a_run_is_left_when_it_has_ended() -> None:
    """However its answers ended: no object, nothing on the board or in its schedule, no task."""
    scripts = {name: Script(("A short ", "answer.")) for name in NAMES}
    scripts["Breadth"] = Script(("Half",), breaks=True, finish=None)
    scripts["Time"] = Script(status=401)
    async with running(ModelServer(**scripts)) as world:
        for _ in range(4):
            await ask(world)
            assert counts() == {kind.__name__: 0 for kind in KINDS}
        board, runs = the_only(Board), the_only(Supervisor)
        assert (board.posts._waiting, board._open, board.edits._tracks, runs.tasks) == ({}, {}, {}, {})
        assert board.edits._window._flying == 0
        assert list(board.posts._buckets) == ["C0GENERAL"]
        assert len(board.edits._window._ended) <= world.settings.slack_edits_per_minute


@pytest.mark.heavy
async def test_nothing_of_a_run_is_left_whose_channel_is_closed_to_it() -> None:
    """It is archived while the answers are written."""
    async with running(ModelServer(**{name: script_of("word " * 400, every=0.1) for name in NAMES})) as world:
        await world.slack.command("Why?")
        await world.until(lambda: len(world.workspace.messages) == 5)
        await asyncio.sleep(3)
        assert counts()["Reply"] == 4
        world.workspace.channels["C0GENERAL"].is_archived = True
        await world.until(lambda: world.workspace.whispers)
        await asyncio.sleep(5)
        forget(world)
        assert counts() == {kind.__name__: 0 for kind in KINDS}
        board, runs = the_only(Board), the_only(Supervisor)
        assert (board.posts._waiting, board._open, board.edits._tracks, runs.tasks) == ({}, {}, {}, {})
        assert (board.edits._window._flying, world.model.open_streams) == (0, 0)


@pytest.mark.heavy
def test_memory_is_flat_over_runs() -> None:
    """A few, for the quick look: a thread that is kept would be some hundred blocks."""
    assert run(kept_by(6)) < 50


@pytest.mark.slow
def test_memory_is_flat_over_many_runs() -> None:
    """As many as a busy workspace asks for in a month."""
    assert run(kept_by(500)) < 4


LONG = "A line of some forty characters, or so.\n" * 250  # 10,000 characters, three pages


@pytest.mark.heavy
def test_a_run_of_long_answers_needs_little_more_than_their_texts() -> None:
    """At its peak, beyond the texts, in the bot itself: what runs, pages, bodies and drafts take."""
    assert run(peak_of_the_bot()) - 4 * len(LONG) < 512 * 1024


async def peak_of_the_bot() -> int:
    """Bytes that a run takes at its peak. Slack and the model are a few lines here, which keep nothing."""
    board = Board(_Slack(), 50)
    admission = Admission(Limits(1, 1_000), problem_limit=2_000, fits=fits_parent)
    async with asyncio.TaskGroup() as group:
        showing = group.create_task(board.serve())
        slack = cast("Slack", _Slack())
        journal = Journal(cast("Any", None), clock=time.time, history_days=1)
        teller, refusals = Teller(slack), Refusals(PERSPECTIVES, [ENGLISH], problem_limit=2_000)
        async with Supervisor(
            workspace=Workspace(slack, board, admission),
            journal=journal,
            model=_Model(),
            perspectives=PERSPECTIVES,
            teller=teller,
            refusals=refusals,
        ) as runs:
            reception = Reception(runs, journal, admission, teller, refusals)
            for key in ("loads what is loaded late", "is measured"):
                gc.collect()
                tracemalloc.start()
                await reception.receive(Question(key, "Why?", "U", "C"))
                await asyncio.wait(runs.tasks.values())
                _, peak = tracemalloc.get_traced_memory()
                tracemalloc.stop()
                await asyncio.sleep(61)
        showing.cancel()
    assert max(_Slack.sizes) > 3_000
    return peak


class _Slack:
    """Takes a twelfth of a second for each call."""

    sizes: ClassVar[set[int]] = set()

    async def post(self, channel: str, body: Body, thread_ts: str | None, mark: Mark) -> str:
        await self.edit(channel, "", body)
        return "1.1"

    async def find(self, channel: str, thread_ts: str | None, mark: Mark) -> str | None:
        raise AssertionError(mark)

    async def edit(self, channel: str, ts: str, body: Body) -> None:
        self.sizes.add(body.size)
        await asyncio.sleep(0.08)

    async def delete(self, channel: str, ts: str) -> None:
        raise AssertionError(ts)

    async def post_ephemeral(self, channel: str, user: str, body: Body, **_: Any) -> None:
        raise AssertionError(body.text)


class _Model:
    """Says `LONG` in pieces of ten characters, fifty a second."""

    async def stream(self, perspective: Perspective, problem: str, **_: Any) -> AsyncIterator[Draft]:
        answer = Answer("m", 0.0)
        for start in range(0, len(LONG), 10):
            await asyncio.sleep(0.02)
            answer.take({"choices": [{"delta": {"content": LONG[start : start + 10]}}]}, 0.0)
            yield answer.draft()
        answer.end(1.0, is_orderly=True)
        yield answer.draft()

    def next_moment(self, now: float) -> float:
        return now + 0.05
