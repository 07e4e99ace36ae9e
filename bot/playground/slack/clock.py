"""The time in a workspace, and the timestamps that name its messages."""

import asyncio
import time
from collections.abc import Callable


class Clock:
    """Gives seconds since 1970: those of `read`, or of the system when it is first looked at, and of the loop since."""

    def __init__(self, read: Callable[[], float] | None = None) -> None:
        self._read = read or self._read_loop
        self._epoch: float | None = None
        self._last = 0  # microseconds

    def __call__(self) -> float:
        """What time it is."""
        return self._read()

    def stamp(self) -> str:
        """Return a timestamp that no message has: later than all that were given."""
        self._last = max(round(self._read() * 1_000_000), self._last + 1)
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06}"

    def _read_loop(self) -> float:
        now = asyncio.get_running_loop().time()
        if self._epoch is None:
            self._epoch = time.time() - now
        return self._epoch + now
