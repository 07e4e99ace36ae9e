"""What is kept of a run: as it is handed to the store, and as it comes back to whoever goes on with the run. Pure."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import Enum

from bot.engine.draft import Draft
from bot.slack.question import Question


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
class Copy:
    """All that stands of a run on which this process works, should it have to be written anew."""

    begun: Begun
    posts: dict[str, str | None] = field(default_factory=dict)
    answers: dict[str, Draft] = field(default_factory=dict)


@dataclass(slots=True)
class Changes:
    """What is to be written. Keys begin with a run's.

    `begins` has runs that are written as this process's where nothing is known of them; `calls` says when the newest
    edit of a message was sent, and None once it was answered; `ends` tells how a run ended. `learned` is of no run:
    what the workspace has taught, if that is new.
    """

    begins: dict[str, Begun] = field(default_factory=dict)
    posts: dict[tuple[str, str], str | Withdrawn | None] = field(default_factory=dict)
    calls: dict[tuple[str, str], float | None] = field(default_factory=dict)
    answers: dict[tuple[str, str], Draft] = field(default_factory=dict)
    ends: dict[str, Outcome] = field(default_factory=dict)
    edits: list[float] = field(default_factory=list)
    learned: str = ""

    def begin(self, key: str, copy: Copy) -> None:
        """Have a run written that the database does not know, with all that stands of it."""
        self.begins[key] = copy.begun
        # In the order of their intents: of these posts the changes may have the newest only.
        posts: dict[tuple[str, str], str | Withdrawn | None] = {(key, part): ts for part, ts in copy.posts.items()}
        self.posts = posts | self.posts
        self.answers |= {(key, name): draft for name, draft in copy.answers.items()}

    def take_drafts(self, wanted: AbstractSet[str]) -> dict[tuple[str, str], Draft]:
        """Take out the drafts of all runs but the `wanted` ones and those that have ended."""
        later = [where for where in self.answers if where[0] not in wanted | self.ends.keys()]
        return {where: self.answers.pop(where) for where in later}

    def update(self, newer: "Changes", *, horizon: float) -> None:
        """Take in what has come since: the last word on each counts, and of edits those after `horizon`."""
        self.begins.update(newer.begins)
        self.posts.update(newer.posts)
        self.calls.update(newer.calls)
        self.answers.update(newer.answers)
        self.ends.update(newer.ends)
        self.learned = newer.learned or self.learned
        self.edits = [at for at in (*self.edits, *newer.edits) if at > horizon]

    def forget(self, key: str) -> None:
        """Write nothing of a run."""
        self.begins.pop(key, None)
        self.ends.pop(key, None)
        self.posts = {where: ts for where, ts in self.posts.items() if where[0] != key}
        self.calls = {where: at for where, at in self.calls.items() if where[0] != key}
        self.answers = {where: draft for where, draft in self.answers.items() if where[0] != key}


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for besides a write: orphaned runs, to be claimed, and edits that others have sent since a time.

    Those of `strays` that are this process's are released before.
    """

    strays: frozenset[str]
    edits_since: float
    limit: int = 20  # runs that are claimed at once, the oldest first


@dataclass(frozen=True, slots=True)
class Saved:
    """What a write has shown: which open runs are this process's, and what was found beside it.

    `held` has those too that have ended with this write, and not the claimed ones.
    """

    held: AbstractSet[str]
    claimed: Sequence[Record] = ()
    edits: Sequence[float] = ()
