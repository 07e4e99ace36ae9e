"""A connection whose calls are awaited: what is undone, and what goes back to the pool."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import AsyncAdaptedQueuePool

from bot.durable.sql.connection import AsyncConnection, connect, dispose

pytestmark = pytest.mark.slow

COUNT = text("SELECT count(*) FROM notes")


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    """A database in memory, with one connection and a table."""
    made = create_engine("sqlite+aiosqlite://", poolclass=AsyncAdaptedQueuePool, pool_size=1, max_overflow=0)
    async with connect(made) as connection:
        await connection.execute(text("CREATE TABLE notes (note TEXT PRIMARY KEY)"))
        await connection.commit()
    yield made
    await dispose(made)


async def note(connection: AsyncConnection, *notes: str) -> None:
    """Write some lines down, as many rows of one statement."""
    await connection.execute(text("INSERT INTO notes VALUES (:note)"), [{"note": one} for one in notes])


async def count(engine: Engine) -> int:
    """How many are kept."""
    async with connect(engine) as connection:
        found: int = (await connection.execute(COUNT)).scalar_one()
    return found


@pytest.mark.parametrize(("end", "kept"), [("commit", 2), ("rollback", 0), (None, 0)])
async def test_what_is_not_committed_is_undone(engine: Engine, end: str | None, kept: int) -> None:
    """Where it is undone, and where the connection is closed in the middle."""
    async with connect(engine) as connection:
        await connection.begin()
        await note(connection, "one", "two")
        if end:
            await getattr(connection, end)()
    assert await count(engine) == kept


async def test_only_what_fails_within_a_savepoint_is_undone(engine: Engine) -> None:
    """What was written before it, and after it, is kept."""
    async with connect(engine) as connection:
        await connection.begin()
        await note(connection, "before")
        with pytest.raises(IntegrityError):
            async with connection.savepoint():
                await note(connection, "within")
                await note(connection, "before")
        async with connection.savepoint():
            await note(connection, "after")
        await connection.commit()
    async with connect(engine) as connection:
        assert set((await connection.execute(text("SELECT note FROM notes"))).scalars()) == {"before", "after"}


async def test_a_connection_goes_back_to_the_pool_whenever_its_user_is_cancelled(engine: Engine) -> None:
    """There is one: who comes next would wait for ever."""

    async def work() -> None:
        async with connect(engine) as connection:
            await connection.begin()
            await note(connection, "half")
            await asyncio.sleep(3_600)

    for turns in range(12):
        task = asyncio.create_task(work())
        for _ in range(turns):
            await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()  # again, while it gives the connection back
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(5):
            assert await count(engine) == 0


async def test_whoever_is_cancelled_while_it_closes_leaves_once_it_is_closed(engine: Engine) -> None:
    """Else what closes the pool next would miss it."""
    begun = asyncio.Event()

    async def reset(_: object) -> None:
        begun.set()
        await asyncio.sleep(0.05)

    event.listen(engine, "reset", lambda connection, *_: connection.run_async(reset))

    async def work() -> None:
        async with connect(engine) as connection:
            await connection.execute(COUNT)

    for cancels in (1, 2, 3):
        begun.clear()
        task = asyncio.create_task(work())
        await begun.wait()
        for _ in range(cancels):
            task.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await task
        assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]


async def test_a_connection_that_was_given_up_is_replaced(engine: Engine) -> None:
    """What was noted of it is gone with it."""
    async with connect(engine) as connection:
        connection.info["is_used"] = True
        before = await connection.find_driver()
        await connection.invalidate()
    async with connect(engine) as connection:
        assert await connection.find_driver() is not before
        assert "is_used" not in connection.info
