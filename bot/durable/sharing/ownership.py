"""Who serves a workspace, where several processes share a database: the policy. Pure.

A workspace is served by one process, its owner, or by none while nothing goes on there. Whoever is asked in one that
nobody owns becomes its owner; whoever is asked in another's writes the question down for it. Laws:

- A process is there for as long as its lease holds, by the database's clock. One whose lease has ended is declared dead
  by whoever notices, in a transaction: from then on it owns nothing, and nothing that it writes lands.
- One that was out of the database's reach itself declares nobody dead for a lease: the others may have been out too.
- What the dead have left is shared out: nobody takes more than its part at once.
- While others are there, who may have lost its lease sends nothing, however long the database is away: they go on
  with its runs. Alone it goes on (see `lease`).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256

from bot.durable.lease import LEASE


class Arrival(Enum):
    """What has become of a question that was written down; it is true where the question was new."""

    KNOWN = "known"  # it was there before
    HERE = "here"  # it is this process's to answer
    ELSEWHERE = "elsewhere"  # it is another's, which decides whether it may be asked

    def __bool__(self) -> bool:
        return self is not Arrival.KNOWN


@dataclass(slots=True)
class Sight:
    """Since when this process sees the database without a gap; times are seconds, by its own clock.

    One that has just begun has seen no gap: what it finds has ended before.
    """

    _since: float = -math.inf
    _last: float | None = None

    def note(self, now: float) -> None:
        """Note that the database has renewed its lease."""
        if self._last is not None and now - self._last > LEASE:
            self._since = now
        self._last = now

    def may_fence(self, now: float) -> bool:
        """Whether it may declare others dead: had it been away itself, so may they have been."""
        return now - self._since >= LEASE and (self._last is None or now - self._last <= LEASE)


def choose(workspaces: Iterable[str], *, alive: int, owner: str) -> list[str]:
    """Which of those that nobody owns `owner` takes, of so many processes that are there, itself among them.

    Each begins with others, so that those who look at once do not want the same.
    """
    wanted = sorted(workspaces, key=lambda one: sha256(f"{owner} {one}".encode()).digest())
    return wanted[: math.ceil(len(wanted) / max(1, alive))]
