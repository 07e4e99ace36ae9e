"""A connection of SQLAlchemy's whose calls are awaited.

`sqlalchemy.ext.asyncio` has one too, and imports the object-relational mapper with it, which nothing here uses: 6 MiB,
and a tenth of a second of each start. Both do the same: the library's `greenlet_spawn` runs its synchronous connection
in a greenlet, which gives way to the event loop wherever an asynchronous driver is waited for.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar, TypeVarTuple, overload

from sqlalchemy import Executable
from sqlalchemy.engine import Connection, CursorResult, Engine
from sqlalchemy.sql.selectable import TypedReturnsRows
from sqlalchemy.util import greenlet_spawn

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")


class AsyncConnection:
    """See the module. What is not described further is as in `sqlalchemy.engine.Connection`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def info(self) -> dict[Any, Any]:
        """What is noted of the driver's connection, for as long as that lasts."""
        return self._connection.info

    @overload
    async def execute(self, statement: TypedReturnsRows[*_Ts], parameters: Any = None) -> CursorResult[*_Ts]: ...

    @overload
    async def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[*tuple[Any, ...]]: ...

    async def execute(self, statement: Executable, parameters: Any = None) -> Any:
        """Execute a statement; the drivers in use have read all rows by then."""
        return await greenlet_spawn(self._connection.execute, statement, parameters)

    async def run_sync(self, work: Callable[[Connection, *_Ts], _T], *how: *_Ts) -> _T:
        """Do what takes a synchronous connection."""
        return await greenlet_spawn(work, self._connection, *how)

    async def begin(self) -> None:
        """Begin a transaction; it is undone where the connection is closed before its commit."""
        await greenlet_spawn(self._connection.begin)

    async def commit(self) -> None:
        """Commit the transaction."""
        await greenlet_spawn(self._connection.commit)

    async def rollback(self) -> None:
        """Undo the transaction."""
        await greenlet_spawn(self._connection.rollback)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Undo only what is done within, where that fails."""
        savepoint = await greenlet_spawn(self._connection.begin_nested)
        try:
            yield
        except BaseException:
            await greenlet_spawn(savepoint.rollback)
            raise
        await greenlet_spawn(savepoint.commit)

    async def find_driver(self) -> Any:
        """The driver's own connection."""
        return await greenlet_spawn(lambda: self._connection.connection.driver_connection)

    async def invalidate(self) -> None:
        """Have the driver's connection used by nobody any more."""
        await greenlet_spawn(self._connection.invalidate)


@asynccontextmanager
async def connect(engine: Engine) -> AsyncIterator[AsyncConnection]:
    """A connection of the engine's, whose dialect is an asynchronous one."""
    connection: Connection = await greenlet_spawn(engine.connect)
    try:
        yield AsyncConnection(connection)
    finally:
        await _finish(connection.close)


async def dispose(engine: Engine) -> None:
    """Close the engine's connections."""
    await greenlet_spawn(engine.dispose)


async def _finish(work: Callable[[], None]) -> None:
    """Do what must not be left half done; whoever is cancelled meanwhile leaves once it is done."""
    task = asyncio.create_task(greenlet_spawn(work))
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled:
        raise cancelled
    task.result()
