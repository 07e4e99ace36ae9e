"""One Slack workspace as the process knows it, and what all of them share; whoever needs something is told which."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bot.delivery.board import Board
from bot.durable.journal import Journal
from bot.engine import Model
from bot.engine.conversation.followups import Further
from bot.engine.perspectives import Perspective
from bot.runs.admission import Admission
from bot.slack.api import Slack
from bot.tally import Tally


@dataclass(frozen=True, slots=True)
class Workspace:
    """Its client, what keeps its threads showing the newest drafts, who may ask how much in it, and what is counted."""

    slack: Slack
    board: Board
    admission: Admission
    tally: Tally = field(default_factory=Tally)


@dataclass(frozen=True, slots=True)
class Rules:
    """How much there may be of what in one workspace."""

    edits_per_minute: int
    most_runs: int  # those that wait included
    runs_at_once: int
    runs_per_person: int  # at once
    runs_per_person_per_hour: int
    problem_limit: int  # characters


@dataclass(frozen=True, slots=True)
class Shared:
    """What all workspaces of a process have in common; `clock` is the one that the lease goes by."""

    journal: Journal
    model: Model
    perspectives: Sequence[Perspective]
    further: Further
    language: str
    rules: Rules
    clock: Callable[[], float]
    tally: Tally = field(default_factory=Tally)
