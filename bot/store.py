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

import asyncio
import logging
import os
import re
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from sqlalchemy import (
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Row,
    Table,
    Text,
    TypeDecorator,
    bindparam,
    delete,
    event,
    func,
    insert,
    inspect,
    select,
    tuple_,
    update,
)
from sqlalchemy.engine import URL, Connection, Dialect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from bot.draft import Draft, State
from bot.errors import SettingsError, StoreError
from bot.question import Question

LEASE = 10.0  # seconds; what a killed process leaves is taken up so much later, and a pause as long costs no run
VERSION = 1  # of the schema below; a change to it needs a step from the old one in `open`
EDITS_KEPT = 120.0  # seconds; Slack's limits look back one minute

SQLITE_PATIENCE = 1.0  # seconds to wait for another process's lock
COMMAND_PATIENCE = 1.5  # seconds for one statement in PostgreSQL, a wait for a row's lock included
CONNECT_PATIENCE = 5.0  # seconds; a hosted database may have to wake up, and Slack's person does not wait for it
CLOSE_PATIENCE = 3.0  # seconds for what is under way when the store is closed

# A commit waits for the disk (synchronous=FULL): a question that Slack was told to be ours must outlive a power cut.
# Measured on an SSD: 0.5 ms of the 3 to 8 that a call takes. A disk that spins, or a network's, takes ten and more.
_PRAGMAS = (
    "auto_vacuum = INCREMENTAL",  # only an empty file takes it, and the next line writes to it
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
)
_VACUUM = 10_000  # pages of 4 KiB that one `clear` gives back at most: nobody can write meanwhile
_OPENING = 0x70657273  # the advisory lock of processes that make the schema in PostgreSQL; any number

_EXAMPLES = "sqlite:///perspectives.sqlite or postgresql://user:password@host/name"
# What libpq knows and asyncpg does not: it would ask the server, which refuses. Hosts put some into their URLs.
_UNKNOWN_TO_ASYNCPG = {
    "channel_binding", "connect_timeout", "gssencmode", "keepalives", "keepalives_count", "keepalives_idle",
    "keepalives_interval", "pgbouncer", "sslsni", "tcp_user_timeout",
}  # fmt: skip
_SSL_MODES = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}

_T = TypeVar("_T")


class Withdrawn(Enum):
    """The type of `WITHDRAWN`."""

    WITHDRAWN = "withdrawn"


WITHDRAWN = Withdrawn.WITHDRAWN  # in place of a message's ts: it was intended, and was not posted


@dataclass(frozen=True, slots=True)
class Record:
    """A run as its last owner left it.

    `posts` is in the order of their intents; a part whose ts is None was intended, and nobody knows whether it was
    posted. `answers` has the newest draft of each perspective that was kept.
    """

    question: Question
    asked_at: float
    posts: Mapping[str, str | None]
    answers: Mapping[str, Draft]


@dataclass(slots=True)
class Changes:
    """What is to be written. Keys begin with a run's; `ends` tells the state in which a run ended."""

    posts: dict[tuple[str, str], str | Withdrawn | None] = field(default_factory=dict)
    answers: dict[tuple[str, str], Draft] = field(default_factory=dict)
    ends: dict[str, str] = field(default_factory=dict)
    edits: list[float] = field(default_factory=list)


