"""One connection to a database, SQLite or PostgreSQL: what differs between the two, and one transaction after another.

Laws:

- Transactions are carried out one at a time, in the order in which they are asked for.
- Whatever fails is a `StoreError`. It names the failure, and quotes neither what was to be written nor the password.
- Whoever is cancelled leaves at once. A driver cannot be stopped safely in the middle of a statement, so the
  transaction goes on for as long as the driver's limits let it, and is undone unless its commit has begun.
"""

import asyncio
import logging
import os
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from sqlalchemy import Table, event
from sqlalchemy.engine import URL, Connection
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from bot.errors import BotError, SettingsError, StoreError

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

_EXAMPLES = "sqlite:///perspectives.sqlite or postgresql://user:password@host/name"
# What libpq knows and asyncpg does not: it would ask the server, which refuses. Hosts put some into their URLs.
_UNKNOWN_TO_ASYNCPG = {
    "channel_binding", "connect_timeout", "gssencmode", "keepalives", "keepalives_count", "keepalives_idle",
    "keepalives_interval", "pgbouncer", "sslsni", "tcp_user_timeout",
}  # fmt: skip
_SSL_MODES = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}

_T = TypeVar("_T")


class Database:
    """The database at `url`.

    `place` is where it is, in words for people, with no user and no password; `path` its file, if it is one. `insert`
    is the dialect's, which knows what to do on a conflict.

    Raises:
        SettingsError: no database can be at such a URL.
    """

    def __init__(self, url: str) -> None:
        self._turn = asyncio.Lock()
        self.path: Path | None = None
        self.insert: Callable[[Table], Any]
        scheme, _, rest = url.partition("://")
        match scheme.partition("+")[0]:
            case "sqlite":
                self._use_sqlite(rest)
            case "postgres" | "postgresql":
                self._use_postgresql(url)
            case _:
                raise SettingsError(f"DATABASE_URL is no address of SQLite or PostgreSQL, such as {_EXAMPLES}.")

    @property
    def is_postgresql(self) -> bool:
        """Whether it is PostgreSQL."""
        return self._engine.dialect.name == "postgresql"

    async def close(self) -> None:
        """Close the connection, once what is under way has ended, if that does not take long."""
        with suppress(Exception):  # it ends one way or the other
            async with asyncio.timeout(CLOSE_PATIENCE), self._turn:
                await self._engine.dispose()

    def make_file(self) -> None:
        """Make the file before SQLite does: it holds what people wrote, and only this user may read it.

        Raises:
            SettingsError: its directory does not exist.
            StoreError: it cannot be made.
        """
        if self.path is None:
            return
        if not self.path.parent.is_dir():
            raise SettingsError(f"DATABASE_URL: there is no directory {self.path.parent}.")
        try:
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as error:
            raise self._translate(error) from error

    async def do(self, work: Callable[[AsyncConnection], Awaitable[_T]], *, in_transaction: bool = True) -> _T:
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
        except BotError:
            raise
        except Exception as error:
            # Drivers raise what they like, above all where a server is not what it seems.
            raise self._translate(error) from error

    def _translate(self, error: Exception) -> StoreError:
        """Name a failure. Databases' own messages may quote what was to be written."""
        cause: BaseException = error
        while isinstance(cause.__cause__, Exception):
            cause = cause.__cause__
        code = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None)
        name = type(cause).__name__ + (f" {code}" if code else "")
        return StoreError(f"{self.place}: the database did not do what it was asked ({name})")

    def _use_sqlite(self, rest: str) -> None:
        if rest in {"", "/", "/:memory:"}:
            database, self.place = ":memory:", "memory: they end with the process"
        elif not rest.startswith("/") or "?" in rest or rest.endswith("/"):
            raise SettingsError(
                "DATABASE_URL is no address of a file: three slashes and its path, such as "
                "sqlite:///perspectives.sqlite, or sqlite:////data/perspectives.sqlite from the root."
            )
        else:
            self.path = Path(rest[1:])
            try:
                self.path.absolute()  # the driver wants it so
            except FileNotFoundError as error:
                raise SettingsError("DATABASE_URL: the working directory is there no more.") from error
            database, self.place = str(self.path), f"SQLite, {self.path}"
        from sqlalchemy.dialects.sqlite import insert as sqlite_insert  # noqa: PLC0415 - see _use_postgresql

        self.insert = sqlite_insert
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
        dsn, self.place = _read_dsn(url)
        # The driver and its dialect take 5 MiB: only who uses them has them.
        from sqlalchemy.dialects.postgresql import insert as postgresql_insert  # noqa: PLC0415

        self.insert = postgresql_insert
        self._engine = create_async_engine(
            "postgresql+asyncpg://",
            hide_parameters=True,
            pool_size=1,
            max_overflow=0,
            pool_pre_ping=True,
            connect_args={"dsn": dsn, "timeout": CONNECT_PATIENCE, "command_timeout": COMMAND_PATIENCE},
        )


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
