"""Which message is edited next, and when; when a channel takes its next post. Pure: no I/O, no clock, no async.

Time comes in as `now` (seconds, any origin), the next deadline goes out.

Laws:

- In any 60 seconds no more edits than the budget, finals included. An edit counts from its start until 60 seconds after
  its end: somewhere between the two Slack has counted it.
- One slot is kept for every message that does not show its last text yet, as far as there are slots.
- Finals go before previews, first texts before later ones, the oldest unseen text before newer (with equal sources that
  minimises the age of what readers see).
- A message has at most one edit in flight, and no more than two edits a second.
- After a refusal everything waits, then goes slower, and finds its way back.
- Nothing is sent for a message that has nothing new.
"""

import math
from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field

WINDOW = 60.0  # seconds; Slack's limits are told per minute
MESSAGE_INTERVAL = 1.0  # seconds that hold two edits of a message at the most; more is flicker, not reading
PREVIEW_INTERVAL = 0.8  # seconds between previews of a message, so that its last text seldom waits for the above
LOOK_AHEAD = 15.0  # seconds that the budget is spread over when a run begins: people look now, most answers are short
SLOWER = 0.7  # of the pace that Slack refused, from its next edit on
RECOVERY = 10.0  # seconds without a refusal after which the pace grows again, by a tenth
SLOWEST = 6.0  # edits a minute; below that nothing would seem to move
POST_INTERVAL = 1.0  # seconds between posts into a channel, in the long run; Slack: "about one a second"
POST_BURST = 5  # posts; a parent and its four replies. "Bursts tolerated", says Slack, not how many


@dataclass(frozen=True, slots=True)
class Turn:
    """What to do: edit `key` now, or, if it is None, ask again at `at` (infinity: when something has changed)."""

    key: Hashable | None
    at: float = math.inf


@dataclass(slots=True)
class _Track:
    """What is known of one message."""

    is_index: bool
    unseen_since: float | None = None  # when the oldest text was produced that is not on its way to the screen
    in_flight_since: float | None = None  # the same, for the text of the edit in flight
    is_in_flight: bool = False
    is_last: bool = False  # whether the unseen text is its last
    in_flight_is_last: bool = False
    shows_text: bool = False
    started: float = -math.inf  # the newest edit, and the one before
    started_before: float = -math.inf
    not_before: float = -math.inf  # after a failure

    def may_start(self) -> float:
        """When the next edit may start for the reader's sake."""
        interval = -math.inf if self.is_last else self.started + PREVIEW_INTERVAL
        return max(interval, self.started_before + MESSAGE_INTERVAL, self.not_before)


