"""Whether a question may be asked now, and if not, why. Pure; times come in as `now`, in seconds.

It is asked before anything is written down, worked on or bought, so that a flood of questions costs little more than
reading them. Laws:

- A person has so many runs at once, and so many in an hour (`quotas`).
- All persons together have no more runs at once than can be shown to end within minutes.
- Who is refused is told by a message of its own once in `TELL_EVERY`, and no more than `MOST_TOLD` at a time: Slack
  counts such messages too.
"""

from collections.abc import Callable
from enum import Enum

from bot.markup.characters import is_blank
from bot.quotas import Limits, Refusal

MOST_RUNS = 100  # at once; Slack's 50 edits a minute show the ends of ten of them in a minute
TELL_EVERY = 5.0  # seconds between two messages to one person about what was refused
MOST_TOLD = 200  # persons who are being told at once


class Unfit(Enum):
    """Why a question is not answered, where that is not for the person's own limits."""

    BLANK = "blank"
    TOO_LONG = "too long"
    CROWDED = "crowded"  # too many people ask at once


class Admission:
    """Who may begin a run. `fits` says whether a problem can be shown; it is asked last, since it costs most."""

    def __init__(
        self, limits: Limits, *, problem_limit: int, fits: Callable[[str], bool], most_runs: int = MOST_RUNS
    ) -> None:
        self.problem_limit = problem_limit
        self._limits = limits
        self._fits = fits
        self._most_runs = most_runs
        self._told: dict[str, float] = {}  # when each person was told last, the oldest first

    def admit(
        self, problem: str, user: str, now: float, *, opens_thread: bool, needs_words: bool = True
    ) -> Unfit | Refusal | None:
        """Begin a run of `user`'s, or say why it may not begin: such a one does not count.

        `opens_thread` is whether a message of the bot's own has to hold the problem.
        """
        refusal = self.consider(problem, user, now, opens_thread=opens_thread, needs_words=needs_words)
        if refusal is None:
            self._limits.begin(user, now)
        return refusal

    def consider(
        self, problem: str, user: str, now: float, *, opens_thread: bool, needs_words: bool = True
    ) -> Unfit | Refusal | None:
        """Why a run of `user`'s may not begin; None if it may."""
        if unfit := self.judge(problem, needs_words=needs_words):
            return unfit
        if refusal := self._limits.check(user, now):
            return refusal
        if self._limits.running >= self._most_runs:
            return Unfit.CROWDED
        return Unfit.TOO_LONG if opens_thread and not self._fits(problem) else None

    def judge(self, problem: str, *, needs_words: bool = True) -> Unfit | None:
        """What is wrong with a problem, whoever asks it."""
        if len(problem) > self.problem_limit:
            return Unfit.TOO_LONG  # whatever is in it: to look at each character of a long one would cost
        return Unfit.BLANK if needs_words and is_blank(problem) else None

    def withdraw(self, user: str) -> None:
        """Take back the newest run that was begun: it had been asked before."""
        self._limits.withdraw(user)

    def resume(self, user: str, begun: float) -> None:
        """Note that a run goes on here which another process has admitted."""
        self._limits.recall(user, begun)
        self._limits.resume(user)

    def recall(self, user: str, begun: float) -> None:
        """Note when a run was begun that has ended, by whichever process."""
        self._limits.recall(user, begun)

    def end(self, user: str) -> None:
        """Note that a run has ended."""
        self._limits.end(user)

    def may_tell(self, user: str, now: float) -> bool:
        """Whether `user` may be told by a message that a question was refused; it counts as told from now on."""
        while self._told and next(iter(self._told.values())) + TELL_EVERY <= now:
            del self._told[next(iter(self._told))]
        if user in self._told or len(self._told) >= MOST_TOLD:
            return False
        self._told[user] = now
        return True
