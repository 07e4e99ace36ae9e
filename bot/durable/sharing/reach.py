"""Whether this process reaches what it cannot answer without: Slack, and the model's server.

It is of no use where it does not and others do, and leaves all to those then (see `ownership`). So it looks only while
there are others. Until it has looked, nobody counts on it: for what is away for all, nobody is to leave anything.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from bot.durable.sharing.company import Company
from bot.durable.sharing.ownership import REACHED

WATCH = 10.0  # seconds between two looks
WATCH_TIMEOUT = 5.0  # seconds for one

logger = logging.getLogger(__name__)

Look = Callable[[], Awaitable[bool]]
"""Says whether something is within reach; where it says nothing in time, it is not."""


class Reach:
    """That of one process; `looks` are what it needs, by its name."""

    def __init__(self, looks: Mapping[str, Look]) -> None:
        self._looks = looks
        self._lost: set[str] = set()

    async def watch(self, company: Company) -> None:
        """Say to the others whether all is within reach, while there are any, until cancelled."""
        at = _now() - REACHED
        while True:
            is_reached = company.is_there and await self._look()
            if is_reached:
                at = _now()
            elif not company.is_there:
                at = _now() - REACHED  # too long ago to count on it, and not long enough to leave anything
            company.note_reach(at, is_reached=is_reached)
            await asyncio.sleep(WATCH)

    async def _look(self) -> bool:
        async with asyncio.TaskGroup() as group:
            looking = {name: group.create_task(_try(look)) for name, look in self._looks.items()}
        lost = {name for name, task in looking.items() if not task.result()}
        for name in sorted(lost - self._lost):
            logger.warning("reach.lost what=%s", name)
        for name in sorted(self._lost - lost):
            logger.info("reach.back what=%s", name)
        self._lost = lost
        return not lost


async def _try(look: Look) -> bool:
    try:
        async with asyncio.timeout(WATCH_TIMEOUT):
            return await look()
    except TimeoutError:
        return False


def _now() -> float:
    return asyncio.get_running_loop().time()
