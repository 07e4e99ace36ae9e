"""How many messages are likely to come soon, learned from those that came. Pure; times come in as `now`, in seconds.

People ask in rows. A *row* begins with a question that comes more than `ROW` seconds after the one before. Within it
the rate is estimated as that of a Poisson process with a gamma distribution as its prior: so many questions came after
the first, older ones counting for less, in so much time; added to that are `PRIOR` seconds, in which as many came as
follow a question on average, in all rows so far. At the start that average is 0, and nothing is expected.
"""

from collections import deque
from dataclasses import dataclass, field
from math import exp, inf

ROW = 150.0  # seconds without a question, after which what comes is another row
FADING = 90.0  # seconds after which a question of the row counts for 1 / e
PRIOR = 20.0  # seconds that the average of all rows counts for
SOON = 60.0  # seconds within which a question follows another; slots come back after that
TOGETHER = 6.0  # seconds; who asks sooner after another asks with them, and says less of what is to come
LEARNING = 0.2  # weight of the newest in an average


@dataclass(slots=True)
class Arrivals:
    """What is known of the questions of a workspace: how many follow one within a minute, and how large they are."""

    following: float = 0.0
    messages: float = 5.0  # of a question: a parent and four replies
    _count: float = 0.0  # of the row's questions after its first, faded
    _exposed: float = 0.0  # seconds since the row's first, faded
    _at: float = -inf
    _recent: deque[float] = field(default_factory=deque)

    def note(self, now: float, messages: int) -> None:
        """Note that a question came, and how many messages it has."""
        while self._recent and self._recent[0] <= now - SOON:
            at = self._recent.popleft()
            followed = sum(other <= at + SOON for other in self._recent)
            self.following += LEARNING * (followed - self.following)
        self._recent.append(now)
        self.messages += LEARNING * (messages - self.messages)
        if now - self._at > ROW:
            self._count = self._exposed = 0.0
        else:
            self._count, self._exposed = self._faded(now)
            self._count += min(1.0, (now - self._at) / TOGETHER)
        self._at = now

    def rate(self, now: float) -> float:
        """Questions a second that are likely to come in the next minute."""
        if now - self._at > ROW:
            return 0.0
        count, exposed = self._faded(now)
        return (count + self.following * PRIOR / SOON) / (exposed + PRIOR)

    def _faded(self, now: float) -> tuple[float, float]:
        """How many questions came in how much time, as they count now."""
        share = exp((self._at - now) / FADING)
        return self._count * share, self._exposed * share + FADING * (1 - share)
