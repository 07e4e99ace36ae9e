"""One timer for many waits.

`asyncio.timeout` sets a timer and takes it back for each wait. Where each token is waited for, that costs more than all
that is done with the token. Here the timer stays: when it fires too early, it is set anew, which is once in a time-out.
"""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


class IdleTimer:
    """Bounds waits that follow one another. To be closed."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._deadline = 0.0
        self._task: asyncio.Task[object] | None = None  # the one that waits
        self._has_fired = False

    async def wait(self, work: Awaitable[T], deadline: float) -> T:
        """Await `work`, no longer than until `deadline`, in the loop's time.

        Raises:
            TimeoutError: it took longer, and was cancelled.
        """
        self._deadline = deadline
        if self._timer is None or self._timer.when() > deadline:
            self._set(deadline)
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("only a task can wait")
        cancellations = task.cancelling()
        self._task = task
        try:
            return await work
        except asyncio.CancelledError:
            # As `asyncio.timeout` has it: a cancellation that came from elsewhere too is not swallowed.
            if self._has_fired and task.uncancel() <= cancellations:
                raise TimeoutError from None
            raise
        finally:
            self._task = None
            self._has_fired = False

    def close(self) -> None:
        """Take the timer back."""
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _set(self, when: float) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._fire)

    def _fire(self) -> None:
        self._timer = None
        if self._task is None:
            return
        if self._loop.time() < self._deadline:
            self._set(self._deadline)
            return
        self._has_fired = True
        self._task.cancel()
