"""How much one person may ask: so many runs at once, so many in an hour. Pure; times come in as `now`, in seconds.

Completions cost money, and all runs of a workspace share its edits: without limits one person could spend both.
"""

from bisect import insort
from collections import Counter, deque
from dataclasses import dataclass, field

HOUR = 3_600.0  # seconds


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a run may not begin: `limit` of them go on already, or, where `wait` is set, were begun within the hour.

    `wait` is how many seconds pass until one may begin.
    """

    limit: int
    wait: float | None = None


@dataclass(slots=True)
class Limits:
    """What each person has begun within the hour, and what of it goes on."""

    at_once: int
    per_hour: int
    _running: Counter[str] = field(default_factory=Counter)
    _begun: dict[str, deque[float]] = field(default_factory=dict)

    def begin(self, user: str, now: float) -> Refusal | None:
        """Begin a run of `user`'s, or say why it may not begin. A refused one does not count."""
        self._forget(now)
        begun = self._begun.get(user, ())
        if self._running[user] >= self.at_once:
            return Refusal(self.at_once)
        if len(begun) >= self.per_hour:
            return Refusal(self.per_hour, begun[-self.per_hour] + HOUR - now)
        self.recall(user, now)
        self.resume(user)
        return None

    def resume(self, user: str) -> None:
        """Note that a run goes on here which was admitted by a process that is no more."""
        self._running[user] += 1

    def recall(self, user: str, begun: float) -> None:
        """Note when a run was begun, by whichever process."""
        insort(self._begun.setdefault(user, deque()), begun)

    def end(self, user: str) -> None:
        """Note that a run has ended."""
        self._running[user] -= 1
        if not self._running[user]:
            del self._running[user]

    def _forget(self, now: float) -> None:
        """Let go of whoever has begun nothing within the hour: memory holds those who ask, not all who ever did."""
        for user, begun in list(self._begun.items()):
            while begun and begun[0] <= now - HOUR:
                begun.popleft()
            if not begun:
                del self._begun[user]
