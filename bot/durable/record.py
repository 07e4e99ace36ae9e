"""What is kept of a run: as it is handed to the store, and as it comes back to whoever goes on with the run. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from bot.engine.draft import Draft
from bot.slack.question import Question

LEASE = 10.0  # seconds; what a killed process leaves is taken up so much later, and a pause as long costs no run


class Withdrawn(Enum):
    """The type of `WITHDRAWN`."""

    WITHDRAWN = "withdrawn"


WITHDRAWN = Withdrawn.WITHDRAWN  # in place of a message's ts: it was intended, and was not posted


class Outcome(Enum):
    """How a run ended. One that is left for another process to go on with has none."""

    DONE = "done"
    REFUSED = "refused"  # nothing was answered, and it does not count for its person's limits
    INTERRUPTED = "interrupted"  # what was answered can be shown no more
    BROKEN = "broken"  # by a fault of the bot's own


@dataclass(frozen=True, slots=True)
class Record:
    """A run as its last owner left it.

    `posts` is in the order of their intents; a part whose ts is None was intended, and nobody knows whether it was
    posted, which was intended at `left_at` (one at a time is). `calls` has when the newest edit of a message was sent,
    if its answer is not known. `answers` has the newest draft of each perspective that was kept.
    """

    question: Question
    asked_at: float
    posts: Mapping[str, str | None]
    answers: Mapping[str, Draft]
    left_at: float = 0.0
    calls: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Begun:
    """A run that the database does not know yet, or no more."""

    question: Question
    asked_at: float


@dataclass(slots=True)
class Changes:
    """What is to be written. Keys begin with a run's.

    `begins` has runs that are written as this process's where nothing is known of them; `calls` says when the newest
    edit of a message was sent, and None once it was answered; `ends` tells how a run ended.
    """

    begins: dict[str, Begun] = field(default_factory=dict)
    posts: dict[tuple[str, str], str | Withdrawn | None] = field(default_factory=dict)
    calls: dict[tuple[str, str], float | None] = field(default_factory=dict)
    answers: dict[tuple[str, str], Draft] = field(default_factory=dict)
    ends: dict[str, Outcome] = field(default_factory=dict)
    edits: list[float] = field(default_factory=list)
