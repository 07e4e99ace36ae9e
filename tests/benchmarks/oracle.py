"""The bound of the benchmark of freshness: a plan by one who knows every token's time, and the world's true limit.

Posts go as early as they may, run after run or parents first. Last texts go as soon as they can, and keep their slots.
Before them the moments of some number of previews are searched for: spread evenly over the time in which something
grows, each given to the answer that it makes freshest, then moved about as long as that helps. The plan of the least
mean age is taken. It is the best of this search, not proven to be the best that there is; nor does it look at what is
worst: where slots lack even for last texts, a policy that posts answers late is sometimes less late with their ends.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

from tests.benchmarks.policies import Answer, Call, Run
from tests.benchmarks.worlds import CLOSE, LATENCY, Limit, posts

WAY = LATENCY / 2  # seconds from the start of a call until Slack counts and shows it
CANDIDATES = 2  # plans that are worth moving their edits about
PASSES = 40  # of moving every preview once
PIECE = 0.05  # seconds; in such pieces it is summed how much grows


@dataclass(slots=True, eq=False)
class _Message:
    """An answer's message, and when its post reaches Slack."""

    answer: Answer
    posted: float

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
class _Edit:
    """An edit, and when it reaches Slack; a preview may have no message yet."""

    at: float
    message: _Message | None = None
    is_last: bool = False


@dataclass(slots=True)
class _Plan:
    """All edits, in the order in which they reach Slack, for all `messages`."""

    messages: Sequence[_Message]
    limit: Limit
    edits: list[_Edit] = field(default_factory=list)

    @property
    def age(self) -> float:
        """The mean age of all answers, were their tokens infinitely many."""
        return sum(self._age(message) for message in self.messages) / len(self.messages)

    def _age(self, message: _Message) -> float:
        first = message.answer.tokens[0]
        shown = [first, max(first, message.posted), *(edit.at for edit in self.edits if edit.message is message)]
        return sum((after - before) ** 2 for before, after in pairwise(shown)) / 2 / (shown[-1] - first)

    def delay(self) -> None:
        """Have each edit wait until the limit lets it."""
        for place, edit in enumerate(self.edits):
            edit.at = max(edit.at, self._earliest(place))

    def advance(self) -> None:
        """Have each edit be so early that it delays none after it."""
        for place in reversed(range(len(self.edits))):
            self.edits[place].at = min(self.edits[place].at, self._latest(place))

    def assign(self) -> bool:
        """Give each preview to the message that it makes freshest; whether each found one."""
        shown = {message: max(message.posted, message.answer.tokens[0]) for message in self.messages}
        lasts = {edit.message: edit.at for edit in self.edits if edit.is_last}
        typical = sum(lasts[one] - shown[one] for one in lasts if one) / max(len(self.edits), 1)
        for edit in self.edits:
            if edit.is_last:
                continue
            gains = [
                ((edit.at - shown[one]) * min(lasts[one] - edit.at, typical), place)
                for place, one in enumerate(self.messages)
                if one in lasts and one.started < edit.at < lasts[one]
            ]
            if not gains:
                return False
            edit.message = self.messages[max(gains, key=lambda gain: (gain[0], -gain[1]))[1]]
            shown[edit.message] = edit.at
        return True

    def move(self) -> None:
        """Move each preview to the middle between its message's edits next to it, as far as the limit lets it."""
        around: dict[_Edit, tuple[_Edit | None, _Edit]] = {}
        before: dict[_Message | None, _Edit] = {}
        for edit in self.edits:
            if edit.message in before:
                previous = before[edit.message]
                around[previous] = (around[previous][0], edit)
            around[edit] = (before.get(edit.message), edit)
            before[edit.message] = edit
        for _ in range(PASSES):
            for place, edit in enumerate(self.edits):
                if edit.is_last or edit.message is None:
                    continue
                previous_edit, next_edit = around[edit]
                first = max(edit.message.posted, edit.message.answer.tokens[0])
                wanted = ((previous_edit.at if previous_edit else first) + next_edit.at) / 2
                wanted = min(max(wanted, self._earliest(place), edit.message.started), self._latest(place))
                edit.at = wanted

    def _earliest(self, place: int) -> float:
        """When the limit lets an edit reach Slack, after those before it."""
        at = self.edits[place - 1].at if place else 0.0
        for before in range(place):
            gap = self.limit.gap(place - before)
            if not gap:
                break
            at = max(at, self.edits[before].at + gap + CLOSE)
        return at

    def _latest(self, place: int) -> float:
        """When an edit must have reached Slack, to delay none after it."""
        at = self.edits[place + 1].at if place + 1 < len(self.edits) else self.edits[place].at
        for after in reversed(range(place + 1, len(self.edits))):
            gap = self.limit.gap(after - place)
            if not gap:
                break
            at = min(at, self.edits[after].at - gap - CLOSE)
        return at


