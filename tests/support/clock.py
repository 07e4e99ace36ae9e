"""An event loop on a virtual clock, over real sockets: when nothing is ready, time jumps to the next timer.

A run of a minute takes as long as its computing, and what happens at 2.0 s can be asserted to. Time does not jump while
work runs in a thread, whose end no timer tells.
"""

import asyncio
import selectors
import time
from collections.abc import Callable
from typing import Any

PATIENCE = 10.0  # real seconds to wait for a file (a child process, perhaps) before a test is held to hang
LONGEST = 120.0  # real seconds of one loop; what retries for ever needs no time here, and would never end
START = 1_000.0  # seconds; any origin but 0, which would hide a time that was never set


class _Selector(selectors.DefaultSelector):
    """Waits for files as ever, and for time not at all."""

    loop: "VirtualLoop"

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if time.monotonic() > self.loop.ends:
            raise RuntimeError(f"the test still runs after {self.loop.longest:.0f} s: does it try again for ever?")
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if self.loop.threads:
            return super().select(timeout)
        if timeout is None:
            ready = super().select(PATIENCE)
            if not ready:
                raise RuntimeError("nothing is ready, no timer is set: the test waits for what will never happen")
            return ready
        self.loop.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """See the module."""

    def __init__(self, longest: float = LONGEST) -> None:
        self.now = START
        self.threads = 0
        self.longest = longest
        self.ends = time.monotonic() + longest
        selector = _Selector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.now

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:  # type: ignore[override]
        self.threads += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._thread_ended)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        # From Python 3.12 on a runner sets a time-out, which would pass at once: threads take real time.
        await super().shutdown_default_executor()

    def _thread_ended(self, _: object) -> None:
        self.threads -= 1
