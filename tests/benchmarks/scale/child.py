"""A process beside the benchmark's own, which is told what to do in lines of JSON, and answers each with one.

What it takes of the processor is its own, so that it can be told apart from what is measured.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from subprocess import PIPE
from typing import Any

from tests.support.process import ROOT

LONGEST = 2**24  # characters of one line; each question of a flood is in it


class Child:
    """One such process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """By what the system knows it."""
        return self._process.pid

    async def ask(self, do: str, **more: Any) -> Any:
        """Have it do something; what it answers."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **more}).encode() + b"\n")
        return await self.hear()

    async def hear(self) -> Any:
        """The next line that it says.

        Raises:
            RuntimeError: it has ended.
        """
        assert self._process.stdout is not None
        if not (line := await self._process.stdout.readline()):
            raise RuntimeError("a process of the benchmark's has ended")
        return json.loads(line)

    async def kill(self) -> None:
        """End it as the system does, if it is there still."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


@asynccontextmanager
async def child(module: str, *arguments: str) -> AsyncIterator[Child]:
    """Start one, and end it when the block is left: when its input ends, or else by force."""
    command = [sys.executable, "-m", module, *arguments]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=PIPE, stdout=PIPE, limit=LONGEST)
    one = Child(process)
    try:
        yield one
    finally:
        assert process.stdin is not None
        process.stdin.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(5):
                await process.wait()
        await one.kill()


def say(what: Any) -> None:
    """Say something to the process that has started this one."""
    print(json.dumps(what), flush=True)  # noqa: T201 - the other process reads it


async def obey(deeds: dict[str, Callable[..., Awaitable[Any]]]) -> None:
    """Do what is asked, one thing after another, until the input ends."""
    lines = asyncio.StreamReader(limit=LONGEST)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        asked = json.loads(line)
        say(await deeds[asked.pop("do")](**asked))
