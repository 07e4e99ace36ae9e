"""The database: questions, the messages and answers of their runs, and which process works on which run.

Laws:

- A call is one transaction: all of it is kept, or nothing. Calls are carried out one at a time, in the order in which
  they are made: what is older never lands on what is newer.
- Whatever fails is a `StoreError`. It names the failure, and quotes neither what was to be written nor the password.
- Questions that come while another call is under way are written together, in one transaction: a hundred people who
  ask in the same moment would wait for each other's. Each of them is kept or refused by itself.
- Whoever is cancelled leaves at once. A driver cannot be stopped safely in the middle of a statement, so the
  transaction goes on for as long as the driver's limits let it, and is undone unless its commit has begun, or somebody
  else waits for it.
- A row that cannot be written or read for what is in it is put aside, said in the log by its kind, and keeps no other
  from being written or read.
- A run is open until it has an end. Its lease says until when its owner may work on it; what another process owns is
  left alone.

It decides nothing: when leases are renewed, and what to do while the database is away, is for `journal` to say.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Delete, Insert, Update, bindparam, delete, func, insert, inspect, select, text, update
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.durable.database import Database, is_content, name_error
from bot.durable.record import LEASE, WITHDRAWN, Begun, Changes, Outcome, Record
from bot.durable.rows import is_number, read_records, write_reason
from bot.durable.schema import STEPS, VERSION, answers, edits, is_open, messages, runs, schema, tables
from bot.durable.sqlite import PATIENCE
from bot.errors import ContentError, SettingsError
from bot.slack.question import Question

EDITS_KEPT = 120.0  # seconds; Slack's limits look back one minute
ABANDONED = 86_400.0  # seconds since its lease after which an open run is forgotten: nobody could read it
PUT_ASIDE = 1_000  # keys of runs that are remembered for that
LOG_KEPT = 10.0  # seconds at the most for which what a run has left behind stands in SQLite's log

VACUUM = 1_000  # pages of 4 KiB that one `clear` gives back at most: nobody can write meanwhile
OPENING = 0x70657273  # the advisory lock of processes that make the schema in PostgreSQL; any number

logger = logging.getLogger(__name__)

Statement = Insert | Update | Delete
Rows = Sequence[dict[str, Any]]
_Write = Callable[[AsyncConnection, Statement, Rows], Awaitable[None]]


@dataclass(slots=True, eq=False)
class _Batch:
    """Questions that are written together."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)  # by their keys
    waiting: int = 0  # how many of them somebody waits for
    is_closed: bool = False  # whether their transaction has begun
    task: asyncio.Task[set[str]] | None = None  # has the keys of those that are new


