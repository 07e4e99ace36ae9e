"""What is kept of a run: as it is handed to the store, and as it comes back to whoever goes on with the run. Pure."""

import math
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import Enum
from typing import Self

from bot.engine.draft import Draft
from bot.slack.payloads.fields import read_time
from bot.slack.question import Press, Question


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

    `material` is what its thread had said, as it was read; `stopped_by` who has stopped it, if anybody has. It was
    reopened at `reopened_at` by somebody who had its answers tried again, the last time; 0 where it never was. A run
    that is open has no `outcome`.
    """

    question: Question
    asked_at: float
    posts: Mapping[str, str | None]
    answers: Mapping[str, Draft]
    left_at: float = 0.0
    calls: Mapping[str, float] = field(default_factory=dict)
    material: str = field(default="", repr=False)
    stopped_by: str = ""
    reopened_at: float = 0.0
    reopened_by: str = ""
    outcome: Outcome | None = None
    is_admitted: bool = True  # whether whoever serves its workspace has said that it may be asked

    @property
    def begun_at(self) -> float:
        """When it was asked for the last time: whether it is too old to be gone on with goes by this."""
        return max(self.asked_at, self.reopened_at)

    @property
    def begun_by(self) -> str:
        """Who has asked for it the last time: whose limits it counts against."""
        return self.reopened_by or self.question.user

    def posted_ago(self, now: float) -> list[float]:
        """How many seconds ago each of its messages was posted, those that are in doubt too.

        `now` is by the clock of `asked_at`. Slack's, which gives messages their times, may be minutes off. None was
        posted before the run was asked for, or after now: where the times say otherwise, all of them are shifted.
        """
        times = sorted(at for ts in self.posts.values() if (at := read_time(ts)) is not None)
        ahead = max(times[-1] - now, min(times[0] - self.asked_at, 0.0)) if times else 0.0
        doubtful = [max(now - self.left_at, 0.0) for ts in self.posts.values() if ts is None]
        return [now + ahead - at for at in times] + doubtful


@dataclass(frozen=True, slots=True)
class Conversation:
    """A run, and those that go on with it, the oldest first: what has been asked and answered so far."""

    root: Record
    further: Sequence[Record] = ()


@dataclass(frozen=True, slots=True)
class Begun:
    """A run that the database does not know yet, or no more; what it has of a `Record` is the same."""

    question: Question
    asked_at: float
    material: str = field(default="", repr=False)
    stopped_by: str = ""
    reopened_at: float = 0.0
    reopened_by: str = ""


@dataclass(slots=True)
class Copy:
    """All that stands of a run on which this process works, should it have to be written anew."""

    begun: Begun
    posts: dict[str, str | None] = field(default_factory=dict)
    answers: dict[str, Draft] = field(default_factory=dict)
    calls: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, record: Record) -> Self:
        """One of a run that stands as `record` says."""
        begun = Begun(
            record.question,
            record.asked_at,
            record.material,
            record.stopped_by,
            record.reopened_at,
            record.reopened_by,
        )
        return cls(begun, {**record.posts}, {**record.answers}, {**record.calls})

    def record(self) -> Record:
        """What stands of it now, and which edits are under way."""
        begun = self.begun
        return Record(
            begun.question,
            begun.asked_at,
            {**self.posts},
            {**self.answers},
            calls={**self.calls},
            material=begun.material,
            stopped_by=begun.stopped_by,
            reopened_at=begun.reopened_at,
            reopened_by=begun.reopened_by,
        )


@dataclass(slots=True)
class Changes:
    """What is to be written. Keys begin with a run's.

    `begins` has runs that are written as this process's where nothing is known of them; `calls` says when the newest
    edit of a message was sent, and None once it was answered; `materials` has what a run's thread had said, `languages`
    in which one that follows from that is spoken of it, by its key, `stops` who has stopped it; `ends` how it ended.
    `edits` says in which workspace each was sent, and when; `learned` what a workspace has taught, if that is new.
    """

    begins: dict[str, Begun] = field(default_factory=dict)
    posts: dict[tuple[str, str], str | Withdrawn | None] = field(default_factory=dict)
    calls: dict[tuple[str, str], float | None] = field(default_factory=dict)
    answers: dict[tuple[str, str], Draft] = field(default_factory=dict)
    materials: dict[str, str] = field(default_factory=dict)
    languages: dict[str, str] = field(default_factory=dict)
    stops: dict[str, str] = field(default_factory=dict)
    ends: dict[str, Outcome] = field(default_factory=dict)
    edits: list[tuple[str, float]] = field(default_factory=list)
    learned: dict[str, str] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)  # signals that were carried out

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
        self.materials.update(newer.materials)
        self.languages.update(newer.languages)
        self.stops.update(newer.stops)
        self.ends.update(newer.ends)
        self.learned.update(newer.learned)
        self.done |= newer.done
        self.edits = [one for one in (*self.edits, *newer.edits) if one[1] > horizon]

    def forget(self, key: str) -> None:
        """Write nothing of a run."""
        for of_runs in (self.begins, self.materials, self.languages, self.stops, self.ends):
            of_runs.pop(key, None)
        self.posts = {where: ts for where, ts in self.posts.items() if where[0] != key}
        self.calls = {where: at for where, at in self.calls.items() if where[0] != key}
        self.answers = {where: draft for where, draft in self.answers.items() if where[0] != key}


@dataclass(frozen=True, slots=True)
class Signal:
    """A press that another process has taken, for the owner of its workspace; `id` is its own."""

    id: str
    press: Press


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for besides a write: orphaned runs, to be claimed, and edits that others have sent since a time.

    Those are looked for in `workspaces`. Those of `strays` that are this process's are released before, and so are the
    workspaces `left`, where nothing goes on in them. `may_fence` says whether processes may be declared dead,
    `may_claim` whether workspaces may be claimed that nobody owns. Slack and the model were reached last `reached_ago`
    seconds ago, if that is known.
    """

    strays: frozenset[str]
    edits_since: float
    limit: int = 20  # runs that are claimed at once, the oldest first
    workspaces: frozenset[str] = frozenset()
    left: frozenset[str] = frozenset()
    may_fence: bool = False
    may_claim: bool = True
    reached_ago: float | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """What was before a process began to serve a workspace: who `asked` when, when `edits` were sent, and a lesson."""

    asked: Sequence[tuple[str, float]] = ()
    edits: Sequence[float] = ()
    learned: str = ""


@dataclass(frozen=True, slots=True)
class Saved:
    """What a write has shown: which open runs are this process's, and what was found beside it.

    `held` has those too that have ended with this write, and not the claimed ones; `stopped` says of them which were
    stopped, and by whom. `edits` are others' edits, by workspace. Where processes share the database out among them, it
    shows how many `others` are there; and a look the workspaces that are `owned`, and what was `pressed` in those. A
    process that was declared dead meanwhile `was_fenced`; one that has declared another dead `has_fenced`. The lease of
    the first of the others ends in `ends_in` seconds, unless it is renewed.
    """

    held: AbstractSet[str]
    claimed: Sequence[Record] = ()
    edits: Mapping[str, Sequence[float]] = field(default_factory=dict)
    stopped: Mapping[str, str] = field(default_factory=dict)
    owned: frozenset[str] | None = None
    others: int | None = None
    pressed: Sequence[Signal] = ()
    was_fenced: bool = False
    has_fenced: bool = False
    ends_in: float = math.inf
