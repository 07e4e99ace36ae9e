"""Slack's Web API as the bot uses it: post, edit, delete, whisper. Its errors become ours here, and nowhere else.

Nothing is repeated here: whether a call may be tried again, when, and with which text, is for the one who made it.
"""

import logging
import math
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

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
from bot.network.proxies import DIRECT, Proxies
from bot.printable import as_code, is_code, printable
from bot.slack.blocks import Body
from bot.slack.response_urls import may_be_answered_at
from bot.slack.session import RedirectedError

logger = logging.getLogger(__name__)

DEFAULT_RETRY_AFTER = 10.0  # seconds, where a 429 names none; what chat.update is reported to name
# Seconds; Slack counts calls by the minute, so after one the next 429 tells anew. A longer one, be it a slip, would
# keep a workspace's texts from being seen for as long as it says.
LONGEST_RETRY_AFTER = 60.0

MARKED = "perspectives_message"  # the type of the metadata in what the bot posts
PAGE = 100  # messages that are asked for at once
MOST_PAGES = 50  # are looked through; a cursor may lead on for ever
HORIZON = 7_200.0  # seconds; nothing older is looked for, since no run goes on for so long

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


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the bot is in its workspace, in Slack's ids."""

    user_id: str
    bot_id: str
    team_id: str
    team: str
    name: str = ""
    scopes: frozenset[str] | None = None  # what the token may do; None where Slack does not say


@dataclass(frozen=True, slots=True)
class Mark:
    """What a message is known by, before it has a timestamp: the run's key and the part that it is of it.

    It goes into the message's metadata, which people do not see.
    """

    run: str
    part: str


def make_client(
    token: str | None, base_url: str, session: aiohttp.ClientSession, proxies: Proxies = DIRECT
) -> AsyncWebClient:
    """A client that shares `session` (a session for each call costs eight times as much) and repeats nothing."""
    # With a logger that has no level of its own, the SDK formats a debug message from every whole request.
    sdk = logging.getLogger("slack_sdk")
    client = AsyncWebClient(token=token, base_url=base_url, session=session, retry_handlers=[], logger=sdk)
    client.proxy = proxies.find(base_url)  # the SDK has taken one from the environment, and knows no NO_PROXY
    return client


class Slack:
    """The calls that the bot makes, in one workspace. Each raises `SlackError` or `TokenRefusedError`."""

    def __init__(self, client: AsyncWebClient, proxies: Proxies = DIRECT) -> None:
        self._client = client
        self._proxies = proxies

    async def identify(self) -> Identity:
        """Ask who the token's owner is."""
        async with translated(self._client.base_url):
            answer = await self._client.auth_test()
            named = {name.lower(): value for name, value in answer.headers.items()}.get("x-oauth-scopes")
            scopes = None if named is None else frozenset(printable(scope) for scope in named.split(","))
            data = _data(answer)
            ids = [data[name] for name in ("user_id", "bot_id", "team_id")]
            if not all(is_code(one) for one in ids):
                raise TypeError("an id is none")
            user_id, bot_id, team_id = ids
            return Identity(user_id, bot_id, team_id, printable(data["team"]), printable(data.get("user")), scopes)

    async def post(self, channel: str, body: Body, thread_ts: str | None, mark: Mark) -> str:
        """Post a message, under `thread_ts` if there is one, and return its timestamp."""
        async with translated(self._client.base_url):
            answer = await self._client.chat_postMessage(
                channel=channel,
                text=body.text,
                blocks=body.blocks,
                thread_ts=thread_ts,
                metadata=_metadata(mark),
                unfurl_links=False,
                unfurl_media=False,
            )
            return _ts(_data(answer))

    async def find(self, channel: str, thread_ts: str | None, mark: Mark) -> str | None:
        """The timestamp of the message that was posted with `mark`, if it was: in a thread, or else in the channel.

        It needs a scope that the bot can do without: `channels:history`, or `groups:history` in private channels.
        """
        async with translated(self._client.base_url):
            page: dict[str, Any] = {"channel": channel, "limit": PAGE, "include_all_metadata": True}
            ts, cursor = None, None
            for _ in range(MOST_PAGES):
                if thread_ts is None:
                    oldest = f"{time.time() - HORIZON:.6f}"
                    answer = await self._client.conversations_history(oldest=oldest, cursor=cursor, **page)
                else:
                    answer = await self._client.conversations_replies(ts=thread_ts, cursor=cursor, **page)
                ts = _find_mark(_data(answer), mark)
                cursor = (_data(answer).get("response_metadata") or {}).get("next_cursor") or ""
                if ts is not None or not cursor or not isinstance(cursor, str):
                    break
            return ts

    async def edit(self, channel: str, ts: str, body: Body) -> None:
        """Replace a message. With blocks, Slack does not mark it as edited."""
        async with translated(self._client.base_url):
            await self._client.chat_update(channel=channel, ts=ts, text=body.text, blocks=body.blocks)

    async def delete(self, channel: str, ts: str) -> None:
        """Take a message of the bot's own away."""
        async with translated(self._client.base_url):
            await self._client.chat_delete(channel=channel, ts=ts)

    async def whisper(
        self, channel: str, user: str, body: Body, *, thread_ts: str | None = None, response_url: str | None = None
    ) -> None:
        """Show a message to one person only.

        `response_url`, which comes with a command, works where the bot is no member; it is used while it does.
        """
        async with translated(self._client.base_url):
            if response_url and await self._respond(response_url, body):
                return
            await self._client.chat_postEphemeral(
                channel=channel, user=user, text=body.text, blocks=body.blocks, thread_ts=thread_ts
            )

    async def _respond(self, response_url: str, body: Body) -> bool:
        """Answer a command where it says; whether that worked. It does five times, in half an hour."""
        if not may_be_answered_at(response_url, self._client.base_url):
            logger.warning("slack.response_url_refused: it is neither Slack's nor of SLACK_API_URL's host")
            return False
        hook = AsyncWebhookClient(response_url, session=self._client.session, retry_handlers=[])
        hook.proxy = self._proxies.find(response_url)
        try:
            answer = await hook.send(text=body.text, blocks=body.blocks, response_type="ephemeral")
        except (aiohttp.ClientConnectorError, aiohttp.InvalidURL):
            return False  # it cannot have arrived
        return bool(answer.status_code == 200)  # noqa: PLR2004 - HTTP's own number


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


def _data(answer: AsyncSlackResponse) -> dict[str, Any]:
    if not isinstance(answer.data, dict):
        raise TypeError("the answer is no object")
    return answer.data


def _metadata(mark: Mark) -> dict[str, Any]:
    return {"event_type": MARKED, "event_payload": {"run": mark.run, "part": mark.part}}


def _find_mark(page: dict[str, Any], mark: Mark) -> str | None:
    wanted = _metadata(mark)
    return next((_ts(message) for message in page["messages"] if message.get("metadata") == wanted), None)


def _ts(message: dict[str, Any]) -> str:
    ts = message["ts"]  # the SDK's own look-up would give None for what is not there
    if not is_code(ts):
        raise TypeError("the timestamp is none")
    return ts


def _retry_after(answer: object) -> float:
    headers = getattr(answer, "headers", None) or {}
    try:
        seconds = float(headers.get("Retry-After", DEFAULT_RETRY_AFTER))
    except ValueError:
        return DEFAULT_RETRY_AFTER
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER) if math.isfinite(seconds) else DEFAULT_RETRY_AFTER