class Store:
    """The database at `url`, for one process: `owner` names this process, and no other nor an earlier one.

    `workspace` names the bot and where it is: what other bots keep in the same database is none of its business.
    Times are seconds since 1970, as `clock` tells them. Use it as an asynchronous context manager, and call `open`
    before anything else; `open` may be called again, above all where it failed. All calls raise `StoreError`.

    Raises:
        SettingsError: the database cannot be at such a URL.
    """

    def __init__(self, url: str, *, owner: str, clock: Callable[[], float], workspace: str = "") -> None:
        self._owner = owner
        self._workspace = workspace
        self._clock = clock
        self._database = Database(url, self._prepare)
        self._unwritable: deque[str] = deque(maxlen=PUT_ASIDE)  # runs
        self._unreadable: deque[str] = deque(maxlen=PUT_ASIDE)
        self._batch = _Batch()  # the newest
        # When SQLite's log is to be emptied, where it holds what is to be forgotten. What a killed process left does.
        self._clean_at: float | None = clock() if self.is_file else None

    @property
    def place(self) -> str:
        """Where runs are kept, in words for people; no user and no password."""
        return self._database.place

    @property
    def dropped(self) -> dict[str, str]:
        """The parameters of its address that mean nothing here, and why."""
        return self._database.dropped

    @property
    def is_file(self) -> bool:
        """Whether it is a file of SQLite's, which ends with its disk."""
        return self._database.path is not None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close it, once what is under way has ended, if that does not take long."""
        await self._database.close()

    async def open(self) -> None:
        """Connect, and make the tables where they are missing.

        Raises:
            SettingsError: a newer version of this program made the tables, or the file's directory does not exist.
            StoreError: it could not be done.
        """
        await self._database.open()

    async def try_out(self) -> None:
        """Write, and delete what was written: whether it can be read says nothing of that. Call `open` before.

        Raises:
            StoreError: it cannot be written to.
        """
        mark = {"workspace": self._workspace, "owner": self._owner, "at": 0.0}  # long before anything that counts

        async def write(connection: AsyncConnection) -> None:
            await connection.execute(insert(edits), mark)

        async def remove(connection: AsyncConnection) -> None:
            await connection.execute(delete(edits).where(edits.c.owner == self._owner, edits.c.at == mark["at"]))

        await self._database.do(write)
        await self._database.do(remove)

    async def add(self, question: Question) -> bool:
        """Write a question down, as an open run of this process; False where its key is known already."""
        now = self._clock()
        row = self._row(Begun(question, now), now)
        batch = self._batch
        if batch.task is None or batch.is_closed or question.key in batch.rows:
            batch = self._batch = _Batch()
            batch.task = asyncio.create_task(self._write_batch(batch))
        assert batch.task is not None  # noqa: S101 - for mypy
        batch.rows[question.key] = row
        batch.waiting += 1
        try:
            await asyncio.wait([batch.task])
        except asyncio.CancelledError:
            batch.waiting -= 1
            if not batch.is_closed:
                del batch.rows[question.key]
            if not batch.waiting:
                batch.is_closed = True
                batch.task.cancel()
            raise
        try:
            return question.key in batch.task.result()
        except ContentError:
            if len(batch.rows) == 1:
                raise
        # Something in one of them cannot be stored. The others are, each by itself.
        return question.key in await self._database.do(partial(self._add, [row]))

    async def _write_batch(self, batch: _Batch) -> set[str]:
        async def work(connection: AsyncConnection) -> set[str]:
            batch.is_closed = True
            return await self._add([*batch.rows.values()], connection)

        try:
            return await self._database.do(work)
        finally:
            batch.is_closed = True

    async def _add(self, rows: Rows, connection: AsyncConnection) -> set[str]:
        """Write questions; the keys of those that were not known."""
        statement = self._database.insert(runs).on_conflict_do_nothing().returning(runs.c.key)
        return {*(await connection.execute(statement, rows)).scalars()}

    async def save(self, changes: Changes) -> set[str]:
        """Write runs that are not known, renew the leases of all open runs of this process, and write their changes.

        Returns the keys of those runs, of them that have ended with this call too. What was to be written of others
        is left out: another process owns them. Runs that cannot be written are taken out of `changes.begins`.
        """
        now = self._clock()
        for key in self._unwritable:
            changes.begins.pop(key, None)
        try:
            ours = await self._database.do(partial(self._save, changes, now, _write_all))
        except ContentError:
            # Something in it cannot be stored. Row by row, all else is.
            ours = await self._database.do(partial(self._save, changes, now, self._write_each))
            for key in self._unwritable:
                changes.begins.pop(key, None)
        if changes.ends and self.is_file and self._clean_at is None:
            self._clean_at = now + LOG_KEPT
        if self._clean_at is not None and now >= self._clean_at:
            is_clean = await self._database.do(_empty_log, in_transaction=False)
            self._clean_at = None if is_clean else now + LOG_KEPT
        return ours

    async def _save(self, changes: Changes, now: float, write: _Write, connection: AsyncConnection) -> set[str]:
        begins = [self._row(one, now) for one in changes.begins.values()]
        await write(connection, self._database.insert(runs).on_conflict_do_nothing(), begins)
        # In PostgreSQL this locks the rows too: nobody takes them up until all is written.
        renewal = update(runs).where(runs.c.owner == self._owner, is_open).values(lease_until=now + LEASE)
        ours = {row.key for row in await connection.execute(renewal.returning(runs.c.key))}
        await write(connection, *_withdrawals(ours, changes))
        await write(connection, *self._posts(ours, changes, now))
        await write(connection, *_calls(ours, changes))
        await write(connection, *self._answers(ours, changes))
        # Whoever has the response URL can write in the bot's name; nobody needs it any more.
        end = update(runs).where(runs.c.key == bindparam("_key"))
        end = end.values(state=bindparam("_state"), ended_at=now, owner=None, response_url=None)
        ends = [{"_key": key, "_state": outcome.value} for key, outcome in changes.ends.items() if key in ours]
        await write(connection, end, ends)
        whose = {"workspace": self._workspace, "owner": self._owner}
        await write(connection, insert(edits), [{**whose, "at": at} for at in changes.edits])
        return ours

    async def _write_each(self, connection: AsyncConnection, statement: Statement, rows: Rows) -> None:
        """Write each row that can be stored."""
        for row in rows:
            try:
                async with connection.begin_nested():
                    await connection.execute(statement, row)
            except Exception as error:
                if not is_content(error):
                    raise
                kind = str(statement.table)
                logger.warning("store.put_aside kind=%s error=%s", kind, name_error(error))
                if statement.table is runs and "key" in row:
                    self._unwritable.append(row["key"])

    async def claim(self, limit: int = 20) -> list[Record]:
        """Take up to `limit` open runs of others whose lease has ended or was given up, the oldest first.

        However many processes ask at once, one gets each. What this process owns is not among them, be its lease at
        an end: the next `save` renews it.
        """
        now = self._clock()

        async def work(connection: AsyncConnection) -> list[Record]:
            free = (
                select(runs)
                .where(is_open, runs.c.lease_until <= now, runs.c.owner.is_distinct_from(self._owner))
                .where(
                    runs.c.workspace == self._workspace, runs.c.key.not_in(self._unreadable), runs.c.key.is_not(None)
                )
                .order_by(runs.c.asked_at, runs.c.key)
                .limit(limit)
                .with_for_update(skip_locked=True)  # SQLite has no such thing, and locks everything anyway
            )
            found = (await connection.execute(free)).all()
            if not found:
                return []
            keys = [run.key for run in found]
            posts = await connection.execute(
                select(messages).where(messages.c.run.in_(keys)).order_by(messages.c.place)
            )
            drafts = await connection.execute(select(answers).where(answers.c.run.in_(keys)))
            records, unreadable = read_records(found, posts, drafts)
            for key in unreadable:
                logger.warning("store.unreadable kind=runs run=%s", key)
            self._unreadable.extend(key for key in unreadable if isinstance(key, str))
            # What cannot be read is left to whoever can: a newer version of this program, perhaps.
            taken = [record.question.key for record in records]
            lease = update(runs).where(runs.c.key.in_(taken)).values(owner=self._owner, lease_until=now + LEASE)
            await connection.execute(lease)
            return records

        return await self._database.do(work)

    async def release(self, keys: Iterable[str]) -> None:
        """Give up the leases of these runs, as far as they are this process's: anybody may take them up at once."""
        keys = list(keys)
        if not keys:
            return

        async def work(connection: AsyncConnection) -> None:
            owned = update(runs).where(runs.c.key.in_(keys), runs.c.owner == self._owner)
            # Ended a lease ago: for hosts too whose clocks are behind. How long nobody has held it is still told by it.
            await connection.execute(owned.values(owner=None, lease_until=self._clock() - LEASE))

        await self._database.do(work)

    async def clear(self, before: float, limit: int) -> int:
        """Forget up to `limit` runs that ended before then, and edits that count no more; how many runs.

        Runs that nobody has taken up since then, and for a day, are forgotten too.
        """
        now = self._clock()

        async def work(connection: AsyncConnection) -> int:
            await connection.execute(delete(edits).where(edits.c.at < now - EDITS_KEPT))
            is_abandoned = is_open & (runs.c.lease_until < min(before, now - ABANDONED))
            oldest = select(runs.c.key).where((runs.c.ended_at < before) | is_abandoned).limit(limit)
            old = delete(runs).where(runs.c.key.in_(oldest)).returning(runs.c.key)
            return len((await connection.execute(old)).all())

        count = await self._database.do(work)
        if self.is_file:
            await self._database.do(_shrink, in_transaction=False)
        return count

    async def asked_since(self, at: float) -> list[tuple[str, float]]:
        """Who asked, and when, in runs asked since that have ended; the refused ones do not count."""

        async def work(connection: AsyncConnection) -> list[tuple[str, float]]:
            asked = (
                select(runs.c.user, runs.c.asked_at)
                .where(runs.c.asked_at >= at, runs.c.ended_at.is_not(None), runs.c.state != Outcome.REFUSED.value)
                .where(runs.c.workspace == self._workspace)
            )
            found = await connection.execute(asked.order_by(runs.c.asked_at))
            return [(row.user, row.asked_at) for row in found if isinstance(row.user, str) and is_number(row.asked_at)]

        return await self._database.do(work)

    async def edits_since(self, at: float) -> list[float]:
        """When other processes started edits since, in order."""

        async def work(connection: AsyncConnection) -> list[float]:
            others = (edits.c.workspace == self._workspace, edits.c.owner != self._owner)
            sent = select(edits.c.at).where(edits.c.at >= at, *others)
            return [row.at for row in await connection.execute(sent.order_by(edits.c.at)) if is_number(row.at)]

        return await self._database.do(work)

    def _row(self, begun: Begun, now: float) -> dict[str, Any]:
        """A run, as this process's."""
        question = begun.question
        return {
            "key": question.key,
            "workspace": self._workspace,
            "problem": question.problem,
            "user": question.user,
            "channel": question.channel,
            "thread_ts": question.thread_ts,
            "whisper_ts": question.whisper_ts,
            "response_url": question.response_url,
            "state": "open",
            "owner": self._owner,
            "lease_until": now + LEASE,
            "asked_at": begun.asked_at,
        }

    async def _prepare(self, connection: AsyncConnection) -> None:
        if self._database.is_postgresql:
            await connection.execute(select(func.pg_advisory_xact_lock(OPENING)))
        version = await connection.run_sync(_read_version)
        if version is not None and version > VERSION:
            raise SettingsError(
                f"DATABASE_URL: a newer version of this program has used this database (its schema is {version}, "
                f"this one knows {VERSION}). Run the newer program, or name another database."
            )
        await connection.run_sync(tables.create_all)
        if version == VERSION:
            return
        if version is not None:
            for statement in chain.from_iterable(STEPS[version - 1 :]):
                await connection.execute(text(statement))
            logger.info("store.upgraded from=%s to=%s", version, VERSION)
        await connection.execute(delete(schema))
        await connection.execute(insert(schema).values(version=VERSION))

    def _posts(self, ours: set[str], changes: Changes, now: float) -> tuple[Statement, Rows]:
        rows = [
            {"_run": run, "_part": part, "_ts": ts, "_at": now if ts is None else 0.0}
            for (run, part), ts in changes.posts.items()
            if run in ours and ts is not WITHDRAWN
        ]
        others = messages.alias()
        last = select(func.coalesce(func.max(others.c.place), 0) + 1).where(others.c.run == bindparam("_run"))
        row = {
            "run": bindparam("_run"),
            "part": bindparam("_part"),
            "place": last.scalar_subquery(),
            "intended_at": bindparam("_at"),
            "ts": bindparam("_ts"),
        }
        statement = self._database.insert(messages).values(row)
        # A part that is intended once more is in doubt from now on: its second call may still be carried out.
        news = {"ts": statement.excluded.ts, "intended_at": statement.excluded.intended_at}
        return statement.on_conflict_do_update(index_elements=["run", "part"], set_=news), rows

    def _answers(self, ours: set[str], changes: Changes) -> tuple[Statement, Rows]:
        rows = [
            {
                "run": run,
                "name": name,
                "state": draft.state.value,
                "reason": write_reason(draft.reason),
                "text": draft.text,
                "model": draft.model,
                "seconds": draft.seconds,
                "tokens": draft.tokens,
            }
            for (run, name), draft in changes.answers.items()
            if run in ours
        ]
        statement = self._database.insert(answers)
        news = {column.name: column for column in statement.excluded if not column.primary_key}
        return statement.on_conflict_do_update(index_elements=["run", "name"], set_=news), rows


