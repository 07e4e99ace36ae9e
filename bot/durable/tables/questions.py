"""Questions as they are written down before they are acknowledged: those of a moment together, in one transaction.

Laws:

- Questions that come while another transaction is under way are written with the next one: a hundred people who ask in
  the same moment would wait for each other's. Each of them is kept or refused by itself.
- Whoever is cancelled leaves at once, and takes nobody along. The transaction is undone unless somebody else waits for
  it, or its commit has begun.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.durable.sql.database import Database
from bot.durable.tables.schema import runs
from bot.errors import ContentError


@dataclass(slots=True, eq=False)
class _Batch:
    """Questions that are written together."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)  # of runs, by their keys
    waiting: int = 0  # how many of them somebody waits for
    is_closed: bool = False  # whether their transaction has begun
    task: asyncio.Task[set[str]] | None = None  # has the keys of those that are new


class Questions:
    """Those that one process writes into `database`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._batch = _Batch()  # the newest

    async def add(self, key: str, row: dict[str, Any]) -> bool:
        """Write the row of a new run; False where its key is known already.

        Raises:
            StoreError: the database failed; `ContentError`, if it cannot hold what is in this row.
        """
        batch = self._batch
        if batch.task is None or batch.is_closed or key in batch.rows:
            batch = self._batch = _Batch()
            batch.task = asyncio.create_task(self._write(batch))
        assert batch.task is not None  # noqa: S101 - for mypy
        batch.rows[key] = row
        batch.waiting += 1
        try:
            await asyncio.wait([batch.task])
        except asyncio.CancelledError:
            batch.waiting -= 1
            if not batch.is_closed:
                del batch.rows[key]
            if not batch.waiting:
                batch.is_closed = True
                batch.task.cancel()
            raise
        try:
            return key in batch.task.result()
        except ContentError:
            if len(batch.rows) == 1:
                raise
        # Something in one of them cannot be stored. The others are, each by itself.
        return key in await self._database.do(partial(self._insert, [row]))

    async def _write(self, batch: _Batch) -> set[str]:
        async def work(connection: AsyncConnection) -> set[str]:
            batch.is_closed = True
            return await self._insert([*batch.rows.values()], connection)

        try:
            return await self._database.do(work)
        finally:
            batch.is_closed = True

    async def _insert(self, rows: Sequence[dict[str, Any]], connection: AsyncConnection) -> set[str]:
        """Write questions; the keys of those that were not known."""
        statement = self._database.insert(runs).on_conflict_do_nothing().returning(runs.c.key)
        return {*(await connection.execute(statement, rows)).scalars()}
