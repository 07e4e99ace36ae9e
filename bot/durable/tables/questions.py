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

from bot.durable.sharing.owners import UNADMITTED, Owners
from bot.durable.sql.connection import AsyncConnection
from bot.durable.sql.database import Database
from bot.durable.tables.schema import runs
from bot.errors import ContentError


@dataclass(slots=True, eq=False)
class _Batch:
    """Questions that are written together."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)  # of runs, by their keys
    waiting: int = 0  # how many of them somebody waits for
    is_closed: bool = False  # whether their transaction has begun
    task: asyncio.Task[dict[str, str | None]] | None = None  # has those that are new, and whose they are


class Questions:
    """Those that one process writes into `database`; `owners` says whose they are, where several share it."""

    def __init__(self, database: Database, owners: Owners | None = None) -> None:
        self._database = database
        self._owners = owners
        self._batch = _Batch()  # the newest

    async def add(self, key: str, row: dict[str, Any]) -> tuple[bool, str | None]:
        """Write the row of a new run: whether its key was not known, and whose it is then, None where that is nobody.

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
            return key in batch.task.result(), batch.task.result().get(key)
        except ContentError:
            if len(batch.rows) == 1:
                raise
        # Something in one of them cannot be stored. The others are, each by itself.
        found = await self._database.do(partial(self._insert, [row]))
        return key in found, found.get(key)

    async def _write(self, batch: _Batch) -> dict[str, str | None]:
        async def work(connection: AsyncConnection) -> dict[str, str | None]:
            batch.is_closed = True
            return await self._insert([*batch.rows.values()], connection)

        try:
            return await self._database.do(work)
        finally:
            batch.is_closed = True

    async def _insert(self, rows: Sequence[dict[str, Any]], connection: AsyncConnection) -> dict[str, str | None]:
        """Write questions; those that were not known, and whose they are."""
        owners = {row["workspace"]: row["owner"] for row in rows}
        if self._owners:
            owners = await self._owners.claim(connection, owners)
        rows = [row if owners[row["workspace"]] == row["owner"] else {**row, **UNADMITTED} for row in rows]
        statement = self._database.insert(runs).on_conflict_do_nothing().returning(runs.c.key, runs.c.workspace)
        return {key: owners[workspace] for key, workspace in await connection.execute(statement, rows)}
