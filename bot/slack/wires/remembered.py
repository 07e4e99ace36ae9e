"""Installations that were looked up a moment ago: no payload costs a question to the database while others come.

Laws:

- What is older than `REMEMBERED` is looked up anew, so that a new token, or a removal, is known everywhere by then.
- Whoever asks while it is being looked up waits for that; a flood from where the bot is not installed costs no more.
- Nobody waits longer than `PATIENCE`, for the database or for others who ask the same.
- Where the database does not answer, what was known before is still good, for `STALE`; it is not asked with each
  payload then either.
"""

import asyncio
import logging
from dataclasses import dataclass

from bot.errors import StoreError
from bot.slack.installation import Find, Installation

logger = logging.getLogger(__name__)

REMEMBERED = 3.0  # seconds
PATIENCE = 1.0  # seconds for the database; whoever types a command waits for three at the most, with all else
STALE = 600.0  # seconds
MOST = 20_000  # workspaces; the oldest are looked up again

_Key = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class _Found:
    installation: Installation | None
    known_at: float  # when the database said so
    good_until: float


class Remembered:
    """What `look_up` has found of late."""

    def __init__(self, look_up: Find) -> None:
        self._ask = look_up
        self._found: dict[_Key, _Found] = {}  # in the order in which they were looked up
        self._turns: dict[_Key, asyncio.Event] = {}  # of those that are being looked up: set when that is over

    async def find(self, team_id: str, enterprise_id: str | None) -> Installation | None:
        """The installation that answers in a workspace; None where it is unknown, or was removed.

        Raises:
            StoreError: nobody knows.
        """
        key = (team_id, enterprise_id)
        try:
            async with asyncio.timeout(PATIENCE):
                while (found := self._found.get(key)) is None or _now() >= found.good_until:
                    if (turn := self._turns.get(key)) is None:
                        return await self._look_up(key)
                    await turn.wait()
                return found.installation
        except StoreError as error:
            return self._fall_back(key, error)
        except TimeoutError as error:
            failure = StoreError(f"The database has not answered within {PATIENCE:.0f} s.")
            failure.__cause__ = error
            return self._fall_back(key, failure)

    def forget(self, team_id: str) -> None:
        """Look a workspace up anew, when it is asked for next; all of them, where it has no id."""
        for key in [key for key in self._found if team_id in {"", key[0]}]:
            del self._found[key]

    async def _look_up(self, key: _Key) -> Installation | None:
        turn = self._turns[key] = asyncio.Event()
        try:
            installation = await self._ask(*key)
        finally:
            del self._turns[key]
            turn.set()
        self._note(key, installation, known_at=_now())
        return installation

    def _fall_back(self, key: _Key, error: StoreError) -> Installation | None:
        """What was known before, if that is not too long ago."""
        logger.warning("installation.unknown team=%s error=%s", key[0], error)
        former = self._found.get(key)
        if former is None or _now() - former.known_at > STALE:
            raise error
        self._note(key, former.installation, known_at=former.known_at)
        return former.installation

    def _note(self, key: _Key, installation: Installation | None, *, known_at: float) -> None:
        self._found.pop(key, None)
        self._found[key] = _Found(installation, known_at, _now() + REMEMBERED)
        while len(self._found) > MOST:
            del self._found[next(iter(self._found))]


def _now() -> float:
    return asyncio.get_running_loop().time()
