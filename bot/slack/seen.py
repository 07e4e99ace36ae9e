"""What was handed over a moment ago: Slack delivers events again, and two may tell of one question."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

MOST_REMEMBERED = 20_000  # keys; a flood pushes out the oldest, and the database still knows what was asked
REMEMBERED = 600.0  # seconds; Slack's last redelivery comes after 5 minutes


class Seen:
    """The keys of the last ten minutes."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}  # in the order of their ends, since all last as long

    async def once(self, keys: Iterable[str], work: Callable[[], Awaitable[object]]) -> None:
        """Do `work`, unless one of `keys` was here before; all were, from now on, unless it fails."""
        if self._are_known(*keys):
            return
        try:
            await work()
        except Exception:
            for key in keys:
                self._until.pop(key, None)
            raise

    def _are_known(self, *keys: str) -> bool:
        now = asyncio.get_running_loop().time()
        while self._until and (next(iter(self._until.values())) <= now or len(self._until) >= MOST_REMEMBERED):
            del self._until[next(iter(self._until))]
        is_known = any(key in self._until for key in keys)
        for key in keys:
            self._until.setdefault(key, now + REMEMBERED)
        return is_known
