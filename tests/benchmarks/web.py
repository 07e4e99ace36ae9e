"""What the streaming API costs and how late it is: a token from the model's server to a client's socket.

    python -m tests.benchmarks.web [--quick]

The stand-in for the model and the clients are another process, so that only the server counts. 25 clients ask at once,
each for four streams of 50 tokens a second. The first token of each stream says when it was sent, by the clock that
all processes of a system share, and its client takes the time. Beside that, as many of the same streams are read
through the SDK's typed stream and thrown away: the two take turns, and the ratio of each pair is what can be compared
between machines. Last, clients go away, and the stand-in takes the time until their streams are closed.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

from bot.web.server import serve
from tests.benchmarks.tokens import PER_SECOND, Servers, cost_of_the_sdk, run, say
from tests.support.process import ROOT
from tests.support.web import ASK, settings_for
from tests.support.world import NAMES

CLOSINGS = 20  # clients that go away, one after the other


class Model:
    """Streams words, the first of which says when it was sent."""

    def __init__(self, tokens: int) -> None:
        self._tokens = tokens
        self.open = 0
        self.closed = asyncio.Event()

    async def complete(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        await request.read()
        self.open += 1
        try:
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await response.prepare(request)
            loop = asyncio.get_running_loop()
            due = loop.time() + 0.1
            for number in range(self._tokens):
                await asyncio.sleep(due - loop.time())
                due += 1 / PER_SECOND
                await response.write(_chunk({"content": f"word{number} " if number else f"{time.monotonic()} "}))
            await response.write(_chunk({}, "stop") + b"data: [DONE]\n\n")
        finally:
            self.open -= 1
            if not self.open:
                self.closed.set()
        return response


def _chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


async def read(client: aiohttp.ClientSession, url: str) -> list[float]:
    """Ask once; how late the first token of each answer was, in seconds."""
    late: dict[str, float] = {}
    ends = 0
    async with client.post(url + ASK, json={"problem": "Why?"}) as response:
        async for line in response.content:
            now = time.monotonic()
            ends += line.startswith(b"event: end")
            if line.startswith(b"data: ") and b'"append"' in line:
                draft = json.loads(line[6:])
                if draft["perspective"] not in late:
                    late[draft["perspective"]] = now - float(draft["append"].split()[0])
    assert ends == len(NAMES)
    return [*late.values()]


async def close(client: aiohttp.ClientSession, url: str, model: Model) -> float:
    """Ask once and go away; after how many seconds the streams were closed."""
    async with client.post(url + ASK, json={"problem": "Why?"}) as response:
        async for line in response.content:
            if line.startswith(b"event: draft"):
                break
        model.closed.clear()
        began = time.monotonic()
        response.close()
        await model.closed.wait()
        return time.monotonic() - began


async def stand_in(runs: int, seconds: float) -> None:
    """Be the model and the clients; at each line of the input, an address, ask there so many questions."""
    model = Model(int(seconds * PER_SECOND))
    app = web.Application()
    app.router.add_post("/v1/chat/completions", model.complete)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    say(json.dumps({"model": f"http://127.0.0.1:{runner.addresses[0][1]}/v1"}))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:
        while line := (await lines.readline()).decode().strip():
            what, _, url = line.partition(" ")
            if what == "close":
                say(json.dumps([await close(client, url, model) for _ in range(CLOSINGS)]))
                continue
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(read(client, url)) for _ in range(runs)]
            say(json.dumps([one for task in tasks for one in task.result()]))
    await runner.cleanup()


@asynccontextmanager
async def standing_in(runs: int, seconds: float) -> AsyncIterator[Servers]:
    """Start the other process, and end it when the block is left."""
    command = [sys.executable, "-m", "tests.benchmarks.web", "--serve", str(runs), "--seconds", str(seconds)]
    child = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin is not None
    assert child.stdout is not None
    url = json.loads(await child.stdout.readline())["model"]
    streams = runs * len(NAMES)
    try:
        yield Servers(child, "", url, streams, int(streams * seconds * PER_SECOND))
    finally:
        child.stdin.close()
        await child.wait()


async def command(servers: Servers, what: str) -> list[float]:
    """Have the other process do something, and return what it has measured."""
    assert servers.child.stdin is not None
    assert servers.child.stdout is not None
    servers.child.stdin.write(f"{what}\n".encode())
    times: list[float] = json.loads(await servers.child.stdout.readline())
    return times


async def measure(runs: int, seconds: float, pairs: int) -> None:
    """Print the figures."""
    limits = {"max_streams": 1_000, "runs_per_person": 1_000, "runs_per_person_per_hour": 100_000}
    stop, addresses = asyncio.Event(), asyncio.Queue[str]()
    async with standing_in(runs, seconds) as servers, asyncio.TaskGroup() as group:
        settings: Any = settings_for(servers.model_url, limits)
        group.create_task(serve(settings, stop=stop, on_listening=addresses.put_nowait))
        url = await addresses.get()
        await command(servers, f"close {url}")  # what is loaded late is loaded
        ratios = []
        for number in range(pairs):
            began = time.process_time()
            late = await command(servers, f"ask {url}")
            cost = (time.process_time() - began) / servers.tokens * 1e6
            sdk = await cost_of_the_sdk(servers) / servers.tokens * 1e6
            ratios.append(cost / sdk)
            percent = statistics.quantiles(late, n=20)
            cpu = f"server {cost:5.1f} µs a token, SDK's typed stream {sdk:5.1f}, ratio {cost / sdk:.2f}"
            firsts = f"{statistics.median(late) * 1e3:.1f} ms in the median, {percent[-1] * 1e3:.1f} ms the 95th of 100"
            say(f"pair {number + 1}: {cpu}; first tokens after {firsts}")
        closed = await command(servers, f"close {url}")
        stop.set()
    say(f"ratio: {min(ratios):.2f} to {max(ratios):.2f}, {statistics.median(ratios):.2f} in the median")
    say(f"client gone to streams closed: {statistics.median(closed) * 1e3:.0f} ms, {max(closed) * 1e3:.0f} at most")


if __name__ == "__main__":
    run("web", __doc__, "one client, two seconds, once", measure, stand_in)
