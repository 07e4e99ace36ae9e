"""The listeners: read the question out of what Slack sends, have it written down, acknowledge it, hand it over.

It is written down before it is acknowledged: what Slack believes to be taken is taken, whatever becomes of the process.
Bolt acknowledges events before it calls their listener, so theirs are written down in a middleware.

What starts nothing: the bot's own messages and other bots', edits of a mention (Slack sends it again, under a new id),
and what Slack delivers a second time. A redelivery may be the only delivery, so it is not dropped for being one, but
for its id.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from bot.errors import describe
from bot.mrkdwn import unescape, without_mention
from bot.question import Question

logger = logging.getLogger(__name__)

COMMAND = "/perspectives"
REMEMBERED = 600.0  # seconds; Slack's last redelivery comes after 5 minutes


def register(
    app: AsyncApp,
    *,
    bot_user: str,
    write_down: Callable[[Question], Awaitable[bool]],
    start: Callable[[Question], None],
) -> None:
    """Have `start` called with every question that arrives at `app`; `bot_user` is the bot's own id.

    `write_down` keeps a question and says whether it is new; it is awaited before Slack gets its acknowledgement.
    """
    seen = _Seen()

    @app.command(COMMAND)
    async def on_command(ack: AsyncAck, command: dict[str, Any]) -> None:
        question = _read_command(command)
        is_new = await write_down(question)
        await ack()
        if is_new:
            start(question)

    async def keep_mention(
        event: dict[str, Any],
        body: dict[str, Any],
        context: AsyncBoltContext,
        next: Callable[[], Awaitable[Any]],  # noqa: A002 - Bolt's name for it
    ) -> None:
        question = _read_mention(event, bot_user)
        # Both, and both remembered: a message that is mentioned in is one question, however many events tell of it.
        if question and not seen.before(body.get("event_id", question.key)) | seen.before(question.key):
            context["question"] = question if await write_down(question) else None
        await next()

    @app.event("app_mention", middleware=[keep_mention])
    async def on_mention(context: AsyncBoltContext) -> None:
        if question := context.get("question"):
            start(question)

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
        problem=unescape(without_mention(event.get("text") or "", bot_user)).lstrip(" ,:;\n").rstrip(),
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
        for old, until in list(self._until.items()):
            if until > now:
                break
            del self._until[old]
        is_known = key in self._until
        self._until.setdefault(key, now + REMEMBERED)
        return is_known
