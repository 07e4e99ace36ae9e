"""What the bot keeps and what it needs, measured around the whole of it, stand-ins and SDKs included.

The stand-ins share the process and write down all that happens: what they have noted is thrown away before it is
measured. What the loop, the connections and the caches keep is there after a few runs, and is the baseline. Objects
are counted after a collection: a thread, its messages and its replies know each other.
"""

import asyncio
import gc
import tracemalloc
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest

from bot.board import Board
from bot.draft import Draft, Transcript
from bot.merge import Merged
from bot.pacing import _Track
from bot.reply import Reply
from bot.run import Runs, _Run
from bot.thread import Message, Thread
from tests.clock import VirtualLoop
from tests.model_server import ModelServer, Script
from tests.world import NAMES, World, body_of, running, script_of

T = TypeVar("T")

KINDS = (Thread, Message, Reply, Draft, Transcript, Merged, _Run, _Track)
WARM_UP = 12  # runs; by then nothing is loaded or compiled any more, and every buffer has its size


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run on a virtual clock of its own, since tests marked `slow` have the real one."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(coroutine)


@contextmanager
def traced() -> Iterator[None]:
    """Count the bytes of what Python allocates."""
    tracemalloc.start()
    try:
        yield
    finally:
        tracemalloc.stop()


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
    assert [reply.text for reply in thread]
    await asyncio.sleep(1)
    forget(world)


def counts() -> dict[str, int]:
    """How many objects of a run there are, and how many tasks."""
    gc.collect()
    found = gc.get_objects()
    counted = {kind.__name__: sum(isinstance(item, kind) for item in found) for kind in KINDS}
    return {**counted, "Task": len(asyncio.all_tasks())}


def the_only(kind: type[T]) -> T:
    """The object of a kind of which the bot has one."""
    gc.collect()
    (found,) = (item for item in gc.get_objects() if isinstance(item, kind))
    return found


async def kept_by(runs: int, **scripts: Script) -> float:
    """Bytes that a run leaves behind, on average over `runs`."""
    async with running(ModelServer(**scripts)) as world:
        for _ in range(WARM_UP):
            await ask(world)
        with traced():
            await ask(world)
            gc.collect()
            before, _ = tracemalloc.get_traced_memory()
            for _ in range(runs):
                await ask(world)
            gc.collect()
            after, _ = tracemalloc.get_traced_memory()
    return (after - before) / runs


async def test_nothing_of_a_run_is_left_when_it_has_ended() -> None:
    """However it ended: no object, no task, nothing on the board or in its schedule."""
    scripts = {name: Script(("A short ", "answer.")) for name in NAMES}
    scripts["Breadth"] = Script(("Half",), breaks=True, finish=None)
    scripts["Time"] = Script(status=401)
    async with running(ModelServer(**scripts)) as world:
        await ask(world)
        before = counts()
        assert {kind: count for kind, count in before.items() if kind != "Task"} == {kind.__name__: 0 for kind in KINDS}
        for _ in range(10):
            await ask(world)
            assert counts() == before
        board, runs = the_only(Board), the_only(Runs)
        assert (board._waiting, board._watched, board._edits._tracks, runs._tasks) == ({}, {}, {}, set())
        assert board._edits._flying == 0
        assert list(board._posts) == ["C0GENERAL"]
        assert len(board._edits._ended) <= world.settings.slack_edits_per_minute


async def test_nothing_of_a_thread_that_failed_is_left() -> None:
    """Its channel is archived while it is written."""
    async with running(ModelServer(**{name: script_of("word " * 400, every=0.1) for name in NAMES})) as world:
        await ask(world)
        before = counts()
        await world.slack.command("Why?")
        await world.until(lambda: len(world.workspace.messages) == 5)
        await asyncio.sleep(3)
        world.workspace.channels["C0GENERAL"].is_archived = True
        await world.until(lambda: world.workspace.whispers)
        await asyncio.sleep(5)
        forget(world)
        assert counts() == before
        board = the_only(Board)
        assert (board._waiting, board._watched, board._edits._tracks, board._edits._flying) == ({}, {}, {}, 0)


def test_memory_is_flat_over_runs() -> None:
    """A few, for the quick look."""
    assert run(kept_by(10)) < 2_000  # bytes a run


@pytest.mark.slow
def test_memory_is_flat_over_many_runs() -> None:
    """As many as a busy workspace asks in a month."""
    assert run(kept_by(500)) < 100  # bytes a run


def test_a_run_of_long_answers_needs_little_more_than_their_texts() -> None:
    """Four times 10,000 characters, each on three pages: at its peak half a MiB beyond the texts."""
    text = "A line of some forty characters, or so.\n" * 250
    peak = run(peak_of(text))
    assert peak - 4 * len(text) < 512 * 1024


async def peak_of(text: str) -> int:
    """Bytes that a run with this text four times needs at its peak, beyond what was there before it."""
    scripts = {name: script_of(text, every=0.05) for name in NAMES}
    async with running(ModelServer(**scripts)) as world, asyncio.TaskGroup() as group:

        async def keep_forgetting() -> None:
            while True:
                world.workspace.calls.clear()
                for message in world.workspace.messages:
                    del message.versions[:-1]
                await asyncio.sleep(0.2)

        forgetting = group.create_task(keep_forgetting())
        await ask(world)
        await asyncio.sleep(61)
        with traced():
            gc.collect()
            before, _ = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            parent, *replies = await world.ask()
            _, peak = tracemalloc.get_traced_memory()
        assert {body_of(reply) for reply in replies[:4]} <= {text[: len(body_of(replies[0]))]}
        forgetting.cancel()
    return peak - before
