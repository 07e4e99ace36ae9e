"""Which process works on which run, as the database has it: leases, claims and releases, within a transaction.

Laws:

- A process owns a run, and has a lease for all that it owns, which is one row. While that holds nobody claims them.
- In PostgreSQL a renewal locks that row until its transaction has ended, and a claim asks for it first. So whoever
  renews learns of claims that were quicker, and nobody claims what is just being renewed. SQLite has one writer anyway.
- A run whose owner has no such row has a lease of its own: it was released, or a process owns it of a former version of
  the schema, which knows of no such rows.
"""

import logging
from collections import deque
from collections.abc import Callable
from functools import cache
from typing import Any, cast

from sqlalchemy import ColumnElement, Insert, ScalarSelect, Select, Table, bindparam, delete, func, select, update

from bot.durable.lease import LEASE
from bot.durable.record import Record
from bot.durable.sql.connection import AsyncConnection
from bot.durable.sql.database import Database
from bot.durable.tables.rows import read_records
from bot.durable.tables.schema import answers, begun_at, is_open, messages, processes, runs

logger = logging.getLogger(__name__)

# Seconds until a run is free whose owner's row is gone, and until such rows are forgotten. To processes of former
# versions of the schema, which do not know them, a run is its owner's for so long.
UNKNOWN = 3_600.0
PUT_ASIDE = 1_000  # keys of runs that cannot be read, or written, and are not tried again

_has_runs = select(runs.c.key).where(is_open, runs.c.owner == processes.c.owner).exists()
_owner = select(processes.c.owner).where(processes.c.owner == runs.c.owner)

# Put together once, since they are asked with each write, or each search.
_OWNED = select(runs.c.key, runs.c.stopped_by).where(runs.c.owner == bindparam("_owner"), is_open)
_DEAD = (
    select(processes.c.owner)
    .where(processes.c.lease_until <= bindparam("_now"), processes.c.owner != bindparam("_owner"), _has_runs)
    # Whoever renews its lease waits until all is claimed, and finds out; one that is just doing so is skipped.
    .with_for_update(read=True, skip_locked=True)
)


class Claims:
    """Those of the process `owner`, which works for `workspace` alone, or for any. Times are seconds since 1970."""

    def __init__(self, database: Database, *, owner: str, workspace: str | None) -> None:
        self._database = database
        self._owner = owner
        self._whose = () if workspace is None else (runs.c.workspace == workspace,)
        self._unreadable: deque[str] = deque(maxlen=PUT_ASIDE)

    async def register(self, connection: AsyncConnection, now: ColumnElement[float]) -> None:
        """Have a lease from the first run on. An existing one is not renewed by this."""
        lease = self._database.insert(processes).values(owner=self._owner, lease_until=now + LEASE, since=now)
        await connection.execute(lease.on_conflict_do_nothing())

    async def renew(self, connection: AsyncConnection, now: float) -> None:
        """Renew the lease."""
        await connection.execute(_renew(self._database.insert), {"_owner": self._owner, "_until": now + LEASE})

    async def owned(self, connection: AsyncConnection) -> dict[str, object]:
        """The open runs of this process, and who has stopped each, if anybody has.

        Call `renew` before: what it says holds until the transaction has ended.
        """
        found = await connection.execute(_OWNED, {"_owner": self._owner})
        return dict(found.all())  # with each write: no row is looked at twice

    async def claim(self, connection: AsyncConnection, limit: int, now: float) -> list[Record]:
        """Take up to `limit` open runs whose owner's lease has ended, or that were released, the oldest first.

        However many processes ask at once, one gets each. A run that was begun within the last `LEASE` seconds is left
        to its owner, whatever the lease says: a process that was suspended may take a question before it renews.
        """
        dead = await connection.execute(_DEAD, {"_owner": self._owner, "_now": now})
        is_new = (begun_at > now - LEASE) & (begun_at < now + LEASE)
        is_orphaned = runs.c.owner.in_([*dead.scalars()]) & ~is_new
        is_free = ~_owner.exists() & runs.c.owner.is_distinct_from(self._owner) & (runs.c.lease_until <= now)
        free = (
            select(runs)
            .where(is_open, is_orphaned | is_free, *self._whose)
            .where(runs.c.key.not_in(self._unreadable), runs.c.key.is_not(None))
            .order_by(runs.c.asked_at, runs.c.key)
            .limit(limit)
            .with_for_update(of=runs, skip_locked=True)  # SQLite has no such thing, and locks everything anyway
        )
        records, unreadable = await read_runs(connection, free)
        self._unreadable.extend(key for key in unreadable if isinstance(key, str))
        # What cannot be read is left to whoever can: a newer version of this program, perhaps.
        if records:
            claimed = update(runs).where(runs.c.key.in_([record.question.key for record in records]))
            await connection.execute(claimed.values(owner=self._owner, lease_until=now + UNKNOWN))
        return records

    async def release(self, connection: AsyncConnection, which: ColumnElement[bool], now: float) -> None:
        """Give up those runs, as far as they are this process's."""
        owned = update(runs).where(which, runs.c.owner == self._owner)
        # As if its lease had ended a lease ago: for hosts too whose clocks are behind.
        await connection.execute(owned.values(owner=None, lease_until=now - LEASE))

    async def leave(self, connection: AsyncConnection, now: float) -> None:
        """Release all runs, and give up the lease."""
        await self.release(connection, is_open, now)
        await connection.execute(delete(processes).where(processes.c.owner == self._owner))

    @staticmethod
    async def forget(connection: AsyncConnection, now: ColumnElement[float]) -> None:
        """Forget processes that have ended, and own no open run."""
        await connection.execute(delete(processes).where(processes.c.lease_until < now - UNKNOWN, ~_has_runs))

    @staticmethod
    def lease_until() -> ColumnElement[float]:
        """Until when nobody but its owner may work on a run: a column."""
        of_owner: ScalarSelect[float] = _owner.with_only_columns(processes.c.lease_until).scalar_subquery()
        return func.coalesce(of_owner, runs.c.lease_until)


async def read_runs(connection: AsyncConnection, which: Select[Any]) -> tuple[list[Record], set[object]]:
    """The runs that a `select(runs)` finds, in its order, and the keys of those that cannot be read."""
    found = (await connection.execute(which)).all()
    if not found:
        return [], set()
    keys = [run.key for run in found]
    posts = await connection.execute(select(messages).where(messages.c.run.in_(keys)).order_by(messages.c.place))
    drafts = await connection.execute(select(answers).where(answers.c.run.in_(keys)))
    records, unreadable = read_records(found, posts, drafts)
    for key in unreadable:
        logger.warning("store.unreadable kind=runs run=%s", key)
    return records, unreadable


@cache
def _renew(insert: Callable[[Table], Any]) -> Insert:
    lease = insert(processes).values(owner=bindparam("_owner"), lease_until=bindparam("_until"))
    news = {"lease_until": lease.excluded.lease_until}
    return cast("Insert", lease.on_conflict_do_update(index_elements=["owner"], set_=news))
