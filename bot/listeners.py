"""The listeners: read the question out of what Slack sends, hand it over, acknowledge it.

Whoever receives it has written it down by then: what Slack believes to be taken is taken, whatever becomes of the
process. Bolt acknowledges events before it calls their listener, so theirs are handed over in a middleware.

What starts nothing: the bot's own messages and other bots', edits of a mention (Slack sends it again, under a new id),
and what Slack delivers a second time. A redelivery may be the only delivery, so it is not dropped for being one, but
for its id.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.blocks import Body
from bot.errors import describe
from bot.mrkdwn import unescape, without_mention
from bot.question import Question

logger = logging.getLogger(__name__)

COMMAND = "/perspectives"
MOST_REMEMBERED = 20_000  # keys; a flood pushes out the oldest, and the database still knows what was asked
REMEMBERED = 600.0  # seconds; Slack's last redelivery comes after 5 minutes


def register(
    app: AsyncApp,
    *,
    bot_user: str,
    receive: Callable[[Question], Awaitable[Body | None]],
) -> None:
    """Hand every question that arrives at `app` to `receive`; `bot_user` is the bot's own id.

    `receive` is awaited before Slack gets its acknowledgement, which says what it returns, if anything.
    """
    seen = _Seen()

    @app.command(COMMAND)
    async def on_command(ack: AsyncAck, command: dict[str, Any]) -> None:
        words = await receive(_read_command(command))
        if words is None:
            await ack()
        else:
            await ack(text=words.text, blocks=words.blocks, response_type="ephemeral")

    async def keep_mention(
        event: dict[str, Any],
        body: dict[str, Any],
        next: Callable[[], Awaitable[Any]],  # noqa: A002 - Bolt's name for it
    ) -> None:
        question = _read_mention(event, bot_user)
        # Both, and both remembered: a message that is mentioned in is one question, however many events tell of it.
        if question and not seen.before(body.get("event_id", question.key)) | seen.before(question.key):
            await receive(question)  # an event's acknowledgement can say nothing
        await next()

    @app.event("app_mention", middleware=[keep_mention])
    async def on_mention() -> None:
        """Nothing is left to do: Bolt has acknowledged the event by now."""

    @app.error
    async def on_error(error: Exception) -> None:
        # Bolt's own words quote the whole request.
        logger.error("listener.broken error=%s", describe(error))


def _read_command(command: dict[str, Any]) -> Question:
    return Question(
        key=command.get("trigger_id") or uuid4().hex,
        problem=unescape(command.get("text") or "").strip(),
        user=command["user_id"],
        channel=command["channel_id"],
        response_url=command.get("response_url"),
    )


def _read_mention(event: dict[str, Any], bot_user: str) -> Question | None:
    """The question of a mention, if a person asks one: neither a bot, nor by editing what was asked before."""
    if event.get("bot_id") or event.get("edited") or event.get("user") in {None, bot_user}:
        return None
    return Question(
        key=f"{event['channel']}:{event['ts']}",
        problem=unescape(without_mention(event.get("text") or "", bot_user)),
        user=event["user"],
        channel=event["channel"],
        thread_ts=event.get("thread_ts") or event["ts"],
        whisper_ts=event.get("thread_ts"),
    )


class _Seen:
    """The keys of the last ten minutes."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}  # in the order of their ends, since all last as long

    def before(self, key: str) -> bool:
        """Whether `key` was here before; it was, from now on."""
        now = asyncio.get_running_loop().time()
        while self._until and (next(iter(self._until.values())) <= now or len(self._until) >= MOST_REMEMBERED):
            del self._until[next(iter(self._until))]
        is_known = key in self._until
        self._until.setdefault(key, now + REMEMBERED)
        return is_known
