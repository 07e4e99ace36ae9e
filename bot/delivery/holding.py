"""Until when anything may be sent: for so long the runs are surely this process's.

Slack knows of no leases. So nothing is begun beyond that time, and where other processes are there, who may go on with
the runs then, no call that is under way lasts longer: what is left of it is what Slack itself sits on.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bot.errors import Effect, UnavailableError


class Holding:
    """That of one workspace's board, by `clock`."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until = math.inf
        self._calls_until = math.inf
        self._limits: set[asyncio.Timeout] = set()  # of calls that are under way

    @property
    def is_over(self) -> bool:
        """Whether nothing may be sent now."""
        return self._clock() >= self._until

    def end_at(self, until: float, *, is_strict: bool) -> None:
        """Send nothing from then on; where it `is_strict`, give calls up that are under way."""
        self._until = until
        self._calls_until = until if is_strict else math.inf
        for limit in self._limits:
            if not limit.expired():  # that call is being given up, and has not unwound yet
                limit.reschedule(self._limit())

    @asynccontextmanager
    async def limited(self) -> AsyncIterator[None]:
        """Make a call within the block.

        Raises:
            UnavailableError: it was given up; it may be carried out all the same.
        """
        try:
            async with asyncio.timeout_at(self._limit()) as limit:
                self._limits.add(limit)
                try:
                    yield
                finally:
                    self._limits.discard(limit)
        except TimeoutError as error:
            raise UnavailableError("held", Effect.PENDING) from error

    def _limit(self) -> float | None:
        """By the loop's time."""
        if self._calls_until == math.inf:
            return None
        return asyncio.get_running_loop().time() + self._calls_until - self._clock()
