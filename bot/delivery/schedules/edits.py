"""Which message is edited next, and when. Pure: no I/O, no clock, no async.

Time comes in as `now` (seconds, any origin), the next deadline goes out.

Laws:

- In any 60 seconds no more edits than the budget, finals included. An edit counts from its start until 60 seconds after
  its end: somewhere between the two Slack has counted it.
- One slot is kept for every message that does not show its last text yet, as far as there are slots.
- Finals go before previews, first texts before later ones, the oldest unseen text before newer (with equal sources that
  minimises the age of what readers see).
- A message has at most one edit in flight, and no more than two edits a second.
- After a refusal everything waits, then goes as slowly as the refusal has taught, and finds its way back.
- Nothing is sent for a message that has nothing new.

How far previews are apart is a bet on how long the answers go on: `pace`.
"""

import math
from collections import deque
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field

from bot.delivery.schedules.bucket import Bucket
from bot.delivery.schedules.pace import AT_ONCE, Pace
from bot.delivery.schedules.turn import Turn

WINDOW = 60.0  # seconds; Slack's limits are told per minute
MESSAGE_INTERVAL = 1.0  # seconds that hold two edits of a message at the most; more is flicker, not reading
PREVIEW_INTERVAL = 0.8  # seconds between previews of a message, so that its last text seldom waits for the above
LONG_INTERVAL = 3.0  # seconds between previews of a long message: each folds it up for who has unfolded it

FIRST_WAIT = 3  # a first text may wait a third of what later ones wait, less a second: a word alone is hardly news

NEARLY_OVER = 0.5  # of the typical time: from then on, slots for all last texts are held ready


@dataclass(frozen=True, slots=True)
class _Flight:
    """An edit on its way: since when the oldest text that it carries was unseen, and whether that is the last."""

    since: float
    is_last: bool


@dataclass(slots=True)
class _Track:
    """What is known of one message."""

    is_index: bool
    since: float  # when it was posted
    shows_text: bool
    unseen_since: float = math.inf  # when the oldest text was produced that is not on its way to the screen
    is_last: bool = False  # whether its newest text is its last
    flight: _Flight | None = None
    is_long: bool = False
    started: float = -math.inf  # the newest edit, and the one before
    started_before: float = -math.inf
    not_before: float = -math.inf  # after a failure

    @property
    def is_active(self) -> bool:
        """Whether it is an answer that still grows."""
        return not (self.is_last or self.is_index)

    def may_start(self) -> float:
        """When its next edit may start, for the reader's sake."""
        interval = LONG_INTERVAL if self.is_long else PREVIEW_INTERVAL
        after_preview = -math.inf if self.is_last else self.started + interval
        return max(after_preview, self.started_before + MESSAGE_INTERVAL, self.not_before)

    def rank(self) -> tuple[bool, bool, bool, float]:
        """What goes first: finals, indexes after them, first texts, the oldest."""
        return (not self.is_last, self.is_index, self.shows_text, self.unseen_since)


