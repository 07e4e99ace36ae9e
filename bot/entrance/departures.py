"""The workspaces that have removed the bot: what goes on there ends, and what was kept of them is forgotten.

That they have left is written down before Slack gets its acknowledgement; what takes longer, to forget thousands of
runs, is done by and by, by whichever process is there.
"""

import asyncio
import logging
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from bot.errors import StoreError

if TYPE_CHECKING:
    from bot.durable.tables.installations import InstallationTable

logger = logging.getLogger(__name__)

LOOK = 30.0  # seconds between two looks for what other processes have left to be forgotten


class Departures:
    """Those of `table`; `end` ends what goes on in a workspace in this process."""

    def __init__(self, table: "InstallationTable", end: Callable[[str], None]) -> None:
        self._table = table
        self._end = end
        self._news = asyncio.Event()

    async def leave(self, team_id: str, enterprise_id: str | None, at: float) -> None:
        """Let a workspace go, or an organisation, unless it was installed there after `at`. Raises `StoreError`."""
        self._note(await self._table.remove(team_id, enterprise_id, at=at))

    async def withdraw(self, teams: Collection[str], at: float) -> None:
        """Let workspaces go in which their organisation's installation answers no more. Raises `StoreError`."""
        self._note(await self._table.withdraw(teams, at=at))

    def _note(self, teams: Collection[str]) -> None:
        for team in teams:
            logger.info("workspace.left team=%s", team)
            self._end(team)
        self._news.set()

    async def serve(self) -> None:
        """Forget what was left, until cancelled."""
        while True:
            try:
                while await self._table.forget():
                    pass  # others have their turns at the database in between
            except StoreError as error:
                logger.warning("departures.waiting error=%s", error)
            self._news.clear()
            try:
                async with asyncio.timeout(LOOK):
                    await self._news.wait()
            except TimeoutError:
                pass
