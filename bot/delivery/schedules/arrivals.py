"""How many messages are likely to come soon, learned from those that came. Pure; times come in as `now`, in seconds.

People ask in rows. A *row* begins with a question that comes more than `ROW` seconds after the one before. Within it
the rate is estimated as that of a Poisson process with a gamma distribution as its prior: so many questions came after
the first, older ones counting for less, in so much time; added to that are `PRIOR` seconds, in which as many came as
have followed the first question of a row, on average. At the start that average is 0, and nothing is expected. Nor is
anything expected sooner after a question than any has come in this row, or about so: some ask at an even pace.
"""

from dataclasses import dataclass
from math import exp, inf

ROW = 150.0  # seconds without a question, after which what comes is another row
FADING = 90.0  # seconds after which a question of the row counts for 1 / e
PRIOR = 60.0  # seconds that the average of all rows counts for
SOON = 59.0  # seconds within which a question follows the first; slots come back after that
TOGETHER = 6.0  # seconds; who asks sooner after another asks with them, and says less of what is to come
LEARNING = 0.5  # weight of the newest row in their average
LEARNING_SIZE = 0.2  # weight of the newest question's size
EARLIER = 0.8  # of the shortest pause between questions of a row


@dataclass(slots=True)
class Arrivals:
    """What is known of the questions of a workspace.

    `following` is how many follow the first of a row within a minute, `messages` how many a question has.
    """

    following: float = 0.0
    messages: float = 5.0  # a parent and four replies
    _began: float = -inf  # the row
    _following: int = 0  # its first question
    _pause: float = inf  # the shortest in it
    _count: float = 0.0  # of its questions after the first, faded
    _exposed: float = 0.0  # seconds since the first, faded
    _at: float = -inf  # its last

    def note(self, now: float, messages: int) -> None:
        """Note that a question came, and how many messages it has."""
        self.messages += LEARNING_SIZE * (max(messages, 1) - self.messages)
        pause = now - self._at
        if pause > ROW:
            self.following = self.likely
            self._began, self._following, self._pause = now, 0, inf
            self._count = self._exposed = 0.0
        else:
            self._count, self._exposed = self._faded(now)
            self._count += min(1.0, pause / TOGETHER)
            self._pause = min(self._pause, pause)
            self._following += now - self._began <= SOON
        self._at = now

    @property
    def likely(self) -> float:
        """How many are likely to follow the first of the next row."""
        if self._began == -inf:
            return self.following
        return self.following + LEARNING * (self._following - self.following)

    def recall(self, following: float, messages: float) -> None:
        """Believe what another has learned."""
        self.following = following
        self.messages = messages or self.messages

    def rate(self, now: float) -> float:
        """Questions a second that are likely to come, from `quiet` seconds on."""
        if now - self._at > ROW:
            return 0.0
        count, exposed = self._faded(now)
        return (count + self.following * PRIOR / 60) / (exposed + PRIOR)

    def quiet(self, now: float) -> float:
        """Seconds in which none is likely."""
        return max(0.0, self._at + EARLIER * self._pause - now) if self._pause < inf else 0.0

    def _faded(self, now: float) -> tuple[float, float]:
        """How many questions came in how much time, as they count now."""
        share = exp((self._at - now) / FADING)
        return self._count * share, self._exposed * share + FADING * (1 - share)
