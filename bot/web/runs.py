"""All runs that the server knows: those that go on, and for a while those that have ended.

Laws:

- A person has so many runs at once and so many in an hour (`quotas`), all persons together no more than `most_runs`.
- A run ends when its last reader has left, after the seconds that it lingers: what nobody reads costs nothing.
- Of those that have ended, so many are kept, of so many characters, for so long; nothing of them is written down.
- Every run is a task of the group that this owns; when the server stops, those who read are told that it does.
"""

import asyncio
import logging
import math
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Self

from bot.engine import Model, ask
from bot.engine.conversation.followups import FURTHER, LEAST_TOGETHER, Further, Kind
from bot.engine.conversation.material import Former
from bot.engine.draft import State
from bot.engine.perspectives import Perspective
from bot.engine.reasons import Code, Reason
from bot.errors import describe
from bot.markup.characters import is_blank
from bot.quotas import Limits
from bot.texts.language import Language
from bot.texts.web.words import Fault
from bot.web.http.refusals import RefusedError
from bot.web.run import Run

logger = logging.getLogger(__name__)

KEPT_FOR = 3_600.0  # seconds after its end in which a run can be read and gone on with
MOST_KEPT = 500  # runs that have ended
MOST_CHARACTERS = 4_000_000  # of all those; some 16 MB
MOST_READERS = 16  # of one run: windows of one person, and whom they gave its address
CROWDED_FOR = 60.0  # seconds until somebody who was refused for the crowd may ask again; a run takes less
SHOWN_OF_ID = 6  # characters of a run's id in the log: whoever knows all may read the run


