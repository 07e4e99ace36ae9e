"""The database: questions, the messages and answers of their runs, and which process works on which run.

Laws:

- A call is one transaction: all of it is kept, or nothing. Calls are carried out one at a time, in the order in which
  they are made: what is older never lands on what is newer.
- Whatever fails is a `StoreError`. It names the failure, and quotes neither what was to be written nor the password.
- Whoever is cancelled leaves at once. A driver cannot be stopped safely in the middle of a statement, so the
  transaction goes on for as long as the driver's limits let it, and is undone unless its commit has begun.
- A run is open until it has an end. Its lease says until when its owner may work on it; what another process owns is
  left alone.

It decides nothing: when leases are renewed, and what to do while the database is away, is for `journal` to say.
"""

from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self

from sqlalchemy import bindparam, delete, func, insert, inspect, select, tuple_, update
from sqlalchemy.engine import Connection, Row
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.database import Database
from bot.draft import Draft, State
from bot.errors import SettingsError
from bot.question import Question
from bot.record import LEASE, WITHDRAWN, Begun, Changes, Record
from bot.schema import VERSION, answers, edits, is_open, messages, runs, schema, tables

EDITS_KEPT = 120.0  # seconds; Slack's limits look back one minute

VACUUM = 1_000  # pages of 4 KiB that one `clear` gives back at most: nobody can write meanwhile
OPENING = 0x70657273  # the advisory lock of processes that make the schema in PostgreSQL; any number


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

        async def work(connection: AsyncConnection) -> bool:
            statement = self._database.insert(runs).values(row).on_conflict_do_nothing().returning(runs.c.key)
            return (await connection.execute(statement)).first() is not None

        return await self._database.do(work)

    async def save(self, changes: Changes) -> set[str]:
        """Write runs that are not known, renew the leases of all open runs of this process, and write their changes.

        Returns the keys of those runs, of them that have ended with this call too. What was to be written of others
        is left out: another process owns them.
        """
        now = self._clock()

        async def work(connection: AsyncConnection) -> set[str]:
            if changes.begins:
                begun = [self._row(one, now) for one in changes.begins.values()]
                await connection.execute(self._database.insert(runs).on_conflict_do_nothing(), begun)
            # In PostgreSQL this locks the rows too: nobody takes them up until all is written.
            renewal = update(runs).where(runs.c.owner == self._owner, is_open).values(lease_until=now + LEASE)
            ours = {row.key for row in await connection.execute(renewal.returning(runs.c.key))}
            await self._write_posts(connection, ours, changes, now)
            await self._write_calls(connection, ours, changes)
            await self._write_answers(connection, ours, changes)
            ends = [{"_key": key, "_state": state} for key, state in changes.ends.items() if key in ours]
            if ends:
                # Whoever has the response URL can write in the bot's name; nobody needs it any more.
                end = update(runs).where(runs.c.key == bindparam("_key"))
                end = end.values(state=bindparam("_state"), ended_at=now, owner=None, response_url=None)
                await connection.execute(end, ends)
            if changes.edits:
                whose = {"workspace": self._workspace, "owner": self._owner}
                await connection.execute(insert(edits), [{**whose, "at": at} for at in changes.edits])
            return ours

        return await self._database.do(work)

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
                .where(runs.c.workspace == self._workspace)
                .order_by(runs.c.asked_at, runs.c.key)
                .limit(limit)
                .with_for_update(skip_locked=True)  # SQLite has no such thing, and locks everything anyway
            )
            found = (await connection.execute(free)).all()
            if not found:
                return []
            keys = [run.key for run in found]
            taken = update(runs).where(runs.c.key.in_(keys)).values(owner=self._owner, lease_until=now + LEASE)
            await connection.execute(taken)
            posts = await connection.execute(
                select(messages).where(messages.c.run.in_(keys)).order_by(messages.c.place)
            )
            drafts = await connection.execute(select(answers).where(answers.c.run.in_(keys)))
            return _read_records(found, posts, drafts)

        return await self._database.do(work)

    async def release(self, keys: Iterable[str]) -> None:
        """Give up the leases of these runs, as far as they are this process's: anybody may take them up at once."""
        keys = list(keys)
        if not keys:
            return

        async def work(connection: AsyncConnection) -> None:
            owned = update(runs).where(runs.c.key.in_(keys), runs.c.owner == self._owner)
            await connection.execute(owned.values(owner=None, lease_until=0.0))

        await self._database.do(work)

    async def clear(self, before: float, limit: int) -> int:
        """Forget up to `limit` runs that ended before then, and edits that count no more; how many runs."""
        now = self._clock()

        async def work(connection: AsyncConnection) -> int:
            await connection.execute(delete(edits).where(edits.c.at < now - EDITS_KEPT))
            oldest = select(runs.c.key).where(runs.c.ended_at < before).limit(limit)
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
                .where(runs.c.asked_at >= at, runs.c.ended_at.is_not(None), runs.c.state != "refused")
                .where(runs.c.workspace == self._workspace)
            )
            return [(row.user, row.asked_at) for row in await connection.execute(asked.order_by(runs.c.asked_at))]

        return await self._database.do(work)

    async def edits_since(self, at: float) -> list[float]:
        """When other processes started edits since, in order."""

        async def work(connection: AsyncConnection) -> list[float]:
            others = (edits.c.workspace == self._workspace, edits.c.owner != self._owner)
            sent = select(edits.c.at).where(edits.c.at >= at, *others)
            return [row.at for row in await connection.execute(sent.order_by(edits.c.at))]

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
        if version is None:
            await connection.execute(insert(schema).values(version=VERSION))

    async def _write_posts(self, connection: AsyncConnection, ours: set[str], changes: Changes, now: float) -> None:
        posts = {key: ts for key, ts in changes.posts.items() if key[0] in ours}
        withdrawn = [key for key, ts in posts.items() if ts is WITHDRAWN]
        if withdrawn:
            identity = tuple_(messages.c.run, messages.c.part)
            await connection.execute(delete(messages).where(identity.in_(withdrawn)))
        rows = [
            {"_run": run, "_part": part, "_ts": ts, "_at": now if ts is None else 0.0}
            for (run, part), ts in posts.items()
            if ts is not WITHDRAWN
        ]
        if rows:
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
            await connection.execute(statement.on_conflict_do_update(index_elements=["run", "part"], set_=news), rows)

    async def _write_calls(self, connection: AsyncConnection, ours: set[str], changes: Changes) -> None:
        rows = [
            {"_run": run, "_part": part, "_at": at or 0.0} for (run, part), at in changes.calls.items() if run in ours
        ]
        if rows:
            call = update(messages).where(messages.c.run == bindparam("_run"), messages.c.part == bindparam("_part"))
            call = call.where(messages.c.ts.is_not(None)).values(intended_at=bindparam("_at"))
            await connection.execute(call, rows)

    async def _write_answers(self, connection: AsyncConnection, ours: set[str], changes: Changes) -> None:
        rows = [
            {
                "run": run,
                "name": name,
                "state": draft.state.value,
                "reason": draft.reason,
                "text": draft.text,
                "model": draft.model,
                "seconds": draft.seconds,
                "tokens": draft.tokens,
            }
            for (run, name), draft in changes.answers.items()
            if run in ours
        ]
        if rows:
            statement = self._database.insert(answers)
            news = {column.name: column for column in statement.excluded if not column.primary_key}
            await connection.execute(statement.on_conflict_do_update(index_elements=["run", "name"], set_=news), rows)


