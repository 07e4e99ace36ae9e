"""Installations that were looked up a moment ago: no payload costs a question to the database while others come.

Laws:

- What is older than `REMEMBERED` is looked up anew, so that a new token, or a removal, is known everywhere by then.
- Whoever asks while it is being looked up waits for that; a flood from where the bot is not installed costs no more.
- Where the database does not answer, what was known before is still good, for `STALE`.
"""

import asyncio
import logging
from dataclasses import dataclass

from bot.errors import StoreError
from bot.slack.installation import Installation, Installations

logger = logging.getLogger(__name__)

REMEMBERED = 3.0  # seconds
STALE = 600.0  # seconds
MOST = 20_000  # workspaces; the oldest are looked up again

_Key = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class _Found:
    installation: Installation | None
    at: float


class Remembered:
    """What `installations` has said of late."""

    def __init__(self, installations: Installations) -> None:
        self._installations = installations
        self._found: dict[_Key, _Found] = {}  # in the order in which they were looked up
        self._turns: dict[_Key, asyncio.Lock] = {}  # of those that are being looked up

    async def find(self, team_id: str, enterprise_id: str | None) -> Installation | None:
        """The installation that answers in a workspace; None where it is unknown, or was removed.

        Raises:
            StoreError: nobody knows.
        """
        key = (team_id, enterprise_id)
        if (found := self._found.get(key)) and _now() - found.at < REMEMBERED:
            return found.installation
        async with self._turns.setdefault(key, asyncio.Lock()):
            try:
                if (found := self._found.get(key)) and _now() - found.at < REMEMBERED:
                    return found.installation
                return await self._look_up(key, found)
            finally:
                self._turns.pop(key, None)

    def forget(self, team_id: str) -> None:
        """Look a workspace up anew, when it is asked for next; all of them, where it has no id."""
        for key in [key for key in self._found if team_id in {"", key[0]}]:
            del self._found[key]

    async def _look_up(self, key: _Key, former: _Found | None) -> Installation | None:
        try:
            installation = await self._installations.find(*key)
        except StoreError as error:
            logger.warning("installation.unknown team=%s error=%s", key[0], error)
            if former is None or _now() - former.at > STALE:
                raise
            return former.installation
        self._found.pop(key, None)
        self._found[key] = _Found(installation, _now())
        while len(self._found) > MOST:
            del self._found[next(iter(self._found))]
        return installation


def _now() -> float:
    return asyncio.get_running_loop().time()
