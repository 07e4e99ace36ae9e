"""How far apart previews are: what is spent of the budget before it is known how long the answers will take. Pure.

Theory of operation
-------------------

Slack grants B edits in any 60 s (50, or what the settings say), to all answers of a workspace together. What a reader
suffers from is age: how long ago the oldest text was produced that cannot be seen yet. Two rules hold whatever the
answers do, and `edits` keeps to them: the oldest unseen text goes first (with equal sources that minimises the mean;
the literature on the age of information calls it maximum age first), and one slot stays free for each last text.

What is left is one number, the interval from one preview to the next, of whichever answer. Ages grow linearly, so for a
given number of edits within a time even spacing is best: with n answers and d seconds from one edit to the next, the
mean age is about n·d/2. But the number depends on what nobody knows: how long the answers will go on. Four that end
after 18 s may spend all that is not kept at once, one edit every 0.4 s, and are 0.8 s old in the mean. If they go on
for 90 s, nothing is left after 18 s, and for 42 s everything stands still. At the pace that lasts for ever, B a minute,
short answers would be three times as old as they need be. So the interval is a bet on a duration:

- *Lasting* pace L: what can be spent for ever. Slots come back 60 s after they were spent: with f free now, and the
  k-th coming back in t_k seconds, L = min over k of (f + k) / t_k, the 60 s themselves included. It is the least that
  is spent: less would leave slots unused.
- *Usual* time U: seconds until the newest answer has gone on for as long as is typical (`durations`).
- *Tail* T: edits a second that are kept for the time after U, should answers go on: T = TAIL · D · L0, but no more than
  L, and no more than gives each answer an edit every STANDSTILL seconds. L0 is what L was when the newest message was
  taken up, before the bet had spent any of it; D is the doubt: 1 until some answers have ended, less when they were
  alike.
- The pace is what can be spent within U if the tail is kept after it:
  P = min over k of (f + k - T · max(0, t_k - U)) / min(t_k, U), and never less than L. After U it is L.

How the constants were found: by the benchmark (`tests.benchmarks.freshness`, a window of 50 in any 60 s), mean age and
longest freeze in seconds; the oracle knows the answers' durations.

    TAIL          one run of 18 s    one run of 90 s    a second after 25 s    three, 2 s apart
    0.0             0.83    2.0       12.38   46.7          9.20   35.1          3.32   11.4
    0.2             0.97    2.2        6.06   24.4          4.47   18.0          3.36   10.0
    0.44            1.23    2.7        3.73   11.5          2.67   11.8          3.48   10.6
    0.6             1.28    2.7        3.58   10.7          2.59   10.7          3.83   11.8
    1.0             1.28    2.7        3.58   10.7          2.70   11.8          4.44   12.8

With 0.44 what is long stands still for 12 s at the most, and what is short is 0.4 s older than could be; more helps
nobody, and makes those wait who ask at the same time. At 20 s in place of STANDSTILL's 11, a run of 90 s freezes for
19 s; at 6 nothing changes. A burst (Slack's limit may be a bucket) is none of this: a refusal teaches one, and `bucket`
says what it has.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.delivery.schedules.durations import Durations

TAIL = 0.44  # of the pace that lasts: what is kept of it for after the typical time; see above
STANDSTILL = 11.0  # seconds between two edits of an answer that look like one
AT_ONCE = 0.1  # seconds; no plan is made for less

Returns = Sequence[tuple[float, int]]  # what can be spent until each moment: seconds ahead, slots


@dataclass(slots=True)
class Pace:
    """The bet of one workspace."""

    durations: Durations = field(default_factory=Durations)
    _promised: float | None = None  # L0, in edits a second

    def renew(self) -> None:
        """Note that a message was taken up: what can last is another than before."""
        self._promised = None

    def interval(self, now: float, began: Sequence[float], returns: Returns) -> float:
        """Seconds from one preview to the next, where answers that go on `began` at these times."""
        lasting = min(count / ahead for ahead, count in returns)
        if self._promised is None:
            self._promised = lasting
        usual = max(began) + self.durations.typical - now
        if usual <= 0:
            return 1 / lasting
        tail = min(TAIL * self.durations.doubt * self._promised, lasting, len(began) / STANDSTILL)
        pace = min(
            (count - tail * max(0.0, ahead - usual)) / min(ahead, max(usual, AT_ONCE)) for ahead, count in returns
        )
        return 1 / max(pace, lasting)
