"""The bot, put together: who needs what, what is started before what, and what is closed when it stops."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from bot.board import Board
from bot.completions import Completions
from bot.listeners import register
from bot.perspectives import PERSPECTIVES, Perspective
from bot.run import Runs
from bot.settings import Settings
from bot.slack import Identity, Slack, make_client, make_session
from bot.socket import Socket

logger = logging.getLogger(__name__)

GRACE = 20.0  # seconds that running answers get when the bot is stopped; hosts give 30 before they kill


async def serve(
    settings: Settings,
    *,
    stop: asyncio.Event,
    perspectives: Sequence[Perspective] = PERSPECTIVES,
    on_connected: Callable[[], None] = lambda: None,
) -> None:
    """Connect to Slack and answer what is asked there, until `stop` is set.

    Raises:
        TokenRefusedError: Slack knows one of the tokens no more.
        SlackError: Slack cannot be reached, or answers what makes no sense.
    """
    async with (
        make_session() as session,
        Completions(
            api_key=settings.openai_api_key,
            base_url=settings.openai_base_url,
            model=settings.openai_model,
            idle_timeout=settings.openai_stream_idle_timeout,
        ) as completions,
        Socket(app_token=settings.slack_app_token, api_url=settings.slack_api_url, session=session) as socket,
    ):
        slack = Slack(make_client(settings.slack_bot_token, settings.slack_api_url, session))
        identity = await _introduce(slack, socket)
        board = Board(slack, settings.slack_edits_per_minute)
        async with asyncio.TaskGroup() as background:
            showing = background.create_task(board.serve())
            async with Runs(
                slack=slack,
                board=board,
                model=completions,
                perspectives=perspectives,
                problem_limit=settings.problem_limit,
            ) as runs:
                register(socket.app, bot_user=identity.user_id, start=runs.start)
                if await _unless(stop, socket.connect(identity)):
                    logger.info("bot.start team=%s model=%s", identity.team_id, settings.openai_model)
                    on_connected()
                    await stop.wait()
                await socket.close()
                await runs.end(GRACE)
            showing.cancel()
        logger.info("bot.stop")


async def _introduce(slack: Slack, socket: Socket) -> Identity:
    """Ask Slack who the bot is, and for the ticket of its connection; both at once, since somebody waits."""
    try:
        async with asyncio.TaskGroup() as group:
            identity = group.create_task(slack.identify())
            group.create_task(socket.prepare())
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from failures
    return identity.result()


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Do `work`, unless it is to stop before that is done; whether it was done."""
    async with asyncio.TaskGroup() as group:
        working = group.create_task(work)
        stopping = group.create_task(stop.wait())
        await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
        working.cancel()
        stopping.cancel()
    return not working.cancelled()
