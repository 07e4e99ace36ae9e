"""When the journal writes next, and who waits until it has."""

import asyncio
from contextlib import suppress

TIMEOUT = 1.5  # seconds; the person who typed a command has waited half of what Slack allows
GATHER = 0.05  # seconds in which what nobody waits for gathers, to be written together


class Turns:
    """The turns of who writes: it is woken, and those who wait for a write are let go with the end of the next one."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[bool]] = []  # for the next write
        self._wake, self._hurry = asyncio.Event(), asyncio.Event()

    def wake(self) -> None:
        """Have something written soon."""
        self._wake.set()

    def hurry(self) -> None:
        """Have it written at once: somebody waits for it."""
        self._hurry.set()
        self.wake()

    def sleep(self) -> None:
        """Note that all so far is about to be written."""
        self._wake.clear()

    def begin(self) -> list[asyncio.Future[bool]]:
        """Begin a write; who has waited for it."""
        waiting, self._waiting = self._waiting, []
        self._hurry.clear()
        return waiting

    async def written(self, timeout: float = TIMEOUT) -> bool:
        """Wait for the end of the next write, for so many seconds at the longest; whether it has come to that."""
        written: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(written)
        self.hurry()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                return await written
        return False

    async def pause(self, seconds: float) -> None:
        """Wait until there is something to write."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
            async with asyncio.timeout(GATHER):
                await self._hurry.wait()


def let_go(waiting: list[asyncio.Future[bool]], *, is_written: bool) -> None:
    """Let those go on who have waited for a write, as far as they still do; they are told whether it was done."""
    for future in waiting:
        if not future.done():
            future.set_result(is_written)
