"""The time as the database has it: what one process has written down, another on another host reads. Pure."""

from collections.abc import Callable

MOST_APART = 1.0  # seconds for which nothing is put right: a look at the database may take as long


class SharedClock:
    """Seconds since 1970 by the database's clock, as far as it was heard of; by this host's `own` until then."""

    def __init__(self, own: Callable[[], float]) -> None:
        self._own = own
        self._ahead = 0.0

    def __call__(self) -> float:
        """Tell it."""
        return self._own() + self._ahead

    def hear(self, now: float) -> float:
        """Take note of what the database's clock shows just now; by how much this one was put right, in seconds."""
        off = now - self()
        if abs(off) <= MOST_APART:
            return 0.0
        self._ahead += off
        return off
