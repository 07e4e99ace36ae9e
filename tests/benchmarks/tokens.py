"""What a token costs: the whole bot's CPU over that of the SDK's typed stream alone, measured in one run.

    python -m tests.benchmarks.tokens [--quick]

The stand-ins for Slack and the model are another process, so that only the client's side counts. The bot answers 25
questions at once, each with four streams of 50 tokens a second: acknowledging, reading, merging, writing down, laying
out and editing are all in its figure. The other reads as many of the same streams through `chat.completions.create`
and throws the chunks away. The two take turns, and the ratio of each pair is what can be compared between machines.
"""

import argparse
import asyncio
import gc
import json
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from openai import AsyncOpenAI

from bot.app import serve
from bot.engine.perspectives import PERSPECTIVES, Perspective
from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import Channel, Workspace
from bot.settings import Settings
from tests.support.model_server import KEY, MODEL, ModelServer, words
from tests.support.process import ROOT
from tests.support.world import NAMES

RUNS = 25  # at once; with four streams each
PER_SECOND = 50  # tokens of each stream
SECONDS = 10  # of each stream
PAIRS = 3
EDITS_PER_MINUTE = 60_000
INDEX = "Perspectives for"  # what the notification of a parent begins with once its run has ended


@dataclass(frozen=True, slots=True)
class Servers:
    """The stand-ins, in a process of their own."""

    child: asyncio.subprocess.Process
    slack_url: str
    model_url: str
    streams: int
    tokens: int  # of all streams

    async def ask(self) -> None:
        """Have people ask all the questions; return once all threads are whole."""
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.child.stdin.write(b"ask\n")
        if not await self.child.stdout.readline():
            raise RuntimeError("the stand-ins have ended")


@asynccontextmanager
async def standing_in(runs: int, seconds: float) -> AsyncIterator[Servers]:
    """Start the stand-ins, and end them when the block is left."""
    command = [sys.executable, "-m", "tests.benchmarks.tokens", "--serve", str(runs), "--seconds", str(seconds)]
    child = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin is not None
    assert child.stdout is not None
    urls = json.loads(await child.stdout.readline())
    streams = runs * len(NAMES)
    try:
        yield Servers(child, urls["slack"], urls["model"], streams, int(streams * seconds * PER_SECOND))
    finally:
        child.stdin.close()
        await child.wait()


async def stand_in(runs: int, seconds: float) -> None:
    """Be the stand-ins: print the addresses, and at each line of the input ask so many questions."""
    workspace = Workspace(edits_per_minute=EDITS_PER_MINUTE)
    channels = [f"c{number}" for number in range(runs)]
    workspace.channels |= {name: Channel(name, name, set(workspace.users)) for name in channels}
    model = ModelServer(**{name: words(int(seconds * PER_SECOND), PER_SECOND) for name in NAMES})
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async with SlackServer(workspace, latency=0.05) as slack, model:
        say(json.dumps({"slack": slack.url, "model": model.url}))
        while await lines.readline():
            workspace.messages.clear()
            async with asyncio.TaskGroup() as group:
                for name in channels:
                    group.create_task(slack.command("Why?", channel=name))
            await workspace.until(lambda: sum(INDEX in message.text for message in workspace.messages) == runs)
            workspace.calls.clear()
            model.requests.clear()
            say("whole")


async def cost_of_the_bot(servers: Servers, directory: Path) -> float:
    """Seconds of CPU that the bot takes for all questions."""
    settings = Settings(
        slack_bot_token=Workspace.bot_token,
        slack_app_token=Workspace.app_token,
        openai_api_key=KEY,
        openai_base_url=servers.model_url,
        openai_model=MODEL,
        slack_api_url=servers.slack_url,
        slack_edits_per_minute=EDITS_PER_MINUTE,
        database_url=f"sqlite:///{directory / 'runs.sqlite'}",
        max_streams=1_000,
        runs_per_workspace=1_000,
        runs_per_person=1_000,
        runs_per_person_per_hour=100_000,
    )
    stop, connected = asyncio.Event(), asyncio.Event()

    def begin() -> None:
        gc.freeze()  # as the command does; the SDK's streams, which are read after this, gain by it too
        connected.set()

    async with asyncio.TaskGroup() as group:
        group.create_task(serve(settings, stop=stop, on_connected=begin))
        await connected.wait()
        began = time.process_time()
        await servers.ask()
        spent = time.process_time() - began
        stop.set()
    return spent


async def cost_of_the_sdk(servers: Servers) -> float:
    """Seconds of CPU that the SDK's typed streams take alone."""
    async with AsyncOpenAI(api_key=KEY, base_url=servers.model_url, max_retries=0) as client:

        async def read(perspective: Perspective) -> None:
            system = {"role": "system", "content": perspective.instruction}
            messages: Any = [system, {"role": "user", "content": "Why?"}]
            stream = await client.chat.completions.create(
                model=MODEL, messages=messages, stream=True, stream_options={"include_usage": True}
            )
            async for _ in stream:
                pass

        await read(PERSPECTIVES[0])  # what is loaded late is loaded
        began = time.process_time()
        async with asyncio.TaskGroup() as group:
            for number in range(servers.streams):
                group.create_task(read(PERSPECTIVES[number % len(PERSPECTIVES)]))
        return time.process_time() - began


async def measure(runs: int, seconds: float, pairs: int) -> None:
    """Print the table."""
    ratios = []
    with TemporaryDirectory() as directory:
        async with standing_in(runs, seconds) as servers:
            for number in range(pairs):
                bot = await cost_of_the_bot(servers, Path(directory)) / servers.tokens * 1e6
                sdk = await cost_of_the_sdk(servers) / servers.tokens * 1e6
                ratios.append(bot / sdk)
                words = f"bot {bot:6.1f} µs a token, SDK's typed stream {sdk:6.1f}, ratio {bot / sdk:.2f}"
                say(f"pair {number + 1}: {words}")
    say(f"ratio: {min(ratios):.2f} to {max(ratios):.2f}, {statistics.median(ratios):.2f} in the median")


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)  # noqa: T201 - a person, or the other process, reads it


def run(
    name: str,
    description: str | None,
    quick: str,
    measure: Callable[[int, float, int], Coroutine[Any, Any, None]],
    stand_in: Callable[[int, float], Coroutine[Any, Any, None]],
) -> None:
    """Measure, or stand in, as the command line of the benchmark `name` says; `quick` is what that option does."""
    parser = argparse.ArgumentParser(
        prog=f"python -m tests.benchmarks.{name}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help=quick)
    parser.add_argument("--serve", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=SECONDS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        asyncio.run(stand_in(arguments.serve, arguments.seconds))
    elif arguments.quick:
        asyncio.run(measure(1, 2.0, 1))
    else:
        asyncio.run(measure(RUNS, SECONDS, PAIRS))


if __name__ == "__main__":
    run("tokens", __doc__, "one question, two seconds, once", measure, stand_in)
