"""What the journal has to tell the process. `app` reads it from `Journal.events()`, in the order of happening."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.durable.record import Record, Signal


@dataclass(frozen=True, slots=True)
class Claimed:
    """A run that another process has left is this process's now: it is to be gone on with."""

    record: Record


@dataclass(frozen=True, slots=True)
class LeaseLost:
    """A run of this process's is another's now: nothing more is to be sent of it."""

    key: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """A run of this process's was stopped by somebody whom another process has heard."""

    key: str
    user: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody has asked a question so many seconds ago, in a run that has ended, or had one tried again."""

    workspace: str
    user: str
    ago: float


@dataclass(frozen=True, slots=True)
class Spent:
    """Edits were sent in a workspace and are not counted here, so many seconds ago each: by other processes, mostly."""

    workspace: str
    ago: Sequence[float]


@dataclass(frozen=True, slots=True)
class Taught:
    """What a workspace had taught whoever served it before."""

    workspace: str
    what: str


@dataclass(frozen=True, slots=True)
class Held:
    """This process's runs are its own until this time, by the lease's clock: from then on nothing may be sent.

    Infinity where nobody can take them: none is kept in the database, or it is out of everybody's reach.
    """

    until: float
    is_strict: bool = False  # whether others are there, who may go on with them: no call outlasts it then


@dataclass(frozen=True, slots=True)
class Pressed:
    """Something was pressed in another process, in a workspace that this one serves; carry it out, and say so."""

    signal: Signal


Event = Claimed | LeaseLost | Stopped | Asked | Spent | Taught | Held | Pressed