class _Words(TypeDecorator[str]):
    """Text; what PostgreSQL cannot store of a string becomes U+FFFD, in SQLite too."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        return None if value is None else re.sub("[\x00\ud800-\udfff]", "\ufffd", value)


_tables = MetaData()
_schema = Table("perspectives_schema", _tables, Column("version", Integer, nullable=False))
_runs = Table(
    "runs",
    _tables,
    Column("key", _Words, primary_key=True),
    Column("problem", _Words, nullable=False),
    Column("user", _Words, nullable=False),
    Column("channel", _Words, nullable=False),
    Column("thread_ts", _Words),
    Column("whisper_ts", _Words),
    Column("response_url", _Words),
    Column("state", _Words, nullable=False),
    Column("owner", _Words),
    Column("lease_until", Double, nullable=False),
    Column("asked_at", Double, nullable=False, index=True),
    Column("ended_at", Double, index=True),  # an open run has none: the index finds these, and the old ones
)
_messages = Table(
    "messages",
    _tables,
    Column("run", _Words, ForeignKey(_runs.c.key, ondelete="CASCADE"), primary_key=True),
    Column("part", _Words, primary_key=True),
    Column("place", Integer, nullable=False),  # among the run's: a clock may show the same time twice
    Column("intended_at", Double, nullable=False),
    Column("ts", _Words),
)
_answers = Table(
    "answers",
    _tables,
    Column("run", _Words, ForeignKey(_runs.c.key, ondelete="CASCADE"), primary_key=True),
    Column("name", _Words, primary_key=True),
    Column("state", _Words, nullable=False),
    Column("reason", _Words, nullable=False),
    Column("text", _Words, nullable=False),
    Column("model", _Words, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("tokens", Integer, nullable=False),
)
_edits = Table("edits", _tables, Column("owner", _Words, nullable=False), Column("at", Double, nullable=False))
Index("ix_edits_at", _edits.c.at)

_is_open = _runs.c.ended_at.is_(None)


class Store:
    """The database at `url`, for one process: `owner` names this process, and no other nor an earlier one.

    Times are seconds since 1970, as `clock` tells them. Use it as an asynchronous context manager, and call `open`
    before anything else; `open` may be called again, above all where it failed. All calls raise `StoreError`.

    Raises:
        SettingsError: the database cannot be at such a URL.
    """

    def __init__(self, url: str, *, owner: str, clock: Callable[[], float]) -> None:
        self._owner = owner
        self._clock = clock
        self._turn = asyncio.Lock()
        self._path: Path | None = None
        self._failures: tuple[type[Exception], ...] = (SQLAlchemyError, sqlite3.Error, OSError)
        self._insert: Callable[[Table], Any]
        scheme, _, rest = url.partition("://")
        match scheme.partition("+")[0]:
            case "sqlite":
                self._use_sqlite(rest)
            case "postgres" | "postgresql":
                self._use_postgresql(url)
            case _:
                raise SettingsError(f"DATABASE_URL is no address of SQLite or PostgreSQL, such as {_EXAMPLES}.")

    @property
    def place(self) -> str:
        """Where runs are kept, in words for people; no user and no password."""
        return self._place

    @property
    def is_file(self) -> bool:
        """Whether it is a file of SQLite's, which ends with its disk."""
        return self._path is not None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with suppress(*self._failures):
            async with asyncio.timeout(CLOSE_PATIENCE), self._turn:
                await self._engine.dispose()

    async def open(self) -> None:
        """Connect, and make the tables where they are missing.

        Raises:
            SettingsError: a newer version of this program made the tables, or the file's directory does not exist.
            StoreError: it could not be done.
        """

        async def work(connection: AsyncConnection) -> None:
            if self._engine.dialect.name == "postgresql":
                await connection.execute(select(func.pg_advisory_xact_lock(_OPENING)))
            version = await connection.run_sync(_read_version)
            if version is not None and version > VERSION:
                raise SettingsError(
                    f"DATABASE_URL: a newer version of this program has used this database (its schema is {version}, "
                    f"this one knows {VERSION}). Run the newer program, or name another database."
                )
            await connection.run_sync(_tables.create_all)
            if version is None:
                await connection.execute(insert(_schema).values(version=VERSION))

        if self._path is not None:
            try:
                _make_file(self._path)
            except OSError as error:
                raise self._translate(error) from error
        await self._do(work)

    async def add(self, question: Question) -> bool:
        """Write a question down, as an open run of this process; False where its key is known already."""
        now = self._clock()
        row = {
            "key": question.key,
            "problem": question.problem,
            "user": question.user,
            "channel": question.channel,
            "thread_ts": question.thread_ts,
            "whisper_ts": question.whisper_ts,
            "response_url": question.response_url,
            "state": "open",
            "owner": self._owner,
            "lease_until": now + LEASE,
            "asked_at": now,
        }

        async def work(connection: AsyncConnection) -> bool:
            statement = self._insert(_runs).values(row).on_conflict_do_nothing().returning(_runs.c.key)
            return (await connection.execute(statement)).first() is not None

        return await self._do(work)

    async def save(self, changes: Changes) -> set[str]:
        """Renew the leases of all open runs of this process, and write the changes of those.

        Returns the keys of those runs, of them that have ended with this call too. What was to be written of others
        is left out: another process owns them.
        """
        now = self._clock()

        async def work(connection: AsyncConnection) -> set[str]:
            # In PostgreSQL this locks the rows too: nobody takes them up until all is written.
            renewal = update(_runs).where(_runs.c.owner == self._owner, _is_open).values(lease_until=now + LEASE)
            ours = {row.key for row in await connection.execute(renewal.returning(_runs.c.key))}
            await self._write_posts(connection, ours, changes, now)
            await self._write_answers(connection, ours, changes)
            ends = [{"_key": key, "_state": state} for key, state in changes.ends.items() if key in ours]
            if ends:
                # Whoever has the response URL can write in the bot's name; nobody needs it any more.
                end = update(_runs).where(_runs.c.key == bindparam("_key"))
                end = end.values(state=bindparam("_state"), ended_at=now, owner=None, response_url=None)
                await connection.execute(end, ends)
            if changes.edits:
                await connection.execute(insert(_edits), [{"owner": self._owner, "at": at} for at in changes.edits])
            return ours

        return await self._do(work)

    async def claim(self, limit: int = 20) -> list[Record]:
        """Take up to `limit` open runs of others whose lease has ended or was given up, the oldest first.

        However many processes ask at once, one gets each. What this process owns is not among them, be its lease at
        an end: the next `save` renews it.
        """
        now = self._clock()

        async def work(connection: AsyncConnection) -> list[Record]:
            free = (
                select(_runs)
                .where(_is_open, _runs.c.lease_until <= now, _runs.c.owner.is_distinct_from(self._owner))
                .order_by(_runs.c.asked_at, _runs.c.key)
                .limit(limit)
                .with_for_update(skip_locked=True)  # SQLite has no such thing, and locks everything anyway
            )
            runs = (await connection.execute(free)).all()
            if not runs:
                return []
            keys = [run.key for run in runs]
            taken = update(_runs).where(_runs.c.key.in_(keys)).values(owner=self._owner, lease_until=now + LEASE)
            await connection.execute(taken)
            messages = select(_messages).where(_messages.c.run.in_(keys)).order_by(_messages.c.place)
            answers = select(_answers).where(_answers.c.run.in_(keys))
            return _read_records(
                runs, (await connection.execute(messages)).all(), (await connection.execute(answers)).all()
            )

        return await self._do(work)

    async def release(self, keys: Iterable[str]) -> None:
        """Give up the leases of these runs, as far as they are this process's: anybody may take them up at once."""
        keys = list(keys)
        if not keys:
            return

        async def work(connection: AsyncConnection) -> None:
            owned = update(_runs).where(_runs.c.key.in_(keys), _runs.c.owner == self._owner)
            await connection.execute(owned.values(owner=None, lease_until=0.0))

        await self._do(work)

    async def clear(self, before: float) -> int:
        """Forget runs that ended before then, and edits that count no more; how many runs."""
        now = self._clock()

        async def work(connection: AsyncConnection) -> int:
            await connection.execute(delete(_edits).where(_edits.c.at < now - EDITS_KEPT))
            old = delete(_runs).where(_runs.c.ended_at < before).returning(_runs.c.key)
            return len((await connection.execute(old)).all())

        count = await self._do(work)
        if self._path is not None:
            await self._do(_shrink, in_transaction=False)
        return count

    async def asked_since(self, at: float) -> list[tuple[str, float]]:
        """Who asked, and when, in runs asked since; the refused ones do not count."""

        async def work(connection: AsyncConnection) -> list[tuple[str, float]]:
            asked = select(_runs.c.user, _runs.c.asked_at).where(_runs.c.asked_at >= at, _runs.c.state != "refused")
            return [(row.user, row.asked_at) for row in await connection.execute(asked.order_by(_runs.c.asked_at))]

        return await self._do(work)

    async def edits_since(self, at: float) -> list[float]:
        """When other processes started edits since, in order."""

        async def work(connection: AsyncConnection) -> list[float]:
            edits = select(_edits.c.at).where(_edits.c.at >= at, _edits.c.owner != self._owner)
            return [row.at for row in await connection.execute(edits.order_by(_edits.c.at))]

        return await self._do(work)

    async def _write_posts(self, connection: AsyncConnection, ours: set[str], changes: Changes, now: float) -> None:
        posts = {key: ts for key, ts in changes.posts.items() if key[0] in ours}
        withdrawn = [key for key, ts in posts.items() if ts is WITHDRAWN]
        if withdrawn:
            identity = tuple_(_messages.c.run, _messages.c.part)
            await connection.execute(delete(_messages).where(identity.in_(withdrawn)))
        rows = [{"_run": run, "_part": part, "_ts": ts} for (run, part), ts in posts.items() if ts is not WITHDRAWN]
        if rows:
            others = _messages.alias()
            last = select(func.coalesce(func.max(others.c.place), 0) + 1).where(others.c.run == bindparam("_run"))
            row = {
                "run": bindparam("_run"),
                "part": bindparam("_part"),
                "place": last.scalar_subquery(),
                "intended_at": now,
                "ts": bindparam("_ts"),
            }
            statement = self._insert(_messages).values(row)
            news = {"ts": statement.excluded.ts}
            await connection.execute(statement.on_conflict_do_update(index_elements=["run", "part"], set_=news), rows)

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
            statement = self._insert(_answers)
            news = {column.name: column for column in statement.excluded if not column.primary_key}
            await connection.execute(statement.on_conflict_do_update(index_elements=["run", "name"], set_=news), rows)

    async def _do(self, work: Callable[[AsyncConnection], Awaitable[_T]], *, in_transaction: bool = True) -> _T:
        """Do `work` in a transaction of its own, when it is its turn.

        Raises:
            StoreError: the database or its driver failed.
        """
        is_wanted = True

        async def carry_out() -> _T:
            async with self._engine.connect() as connection:
                if not in_transaction:
                    return await work(connection)
                async with connection.begin() as transaction:
                    result = await work(connection)
                    if not is_wanted:
                        await transaction.rollback()
                return result

        def end(task: asyncio.Task[_T]) -> None:
            self._turn.release()
            if not task.cancelled():
                task.exception()  # it may be that nobody waits for it any more

        await self._turn.acquire()
        # Whoever closes the store waits for its turn, and so for this task.
        task = asyncio.create_task(carry_out())
        task.add_done_callback(end)
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            is_wanted = False
            raise
        try:
            return task.result()
        except self._failures as error:
            raise self._translate(error) from error

    def _translate(self, error: Exception) -> StoreError:
        """Name a failure. Databases' own messages may quote what was to be written."""
        cause: BaseException = error
        while isinstance(cause.__cause__, Exception):
            cause = cause.__cause__
        code = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None)
        name = type(cause).__name__ + (f" {code}" if code else "")
        return StoreError(f"{self._place}: the database did not do what it was asked ({name})")

    def _use_sqlite(self, rest: str) -> None:
        if rest in {"", "/", "/:memory:"}:
            database, self._place = ":memory:", "memory: they end with the process"
        elif not rest.startswith("/") or "?" in rest or rest.endswith("/"):
            raise SettingsError(
                "DATABASE_URL is no address of a file: three slashes and its path, such as "
                "sqlite:///perspectives.sqlite, or sqlite:////data/perspectives.sqlite from the root."
            )
        else:
            self._path = Path(rest[1:])
            database, self._place = str(self._path), f"SQLite, {self._path}"
        from sqlalchemy.dialects.sqlite import insert as sqlite_insert  # noqa: PLC0415 - see _use_postgresql

        self._insert = sqlite_insert
        # It logs statements with what they write, at a level that somebody may set for all.
        logging.getLogger("aiosqlite").setLevel(logging.INFO)
        self._engine = create_async_engine(
            URL.create("sqlite+aiosqlite", database=database),
            hide_parameters=True,
            poolclass=AsyncAdaptedQueuePool,
            pool_size=1,
            max_overflow=0,
            connect_args={"timeout": SQLITE_PATIENCE, "isolation_level": None},
        )
        event.listen(self._engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(self._engine.sync_engine, "begin", _begin_sqlite)

    def _use_postgresql(self, url: str) -> None:
        dsn, self._place = _read_dsn(url)
        # The driver and its dialect take 5 MiB: only who uses them has them.
        import asyncpg  # type: ignore[import-untyped]  # noqa: PLC0415
        from sqlalchemy.dialects.postgresql import insert as postgresql_insert  # noqa: PLC0415

        self._insert = postgresql_insert
        self._failures += (asyncpg.PostgresError, asyncpg.InterfaceError)
        self._engine = create_async_engine(
            "postgresql+asyncpg://",
            hide_parameters=True,
            pool_size=1,
            max_overflow=0,
            pool_pre_ping=True,
            connect_args={"dsn": dsn, "timeout": CONNECT_PATIENCE, "command_timeout": COMMAND_PATIENCE},
        )


def _read_version(connection: Connection) -> int | None:
    """The version of the schema that is there; None where there is none yet."""
    if not inspect(connection).has_table(_schema.name):
        return None
    return connection.execute(select(_schema.c.version)).scalar()


def _read_records(runs: Iterable[Row[Any]], messages: Iterable[Row[Any]], answers: Iterable[Row[Any]]) -> list[Record]:
    posts: dict[str, dict[str, str | None]] = {}
    drafts: dict[str, dict[str, Draft]] = {}
    for row in messages:
        posts.setdefault(row.run, {})[row.part] = row.ts
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
        )
        for run in runs
    ]


