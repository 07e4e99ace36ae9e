"""A bucket: it grants a burst at once, and so many a second in the long run. Pure; times come in as `now`.

Slack's limit of posts is told as one. What its limit of edits is, `shape` finds out.
"""

import math
from dataclasses import dataclass

SUM = 1e-9  # seconds; what sums of floats may lack


@dataclass(slots=True)
class Bucket:
    """Holds up to `burst`, gains `rate` a second, and is `full_at` a time."""

    rate: float
    burst: float
    full_at: float = -math.inf

    def has_at(self, now: float, needed: float = 1.0) -> float:
        """When it holds `needed`, or as many as it can; `now` if it does."""
        at = self.full_at - (self.burst - min(needed, self.burst)) / self.rate
        return now if at < now + SUM else at

    def take(self, now: float) -> None:
        """Take one out."""
        self.full_at = max(self.full_at, now) + 1 / self.rate

    def note_taken(self, at: float, now: float) -> None:
        """Note that somebody else has taken one out, at a time before. It was there: none is owed."""
        self.take(at)
        self.full_at = min(self.full_at, now + self.burst / self.rate)
