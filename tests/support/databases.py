"""The databases that tests run on: SQLite always, PostgreSQL where the environment says where one is.

`.ci/run` starts one and says so. On other machines it may be missing, and then nothing is parametrised with it; where
CI is set it may not, and the tests that want it fail.
"""

import asyncio
import os
import secrets
import sqlite3
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiosqlite
import psycopg
from sqlalchemy import event

from bot.durable.record import Changes, Record, Search
from bot.durable.sql.database import Database
from bot.durable.store import Store

ADDRESS = os.environ.get("TEST_POSTGRES_URL", "")
KINDS = ["sqlite", "postgresql"] if ADDRESS or os.environ.get("CI") else ["sqlite"]
_SHARED: list[Any] = []  # the dialect and the compiled statements of the first world in this process


@asynccontextmanager
async def database(kind: str, directory: Path) -> AsyncIterator[str]:
    """An empty database of its own; its URL. SQLite's file is in `directory`."""
    if kind == "sqlite":
        yield f"sqlite:///{directory / 'store.sqlite'}"
        return
    if not ADDRESS:
        raise RuntimeError("TEST_POSTGRES_URL is not set: .ci/run starts a PostgreSQL for the tests, and sets it")
    name = f"test_{secrets.token_hex(8)}"
    await query(ADDRESS, f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        yield urlsplit(ADDRESS)._replace(path=f"/{name}").geturl()
    finally:
        await query(ADDRESS, f"DROP DATABASE {name} WITH (FORCE)")


async def query(url: str, statement: str) -> list[tuple[Any, ...]]:
    """What a statement returns on a connection of its own, committed."""
    if url.startswith("sqlite"):
        with closing(_connect(url)) as connection:
            return connection.execute(statement).fetchall()
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        cursor = await connection.execute(statement.encode())
        return await cursor.fetchall() if cursor.description else []


async def claim(store: Store, limit: int = 20) -> list[Record]:
    """Have a store's process claim what is orphaned."""
    return [*(await store.save(Changes(), Search(frozenset(), 0.0, limit))).claimed]


async def release(store: Store, *keys: str) -> None:
    """Have a store's process release runs."""
    await store.save(Changes(), Search(frozenset(keys), 0.0, 0))


@asynccontextmanager
async def locked(url: str) -> AsyncIterator[None]:
    """Let nobody write runs or renew a lease meanwhile."""
    if url.startswith("sqlite"):
        with closing(_connect(url)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
        return
    async with await psycopg.AsyncConnection.connect(url) as connection:
        await connection.execute("LOCK TABLE runs, processes IN EXCLUSIVE MODE")
        yield


async def disconnect(url: str) -> None:
    """End everybody's connections to a server; a file has none."""
    if not url.startswith("sqlite"):
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        await query(url, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")  # noqa: S608 - ours


def work_in_the_loop(database: Database) -> None:
    """Have SQLite's statements carried out by the loop, not in a thread: there and back is half of a world's time.

    They block the loop, so nobody else in it may hold the file's lock. Others have their turn before each. What was
    compiled for one world serves the next. No power is cut either, so no commit waits for the disk.
    """

    def connect(dialect: object, record: object, arguments: list[Any], parameters: dict[str, Any]) -> None:
        parameters["async_creator_fn"] = _connect_in_the_loop

    if not database.is_postgresql:
        engine: Any = database._engine
        event.listen(engine, "do_connect", connect)
        event.listen(engine, "connect", _trust_the_power)
        if not _SHARED:
            _SHARED.extend((engine.dialect, engine._compiled_cache))
        engine.dialect, engine._compiled_cache = _SHARED


def _trust_the_power(connection: Any, _: object) -> None:
    connection.run_async(lambda driver: driver.execute("PRAGMA synchronous = OFF"))


def _connect_in_the_loop(database: str, **parameters: Any) -> aiosqlite.Connection:
    return _Threadless(lambda: sqlite3.connect(database, **parameters), 64)


class _Threadless(aiosqlite.Connection):
    """A connection whose thread is never started."""

    def __await__(self) -> Generator[Any, None, aiosqlite.Connection]:
        self._connection = self._connector()
        return self._wait().__await__()

    async def _wait(self) -> aiosqlite.Connection:
        await asyncio.sleep(0)
        return self

    async def _execute(self, fn: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        if not self._connection:
            raise ValueError("Connection closed")  # as the driver itself does
        await asyncio.sleep(0)
        return fn(*arguments, **named)

    def stop(self) -> None:
        # There is nothing to wait for.
        if self._connection:
            self._connection.close()
            self._connection = None


def _connect(url: str) -> sqlite3.Connection:
    return sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
