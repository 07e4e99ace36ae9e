"""When the next edit of each kind may start, as things stand. Pure; times come in as `now`, in seconds."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from bot.delivery.schedules.pace import Pace
from bot.delivery.schedules.shape import Shape
from bot.delivery.schedules.track import PREVIEW_INTERVAL, Track
from bot.delivery.schedules.window import WINDOW, Window

STANDSTILL = 11.0  # seconds after which an answer looks like one that stands still
INDEX_PATIENCE = 20.0  # seconds that an index waits for slots that answers do not need
ROOMY = 2  # calls that a bucket holds beyond what is kept, from which on it matters how they are spread
SURE = 0.8  # likely enough that no answer ends before a refusal is over
LAST_DROP = 1.5  # calls; an index is not what finds out that a bucket holds a little less than it is held to
NEWS = 1 / 8  # of what an answer takes at the least: for so long its first text may wait
AHEAD = (1.0, 2.5, 5.0, 10.0, 20.0, 40.0)  # seconds; moments at which a plan looks at a bucket


@dataclass(frozen=True, slots=True)
class Plan:
    """When the next last text, index, preview, and preview of an answer that has stood still may go.

    A first text waits `company` seconds for more: a word alone is hardly news, and an edit so soon is worth little (see
    `pace`). `wait` is how many seconds pass from one edit of an answer to its next.
    """

    final: float
    index: float
    preview: float
    overdue: float
    company: float
    wait: float

    def time_for(self, track: Track) -> float:
        """When an edit of a message may start."""
        if track.is_last:
            return (
                max(self.final, min(self.index, track.unseen_since + INDEX_PATIENCE)) if track.is_index else self.final
            )
        preview = min(self.preview, max(self.overdue, track.unseen_since + STANDSTILL))
        return preview if track.shows_text else max(preview, track.unseen_since + self.company)


def make_plan(
    now: float, tracks: Collection[Track], previewed_at: float, *, window: Window, shape: Shape, pace: Pace
) -> Plan:
    """When the next edit of each kind may start, where the last preview started at `previewed_at`."""
    free = window.free(now)
    due = answers = 0  # messages that do not show their last text, nor is it on its way
    growing = []
    for track in tracks:
        if track.flight and track.flight.is_last:
            continue
        due += 1
        if not track.is_index:
            answers += 1
            if not track.is_last:
                growing.append(track.since)
    spare = free - due
    interval = standstill = 0.0
    if spare > 0 and growing and spare <= len(growing) / PREVIEW_INTERVAL * WINDOW:
        # An index has its slot, but nobody waits for it: it may come after slots have come back.
        returns = list(window.returns(now, spare + due - answers))
        lasting = min(slots / ahead for ahead, slots in returns)
        returns += _levels(now, shape, answers)
        interval, standstill = pace.interval(now, growing, returns), 1 / min(lasting, len(growing) / STANDSTILL)
    # With no slot to spare, each comes when an old one is a minute old.
    apart = min(interval, standstill) if spare > 0 else WINDOW / max(window.per_minute - due, 1)
    slot = window.slot_at(now, spare)
    index = window.slot_at(now, free - answers)
    if shape.is_known:
        apart = max(apart, 1 / shape.rate)
        held = shape.has_at(now, 1 + answers)
        may_try = shape.may_try(now) and answers == len(growing)
        if not (may_try and not growing):
            index = max(index, shape.has_at(now, LAST_DROP + answers))
        if not (may_try and _is_far(now, growing, answers, shape=shape, pace=pace)):
            slot = max(slot, held)
            slot = max(slot, previewed_at + _apart(shape, answers))
    return Plan(
        final=max(window.slot_at(now, free), shape.has_at(now)),
        index=index,
        preview=max(slot, previewed_at + interval),
        overdue=max(slot, previewed_at + standstill),
        company=_company(min(interval, standstill), len(growing), shape=shape, pace=pace),
        wait=min(len(growing) * apart, WINDOW),
    )


def _company(apart: float, growing: int, *, shape: Shape, pace: Pace) -> float:
    """How long first texts wait, where previews are so far apart."""
    if not apart or growing < 2:  # noqa: PLR2004 - nobody else's news is waited for
        return 0.0
    if shape.is_known:  # a bucket that is full gains nothing meanwhile
        return apart
    return max(apart, min(apart * growing / 2, pace.durations.soon() * NEWS))


def _apart(shape: Shape, kept: int) -> float:
    """How far apart previews are at the least, where a bucket holds little more than is kept."""
    return 1 / shape.steady if shape.is_slower and shape.burst <= kept + ROOMY else 0.0


def _levels(now: float, shape: Shape, kept: int) -> Iterator[tuple[float, float]]:
    """What can be spent of a bucket, where so many are kept: seconds ahead, calls. Nothing where it holds no more."""
    if shape.is_known and shape.burst > kept + ROOMY:
        level = max(shape.level(now) - kept, 0.0)
        yield from ((ahead, level + shape.steady * ahead) for ahead in AHEAD)


def _is_far(now: float, growing: Collection[float], kept: int, *, shape: Shape, pace: Pace) -> bool:
    """Whether answers go on, most likely, until a refusal is over, and what is kept for them is there again."""
    over = shape.pause + kept / shape.rate
    return all(pace.durations.goes_on(now - since, over) > SURE for since in growing)
