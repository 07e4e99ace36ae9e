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
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from typing import Self

from bot.durable.events import Claimed, Event, Held, LeaseLost
from bot.durable.lease import Lease, judge
from bot.durable.record import WITHDRAWN, Changes, Outcome, Saved
from bot.durable.recovery import Recovery, Storage
from bot.durable.unsaved import Unsaved
from bot.engine.draft import Draft
from bot.errors import StoreError
from bot.slack.question import Question

logger = logging.getLogger(__name__)

TIMEOUT = 1.5  # seconds; the person who typed a command has waited half of what Slack allows
LONG_TIMEOUT = 4.0  # seconds for a database that nobody waits for: to wake up, to take in all that it has missed
EDIT_TIMEOUT = 0.25  # seconds that an edit waits for the database: its text is there, and gets no younger
RETRY = 1.0  # seconds between two tries of a database that is away
GATHER = 0.05  # seconds in which what nobody waits for gathers, to be written together


class Entry:
    """What is written of one run: its ledger."""

    def __init__(self, journal: "Journal", key: str) -> None:
        self.key = key
        self._journal = journal

    @property
    def is_kept(self) -> bool:
        """Whether another process could go on with the run."""
        return self._journal.is_kept(self.key)

    async def record_intent(self, part: str) -> None:
        """Write down that a message is about to be posted; return when that is safe, or is not to be had."""
        self._journal.unsaved.note_post(self.key, part, None)
        if self.is_kept:
            await self._journal.written()

    def not_posted(self, part: str) -> None:
        """Note that it was not posted."""
        self._journal.unsaved.note_post(self.key, part, WITHDRAWN)
        self._journal.wake()

    def posted(self, part: str, ts: str) -> None:
        """Note that it stands."""
        self._journal.unsaved.note_post(self.key, part, ts)
        self._journal.wake()

    def save_draft(self, name: str, draft: Draft) -> None:
        """Note an answer's newest draft. It is written with the next edit, or at once if it is the last."""
        self._journal.unsaved.note_draft(self.key, name, draft)
        if draft.state.is_final:
            self._journal.wake()

    async def record_edit(self, part: str) -> None:
        """Write down that an edit is about to be sent, and the run's newest drafts, of which it shows one.

        What people have seen is then there for whoever goes on with the run.
        """
        self._journal.unsaved.note_edit(self.key, part, self._journal.clock())
        if self.is_kept:
            await self._journal.written(EDIT_TIMEOUT)

    def edit_answered(self, part: str) -> None:
        """Note that no edit of a message is under way any more."""
        self._journal.unsaved.note_edit_answered(self.key, part)
        self._journal.wake()

    def end(self, outcome: Outcome) -> None:
        """Note that the run has ended: nobody need claim it."""
        self._journal.end(self.key, outcome)