def _make_file(path: Path) -> None:
    """Make the file before SQLite does: it holds what people wrote, and only this user may read it."""
    if not path.parent.is_dir():
        raise SettingsError(f"DATABASE_URL: there is no directory {path.parent}.")
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _prepare_sqlite(connection: Any, _: object) -> None:
    """Set a new connection up."""
    connection.run_async(_set_pragmas)


async def _set_pragmas(driver: Any) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + SQLITE_PATIENCE
    for pragma in _PRAGMAS:
        while True:
            try:
                await driver.execute_fetchall(f"PRAGMA {pragma}")
                break
            except sqlite3.OperationalError as error:
                # SQLite does not wait by itself where two processes turn a new file's log on.
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or loop.time() > deadline:
                    raise
            await asyncio.sleep(0.01)


def _begin_sqlite(connection: Connection) -> None:
    """Begin as one who writes: a reader may be refused at its first write, at once. sqlite3 says `BEGIN` late."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


async def _shrink(connection: AsyncConnection) -> None:
    """Give the file's free pages back. A transaction would stand in the way."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    # Each step frees one page, and sqlite3 takes more than one step in scripts alone.
    await driver.executescript(f"PRAGMA incremental_vacuum({_VACUUM}); PRAGMA wal_checkpoint(TRUNCATE);")


