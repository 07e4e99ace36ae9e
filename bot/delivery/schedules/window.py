"""The edits of the last minute, as far as Slack may still count them. Pure; times come in as `now`, in seconds."""

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

WINDOW = 60.0  # seconds; Slack's limits are told per minute
AT_ONCE = 0.1  # seconds; nothing is planned for less
LOOKS = 12  # moments of a minute that a plan looks at


@dataclass(slots=True)
class Window:
    """So many slots `per_minute`. An edit has one from its start until a minute after its end."""

    per_minute: int
    _ended: deque[float] = field(default_factory=deque)
    _flying: int = 0

    def start(self) -> None:
        """Note that an edit starts."""
        self._flying += 1

    def end(self, now: float, *, counts: bool = True) -> None:
        """Note that it has ended, and whether Slack has counted it."""
        self._flying -= 1
        if counts:
            self._ended.append(now)

    def note_spent(self, now: float, ago: Iterable[float]) -> None:
        """Count edits that somebody else has sent, so many seconds ago each."""
        self._ended = deque(sorted([*self._ended, *(now - seconds for seconds in ago)]))

    def free(self, now: float) -> int:
        """How many slots are free."""
        while self._ended and self._ended[0] <= now - WINDOW:
            self._ended.popleft()
        return self.per_minute - len(self._ended) - self._flying

    def slot_at(self, now: float, free: int) -> float:
        """When a slot is there, of which `free` are now; infinity while edits in flight will tell."""
        if free > 0:
            return now
        return self._ended[-free] + WINDOW if -free < len(self._ended) else math.inf

    def back_by(self, at: float) -> int:
        """How many slots come back until then."""
        return sum(ended + WINDOW <= at for ended in self._ended)

    def returns(self, now: float, slots: int) -> Iterator[tuple[float, float]]:
        """What can be spent until moments at which slots come back, with `slots` now: seconds ahead, slots."""
        for place in range(0, len(self._ended), 1 + len(self._ended) // LOOKS):
            yield max(self._ended[place] + WINDOW - now, AT_ONCE), slots + place
        yield WINDOW, slots + len(self._ended)
