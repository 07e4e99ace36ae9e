"""The bound of the benchmark of freshness: a plan by one who knows every token's time, and the world's true limit.

Posts go as early as they may, run after run or parents first. Last texts go as soon as they can, and keep their slots.
Before them the moments of some number of previews are searched for: spread evenly over the time in which something
grows, each given to the answer that it makes freshest, then moved about as long as that helps. The plan of the least
mean age is taken. It is the best of this search, not proven to be the best that there is; nor does it look at what is
worst: where slots lack even for last texts, a policy that posts answers late is sometimes less late with their ends.

One that `may_wait` uses posts too: a post waits until it has half of what there is before the first edit, and an answer
whose last text would be late for want of slots is posted whole.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from math import inf

from tests.benchmarks.plans import WAY, Edit, Message, Plan
from tests.benchmarks.policies import Answer, Call, Run
from tests.benchmarks.worlds import CLOSE, LATENCY, Limit, posts

CANDIDATES = 2  # plans that are worth moving their edits about
TRIED = 24  # numbers of previews, of those that fit
PIECE = 0.05  # seconds; in such pieces it is summed how much grows
LATE = 1.0  # seconds for want of a slot, from which on an answer is rather posted whole


def plan(runs: Sequence[Run], limit: Limit, *, may_wait: bool = False) -> list[Call]:
    """The calls that keep readers freshest; posts may wait, or go as early as they can."""
    found: list[tuple[float, int, list[Call], list[Edit]]] = []
    for is_parent_first in (False, True)[: len(runs)]:  # with one run it is the same
        calls, messages = _plan_posts(runs, is_parent_first=is_parent_first)
        best = _best(messages, limit)
        found += [(one.age, len(found) + place, calls, one.edits) for place, one in enumerate(best)]
        if may_wait and not is_parent_first:
            for one in _waiting(messages, best[0], limit):
                posted = {message.answer: message.posted - WAY for message in one.messages}
                moved = [replace(call, at=posted[call.answer]) if call.answer else call for call in calls]
                if _can_be_posted(moved):
                    found.append((one.age, len(found), moved, one.edits))
    _, _, calls, edits = min(found)
    return calls + [Call(edit.at - WAY, edit.message.answer, is_edit=True) for edit in edits if edit.message]


def _waiting(messages: Sequence[Message], early: Plan, limit: Limit) -> Iterator[Plan]:
    """Plans in which posts wait: until half of the time before the next edit, or until an answer is whole."""
    for posts_whole in (False, True):
        best = early
        for _ in range(2):
            edits: dict[Message | None, float] = {}
            lasts: dict[Answer, float] = {}
            for edit in best.edits:
                edits.setdefault(edit.message, edit.at)
                if edit.is_last and edit.message:
                    lasts[edit.message.answer] = edit.at
            wanted = []
            for first, one in zip(messages, best.messages, strict=True):
                whole = one.answer.tokens[-1] + WAY + CLOSE
                is_late = lasts.get(one.answer, inf) > whole + LATE
                middle = (one.answer.tokens[0] + edits.get(one, whole)) / 2
                wanted.append(Message(one.answer, max(first.posted, whole if posts_whole and is_late else middle)))
            _keep_apart(wanted)
            found = _best(wanted, limit)
            if not found:
                return
            best = found[0]
            yield best


def _keep_apart(messages: Sequence[Message]) -> None:
    """Have posts wait until a channel takes them, whoever else posts."""
    order = sorted(messages, key=lambda one: one.posted)
    lag, base, slope = posts().spacing
    for place, one in enumerate(order):
        for before, other in enumerate(order[: max(0, place - lag + 2)]):  # a parent may come in between
            one.posted = max(one.posted, other.posted + base + slope * (place - before - lag + 1) + CLOSE)


def _can_be_posted(calls: Sequence[Call]) -> bool:
    """Whether a channel takes all of these posts, parents among them."""
    limit = posts()
    return not any(limit.take(at) for at in sorted(call.at + WAY for call in calls))


def _best(messages: Sequence[Message], limit: Limit) -> list[Plan]:
    """The best plans for the messages, whose edits were moved about."""
    best = sorted(_plans(messages, limit), key=lambda one: one.age)[:CANDIDATES]
    for one in best:
        one.move()
    return sorted(best, key=lambda one: one.age)


def _plan_posts(runs: Sequence[Run], *, is_parent_first: bool) -> tuple[list[Call], list[Message]]:
    """The posts, each as early as may be, and the answers' messages."""
    limit = posts()
    calls: list[Call] = []
    messages = []
    ready = {run: run.at for run in runs}  # when its next post may start
    waiting = [(run, answer) for run in runs for answer in (*([] if run.follows else [None]), *run.answers)]
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
            messages.append(Message(answer, at + WAY))
    return calls, messages


def _plans(messages: Sequence[Message], limit: Limit) -> Iterator[Plan]:
    """Plans for the messages, of ever more previews, as many as fit."""
    lasts = [Edit(one.ended, one, is_last=True) for one in messages if one.needs_last]
    lasts.sort(key=lambda edit: edit.at)
    Plan(messages, limit, lasts).delay()
    span = lasts[-1].at - min(one.started for one in messages) if lasts else 0.0
    most = 0
    while lasts and limit.gap(len(lasts) + most) <= span:
        most += 1
    growth = _grow([edit.message for edit in lasts if edit.message])
    for number in range(0, most + 1, 1 + most // TRIED):
        edits = [Edit(edit.at, edit.message, is_last=True) for edit in lasts]
        edits += [Edit(at) for at in growth.spread(number)]
        edits.sort(key=lambda edit: (edit.at, edit.is_last))
        one = Plan(messages, limit, edits)
        one.thin_out()
        one.assign()
        yield one


@dataclass(frozen=True, slots=True)
class _Growth:
    """How much grows: in pieces of time, the moment of each and the sum until then; and how many do at once."""

    moments: Sequence[float]
    grown: Sequence[int]
    most: int

    def spread(self, number: int) -> list[float]:
        """So many moments, spread evenly over the time in which answers grow, each counted."""
        wanted = ((count + (self.most + 1) / 2) / (number + self.most) * self.grown[-1] for count in range(number))
        return [self.moments[bisect_left(self.grown, amount)] for amount in wanted]


def _grow(messages: Sequence[Message]) -> _Growth:
    """How much of the messages' answers grows when."""
    begin, end = min((one.started for one in messages), default=0.0), max((one.ended for one in messages), default=0.0)
    moments = [begin + PIECE * (count + 0.5) for count in range(int((end - begin) / PIECE) + 1)]
    starts, ends = sorted(one.started for one in messages), sorted(one.ended for one in messages)
    growing = [bisect_left(starts, at) - bisect_right(ends, at) for at in moments]
    return _Growth(moments, list(accumulate(growing)), max(growing))
