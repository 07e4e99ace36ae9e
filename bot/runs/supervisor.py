"""The runs of this process: who starts them, owns them, and ends them.

What goes wrong with a whole run ends here: the person who asked is told, and no other run notices.
"""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Any, Self

from bot.durable.entry import Entry
from bot.durable.journal import Journal
from bot.durable.record import Outcome, Record
from bot.engine import Model
from bot.engine.conversation.followups import FURTHER, TOGETHER, Further, Kind
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
from bot.runs.preparing import Again, NotBegunError, Preparing
from bot.runs.refusals import Refusals, needs_words
from bot.runs.run import LAST_WORDS, Run
from bot.runs.teller import Teller
from bot.runs.workspace import Workspace
from bot.slack import notices
from bot.slack.question import Question
from bot.tally import LEFT
from bot.texts import AUTO

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 8  # runs; each has four answers, and Slack's 50 edits a minute show 32 of them every 40 s


class Supervisor:
    """Starts runs and owns them: an async context manager, which leaves when all have ended.

    `most_at_once` of them go on at once. Further ones wait, in their order, and are as durable: they are written down.
    """

    def __init__(
        self,
        *,
        workspace: Workspace,
        journal: Journal,
        model: Model,
        perspectives: Sequence[Perspective],
        teller: Teller,
        refusals: Refusals,
        further: Further = FURTHER,
        language: str = AUTO,
        most_at_once: int = MOST_AT_ONCE,
    ) -> None:
        self._board = workspace.board
        self._admission = workspace.admission
        self._tally = workspace.tally
        self._teller = teller
        self._journal = journal
        self._model = model
        self._perspectives = perspectives
        self._refusals = refusals
        self._preparing = Preparing(
            workspace, journal, teller, perspectives, hint=refusals.hint, further=further, language=language
        )
        self._group = asyncio.TaskGroup()
        self.tasks: dict[str, asyncio.Task[None]] = {}  # by the run's key
        self.going_on: dict[str, Run] = {}
        self._stopped: dict[str, str] = {}  # by whom runs were stopped that are just being prepared
        self._abandoned: set[str] = set()
        self._places = asyncio.Semaphore(most_at_once)
        self.in_line = 0  # runs that wait for a place
        self._ended_at = _now()  # when the last of those ended
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

    def answer(self, question: Question) -> bool:
        """Begin the run of a question that is written down, and was admitted; whether it will be answered here."""
        return self.begin(question, self._run(question, None))

    def begin(self, question: Question, work: Coroutine[Any, Any, None]) -> bool:
        """Have `work` done for a question; whether it will be."""
        if self._is_closed or question.key in self.tasks:
            work.close()  # it is written down: who comes next takes it up
            return False
        self.tasks[question.key] = task = self._group.create_task(work)
        task.add_done_callback(lambda _: self._note_end(question.key))
        return True

    @property
    def idle_since(self) -> float:
        """Since when nothing is done, by the loop's time; infinity while something is."""
        return math.inf if self.tasks else self._ended_at

    def is_live(self, key: str) -> bool:
        """Whether a run goes on here."""
        return key in self.tasks

    def names_of(self, question: Question) -> list[str]:
        """The names of the answers that a run has, in their order."""
        names = [one.key for one in self._perspectives]
        return names if question.kind is Kind.PERSPECTIVES else [question.side or TOGETHER]

    def stop(self, key: str, user: str) -> bool:
        """End a run where it is, since `user` says so; whether it goes on here."""
        if run := self.going_on.get(key):
            run.stop(user)
        elif key in self.tasks:
            self._stopped.setdefault(key, user)  # it is just being prepared
        return key in self.tasks

    def go_on(self, record: Record, again: Again) -> None:
        """Ask some answers of a run anew, which was reopened, and its payer admitted."""
        if not self.begin(record.question, self._run(record.question, record, again)):
            self._admission.end(record.begun_by)

    def take_up(self, record: Record) -> None:
        """Go on with a run that another process has left, or tell its sender that it is too late for that."""
        question, now = record.question, self._journal.clock()
        self._board.posts.note_spent(question.channel, _now(), record.posted_ago(now))
        # A former version wrote such questions down too.
        unfit = self._admission.judge(question.problem, needs_words=needs_words(question))
        if not record.posts and (unfit or self._preparing.is_too_old(record)):
            self.begin(question, self._turn_down(question, unfit))
            return
        # At once: what its sender has asked since then, and nobody has admitted yet, may be taken in next.
        self._admission.resume(record.begun_by, _now() - (now - record.begun_at))
        if not self.begin(question, self._run(question, record)):
            self._admission.end(record.begun_by)

    def abandon(self, key: str) -> None:
        """Let go of a run at once, without a word: it is another process's now."""
        if task := self.tasks.get(key):
            self._abandoned.add(key)
            if run := self.going_on.get(key):
                run.close()  # at once: ending the streams takes a moment
            task.cancel()

    async def end(self) -> None:
        """Begin nothing more, cut off what goes on, and wait for its last words."""
        self._is_closed = True
        if self.tasks:
            self._cut_off()
            await asyncio.wait(self.tasks.values())

    def drop(self) -> None:
        """Cut off what is left, without last words."""
        self._is_closed = self._is_hurried = True
        self._cut_off()

    def _cut_off(self) -> None:
        for task in self.tasks.values():
            task.cancel()

    def _note_end(self, key: str) -> None:
        self.tasks.pop(key, None)
        self._ended_at = _now()
        self._stopped.pop(key, None)
        self._abandoned.discard(key)

    async def _turn_down(self, question: Question, unfit: Unfit | None) -> None:
        write = partial(self._refusals.explain, unfit) if unfit else notices.interrupted
        await self._teller.tell(question, write, question.problem)
        self._journal.entry(question.key).end(Outcome.REFUSED)

    async def _run(self, question: Question, record: Record | None, again: Again | None = None) -> None:
        """Answer a question that was admitted."""
        began = _now()
        asker = question if record is None else replace(question, user=record.begun_by)
        logger.info("run.start key=%s kind=%s", question.key, question.kind.value)
        entry = self._journal.entry(question.key)
        run: Run | None = None
        outcome: Outcome | None = None  # it is left as it is, for another process to go on with
        place = AsyncExitStack()  # among those that go on, and among the person's own
        place.callback(self._admission.end, asker.user)
        try:
            await place.enter_async_context(self._place(question, is_new=record is None))
            run, reading = await self._preparing.prepare(question, entry, record, again)
            self.going_on[question.key] = run
            if user := self._stopped.pop(question.key, record.stopped_by if record else ""):
                run.stop(user)
            ending = await self._answer(run, asker, record, await reading())
            await place.aclose()  # all is shown: only an older edit may land yet, of a process that is dead
            await run.outlast()
            outcome = ending  # not before that: should this process end now, another one has to show it once more
        except TokenRefusedError:  # all ends here; once there is a token that is good, it goes on
            self._is_closed = True
            raise
        except NotBegunError as error:
            await self._teller.tell(asker, error.write)
            outcome = Outcome.REFUSED
        except Exception as error:  # noqa: BLE001 - the boundary: the person who asked is told, the others go on
            logger.error("run.broken key=%s error=%s", question.key, describe(error))  # noqa: TRY400 - cut down
            if run is not None:
                await run.interrupt(Reason(Code.BOT_BROKEN))
            await self._teller.tell(asker, notices.broken, question.problem)
            outcome = Outcome.BROKEN  # not before that: should this process end now, another one goes on
        except asyncio.CancelledError:
            if not (self._is_hurried or question.key in self._abandoned):
                await self._say_farewell(run, asker, is_kept=entry.is_kept)
            raise
        finally:
            await place.aclose()
            if run is not None:
                run.close()
            self.going_on.pop(question.key, None)
            if outcome is not None:
                _write_end(entry, run, outcome)
            how = LEFT if outcome is None else outcome.value
            self._tally.runs[question.kind.value, how] += 1
            summary = run.tell_end(self._tally, is_left=outcome is None) if run else "states=none"
            logger.info("run.end key=%s outcome=%s seconds=%.1f %s", question.key, how, _now() - began, summary)

    @asynccontextmanager
    async def _place(self, question: Question, *, is_new: bool) -> AsyncIterator[None]:
        """Wait until fewer runs go on than may at once, and be one of them; who has just asked is told of a wait."""
        came = _now()
        if self._places.locked():
            self.in_line += 1
            logger.info("run.in_line key=%s place=%s", question.key, self.in_line)
            if is_new:
                beside = replace(question, key=f"{question.key}/line")
                self.begin(beside, self._teller.tell(question, notices.in_line, self.in_line))
            try:
                await self._places.acquire()
            finally:
                self.in_line -= 1
        else:
            await self._places.acquire()  # at once
        self._tally.line_waits.observe(_now() - came)
        try:
            yield
        finally:
            self._places.release()

    async def _answer(self, run: Run, question: Question, record: Record | None, problem: str) -> Outcome:
        """Answer a question, and tell its sender what cannot be shown; return how it ended."""
        try:
            if record and self._preparing.is_too_old(record):
                await run.give_up()
                await self._teller.tell(question, notices.interrupted, question.problem)
                return Outcome.INTERRUPTED
            await run.answer(self._model, problem)
        except ChannelClosedError as error:
            logger.warning("run.refused key=%s code=%s", question.key, error.code)
            if isinstance(error, NoThreadsError) and question.thread_ts is None and not run.has_reply:
                await self._teller.take_away(question, run.thread.ts)
            write = partial(notices.cannot_write, goes_on=question.kind is not Kind.PERSPECTIVES)
            await self._teller.tell(question, write, error.code, question.channel, question.problem)
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

    async def _say_farewell(self, run: Run | None, question: Question, *, is_kept: bool) -> None:
        """Have a run that is cut off say so; where nobody will go on with it, to its sender if nowhere else."""
        if run is not None:
            await run.interrupt(Reason(Code.BOT_RESTARTS if is_kept else Code.BOT_STOPPED))
        if not (is_kept or (run is not None and run.has_reply)):
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_WORDS):
                    await self._teller.tell(question, notices.interrupted, question.problem)


def _write_end(entry: Entry, run: Run | None, outcome: Outcome) -> None:
    if run is not None:
        run.write_ends()
    entry.end(outcome)


def _now() -> float:
    return asyncio.get_running_loop().time()
