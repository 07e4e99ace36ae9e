"""A run: one question with its four answers, from the first post to the last edit.

Four completions are asked at once and merged; every merged snapshot is handed to the replies, which the board shows in
its own time. One answer that fails is a state of that answer. A run that another process has left goes on where that
one was.
"""

import asyncio
import math
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Protocol

from bot.delivery.reply import Reply
from bot.delivery.thread import Ledger, Loss, Message, Thread
from bot.durable.record import Record
from bot.engine.draft import Draft
from bot.engine.merge import merge_async_iterators
from bot.engine.perspectives import Perspective
from bot.engine.reasons import Code, Reason
from bot.slack import blocks
from bot.slack.blocks import Body
from bot.slack.question import Question

PAUSE = 0.05  # seconds between two looks at the drafts; no edit shows more, and each token would wake the run
LAST_WORDS = 1.5  # seconds for the replies of a run that is cut off to say so
PARENT = "parent"  # the part of the message that opens a thread


class Model(Protocol):
    """Who answers: `engine.completions`."""

    def stream(
        self, perspective: Perspective, problem: str, *, standing: str = "", party: str = ""
    ) -> AsyncIterator[Draft]:
        """Yield the answer's drafts; the last is final.

        `standing` is the text of a stream that was lost. Where streams have to wait, they go round by `party`.
        """


class Run:
    """One question on its way."""

    def __init__(self, question: Question, thread: Thread, perspectives: Sequence[Perspective], ledger: Ledger) -> None:
        self.thread = thread
        self._question = question
        self._perspectives = perspectives
        self._ledger = ledger
        self._parent: Message | None = None
        self._replies: list[Reply] = []
        self._newest: tuple[Draft | None, ...] = ()

    async def answer(self, model: Model, record: Record | None) -> None:
        """Open the thread, show the answers as they grow, and the index when all have ended.

        With `record` it goes on with what another process has posted, and asks for no answer that was whole.
        """
        self._open(self._perspectives, record)
        # Before any completion is paid for: may the bot write here, and under a message? Some channels take no threads.
        if self._parent and self.thread.takes_replies:
            await self.thread.stands(self._parent)
        else:
            await self.thread.stands(*(reply.placeholder for reply in self._replies))
        streams = [
            _given(reply.draft)
            if reply.draft.state.is_final
            else model.stream(
                reply.perspective, self._question.problem, standing=reply.draft.text, party=self._question.user
            )
            for reply in self._replies
        ]
        async with merge_async_iterators(*streams) as merged:
            self.thread.on_failure = merged.abort
            for place, reply in enumerate(self._replies):
                reply.on_over = partial(merged.drop, place)
            async for self._newest in merged:
                for reply, draft in zip(self._replies, self._newest, strict=True):
                    if draft is not None and draft is not reply.draft:
                        reply.show(draft)
                        if reply.draft is draft:
                            self._ledger.save_draft(reply.perspective.name, draft)
                await asyncio.sleep(PAUSE)
        await self._settle()

    async def give_up(self, record: Record) -> None:
        """Have what another process has posted say that it is too late to go on with it."""
        # What was perhaps posted is left alone: it is too late to find out.
        record = replace(record, posts={part: ts for part, ts in record.posts.items() if ts})
        if not (self._question.thread_ts or PARENT in record.posts):
            return
        self._open([one for one in self._perspectives if one.name in record.posts], record)
        for reply in self._replies:
            reply.cut_off(Reason(Code.BOT_AWAY))
        await self._settle()

    async def interrupt(self, reason: Reason) -> None:
        """Have every reply that has not ended say that it will not, if there is a thread to say it in."""
        for reply in self._replies:
            reply.cut_off(reason)
        with suppress(Exception):
            async with asyncio.timeout(LAST_WORDS):
                await self.thread.settle()

    @property
    def has_reply(self) -> bool:
        """Whether any answer stands in the thread, be it only its placeholder."""
        placeholders = [reply.placeholder for reply in self._replies]
        return any(one.ts is not None and one.loss is not Loss.DELETED for one in placeholders)

    def lost(self) -> list[str]:
        """The names of the answers that have no place in the thread."""
        return [reply.perspective.name for reply in self._replies if reply.is_lost]

    def summary(self) -> str:
        """What the log says of its end: how each answer ended, and what showing them cost."""
        states = ",".join(reply.draft.state.value for reply in self._replies) or "none"
        tokens = sum(draft.tokens for draft in self._newest if draft)
        return f"states={states} edits={self.thread.edits} refusals={self.thread.refusals} tokens={tokens}"

    def _open(self, perspectives: Sequence[Perspective], record: Record | None) -> None:
        """Post the parent and the placeholders, or take up those that stand already."""
        posts = record.posts if record else {}
        answers = record.answers if record else {}
        if self._question.thread_ts is None:
            self._parent = Message(self.thread, PARENT, self._show_parent, is_index=True)
            if PARENT in posts:
                self.thread.ts = posts[PARENT]
                self.thread.adopt(self._parent, posts[PARENT], shows_text=True)
            else:
                self.thread.post(self._parent)
        self._replies = [Reply(self.thread, one, draft=answers.get(one.name), posts=posts) for one in perspectives]

    async def _settle(self) -> None:
        """Wait until all last texts are shown, and then the index."""
        await self.thread.settle()
        if self._parent:
            self._parent.finish()
            await self.thread.settle()
        await self.thread.outlast()

    def _show_parent(self) -> Body:
        problem, user = self._question.problem, self._question.user
        if not self._replies or not all(reply.draft.state.is_final for reply in self._replies):
            return blocks.parent(problem, user, below=self._refused_size)
        answers = [(reply.perspective, reply.draft) for reply in self._replies]
        shown = self._parent.shown if self._parent else None
        return blocks.index(problem, user, answers, below=self._refused_size, over=shown)

    @property
    def _refused_size(self) -> float:
        return self._parent.refused_size if self._parent else math.inf


async def _given(draft: Draft) -> AsyncGenerator[Draft]:
    """The source of an answer that was whole already."""
    yield draft
