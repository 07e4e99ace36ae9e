"""The database: questions, the messages and answers of their runs, and which process works on which run.

Laws:

- A call is one transaction: all of it is kept, or nothing. Calls are carried out one at a time, in the order in which
  they are made: what is older never lands on what is newer. Only what a person waits for, a question or a press of a
  button, has a connection of its own where there may be two: it waits for no other call. (SQLite has one writer.)
- Whatever fails is a `StoreError`. It names the failure, and quotes neither what was to be written nor the password.
- Whoever is cancelled leaves at once. A driver cannot be stopped safely in the middle of a statement, so the
  transaction goes on for as long as the driver's limits let it, and is undone unless its commit has begun.
- A row that cannot be written or read for what is in it is put aside, said in the log by its kind, and keeps no other
  from being written or read.
- A run is open until it has an end, and is worked on by its owner, a process, for as long as that one has a lease; what
  another process owns is left alone.

It decides nothing: when the lease is renewed, and what to do while the database is away, is for `journal` to say.
"""

import logging
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import Self

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.durable.record import Begun, Changes, Conversation, Record, Saved, Search
from bot.durable.sealing import Sealer
from bot.durable.sql import sqlite
from bot.durable.sql.database import Database
from bot.durable.sql.database_errors import is_content, name_error
from bot.durable.tables.claims import Claims
from bot.durable.tables.conversations import Conversations
from bot.durable.tables.history import forget_old, read_asked
from bot.durable.tables.installations import InstallationTable
from bot.durable.tables.oauth_states import OAuthStates
from bot.durable.tables.questions import Questions
from bot.durable.tables.rows import is_number
from bot.durable.tables.schema import edits, learned, make, processes, runs
from bot.durable.tables.statements import Rows, Statement, changed, run_row
from bot.durable.tables.votes import Count, Votes
from bot.errors import ContentError
from bot.slack.question import Question

EDITS_KEPT = 120.0  # seconds; Slack's limits look back one minute
PUT_ASIDE = 1_000  # keys of runs that cannot be written, and are not tried again
LOG_KEPT = 10.0  # seconds at the most for which what a run has left behind stands in SQLite's log

logger = logging.getLogger(__name__)

_Write = Callable[[AsyncConnection, Statement, Rows], Awaitable[None]]