def _read_dsn(url: str) -> tuple[str, str]:
    """A URL as asyncpg takes it, and where that is in words without user and password.

    Raises:
        SettingsError: it is no such URL.
    """
    try:
        parts = urlsplit(url)
        identity, at, hosts = parts.netloc.rpartition("@")
        for host in hosts.split(","):
            _ = urlsplit(f"//{host}").port
    except ValueError:
        # Its message quotes what stands where a port should: a piece of the password, perhaps.
        raise SettingsError(
            "DATABASE_URL is no address of PostgreSQL, such as postgresql://user:password@host/name. Do characters "
            "like / # ? in the password stand as %2F %23 %3F?"
        ) from None
    options = {name: value for name, value in parse_qsl(parts.query) if name not in _UNKNOWN_TO_ASYNCPG}
    if options.get("sslmode", "prefer") not in _SSL_MODES:
        raise SettingsError(f"DATABASE_URL: its sslmode is not one of {', '.join(sorted(_SSL_MODES))}.")
    user, colon, password = identity.partition(":")
    identity = quote(unquote(user), safe="") + colon + quote(unquote(password), safe="") + at
    place = hosts if not hosts or "," in hosts or urlsplit(f"//{hosts}").port else f"{hosts}:5432"
    dsn = f"postgresql://{identity}{hosts}{parts.path}"
    return dsn + (f"?{urlencode(options)}" if options else ""), f"PostgreSQL, {place}{parts.path}"
