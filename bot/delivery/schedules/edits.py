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
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field, replace

from bot.delivery.schedules.learned import Learned
from bot.delivery.schedules.pace import Pace
from bot.delivery.schedules.plan import Plan, make_plan
from bot.delivery.schedules.shape import Shape
from bot.delivery.schedules.track import Flight, Track
from bot.delivery.schedules.turn import Turn
from bot.delivery.schedules.window import Window


@dataclass(slots=True)
class EditSchedule:
    """The schedule of one workspace's edits, within `per_minute`."""

    per_minute: int
    refused_at: float = -math.inf  # when Slack has refused an edit for its rate the last time
    _tracks: dict[Hashable, Track] = field(default_factory=dict)
    _previewed_at: float = -math.inf
    _pause_until: float = -math.inf
    _pace: Pace = field(default_factory=Pace)
    _window: Window = field(init=False)
    _shape: Shape = field(init=False)

    def __post_init__(self) -> None:
        self._window = Window(self.per_minute)
        self._shape = Shape(self.per_minute)

    def watch(self, key: Hashable, now: float, *, shows_text: bool = False, is_index: bool = False) -> None:
        """Take up a message that stands in Slack, of an answer that has begun then.

        An index comes after the answers' last texts.
        """
        self._tracks[key] = Track(is_index, now, shows_text)

    @property
    def learned(self) -> Learned:
        """What it has learned, of which nothing depends on when it was."""
        durations, arrivals = self._pace.durations, self._pace.arrivals
        return replace(
            self._shape.learned,
            durations=tuple(durations.seen),
            pauses=tuple(arrivals.pauses),
            messages=arrivals.messages,
        )

    def recall(self, learned: Learned, now: float) -> None:
        """Go on from what another has learned."""
        self._pace.durations.recall(learned.durations)
        self._pace.arrivals.recall(learned.pauses, learned.messages)
        self._shape.recall(learned, now)

    def expect(self, now: float, messages: int) -> None:
        """Note that somebody has asked: so many messages will stand."""
        self._pace.arrivals.note(now, messages)

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
        track = self._tracks[key]
        if not track.is_last:
            track.is_last, track.finished = True, now

    def has_room(self, now: float, began: float) -> bool:
        """Whether a message of an answer that has begun then could be promised an edit for its last text in time."""
        promised = sum(
            not track.is_index and not (track.flight and track.flight.is_last) for track in self._tracks.values()
        )
        soon = self._pace.durations.soon(now - began)
        room: float = self._window.free(now) + self._window.back_by(now + soon)
        if self._shape.is_known:
            room = min(room, self._shape.level(now) + self._shape.rate * soon)
        return room >= promised + 1

    def next(self, now: float) -> Turn:
        """Choose the message whose edit should start now."""
        if now < self._pause_until:
            return Turn(None, self._pause_until)
        plan: Plan | None = None
        first: tuple[bool, bool, bool, float] | None = None
        chosen: Hashable = None
        deadline = math.inf
        # With hundreds of messages, this is what showing them costs: no list is made, and none is sorted.
        for key, track in self._tracks.items():
            if track.unseen_since == math.inf or track.flight:
                continue
            if plan is None:
                plan = self._plan(now)
            if first is not None and first <= track.rank():
                continue
            at = track.may_start()
            if at >= deadline and at > now:
                continue
            at = max(plan.time_for(track), at)
            if at <= now:
                chosen, first = key, track.rank()
            else:
                deadline = min(deadline, at)
        if plan is None:
            return Turn(None)
        return Turn(None, deadline, plan.wait) if first is None else Turn(chosen, wait=plan.wait)

    def _plan(self, now: float) -> Plan:
        tracks = self._tracks.values()
        return make_plan(now, tracks, self._previewed_at, window=self._window, shape=self._shape, pace=self._pace)

    def start(self, key: Hashable, now: float, *, is_long: bool = False) -> None:
        """Note that an edit with the message's newest text starts; long ones are seldom shown until they are whole."""
        track = self._tracks[key]
        is_beyond = self._shape.is_slower or self._shape.has_at(now) > now
        is_try = self._shape.may_try(now) and is_beyond and (track.is_index or not track.is_last)
        taken = self._shape.take(now, is_try=is_try)
        track.flight = Flight(track.unseen_since, track.is_last, taken, self._previewed_at)
        track.unseen_since = math.inf
        track.is_long = is_long
        track.started_before, track.started = track.started, now
        self._window.start()
        if not track.is_last:
            self._previewed_at = now

    def land(self, key: Hashable, now: float) -> bool:
        """Note that Slack has confirmed the edit in flight; whether it was the last, and the message is forgotten."""
        self._window.end(now)
        track = self._tracks.get(key)
        flight = self._touch_down(track)
        if track is None or flight is None:
            return False
        self._shape.grant(flight.taken)
        track.shows_text = True
        if flight.is_last and track.unseen_since == math.inf:
            if not track.is_index:
                self._pace.durations.learn(track.finished - track.since)
            self.forget(key)
            return True
        return False

    def fail(self, key: Hashable, now: float, *, retry_after: float = 0.0) -> None:
        """Note that the edit in flight came to nothing; its text is unseen again. It may have cost a slot."""
        self._window.end(now)
        self._unsee(key, now + retry_after)

    def refuse(self, key: Hashable, now: float, *, retry_after: float) -> None:
        """Note that Slack refused the edit in flight for its rate: everything waits, then goes slower."""
        self.refused_at = now
        self._window.end(now, counts=False)
        flight = self._unsee(key, now)
        if flight and not flight.is_last:
            self._previewed_at = flight.previewed_before
        if flight is None:
            self._shape.give_back()
        elif now >= self._pause_until:
            self._shape.refuse(now, flight.taken, retry_after=retry_after)
        else:  # edits that flew together were refused for one reason
            self._shape.give_back()
        self._pause_until = max(self._pause_until, now + retry_after)

    def unseen_since(self, key: Hashable) -> float | None:
        """Since when nobody has seen what the edit in flight carries; None where there is none."""
        track = self._tracks.get(key)
        return track.flight.since if track and track.flight else None

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
        self._window.note_spent(now, ago)

    def skip(self, key: Hashable) -> None:
        """Note that a message turned out to have nothing to send: what it has is shown elsewhere."""
        self._tracks[key].unseen_since = math.inf

    def _touch_down(self, track: Track | None) -> Flight | None:
        if track is None:
            return None
        flight, track.flight = track.flight, None
        return flight

    def _unsee(self, key: Hashable, not_before: float) -> Flight | None:
        track = self._tracks.get(key)
        flight = self._touch_down(track)
        if track and flight:
            track.unseen_since = min(track.unseen_since, flight.since)
            track.not_before = max(track.not_before, not_before)
        return flight
