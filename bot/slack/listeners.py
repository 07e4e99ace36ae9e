"""The listeners: read the question out of what Slack sends, hand it over, acknowledge it.

Whoever receives it has written it down by then: what Slack believes to be taken is taken, whatever becomes of the
process. Bolt acknowledges events before it calls their listener, so theirs are handed over in a middleware.

What starts nothing: the bot's own messages and other bots', edits of a mention (Slack sends it again, under a new id),
and what Slack delivers a second time. A redelivery may be the only delivery, so it is not dropped for being one, but
for its id.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.response import BoltResponse

from bot.errors import describe
from bot.printable import is_code
from bot.slack.body import Body
from bot.slack.markup.mrkdwn import unescape, without_mention
from bot.slack.question import Question
from bot.texts import AUTO, choose

logger = logging.getLogger(__name__)

COMMAND = "/perspectives"
LONGEST_ID = 100  # characters; a user's or a channel's has some 11, a timestamp 17, a trigger's some 60
LONGEST_TEXT = 200_000  # characters; a message of Slack's has 40,000, of which `&` comes as five
LONGEST_URL = 2_000  # characters; a response_url has some 100
MOST_REMEMBERED = 20_000  # keys; a flood pushes out the oldest, and the database still knows what was asked
REMEMBERED = 600.0  # seconds; Slack's last redelivery comes after 5 minutes


def register(
    app: AsyncApp,
    *,
    bot_user: str,
    receive: Callable[[Question], Awaitable[Body | None]],
    language: str = AUTO,
) -> None:
    """Hand every question that arrives at `app` to `receive`.

    `bot_user` is the bot's own id; `language` is the one that is set, or `AUTO`. `receive` is awaited before Slack gets
    its acknowledgement, which says what it returns, if anything.
    """
    seen = _Seen()

    async def hand_over(question: Question) -> Body | None:
        try:
            return await receive(question)
        except Exception as error:
            raise NotTakenError from error

    @app.command(COMMAND)
    async def on_command(ack: AsyncAck, command: dict[str, Any]) -> None:
        question = _read("command", lambda: _read_command(command, language))
        words = await hand_over(question) if question else None
        if words is None:
            await ack()
        else:
            await ack(text=words.text, blocks=words.blocks, response_type="ephemeral")

    async def keep_mention(
        event: dict[str, Any],
        body: dict[str, Any],
        next: Callable[[], Awaitable[Any]],  # noqa: A002 - Bolt's name for it
    ) -> None:
        question = _read("app_mention", lambda: _read_mention(event, bot_user, language))
        if question:
            event_id = body.get("event_id")
            # Both: a message that is mentioned in is one question, however many events tell of it.
            keys = (question.key, event_id if is_code(event_id) else question.key)
            await seen.once(keys, lambda: hand_over(question))  # an event's acknowledgement can say nothing
        await next()

    @app.event("app_mention", middleware=[keep_mention])
    async def on_mention() -> None:
        """Nothing is left to do: Bolt has acknowledged the event by now."""

    @app.error
    async def on_error(error: Exception) -> BoltResponse | None:
        # Bolt's own words quote the whole request.
        if isinstance(error, NotTakenError):
            logger.error("listener.broken error=%s", describe(error.__cause__ or error))
            return None  # it is not acknowledged: Slack delivers it again
        logger.warning("listener.odd error=%s", type(error).__name__)
        return BoltResponse(status=HTTPStatus.OK)  # Bolt cannot read it, the next time neither


class OddFieldError(ValueError):
    """A field of a payload is missing, or is nothing that Slack would send; the message is its name."""


class NotTakenError(Exception):
    """Whoever is to receive a question has failed, which is the cause."""


def _read(kind: str, read: Callable[[], Question | None]) -> Question | None:
    """What `read` finds; nothing, and a line in the log, where the payload makes no sense."""
    try:
        return read()
    except OddFieldError as odd:
        logger.warning("listener.odd kind=%s field=%s", kind, odd)
        return None


def _read_command(command: dict[str, Any], language: str) -> Question:
    response_url = command.get("response_url")
    problem = unescape(_read_text(command)).strip()
    return Question(
        key=_read_id(command, "trigger_id") if command.get("trigger_id") else uuid4().hex,
        problem=problem,
        user=_read_id(command, "user_id"),
        channel=_read_id(command, "channel_id"),
        # Whether it is one of Slack's is looked at when it is used.
        response_url=response_url if isinstance(response_url, str) and len(response_url) <= LONGEST_URL else None,
        language=choose(problem, language),
    )


def _read_id(payload: dict[str, Any], name: str) -> str:
    value = payload.get(name)
    if not is_code(value, LONGEST_ID):
        raise OddFieldError(name)
    return value


def _read_text(payload: dict[str, Any]) -> str:
    text = payload.get("text")
    if text is None:
        return ""
    if not isinstance(text, str) or len(text) > LONGEST_TEXT:
        raise OddFieldError("text")
    return text


def _read_mention(event: dict[str, Any], bot_user: str, language: str) -> Question | None:
    """The question of a mention, if a person asks one: neither a bot, nor by editing what was asked before."""
    if event.get("bot_id") or event.get("edited") or event.get("user") is None or event["user"] == bot_user:
        return None
    channel, ts = _read_id(event, "channel"), _read_id(event, "ts")
    thread_ts = _read_id(event, "thread_ts") if event.get("thread_ts") else None
    problem = unescape(without_mention(_read_text(event), bot_user))
    return Question(
        key=f"{channel}:{ts}",
        problem=problem,
        user=_read_id(event, "user"),
        channel=channel,
        thread_ts=thread_ts or ts,
        ephemeral_ts=thread_ts,
        language=choose(problem, language),
    )


class _Seen:
    """The keys of the last ten minutes."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}  # in the order of their ends, since all last as long

    async def once(self, keys: Iterable[str], work: Callable[[], Awaitable[object]]) -> None:
        """Do `work`, unless one of `keys` was here before; all were, from now on, unless it fails."""
        if self._are_known(*keys):
            return
        try:
            await work()
        except Exception:
            for key in keys:
                self._until.pop(key, None)
            raise

    def _are_known(self, *keys: str) -> bool:
        now = asyncio.get_running_loop().time()
        while self._until and (next(iter(self._until.values())) <= now or len(self._until) >= MOST_REMEMBERED):
            del self._until[next(iter(self._until))]
        is_known = any(key in self._until for key in keys)
        for key in keys:
            self._until.setdefault(key, now + REMEMBERED)
        return is_known
