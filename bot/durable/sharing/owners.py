"""Which process serves which workspace, as the database has it: claims, the end of the dead, releases. In transactions.

Laws, besides those of `durable.sharing`:

- A change of owner raises a workspace's epoch, and locks its row until the transaction has ended. So does a question
  that arrives: whoever releases the workspace sees it, and whoever has asked sees who owns it then.
- To release one, its row is locked in a statement before the one that looks for open runs: PostgreSQL looks with what
  was committed when a statement begins.
- The lease of a process that is in the middle of a write is locked, and it is not declared dead meanwhile.
"""

import logging
import math
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Double,
    bindparam,
    case,
    cast,
    delete,
    exists,
    extract,
    func,
    insert,
    literal,
    select,
    text,
    union,
    update,
)

from bot.durable.lease import LEASE
from bot.durable.record import Record, Search
from bot.durable.sharing.clock import SharedClock
from bot.durable.sharing.ownership import CUT_OFF, REACHED, Leavings
from bot.durable.sql.connection import AsyncConnection
from bot.durable.sql.database import Database
from bot.durable.sql.postgresql import IDLE_TIMEOUT, end_sleepers
from bot.durable.tables.claims import PUT_ASIDE, UNKNOWN, read_runs
from bot.durable.tables.rows import ASKED
from bot.durable.tables.schema import is_open, messages, processes, runs, signals, workspaces

logger = logging.getLogger(__name__)

MOST_SOCKETS = 8  # of all processes; Slack lets an app have ten, and each has two while it changes from one to the next
CONNECTING = 0x736F636B  # the advisory lock of processes that are about to take one; any number

# What a run is that its workspace's owner has not taken yet.
UNADMITTED: dict[str, Any] = {"owner": None, "state": ASKED, "lease_until": 0.0}

_is_there = exists().where(processes.c.owner == workspaces.c.owner)
_server_clock = cast(extract("epoch", func.clock_timestamp()), Double)
_is_at_work = exists().where(processes.c.owner == runs.c.owner)


@dataclass(frozen=True, slots=True)
class Found:
    """What a look has found: the runs that were taken, the workspaces that are owned now, how many others are there.

    The lease of the first of those ends in `ends_in` seconds, unless it is renewed; `has_fenced` says whether one has.
    """

    taken: list[Record]
    owned: frozenset[str]
    others: int
    ends_in: float
    has_fenced: bool


@dataclass(frozen=True, slots=True)
class _Round:
    """Who else is there, by when their leases end, in seconds; and whether somebody was declared dead."""

    others: dict[str, float]
    has_fenced: bool


