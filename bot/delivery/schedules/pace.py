"""How far apart previews are: what is spent of the budget before it is known what will be asked of it. Pure.

Theory of operation
-------------------

Slack grants B edits in any 60 s (50, or what the settings say), to all answers of a workspace together. What a reader
suffers from is age: how long ago the oldest text was produced that cannot be seen yet. Two rules hold whatever the
answers do, and `edits` keeps to them: the oldest unseen text goes first (with equal sources that minimises the mean;
the literature on the age of information calls it maximum age first), and one slot stays free for each last text.

What is left is one number, the pace p, in previews a second, of whichever answer. Ages grow linearly: n answers are
n / 2p old in the mean. A reader of an answer that takes D seconds has its mean age over D, so with answers of unknown
durations the sum to be made small is the integral of w(t) · n / 2p(t), where w(t) is what is expected of 1 / D of the
answers that last until t, 0 of others. What can be spent until a time t ahead is limited: A(t), the slots that are free
and not kept, and those that come back until then. The solution is a taut string: p is in proportion to the root of w,

    p(0) = r(0) · min over t of A(t) / R(t),    r(t) = the sum over answers of the root of w(t),    R = its integral,

which is *optimal* for what is believed of durations (`durations`), and a *bet* on that. Questions to come are in the
sum too (`arrivals`), each for as much as it is likely: the slots of their last texts are taken off A, since those are
never to be late, and what their previews are worth is added to R, a bet that they come.

Where edits of an answer are L apart, each takes L² off the sum of its age; one that comes f after the first text takes
f · L, so the very first would be spent for little. First texts wait for half of L, a bet that people would rather see
soon that something comes, yet no longer than an eighth of what short answers take, or than two edits are apart.

What nobody can do (`tests.benchmarks.foresight`): a run alone and the first of a row look the same until the second
question comes, so what the first has spent by then is the same. For each number of edits the oracle tells how old both
are at the least. With 30 for the first, a run of 6 s is 0.41 s old where it could have been 0.25, and five in a minute
are 2.2 s where they could have been 1.25: whoever is not told is 1.7 times as old as the oracle in one of the two, 1.5
times with three 10 s apart, 2.2 times with eight in a minute. What gets below that was told, or has learned.

What each bet costs when it is lost (`tests.benchmarks.freshness`, a window of 50 in any 60 s; mean age in seconds):

- Before anything is known, answers are held to be short, or as long as a page, or very long. A run of 6 s is 0.70 s old
  (0.43 when its length is known), one of 18 s 1.24 (0.96), one of 90 s 3.7 (2.6), and stands still for 12 s at most.
  Even pace for 18 s, as it was before, made the first 1.11: the bet on short answers costs 18 s a few hundredths.
- Where lengths are known, and one answer is of another kind, it has what the guess leaves it: a part in 49 of what is
  believed. It is seen at a slower pace until slots come back, and never later than with its last text's own slot.
- Nothing is expected at the start. The first of five in a minute is then 0.7 s old, and the last ones over 2 s, 2.0 in
  the mean, where an oracle has 1.25, and 1.7 when such rows are known; but none is late, since what has no slot is
  posted whole. Rows are held to be like those before: with random ones that costs at times more than it gains (two a
  minute: 1.85 s when pauses were learned, 1.64 before), and at times less (one in two minutes: 0.51 and 0.71).
- A limit of half of what is told is known after two refusals only to within a third. A last text is in time in all the
  worlds that look like that until then only at the pace of the slowest: a run of 90 s is then 6.7 s old in the one of
  25 a minute; at the middle pace 5.1, with a last text 3.2 s late; half a step below that 5.3, and none is late.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import inf

from bot.delivery.schedules.arrivals import Arrivals
from bot.delivery.schedules.durations import Durations

Returns = Sequence[tuple[float, float]]  # what can be spent until each moment: seconds ahead, slots


@dataclass(slots=True)
class Pace:
    """The bet of one workspace."""

    durations: Durations = field(default_factory=Durations)
    arrivals: Arrivals = field(default_factory=Arrivals)

    def interval(self, now: float, began: Iterable[float], returns: Returns) -> float:
        """Seconds from one preview to the next, where answers that go on `began` at these times."""
        groups: dict[int, int] = {}
        for at in began:
            age = round(now - at)
            groups[age] = groups.get(age, 0) + 1
        worth = sum(count * self.durations.worth(age) for age, count in groups.items())
        spent = [(count, self.durations.spent(age)) for age, count in groups.items()]
        coming, anew = self.arrivals.coming(now), self.durations.spent_anew
        messages = self.arrivals.messages
        share = inf
        for ahead, slots in returns:
            free, wanted = slots, 0.0
            for one in coming:
                if one.ahead >= ahead:
                    break
                free -= one.likely * messages
                wanted += one.likely * max(1.0, messages - 1) * anew(ahead - one.ahead)
            if free <= 0:
                return inf
            for count, grown in spent:
                wanted += count * grown(ahead)
            share = min(share, free / wanted)
        return 1 / (share * worth)
