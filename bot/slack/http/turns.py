"""Turns at the listeners, for what comes over HTTP: they go round by person, and what has no room is told at once.

The same as `wires.envelopes` does for what comes down a socket; here each request waits by itself.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.slack.wires.backlog import Backlog
from bot.slack.wires.envelopes import MOST_AT_ONCE, MOST_WAITING


class CrowdedError(Exception):
    """There is no room: too much waits already."""


class Turns:
    """`most_at_once` are answered at a time, and `most_waiting` wait."""

    def __init__(self, most_at_once: int = MOST_AT_ONCE, most_waiting: int = MOST_WAITING) -> None:
        self._free = most_at_once
        self._backlog: Backlog[asyncio.Future[None]] = Backlog(most_waiting)

    @asynccontextmanager
    async def turn(self, person: str) -> AsyncIterator[None]:
        """Wait for a person's turn, and have it for as long as the block lasts.

        Raises:
            CrowdedError: there was no room, or another has needed it more.
        """
        coming = asyncio.get_running_loop().create_future()
        turned_away = self._backlog.put(person, coming)
        if turned_away and not turned_away.done():
            turned_away.set_exception(CrowdedError())
        self._go_on()
        try:
            await coming
        except asyncio.CancelledError:
            if coming.done() and not coming.cancelled() and coming.exception() is None:  # its turn came that moment
                self._end(person)
            raise
        try:
            yield
        finally:
            self._end(person)

    def _go_on(self) -> None:
        while self._free and (turn := self._backlog.take()):
            person, coming = turn
            if coming.done():  # whoever has asked is gone
                self._backlog.finish(person)
                continue
            self._free -= 1
            coming.set_result(None)

    def _end(self, person: str) -> None:
        self._backlog.finish(person)
        self._free += 1
        self._go_on()