@dataclass(slots=True)
class EditSchedule:
    """The schedule of one workspace's edits, within `per_minute`."""

    per_minute: int
    _tracks: dict[Hashable, _Track] = field(default_factory=dict)
    _ended: deque[float] = field(default_factory=deque)  # when each edit of the last minute ended
    _flying: int = 0
    _previewed_at: float = -math.inf
    _pause_until: float = -math.inf
    _bucket: Bucket | None = None
    _pace: Pace = field(default_factory=Pace)

    def watch(self, key: Hashable, now: float, *, shows_text: bool = False, is_index: bool = False) -> None:
        """Take up a message that stands in Slack now. An index comes after the answers' last texts."""
        self._tracks[key] = _Track(is_index, now, shows_text)
        self._pace.renew()

    def forget(self, key: Hashable) -> None:
        """Let go of a message and of the slot kept for it."""
        self._tracks.pop(key, None)

    def grow(self, key: Hashable, now: float) -> bool:
        """Note that a message has text that nobody sees yet; whether that is news to the schedule."""
        track = self._tracks[key]
        if track.unseen_since <= now:
            return False
        track.unseen_since = now
        return True

    def finish(self, key: Hashable, now: float) -> None:
        """Note that a message's last text is there."""
        self.grow(key, now)
        self._tracks[key].is_last = True

    def next(self, now: float) -> Turn:
        """Choose the message whose edit should start now."""
        if now < self._pause_until:
            return Turn(None, self._pause_until)
        while self._ended and self._ended[0] <= now - WINDOW:
            self._ended.popleft()
        waiting = [
            (key, track) for key, track in self._tracks.items() if track.unseen_since < math.inf and not track.flight
        ]
        if not waiting:
            return Turn(None)
        plan = self._plan(now)
        deadline = math.inf
        for key, track in sorted(waiting, key=lambda item: item[1].rank()):
            at = max(plan.time_for(track), track.may_start())
            if at <= now:
                return Turn(key, wait=plan.wait)
            deadline = min(deadline, at)
        return Turn(None, deadline, plan.wait)

    def start(self, key: Hashable, now: float, *, is_long: bool = False) -> None:
        """Note that an edit with the message's newest text starts; long ones are seldom shown until they are whole."""
        track = self._tracks[key]
        track.flight = _Flight(track.unseen_since, track.is_last)
        track.unseen_since = math.inf
        track.is_long = is_long
        track.started_before, track.started = track.started, now
        self._flying += 1
        if not track.is_last:
            self._previewed_at = now
        if self._bucket:
            self._bucket.take(now)

    def land(self, key: Hashable, now: float) -> bool:
        """Note that Slack has confirmed the edit in flight; whether it was the last, and the message is forgotten."""
        self._ended.append(now)
        track = self._tracks.get(key)
        flight = self._touch_down(track)
        if track is None or flight is None:
            return False
        track.shows_text = True
        if flight.is_last and track.unseen_since == math.inf:
            if not track.is_index:
                self._pace.durations.learn(now - track.since)
            self.forget(key)
            return True
        return False

    def fail(self, key: Hashable, now: float, *, retry_after: float = 0.0) -> None:
        """Note that the edit in flight came to nothing; its text is unseen again. It may have cost a slot."""
        self._ended.append(now)
        self._unsee(key, now + retry_after)

    def refuse(self, key: Hashable, now: float, *, retry_after: float) -> None:
        """Note that Slack refused the edit in flight for its rate: everything waits, then goes slower."""
        self._unsee(key, now)
        if now >= self._pause_until:  # edits that flew together were refused for one reason
            if self._bucket:
                self._bucket.refuse(now)
            else:
                self._bucket = Bucket.learn(now, self.per_minute / WINDOW, self._ended)
        self._pause_until = max(self._pause_until, now + retry_after)

    def carries_last(self, key: Hashable) -> bool:
        """Whether the edit in flight carries the last text."""
        track = self._tracks.get(key)
        flight = track.flight if track else None
        return bool(track and flight and flight.is_last and track.unseen_since == math.inf)

    def repeat(self, key: Hashable, now: float, *, at: float) -> None:
        """Note that what the edit in flight carries has to be sent once more, not before `at`."""
        if track := self._tracks.get(key):
            track.unseen_since = min(track.unseen_since, now)
            track.not_before = max(track.not_before, at)

    def note_spent(self, now: float, ago: Iterable[float]) -> None:
        """Count edits that somebody else has sent, so many seconds ago each."""
        self._ended = deque(sorted([*self._ended, *(now - seconds for seconds in ago)]))

    def skip(self, key: Hashable) -> None:
        """Note that a message turned out to have nothing to send: what it has is shown elsewhere."""
        self._tracks[key].unseen_since = math.inf

    def _touch_down(self, track: _Track | None) -> _Flight | None:
        self._flying -= 1
        if track is None:
            return None
        flight, track.flight = track.flight, None
        return flight

    def _unsee(self, key: Hashable, not_before: float) -> None:
        track = self._tracks.get(key)
        flight = self._touch_down(track)
        if track and flight:
            track.unseen_since = min(track.unseen_since, flight.since)
            track.not_before = max(track.not_before, not_before)

    def _plan(self, now: float) -> "_Plan":
        """When the next edit of each kind may start."""
        free = self.per_minute - len(self._ended) - self._flying
        kept = sum(not (track.flight and track.flight.is_last) for track in self._tracks.values())
        interval = self._interval(now, free - kept)
        active = [track for track in self._tracks.values() if track.is_active]
        # With no slot to spare, each comes when an old one is a minute old.
        apart = interval if free > kept else WINDOW / max(self.per_minute - kept, 1)
        final = self._slot_at(now, free)
        first = self._slot_at(now, free - kept)
        preview = max(first, self._previewed_at + interval)
        if self._bucket:
            self._bucket.loosen(now)
            if self._bucket.burst >= self.per_minute:
                self._bucket = None
        if self._bucket:
            oldest = min((track.since for track in active), default=now)
            held = len(active) * min(1.0, (now - oldest) / (NEARLY_OVER * self._pace.durations.typical))
            final = max(final, self._bucket.has_at(now, 1))
            first = max(first, self._bucket.has_at(now, 1))
            preview = max(preview, self._bucket.has_at(now, 1 + held))
            apart = max(apart, 1 / self._bucket.rate)
        first_wait = max(0.0, len(active) * interval / FIRST_WAIT - 1)
        return _Plan(final, first, preview, first_wait, min(len(active) * apart, WINDOW))

    def _slot_at(self, now: float, free: int) -> float:
        """When a slot is there, of which `free` are now; infinity while edits in flight will tell."""
        if free > 0:
            return now
        return self._ended[-free] + WINDOW if -free < len(self._ended) else math.inf

    def _interval(self, now: float, spare: int) -> float:
        """Seconds from one preview to the next, where `spare` slots are not kept for anything."""
        active = [track.since for track in self._tracks.values() if track.is_active]
        quickest = len(active) / PREVIEW_INTERVAL
        if spare <= 0 or not active or spare > quickest * WINDOW:
            return 0.0  # none to spread, or more than can be used
        # An index has its slot, but nobody waits for it: it may come out of the tail.
        slots = spare + sum(track.is_index for track in self._tracks.values())
        return self._pace.interval(now, active, list(self._returns(now, slots)))

    def _returns(self, now: float, slots: int) -> Iterator[tuple[float, int]]:
        """What can be spent until each moment at which a slot comes back: (seconds ahead, slots)."""
        for place, ended in enumerate(self._ended):
            yield max(ended + WINDOW - now, AT_ONCE), slots + place
        yield WINDOW, slots + len(self._ended)


@dataclass(frozen=True, slots=True)
class _Plan:
    """When the next last text, first text and later text may go; how long a first text waits for company.

    `wait` is how many seconds pass from one edit of an answer to its next.
    """

    final: float
    first: float
    preview: float
    first_wait: float
    wait: float

    def time_for(self, track: _Track) -> float:
        if track.is_last:
            return self.final
        return self.preview if track.shows_text else max(self.first, track.unseen_since + self.first_wait)
