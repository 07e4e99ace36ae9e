"""What one person is told and nobody else: ephemeral messages, and what is taken away for them.

Somebody is to be told whatever Slack answers: again where it is away, plainer where it refuses what a message looks
like. What it does not take after that, the log says.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

from bot.backoff import EPHEMERAL_PAUSES
from bot.engine.conversation.followups import Kind
from bot.errors import BotError, FormRefusedError, RateLimitedError, UnavailableError
from bot.slack import notices
from bot.slack.api import Slack
from bot.slack.body import Body
from bot.slack.question import Question

logger = logging.getLogger(__name__)

LONG_PROBLEM = 4_000  # characters; giving more of them back takes tens of milliseconds, with nobody else served


class Teller:
    """Tells people of one workspace what concerns them alone."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack
        self._long_turn = asyncio.Lock()

    async def tell(self, question: Question, write: Callable[..., Sequence[Body]], *about: Any) -> None:
        """Show to whoever asked, and to nobody else, what `write` makes of `about`, in its language."""
        if len(question.problem) > LONG_PROBLEM:
            # One at a time: of several threads at work, each keeps the loop waiting for as long as one does.
            async with self._long_turn:
                bodies = await asyncio.to_thread(write, *about, question.language)
        else:
            bodies = write(*about, question.language)
        for body in bodies:
            await self._post(question, body)

    async def _post(self, question: Question, body: Body) -> None:
        """Show a message to whoever asked: again where Slack is away, plainer where it refuses what it looks like."""
        pauses, forms = iter(EPHEMERAL_PAUSES), iter((body.plainer(), notices.plain(body.text, body.language)))
        form: Body | None = body
        pause: float | None = 0.0
        while form is not None and pause is not None:
            await asyncio.sleep(pause)
            try:
                # What came of a button is said in its thread, where its response_url does not lead.
                is_pressed = question.kind is not Kind.PERSPECTIVES
                show = self._slack.answer_press if is_pressed else self._slack.post_ephemeral
                await show(
                    question.channel,
                    question.user,
                    form,
                    thread_ts=question.ephemeral_ts,
                    response_url=question.response_url,
                )
            except (RateLimitedError, UnavailableError) as error:
                logger.warning("ephemeral.delayed key=%s error=%s", question.key, error.code)
                pause = next(pauses, None)
                if pause is not None and isinstance(error, RateLimitedError):
                    pause = max(pause, error.retry_after)
            except FormRefusedError as error:
                logger.warning("ephemeral.refused key=%s error=%s", question.key, error.code)
                refused, pause = form, 0.0
                form = next((one for one in forms if one != refused), None)
            except BotError as error:  # a refused token too: one message must not end the others' runs
                logger.warning("ephemeral.lost key=%s error=%s", question.key, type(error).__name__)
                return
            else:
                return
        logger.warning("ephemeral.lost key=%s", question.key)

    async def take_away(self, question: Question, ts: str | None) -> None:
        """Delete a parent under which nothing can stand: in the channel it would promise what will not come."""
        try:
            if ts is not None:
                await self._slack.delete(question.channel, ts)
        except BotError as error:
            logger.warning("parent.left key=%s error=%s", question.key, type(error).__name__)
