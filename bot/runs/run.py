"""A run: one question with its answers, from the first post to the last edit.

Its completions, four or one, are asked at once and merged; every merged snapshot is handed to the replies, which the
board shows in its own time. One answer that fails is a state of that answer. A run that another process has left goes
on where that one was. Stop ends its streams, and what came stands.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress

from bot.delivery.board import Board
from bot.delivery.needs import Ledger
from bot.delivery.outcomes import Loss
from bot.delivery.sections.reply import Reply
from bot.delivery.thread import Thread
from bot.engine import Model, ask
from bot.engine.draft import Draft, State
from bot.engine.reasons import Code, Reason
from bot.errors import SlackError
from bot.runs.outline import Outline
from bot.slack.question import Question
from bot.tally import Tally

LAG = 0.002  # seconds between a look at the sockets and one at the drafts: some turns of the loop, which reads them
LAST_WORDS = 1.5  # seconds for the replies of a run that is cut off to say so


class Run:
    """One question on its way: its answers are shown on `board` as `outline` says, and written into `ledger`."""

    def __init__(self, question: Question, outline: Outline, board: Board, ledger: Ledger) -> None:
        self._question = question
        self._board = board
        self._ledger = ledger
        self._replies = outline.replies
        self._parent = outline.parent
        self._is_opened_by_it = outline.is_opened_by_it
        ts = question.thread_ts or (self._parent.message.ts if self._parent else None)
        sections = [*([self._parent] if self._parent else []), *self._replies]
        self._stopped = asyncio.Event()
        self.thread = Thread(ledger.key, question.channel, ts, person=question.user, sections=sections)
        self._newest: Sequence[Draft | None] = ()
        self._asked = [reply for reply in self._replies if not reply.draft.state.is_final]
        self._saved: dict[str, Draft] = {}  # what was written down of each answer last
        board.open(self.thread, ledger)

    async def answer(self, model: Model, problem: str) -> None:
        """Open the thread, show the answers to `problem` as they grow, and the index when all have ended."""
        await self._stand()
        if not self._stopped.is_set():
            await self._ask(model, problem)
        await self._settle()

    def stop(self, user: str) -> None:
        """End it where it is, since `user` says so: its streams are closed, what came stands and is shown."""
        for reply in self._replies:
            if reply.stop(user):
                self._save(reply)
        self._stopped.set()
        self._board.look(self.thread)

    async def _ask(self, model: Model, problem: str) -> None:
        asked = ask(
            problem,
            model=model,
            perspectives=[reply.perspective for reply in self._replies],
            so_far={reply.perspective.key: reply.draft for reply in self._replies},
            party=(self._question.workspace, self._question.user),
            beside=[self._losses(), self._stops()],
        )
        count = len(self._replies)
        async with asked as merged:
            async for *drafts, over, is_stopped in merged:
                self._newest = drafts
                for place in range(count) if is_stopped else over or ():
                    merged.drop(place)
                self._show()
                if self._is_whole:
                    merged.drop(count)
                    merged.drop(count + 1)
                await asyncio.sleep(until_next_look(model.next_moment, asyncio.get_running_loop().time()))

    async def outlast(self) -> None:
        """Wait until nothing older can land on what is shown; at once where its thread has ended."""
        with suppress(SlackError):
            await self._board.outlast(self.thread)

    async def give_up(self) -> None:
        """Have what another process has posted say that it is too late to go on with it."""
        self._cut_off(Reason(Code.BOT_AWAY))
        await self._settle()

    async def interrupt(self, reason: Reason) -> None:
        """Have every reply that has not ended say that it will not, if there is a thread to say it in."""
        self._cut_off(reason)
        with suppress(Exception):
            async with asyncio.timeout(LAST_WORDS):
                await self._board.settle(self.thread)

    def write_ends(self) -> None:
        """Write down how each answer has ended, now that nobody goes on with it.

        Whoever has it tried again, or goes on with the others, starts from what is written; and what was cut off, as
        the answer is whose reply somebody deleted, is not written before: until now it could have been taken up.
        """
        for reply in self._replies:
            if not reply.draft.state.is_final:
                reply.cut_off(Reason(Code.POST_REFUSED))
            if self._saved.get(reply.perspective.key) is not reply.draft:
                self._save(reply)

    def close(self) -> None:
        """Show nothing more of it."""
        self._board.close(self.thread)

    @property
    def has_reply(self) -> bool:
        """Whether any answer stands in the thread, be it only its placeholder."""
        return any(reply.placeholder.ts or reply.placeholder.loss is Loss.LOCKED for reply in self._replies)

    @property
    def unread(self) -> list[str]:
        """The names of the answers that have no place in the thread."""
        return [reply.name for reply in self._replies if reply.is_unread]

    def tell_end(self, tally: Tally, *, is_left: bool) -> str:
        """Count the answers that have ended in it; what the log says: how each did, and what showing them cost.

        Not those that had ended before, in another process or another try; and where it `is_left` to another, what was
        cut off ends there.
        """
        for draft in [reply.draft for reply in self._asked if reply.draft.state.is_final]:
            if not (is_left and draft.state is State.INTERRUPTED):
                tally.count_answer(draft.state.value, draft.model, draft.tokens)
        states = ",".join(reply.draft.state.value for reply in self._replies) or "none"
        tokens = sum(draft.tokens for draft in self._newest if draft)
        return f"states={states} edits={self.thread.edits} refusals={self.thread.refusals} tokens={tokens}"

    async def _stand(self) -> None:
        """Wait until it is known, before any completion is paid for, whether the bot may write here, and in a thread.

        Some channels take no threads.
        """
        if self._parent and self._is_opened_by_it and self._board.takes_replies(self._question.channel):
            messages = [self._parent.message]
        else:
            messages = [reply.placeholder for reply in self._replies]
        self.thread.check()
        while not self.thread.stands(messages):
            await self._board.changed(self.thread)

    def _show(self) -> None:
        """Hand the newest drafts to the replies, and write them down."""
        for reply, draft in zip(self._replies, self._newest, strict=True):
            if draft is not None and reply.show(draft):
                self._save(reply)
        self._board.look(self.thread)

    def _save(self, reply: Reply) -> None:
        self._saved[reply.perspective.key] = reply.draft
        self._ledger.save_draft(reply.perspective.key, reply.draft)

    @property
    def _is_whole(self) -> bool:
        return all(reply.draft.state.is_final for reply in self._replies)

    async def _losses(self) -> AsyncGenerator[frozenset[int]]:
        """The answers that nobody can read any more, each time that there is one more. Raises what ends the thread."""
        told: frozenset[int] = frozenset()
        while True:
            over = frozenset(place for place, reply in enumerate(self._replies) if reply.is_over)
            if over == told:
                await self._board.changed(self.thread)
            else:
                told = over
                yield told

    async def _stops(self) -> AsyncGenerator[bool]:
        """That somebody has stopped it, once somebody has."""
        await self._stopped.wait()
        yield True

    def _cut_off(self, reason: Reason) -> None:
        for reply in self._replies:
            reply.cut_off(reason)
        self._board.look(self.thread)

    async def _settle(self) -> None:
        """Wait until all last texts are shown, and then the index."""
        await self._board.settle(self.thread)
        # Where the thread is another run's, its index has nothing new unless this answer is whole.
        if self._parent and (self._is_opened_by_it or self._replies[0].draft.state is State.DONE):
            self._parent.finish()
            await self._board.settle(self.thread)


def until_next_look(next_moment: Callable[[float], float], now: float) -> float:
    """Seconds until the next look at the drafts, by the loop's time: behind the next one at the model's sockets.

    No edit shows more, and each token would wake the run. All runs look at the same moments: to wake up costs as much
    as to look.
    """
    return next_moment(now - LAG) + LAG - now
