"""What refusals and grants have shown of Slack's limit of edits. Pure; times come in as `now`.

Slack tells its limit as a number a minute, and not whether that is a window or a bucket that holds a few at once. This
learns what bucket would explain what happened. For each of some rates it keeps the *debt*: how many calls a bucket of
that rate would be short of being full, were it large enough. A grant shows that the bucket holds as much as the debt
was then, a refusal that it holds less: the two narrow the burst down from below and from above. A rate at which they
contradict each other is refuted. The fastest that is not is believed in, or a slower one where the rate that is told is
refuted, and the largest burst that was granted. Before anything was refused there is no limit but the number a minute.

What was learned holds until it is tried out: once in a while an edit goes although the bucket is held to be empty, an
index or a preview, at a moment when no last text is near. If it is granted, more is tried; if it is refused, the next
try is later.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf

from bot.delivery.schedules.learned import Learned

CAUTION = 0.97  # of the rate that is told: a sum of guesses must not run ahead of Slack's own
SLOWER = 0.9  # from one rate to the next; what is lost by the steps is half of this
RATES = 18  # down to a sixth of what is told
BLUR = 0.3  # calls: when Slack has counted one is known no better, since others are on their way
SUM = 1e-9  # calls that a sum of floats may lack
SAFELY = 2  # steps below the fastest rate that is not refuted, once the one that is told is
LEFT = 0.55  # calls that are left in a bucket which has just refused one: between none and one
SPARINGLY = SLOWER**0.5  # of a rate that was found out: the true one may be half a step below it
PATIENCE = 300.0  # seconds without a refusal until more is tried
LONGEST_PATIENCE = 3_600.0  # after refusals of what was tried, each of which doubles it
TRIAL = 30.0  # seconds that a faster rate is tried before the next is


@dataclass(frozen=True, slots=True)
class Taken:
    """A call that is not answered yet: what it made the debts, and whether it was made to find out."""

    debts: Sequence[float]
    is_try: bool


@dataclass(slots=True)
class _Bucket:
    """A bucket that gains `rate` a second: what it would be short of being full, and what bounds its burst."""

    rate: float
    debt: float = 0.0
    granted: float = 0.0
    refused: float = inf

    @property
    def is_refuted(self) -> bool:
        return self.granted > self.refused + BLUR or self.refused <= 1 + SUM

    @property
    def burst(self) -> float:
        """What it is held to hold."""
        return max(1.0, min(self.granted, self.refused - BLUR))


@dataclass(slots=True)
class Shape:
    """The shape of a limit of `per_minute` calls."""

    per_minute: int
    _buckets: list[_Bucket] = field(default_factory=list)  # the fastest first
    _believed: int = 0
    _at: float = -inf
    _try_at: float = inf
    _tried_at: float = -inf  # a faster rate
    _patience: float = PATIENCE
    pause: float = 0.0  # seconds; the longest that a refusal has asked for

    def __post_init__(self) -> None:
        told = self.per_minute / 60 * CAUTION
        self._buckets = [_Bucket(told * SLOWER**step) for step in range(RATES)]

    @property
    def learned(self) -> Learned:
        """What bounds the buckets, and which is believed in."""
        return Learned(
            per_minute=self.per_minute,
            granted=tuple(bucket.granted for bucket in self._buckets),
            refused=tuple(bucket.refused for bucket in self._buckets),
            believed=self._believed,
        )

    def recall(self, learned: Learned, now: float) -> None:
        """Believe what another has learned of the same limit."""
        bounds = list(zip(learned.granted, learned.refused, strict=False))
        if learned.per_minute != self.per_minute or len(bounds) != RATES or learned.believed >= RATES:
            return
        for bucket, (granted, refused) in zip(self._buckets, bounds, strict=True):
            bucket.granted, bucket.refused = granted, refused
        self._believed = learned.believed
        if self.is_known:
            self._try_at = now + self._patience

    @property
    def is_known(self) -> bool:
        """Whether it is more than a number a minute: something was refused."""
        return self._bucket.refused < inf

    @property
    def rate(self) -> float:
        """Calls a second that it gains."""
        return self._bucket.rate

    @property
    def steady(self) -> float:
        """Calls a second that it can surely go on with: at its own rate, what is a little too fast is soon refused."""
        return self.rate * (SPARINGLY if self.is_slower else 1.0)

    @property
    def burst(self) -> float:
        """How many it holds."""
        return self._bucket.burst

    def level(self, now: float) -> float:
        """How many it holds now."""
        self._fill(now)
        return self._bucket.burst - self._bucket.debt

    def has_at(self, now: float, needed: float = 1.0) -> float:
        """When it holds `needed`, or as many as it can; `now` if it does, or nothing was ever refused."""
        if not self.is_known:
            return now
        missing = min(needed, self.burst) - self.level(now)
        return now if missing < SUM else now + missing / self.rate

    @property
    def is_slower(self) -> bool:
        """Whether it is believed to gain less than is told."""
        return self._believed > 0

    def may_try(self, now: float) -> bool:
        """Whether it is time to find out if it holds more."""
        return now >= self._try_at

    def take(self, now: float, *, is_try: bool = False) -> Taken:
        """Note that a call starts; keep what is returned until it is answered."""
        self._fill(now)
        for bucket in self._buckets:
            bucket.debt += 1
        if is_try and self._believed:
            # What refuted the next faster one is forgotten; whether it is as fast is seen later.
            self._believed -= 1
            self._bucket.refused = max(self._bucket.granted, 1 + BLUR)
            self._tried_at, self._try_at = now, now + TRIAL
        return Taken(tuple(bucket.debt for bucket in self._buckets), is_try)

    def grant(self, taken: Taken) -> None:
        """Note that a call was granted."""
        for bucket, debt in zip(self._buckets, taken.debts, strict=True):
            bucket.granted = max(bucket.granted, debt)
        if taken.is_try:
            # It holds more than was thought.
            self._bucket.refused = max(self._bucket.refused, self._bucket.granted + BLUR)
        if self._bucket.granted >= self.per_minute:
            self._bucket.refused, self._try_at, self._patience = inf, inf, PATIENCE

    def refuse(self, now: float, taken: Taken, *, retry_after: float) -> None:
        """Note that a call was refused for its rate."""
        self.give_back()
        is_in_vain = taken.is_try or now < self._tried_at + self._patience
        self._patience = min(2 * self._patience, LONGEST_PATIENCE) if is_in_vain else PATIENCE
        self._try_at = now + self._patience
        self.pause = max(self.pause, retry_after)
        for bucket, debt in zip(self._buckets, taken.debts, strict=True):
            bucket.refused = min(bucket.refused, debt)
        self._believe(taken.debts)

    def give_back(self) -> None:
        """Note that a call was not counted."""
        for bucket in self._buckets:
            bucket.debt -= 1

    @property
    def _bucket(self) -> _Bucket:
        return self._buckets[self._believed]

    def _believe(self, debts: Sequence[float]) -> None:
        """Believe in one that is not refuted; if all are, Slack has changed.

        What was granted beyond that is forgotten then, but for what refuted faster ones.
        """
        if all(bucket.is_refuted for bucket in self._buckets):
            for bucket, debt in list(zip(self._buckets, debts, strict=True))[self._believed :]:
                bucket.refused = max(debt, 1 + BLUR)
                bucket.granted = min(bucket.granted, bucket.refused - BLUR)
        fastest = next(place for place, bucket in enumerate(self._buckets) if not bucket.is_refuted)
        # Where the rate that is told is refuted, nobody knows by how much: the next refusal may hit a last text.
        self._believed = min(fastest + SAFELY, len(self._buckets) - 1) if fastest else 0
        for bucket in self._buckets:
            bucket.debt = max(bucket.debt, bucket.burst - LEFT)

    def _fill(self, now: float) -> None:
        gone = now - self._at
        if gone > 0:
            for bucket in self._buckets:
                bucket.debt = max(0.0, bucket.debt - bucket.rate * gone)
            self._at = now
