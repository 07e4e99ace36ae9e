"""A bucket: it grants a burst at once, and so many a second in the long run. Pure; times come in as `now`.

Slack's limit of posts is told as one. Its limit of edits is told as a number a minute, and whether that is a bucket is
not told; a refusal teaches what kind of bucket would explain it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

CAUTION = 0.95  # of the rate that a refusal lets expect: a sum of guesses must not run ahead of Slack's own
SLOWER = 0.6  # of the rate that was refused once more
CALM = 30.0  # seconds without a refusal after which what was learned is loosened
LOOSER = 1.25  # times burst and rate


@dataclass(slots=True)
class Bucket:
    """Holds up to `burst`, of which `level` are in it `at` a time, and gains `rate` a second."""

    rate: float
    burst: float
    level: float = math.inf
    at: float = -math.inf
    loosened_at: float = -math.inf

    @classmethod
    def learn(cls, now: float, rate: float, granted: Sequence[float]) -> "Bucket":
        """The bucket that refuses `now` and has granted at the times `granted`, if it gains about `rate` a second."""
        rate *= CAUTION
        bursts = (len(granted) - place - rate * (now - at) for place, at in enumerate(granted))
        return cls(rate, max(1.0, max(bursts, default=1.0)), 0.0, now, now)

    def has_at(self, now: float, needed: float = 1.0) -> float:
        """When it holds `needed`, or as many as it can; `now` if it does."""
        self._fill(now)
        missing = min(needed, self.burst) - self.level
        return now if missing < 1e-9 else now + missing / self.rate  # noqa: PLR2004 - what sums of floats may lack

    def take(self, now: float) -> None:
        """Take one out."""
        self._fill(now)
        self.level -= 1

    def refuse(self, now: float) -> None:
        """Note that it is empty, and held less than was thought."""
        self.rate *= SLOWER
        self.level, self.at, self.loosened_at = 0.0, now, now

    def loosen(self, now: float) -> None:
        """Trust what was learned less, the longer nothing was refused."""
        while now - self.loosened_at >= CALM:
            self.loosened_at += CALM
            self.rate *= LOOSER
            self.burst *= LOOSER

    def _fill(self, now: float) -> None:
        self.level = min(self.burst, self.level + self.rate * (now - self.at)) if self.level < math.inf else self.burst
        self.at = now
