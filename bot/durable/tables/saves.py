"""A write of what has changed, and what it shows: the lease, the runs of this process, what is looked for beside it.

All of it is one transaction. A row that cannot be stored for what is in it is put aside, and keeps no other from being
written.
"""

import logging
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial

from sqlalchemy import insert, select

from bot.durable.record import Changes, Saved, Search
from bot.durable.sharing.owners import Owners
from bot.durable.sharing.signals import forget_signals, read_signals
from bot.durable.sql.connection import AsyncConnection
from bot.durable.sql.database import Database
from bot.durable.sql.database_errors import is_content, name_error
from bot.durable.tables.claims import PUT_ASIDE, Claims
from bot.durable.tables.rows import is_number
from bot.durable.tables.schema import edits, runs
from bot.durable.tables.statements import Rows, Statement, begin_runs, changed, run_row, write_lesson
from bot.errors import ContentError

logger = logging.getLogger(__name__)

_NOTE_EDITS = insert(edits)

_Write = Callable[[AsyncConnection, Statement, Rows], Awaitable[None]]


class Saves:
    """Those of the process `owner`, whose runs `claims` knows; `owners`, where several share the workspaces."""

    def __init__(self, database: Database, claims: Claims, owners: Owners | None, *, owner: str) -> None:
        self._database = database
        self._claims = claims
        self._owners = owners
        self._owner = owner
        self._unwritable: deque[str] = deque(maxlen=PUT_ASIDE)  # runs

    async def save(self, changes: Changes, search: Search | None, now: float) -> Saved:
        """Write; see `Store.save`."""
        for key in self._unwritable:
            changes.begins.pop(key, None)
        if self._owners and search:
            for name in sorted(search.left):  # each by itself: who holds one locked waits for no other
                await self._database.do(partial(self._owners.release, names=[name]))
        saved = await self._save_whole(changes, search, now)
        if self._owners:
            self._owners.settle()
        return saved

    async def _save_whole(self, changes: Changes, search: Search | None, now: float) -> Saved:
        try:
            return await self._database.do(partial(self._save, changes, search, now, _write_all))
        except ContentError:
            # Something in it cannot be stored. Row by row, all else is.
            saved = await self._database.do(partial(self._save, changes, search, now, self._write_each))
            for key in self._unwritable:
                changes.begins.pop(key, None)
            return saved

    async def _save(
        self, changes: Changes, search: Search | None, now: float, write: _Write, connection: AsyncConnection
    ) -> Saved:
        company = await self._renew(connection, now)
        was_fenced = company is None
        # What was begun while the database was away has messages by now, and stays here, whoever serves its workspace.
        begins = [run_row(one, now, owner=self._owner) for one in changes.begins.values()]
        if self._owners and begins:
            await self._owners.claim(connection, (row["workspace"] for row in begins))
        await write(connection, begin_runs(self._database.insert), begins)
        owned = await self._claims.owned(connection)
        ours, stopped = owned.keys(), {key: user for key, user in owned.items() if isinstance(user, str)}
        for statement, rows in changed(self._database.insert, ours, changes, now):
            await write(connection, statement, rows)
        sent = [{"workspace": workspace, "owner": self._owner, "at": at} for workspace, at in changes.edits]
        await write(connection, _NOTE_EDITS, sent)
        lessons = [{"workspace": workspace, "what": what} for workspace, what in changes.learned.items()]
        await write(connection, write_lesson(self._database.insert), lessons)
        await forget_signals(connection, changes.done)
        if search is None:
            return Saved(ours, stopped=stopped, others=company, was_fenced=was_fenced)
        if search.strays:
            await self._claims.release(connection, runs.c.key.in_(search.strays), now)
        others = await self._edits_of_others(connection, search)
        if self._owners is None:
            return Saved(ours, await self._claims.claim(connection, search.limit, now), others, stopped)
        found = await self._owners.look(connection, now, search)
        pressed = await read_signals(connection, found.owned, now)
        return Saved(
            ours,
            found.taken,
            others,
            stopped,
            found.owned,
            found.others,
            pressed,
            was_fenced=was_fenced,
            has_fenced=found.has_fenced,
            ends_in=found.ends_in,
        )

    async def _renew(self, connection: AsyncConnection, now: float) -> int | None:
        """Renew the lease; how many others share the workspaces, None where this process was declared dead."""
        if self._owners:
            return await self._owners.renew(connection, now)
        await self._claims.renew(connection, now)
        return 0

    async def _write_each(self, connection: AsyncConnection, statement: Statement, rows: Rows) -> None:
        """Write each row that can be stored."""
        for row in rows:
            try:
                async with connection.savepoint():
                    await connection.execute(statement, row)
            except Exception as error:
                if not is_content(error):
                    raise
                logger.warning("store.put_aside kind=%s error=%s", statement.table, name_error(error))
                if statement.table is runs and "key" in row:
                    self._unwritable.append(row["key"])

    async def _edits_of_others(self, connection: AsyncConnection, search: Search) -> dict[str, list[float]]:
        """When other processes have started edits, by workspace, in order."""
        found: dict[str, list[float]] = {}
        if not search.workspaces:
            return found
        are_others = (edits.c.workspace.in_(search.workspaces), edits.c.owner != self._owner)
        sent = select(edits.c.workspace, edits.c.at).where(edits.c.at >= search.edits_since, *are_others)
        for row in await connection.execute(sent.order_by(edits.c.at)):
            if is_number(row.at):
                found.setdefault(row.workspace, []).append(row.at)
        return found


async def _write_all(connection: AsyncConnection, statement: Statement, rows: Rows) -> None:
    """Write rows, all of them or none."""
    if rows:
        await connection.execute(statement, rows)
