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

import asyncio
import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from functools import partial
from typing import Self
from uuid import uuid4

from sqlalchemy import ColumnElement, delete, insert, literal

from bot.durable.record import Begun, Changes, Conversation, Past, Record, Saved, Search, Signal
from bot.durable.sealing import Sealer
from bot.durable.sharing.bell import EVERYBODY, Bell, name_channel, ring
from bot.durable.sharing.owners import UNADMITTED, Owners
from bot.durable.sharing.ownership import Arrival
from bot.durable.sharing.signals import Signals
from bot.durable.sql import sqlite
from bot.durable.sql.connection import AsyncConnection
from bot.durable.sql.database import Database
from bot.durable.tables.claims import Claims
from bot.durable.tables.conversations import Conversations
from bot.durable.tables.history import forget_old, look_back
from bot.durable.tables.installations import InstallationTable
from bot.durable.tables.oauth_states import OAuthStates
from bot.durable.tables.questions import Questions
from bot.durable.tables.saves import Saves
from bot.durable.tables.schema import edits, make
from bot.durable.tables.statements import run_row
from bot.durable.tables.votes import Count, Votes
from bot.errors import StoreError
from bot.slack.question import Press, Question

EDITS_KEPT = 120.0  # seconds; Slack's limits look back one minute
RINGING = 0.5  # seconds for a ring; what it is about is written, and whoever has written it may be waited for
LOG_KEPT = 10.0  # seconds at the most for which what a run has left behind stands in SQLite's log

logger = logging.getLogger(__name__)