class Journal:
    """The journal of one process, kept in `store`; runs that have ended are kept for `history_days`.

    An async context manager, which closes the store.
    """

    def __init__(self, store: Storage, *, clock: Callable[[], float], history_days: float) -> None:
        self.clock = clock
        self._store = store
        self._lease = Lease()
        self._recovery = Recovery(store, clock=clock, history=history_days * 86_400.0)
        self.unsaved = Unsaved()
        self._adding: set[str] = set()  # runs that are just being written for the first time
        self._saved: set[str] = set()  # runs that the database knows to be this process's
        self._news: list[Event] = []
        self._waiting: list[asyncio.Future[None]] = []  # for the next write
        self._wake, self._hurry = asyncio.Event(), asyncio.Event()
        self._tried, self._opened = asyncio.Event(), asyncio.Event()
        self._is_away = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def entry(self, key: str) -> Entry:
        """What is written of the run `key`."""
        return Entry(self, key)

    def is_kept(self, key: str) -> bool:
        """Whether another process could go on with a run."""
        return key in self._saved and not self._is_away

    async def add(self, question: Question) -> bool:
        """Write a question down before it is acknowledged; whether it is new. It returns within `TIMEOUT`."""
        if (key := question.key) in self.unsaved.live:
            return False
        self.unsaved.begin(question, self.clock())
        if self._is_away:
            logger.warning("run.not_durable key=%s", key)
            return True
        self._adding.add(key)
        try:
            async with asyncio.timeout(TIMEOUT):
                await self._opened.wait()
                is_new = await self._store.add(question)
        except (StoreError, TimeoutError) as error:
            logger.warning("run.not_durable key=%s error=%s", key, type(error).__name__)
            return True
        except Exception:
            self.unsaved.drop(key)  # a fault of ours: nobody works on it, and it is asked again
            raise
        finally:
            self._adding.discard(key)
        if is_new:
            self._saved.add(key)
        elif key not in self._saved:  # else it was claimed meanwhile
            self.unsaved.drop(key)
        return is_new

    def end(self, key: str, outcome: Outcome) -> None:
        """Note that a run has ended."""
        self.unsaved.end(key, outcome, is_saved=key in self._saved)
        self._saved.discard(key)
        self.wake()

    def keep(self, learned: str) -> None:
        """Have what the workspace has taught written, with what is written next."""
        self.unsaved.note_learned(learned)

    def wake(self) -> None:
        """Have what is unsaved written soon."""
        self._wake.set()

    async def written(self, timeout: float = TIMEOUT) -> None:
        """Wait until everything so far is written, for so many seconds at the longest."""
        written = asyncio.get_running_loop().create_future()
        self._waiting.append(written)
        self._hurry.set()
        self.wake()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await written

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
            self._wake.clear()
            is_written = await self._write()
            for event in self._take_news():
                yield event
            if is_written:
                await self._recovery.tidy(_now())
                await self._pause(self._recovery.wait(_now()))
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
                    await self._store.save(self.unsaved.take(self._saved | self._adding, is_last=True)[0])
                    await self._store.leave()
        except (StoreError, TimeoutError) as error:  # the lease ends by itself
            logger.warning("store.unfinished error=%s", type(error).__name__)
        finally:
            await self._store.close()

    async def _pause(self, seconds: float) -> None:
        """Wait until there is something to write."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
            async with asyncio.timeout(GATHER):
                await self._hurry.wait()

    def _take_news(self) -> list[Event]:
        """What has come about since this was asked last, and until when anything may be sent."""
        until = self._lease.send_until(has_runs=bool(self._saved), is_away=self._is_away)
        news, self._news = [*self._news, Held(until)], []
        return news

    async def _write(self) -> bool:
        """Write what is unsaved, renew the lease, search if it is time; whether the database has done so."""
        asked_at = self.clock()
        search = self._recovery.search(_now() + GATHER)  # what is due so soon is due
        changes, due = self.unsaved.take(self._saved | self._adding)
        waiting, self._waiting = self._waiting, []
        self._hurry.clear()
        saved_before = set(self._saved)
        saved: Saved | None = None
        try:
            async with asyncio.timeout(LONG_TIMEOUT if self._is_away or not self._opened.is_set() else TIMEOUT):
                if not self._opened.is_set():
                    self._news += await self._recovery.open()
                    self._opened.set()
                saved = await self._store.save(changes, search)
        except (StoreError, TimeoutError) as error:
            self._lease.fail(asked_at)
            if not self._is_away:
                logger.warning("store.away error=%s", str(error) or "no answer")
            self._is_away = True
        else:
            if self._is_away:
                logger.warning("store.back")
            self._is_away = False
            self._note_saved(saved, changes, saved_before, was_held=self._lease.is_held(asked_at))
            self._lease.renew(asked_at)
            if search:
                self._news += self._recovery.note(search, saved, _now())
        finally:
            if saved is None:
                self.unsaved.put_back(changes, due, self.clock())
            for future in waiting:
                if not future.done():
                    future.set_result(None)
            self._tried.set()
        return saved is not None

    def _note_saved(self, saved: Saved, changes: Changes, saved_before: set[str], *, was_held: bool) -> None:
        """Take note of which runs are this process's."""
        verdict = judge(
            saved.held,
            live=self.unsaved.live,
            saved=self._saved,
            saved_before=saved_before,
            begun=changes.begins.keys(),
            ended=changes.ends.keys(),
            ended_since=self.unsaved.ended,
            was_held=was_held,
        )
        for key in verdict.missing:
            logger.warning("run.missing key=%s", key)
            self.wake()  # it is written anew
        for key in verdict.lost:
            logger.warning("run.lost key=%s", key)
            self.unsaved.drop(key)
            self._news.append(LeaseLost(key))
        for key in verdict.saved - self._adding:
            logger.info("run.durable key=%s", key)
        self._saved = (self._saved - verdict.missing - verdict.lost) | verdict.saved
        self._recovery.note_strays(verdict.strays)
        for record in saved.claimed:
            logger.info("run.taken_up key=%s", record.question.key)
            self.unsaved.claim(record)
            self._saved.add(record.question.key)
            self._news.append(Claimed(record))


def _now() -> float:
    return asyncio.get_running_loop().time()
