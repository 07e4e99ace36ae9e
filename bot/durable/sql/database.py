"""One connection to a database, SQLite or PostgreSQL: what differs between the two, and one transaction after another.

Laws:

- Transactions are carried out one at a time, in the order in which they are asked for.
- Whatever fails is a `StoreError`. It names the failure, and quotes neither what was to be written nor the password.
- Whoever is cancelled leaves at once. A driver cannot be stopped safely in the middle of a statement, so the
  transaction goes on for as long as its limits let it, and is undone unless its commit has begun.
- A connection on which something failed is not used again: a server that has become read-only, or one that was ended,
  would fail for ever on it. What was asked for is tried once more on a new one, unless its commit had begun.
- A file that somebody has removed or replaced is noticed before anything is written.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Table, create_engine, event
from sqlalchemy.engine import URL, Connection
from sqlalchemy.pool import AsyncAdaptedQueuePool

from bot.durable.sql import postgresql, sqlite
from bot.durable.sql.connection import AsyncConnection, connect, dispose
from bot.durable.sql.database_errors import is_connections, is_wait, translate
from bot.durable.sql.dsn import read_dsn
from bot.durable.sql.kinds import Kind, find_kind
from bot.errors import BotError, SettingsError, StoreError

TRANSACTION_TIMEOUT = 3.0  # seconds until a server that says nothing is held to be gone
CONNECT_LIMIT = 8.0  # seconds for all addresses of a server
CLOSE_TIMEOUT = 3.0  # seconds for what is under way when the store is closed

logger = logging.getLogger(__name__)

_EXAMPLES = "sqlite:///perspectives.sqlite or postgresql://user:password@host/name"

_T = TypeVar("_T")


@dataclass(slots=True)
class _Job:
    """How far a transaction has come."""

    is_wanted: bool = True  # whether somebody still waits for it
    is_committing: bool = False
    is_on_new_connection: bool = True
    has_waited: bool = False  # in vain, for a server that said nothing


class Database:
    """The database at `url`.

    `location` is where it is, in words for people, with no user and no password; `path` its file, if it is one;
    `dropped` has the parameters of the URL that were left out, and why. `insert` is the dialect's, which knows what to
    do on a conflict. `prepare` makes what is missing: it is called by `open`, and later on each new connection.

    Raises:
        SettingsError: no database can be at such a URL.
    """

    def __init__(self, url: str, prepare: Callable[[AsyncConnection], Awaitable[None]]) -> None:
        self._prepare = prepare
        self._turn = asyncio.Lock()
        self._is_open = False
        self._is_memory = False
        self._file: sqlite.File | None = None
        self._driver: Any = None  # the newest connection to a server
        self._connect: Callable[[], Awaitable[Any]]
        self.dropped: dict[str, str] = {}
        self.insert: Callable[[Table], Any]
        match find_kind(url):
            case Kind.SQLITE:
                self._use_sqlite(url.partition("://")[2])
            case Kind.POSTGRESQL:
                self._use_postgresql(url)
            case None:
                raise SettingsError(f"DATABASE_URL is no address of SQLite or PostgreSQL, such as {_EXAMPLES}.")

    @property
    def path(self) -> Path | None:
        """Its file, if it is one."""
        return self._file.path if self._file else None

    @property
    def is_postgresql(self) -> bool:
        """Whether it is PostgreSQL."""
        return self._engine.dialect.name == "postgresql"

    async def connect_apart(self) -> Any:
        """A connection to a server that is nobody else's: the driver's own, for what comes without being asked for."""
        connection: Any = await self._connect()
        return connection

    async def open(self) -> None:
        """Connect, and make what is missing; it may be called again.

        Raises:
            SettingsError: its directory does not exist, or what `prepare` raises.
            StoreError: it could not be done.
        """
        if self._file and not self._file.path.parent.is_dir():
            raise SettingsError(f"DATABASE_URL: there is no directory {self._file.path.parent}.")
        await self.do(self._prepare)
        self._is_open = True

    async def close(self) -> None:
        """Close the connection, once what is under way has ended, if that does not take long."""
        with suppress(Exception):  # it ends one way or the other
            async with asyncio.timeout(CLOSE_TIMEOUT), self._turn:
                await dispose(self._engine)

    async def do(self, work: Callable[[AsyncConnection], Awaitable[_T]], *, in_transaction: bool = True) -> _T:
        """Do `work` in a transaction of its own, when it is its turn.

        It may be done twice, where the first try was undone.

        Raises:
            StoreError: the database or its driver failed.
        """
        job = _Job()

        def end(task: asyncio.Task[_T]) -> None:
            self._turn.release()
            if not task.cancelled():
                task.exception()  # it may be that nobody waits for it any more

        await self._turn.acquire()
        # Whoever closes the store waits for its turn, and so for this task.
        task = asyncio.create_task(self._carry_out(work, job, in_transaction=in_transaction))
        task.add_done_callback(end)
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            job.is_wanted = False
            raise
        try:
            return task.result()
        except BotError:
            raise
        except Exception as error:
            # Drivers raise what they like, above all where a server is not what it seems.
            raise translate(error, location=self.location, is_postgresql=self.is_postgresql) from error

    async def _carry_out(
        self, work: Callable[[AsyncConnection], Awaitable[_T]], job: _Job, *, in_transaction: bool
    ) -> _T:
        if self._file:
            await self._follow(self._file)
        try:
            return await self._try(work, job, in_transaction=in_transaction)
        except Exception as error:
            may_repeat = job.is_wanted and not (job.is_committing or job.is_on_new_connection or job.has_waited)
            if not may_repeat or not is_connections(error) or is_wait(error):
                raise
        return await self._try(work, job, in_transaction=in_transaction)

    async def _try(self, work: Callable[[AsyncConnection], Awaitable[_T]], job: _Job, *, in_transaction: bool) -> _T:
        job.is_on_new_connection = True
        loop = asyncio.get_running_loop()
        watch = loop.call_later(CONNECT_LIMIT + TRANSACTION_TIMEOUT, self._hang_up, job)
        try:
            async with connect(self._engine) as connection:
                watch.cancel()
                watch = loop.call_later(TRANSACTION_TIMEOUT, self._hang_up, job)
                job.is_on_new_connection = "is_used" not in connection.info
                connection.info["is_used"] = True
                try:
                    if not in_transaction:
                        return await work(connection)
                    if job.is_on_new_connection and self._is_open:
                        await self._prepare_again(connection)
                    await connection.begin()
                    result = await work(connection)
                    if job.is_wanted:
                        job.is_committing = True
                        await connection.commit()
                    else:
                        await connection.rollback()
                except Exception as error:
                    if is_connections(error) and not self._is_memory:
                        await connection.invalidate()
                    raise
            return result
        finally:
            watch.cancel()
            if self._file:
                self._file.note()

    async def _prepare_again(self, connection: AsyncConnection) -> None:
        """Make what is missing in what is perhaps another database: a restored one, a new file."""
        try:
            await connection.begin()
            await self._prepare(connection)
            await connection.commit()
        except SettingsError as error:
            raise StoreError(str(error)) from error

    async def _follow(self, file: sqlite.File) -> None:
        """Have the next connection be one to the file that is there now, made where it is missing."""
        if file.has_moved:
            logger.warning("store.moved place=%s: the file was removed or replaced; going on in the new one", file.path)
            await dispose(self._engine)
            file.clear()
        file.make()

    def _hang_up(self, job: _Job) -> None:
        """End the connection to a server that says nothing: whoever waits for it sees it broken."""
        job.has_waited = True
        with suppress(Exception), socket.socket(fileno=os.dup(self._driver.fileno())) as connection:
            connection.shutdown(socket.SHUT_RDWR)

    def _use_sqlite(self, rest: str) -> None:
        if rest in {"", "/", "/:memory:"}:
            self._is_memory = True
            database, self.location = ":memory:", "memory: they end with the process"
        elif not rest.startswith("/") or "?" in rest or rest.endswith("/"):
            raise SettingsError(
                "DATABASE_URL is no address of a file: three slashes and its path, such as "
                "sqlite:///perspectives.sqlite, or sqlite:////data/perspectives.sqlite from the root."
            )
        else:
            path = Path(rest[1:])
            try:
                path.absolute()  # the driver wants it so
            except FileNotFoundError as error:
                raise SettingsError("DATABASE_URL: the working directory is there no more.") from error
            self._file = sqlite.File(path)
            database, self.location = str(path), f"SQLite, {path}"
        from sqlalchemy.dialects.sqlite import insert as sqlite_insert  # noqa: PLC0415 - see _use_postgresql

        self.insert = sqlite_insert
        # It logs statements with what they write, at a level that somebody may set for all.
        logging.getLogger("aiosqlite").setLevel(logging.INFO)
        self._engine = create_engine(
            URL.create("sqlite+aiosqlite", database=database),
            hide_parameters=True,
            poolclass=AsyncAdaptedQueuePool,
            pool_size=1,
            max_overflow=0,
            connect_args={"timeout": sqlite.LOCK_TIMEOUT, "isolation_level": None},
        )
        event.listen(self._engine, "connect", _prepare_sqlite)
        # As one who writes: a reader may be refused at its first write, at once. sqlite3 says `BEGIN` late.
        event.listen(self._engine, "begin", _begin("BEGIN IMMEDIATE"))

    def _use_postgresql(self, url: str) -> None:
        # The driver and its dialect take 14 MiB: only who uses them has them.
        from psycopg import AsyncConnection as Driver  # noqa: PLC0415
        from psycopg.conninfo import make_conninfo  # noqa: PLC0415
        from sqlalchemy.dialects.postgresql import insert as postgresql_insert  # noqa: PLC0415

        dsn = read_dsn(url)
        parameters: dict[str, Any] = {**postgresql.parameters(dsn)}
        conninfo = make_conninfo(**parameters)

        async def connect_apart() -> Driver:
            async with asyncio.timeout(CONNECT_LIMIT):
                # Poolers such as pgbouncer share connections: nothing is prepared, or set beyond a transaction.
                driver: Driver = await Driver.connect(conninfo, prepare_threshold=None, autocommit=True)
            return driver

        async def connect_anew() -> Driver:
            driver = self._driver = await connect_apart()
            return driver

        def create() -> Any:
            dialect: Any = self._engine.dialect
            return dialect.dbapi.connect(async_creator_fn=connect_anew)

        self._connect = connect_apart
        self.insert, self.location, self.dropped = postgresql_insert, dsn.location, dsn.dropped
        self._engine = create_engine(
            "postgresql+psycopg_async://",
            hide_parameters=True,
            pool_size=1,
            max_overflow=0,
            creator=create,
            use_native_hstore=False,  # a question to the server less for each connection
        )
        event.listen(self._engine, "begin", _begin(postgresql.begin(dsn)))


def _prepare_sqlite(connection: Any, _: object) -> None:
    """Set a new connection up."""
    connection.run_async(sqlite.set_up)


def _begin(statement: str) -> Callable[[Connection], None]:
    def begin(connection: Connection) -> None:
        # Without parameters a driver takes several statements at once.
        connection.exec_driver_sql(statement, execution_options={"no_parameters": True})

    return begin
