"""How much one person may ask: so many runs at once, so many in an hour. Pure; times come in as `now`, in seconds.

Completions cost money, and all runs of a workspace share its edits: without limits one person could spend both.
"""

import math
from bisect import insort
from collections import Counter, deque
from dataclasses import dataclass, field

HOUR = 3_600.0  # seconds
SWEEP = 60.0  # seconds between two looks for people to forget: a look at all of them with each question would add up


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
    _swept_at: float = -math.inf

    @property
    def running(self) -> int:
        """How many runs go on, of all persons."""
        return self._running.total()

    def check(self, user: str, now: float) -> Refusal | None:
        """Why no run of `user`'s may begin; None if one may."""
        self._forget(now)
        begun = self._begun.get(user, deque())
        while begun and begun[0] <= now - HOUR:
            begun.popleft()
        if self._running[user] >= self.at_once:
            return Refusal(self.at_once)
        if len(begun) >= self.per_hour:
            return Refusal(self.per_hour, begun[-self.per_hour] + HOUR - now)
        return None

    def begin(self, user: str, now: float) -> None:
        """Note that a run of `user`'s begins."""
        self.recall(user, now)
        self.resume(user)

    def withdraw(self, user: str) -> None:
        """Note that the newest run of `user`'s was none."""
        self.end(user)
        if begun := self._begun.get(user):
            begun.pop()

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
        if now < self._swept_at + SWEEP:
            return
        self._swept_at = now
        for user, begun in list(self._begun.items()):
            if not begun or begun[-1] <= now - HOUR:
                del self._begun[user]
