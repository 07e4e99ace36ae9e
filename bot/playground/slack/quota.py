"""How many calls Slack lets pass, and for how long it refuses after that.

Laws:

- Never more than the limit in any window; a bucket never gives more than its burst and what has flowed in since.
- A call that is refused spends nothing, but closes the gate: Slack refuses every call until its `Retry-After` is over.

Pure: `now` is an argument, in seconds of any clock that does not go back.
"""

import math
from collections import deque

MINUTE = 60.0  # seconds; the window in which Slack counts
WHISPERS_PER_MINUTE = 100  # chat.postEphemeral, as documented
ROUNDING = 1e-6  # seconds; a call that is early by less is in time: sums of floats and timers are not more exact


class SlidingWindow:
    """At most `limit` calls in any `seconds`."""

    def __init__(self, limit: int, seconds: float = MINUTE) -> None:
        self._limit = limit
        self._seconds = seconds
        self._passed: deque[float] = deque()

    def take(self, now: float) -> float:
        """Let a call pass and return 0.0, or spend nothing and return the seconds until one would pass."""
        while self._passed and self._passed[0] + self._seconds <= now + ROUNDING:
            self._passed.popleft()
        if len(self._passed) >= self._limit:
            return self._passed[0] + self._seconds - now
        self._passed.append(now)
        return 0.0


class TokenBucket:
    """`burst` calls at once, refilled at `rate` calls a second."""

    def __init__(self, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = burst
        self._full_at = -math.inf  # when the bucket will be full again

    def take(self, now: float) -> float:
        """As above."""
        until_full = max(self._full_at - now, 0.0)
        wait = until_full - (self._burst - 1) / self._rate
        if wait > ROUNDING:
            return wait
        self._full_at = now + until_full + 1 / self._rate
        return 0.0


class Gate:
    """A quota with Slack's manners: it answers in whole seconds, and stays shut for as long as it said."""

    def __init__(self, quota: SlidingWindow | TokenBucket, minimum_retry_after: int = 1) -> None:
        self._quota = quota
        self._minimum = minimum_retry_after
        self._shut_until = -math.inf

    def admit(self, now: float) -> int:
        """Let a call pass and return 0, or return the whole seconds (at least 1) after which to come again."""
        if self._shut_until > now + ROUNDING:
            return math.ceil(self._shut_until - now - ROUNDING)
        wait = self._quota.take(now)
        if not wait:
            return 0
        retry_after = max(1, self._minimum, math.ceil(wait - ROUNDING))
        self.shut(now, retry_after)
        return retry_after

    def shut(self, now: float, seconds: float) -> None:
        """Refuse every call for `seconds`, whatever the quota says."""
        self._shut_until = max(self._shut_until, now + seconds)


class Gates:
    """The gates of one workspace: edits and whispers are counted over all of it, posts by channel."""

    def __init__(
        self,
        *,
        edits_per_minute: int,
        edit_burst: int | None,
        posts_per_second: float,
        post_burst: int,
        minimum_retry_after: int,
    ) -> None:
        self.edits_per_minute = edits_per_minute
        per_second = edits_per_minute / MINUTE
        edits = SlidingWindow(edits_per_minute) if edit_burst is None else TokenBucket(per_second, edit_burst)
        self._posts = (posts_per_second, post_burst)
        self._minimum = minimum_retry_after
        self._gates = {
            ("chat.update", ""): Gate(edits, minimum_retry_after),
            ("chat.postEphemeral", ""): Gate(SlidingWindow(WHISPERS_PER_MINUTE), minimum_retry_after),
        }

    def find(self, method: str, channel: str) -> Gate | None:
        """Return the gate that a call has to pass, or None where Slack's limit is far above what an app here does."""
        if method != "chat.postMessage":
            return self._gates.get((method, ""))
        key = (method, channel)
        if key not in self._gates:
            self._gates[key] = Gate(TokenBucket(*self._posts), self._minimum)
        return self._gates[key]
