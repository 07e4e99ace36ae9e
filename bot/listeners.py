"""The listeners: acknowledge what Slack sends, read the question out of it, hand it over.

What starts nothing: the bot's own messages and other bots', edits of a mention (Slack sends it again, under a new id),
and what Slack delivers a second time. A redelivery may be the only delivery, so it is not dropped for being one, but
for its id.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.mrkdwn import unescape, without_mention
from bot.question import Question

logger = logging.getLogger(__name__)

COMMAND = "/perspectives"
REMEMBERED = 600.0  # seconds; Slack's last redelivery comes after 5 minutes


def register(app: AsyncApp, *, bot_user: str, start: Callable[[Question], None]) -> None:
    """Have `start` called with every question that arrives at `app`; `bot_user` is the bot's own id."""
    seen = _Seen()

    @app.command(COMMAND)
    async def on_command(ack: AsyncAck, command: dict[str, Any]) -> None:
        await ack()
        start(
            Question(
                key=command.get("trigger_id") or uuid4().hex,
                problem=unescape(command.get("text") or "").strip(),
                user=command["user_id"],
                channel=command["channel_id"],
                response_url=command.get("response_url"),
            )
        )

    @app.event("app_mention")
    async def on_mention(event: dict[str, Any], body: dict[str, Any]) -> None:
        if event.get("bot_id") or event.get("edited") or event.get("user") in {None, bot_user}:
            return
        message = f"{event['channel']}:{event['ts']}"
        # Both, and both remembered: a message that is mentioned in is one question, however many events tell of it.
        if seen.before(body.get("event_id", message)) | seen.before(message):
            return
        start(
            Question(
                key=body.get("event_id", message),
                problem=unescape(without_mention(event.get("text") or "", bot_user)).lstrip(" ,:;\n").rstrip(),
                user=event["user"],
                channel=event["channel"],
                thread_ts=event.get("thread_ts") or event["ts"],
                whisper_ts=event.get("thread_ts"),
            )
        )

    @app.error
    async def on_error(error: Exception) -> None:
        # Only its name: Bolt's own words quote the whole request.
        logger.error("listener.broken error=%s", type(error).__name__)


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