class Store:
    """The database at `url`, for one process: `owner` names this process, and no other nor an earlier one.

    `workspace` is the only one whose orphaned runs it claims, where it is given: what other bots keep in the same
    database is then none of its business. Runs say themselves of which workspace they are.
    Times are seconds since 1970, as `clock` tells them. Use it as an asynchronous context manager, and call `open`
    before anything else; `open` may be called again, above all where it failed. All calls raise `StoreError`.

    Raises:
        SettingsError: the database cannot be at such a URL.
    """

    def __init__(self, url: str, *, owner: str, clock: Callable[[], float], workspace: str | None = None) -> None:
        self._owner = owner
        self._clock = clock
        self._database = Database(url, self._prepare)
        self._quick = Database(url, self._prepare) if self._database.is_postgresql else self._database
        self._questions = Questions(self._quick)
        self._conversations = Conversations(self._quick, owner=owner)
        self._votes = Votes(self._quick)
        self._claims = Claims(self._database, owner=owner, workspace=workspace)
        self._unwritable: deque[str] = deque(maxlen=PUT_ASIDE)  # runs
        # When SQLite's log is to be emptied, where it holds what is to be forgotten. What a killed process left does.
        self._clean_at: float | None = clock() if self.is_file else None

    def installations(self, sealer: Sealer) -> InstallationTable:
        """Where the bot is installed, the tokens sealed by `sealer`; it is open for as long as this is."""
        return InstallationTable(self._quick, sealer, self._clock)

    @property
    def oauth_states(self) -> OAuthStates:
        """The installs that somebody has begun."""
        return OAuthStates(self._quick, self._clock)

    @property
    def location(self) -> str:
        """Where runs are kept, in words for people; no user and no password."""
        return self._database.location

    @property
    def dropped(self) -> dict[str, str]:
        """The parameters of its address that mean nothing here, and why."""
        return self._database.dropped

    @property
    def is_file(self) -> bool:
        """Whether it is a file of SQLite's, which ends with its disk."""
        return self._database.path is not None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close it, once what is under way has ended, if that does not take long."""
        await self._database.close()
        if self._quick is not self._database:
            await self._quick.close()

    async def open(self) -> None:
        """Connect, and make the tables where they are missing.

        Raises:
            SettingsError: a newer version of this program made the tables, or the file's directory does not exist.
            StoreError: it could not be done.
        """
        await self._database.open()
        if self._quick is not self._database:
            await self._quick.open()

    async def _prepare(self, connection: AsyncConnection) -> None:
        await make(connection, is_postgresql=self._database.is_postgresql)
        await self._claims.register(connection, self._clock())

    async def try_out(self) -> None:
        """Write, and delete what was written: whether it can be read says nothing of that. Call `open` before.

        Raises:
            StoreError: it cannot be written to.
        """
        mark = {"owner": self._owner, "workspace": "", "at": 0.0}  # long before anything that counts

        async def write(connection: AsyncConnection) -> None:
            await connection.execute(insert(edits), mark)

        async def remove(connection: AsyncConnection) -> None:
            await connection.execute(delete(edits).where(edits.c.owner == self._owner, edits.c.at == mark["at"]))
            await connection.execute(delete(processes).where(processes.c.owner == self._owner))

        await self._database.do(write)
        await self._database.do(remove)

    async def add(self, question: Question) -> bool:
        """Write a question down, as an open run of this process; False where its key is known already."""
        now = self._clock()
        return await self._questions.add(question.key, run_row(Begun(question, now), now, owner=self._owner))

    async def save(self, changes: Changes, search: Search | None = None) -> Saved:
        """Renew the lease of this process, write runs that are not known and what is new of its open runs, and search.

        What was to be written of runs that are not this process's is left out: another one owns them. Runs that cannot
        be written are taken out of `changes.begins`.
        """
        now = self._clock()
        for key in self._unwritable:
            changes.begins.pop(key, None)
        try:
            saved = await self._database.do(partial(self._save, changes, search, now, _write_all))
        except ContentError:
            # Something in it cannot be stored. Row by row, all else is.
            saved = await self._database.do(partial(self._save, changes, search, now, self._write_each))
            for key in self._unwritable:
                changes.begins.pop(key, None)
        if changes.ends and self.is_file and self._clean_at is None:
            self._clean_at = now + LOG_KEPT
        if self._clean_at is not None and now >= self._clean_at:
            is_clean = await self._database.do(sqlite.empty_log, in_transaction=False)
            self._clean_at = None if is_clean else now + LOG_KEPT
        return saved

    async def _save(
        self, changes: Changes, search: Search | None, now: float, write: _Write, connection: AsyncConnection
    ) -> Saved:
        await self._claims.renew(connection, now)
        begins = [run_row(one, now, owner=self._owner) for one in changes.begins.values()]
        await write(connection, self._database.insert(runs).on_conflict_do_nothing(), begins)
        owned = await self._claims.owned(connection)
        ours, stopped = owned.keys(), {key: user for key, user in owned.items() if isinstance(user, str)}
        for statement, rows in changed(self._database.insert, ours, changes, now):
            await write(connection, statement, rows)
        sent = [{"workspace": workspace, "owner": self._owner, "at": at} for workspace, at in changes.edits]
        await write(connection, insert(edits), sent)
        for workspace, what in changes.learned.items():
            row = {"workspace": workspace, "what": what}
            lesson = self._database.insert(learned).values(row)
            await connection.execute(lesson.on_conflict_do_update(index_elements=["workspace"], set_=row))
        if search is None:
            return Saved(ours, stopped=stopped)
        if search.strays:
            await self._claims.release(connection, runs.c.key.in_(search.strays), now)
        claimed = await self._claims.claim(connection, search.limit, now)
        return Saved(ours, claimed, await self._edits_of_others(connection, search), stopped)

    async def _write_each(self, connection: AsyncConnection, statement: Statement, rows: Rows) -> None:
        """Write each row that can be stored."""
        for row in rows:
            try:
                async with connection.begin_nested():
                    await connection.execute(statement, row)
            except Exception as error:
                if not is_content(error):
                    raise
                logger.warning("store.put_aside kind=%s error=%s", statement.table, name_error(error))
                if statement.table is runs and "key" in row:
                    self._unwritable.append(row["key"])

    async def leave(self) -> None:
        """Give up the lease of this process: anybody may claim its runs at once."""
        await self._database.do(partial(self._claims.leave, now=self._clock()))

    async def clear(self, before: float, limit: int) -> int:
        """Forget up to `limit` runs that ended before then, and edits that count no more; how many runs.

        Runs that nobody has claimed since then, and for a day, are forgotten too. A run is kept while one is that goes
        on with it.
        """
        now = self._clock()

        async def work(connection: AsyncConnection) -> int:
            await connection.execute(delete(edits).where(edits.c.at < now - EDITS_KEPT))
            count = await forget_old(connection, before, limit, now)
            await self._claims.forget(connection, now)
            return count

        count = await self._database.do(work)
        if self.is_file:
            await self._database.do(sqlite.shrink, in_transaction=False)
        return count

    async def recall(self, workspace: str, key: str) -> Conversation | None:
        """The run `key`, and those that go on with it, the oldest first; None where it is unknown or makes no sense."""
        return await self._conversations.recall(workspace, key)

    async def reopen(self, workspace: str, key: str, names: Collection[str], user: str) -> Record | None:
        """Open a run again that has ended, as this process's, with the answers `names` waiting.

        None where it is unknown or open already: of several that ask at once, one gets it.
        """
        return await self._conversations.reopen(workspace, key, names, user, self._clock())

    async def stop(self, workspace: str, key: str, user: str) -> bool:
        """Write down that `user` has stopped a run, whosever it is, unless somebody has before; whether it is open."""
        return await self._conversations.stop(workspace, key, user)

    async def vote(self, workspace: str, run: str, name: str, user: str, *, is_good: bool) -> bool:
        """Write down what `user` thinks of an answer, in place of what they thought; whether its run is known."""
        return await self._votes.add(workspace, run, name, user, is_good=is_good, now=self._clock())

    async def count_votes(self) -> list[Count]:
        """How many votes there are, of all workspaces."""
        return await self._votes.count()

    async def asked_since(self, workspace: str, at: float) -> list[tuple[str, float]]:
        """Who asked or had something tried again, and when, in runs that have ended; the refused ones do not count."""
        return await self._database.do(partial(read_asked, at=at, workspace=workspace))

    async def learned(self, workspace: str) -> str:
        """What a workspace has taught, as it was saved last; nothing if nothing was."""

        async def work(connection: AsyncConnection) -> str:
            what = select(learned.c.what).where(learned.c.workspace == workspace)
            found = (await connection.execute(what)).scalar()
            return found if isinstance(found, str) else ""

        return await self._database.do(work)

    async def edits_since(self, workspace: str, at: float) -> list[float]:
        """When edits were started in a workspace since, by whichever process, in order."""
        sent = select(edits.c.at).where(edits.c.workspace == workspace, edits.c.at >= at).order_by(edits.c.at)

        async def work(connection: AsyncConnection) -> list[float]:
            return [row.at for row in await connection.execute(sent) if is_number(row.at)]

        return await self._database.do(work)

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
