"""What the API refuses with, and what the page has written on it: a name for each. Pure.

A value is what stands in the API's JSON, or what the page's script asks for: it stays, for others have it in theirs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from bot.texts.language import Plural


class Fault(Enum):
    """Why a request comes to nothing; in brackets, the arguments of its words."""

    NOT_HTTP = "not_http"
    NOT_JSON = "not_json"
    UNAUTHORIZED = "unauthorized"
    FOREIGN_HOST = "foreign_host"
    FOREIGN_ORIGIN = "foreign_origin"
    NOT_FOUND = "not_found"
    NO_SUCH_METHOD = "no_such_method"
    UNKNOWN_RUN = "unknown_run"
    UNKNOWN_SIDE = "unknown_side"
    TOO_SLOW = "too_slow"
    GOING_ON = "going_on"
    TOO_FEW = "too_few"
    NOT_WHOLE = "not_whole"
    TOO_LARGE = "too_large"  # limit, in bytes
    NOT_DECLARED = "not_declared_json"
    WRONG_SHAPE = "wrong_shape"  # field, form
    BLANK = "blank"
    TOO_LONG = "too_long"  # length, limit
    TOO_MANY_RUNS = "too_many_runs"  # count
    TOO_MANY_WITHIN_THE_HOUR = "too_many_within_the_hour"  # limit, count of minutes
    TOO_MANY_FAILURES = "too_many_failures"  # count of seconds
    CROWDED = "crowded"
    BROKEN = "broken"


class Label(Enum):
    """What the page says by itself; in brackets, the arguments."""

    TITLE = "title"
    LEAD = "lead"
    FIELD = "field"
    HINT = "hint"
    EXAMPLE = "example"
    START = "start"
    STOP = "stop"
    LANGUAGE = "language"
    SUMMARY = "summary"
    ORIGIN = "origin"
    ANSWERS = "answers"
    TOGETHER = "together"
    DEEPER = "deeper"
    DEEPER_FIELD = "deeper_field"  # name
    DEEPER_HINT = "deeper_hint"
    FOLLOW_UP = "follow_up"
    ASK = "ask"
    CANCEL = "cancel"
    COPY = "copy"
    COPIED = "copied"
    NOT_COPIED = "not_copied"
    DOWNLOAD = "download"
    AGAIN = "again"
    WAITING = "waiting"
    THINKING = "thinking"
    WRITING = "writing"
    DONE = "done"
    FAILED = "failed"
    CUT = "cut"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"
    SECONDS = "seconds"  # seconds
    BEGUN = "begun"
    ENDED = "ended"  # name, state
    ALL_ENDED = "all_ended"
    RECONNECTING = "reconnecting"
    LOST = "lost"
    UNREACHABLE = "unreachable"
    EMPTY = "empty"
    SIGN_IN = "sign_in"
    TOKEN = "token"  # noqa: S105 - words, and none that is secret
    TOKEN_HINT = "token_hint"  # noqa: S105 - see above
    WRONG_TOKEN = "wrong_token"  # noqa: S105 - see above


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Words:
    """The words of one language. What stands in braces is an argument; of a label, the page's script fills it in."""

    faults: Mapping[Fault, str | Plural]
    labels: Mapping[Label, str]

    def explain(self, fault: Fault, /, **args: str | float) -> str:
        """Why a request came to nothing, as a sentence or two."""
        words = self.faults[fault]
        if isinstance(words, Plural):
            words = words.one if args["count"] == 1 else words.other
        return words.format_map(args)
