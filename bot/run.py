"""A run: one question with its four answers, from the first post to the last edit.

Four completions are asked at once and merged; every merged snapshot is handed to the replies, which the board shows in
its own time. One answer that fails is a state of that answer. What goes wrong with the whole run ends here: the person
who asked is told, and no other run notices.
"""

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Protocol, Self

from bot import blocks
from bot.blocks import Body
from bot.board import Board
from bot.draft import Draft
from bot.errors import BotError, ChannelClosedError
from bot.merge import merge_async_iterators
from bot.perspectives import Perspective
from bot.question import Question
from bot.reply import Reply
from bot.thread import Message, Thread

logger = logging.getLogger(__name__)

PAUSE = 0.02  # seconds between two looks at the drafts; nobody sees that many, and each token would wake the run
LAST_WORDS = 3.0  # seconds for the replies of a run that is cut off to say so


class Model(Protocol):
    """Who answers: `bot.completions`."""

    def stream(self, perspective: Perspective, problem: str) -> AsyncIterator[Draft]:
        """Yield the answer's drafts; the last is final."""


class Whisperer(Protocol):
    """Who tells one person something: `bot.slack`."""

    async def whisper(
        self, channel: str, user: str, body: Body, *, thread_ts: str | None = None, response_url: str | None = None
    ) -> None:
        """Show `body` to `user` only. Raises `SlackError`."""


class Runs:
    """Starts runs and owns them: an async context manager, which leaves when all have ended."""

    def __init__(
        self,
        *,
        slack: Whisperer,
        board: Board,
        model: Model,
        perspectives: Sequence[Perspective],
        problem_limit: int,
    ) -> None:
        self._slack = slack
        self._board = board
        self._model = model
        self._perspectives = perspectives
        self._problem_limit = problem_limit
        self._group = asyncio.TaskGroup()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._group.__aexit__(kind, error, traceback)

    def start(self, question: Question) -> None:
        """Take up a question: answer it, or tell its sender why not."""
        task = self._group.create_task(self._take(question))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def end(self, grace: float) -> None:
        """Wait `grace` seconds for the runs in progress, and cut off what is left."""
        if self._tasks:
            _, left = await asyncio.wait(self._tasks, timeout=grace)
            for task in left:
                task.cancel()

    async def _take(self, question: Question) -> None:
        problem = question.problem
        if not problem:
            await self._tell(question, blocks.whisper(blocks.HINT))
        elif len(problem) > self._problem_limit or not (question.thread_ts or blocks.fits_parent(problem)):
            for body in blocks.too_long(problem, self._problem_limit):
                await self._tell(question, body)
        else:
            await self._run(question)

    async def _run(self, question: Question) -> None:
        began = asyncio.get_running_loop().time()
        logger.info("run.start key=%s", question.key)
        run = _Run(question, self._board.thread(question.channel, question.thread_ts), self._perspectives)
        try:
            await run.answer(self._model)
        except ChannelClosedError as error:
            logger.warning("run.refused key=%s code=%s", question.key, error.code)
            await self._tell(question, blocks.cannot_write(error.code, question.channel))
        except Exception as error:  # noqa: BLE001 - the boundary: the person who asked is told, the others go on
            # Not the exception's own words, which may quote what somebody wrote.
            logger.error("run.broken key=%s error=%s at=%s", question.key, type(error).__name__, _place(error))  # noqa: TRY400
            await run.interrupt("something went wrong in the bot itself. Ask again.")
            await self._tell(question, blocks.whisper("Something went wrong in me, and I stopped. Please ask again."))
        except asyncio.CancelledError:
            await run.interrupt("the bot was stopped. Ask again.")
            raise
        finally:
            run.thread.close()
            logger.info(
                "run.end key=%s seconds=%.1f %s",
                question.key,
                asyncio.get_running_loop().time() - began,
                run.summary(),
            )

    async def _tell(self, question: Question, body: Body) -> None:
        try:
            await self._slack.whisper(
                question.channel,
                question.user,
                body,
                thread_ts=question.whisper_ts,
                response_url=question.response_url,
            )
        except BotError as error:  # a refused token too: one whisper must not end the others' runs
            logger.warning("whisper.lost key=%s error=%s", question.key, type(error).__name__)


class _Run:
    """One question on its way."""

    def __init__(self, question: Question, thread: Thread, perspectives: Sequence[Perspective]) -> None:
        self.thread = thread
        self._question = question
        self._perspectives = perspectives
        self._replies: list[Reply] = []
        self._newest: tuple[Draft | None, ...] = ()

    async def answer(self, model: Model) -> None:
        """Open the thread, show the answers as they grow, and the index when all have ended."""
        parent = None if self._question.thread_ts else self._post_parent()
        self._replies = [Reply(self.thread, perspective) for perspective in self._perspectives]
        # Before any completion is paid for: may the bot write here at all?
        await self.thread.stands(parent or self._replies[0].placeholder)
        streams = [model.stream(perspective, self._question.problem) for perspective in self._perspectives]
        async with merge_async_iterators(*streams) as merged:
            async for self._newest in merged:
                self.thread.check()
                for reply, draft in zip(self._replies, self._newest, strict=True):
                    if draft is not None:
                        reply.show(draft)
                await asyncio.sleep(PAUSE)
        await self.thread.settle()
        if parent:
            parent.finish()
            await self.thread.settle()

    async def interrupt(self, reason: str) -> None:
        """Have every reply that has not ended say that it will not, if there is a thread to say it in."""
        for reply in self._replies:
            reply.cut_off(reason)
        with suppress(Exception):
            async with asyncio.timeout(LAST_WORDS):
                await self.thread.settle()

    def summary(self) -> str:
        """What the log says of its end: how each answer ended, and what showing them cost."""
        states = ",".join(reply.draft.state.value for reply in self._replies) or "none"
        tokens = sum(draft.tokens for draft in self._newest if draft)
        return f"states={states} edits={self.thread.edits} refusals={self.thread.refusals} tokens={tokens}"

    def _post_parent(self) -> Message:
        parent = Message(self.thread, self._parent, is_index=True)
        self.thread.post(parent)
        return parent

    def _parent(self) -> Body:
        problem, user = self._question.problem, self._question.user
        if not self._replies or not all(reply.draft.state.is_final for reply in self._replies):
            return blocks.parent(problem, user)
        return blocks.index(problem, user, [(reply.perspective, reply.draft) for reply in self._replies])


def _place(error: Exception) -> str:
    """Where an exception was raised, as `file:line` from the outermost call inwards."""
    return ">".join(
        f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)
    )
