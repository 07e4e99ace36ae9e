"""Plans of an oracle: edits in the order in which they reach Slack, as close to one another as a limit lets them be."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

from tests.benchmarks.policies import Answer
from tests.benchmarks.worlds import CLOSE, LATENCY, Limit

WAY = LATENCY / 2  # seconds from the start of a call until Slack counts and shows it
PASSES = 20  # of moving every preview once


@dataclass(slots=True, eq=False)
class Message:
    """An answer's message, and when its post reaches Slack."""

    answer: Answer
    posted: float

    @property
    def grown(self) -> float:
        """Since when there is text that its post does not carry, or since when it stands."""
        return max(self.posted, self.answer.tokens[0])

    @property
    def started(self) -> float:
        """When there is something new for the first edit to carry."""
        return max(self.posted + LATENCY, self.answer.tokens[0] + WAY)

    @property
    def ended(self) -> float:
        """When its last text can be shown first."""
        return max(self.posted + LATENCY, self.answer.tokens[-1] + WAY)

    @property
    def needs_last(self) -> bool:
        """Whether its post has less than its last text."""
        return self.posted - WAY < self.answer.tokens[-1]


@dataclass(slots=True, eq=False)
class Edit:
    """An edit, and when it reaches Slack; a preview may have no message yet."""

    at: float
    message: Message | None = None
    is_last: bool = False


@dataclass(slots=True)
class _Backwards:
    """Edits from the end of a plan on, as late as they may be."""

    limit: Limit
    edits: list[Edit] = field(default_factory=list)
    _wanted: list[float] = field(default_factory=list)
    _bounds: list[float] = field(default_factory=list)

    def add(self, edit: Edit, wanted: float | None = None) -> bool:
        """Put an edit before those, early enough for them; a last text cannot be earlier than it is."""
        lag, base, slope = self.limit.spacing
        wanted = edit.at if wanted is None else wanted
        ahead = len(self.edits) - lag
        at = min(wanted, self.edits[-1].at) if self.edits else wanted
        if ahead >= 0:
            at = min(at, self._bounds[ahead] - base - slope * ahead - CLOSE)
        if edit.is_last and at < wanted - CLOSE / 2:
            return False
        bound = at + slope * len(self.edits)
        self._bounds.append(min(bound, self._bounds[-1]) if self._bounds else bound)
        self.edits.append(edit)
        self._wanted.append(wanted)
        edit.at = at
        return True

    def drop_preview(self) -> None:
        """Leave out the first preview."""
        place = max(place for place, edit in enumerate(self.edits) if not edit.is_last)
        again = list(zip(self.edits, self._wanted, strict=True))[place + 1 :]
        del self.edits[place:], self._wanted[place:], self._bounds[place:]
        for edit, wanted in again:
            self.add(edit, wanted)


@dataclass(slots=True)
class Plan:
    """All edits, in the order in which they reach Slack, for all `messages`."""

    messages: Sequence[Message]
    limit: Limit
    edits: list[Edit] = field(default_factory=list)

    @property
    def age(self) -> float:
        """The mean age of all answers, were their tokens infinitely many."""
        shown = {one: [one.answer.tokens[0], one.grown] for one in self.messages}
        for edit in self.edits:
            if edit.message:
                shown[edit.message].append(edit.at)
        ages = (
            sum((after - before) ** 2 for before, after in pairwise(moments)) / 2 / (moments[-1] - moments[0])
            for moments in shown.values()
        )
        return sum(ages) / len(self.messages)

    def delay(self) -> None:
        """Have each edit wait until the limit lets it."""
        lag, base, slope = self.limit.spacing
        at = bound = 0.0
        for place, edit in enumerate(self.edits):
            if place >= lag:
                bound = max(bound, self.edits[place - lag].at - slope * (place - lag))
                at = max(at, bound + base + slope * (place - lag) + CLOSE)
            edit.at = at = max(at, edit.at)

    def thin_out(self) -> None:
        """Have each preview be so early that it delays none after it; leave out those that delay a last text."""
        later = _Backwards(self.limit)
        for edit in reversed(self.edits):
            while not later.add(edit):
                later.drop_preview()
        self.edits = later.edits[::-1]

    def assign(self) -> None:
        """Give each preview to the message that it makes freshest, if there is one."""
        shown = {message: message.grown for message in self.messages}
        lasts = {edit.message: edit.at for edit in self.edits if edit.message and edit.is_last}
        typical = sum(at - shown[one] for one, at in lasts.items()) / max(len(self.edits), 1)
        coming = deque(sorted(lasts, key=lambda one: one.started))
        growing: list[Message] = []
        for edit in self.edits:
            if edit.is_last:
                continue
            while coming and coming[0].started < edit.at:
                growing.append(coming.popleft())
            growing = [one for one in growing if edit.at < lasts[one]]
            if growing:
                edit.message = max(growing, key=lambda one: (edit.at - shown[one]) * min(lasts[one] - edit.at, typical))
                shown[edit.message] = edit.at
        self.edits = [edit for edit in self.edits if edit.message]

    def move(self) -> None:
        """Move each preview to the middle between its message's edits next to it, as far as the limit lets it."""
        around: dict[Edit, tuple[Edit | None, Edit]] = {}
        before: dict[Message | None, Edit] = {}
        for edit in self.edits:
            if edit.message in before:
                previous = before[edit.message]
                around[previous] = (around[previous][0], edit)
            around[edit] = (before.get(edit.message), edit)
            before[edit.message] = edit
        for _ in range(PASSES):
            self._move_once(around)

    def _move_once(self, around: Mapping[Edit, tuple[Edit | None, Edit]]) -> None:
        lag, base, slope = self.limit.spacing
        latest = [edit.at - slope * place for place, edit in enumerate(self.edits)]
        latest = list(accumulate(reversed(latest), min))[::-1]
        bound, count = 0.0, len(self.edits)
        for place, edit in enumerate(self.edits):
            first = self.edits[place - 1].at if place else 0.0
            if place >= lag:
                bound = max(bound, self.edits[place - lag].at - slope * (place - lag))
                first = max(first, bound + base + slope * (place - lag) + CLOSE)
            if edit.is_last or edit.message is None:
                continue
            last = self.edits[place + 1].at if place + 1 < count else edit.at
            if place + lag < count:
                last = min(last, latest[place + lag] - base + slope * (place + lag) - CLOSE)
            previous, following = around[edit]
            wanted = ((previous.at if previous else edit.message.grown) + following.at) / 2
            edit.at = min(max(wanted, first, edit.message.started), last)