class Owners:
    """As the process `owner` sees them, which works for `workspace` alone, or for any.

    A `clock` that is shared hears what the database's shows.
    """

    def __init__(
        self, database: Database, *, owner: str, workspace: str | None, clock: Callable[[], float] | None = None
    ) -> None:
        self._clock = clock if isinstance(clock, SharedClock) and database.is_postgresql else None
        self._database = database
        self._owner = owner
        self._whose = () if workspace is None else (runs.c.workspace == workspace,)
        self._unreadable: deque[str] = deque(maxlen=PUT_ASIDE)
        self._leavings = Leavings(owner)
        self._is_cut_off = self._will_be_cut_off = False
        self._sockets = 0

    def now(self, clock: float) -> ColumnElement[float]:
        """The time by which leases count: a server's own, whatever the hosts' clocks show."""
        if self._database.is_postgresql:
            return _server_clock
        return literal(clock)

    async def renew(self, connection: AsyncConnection, clock: float) -> int | None:
        """Renew the lease; how many others are there: who is cut off from the database soon has to know of any.

        None where this process was declared dead: it begins anew then, and owns nothing.
        """
        if self._is_cut_off:
            return None
        renewal = _renewal_by_server() if self._database.is_postgresql else _renewal(self.now(clock))
        renewed = (await connection.execute(renewal, {"_owner": self._owner})).first()
        if renewed is not None:
            until, others = renewed
            if self._clock and (off := self._clock.hear(until - LEASE)):
                logger.info("store.clock off=%.0f", off)
            return int(others)
        await self.give_up(connection)
        await self._begin_anew(connection, clock)
        return None

    async def _begin_anew(self, connection: AsyncConnection, clock: float) -> None:
        until = self.now(clock) + LEASE
        row = {"owner": self._owner, "lease_until": until, "since": self.now(clock), "sockets": self._sockets}
        await connection.execute(insert(processes).values(row))

    async def take_socket(self, connection: AsyncConnection, clock: float) -> bool:
        """Take one of the connections to Slack that all processes have together; whether there was one left."""
        if self._database.is_postgresql:
            await connection.execute(select(func.pg_advisory_xact_lock(CONNECTING)))
        others = (processes.c.owner != self._owner, processes.c.lease_until > self.now(clock))
        taken = (await connection.execute(select(func.sum(processes.c.sockets)).where(*others))).scalar() or 0
        if taken >= MOST_SOCKETS:
            return False
        self._sockets = 1
        await connection.execute(update(processes).where(processes.c.owner == self._owner).values(sockets=1))
        return True

    async def claim(self, connection: AsyncConnection, names: Iterable[str]) -> dict[str, str | None]:
        """Own those that nobody owns; whose each is then, None where this process was declared dead and nobody does."""
        me = select(processes.c.owner).where(processes.c.owner == self._owner)
        is_there = (await connection.execute(me.with_for_update(read=True, key_share=True))).first() is not None
        owners: dict[str, str | None] = {}
        for name in sorted({*names}):
            if is_there and (await connection.execute(self._claim(), {"_name": name})).first():
                owners[name] = self._owner
            else:
                whose = select(workspaces.c.owner).where(workspaces.c.workspace == name)
                owners[name] = (await connection.execute(whose)).scalar()
        return owners

    async def own(self, connection: AsyncConnection, names: Iterable[str]) -> frozenset[str]:
        """Own workspaces where nobody does; all that are owned then."""
        await self.claim(connection, names)
        return frozenset((await connection.execute(self._ours())).scalars())

    async def look(self, connection: AsyncConnection, clock: float, search: Search) -> Found:
        """Declare the dead dead, take a part of what nobody owns, and the runs of what is owned."""
        there = await self._look_round(connection, clock, may_fence=search.may_fence)
        was_cut_off = self._is_cut_off
        if await self._steps_back(connection, clock, search.reached_ago):
            return Found([], frozenset(), len(there.others), math.inf, has_fenced=not was_cut_off)
        abandoned = ~_is_at_work & (runs.c.owner.is_(None) | (runs.c.lease_until <= self.now(clock)))
        open_runs = select(runs.c.workspace).where(is_open, abandoned, *self._whose)
        pressed = select(signals.c.workspace).where(*([] if not self._whose else [signals.c.workspace.in_(open_runs)]))
        wanted = union(open_runs, pressed).subquery()
        owned = select(workspaces.c.workspace).where(workspaces.c.owner.is_not(None), _is_there)
        known = wanted.outerjoin(workspaces, workspaces.c.workspace == wanted.c.workspace)
        free = select(wanted.c.workspace, workspaces.c.heir).select_from(known)
        found = await connection.execute(free.where(wanted.c.workspace.not_in(owned)))
        left: dict[str, str | None] = dict(found.all())
        chosen = self._leavings.choose(left, others=there.others.keys(), now=clock)
        if chosen and search.may_claim:
            await self.claim(connection, chosen)
        ours = frozenset((await connection.execute(self._ours())).scalars())
        taken = (
            select(runs)
            .where(is_open, abandoned, runs.c.workspace.in_(self._ours()))
            .where(runs.c.key.not_in(self._unreadable), runs.c.key.is_not(None))
            .order_by(runs.c.asked_at, runs.c.key)
            .limit(search.limit)
            .with_for_update(of=runs, skip_locked=True)
        )
        records, unreadable = await read_runs(connection, taken)
        self._unreadable.extend(key for key in unreadable if isinstance(key, str))
        if records:
            keys = [record.question.key for record in records]
            taking = update(runs).where(runs.c.key.in_(keys))
            await connection.execute(taking.values(owner=self._owner, lease_until=clock + UNKNOWN))
        ends_in = min(there.others.values(), default=math.inf)
        return Found(records, ours, len(there.others), ends_in, there.has_fenced)

    async def release(self, connection: AsyncConnection, names: Iterable[str]) -> None:
        """Give up workspaces in which nothing goes on any more."""
        for name in sorted({*names}):
            mine = (workspaces.c.workspace == name, workspaces.c.owner == self._owner)
            if (await connection.execute(select(workspaces.c.owner).where(*mine).with_for_update())).first() is None:
                continue
            at_work = union(
                select(runs.c.key).where(is_open, runs.c.workspace == name),
                select(signals.c.id).where(signals.c.workspace == name),
            )
            if (await connection.execute(at_work.limit(1))).first() is None:
                await connection.execute(update(workspaces).where(*mine).values(owner=None))

    def settle(self) -> None:
        """Note that the last look is committed: had it not been, all would be as before."""
        self._is_cut_off = self._will_be_cut_off

    async def give_up(self, connection: AsyncConnection) -> None:
        """Own nothing any more: others may go on with all of it at once."""
        await self._disown(connection, [self._owner])

    async def bequeath(self, connection: AsyncConnection, clock: float) -> None:
        """The same, at an orderly end: the youngest of the others is to go on with it."""
        others = (processes.c.owner != self._owner, processes.c.lease_until > self.now(clock))
        youngest = select(processes.c.owner).where(*others).order_by(func.coalesce(processes.c.since, 0).desc())
        heir = (await connection.execute(youngest.limit(1))).scalar()
        await connection.execute(update(workspaces).where(workspaces.c.owner == self._owner).values(heir=heir))
        await self.give_up(connection)

    async def _steps_back(self, connection: AsyncConnection, clock: float, reached_ago: float | None) -> bool:
        """Say when all was reached; whether this process is cut off from it, and is to be as if declared dead."""
        now, was_cut_off = self.now(clock), self._is_cut_off
        own, reached = processes.c.owner == self._owner, processes.c.slack_ok_at > now - REACHED
        others = select(processes.c.owner).where(~own, processes.c.lease_until > now, reached)
        is_long = reached_ago is not None and reached_ago > CUT_OFF
        is_cut_off = is_long and (await connection.execute(others)).first() is not None
        self._will_be_cut_off = is_cut_off
        if is_cut_off and not was_cut_off:
            logger.warning("process.cut_off: others reach what is out of its reach, and go on with all")
            await connection.execute(delete(processes).where(own))
            await self._doubt(connection, [self._owner], clock)
            await self.give_up(connection)
        elif was_cut_off and not is_cut_off:
            logger.info("process.back")
            await self._begin_anew(connection, clock)
        if reached_ago is not None:
            await connection.execute(update(processes).where(own).values(slack_ok_at=now - reached_ago))
        return is_cut_off

    async def _look_round(self, connection: AsyncConnection, clock: float, *, may_fence: bool) -> _Round:
        now = self.now(clock)
        others = processes.c.owner != self._owner
        dead: list[str] = []
        if may_fence:
            await self._wake_sleepers(connection, others & (processes.c.lease_until <= now + (LEASE - IDLE_TIMEOUT)))
            late = select(processes.c.owner).where(others, processes.c.lease_until <= now)
            dead = [*(await connection.execute(late.with_for_update(skip_locked=True))).scalars()]
            if dead:
                await connection.execute(delete(processes).where(processes.c.owner.in_(dead)))
                await self._doubt(connection, dead, clock)
                await self._disown(connection, dead)
        alive = select(processes.c.owner, processes.c.lease_until - now).where(others, processes.c.lease_until > now)
        return _Round(dict((await connection.execute(alive)).all()), has_fenced=bool(dead))

    async def _wake_sleepers(self, connection: AsyncConnection, tardy: ColumnElement[bool]) -> None:
        """Have no process keep its lease's row locked which is frozen in the middle of a write."""
        if self._database.is_postgresql and (await connection.execute(select(processes.c.owner).where(tardy))).first():
            ended = (await connection.execute(text(end_sleepers(processes.name)))).scalar()
            if ended:
                logger.warning("process.frozen transactions=%s: ended", ended)

    async def _doubt(self, connection: AsyncConnection, owners: list[str], clock: float) -> None:
        """Take it that these have just begun an edit of each message: one that is cut off writes down none."""
        left = select(runs.c.key).where(is_open, runs.c.owner.in_(owners))
        standing = update(messages).where(messages.c.run.in_(left), messages.c.ts.is_not(None))
        await connection.execute(standing.values(intended_at=clock))

    async def _disown(self, connection: AsyncConnection, owners: list[str]) -> None:
        freed: dict[str, Any] = {"owner": None, "lease_until": 0.0}
        await connection.execute(update(runs).where(is_open, runs.c.owner.in_(owners)).values(freed))
        await connection.execute(update(workspaces).where(workspaces.c.owner.in_(owners)).values(owner=None))

    def _claim(self) -> Any:
        claim = self._database.insert(workspaces).values(workspace=bindparam("_name"), owner=self._owner, epoch=1)
        is_mine, epoch = workspaces.c.owner == self._owner, workspaces.c.epoch
        news = {"owner": self._owner, "epoch": case((is_mine, epoch), else_=epoch + 1), "heir": None}
        may_be_mine = workspaces.c.owner.is_(None) | is_mine | ~_is_there
        return claim.on_conflict_do_update(index_elements=["workspace"], set_=news, where=may_be_mine).returning(epoch)

    def _ours(self) -> Any:
        return select(workspaces.c.workspace).where(workspaces.c.owner == self._owner)


@cache
def _renewal_by_server() -> Any:
    return _renewal(_server_clock)  # each write begins with it, and to put it together takes as long as to carry it out


def _renewal(now: ColumnElement[float]) -> Any:
    other = processes.alias()
    others = select(func.count()).where(other.c.owner != bindparam("_owner"), other.c.lease_until > now)
    renewal = update(processes).where(processes.c.owner == bindparam("_owner")).values(lease_until=now + LEASE)
    return renewal.returning(processes.c.lease_until, others.scalar_subquery())