def plan(runs: Sequence[Run], limit: Limit) -> list[Call]:
    """The calls that keep readers freshest."""
    found: list[tuple[float, int, list[Call], list[_Edit]]] = []
    for is_parent_first in (False, True)[: len(runs)]:  # with one run it is the same
        calls, messages = _plan_posts(runs, is_parent_first=is_parent_first)
        best = sorted(_plans(messages, limit), key=lambda one: one.age)[:CANDIDATES]
        for one in best:
            one.move()
        found += [(one.age, len(found) + place, calls, one.edits) for place, one in enumerate(best)]
    _, _, calls, edits = min(found)
    return calls + [Call(edit.at - WAY, edit.message.answer, is_edit=True) for edit in edits if edit.message]


def _plan_posts(runs: Sequence[Run], *, is_parent_first: bool) -> tuple[list[Call], list[_Message]]:
    """The posts, each as early as may be, and the answers' messages."""
    limit = posts()
    calls: list[Call] = []
    messages = []
    ready = {run: run.at for run in runs}  # when its next post may start
    waiting = [(run, answer) for run in runs for answer in (None, *run.answers)]
    while waiting:
        at = max((call.at + limit.gap(len(calls) - place) + CLOSE for place, call in enumerate(calls)), default=0.0)
        at = max(at, min(ready[run] for run, _ in waiting))
        run, answer = min(
            ((run, answer) for run, answer in waiting if ready[run] <= at),
            key=lambda one: is_parent_first and one[1] is not None,
        )
        waiting.remove((run, answer))
        ready[run] = at + LATENCY
        calls.append(Call(at, answer, is_edit=False))
        if answer:
            messages.append(_Message(answer, at + WAY))
    return calls, messages


def _plans(messages: Sequence[_Message], limit: Limit) -> Iterator[_Plan]:
    """Plans for the messages, of ever more previews, as many as fit."""
    lasts = [_Edit(one.ended, one, is_last=True) for one in messages if one.needs_last]
    lasts.sort(key=lambda edit: edit.at)
    _Plan(messages, limit, lasts).delay()
    span = lasts[-1].at - min(one.started for one in messages)
    number = 0
    while limit.gap(len(lasts) + number - 1) <= span:
        edits = [_Edit(edit.at, edit.message, is_last=True) for edit in lasts]
        edits += [_Edit(at) for at in _spread([edit.message for edit in lasts if edit.message], number)]
        edits.sort(key=lambda edit: (edit.at, edit.is_last))
        one = _Plan(messages, limit, edits)
        one.advance()
        if one.assign():
            yield one
        number += 1


def _spread(messages: Sequence[_Message], number: int) -> list[float]:
    """So many moments, spread evenly over the time in which the messages' answers grow, each counted."""
    begin, end = min(one.started for one in messages), max(one.ended for one in messages)
    pieces = [begin + PIECE * (count + 0.5) for count in range(int((end - begin) / PIECE) + 1)]
    growing = [sum(one.started < at < one.ended for one in messages) for at in pieces]
    grown = list(accumulate(growing))
    most = max(growing)
    wanted = ((count + (most + 1) / 2) / (number + most) * grown[-1] for count in range(number))
    return [pieces[bisect_left(grown, amount)] for amount in wanted]
