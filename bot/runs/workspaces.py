"""The workspaces that this process serves: a desk for each, opened when somebody asks there, closed when it is idle.

What the journal has to tell is handed to the desk whose it is. One that fails, above all since Slack refuses its token,
ends with its runs, and the others go on. Where it is the only one that there is, the process ends with it: its token
has to be put right, and whoever runs the bot has to notice.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Coroutine, Sequence
from contextlib import aclosing
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from bot.durable.events import Asked, Claimed, Held, LeaseLost, Pressed, Spent, Stopped, Taught
from bot.durable.record import Outcome, Record, Signal
from bot.engine.conversation.followups import Kind
from bot.engine.draft import State
from bot.errors import StoreError, TokenRefusedError, describe, find_leaf
from bot.runs.desk import Desk
from bot.runs.workspace import Shared
from bot.slack.api import Slack
from bot.slack.installation import Find, Installation, find_team
from bot.slack.markup import mending
from bot.tally import LEFT, Levels

if TYPE_CHECKING:
    from bot.delivery.schedules.learned import Learned

logger = logging.getLogger(__name__)

LOOK = 10.0  # seconds between two looks for desks that are idle
KEEP_EVERY = 1.0  # seconds between two looks at what was learned; with each write, it would be most of the work
KEEP_GRANTS = 30.0  # seconds until what only says that more was granted is written down
RETRY = 1.0  # seconds until the database is asked again for an installation


class Workspaces:
    """Those in which `find` finds the bot: there `is_only_one` or any number; `make_slack` makes a client.

    An async context manager, which leaves when all desks are closed and all runs have ended.
    """

    def __init__(
        self,
        shared: Shared,
        find: Find,
        *,
        make_slack: Callable[[Installation], Slack],
        is_only_one: bool = False,
    ) -> None:
        self._shared = shared
        shared.tally.expect(
            [one.value for one in Kind],
            [*(one.value for one in Outcome), LEFT],
            [one.value for one in State if one.is_final],
        )
        self._journal = shared.journal
        self._look_up = find
        self._make_slack = make_slack
        self._is_only_one = is_only_one
        self._group = asyncio.TaskGroup()
        self._desks: dict[str, Desk] = {}  # by their workspaces
        self._kept: dict[str, tuple[Learned, float]] = {}  # by workspace: what was written down of it, and when
        self._held = Held(math.inf)
        self._keep_at = 0.0
        self._watching: asyncio.Task[None] | None = None
        self._beside: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        self._begin(self._journal.company.listen())
        if not self._is_only_one:
            self._watching = self._group.create_task(self._close_idle())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for task in (*self._beside, *([self._watching] if self._watching else [])):
            task.cancel()
        for desk in self._desks.values():
            self._keep_learned(desk)
            desk.close()
        await self._group.__aexit__(kind, error, traceback)

    def find_desk(self, installation: Installation) -> Desk:
        """The desk of an installation's workspace, opened where none stands."""
        desk = self._desks.get(installation.workspace)
        if desk is not None:
            desk.renew(installation)
            return desk
        desk = self._desks[installation.workspace] = Desk(installation, self._make_slack(installation), self._shared)
        desk.board.hold_after(self._held.until, is_strict=self._held.is_strict)
        self._kept[desk.workspace] = desk.board.edits.learned, _now()
        self._group.create_task(self._serve(desk))
        return desk

    async def attend(self) -> None:
        """Have the journal written, and those told whom its events are about; until cancelled."""
        async with aclosing(self._journal.events()) as events:
            async for event in events:
                match event:
                    case Claimed(record):
                        self._shared.tally.taken_up += record.is_admitted  # else it is a question of another's
                        self._take_up(record)
                    case LeaseLost(key):
                        self._shared.tally.lost += 1
                        for desk in self._desks.values():
                            desk.supervisor.abandon(key)
                    case Stopped(key, user):
                        for desk in self._desks.values():
                            desk.supervisor.stop(key, user)
                    case Asked() | Spent() | Taught():
                        self._recall(event)
                    case Pressed(signal):
                        self._begin(self._carry_out(signal))
                    case Held(until, is_strict):
                        self._hold_after(until, is_strict=is_strict)

    async def end(self, grace: float) -> None:
        """Wait `grace` seconds for the runs in progress, cut off what is left, and wait for its last words."""
        until = _now() + grace
        # While anything goes on here, what is asked in a workspace of this process's is its own, and begun.
        while (tasks := self._list_tasks()) and _now() < until:
            await asyncio.wait(tasks, timeout=until - _now())
        async with asyncio.TaskGroup() as group:
            for desk in self._desks.values():
                group.create_task(desk.supervisor.end())

    def _list_tasks(self) -> list[asyncio.Task[None]]:
        return [task for desk in self._desks.values() for task in desk.supervisor.tasks.values()]

    def read_levels(self) -> Levels:
        """How much there is of what just now, but for what goes on at the model."""
        supervisors = [desk.supervisor for desk in self._desks.values()]
        return Levels(
            workspaces=sum(map(self._journal.company.owns, self._desks)),
            runs=sum(len(one.going_on) for one in supervisors),
            runs_in_line=sum(one.in_line for one in supervisors),
            is_store_away=self._journal.is_away,
            passed_on=self._journal.company.passed_on,
        )

    def drop(self) -> None:
        """Cut off what is left, without last words."""
        for desk in self._desks.values():
            desk.supervisor.drop()

    def leave(self, team: str) -> None:
        """End what goes on in a team's workspace without a word: the bot was removed there, and can say none."""
        for desk in [one for one in self._desks.values() if one.installation.team_id == team]:
            keys = [record.question.key for record in self._journal.unsaved.records(desk.workspace)]
            desk.supervisor.drop()
            self._forget(desk)
            desk.close()
            for key in keys:
                self._journal.end(key, Outcome.INTERRUPTED)

    def _recall(self, past: Asked | Spent | Taught) -> None:
        """Tell a desk what was before it, unless it is closed by now."""
        if desk := self._desks.get(past.workspace):
            desk.recall(past)

    def _hold_after(self, until: float, *, is_strict: bool) -> None:
        self._held = Held(until, is_strict)
        for desk in self._desks.values():
            desk.board.hold_after(until, is_strict=is_strict)
        if _now() >= self._keep_at:
            self._keep_at = _now() + KEEP_EVERY
            for desk in self._desks.values():
                self._keep_learned(desk, is_end=False)

    def _keep_learned(self, desk: Desk, *, is_end: bool = True) -> None:
        """Have what a workspace has taught written down, if it is news by now."""
        learned, (kept, kept_at) = desk.board.edits.learned, self._kept[desk.workspace]
        is_due = is_end or learned.lessons != kept.lessons or _now() >= kept_at + KEEP_GRANTS
        if is_due and learned != kept:
            self._kept[desk.workspace] = learned, _now()
            self._journal.keep(desk.workspace, learned.to_text())

    def _take_up(self, record: Record) -> None:
        """Go on with a run, at the desk of its workspace."""
        desk = self._desks.get(record.question.workspace)
        if desk and desk.is_open:
            desk.take_up_now(record)
        else:
            self._begin(self._find_and_take_up(record, desk))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something done beside all else, until all is closed."""
        task = self._group.create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    async def _carry_out(self, signal: Signal) -> None:
        """Carry out what was pressed in another process; a press that breaks something is not tried again."""
        press = signal.press
        try:
            found = await self._find(find_team(press.workspace), press.enterprise)
            if found is not None and found.workspace == press.workspace:
                await self.find_desk(found).press(press)
            else:
                logger.warning("press.lost action=%s run=%s error=not_installed", press.action.value, press.run)
        except Exception as error:  # noqa: BLE001 - one failure stays one: the next process would end by it too
            what = describe(error)
            logger.error("press.broken action=%s run=%s error=%s", press.action.value, press.run, what)  # noqa: TRY400
        self._journal.company.carried_out(signal)

    async def _find_and_take_up(self, record: Record, desk: Desk | None) -> None:
        if desk:
            await desk.take_up(record)
            return
        question = record.question
        found = await self._find(find_team(question.workspace), question.enterprise)
        if found is None or found.workspace != question.workspace:
            # The bot was removed there: nobody can be told, and no message shown.
            logger.warning("run.not_installed key=%s workspace=%s", question.key, question.workspace)
            self._journal.end(question.key, Outcome.INTERRUPTED)
        else:
            await self.find_desk(found).take_up(record)

    async def _find(self, team: str, enterprise: str) -> Installation | None:
        while True:
            try:
                return await self._look_up(team, enterprise or None)
            except StoreError as error:
                logger.warning("installation.unknown team=%s error=%s", team, error)
            await asyncio.sleep(RETRY)

    async def _serve(self, desk: Desk) -> None:
        """Serve a desk until it is closed, or fails."""
        try:
            await desk.serve()
        except BaseExceptionGroup as failures:
            error = find_leaf(failures)
            if self._is_only_one or not isinstance(error, Exception):
                raise
            records = self._journal.unsaved.records(desk.workspace)
            self._forget(desk)
            await self._settle(desk, records, error)
        else:
            self._forget(desk)

    def _forget(self, desk: Desk) -> None:
        """Have no desk stand for a workspace any more; the next question opens another."""
        if self._desks.get(desk.workspace) is desk:
            self._keep_learned(desk)
            del self._desks[desk.workspace], self._kept[desk.workspace]
            self._journal.leave(desk.workspace)
            mending.forget()

    async def _settle(self, desk: Desk, records: Sequence[Record], error: Exception) -> None:
        """See to the runs of a desk that has failed: they go on with a newer token, or end."""
        refused = error.code if isinstance(error, TokenRefusedError) else ""
        logger.error("workspace.ended workspace=%s error=%s", desk.workspace, refused or describe(error))
        was = desk.installation
        found = await self._find(was.team_id, was.enterprise_id or "") if refused else None
        is_renewed = found is not None and found.bot_token != was.bot_token
        for record in records:
            if found and is_renewed:
                await self.find_desk(found).take_up(record)
            else:
                self._journal.end(record.question.key, Outcome.INTERRUPTED if refused else Outcome.BROKEN)

    async def _close_idle(self) -> None:
        """Close desks that nobody needs, until cancelled."""
        while True:
            await asyncio.sleep(LOOK)
            for desk in [one for one in self._desks.values() if one.needed_until <= _now()]:
                logger.info("workspace.closed workspace=%s", desk.workspace)
                self._forget(desk)
                desk.close()


def _now() -> float:
    return asyncio.get_running_loop().time()
