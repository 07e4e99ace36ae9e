"""The journal: what this process writes down of its runs, so that another can go on with them. A write-behind.

Laws:

- Nobody waits for the database longer than `TIMEOUT`. While it is away, runs go on; what is unsaved is kept, the newest
  of each, and written when it is back. So is a run that the database does not know: it was begun meanwhile, or what
  stood there is gone.
- Each write renews the lease (see `lease`), and says which runs are this process's. What that means for a run is told
  (see `events`) before anybody who waits for the write goes on.
- Newer drafts replace unsaved ones. They are written with the next edit of their run, the last one at once: what people
  have seen, and what is whole, is there for whoever goes on.

`store` knows the database; here is when it is asked. Who reads `events()` does every write but the first of each run.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from functools import partial
from typing import TYPE_CHECKING, Self, TypeVar

from bot.durable.entry import Entry
from bot.durable.events import Event, Held
from bot.durable.holdings import Holdings
from bot.durable.record import Conversation, Outcome, Record, Saved
from bot.durable.recovery import Recovery
from bot.durable.sharing.company import Company
from bot.durable.sharing.ownership import Arrival
from bot.durable.turns import GATHER, TIMEOUT, Turns, let_go
from bot.durable.unsaved import Unsaved
from bot.errors import StoreError
from bot.slack.question import Question

if TYPE_CHECKING:
    from bot.durable.store import Store

logger = logging.getLogger(__name__)

LONG_TIMEOUT = 4.0  # seconds for a database that nobody waits for: to wake up, to take in all that it has missed
RETRY = 1.0  # seconds between two tries of a database that is away

_T = TypeVar("_T")


class Journal:
    """The journal of one process, kept in `store`; runs that have ended are kept for `history_days`.

    Its lease goes by `lease_clock`. An async context manager, which closes the store.
    """

    def __init__(
        self,
        store: "Store",
        *,
        clock: Callable[[], float],
        history_days: float,
        lease_clock: Callable[[], float] | None = None,
    ) -> None:
        self.clock = clock
        self._store = store
        self._recovery = Recovery(store, clock=clock, history=history_days * 86_400.0)
        self.unsaved = Unsaved()
        self._holdings = Holdings(self.unsaved, lease_clock or clock)
        self._news: list[Event] = []
        self._turns = Turns()
        self.company = Company(store, self._recovery, self._holdings, self.unsaved, self._turns, ask=self.ask)
        self._tried, self._opened = asyncio.Event(), asyncio.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def entry(self, key: str) -> Entry:
        """What is written of the run `key`."""
        return Entry(key, self.unsaved, self._holdings, self._turns, clock=self.clock)

    def is_kept(self, key: str) -> bool:
        """Whether another process could go on with a run."""
        return self._holdings.is_kept(key)

    @property
    def is_away(self) -> bool:
        """Whether the database has not done what it was asked last."""
        return self._holdings.is_away

    async def attend(self, workspace: str) -> None:
        """Serve a workspace from now on: events tell what was begun, spent and learned there.

        Return when they have, or it is not to be had in time: they do it later then.
        """
        self._recovery.attend(workspace)
        if not self.is_away:
            await self.written()

    def leave(self, workspace: str) -> None:
        """Serve a workspace no more; nothing is told of it."""
        self._recovery.leave(workspace)

    async def add(self, question: Question) -> Arrival:
        """Write a question down before it is acknowledged, which may be asked; within `TIMEOUT`.

        Raises `StoreError` where the database is away, and others may serve the workspace by now.
        """
        if (key := question.key) in self.unsaved.live:
            return Arrival.KNOWN
        if not self._holdings.may_take():
            raise StoreError("The database is away, and this process is not alone.")
        self.unsaved.begin(question, self.clock())
        if self.is_away:
            logger.warning("run.not_durable key=%s", key)
            return Arrival.HERE
        self._holdings.adding.add(key)
        try:
            async with asyncio.timeout(TIMEOUT):
                await self._opened.wait()
                arrival = await self._store.add(question)
        except (StoreError, TimeoutError) as error:
            logger.warning("run.not_durable key=%s error=%s", key, type(error).__name__)
            return Arrival.HERE
        except Exception:
            self.unsaved.drop(key)  # a fault of ours: nobody works on it, and it is asked again
            raise
        finally:
            self._holdings.adding.discard(key)
        if arrival is Arrival.HERE:
            self._holdings.saved.add(key)
        elif key not in self._holdings.saved:  # else it was claimed meanwhile
            self.unsaved.drop(key)
        return arrival

    async def recall(self, workspace: str, key: str) -> Conversation | None:
        """The run `key` and those that go on with it, oldest first, the newest of each; None where it is unknown.

        Raises:
            StoreError: the database is away, or does not answer within `TIMEOUT`; so in the three that follow.
        """

        async def work() -> Conversation | None:
            if self.unsaved.ended:  # what is only here so far is written first
                await self.written()
            return await self._store.recall(workspace, key)

        return self.unsaved.recall(workspace, key, await self.ask(work))

    async def reopen(self, workspace: str, key: str, names: Collection[str], user: str) -> Record | None:
        """Open the run `key` again, which has ended, for its answers `names` to be asked for anew; `user` wants it so.

        From then on this process works on it as on one that it has claimed, but no event tells so: go on with what is
        returned. None where it is unknown or open already: of several that ask at once, wherever, one gets it.
        """
        if key in self.unsaved.live or key in self._holdings.reopening:
            return None

        async def work() -> Record | None:
            if key in self.unsaved.ended:
                await self.written()
            return await self._store.reopen(workspace, key, names, user)

        self._holdings.reopening.add(key)
        try:
            record = await self.ask(work)
        finally:
            # If it was reopened all the same, it is a stray: the next look releases it, and somebody claims it.
            self._holdings.reopening.discard(key)
        if record:
            self._holdings.claim(record)
        return record

    async def stop(self, workspace: str, key: str, user: str) -> bool:
        """Write down that `user` has stopped the run `key`, unless somebody has before; whether it is open.

        It may be another process's, which is told so by `Stopped`. It is not told here, of a run of this process's.
        """
        if key in self.unsaved.live:
            self.unsaved.note_stop(key, user)
            if self.is_kept(key):
                await self.written()
            return True
        if key in self.unsaved.ended:
            return False
        return await self.ask(partial(self._store.stop, workspace, key, user))

    async def vote(self, workspace: str, run: str, name: str, user: str, *, is_good: bool) -> bool:
        """Write down what `user` thinks of an answer, in place of what they thought; whether its run is known."""
        return await self.ask(partial(self._store.vote, workspace, run, name, user, is_good=is_good))

    def end(self, key: str, outcome: Outcome) -> None:
        """Note that a run has ended."""
        self.entry(key).end(outcome)

    def keep(self, workspace: str, learned: str) -> None:
        """Have what a workspace has taught written, with what is written next."""
        self.unsaved.note_learned(workspace, learned)

    def wake(self) -> None:
        """Have what is unsaved written soon."""
        self._turns.wake()

    async def written(self, timeout: float = TIMEOUT) -> bool:
        """Wait until everything so far is written, for so many seconds at the longest; whether it is."""
        return await self._turns.written(timeout)

    async def tried(self) -> None:
        """Wait until the database is open, or is known to be away, as who reads `events()` finds out."""
        await self._tried.wait()

    async def events(self) -> AsyncGenerator[Event]:
        """Open the database, write, renew the lease, claim orphaned runs, for as long as somebody reads on.

        Act on each event at once, and wait for nothing: it has to be heeded before those go on who wait for a write.

        Raises:
            SettingsError: the database cannot be where it is said to be, or is a newer program's.
        """
        while True:
            self._turns.sleep()
            is_written = await self._write()
            for event in self._take_news():
                yield event
            if is_written:
                await self._recovery.tidy(_now())
                await self._turns.pause(self._recovery.wait(_now()))
            else:
                await asyncio.sleep(RETRY)

    def rest(self) -> None:
        """Claim no more runs: this process is about to end."""
        self._recovery.rest()

    async def close(self) -> None:
        """Write what is unsaved, and give up the lease: who comes next goes on with what has not ended."""
        try:
            if self._opened.is_set():
                async with asyncio.timeout(TIMEOUT):
                    await self._store.save(self.unsaved.take(self._holdings.known, is_last=True)[0])
                    await self._store.leave()
        except (StoreError, TimeoutError) as error:  # the lease ends by itself
            logger.warning("store.unfinished error=%s", type(error).__name__)
        finally:
            await self._store.close()

    async def ask(self, work: Callable[[], Awaitable[_T]]) -> _T:
        """Have something done that a person waits for who has pressed a button."""
        if self.is_away:
            raise StoreError("The database is away.")
        try:
            async with asyncio.timeout(TIMEOUT):
                await self._opened.wait()
                return await work()
        except TimeoutError as error:
            raise StoreError(f"The database has not answered within {TIMEOUT} s.") from error

    def _take_news(self) -> list[Event]:
        """What has come about since this was asked last, and until when anything may be sent."""
        until = self._holdings.send_until()
        news, self._news = [*self._news, Held(until, is_strict=self._holdings.has_company)], []
        return news

    async def _write(self) -> bool:
        """Write what is unsaved, renew the lease, search if it is time; whether the database has done so."""
        asked_at = self._holdings.clock()
        search = self._recovery.search(_now() + GATHER, self._holdings.owned)  # what is due so soon is due
        changes, due = self.unsaved.take(self._holdings.known)
        waiting = self._turns.begin()
        saved_before = set(self._holdings.saved)
        saved: Saved | None = None
        try:
            async with asyncio.timeout(LONG_TIMEOUT if self.is_away or not self._opened.is_set() else TIMEOUT):
                if not self._opened.is_set():
                    await self._store.open()
                    self._opened.set()
                await self._recovery.look_back(self._news, self._holdings)
                saved = await self._store.save(changes, search)
        except (StoreError, TimeoutError) as error:
            self._holdings.fail(error, asked_at=asked_at)
        else:
            self.unsaved.settle()
            self._recovery.note_beat(_now())
            self._news += self._holdings.note(saved, changes, saved_before, asked_at=asked_at)
            self._recovery.note_strays(self._holdings.strays)
            if self._holdings.has_missing:
                self.wake()  # they are written anew
            if search:
                self._news += self._recovery.note(search, saved, _now())
        finally:
            if saved is None:
                self.unsaved.put_back(changes, due, self.clock())
            let_go(waiting, is_written=saved is not None)
            self._tried.set()
        return saved is not None


def _now() -> float:
    return asyncio.get_running_loop().time()
