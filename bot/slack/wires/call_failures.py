"""What kept a call of Slack's from being done, read out of what the SDK raises and told as one of our errors.

Slack names each refusal by a code; the tables say what a code means for whoever made the call.
"""

import math
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.errors import (
    ChannelClosedError,
    Effect,
    FormRefusedError,
    MessageGoneError,
    MessageLockedError,
    NoThreadsError,
    RateLimitedError,
    SizeRefusedError,
    SlackError,
    TokenRefusedError,
    UnavailableError,
)
from bot.network.connection_failures import advise, classify, explain, host_of
from bot.printable import as_code
from bot.slack.wires.session import RedirectedError

DEFAULT_RETRY_AFTER = 10.0  # seconds, where a 429 names none; what chat.update is reported to name
# Seconds; Slack counts calls by the minute, so after one the next 429 tells anew. A longer one, be it a slip, would
# keep a workspace's texts from being seen for as long as it says.
LONGEST_RETRY_AFTER = 60.0

_VARIABLE = "SLACK_API_URL"  # the one that names the server

_TOKEN_ERRORS = frozenset(
    {"account_inactive", "invalid_auth", "missing_scope", "not_allowed_token_type", "not_authed"}
    | {"org_login_required", "token_expired", "token_revoked"}
)
_ERRORS: dict[str, type[SlackError]] = {
    "channel_not_found": ChannelClosedError,
    "is_archived": ChannelClosedError,
    "not_in_channel": ChannelClosedError,
    "cannot_reply_to_message": NoThreadsError,
    "messages_tab_disabled": ChannelClosedError,
    "restricted_action_non_threadable_channel": NoThreadsError,
    "restricted_action_thread_locked": NoThreadsError,
    "thread_not_found": ChannelClosedError,
    "message_not_found": MessageGoneError,
    "cant_update_message": MessageLockedError,
    "edit_window_closed": MessageLockedError,
    "invalid_blocks": FormRefusedError,
    "invalid_blocks_format": FormRefusedError,
    "msg_blocks_too_long": SizeRefusedError,
    "msg_too_long": SizeRefusedError,
    "no_text": FormRefusedError,
}
# As in "must be less than 3001 characters" or "no more than 50 items allowed", which come with `invalid_blocks`.
_SIZE_WORDS = re.compile(r"less than|no more than|at most|too (?:long|large|big|many)|exceed|maximum", re.IGNORECASE)
# What the SDK raises for an answer of status 200 that is no JSON object, or lacks what we look for in it.
_NONSENSE = (AttributeError, LookupError, RecursionError, TypeError, ValueError)
_OWN_FAILURES = frozenset(
    {"fatal_error", "internal_error", "request_timeout", "service_unavailable"} | {"team_added_to_org", "update_failed"}
)
# Slack's documentation of these: "It's possible some aspect of the operation succeeded before the error was raised."
_DOUBTFUL = frozenset({"fatal_error", "internal_error"})


@asynccontextmanager
async def translated(url: str, *, token: str = "SLACK_BOT_TOKEN") -> AsyncIterator[None]:  # noqa: S107 - a variable's name
    """Turn what the SDK raises within the block into our errors.

    `url` is the address that is asked, `token` the variable whose token is used.
    """
    try:
        yield
    except SlackApiError as error:
        raise _translate(error, token, url) from error
    except TimeoutError as error:
        raise UnavailableError(type(error).__name__, Effect.PENDING) from error
    except aiohttp.ClientError as error:
        raise _explain(error, url) from error
    except (SlackClientError, *_NONSENSE) as error:
        raise UnavailableError(type(error).__name__, Effect.UNKNOWN, hint=_no_slack(url)) from error


def _explain(error: aiohttp.ClientError, url: str) -> UnavailableError:
    """What kept a call from being made, or broke it off."""
    never_left = isinstance(error, aiohttp.ClientConnectorError | aiohttp.ClientHttpProxyError | RedirectedError)
    effect = Effect.NONE if never_left else Effect.UNKNOWN
    if isinstance(error, RedirectedError):
        hint = f"{host_of(url)} sends us elsewhere, and nothing is sent to a host that no setting names. "
        return UnavailableError("redirected", effect, hint=f"{hint}Check {_VARIABLE}.")
    failure = classify(error)
    if failure is None:
        return UnavailableError("unreachable" if never_left else type(error).__name__, effect)
    hint = f"{explain(error, url)}. {advise(failure, _VARIABLE)}"
    return UnavailableError(failure.value, effect, hint=hint, is_lasting=failure.is_lasting)


def _no_slack(url: str) -> str:
    return f"what answers at {host_of(url)} is not Slack's API. Check {_VARIABLE}."


def _translate(error: SlackApiError, token: str, url: str) -> SlackError | TokenRefusedError:
    answer = error.response
    status = answer.status_code if isinstance(answer, AsyncSlackResponse) else getattr(answer, "status", 0)
    data = answer.data if isinstance(answer, AsyncSlackResponse) else None
    code = as_code(data.get("error")) if isinstance(data, dict) else ""
    if status == 429 or code in {"ratelimited", "rate_limited"}:  # noqa: PLR2004 - HTTP's own number
        return RateLimitedError(_retry_after(answer))
    if code in _TOKEN_ERRORS:
        return TokenRefusedError(
            f"Slack refuses the token of {token} ({code}). Your app's page at api.slack.com/apps shows which is valid.",
            code,
        )
    if not code or code in _OWN_FAILURES:
        # With `ok: false` Slack says that it was not done; a page of HTML says nothing.
        hint = "" if code or status >= 500 else _no_slack(url)  # noqa: PLR2004 - HTTP's own number
        effect = Effect.DENIED if code in _DOUBTFUL else Effect.NONE if code else Effect.UNKNOWN
        return UnavailableError(code or f"http_{status}", effect, hint=hint)
    # Slack adds kinds of it: all say who may write, and none passes by itself.
    otherwise = ChannelClosedError if code.startswith("restricted_action") else SlackError
    kind = _ERRORS.get(code, otherwise)
    return SizeRefusedError(code) if _is_for_size(code, kind, data) else kind(code)


def _is_for_size(code: str, kind: type[SlackError], data: object) -> bool:
    """Whether a refusal is for how long a message is, or how many parts it has: by its code, or by what it says."""
    return code.endswith(("_too_long", "_too_large")) or (
        kind is FormRefusedError and bool(_SIZE_WORDS.search(str(_reasons(data))))
    )


def _reasons(data: object) -> object:
    """What Slack says of an error beside its code."""
    if not isinstance(data, dict):
        return ""
    return [data.get("errors"), data.get("response_metadata")]


def _retry_after(answer: object) -> float:
    headers = getattr(answer, "headers", None) or {}
    try:
        seconds = float(headers.get("Retry-After", DEFAULT_RETRY_AFTER))
    except ValueError:
        return DEFAULT_RETRY_AFTER
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER) if math.isfinite(seconds) else DEFAULT_RETRY_AFTER
