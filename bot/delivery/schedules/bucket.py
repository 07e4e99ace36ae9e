"""A bucket: it grants a burst at once, and so many a second in the long run. Pure; times come in as `now`.

Slack's limit of posts is told as one. What its limit of edits is, `shape` finds out.
"""

import math
from dataclasses import dataclass


@dataclass(slots=True)
class Bucket:
    """Holds up to `burst`, of which `level` are in it `at` a time, and gains `rate` a second."""

    rate: float
    burst: float
    level: float = math.inf
    at: float = -math.inf

    def has_at(self, now: float, needed: float = 1.0) -> float:
        """When it holds `needed`, or as many as it can; `now` if it does."""
        self._fill(now)
        missing = min(needed, self.burst) - self.level
        return now if missing < 1e-9 else now + missing / self.rate  # noqa: PLR2004 - what sums of floats may lack

    def take(self, now: float) -> None:
        """Take one out."""
        self._fill(now)
        self.level -= 1

    def _fill(self, now: float) -> None:
        self.level = min(self.burst, self.level + self.rate * (now - self.at)) if self.level < math.inf else self.burst
        self.at = now
