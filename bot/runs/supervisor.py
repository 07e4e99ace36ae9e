"""The runs of this process: who starts them, owns them, and ends them.

What goes wrong with a whole run ends here: the person who asked is told, and no other run notices. What a person may
not ask is refused here, before anything is bought.
"""

import asyncio
import logging
import math
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Any, Self

from bot.delivery.section import Found
from bot.durable.journal import Entry, Journal
from bot.durable.record import Outcome, Record
from bot.engine import Model
from bot.engine.perspectives import Perspective
from bot.engine.reasons import Code, Reason
from bot.errors import (
    ChannelClosedError,
    NoThreadsError,
    SlackError,
    ThreadLostError,
    TokenRefusedError,
    describe,
)
from bot.runs.admission import Unfit
from bot.runs.quotas import Refusal
from bot.runs.run import LAST_WORDS, Run
from bot.runs.teller import Teller
from bot.runs.workspace import Workspace
from bot.slack import notices
from bot.slack.blocks import Body
from bot.slack.question import Question

logger = logging.getLogger(__name__)

CALL_LIMIT = 25.0  # seconds after which no call of a dead process is carried out: it waited 15, and is long sent
TOO_OLD = 3_600.0  # seconds; who asked an hour ago has gone on without an answer


class Supervisor:
    """Starts runs and owns them: an async context manager, which leaves when all have ended."""

    def __init__(
        self,
        *,
        workspace: Workspace,
        journal: Journal,
        model: Model,
        perspectives: Sequence[Perspective],
    ) -> None:
        self._board = workspace.board
        self._admission = workspace.admission
        self._teller = Teller(workspace.slack)
        self._journal = journal
        self._model = model
        self._perspectives = perspectives
        self._group = asyncio.TaskGroup()
        self._tasks: dict[str, asyncio.Task[None]] = {}  # by the run's key
        self._going_on: dict[str, Run] = {}
        self._abandoned: set[str] = set()
        self._is_hurried = False
        self._is_closed = False

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._is_closed = True
        await self._group.__aexit__(kind, error, traceback)

    async def receive(self, question: Question) -> Body | None:
        """Take a question: begin a run once it is written down, or tell its sender why not.

        Returns what is to be said with the acknowledgement: a refusal, where its sender has just been told another.
        """
        refusal = self._admission.admit(
            question.problem, question.user, _now(), opens_thread=question.thread_ts is None
        )
        if refusal:
            return self._refuse(question, refusal)
        is_new = False
        try:
            is_new = await self._journal.add(question)
        finally:
            if not is_new:
                self._admission.withdraw(question.user)
        if is_new and not self._begin(question, self._run(question, self._journal.entry(question.key), None)):
            self._admission.end(question.user)
        return None

    def take_up(self, record: Record) -> None:
        """Go on with a run that another process has left, or tell its sender that it is too late for that."""
        self._begin(record.question, self._resume(record))

    def abandon(self, key: str) -> None:
        """Let go of a run at once, without a word: it is another process's now."""
        if task := self._tasks.get(key):
            self._abandoned.add(key)
            if run := self._going_on.get(key):
                run.close()  # at once: ending the streams takes a moment
            task.cancel()

    async def end(self, grace: float) -> None:
        """Wait `grace` seconds for the runs in progress, cut off what is left, and wait for its last words."""
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=grace)
        self._is_closed = True
        if self._tasks:
            self._cut_off()
            await asyncio.wait(self._tasks.values())

    def drop(self) -> None:
        """Cut off what is left, without last words."""
        self._is_closed = self._is_hurried = True
        self._cut_off()

    def _cut_off(self) -> None:
        for task in self._tasks.values():
            task.cancel()

    def _begin(self, question: Question, work: Coroutine[Any, Any, None]) -> bool:
        """Have `work` done for a question; whether it will be."""
        if self._is_closed or question.key in self._tasks:
            work.close()  # it is written down: who comes next takes it up
            return False
        task = self._group.create_task(work)
        self._tasks[question.key] = task
        task.add_done_callback(lambda _: self._note_end(question.key))
        return True

    def _note_end(self, key: str) -> None:
        self._tasks.pop(key, None)
        self._abandoned.discard(key)

    def _refuse(self, question: Question, refusal: Unfit | Refusal) -> Body | None:
        """Tell the sender why a question is not answered; what is left to be said with the acknowledgement."""
        if self._admission.may_tell(question.user, _now()):
            logger.info("run.refused key=%s code=%s", question.key, _code(refusal))
            self._begin(question, self._teller.tell(question, self._explain, refusal, question.problem))
            return None
        # Who asks and asks has been told a moment ago: what costs nothing has to do.
        return self._explain(refusal, question.problem[: notices.SAMPLE])[0]

    def _explain(self, refusal: Unfit | Refusal, problem: str) -> Sequence[Body]:
        match refusal:
            case Unfit.BLANK:
                return notices.hint(self._perspectives)
            case Unfit.TOO_LONG:
                return notices.too_long(problem, self._admission.problem_limit)
            case Unfit.CROWDED:
                return notices.crowded(problem)
            case _:
                if refusal.wait is None:
                    return notices.too_many_runs(refusal.limit, problem)
                return notices.too_many_within_the_hour(refusal.limit, refusal.wait, problem)

    async def _resume(self, record: Record) -> None:
        question, entry = record.question, self._journal.entry(record.question.key)
        unfit = self._admission.judge(question.problem)  # a former version wrote such questions down too
        if not record.posts and (unfit or self._is_too_old(record)):
            problem = question.problem
            if unfit:
                await self._teller.tell(question, self._explain, unfit, problem)
            else:
                await self._teller.tell(question, notices.interrupted, problem)
            entry.end(Outcome.REFUSED)
        else:
            self._admission.resume(question.user, _now() - (self._journal.clock() - record.asked_at))
            await self._run(question, entry, record)

    def _is_too_old(self, record: Record) -> bool:
        return self._journal.clock() - record.asked_at >= TOO_OLD

    async def _run(self, question: Question, entry: Entry, record: Record | None) -> None:
        """Answer a question that was admitted."""
        began = _now()
        logger.info("run.start key=%s", question.key)
        run = self._going_on[question.key] = self._open(question, entry, record)
        outcome: Outcome | None = None  # it is left as it is, for another process to go on with
        try:
            outcome = await self._answer(run, question, record)
        except TokenRefusedError:  # the bot ends; once it has a token that is good, it goes on
            raise
        except Exception as error:  # noqa: BLE001 - the boundary: the person who asked is told, the others go on
            logger.error("run.broken key=%s error=%s", question.key, describe(error))  # noqa: TRY400 - cut down
            await run.interrupt(Reason(Code.BOT_BROKEN))
            await self._teller.tell(question, notices.broken, question.problem)
            outcome = Outcome.BROKEN  # not before that: should this process end now, another one goes on
        except asyncio.CancelledError:
            if not (self._is_hurried or question.key in self._abandoned):
                await self._say_farewell(run, question, is_kept=entry.is_kept)
            raise
        finally:
            run.close()
            del self._going_on[question.key]
            self._admission.end(question.user)
            if outcome is not None:
                entry.end(outcome)
            logger.info(
                "run.end key=%s outcome=%s seconds=%.1f %s",
                question.key,
                "left" if outcome is None else outcome.value,
                _now() - began,
                run.summary(),
            )

    def _open(self, question: Question, entry: Entry, record: Record | None) -> Run:
        """A run with what another process has left of it, as `record` says."""
        if record is None:
            return Run(question, self._perspectives, self._board, entry)
        perspectives, posts = self._perspectives, record.posts
        if self._is_too_old(record):
            # Nothing more is posted, and what was perhaps posted is left alone: it is too late to find out.
            posts = {part: ts for part, ts in posts.items() if ts}
            perspectives = [one for one in perspectives if one.key in posts]
        ends_at = _now() + CALL_LIMIT - self._journal.clock()  # of a call that was made at 0 by the journal's clock
        found = Found(
            posts,
            posted_until=ends_at + record.left_at if record.left_at else -math.inf,
            edited_until={part: ends_at + at for part, at in record.calls.items()},
        )
        return Run(question, perspectives, self._board, entry, found=found, answers=record.answers)

    async def _answer(self, run: Run, question: Question, record: Record | None) -> Outcome:
        """Answer a question, and tell its sender what cannot be shown; return how it ended."""
        try:
            if record and self._is_too_old(record):
                await run.give_up()
                await self._teller.tell(question, notices.interrupted, question.problem)
                return Outcome.INTERRUPTED
            await run.answer(self._model)
        except ChannelClosedError as error:
            logger.warning("run.refused key=%s code=%s", question.key, error.code)
            if isinstance(error, NoThreadsError) and question.thread_ts is None and not run.has_reply:
                await self._teller.take_away(question, run.thread.ts)
            await self._teller.tell(question, notices.cannot_write, error.code, question.channel, question.problem)
            return Outcome.REFUSED
        except ThreadLostError:
            await self._teller.tell(question, notices.interrupted, question.problem)
            return Outcome.INTERRUPTED
        except SlackError as error:
            logger.warning("run.refused key=%s code=%s", question.key, error.code)
            await self._teller.tell(question, notices.refused, error.code, question.problem)
            return Outcome.REFUSED
        if lost := run.unread:
            await self._teller.tell(question, partial(notices.interrupted, names=lost), question.problem)
        return Outcome.DONE

    async def _say_farewell(self, run: Run, question: Question, *, is_kept: bool) -> None:
        """Have a run that is cut off say so; where nobody will go on with it, to its sender if nowhere else."""
        await run.interrupt(Reason(Code.BOT_RESTARTS if is_kept else Code.BOT_STOPPED))
        if not (is_kept or run.has_reply):
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_WORDS):
                    await self._teller.tell(question, notices.interrupted, question.problem)


def _code(refusal: Unfit | Refusal) -> str:
    """A refusal for the log."""
    return refusal.value.replace(" ", "_") if isinstance(refusal, Unfit) else "busy"


def _now() -> float:
    return asyncio.get_running_loop().time()