class Store:
    """The database at `url`, for one process: `owner` names this process, and no other nor an earlier one.

    `workspace` is the only one whose orphaned runs it claims, where it is given: what other bots keep in the same
    database is then none of its business. Runs say themselves of which workspace they are.
    Where it `is_shared`, processes share the workspaces out among them (see `durable.sharing`).
    Times are seconds since 1970, as `clock` tells them. Use it as an asynchronous context manager, and call `open`
    before anything else; `open` may be called again, above all where it failed. All calls raise `StoreError`.

    Raises:
        SettingsError: the database cannot be at such a URL.
    """

    def __init__(
        self, url: str, *, owner: str, clock: Callable[[], float], workspace: str | None = None, is_shared: bool = False
    ) -> None:
        self._owner, self._was_fenced = owner, False
        self._clock = clock
        self._database = Database(url, self._prepare)
        self._quick = Database(url, self._prepare) if self._database.is_postgresql else self._database
        self._owners = Owners(self._database, owner=owner, workspace=workspace, clock=clock) if is_shared else None
        self._questions = Questions(self._quick, self._owners)
        self._conversations = Conversations(self._quick, owner=owner, owners=self._owners)
        self._signals = Signals(self._quick, self._owners) if self._owners else None
        self._votes = Votes(self._quick)
        self._claims = Claims(self._database, owner=owner, workspace=workspace)
        self._saves = Saves(self._database, self._claims, self._owners, owner=owner)
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
        if self._owners:  # once: who was declared dead is to hear of it, whatever connection it has next
            await self._database.do(self._register)
            await self._ring(None)  # who believed itself alone is not any more

    async def _prepare(self, connection: AsyncConnection) -> None:
        await make(connection, is_postgresql=self._database.is_postgresql)
        if not self._owners:
            await self._register(connection)

    async def _register(self, connection: AsyncConnection) -> None:
        await self._claims.register(connection, self._now())

    def _now(self) -> ColumnElement[float]:
        """The time by which processes are there, and are forgotten."""
        return self._owners.now(self._clock()) if self._owners else literal(self._clock())

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

        await self._database.do(write)
        await self._database.do(remove)

    async def add(self, question: Question, *, is_admitted: bool = True) -> Arrival:
        """Write a question down, as an open run of this process if it may be, and that one serves its workspace."""
        row = run_row(Begun(question, now := self._clock()), now, owner=self._owner)
        is_new, owner = await self._questions.add(question.key, row if is_admitted else {**row, **UNADMITTED})
        if not is_new:
            return Arrival.KNOWN
        if owner == self._owner and is_admitted:
            return Arrival.HERE
        await self._ring(owner)
        return Arrival.ELSEWHERE

    async def serve(
        self, workspaces: Collection[str], *, asked_since: float, edits_since: float
    ) -> tuple[dict[str, Past], frozenset[str] | None]:
        """Serve workspaces where nobody does, and look back on each: one transaction, however many they are.

        Returned are the past of each (who asked or had something tried again in runs that have ended, the refused ones
        not counted; edits that were started, by whichever process), and all that this process serves: None where they
        are not shared.
        """

        async def work(connection: AsyncConnection) -> tuple[dict[str, Past], frozenset[str] | None]:
            owned = await self._owners.own(connection, workspaces) if self._owners else None
            past = await look_back(connection, workspaces, asked_since=asked_since, edits_since=edits_since)
            return past, owned

        return await self._database.do(work)

    async def signal(self, press: Press) -> None:
        """Write a press down for whoever serves its workspace."""
        assert self._signals is not None, "only where processes share workspaces"  # noqa: S101 - a law of this class
        await self._ring(await self._signals.add(Signal(uuid4().hex, press), self._clock()))

    async def take_socket(self) -> bool:
        """Take one of the connections to Slack that all processes have together; whether there was one left."""
        return self._owners is None or await self._quick.do(partial(self._owners.take_socket, clock=self._clock()))

    async def _ring(self, owner: str | None) -> None:
        """Tell a process that something was written for it; what fails, or takes long, costs it until its next look."""
        if self._owners and owner != self._owner and self._database.is_postgresql:
            with suppress(StoreError, TimeoutError):
                async with asyncio.timeout(RINGING):
                    await self._quick.do(partial(ring, channel=name_channel(owner or EVERYBODY)))

    @property
    def bell(self) -> Bell | None:
        """What rings where another process has written something for this one; None where nobody does."""
        if self._owners is None or not self._database.is_postgresql:
            return None
        return Bell(self._database.connect_apart, [name_channel(self._owner), name_channel(EVERYBODY)])

    async def save(self, changes: Changes, search: Search | None = None) -> Saved:
        """Renew the lease of this process, write runs that are not known and what is new of its open runs, and search.

        What was to be written of runs that are not this process's is left out: another one owns them. Runs that cannot
        be written are taken out of `changes.begins`.
        """
        now = self._clock()
        saved = await self._saves.save(changes, search, now)
        was_fenced, self._was_fenced = self._was_fenced, saved.was_fenced
        if saved.has_fenced or saved.was_fenced is not was_fenced:
            await self._ring(None)  # others take their parts, or know that it is there again; it hears itself: once
        if changes.ends and self.is_file and self._clean_at is None:
            self._clean_at = now + LOG_KEPT
        if self._clean_at is not None and now >= self._clean_at:
            is_clean = await self._database.do(sqlite.empty_log, in_transaction=False)
            self._clean_at = None if is_clean else now + LOG_KEPT
        return saved

    async def leave(self) -> None:
        """Give up the lease of this process: anybody may claim its runs at once."""
        await self._database.do(self._leave)
        await self._ring(None)

    async def _leave(self, connection: AsyncConnection) -> None:
        if self._owners:
            await self._owners.bequeath(connection, self._clock())
        await self._claims.leave(connection, now=self._clock())

    async def clear(self, before: float, limit: int) -> int:
        """Forget up to `limit` runs that ended before then, and edits that count no more; how many runs.

        Runs that nobody has claimed since then, and for a day, are forgotten too. A run is kept while one is that goes
        on with it.
        """
        now = self._clock()

        async def work(connection: AsyncConnection) -> int:
            await connection.execute(delete(edits).where(edits.c.at < now - EDITS_KEPT))
            count = await forget_old(connection, before, limit, now)
            await self._claims.forget(connection, self._now())
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
        is_open, owner = await self._conversations.stop(workspace, key, user)
        if is_open:
            await self._ring(owner)
        return is_open

    async def vote(self, workspace: str, run: str, name: str, user: str, *, is_good: bool) -> bool:
        """Write down what `user` thinks of an answer, in place of what they thought; whether its run is known."""
        return await self._votes.add(workspace, run, name, user, is_good=is_good, now=self._clock())

    async def count_votes(self) -> list[Count]:
        """How many votes there are, of all workspaces."""
        return await self._votes.count()
