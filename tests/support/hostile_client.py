"""Completions of a server that misbehaves, measured: `python -m tests.support.hostile_client`.

It takes the server's port, the name of the attack, and how many streams are open at once. It prints as JSON: how the
first answer ended, after how many seconds all had, the longest time that the event loop was held in ms, and the memory
that it all took in MiB.
"""

import asyncio
import gc
import json
import resource
import sys
import time

from bot.engine.completions import Completions
from bot.engine.draft import Draft
from bot.engine.perspectives import PERSPECTIVES
from bot.texts.en import ENGLISH

PATIENCE = 3.0  # seconds, in place of what people are granted
BETWEEN = 0.04  # seconds between two that are asked for; their posts are further apart


class WatchedLoop(asyncio.SelectorEventLoop):
    """An event loop that notes the longest time, of its own thread's CPU, in which it looked at nothing else."""

    held = 0.0

    def _run_once(self) -> None:
        before = time.thread_time()
        super()._run_once()  # type: ignore[misc]
        self.held = max(self.held, time.thread_time() - before)


async def main(port: str, attack: str, count: str = "1") -> None:
    """Ask, and say what came of it."""
    url = f"http://127.0.0.1:{port}/v1"
    loop = asyncio.get_running_loop()
    assert isinstance(loop, WatchedLoop)
    async with Completions(api_key="k", base_url=url, model=attack, idle_timeout=PATIENCE) as completions:
        completions._first_timeout = PATIENCE
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        await asyncio.sleep(0.1)
        loop.held = 0.0
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            first, *_ = [group.create_task(_last(completions, number * BETWEEN)) for number in range(int(count))]
        last = first.result()
        seconds = time.perf_counter() - began
        held = loop.held
    report = {
        "state": last.state.value,
        "reason": ENGLISH.explain(last.reason),
        "length": last.length,
        "seconds": round(seconds, 2),
        "held": round(held * 1_000, 1),
        "memory": round((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1_024),
    }
    print(json.dumps(report, ensure_ascii=False))  # noqa: T201 - whoever started it reads it


async def _last(completions: Completions, pause: float) -> Draft:
    """How one answer ends that is asked for after a pause."""
    await asyncio.sleep(pause)
    async for draft in completions.stream(PERSPECTIVES[0], "Why?"):
        last = draft
    return last


if __name__ == "__main__":
    gc.freeze()  # as the bot does
    with asyncio.Runner(loop_factory=WatchedLoop) as runner:
        runner.run(main(*sys.argv[1:]))
