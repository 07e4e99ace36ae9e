"""The bell: how one process tells another that it has written something for it, where PostgreSQL is between them.

Laws:

- A ring says nothing but that there is something to look at. One that is lost costs until the next look.
- It is a transaction of its own: while one that notifies commits, all others that do wait for it.
- The listener has a connection of its own. Where that is lost, a new one listens first, and then it is looked: nothing
  falls between. A pooler that shares connections would swallow each ring without a word, so it is tried by one of its
  own when it begins to listen.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from typing import Any

from sqlalchemy import func, select

from bot.durable.sql.connection import AsyncConnection

ECHO = 2.0  # seconds for its own ring to be heard
AGAIN = 1.0  # seconds until it is connected again
EVERYBODY = "all"  # who hears what concerns nobody in particular

logger = logging.getLogger(__name__)


def name_channel(owner: str) -> str:
    """What rings for a process; letters, digits and signs that need no quotes."""
    return "perspectives_" + "".join(one if one.isalnum() else "_" for one in owner.lower())[:40]


async def ring(connection: AsyncConnection, channel: str) -> None:
    """Ring."""
    await connection.execute(select(func.pg_notify(channel, "")))


class Bell:
    """Hears what rings on `channels`, of which the first is its own; `connect` makes a connection of the driver's."""

    def __init__(self, connect: Callable[[], Awaitable[Any]], channels: Sequence[str]) -> None:
        self._connect = connect
        self._channels = channels

    async def rings(self) -> AsyncGenerator[bool]:
        """Each time that there may be something to look at; whether rings are heard at all. It never ends."""
        while True:
            try:
                driver = await self._connect()
                try:
                    for channel in self._channels:
                        await driver.execute(f"LISTEN {channel}")
                    is_heard = await self._try_out(driver)
                    if not is_heard:
                        logger.warning("bell.unheard: is a pooler between? looking more often instead")
                    yield is_heard
                    async with aclosing(driver.notifies()) as heard:
                        async for _ in heard:
                            yield is_heard
                finally:
                    with suppress(Exception):
                        await driver.close()
            except Exception as error:  # noqa: BLE001 - drivers raise what they like; a look makes up for each
                logger.info("bell.lost error=%s", type(error).__name__)
            yield False
            await asyncio.sleep(AGAIN)

    async def _try_out(self, driver: Any) -> bool:
        """Whether its own ring is heard."""
        other = await self._connect()  # a pooler may give a notification back on the connection that rang
        try:
            await other.execute("SELECT pg_notify(%s, '')", [self._channels[0]])
        finally:
            await other.close()
        async with aclosing(driver.notifies(timeout=ECHO, stop_after=1)) as heard:
            async for _ in heard:
                return True
        return False
