"""Which thread posts its next message, and when. Pure: no I/O, no clock, no async.

Time comes in as `now` (seconds, any origin), the next deadline goes out. Laws:

- Into a channel go as many posts as Slack lets: a burst, then one a second.
- Whoever had the fewest posts of late goes first: one person's many questions do not keep another's waiting.
- Then parents: a person waits for a sign, and nothing of a thread can go before its parent. Then who has waited
  longest.
- What Slack refuses for its rate, or cannot take at all, it takes from nobody: all wait. What a thread has to find out
  first, only that thread waits for.
"""

import math
from collections import Counter, deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from bot.delivery.schedules.bucket import Bucket
from bot.delivery.schedules.turn import Turn

PER_SECOND = 1.0  # posts into a channel, in the long run; Slack: "about one a second"
BURST = 5.0  # posts; a parent and its four replies. "Bursts tolerated", says Slack, not how many


OF_LATE = 10.0  # seconds; two bursts' worth of posts


@dataclass(frozen=True, slots=True)
class _Wait:
    """A thread that has something to post: into which channel, whose question it is, and since when."""

    channel: str
    person: str
    is_parent: bool
    since: float
    not_before: float


@dataclass(slots=True)
class PostSchedule:
    """The schedule of one workspace's posts."""

    _waiting: dict[Hashable, _Wait] = field(default_factory=dict)
    _buckets: dict[str, Bucket] = field(default_factory=dict)  # by channel, while they are not full
    _full_at: float = -math.inf  # when all of them are
    _not_before: float = -math.inf
    _recent: deque[tuple[float, str]] = field(default_factory=deque)  # when posts of late went, and whose they were

    def queue(
        self,
        thread: Hashable,
        now: float,
        channel: str,
        *,
        is_parent: bool,
        person: str = "",
        not_before: float = -math.inf,
    ) -> None:
        """Note that a thread has something to post, `not_before` a time; since when is not forgotten."""
        since = self._waiting[thread].since if thread in self._waiting else now
        self._waiting[thread] = _Wait(channel, person, is_parent, since, not_before)

    def forget(self, thread: Hashable) -> None:
        """Let go of a thread."""
        self._waiting.pop(thread, None)

    def hold(self, until: float) -> None:
        """Post nothing before a time."""
        self._not_before = max(self._not_before, until)

    def next(self, now: float) -> Turn:
        """Choose the thread that should post now."""
        if not self._waiting:  # as nearly always: it is asked whenever something has changed
            if self._full_at <= now:
                self._buckets.clear()
            return Turn(None)
        deadline = math.inf
        self._buckets = {place: bucket for place, bucket in self._buckets.items() if bucket.full_at > now}
        while self._recent and self._recent[0][0] <= now - OF_LATE:
            self._recent.popleft()
        posted = Counter(person for _, person in self._recent)
        order = sorted(
            self._waiting.items(), key=lambda item: (posted[item[1].person], not item[1].is_parent, item[1].since)
        )
        for thread, wait in order:
            at = max(self._bucket(wait.channel).has_at(now), self._not_before, wait.not_before)
            if at <= now:
                return Turn(thread)
            deadline = min(deadline, at)
        return Turn(None, deadline)

    def start(self, thread: Hashable, now: float) -> None:
        """Note that a thread posts: it waits no more."""
        wait = self._waiting.pop(thread)
        self._recent.append((now, wait.person))
        self._buckets[wait.channel] = bucket = self._bucket(wait.channel)
        bucket.take(now)
        self._full_at = max(self._full_at, bucket.full_at)

    def note_spent(self, channel: str, now: float, ago: Iterable[float]) -> None:
        """Count posts into a channel that somebody else has sent, so many seconds ago each."""
        self._buckets[channel] = bucket = self._bucket(channel)
        for at in sorted(now - seconds for seconds in ago):
            bucket.note_taken(at, now)
        self._full_at = max(self._full_at, bucket.full_at)

    def _bucket(self, channel: str) -> Bucket:
        return self._buckets.get(channel) or Bucket(PER_SECOND, BURST)