def _read_version(connection: Connection) -> int | None:
    """The version of the schema that is there; None where there is none yet."""
    if not inspect(connection).has_table(schema.name):
        return None
    return connection.execute(select(schema.c.version)).scalar()


def _read_records(runs: Iterable[Row[Any]], messages: Iterable[Row[Any]], answers: Iterable[Row[Any]]) -> list[Record]:
    posts: dict[str, dict[str, str | None]] = {}
    drafts: dict[str, dict[str, Draft]] = {}
    left_at: dict[str, float] = {}
    calls: dict[str, dict[str, float]] = {}
    for row in messages:
        posts.setdefault(row.run, {})[row.part] = row.ts
        if row.ts is None:
            left_at[row.run] = max(left_at.get(row.run, 0.0), row.intended_at)
        elif row.intended_at:
            calls.setdefault(row.run, {})[row.part] = row.intended_at
    for row in answers:
        drafts.setdefault(row.run, {})[row.name] = Draft(
            row.text, State(row.state), row.reason, row.model, row.seconds, row.tokens
        )
    return [
        Record(
            question=Question(
                run.key, run.problem, run.user, run.channel, run.thread_ts, run.whisper_ts, run.response_url
            ),
            asked_at=run.asked_at,
            posts=posts.get(run.key, {}),
            answers=drafts.get(run.key, {}),
            left_at=left_at.get(run.key, 0.0),
            calls=calls.get(run.key, {}),
        )
        for run in runs
    ]


async def _shrink(connection: AsyncConnection) -> None:
    """Give the file's free pages back. A transaction would stand in the way."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    # Each step frees one page, and sqlite3 takes more than one step in scripts alone.
    await driver.executescript(f"PRAGMA incremental_vacuum({VACUUM}); PRAGMA wal_checkpoint(TRUNCATE);")
