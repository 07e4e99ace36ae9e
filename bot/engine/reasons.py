"""Why an answer stands as it does: a code and its arguments. `bot.texts` has the words for it. Pure.

A reason is written down with its answer, so a code and the names of its arguments stay what they are: whoever changes
one has to read the old one too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Union


class Code(Enum):
    """What happened; `ARGUMENTS` has the names of what some of them need beside."""

    # An answer is waited for, or starts over.
    QUEUED = "queued"
    RESUMED = "resumed"  # the process that read it before is gone
    CONNECTION_LOST = "connection_lost"
    FELL_SILENT = "fell_silent"
    RETRYING = "retrying"

    # The server refuses, for a cause that will not pass by itself.
    NO_QUOTA = "no_quota"
    PROBLEM_TOO_LONG = "problem_too_long"
    PROBLEM_FILTERED = "problem_filtered"
    BAD_KEY = "bad_key"
    NO_MODEL = "no_model"
    UNVERIFIED = "unverified"  # the organization may not stream it
    NO_SYSTEM_ROLE = "no_system_role"
    BAD_REGION = "bad_region"
    BAD_ADDRESS = "bad_address"  # what answers there is no model
    REDIRECTED = "redirected"
    # The server refuses with a status, and says nothing else that is known.
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    TOO_MANY_REQUESTS = "too_many_requests"
    OVERLOADED = "overloaded"
    SERVER_FAILED = "server_failed"
    REQUEST_REFUSED = "request_refused"

    # No connection comes about, as `network.causes` calls it.
    CERTIFICATE = "certificate"
    NOT_TLS = "not_tls"
    HANDSHAKE = "handshake"
    NOT_HTTP = "not_http"
    NO_SUCH_HOST = "no_such_host"
    NO_SUCH_PROXY = "no_such_proxy"
    NO_NAME_SERVICE = "no_name_service"
    REFUSED = "refused"
    NO_ROUTE = "no_route"
    PROXY_AWAY = "proxy_away"
    PROXY_REFUSED = "proxy_refused"

    # The answer breaks off.
    SILENT = "silent"
    BROKEN = "broken"
    REPORTED = "reported"  # an error in the middle of it
    NONSENSE = "nonsense"
    OVERSIZED = "oversized"  # more than makes sense
    ENDLESS = "endless"
    # It ends, and is not whole.
    CUT_HERE = "cut_here"  # no more characters are taken
    CUT = "cut"  # by the model's limit
    CUT_THINKING = "cut_thinking"
    ANSWER_FILTERED = "answer_filtered"
    DECLINED = "declined"
    WANTS_TOOL = "wants_tool"
    UNKNOWN_END = "unknown_end"
    ONLY_THOUGHTS = "only_thoughts"
    EMPTY = "empty"
    UNFINISHED = "unfinished"
    # It had been started over before.
    FAILED_AGAIN = "failed_again"
    FAILED_AGAIN_EMPTY = "failed_again_empty"  # with no text either time

    # Slack does not show it.
    POST_UNANSWERED = "post_unanswered"
    POST_REFUSED = "post_refused"
    REPLY_DELETED = "reply_deleted"
    STOPPED_BY = "stopped_by"  # a person
    # The bot ends.
    BOT_RESTARTS = "bot_restarts"
    BOT_STOPPED = "bot_stopped"
    BOT_BROKEN = "bot_broken"
    BOT_AWAY = "bot_away"

    TOLD = "told"  # a sentence that a former version has written down


Value = Union[str, int, float, "Reason"]


@dataclass(frozen=True, slots=True)
class Reason:
    """A code with its arguments. Two are equal if both are; one of them may be another reason."""

    code: Code
    args: Mapping[str, Value] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash((self.code, frozenset(self.args.items())))

    @property
    def setting(self) -> str:
        """The setting to look at first, for whoever runs the bot; empty where it is about none."""
        return _SETTINGS.get(self.code, "")


_CONNECTIONS = (
    *(Code.CERTIFICATE, Code.NOT_TLS, Code.HANDSHAKE, Code.NOT_HTTP, Code.NO_SUCH_HOST, Code.NO_SUCH_PROXY),
    *(Code.NO_NAME_SERVICE, Code.REFUSED, Code.NO_ROUTE, Code.PROXY_AWAY, Code.PROXY_REFUSED),
)

ARGUMENTS: Mapping[Code, tuple[str, ...]] = {
    **dict.fromkeys((Code.NO_MODEL, Code.UNVERIFIED, Code.NO_SYSTEM_ROLE, Code.FORBIDDEN, Code.NOT_FOUND), ("model",)),
    **dict.fromkeys((Code.REDIRECTED, Code.OVERLOADED, Code.SERVER_FAILED, Code.REQUEST_REFUSED), ("status",)),
    **dict.fromkeys(_CONNECTIONS, ("host", "detail")),  # its name and port; what is wrong, in brackets, or empty
    **dict.fromkeys((Code.FAILED_AGAIN, Code.FAILED_AGAIN_EMPTY), ("cause",)),  # another reason
    Code.RETRYING: ("cause", "seconds"),
    Code.SILENT: ("seconds",),
    Code.ENDLESS: ("minutes",),
    Code.CUT_HERE: ("characters",),
    Code.STOPPED_BY: ("user",),  # an id
    Code.TOLD: ("words",),
}
"""The names of the arguments of each code that has any."""

_SETTINGS = {
    **dict.fromkeys((Code.NO_QUOTA, Code.BAD_KEY, Code.UNVERIFIED, Code.FORBIDDEN), "OPENAI_API_KEY"),
    **dict.fromkeys((Code.NO_MODEL, Code.NO_SYSTEM_ROLE, Code.NOT_FOUND, Code.REQUEST_REFUSED), "OPENAI_MODEL"),
    **dict.fromkeys((Code.BAD_REGION, Code.BAD_ADDRESS, Code.REDIRECTED, *_CONNECTIONS), "OPENAI_BASE_URL"),
}
