"""Many workspaces on several replicas, on paper: who owns what, what runs, what waits. Seeded, and pure.

Questions come by Poisson; workspaces ask unequally, by Zipf. Each question comes to any replica. The first to get one
of a workspace owns it, until nothing has gone on there for a while; those that come to others are handed over. So many
runs go on at once in a workspace, and the others wait in order. Of edits a workspace has so many in any minute: a run
has what is left of them when it begins, up to what it would have alone.
"""

import math
import random
from collections import deque
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import accumulate, count

RUN, TOKENS = 18.0, 2_000  # seconds of a run, and its tokens: four answers of 500
EDITS = 36  # of a run whose workspace is quiet
PER_MINUTE = 50  # edits of a workspace, which Slack allows
AT_ONCE = 8  # runs of a workspace
LINGER = 60.0  # seconds for which a workspace without runs keeps its owner
ZIPF = 0.9


@dataclass(frozen=True, slots=True)
class Load:
    """So many `questions` a second in so many workspaces, on so many replicas; looked at for so long, once warm."""

    workspaces: int
    questions: float
    replicas: int
    seconds: float = 600.0
    warm_up: float = 120.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of a load: means over the time that was looked at, but for `left`."""

    runs: float
    waiting: float  # runs, for one of their workspace's places
    handed_over: float  # of all questions
    starts: float  # runs begun, a second
    edits: float  # a second
    busiest: float  # runs of the replica that has most, over the mean of all
    left: int  # runs that wait in the end


@dataclass(slots=True)
class _Workspace:
    owner: int = -1
    runs: int = 0
    waiting: int = 0
    idle_since: float = -math.inf
    spent: deque[tuple[float, int]] = field(default_factory=deque)  # edits, by when their run began

    def take_edits(self, now: float) -> int:
        """How many edits a run has that begins now."""
        while self.spent and self.spent[0][0] <= now - 60:
            self.spent.popleft()
        edits = min(EDITS, PER_MINUTE - sum(edits for _, edits in self.spent))
        self.spent.append((now, edits))
        return edits


def shares(workspaces: int) -> list[float]:
    """Which part of all questions each workspace asks, the busiest first."""
    weights = [rank**-ZIPF for rank in range(1, workspaces + 1)]
    whole = sum(weights)
    return [weight / whole for weight in weights]


def rate_for(runs: float, workspaces: int) -> float:
    """How many questions a second keep so many runs going, where no workspace has more than `AT_ONCE` of them."""
    parts, low, high = shares(workspaces), 0.0, runs
    for _ in range(40):
        rate = (low + high) / 2
        is_low = sum(min(AT_ONCE, rate * part * RUN) for part in parts) < runs
        low, high = (rate, high) if is_low else (low, rate)
    return high


def simulate(load: Load, seed: int = 1) -> Seen:
    """Play a load."""
    chance, numbers = random.Random(seed), count()  # noqa: S311 - nothing is secret
    which, cumulated = range(load.workspaces), [*accumulate(shares(load.workspaces))]
    workspaces: dict[int, _Workspace] = {}
    on = [0.0] * load.replicas  # seconds of runs that each has had, of those that are looked at
    now, end, waiting, waited = 0.0, load.warm_up + load.seconds, 0, 0.0
    asked = handed_over = starts = edits = 0
    due: list[tuple[float, int, _Workspace | None]] = []  # a question of anybody's, or the end of a run

    def start(one: _Workspace) -> None:
        nonlocal starts, edits
        one.runs += 1
        on[one.owner] += max(0.0, min(now + RUN, end) - max(now, load.warm_up))
        taken = one.take_edits(now)
        if now >= load.warm_up:
            starts, edits = starts + 1, edits + taken
        heappush(due, (now + RUN, next(numbers), one))

    heappush(due, (chance.expovariate(load.questions), next(numbers), None))
    while due[0][0] < end:
        before, (now, _, one) = now, heappop(due)
        waited += waiting * max(0.0, now - max(before, load.warm_up))
        if one is not None:
            one.runs, one.idle_since = one.runs - 1, now
            if one.waiting:
                one.waiting, waiting = one.waiting - 1, waiting - 1
                start(one)
            continue
        heappush(due, (now + chance.expovariate(load.questions), next(numbers), None))
        one = workspaces.setdefault(chance.choices(which, cum_weights=cumulated)[0], _Workspace())
        replica = chance.randrange(load.replicas)
        if not one.runs and now - one.idle_since >= LINGER:
            one.owner = replica
        if now >= load.warm_up:
            asked, handed_over = asked + 1, handed_over + (one.owner != replica)
        if one.runs < AT_ONCE:
            start(one)
        else:
            one.waiting, waiting = one.waiting + 1, waiting + 1
    runs = sum(on) / load.seconds
    return Seen(
        runs,
        waited / load.seconds,
        handed_over / max(1, asked),
        starts / load.seconds,
        edits / load.seconds,
        max(on) / (sum(on) / load.replicas) if runs else 0.0,
        waiting,
    )