@dataclass(slots=True)
class Edits:
    """The schedule of one workspace's edits, within `per_minute`."""

    per_minute: int
    _tracks: dict[Hashable, _Track] = field(default_factory=dict)
    _ended: deque[float] = field(default_factory=deque)  # when each edit of the last minute ended
    _flying: int = 0
    _busy_since: float = 0.0
    _next_preview: float = -math.inf
    _pause_until: float = -math.inf
    _pace: float = math.inf  # edits a minute, after refusals
    _refused_at: float = -math.inf

    def watch(self, key: Hashable, now: float, *, shows_text: bool = False, is_index: bool = False) -> None:
        """Take up a message that stands in Slack now. An index comes after the answers' last texts."""
        if not self._tracks:
            self._busy_since = now
        self._tracks[key] = _Track(is_index, shows_text=shows_text)

    def forget(self, key: Hashable) -> None:
        """Let go of a message and of the slot kept for it."""
        self._tracks.pop(key, None)

    def grow(self, key: Hashable, now: float) -> bool:
        """Note that a message has text that nobody sees yet; whether that is news to the schedule."""
        track = self._tracks[key]
        if track.unseen_since is not None:
            return False
        track.unseen_since = now
        return True

    def finish(self, key: Hashable, now: float) -> None:
        """Note that a message's last text is there."""
        track = self._tracks[key]
        track.is_last = True
        if track.unseen_since is None:
            track.unseen_since = now

    def next(self, now: float) -> Turn:
        """Choose the message whose edit should start now."""
        if now < self._pause_until:
            return Turn(None, self._pause_until)
        while self._ended and self._ended[0] <= now - WINDOW:
            self._ended.popleft()
        waiting = [
            (key, track)
            for key, track in self._tracks.items()
            if track.unseen_since is not None and not track.is_in_flight
        ]
        if not waiting:
            return Turn(None)
        free = self.per_minute - len(self._ended) - self._flying
        kept = sum(not (track.is_in_flight and track.in_flight_is_last) for track in self._tracks.values())
        preview_at = self._preview_at(now, free - kept)
        deadline = math.inf
        for key, track in sorted(waiting, key=_rank):
            if track.is_last:
                at = now if free > 0 else self._slot_at(1 - free)
            elif track.shows_text:
                at = preview_at
            else:
                at = now if free > kept else preview_at
            at = max(at, track.may_start())
            if at <= now:
                return Turn(key)
            deadline = min(deadline, at)
        return Turn(None, deadline)

    def start(self, key: Hashable, now: float) -> None:
        """Note that an edit with the message's newest text starts."""
        track = self._tracks[key]
        track.in_flight_since, track.unseen_since = track.unseen_since, None
        track.in_flight_is_last = track.is_last
        track.is_in_flight = True
        track.started_before, track.started = track.started, now
        self._flying += 1
        self._next_preview = now + self._gap(now)

    def land(self, key: Hashable, now: float) -> bool:
        """Note that Slack has confirmed the edit in flight; whether it was the last, and the message is forgotten."""
        self._ended.append(now)
        track = self._touch_down(key)
        if track is None:
            return False
        track.shows_text = True
        if track.in_flight_is_last and track.unseen_since is None:
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
        self._pause_until = max(self._pause_until, now + retry_after)
        if now - self._refused_at > 1:  # edits that flew together were refused for one reason
            spent = max(len(self._ended), SLOWEST)
            self._pace = max(SLOWEST, SLOWER * min(self._pace, self.per_minute, spent))
        self._refused_at = now

    def skip(self, key: Hashable) -> None:
        """Note that a message turned out to have nothing to send: what it has is shown elsewhere."""
        track = self._tracks[key]
        track.unseen_since = None

    def _touch_down(self, key: Hashable) -> _Track | None:
        self._flying -= 1
        track = self._tracks.get(key)
        if track:
            track.is_in_flight = False
        return track

    def _unsee(self, key: Hashable, not_before: float) -> None:
        track = self._touch_down(key)
        if track:
            track.unseen_since = track.in_flight_since
            track.not_before = max(track.not_before, not_before)

    def _slot_at(self, missing: int) -> float:
        """When `missing` more slots will be free; infinity while edits in flight will tell."""
        return self._ended[missing - 1] + WINDOW if missing <= len(self._ended) else math.inf

    def _preview_at(self, now: float, spare: int) -> float:
        return max(self._next_preview, now if spare > 0 else self._slot_at(1 - spare))

    def _gap(self, now: float) -> float:
        """Seconds from a preview to the next: what is spare, spread over the time that the answers may go on.

        Nobody knows how long that is. They are assumed to go on for `LOOK_AHEAD` and as long again as they have taken,
        so that the beginning is quick, and a long run ends in an even pace that lasts.
        """
        horizon = min(WINDOW, LOOK_AHEAD + now - self._busy_since)
        returning = sum(ended <= now - WINDOW + horizon for ended in self._ended)
        spare = self.per_minute - len(self._ended) - self._flying - len(self._tracks) + returning
        pace = min(self._pace * 1.1 ** max(0, (now - self._refused_at) // RECOVERY), self.per_minute)
        gap = horizon / max(spare, 1)
        return max(gap, WINDOW / pace) if self._pace < self.per_minute else gap


def _rank(waiting: tuple[Hashable, _Track]) -> tuple[bool, bool, bool, float]:
    track = waiting[1]
    return (
        not track.is_last,
        track.is_index,
        track.shows_text,
        track.unseen_since if track.unseen_since is not None else math.inf,
    )


@dataclass(slots=True)
class Posts:
    """The schedule of one channel's posts: a bucket of `POST_BURST`, refilled at one in `POST_INTERVAL`."""

    _full_at: float = -math.inf  # when the bucket is full again

    def next(self, now: float) -> float:
        """When the next post may start; `now` or earlier means at once."""
        return max(self._full_at, now) - (POST_BURST - 1) * POST_INTERVAL

    def start(self, now: float) -> None:
        """Note that a post starts."""
        self._full_at = max(self._full_at, now) + POST_INTERVAL
