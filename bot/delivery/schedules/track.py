"""What the schedule of edits knows of one message. Pure; times are in seconds."""

import math
from dataclasses import dataclass

from bot.delivery.schedules.shape import Taken

MESSAGE_INTERVAL = 1.0  # seconds that hold two edits of a message at the most; more is flicker, not reading
PREVIEW_INTERVAL = 0.8  # seconds between previews of a message, so that its last text seldom waits for the above
LONG_INTERVAL = 3.0  # seconds between previews of a long message: each folds it up for who has unfolded it


@dataclass(frozen=True, slots=True)
class Flight:
    """An edit on its way: since when the oldest text that it carries was unseen, and whether that is the last.

    `previewed_before` is when the last preview before it started, of any message.
    """

    since: float
    is_last: bool
    taken: Taken
    previewed_before: float = -math.inf


@dataclass(slots=True)
class Track:
    """What is known of one message."""

    is_index: bool
    since: float  # when it was posted
    shows_text: bool
    unseen_since: float = math.inf  # when the oldest text was produced that is not on its way to the screen
    is_last: bool = False  # whether its newest text is its last
    finished: float = math.inf  # when that was there
    flight: Flight | None = None
    is_long: bool = False
    started: float = -math.inf  # the newest edit, and the one before
    started_before: float = -math.inf
    not_before: float = -math.inf  # after a failure

    def may_start(self) -> float:
        """When its next edit may start, for the reader's sake."""
        interval = LONG_INTERVAL if self.is_long else PREVIEW_INTERVAL
        after_preview = -math.inf if self.is_last else self.started + interval
        return max(after_preview, self.started_before + MESSAGE_INTERVAL, self.not_before)

    def rank(self) -> tuple[bool, bool, bool, float]:
        """What goes first: finals, indexes after them, first texts, the oldest."""
        return (not self.is_last, self.is_index, self.shows_text, self.unseen_since)
