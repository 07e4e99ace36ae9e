"""When questions are likely to come, learned from those that came. Pure; times come in as `now`, in seconds.

People ask in rows, each in their own: two in half a minute and then none, or one a minute all day. What is believed of
the pause after a question is a mixture: the pauses of late, each of which counts for more the more alike the question
before it was (how many had come within the minute, and how soon after another), and a guess. By the guess questions
come at random, as many as came in this row in so much time; `PRIOR` seconds without any are added to that. At the start
there is no pause, and nothing is expected. What has not come when it should have is no longer believed.

From that `Arrivals` says which questions are likely to come within the minute: each with how likely it is, and when.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp, inf, log

ROW = 150.0  # seconds without a question, after which what comes is another row
FADING = 90.0  # seconds after which a question of the row counts for 1 / e
PRIOR = 120.0  # seconds without a question that the guess begins with
MINUTE = 60.0  # seconds; the questions within it are counted
SOON = 59.0  # seconds that are looked ahead; slots come back after that
TOGETHER = 6.0  # seconds; who asks sooner after another asks with them, and says less of what is to come
LEARNING_SIZE = 0.2  # weight of the newest question's size
EARLIER = 0.8  # of a pause: what it stands for begins there, and nobody asks sooner in a row
LATER = 1.2  # of a pause: where what it stands for ends
KEPT = 24  # pauses that are remembered
GUESS = 0.25  # pauses after questions just like it that the guess weighs as much as
UNLIKE = 3.0  # how much less alike questions are for each that came before one of them, and not before the other
SHORT = 1.0  # seconds; shorter pauses are alike
LEAST = 0.5  # seconds until the next one that is looked at
LIKELY = 0.1  # what is less likely is not looked at


@dataclass(frozen=True, slots=True)
class Coming:
    """A question that may come: in how many seconds, and how likely it is."""

    ahead: float
    likely: float


@dataclass(slots=True)
class Arrivals:
    """What is known of the questions of a workspace: the `pauses` between them, and how many `messages` one has."""

    pauses: list[float] = field(default_factory=list)
    messages: float = 5.0  # a parent and four replies
    _at: float = -inf  # the last
    _count: float = 0.0  # of the row's questions after the first, faded
    _exposed: float = 0.0  # seconds since its first, faded
    _shortest: float = inf  # pause in it
    _before: list[int] = field(default_factory=list)  # each pause: how many came within a minute before it began
    _coming: tuple[float, Sequence[Coming]] = (-inf, ())

    def note(self, now: float, messages: int) -> None:
        """Note that a question came, and how many messages it has."""
        self.messages += LEARNING_SIZE * (max(messages, 1) - self.messages)
        pause = min(now - self._at, ROW)
        if pause == ROW:
            self._count = self._exposed = 0.0
            self._shortest = inf
        else:
            self._count, self._exposed = self._faded(now)
            self._count += min(1.0, pause / TOGETHER)
            self._shortest = min(self._shortest, pause)
        self._learn(pause)
        self._at = now

    def recall(self, pauses: Sequence[float], messages: float) -> None:
        """Believe what another has learned."""
        for pause in pauses:
            self._learn(min(pause, ROW))
        self.messages = messages or self.messages

    def coming(self, now: float) -> Sequence[Coming]:
        """The questions that are likely to come within the minute."""
        if now - self._coming[0] > 1 or now < self._coming[0]:
            self._coming = now, self._look_ahead(now)
        return self._coming[1]

    def _learn(self, pause: float) -> None:
        self.pauses = [*self.pauses, pause][-KEPT - 1 :]
        self._before = [_recent(self.pauses[: place + 1]) for place in range(len(self.pauses))]
        self._coming = (-inf, ())

    def _look_ahead(self, now: float) -> list[Coming]:
        gone = now - self._at
        if gone > ROW:
            return []
        count, exposed = self._faded(now)
        rate = count / (exposed + PRIOR)
        path = list(self.pauses)
        found: list[Coming] = []
        ahead, likely = 0.0, 1.0
        while True:
            chance, after = self._next(path, gone, SOON - ahead, rate)
            ahead, likely = ahead + after, likely * chance
            if likely < LIKELY:
                return found
            found.append(Coming(ahead, likely))
            path.append(gone + after)
            gone = 0.0

    def _next(self, path: Sequence[float], gone: float, within: float, rate: float) -> tuple[float, float]:
        """How likely one comes within so many seconds, when some are gone since one that came after those pauses."""
        before, pause = _recent(path), path[-1]
        begins = EARLIER * self._shortest if self._shortest < inf else 0.0
        quiet = max(0.0, begins - gone)
        left = max(0.0, within - quiet)
        total = GUESS * exp(-rate * max(0.0, gone - begins))
        ending = total * (1 - exp(-rate * left))
        in_all = ending * (quiet + left / (2 + rate * left))  # about the mean of what the guess says
        for place, length in enumerate(self.pauses[1:]):
            if length < ROW and length * LATER < gone:
                continue
            sooner = abs(log(max(self.pauses[place], SHORT) / max(pause, SHORT)))
            alike = exp(-UNLIKE * abs(self._before[place] - before) - sooner)
            total += alike
            after = max(length - gone, 0.0)
            if length < ROW and after <= within:
                ending += alike
                in_all += alike * after
        return (ending / total, max(in_all / ending, LEAST)) if ending > 0 else (0.0, 0.0)

    def _faded(self, now: float) -> tuple[float, float]:
        """How many questions came in how much time, as they count now."""
        share = exp((self._at - now) / FADING)
        return self._count * share, self._exposed * share + FADING * (1 - share)


def _recent(pauses: Sequence[float]) -> int:
    """How many questions came within the minute before the last, after all those pauses."""
    gone, count = 0.0, 0
    for pause in reversed(pauses):
        gone += pause
        if gone > MINUTE:
            break
        count += 1
    return count
