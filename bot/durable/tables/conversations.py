"""What has been asked and answered in a thread, for whoever presses a button there: read, gone on with, stopped."""

from collections.abc import Collection
from dataclasses import replace
from functools import partial

from sqlalchemy import ColumnElement, select, update

from bot.durable.record import Changes, Conversation, Record
from bot.durable.sharing.owners import Owners
from bot.durable.sql.connection import AsyncConnection
from bot.durable.sql.database import Database
from bot.durable.tables.claims import UNKNOWN, read_runs
from bot.durable.tables.schema import is_open, runs
from bot.durable.tables.statements import changed
from bot.engine.draft import Draft


class Conversations:
    """Those in `database`, for the process `owner`: each of a workspace. Times are seconds since 1970.

    All calls raise `StoreError`.
    """

    def __init__(self, database: Database, *, owner: str, owners: Owners | None = None) -> None:
        self._database = database
        self._owners = owners
        self._owner = owner

    async def recall(self, workspace: str, key: str) -> Conversation | None:
        """The run `key`, and those that go on with it; None where it is unknown, or makes no sense."""
        found = await self._database.do(partial(self._read, workspace, (runs.c.key == key) | (runs.c.root == key)))
        records = {record.question.key: record for record in found}
        root = records.pop(key, None)
        return Conversation(root, [*records.values()]) if root else None

    async def reopen(self, workspace: str, key: str, names: Collection[str], user: str, now: float) -> Record | None:
        """Open the run `key` again, as this process's, with the answers `names` waiting to be asked for anew.

        Returns the run as it is then; None where it is unknown or open already. Of several that ask, one gets it.
        """

        async def work(connection: AsyncConnection) -> Record | None:
            if self._owners and (await self._owners.claim(connection, [workspace]))[workspace] != self._owner:
                return None  # another process serves it by now
            # Who comes second waits until the first has opened it, and finds that it has not ended.
            for record in await self._read(workspace, (runs.c.key == key) & ~is_open, connection, is_locking=True):
                news = {
                    "state": "open",
                    "owner": self._owner,
                    "lease_until": now + UNKNOWN,
                    "ended_at": None,
                    "stopped_by": None,
                    "reopened_at": now,
                    "reopened_by": user,
                }
                await connection.execute(update(runs).where(runs.c.key == key).values(news))
                # Their texts are seen until there is more: a try may come to less.
                blank = {name: Draft.of(record.answers.get(name, Draft()).text) for name in names}
                changes = Changes(answers={(key, name): draft for name, draft in blank.items()})
                for statement, rows in changed(self._database.insert, {key}, changes, now):
                    if rows:
                        await connection.execute(statement, rows)
                return replace(
                    record,
                    answers={**record.answers, **blank},
                    stopped_by="",
                    reopened_at=now,
                    reopened_by=user,
                    outcome=None,
                )
            return None

        return await self._database.do(work)

    async def stop(self, workspace: str, key: str, user: str) -> tuple[bool, str | None]:
        """Write down that `user` has stopped the run `key`, unless somebody has before; whether it is open, and whose.

        It may be another process's, which learns of it when it renews its lease.
        """
        which = (runs.c.key == key) & is_open & (runs.c.workspace == workspace)

        async def work(connection: AsyncConnection) -> tuple[bool, str | None]:
            await connection.execute(update(runs).where(which, runs.c.stopped_by.is_(None)).values(stopped_by=user))
            found = (await connection.execute(select(runs.c.owner).where(which))).first()
            return found is not None, found.owner if found else None

        return await self._database.do(work)

    async def _read(
        self, workspace: str, which: ColumnElement[bool], connection: AsyncConnection, *, is_locking: bool = False
    ) -> list[Record]:
        """Runs of a workspace, the oldest first."""
        wanted = select(runs).where(which, runs.c.workspace == workspace).order_by(runs.c.asked_at, runs.c.key)
        if is_locking:
            wanted = wanted.with_for_update()
        return (await read_runs(connection, wanted))[0]
