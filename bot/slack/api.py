"""Slack's Web API as the bot uses it: post, edit, delete, read, show to one person. Its errors become ours.

Nothing is repeated here: whether a call may be tried again, when, and with which text, is for the one who made it.
"""

import asyncio
import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.errors import ChannelClosedError, SlackError
from bot.network.proxies import DIRECT, Proxies
from bot.printable import is_code, printable
from bot.slack.body import Body
from bot.slack.forms import View
from bot.slack.transcript import MARKED, transcribe
from bot.slack.wires.call_failures import translated
from bot.slack.wires.response_urls import may_be_answered_at

logger = logging.getLogger(__name__)

PAGE = 100  # messages that are asked for at once
MOST_PAGES = 50  # are looked through; a cursor may lead on for ever
THREAD_TIMEOUT = 3.0  # seconds to read a thread in; whoever mentioned the bot waits for it
# Messages of a thread that are asked for at once: few enough that a page of long ones, which come with their blocks,
# stays below the session's bound, and many enough that the longest of threads are read in time.
THREAD_PAGE = 250
LONG_THREAD = 100  # messages; to write down more takes milliseconds, with nobody else served
MOST_SAID = 5_000  # messages of a thread that are looked at
HORIZON = 7_200.0  # seconds; nothing older is looked for, since no run goes on for so long


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
    # With a logger that has no level of its own, the SDK formats two messages from every whole request and its answer.
    sdk = logging.getLogger("slack_sdk")
    sdk.setLevel(logging.CRITICAL)
    client = AsyncWebClient(token=token, base_url=base_url, session=session, retry_handlers=[], logger=sdk)
    client.proxy = proxies.find(base_url)  # the SDK has taken one from the environment, and knows no NO_PROXY
    return client


class Slack:
    """The calls that the bot makes, in one workspace. Each raises `SlackError` or `TokenRefusedError`."""

    def __init__(self, client: AsyncWebClient, proxies: Proxies = DIRECT, own: Iterable[str] = ()) -> None:
        self._client = client
        self._proxies = proxies
        self._own = frozenset(own)  # the bot's ids, where they are known, or it has asked for them

    def renew(self, token: str) -> None:
        """Use another token from now on: the bot was installed anew."""
        self._client.token = token

    async def greet(self) -> None:
        """See whether Slack answers, be it with a refusal; no token is needed for that."""
        async with translated(self._client.base_url):
            await self._client.api_test()

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
            self._own = frozenset((user_id, bot_id))
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
                cursor = _cursor(_data(answer))
                if ts is not None or cursor is None:
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

    async def open_form(self, trigger_id: str, view: View) -> None:
        """Open a form for whoever has pressed what `trigger_id` came with, in the last 3 s."""
        async with translated(self._client.base_url):
            await self._client.views_open(trigger_id=trigger_id, view=view)

    async def read_thread(self, channel: str, thread_ts: str, *, before_ts: str = "") -> str:
        """What was said in a thread before `before_ts`, for a model to read; empty where nothing was.

        It takes `THREAD_TIMEOUT` at the most; of a thread that takes longer, or fails on the way, it is the beginning,
        and says so. It needs `channels:history`, or that of another kind of channel: without, it raises
        `TokenRefusedError`, whose code is `missing_scope`. None of what it raises is more than a thread that was not
        read.
        """
        messages: list[Any] = []
        cursor: str | None = ""
        try:
            async with translated(self._client.base_url), asyncio.timeout(THREAD_TIMEOUT):
                while cursor is not None and len(messages) < MOST_SAID:
                    answer = await self._client.conversations_replies(
                        channel=channel,
                        ts=thread_ts,
                        cursor=cursor or None,
                        limit=THREAD_PAGE,
                        include_all_metadata=True,
                    )
                    messages += _messages(_data(answer))
                    cursor = _cursor(_data(answer))
        except SlackError:
            if not messages:
                raise  # else it is worth more than nothing
        write = partial(transcribe, messages, thread_ts, before_ts=before_ts, own=self._own, is_whole=cursor is None)
        return await asyncio.to_thread(write) if len(messages) > LONG_THREAD else write()

    async def validate(self, *, blocks: Sequence[Any] | None = None, view: View | None = None) -> None:
        """Have Slack say whether it would take blocks, or a form; nothing is shown to anybody.

        Raises:
            SlackError: it would not, if its code begins with `invalid_`.
        """
        async with translated(self._client.base_url):
            await self._client.blocks_validate(blocks=blocks, view=view)

    async def answer_press(
        self, channel: str, user: str, body: Body, *, thread_ts: str | None, response_url: str | None
    ) -> None:
        """Show a message to whoever pressed a button there, also where the bot is no member any more.

        Unlike a command's, the response_url of a button comes second: what it shows in a thread's place stands in the
        channel.
        """
        async with translated(self._client.base_url):
            try:
                async with translated(self._client.base_url):
                    await self._client.chat_postEphemeral(
                        channel=channel, user=user, text=body.text, blocks=body.blocks, thread_ts=thread_ts
                    )
            except ChannelClosedError:
                if not (response_url and await self._respond(response_url, body)):
                    raise

    async def post_ephemeral(
        self, channel: str, user: str, body: Body, *, thread_ts: str | None = None, response_url: str | None = None
    ) -> None:
        """Show a message to one person only, who has it until the app is loaded anew.

        `response_url`, which comes with a command, works where the bot is no member; it is used while it does.
        """
        async with translated(self._client.base_url):
            if response_url and await self._respond(response_url, body):
                return
            await self._client.chat_postEphemeral(
                channel=channel, user=user, text=body.text, blocks=body.blocks, thread_ts=thread_ts
            )

    async def respond(self, response_url: str, body: Body) -> None:
        """Answer a press with nothing but the address that came with it: no token is needed."""
        async with translated(self._client.base_url):
            if not await self._respond(response_url, body):
                raise SlackError("no_response")

    async def _respond(self, response_url: str, body: Body) -> bool:
        """Answer a command or a press where it says; whether that worked. It does five times, in half an hour."""
        if not may_be_answered_at(response_url, self._client.base_url):
            logger.warning("slack.response_url_refused: it is neither Slack's nor of SLACK_API_URL's host")
            return False
        hook = AsyncWebhookClient(response_url, session=self._client.session, retry_handlers=[])
        hook.proxy = self._proxies.find(response_url)
        try:
            answer = await hook.send(
                text=body.text,
                blocks=body.blocks,
                response_type="ephemeral",
                replace_original=False,  # the message whose button was pressed
            )
        except (aiohttp.ClientConnectorError, aiohttp.InvalidURL):
            return False  # it cannot have arrived
        return bool(answer.status_code == 200)  # noqa: PLR2004 - HTTP's own number


def _data(answer: AsyncSlackResponse) -> dict[str, Any]:
    if not isinstance(answer.data, dict):
        raise TypeError("the answer is no object")
    return answer.data


def _cursor(page: dict[str, Any]) -> str | None:
    """Where the next page begins, if there is one."""
    cursor = (page.get("response_metadata") or {}).get("next_cursor")
    return cursor if cursor and isinstance(cursor, str) else None


def _messages(page: dict[str, Any]) -> list[Any]:
    messages = page["messages"]
    if not isinstance(messages, list):
        raise TypeError("the messages are no list")
    return messages


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
