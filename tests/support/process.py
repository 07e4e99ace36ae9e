"""`python -m bot` as a process: started, watched through what it writes, and ended, by a signal or by itself.

What it writes goes into files: a pipe that nobody reads would stop it.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

ROOT = Path(__file__).parents[2]
LOOK = 0.02  # seconds between two looks at what a process has done


@dataclass(frozen=True, slots=True)
class Ended:
    """A process that has ended: its exit code and what it wrote."""

    code: int | None
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """What a person at its terminal read."""
        return (self.out + self.err).splitlines()


class Process:
    """One process, alive or not."""

    def __init__(self, child: asyncio.subprocess.Process, out: Path, err: Path) -> None:
        self._child = child
        self._out = out
        self._err = err

    @property
    def log(self) -> list[str]:
        """The lines that it has logged so far."""
        return self._err.read_text().splitlines()

    @property
    def pid(self) -> int:
        """By what the system knows it."""
        return self._child.pid

    def memory(self) -> float:
        """How much of it was in memory at its peak, in MiB; Linux tells."""
        status = Path(f"/proc/{self._child.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._child.send_signal(number)

    async def kill(self) -> None:
        """End it as the system does: it learns nothing of it. Nothing happens where it has ended."""
        with suppress(ProcessLookupError):
            self._child.kill()
        await self._child.wait()

    async def logged(self, words: str, *, within: float = 20.0) -> None:
        """Wait until a line of its log contains `words`.

        Raises:
            TimeoutError: none did.
        """
        await until(lambda: any(words in line for line in self.log), within=within)

    async def ended(self, *, within: float = 20.0) -> Ended:
        """Wait until it ends by itself.

        Raises:
            TimeoutError: it did not.
        """
        async with asyncio.timeout(within):
            code = await self._child.wait()
        return Ended(code, self._out.read_text(), self._err.read_text())


@asynccontextmanager
async def process(directory: Path, *arguments: str, **environment: str) -> AsyncIterator[Process]:
    """`python -m bot` in this directory, with this environment and no other; killed if it is left running."""
    with NamedTemporaryFile() as out, NamedTemporaryFile() as err:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            *arguments,
            cwd=directory,
            env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], **environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        )
        bot = Process(child, Path(out.name), Path(err.name))
        try:
            yield bot
        finally:
            await bot.kill()


async def run(directory: Path, **environment: str) -> Ended:
    """Run it until it ends by itself."""
    async with process(directory, **environment) as bot:
        return await bot.ended()


async def until(holds: Callable[[], bool], *, within: float = 20.0) -> None:
    """Wait for what nothing tells of.

    Raises:
        TimeoutError: it did not come to hold.
    """
    async with asyncio.timeout(within):
        while True:
            if holds():
                return
            await asyncio.sleep(LOOK)
