"""Who serves a workspace, where several processes share a database: the policy. Pure.

A workspace is served by one process, its owner, or by none while nothing goes on there. Whoever is asked in one that
nobody owns becomes its owner; whoever is asked in another's writes the question down for it. Laws:

- A process is there for as long as its lease holds, by the database's clock. One whose lease has ended is declared dead
  by whoever notices, in a transaction: from then on it owns nothing, and nothing that it writes lands.
- One that was out of the database's reach itself declares nobody dead for a lease: the others may have been out too.
- What the dead have left is shared out: of each workspace all say the same, which of them ought to take it. What
  somebody has left who ended in an orderly way has an heir: the youngest, which is not about to be replaced by a newer
  version. Where that one does not take it, anybody does, some seconds later.
- Who does not reach Slack, or the model's server, while another reaches both leaves everything to the others, and takes
  nothing, until it does.
- While others are there, who may have lost its lease sends nothing, however long the database is away: they go on
  with its runs. Alone it goes on (see `lease`).
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256

from bot.durable.lease import LEASE

PATIENCE = 2.5  # seconds for which a workspace is left to its heir, who looks every two
CUT_OFF = 30.0  # seconds without one of them after which a process leaves what it serves to others, who reach both
# Seconds ago at the most that they have. Where one is away for all, nobody may take another for one that reaches it:
# each looks every ten, at a moment of its own, and knows of it some 15 s after it was there the last time.
REACHED = 10.0


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


class Leavings:
    """The workspaces that nobody owns, as `owner` sees them: which it takes, and which it leaves to another for now."""

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._since: dict[str, float] = {}

    def choose(self, left: Mapping[str, str | None], *, others: Collection[str], now: float) -> list[str]:
        """Which to take of those that are `left`, each to an heir or to nobody in particular."""
        self._since = {name: self._since.get(name, now) for name in left}
        alive = {self._owner, *others}
        wanted = {name: heir if heir in alive else find_heir(name, alive) for name, heir in left.items()}
        return sorted(name for name, heir in wanted.items() if heir == self._owner or self._is_late(name, now))

    def _is_late(self, name: str, now: float) -> bool:
        return not 0 <= now - self._since[name] < PATIENCE  # a clock may be set back


def find_heir(workspace: str, alive: Collection[str]) -> str:
    """Which of the processes that are there ought to take a workspace: each about as many."""
    return max(alive, key=lambda one: sha256(f"{one} {workspace}".encode()).digest())