async def _write_all(connection: AsyncConnection, statement: Statement, rows: Rows) -> None:
    """Write rows, all of them or none."""
    if rows:
        await connection.execute(statement, rows)


def _withdrawals(ours: set[str], changes: Changes) -> tuple[Statement, Rows]:
    rows = [
        {"_run": run, "_part": part} for (run, part), ts in changes.posts.items() if run in ours and ts is WITHDRAWN
    ]
    return delete(messages).where(messages.c.run == bindparam("_run"), messages.c.part == bindparam("_part")), rows


def _calls(ours: set[str], changes: Changes) -> tuple[Statement, Rows]:
    rows = [{"_run": run, "_part": part, "_at": at or 0.0} for (run, part), at in changes.calls.items() if run in ours]
    call = update(messages).where(messages.c.run == bindparam("_run"), messages.c.part == bindparam("_part"))
    return call.where(messages.c.ts.is_not(None)).values(intended_at=bindparam("_at")), rows


def _read_version(connection: Connection) -> int | None:
    """The version of the schema that is there; None where there is none yet."""
    there = inspect(connection)
    version: int | None = None
    if there.has_table(schema.name):
        version = connection.execute(select(schema.c.version)).scalar()
    # Whoever has lost what says so is taken for the oldest: its steps do nothing to what is new already.
    return 1 if version is None and there.has_table(runs.name) else version


async def _shrink(connection: AsyncConnection) -> None:
    """Give the file's free pages back. A transaction would stand in the way."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    # Each step frees one page, and sqlite3 takes more than one step in scripts alone.
    await driver.executescript(f"PRAGMA incremental_vacuum({VACUUM}); PRAGMA wal_checkpoint(TRUNCATE);")


async def _empty_log(connection: AsyncConnection) -> bool:
    """Have SQLite's log hold nothing any more, unless another process is just using it; whether it is empty."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    await driver.execute_fetchall("PRAGMA busy_timeout = 0")  # nobody waits for that
    try:
        [(is_busy, *_)] = await driver.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        await driver.execute_fetchall(f"PRAGMA busy_timeout = {PATIENCE * 1_000:.0f}")
    return not is_busy
