"""What a message can be, what a call about it can come to, and what is done then: the words of its table. Pure."""

from dataclasses import dataclass
from enum import Enum
from math import inf

from bot.errors import (
    ChannelClosedError,
    Effect,
    FormRefusedError,
    MessageGoneError,
    MessageLockedError,
    RateLimitedError,
    SizeRefusedError,
    SlackError,
    UnavailableError,
)


class Loss(Enum):
    """Why a message can be shown no more."""

    DELETED = "deleted"  # somebody took it away
    LOCKED = "locked"  # it stands, but Slack lets nobody edit it
    REFUSED = "refused"  # Slack would not post it, or nobody wants it posted any more
    UNKNOWN = "unknown"  # nobody knows whether it was posted


@dataclass(frozen=True, slots=True)
class Unposted:
    """Not in Slack, and nobody has asked for that yet."""


@dataclass(frozen=True, slots=True)
class Queued:
    """To be posted."""


@dataclass(frozen=True, slots=True)
class Posting:
    """Its post is on its way."""


@dataclass(frozen=True, slots=True)
class Doubtful:
    """Perhaps posted, if not now then before `pending_until`.

    Slack has said that it was not, where it `was_denied`; it `was_missed` where a look has not found it.
    """

    pending_until: float = -inf
    was_denied: bool = False
    was_missed: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """In Slack, at `ts`."""

    ts: str


@dataclass(frozen=True, slots=True)
class Lost:
    """Nothing of it is sent any more."""

    loss: Loss


State = Unposted | Queued | Posting | Doubtful | Standing | Lost


class Ending(Enum):
    """How far a message is with its last text."""

    OPEN = "open"  # what there is to show is not the last
    DUE = "due"  # it is the last, and is to be shown
    LATE = "late"  # it is shown, and is shown once more: an older edit may land on it yet
    SHOWN = "shown"


class Failure(Enum):
    """What a call came to that was to post, look up or edit a message."""

    LIMITED = "limited"  # too many calls: it is made again when Slack says
    UNSENT = "unsent"  # not carried out
    DENIED = "denied"  # not carried out, as Slack says in a word that cannot be relied on
    UNKNOWN = "unknown"  # carried out or not
    PENDING = "pending"  # as that, or carried out later
    FORM = "form"  # Slack takes no such blocks
    SIZE = "size"  # nor as much of them
    LOCKED = "locked"
    GONE = "gone"
    UNNAMED = "unnamed"  # another of Slack's errors
    FATAL = "fatal"  # what the thread cannot go on from: its channel is closed, the token refused, or it is a bug


AWAY = frozenset({Failure.UNSENT, Failure.DENIED, Failure.UNKNOWN, Failure.PENDING})

_KINDS: tuple[tuple[type[Exception], Failure], ...] = (  # the more special ones first
    (RateLimitedError, Failure.LIMITED),
    (SizeRefusedError, Failure.SIZE),
    (FormRefusedError, Failure.FORM),
    (MessageGoneError, Failure.GONE),
    (MessageLockedError, Failure.LOCKED),
    (ChannelClosedError, Failure.FATAL),
    (SlackError, Failure.UNNAMED),
)
_EFFECTS = {
    Effect.NONE: Failure.UNSENT,
    Effect.DENIED: Failure.DENIED,
    Effect.UNKNOWN: Failure.UNKNOWN,
    Effect.PENDING: Failure.PENDING,
}


def classify(error: Exception) -> Failure:
    """What an error of a call means for its message."""
    if isinstance(error, UnavailableError):
        return _EFFECTS[error.effect]
    return next((failure for kind, failure in _KINDS if isinstance(error, kind)), Failure.FATAL)


@dataclass(frozen=True, slots=True)
class Again:
    """The call is made again in `pause` seconds at the earliest; with `holds_all`, so is every post."""

    pause: float = 0.0
    holds_all: bool = False


class Verdict(Enum):
    """What becomes of a message where its call is not made again."""

    POST = "post"  # it is posted now: it does not stand
    FOUND = "found"  # it stands
    LOST = "lost"
    FATAL = "fatal"  # its thread ends