class Runs:
    """An async context manager, which owns the runs.

    `further` says how what goes on with a run is asked.
    """

    def __init__(
        self,
        model: Model,
        perspectives: Sequence[Perspective],
        limits: Limits,
        *,
        problem_limit: int,
        most_runs: int,
        further: Further = FURTHER,
    ) -> None:
        self.problem_limit = problem_limit
        self._model = model
        self._perspectives = perspectives
        self._limits = limits
        self._most_runs = most_runs
        self._further = further
        self._runs: dict[str, Run] = {}  # those that have ended stand in the order of their ends
        self._tasks: dict[Run, asyncio.Task[None]] = {}
        self._group = asyncio.TaskGroup()
        self._is_stopping = False

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.rest()
        await self._group.__aexit__(None, None, None)

    def rest(self) -> None:
        """Begin no more runs, and end those that go on."""
        self._is_stopping = True
        for task in self._tasks.values():
            task.cancel()

    def begin(self, problem: str, language: Language, party: str, *, linger: float = 0.0) -> Run:
        """Look at a problem from all sides.

        Raises:
            RefusedError: it may not be asked, or not now.
        """
        self._check_length(problem)
        if is_blank(problem):
            raise RefusedError(Fault.BLANK)
        perspectives = self._perspectives
        return self._start(problem, problem, language, perspectives, party, kind=Kind.PERSPECTIVES, linger=linger)

    def draw_together(self, root: Run, party: str, *, linger: float = 0.0) -> Run:
        """Draw the answers of a run together.

        Raises:
            RefusedError: it goes on, too few of them are whole, or this may not be asked now.
        """
        self._check_over(root)
        if sum(draft.state is State.DONE for draft in root.drafts) < LEAST_TOGETHER:
            raise RefusedError(Fault.TOO_FEW)
        material = self._further.compose(root.problem, answers=_former(root))
        asked = [self._further.together]
        return self._start("", material, root.language, asked, party, kind=Kind.TOGETHER, root=root, linger=linger)

    def go_deeper(self, root: Run, key: str, added: str, party: str, *, linger: float = 0.0) -> Run:
        """Go further on one answer of a run, with what somebody has `added`, which may be nothing.

        Raises:
            RefusedError: there is no such answer, it is not whole, or this may not be asked now.
        """
        self._check_length(added)
        perspective = next((one for one in root.perspectives if one.key == key), None)
        if perspective is None:
            raise RefusedError(Fault.UNKNOWN_SIDE)
        self._check_over(root)
        if not (former := _former(root, key)):
            raise RefusedError(Fault.NOT_WHOLE)
        material = self._further.compose(root.problem, answers=former, added="" if is_blank(added) else added)
        asked = [self._further.deepen(perspective)]
        return self._start(added, material, root.language, asked, party, kind=Kind.DEEPER, root=root, linger=linger)

    def find(self, key: str) -> Run:
        """The run with that id.

        Raises:
            RefusedError: there is none, or no more.
        """
        self._forget()
        if key not in self._runs:
            raise RefusedError(Fault.UNKNOWN_RUN)
        return self._runs[key]

    def stop(self, run: Run) -> None:
        """Close a run's streams; what came of it stands."""
        if run in self._tasks:
            self._tasks[run].cancel()

    @contextmanager
    def reading(self, run: Run) -> Iterator[asyncio.Event]:
        """An event that is set when a draft of the run is newer; the run goes on for as long as it is read.

        Raises:
            RefusedError: too many read it.
        """
        if len(run.readers) >= MOST_READERS:
            raise RefusedError(Fault.CROWDED, retry_after=CROWDED_FOR)
        news = asyncio.Event()
        try:
            with run.wake(news):
                yield news
        finally:
            if not (run.readers or run.is_over):
                _loop().call_later(run.linger, self._abandon, run)

    def _start(
        self,
        problem: str,
        material: str,
        language: Language,
        perspectives: Sequence[Perspective],
        party: str,
        *,
        kind: Kind,
        linger: float,
        root: Run | None = None,
    ) -> Run:
        self._admit(party)
        run = Run(
            id=secrets.token_urlsafe(16),
            problem=problem,
            language=language,
            perspectives=perspectives,
            party=party,
            begun_at=_loop().time(),
            linger=linger,
            kind=kind,
            root=root,
        )
        if root is not None:
            root.further.append(run)
        self._runs[run.id] = run
        task = self._group.create_task(self._carry_out(run, material))
        self._tasks[run] = task
        task.add_done_callback(partial(self._conclude, run))  # one that is cancelled before its first step has no end
        logger.info("web.run.start run=%s kind=%s", run.id[:SHOWN_OF_ID], kind.value)
        return run

    def _admit(self, party: str) -> None:
        now = _loop().time()
        self._forget()
        if refusal := self._limits.check(party, now):
            if refusal.wait is None:
                raise RefusedError(Fault.TOO_MANY_RUNS, count=refusal.limit, retry_after=CROWDED_FOR)
            minutes = math.ceil(refusal.wait / 60)
            raise RefusedError(
                Fault.TOO_MANY_WITHIN_THE_HOUR, limit=refusal.limit, count=minutes, retry_after=refusal.wait
            )
        if self._limits.running >= self._most_runs or self._is_stopping:
            raise RefusedError(Fault.CROWDED, retry_after=CROWDED_FOR)
        self._limits.begin(party, now)

    async def _carry_out(self, run: Run, material: str) -> None:
        try:
            async with ask(material, model=self._model, perspectives=run.perspectives, party=(run.party,)) as drafts:
                async for newest in drafts:
                    run.note(newest)
        except Exception as error:  # noqa: BLE001 - the run's boundary: who reads it is told
            run.is_broken = True
            logger.error("web.run.broken run=%s error=%s", run.id[:SHOWN_OF_ID], describe(error))  # noqa: TRY400

    def _conclude(self, run: Run, _: object) -> None:
        """Note that a run has ended, however it has."""
        now = _loop().time()
        del self._tasks[run]
        if run.is_broken:
            run.end(now, State.INTERRUPTED, Reason(Code.BOT_BROKEN))
        elif self._is_stopping:
            run.end(now, State.INTERRUPTED, Reason(Code.BOT_STOPPED))
        else:
            run.end(now, State.STOPPED, None)
        self._limits.end(run.party)
        self._runs[run.id] = self._runs.pop(run.id)
        logger.info(
            "web.run.end run=%s states=%s seconds=%.1f tokens=%d",
            run.id[:SHOWN_OF_ID],
            ",".join(draft.state.value for draft in run.drafts),
            now - run.begun_at,
            sum(draft.tokens for draft in run.drafts),
        )
        self._forget()

    def _abandon(self, run: Run) -> None:
        """End a run, if nobody has come back to it."""
        if not run.readers and run in self._tasks:
            logger.info("web.run.abandon run=%s", run.id[:SHOWN_OF_ID])
            self._tasks[run].cancel()

    def _forget(self) -> None:
        """Let go of what was kept for long enough, or is too much, the oldest first."""
        now = _loop().time()
        ended = [run for run in self._runs.values() if run.ended_at is not None]
        length = sum(run.length for run in ended)
        for number, run in enumerate(ended):
            is_old = run.ended_at is not None and run.ended_at + KEPT_FOR <= now
            if not is_old and len(ended) - number <= MOST_KEPT and length <= MOST_CHARACTERS:
                return
            length -= run.length
            del self._runs[run.id]
            if run.root is not None:
                run.root.further.remove(run)
            for further in run.further:
                further.root = None

    def _check_length(self, text: str) -> None:
        if len(text) > self.problem_limit:
            raise RefusedError(Fault.TOO_LONG, length=len(text), limit=self.problem_limit)

    def _check_over(self, run: Run) -> None:
        if not run.is_over:
            raise RefusedError(Fault.GOING_ON, retry_after=CROWDED_FOR)


def _former(root: Run, key: str = "") -> list[Former]:
    """The whole answers of a run and of its follow-ups, of one perspective or of all, the oldest first."""
    runs = [root, *(one for one in root.further if one.kind is Kind.DEEPER)]
    return [
        Former(perspective.key, draft, None if run is root else run.problem)
        for run in runs
        for perspective, draft in zip(run.perspectives, run.drafts, strict=True)
        if draft.state is State.DONE and key in {"", perspective.key}
    ]


def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()
