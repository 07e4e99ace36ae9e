"""Worlds of the benchmark of freshness: what limits Slack has in truth, and a Slack that knows no more than them.

Nobody outside knows which limit of edits is the true one; a bot has to do well in each that is likely.
"""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from bot.errors import RateLimitedError
from bot.slack.api import Mark
from bot.slack.body import Body

LATENCY = 0.08  # seconds a call takes; half of it is the way there
MINUTE = 60.0  # seconds
CLOSE = 1e-6  # seconds, or calls, that sums of floats may lack


class Limit(Protocol):
    """A limit of calls."""

    def take(self, now: float) -> float:
        """Spend one call: 0 when it is granted, else the Retry-After in seconds."""

    def gap(self, calls: int) -> float:
        """Seconds that must lie between a call and the one that comes `calls` calls later."""

    @property
    def spacing(self) -> tuple[int, float, float]:
        """The same as a rule: so many calls later at least so many seconds, and so many more for each call further."""


@dataclass(slots=True)
class Window:
    """So many calls in any 60 seconds."""

    limit: int
    _taken: deque[float] = field(default_factory=deque)

    def take(self, now: float) -> float:
        while self._taken and self._taken[0] <= now - MINUTE + CLOSE:
            self._taken.popleft()
        if len(self._taken) >= self.limit:
            return max(1.0, math.ceil(self._taken[0] + MINUTE - now))
        self._taken.append(now)
        return 0.0

    def gap(self, calls: int) -> float:
        return calls // self.limit * MINUTE

    @property
    def spacing(self) -> tuple[int, float, float]:
        return self.limit, MINUTE, 0.0


@dataclass(slots=True)
class Bucket:
    """A bucket of `burst` calls, refilled at `per_minute`; after a refusal it stays shut for the Retry-After."""

    per_minute: float
    burst: int
    least_retry_after: float
    _level: float = math.inf
    _at: float = 0.0
    _shut_until: float = -math.inf

    def take(self, now: float) -> float:
        self._level = min(self.burst, self._level + (now - self._at) * self.per_minute / MINUTE)
        self._at = now
        if now < self._shut_until - CLOSE:
            return math.ceil(self._shut_until - now)
        if self._level < 1 - CLOSE:
            wait = max(self.least_retry_after, math.ceil((1 - self._level) * MINUTE / self.per_minute))
            self._shut_until = now + wait
            return wait
        self._level -= 1
        return 0.0

    def gap(self, calls: int) -> float:
        return max(0.0, (calls + 1 - self.burst) * MINUTE / self.per_minute)

    @property
    def spacing(self) -> tuple[int, float, float]:
        return self.burst, MINUTE / self.per_minute, MINUTE / self.per_minute


WORLDS: dict[str, Callable[[], Limit]] = {
    "any 60 s": lambda: Window(50),  # what the bot is set to
    "burst 5": lambda: Bucket(50, 5, 5),
    "half": lambda: Bucket(25, 5, 3),  # less than the bot is set to
}


def posts() -> Bucket:
    """The limit of posts into a channel: one a second, with a burst of 6."""
    return Bucket(60, 6, 1)


class Slack:
    """One channel of a workspace whose edits are limited by `edits`; remembers what a reader saw, and when."""

    def __init__(self, edits: Limit) -> None:
        self.shown: list[list[tuple[float, int]]] = []  # by message: since when, how many characters of an answer
        self.edits = 0
        self.refusals = 0
        self._edits = edits
        self._posts = posts()

    async def post(self, channel: str, body: Body, thread_ts: str | None, mark: Mark) -> str:
        await self._call(self._posts)
        self.shown.append([(_now() - LATENCY / 2, body.size)])
        return str(len(self.shown) - 1)

    async def find(self, channel: str, thread_ts: str | None, mark: Mark) -> str | None:
        raise AssertionError(mark)  # nothing is lost here

    async def edit(self, channel: str, ts: str, body: Body) -> None:
        await self._call(self._edits)
        self.edits += 1
        self.shown[int(ts)].append((_now() - LATENCY / 2, body.size))

    async def _call(self, limit: Limit) -> None:
        await asyncio.sleep(LATENCY / 2)
        retry_after = limit.take(_now())
        await asyncio.sleep(LATENCY / 2)
        if retry_after:
            self.refusals += 1
            raise RateLimitedError(retry_after)


def _now() -> float:
    return asyncio.get_running_loop().time()
