"""The journal: what this process writes down of its runs, so that another can go on with them, and whose runs they are.

Laws:

- Nobody waits for the database longer than `PATIENCE`. While it does not answer, runs go on; what was to be written is
  kept, the newest of each, and written when it answers again. So is a run that the database does not know: it was begun
  meanwhile, or what stood there is gone.
- A run is worked on by the process that holds its lease. Leases are renewed with everything that is written; a process
  that missed its renewal (it was suspended, say) sends nothing until it has asked whether the run is still its own.
- Newer drafts replace unwritten ones. They are written with the next edit of their run, the last one at once: what
  people have seen, and what is whole, is there for whoever goes on.

`store` knows the database; here is when it is asked. Who reads `events()` owns every write but the first of each run.
"""

import asyncio
import logging
import math
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self

from bot.durable.events import Asked, Claimed, Event, Held, LeaseLost, Spent
from bot.durable.record import LEASE, WITHDRAWN, Begun, Changes, Outcome, Record, Withdrawn
from bot.engine.draft import Draft
from bot.errors import StoreError
from bot.slack.question import Question

logger = logging.getLogger(__name__)

PATIENCE = 1.5  # seconds; the person who typed a command has waited half of what Slack allows
LONGER = 4.0  # seconds for a database that nobody waits for: to wake up, to take in all that it has missed
RENEWAL = 3.0  # seconds between two renewals: two may fail before a lease has ended
SEARCH = 2.0  # seconds between two looks for runs that nobody holds
ENOUGH = 2  # writes that fail until the database is held to be away; the first may find its connection dead
RETRY = 1.0  # seconds between two tries of a database that does not answer
MEMORY = 1_000  # runs that ended while the database was away, and are written late: of more, the oldest are forgotten
BRIEFLY = 0.25  # seconds that an edit waits for the database: its text is there, and gets no younger
GATHER = 0.05  # seconds in which what nobody waits for gathers, to be written together
HOUSEKEEPING = 3_600.0  # seconds between two looks for runs that are old enough to be forgotten
BATCH = 100  # of those at once; a write waits behind them
DAY = 86_400.0  # seconds
MINUTE = 60.0  # seconds; Slack's limits look back so far
DOUBT = 1.0  # seconds by which an edit of a dead process may have been counted later than it was written down


class Database(Protocol):
    """Where it is written: `durable.store.Store`. All but `close` raises `StoreError`."""

    async def close(self) -> None:
        """Close it."""

    async def open(self) -> None:
        """Connect, and make what is missing."""

    async def add(self, question: Question) -> bool:
        """Write a question down; whether it is new."""

    async def save(self, changes: Changes) -> set[str]:
        """Renew all leases and write the changes; the keys of the runs that are this process's."""

    async def claim(self) -> list[Record]:
        """Take up runs that nobody holds."""

    async def release(self, keys: Iterable[str]) -> None:
        """Give up leases."""

    async def clear(self, before: float, limit: int) -> int:
        """Forget up to `limit` runs that have ended before a time; how many."""

    async def asked_since(self, at: float) -> list[tuple[str, float]]:
        """Who asked when, since a time, in runs that have ended."""

    async def edits_since(self, at: float) -> list[float]:
        """When other processes have sent edits, since a time."""


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
        self._journal.note_post(self.key, part, None)
        if self.is_kept:
            await self._journal.written()

    def not_posted(self, part: str) -> None:
        """Note that it was not posted."""
        self._journal.note_post(self.key, part, WITHDRAWN)
        self._journal.wake()

    def posted(self, part: str, ts: str) -> None:
        """Note that it stands."""
        self._journal.note_post(self.key, part, ts)
        self._journal.wake()

    def save_draft(self, name: str, draft: Draft) -> None:
        """Note an answer's newest draft. It is written with the next edit, or at once if it is the last."""
        self._journal.note_draft(self.key, name, draft)
        if draft.state.is_final:
            self._journal.due.add(self.key)
            self._journal.wake()

    async def record_edit(self, part: str) -> None:
        """Write down that an edit is about to be sent, and the run's newest drafts, of which it shows one.

        What people have seen is then there for whoever goes on with the run.
        """
        now = self._journal.clock()
        self._journal.due.add(self.key)
        self._journal.changes.edits.append(now)
        self._journal.changes.calls[self.key, part] = now
        if self.is_kept:
            await self._journal.written(BRIEFLY)

    def edit_answered(self, part: str) -> None:
        """Note that no edit of a message is under way any more."""
        self._journal.changes.calls[self.key, part] = None
        self._journal.wake()

    def end(self, outcome: Outcome) -> None:
        """Note that the run has ended: nobody need take it up."""
        self._journal.end(self.key, outcome)


@dataclass(slots=True)
class _Page:
    """All that stands of a run on which this process works, should it have to be written anew."""

    begun: Begun
    posts: dict[str, str | None] = field(default_factory=dict)
    answers: dict[str, Draft] = field(default_factory=dict)


class Journal:
    """The journal of one process, kept in `store`; runs that have ended are kept for `history_days`.

    An async context manager, which closes the store.
    """

    def __init__(self, store: Database, *, clock: Callable[[], float], history_days: float) -> None:
        self.clock = clock
        self.changes = Changes()
        self.due: set[str] = set()  # runs whose newest drafts go with the next write
        self._store = store
        self._history = history_days * DAY
        self._live: dict[str, _Page] = {}  # this process works on them
        self._adding: set[str] = set()  # those of them that are just being written for the first time
        self._kept: set[str] = set()  # those of them that the database knows to be this process's
        self._held_until = 0.0
        self._unanswered = 0  # writes in a row that have failed since the leases may have ended
        self._counted: Counter[float] = Counter()  # edits of other processes, by when they were sent
        self._tried = asyncio.Event()
        self._opened = asyncio.Event()
        self._is_away = False
        self._is_resting = False
        self._wake = asyncio.Event()
        self._hurry = asyncio.Event()
        self._written: list[asyncio.Future[None]] = []
        self._news: list[Event] = []
        self._strays: set[str] = set()  # runs that were taken up, and that this process never learned of

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def entry(self, key: str) -> Entry:
        """What is written of the run `key`."""
        return Entry(self, key)

    def is_kept(self, key: str) -> bool:
        """Whether another process could go on with a run."""
        return key in self._kept and not self._is_away

    async def add(self, question: Question) -> bool:
        """Write a question down before it is acknowledged; whether it is new. It returns within `PATIENCE`."""
        if question.key in self._live:
            return False
        self._live[question.key] = _Page(Begun(question, self.clock()))
        if self._is_away:
            logger.warning("run.not_durable key=%s", question.key)
            return True
        self._adding.add(question.key)
        try:
            async with asyncio.timeout(PATIENCE):
                await self._opened.wait()
                is_new = await self._store.add(question)
        except (StoreError, TimeoutError) as error:
            logger.warning("run.not_durable key=%s error=%s", question.key, type(error).__name__)
            return True
        except Exception:
            del self._live[question.key]  # a fault of ours: nobody works on it, and it is asked again
            raise
        finally:
            self._adding.discard(question.key)
        if is_new:
            self._kept.add(question.key)
        elif question.key not in self._kept:  # else it was taken up meanwhile
            self._live.pop(question.key, None)
        return is_new

    def note_post(self, key: str, part: str, ts: str | Withdrawn | None) -> None:
        """Note what is known of a message: that it is about to be posted, was not posted, or stands."""
        self.changes.posts[key, part] = ts
        self.due.add(key)  # it shows text of the answers, perhaps
        if page := self._live.get(key):
            if ts is WITHDRAWN:
                page.posts.pop(part, None)
            else:
                page.posts[part] = ts

    def note_draft(self, key: str, name: str, draft: Draft) -> None:
        """Note an answer's newest draft."""
        self.changes.answers[key, name] = draft
        if page := self._live.get(key):
            page.answers[name] = draft

    def end(self, key: str, outcome: Outcome) -> None:
        """Note that a run has ended."""
        page = self._live.pop(key, None)
        if page and key not in self._kept:
            # Written all the same: whoever is told of its question once more must know that it was answered.
            self.changes.begins[key] = page.begun
            if len(self.changes.begins) > MEMORY:
                _forget(self.changes, next(iter(self.changes.begins)))
        self._kept.discard(key)
        self.changes.ends[key] = outcome
        self.wake()

    def wake(self) -> None:
        """Have what is new written soon."""
        self._wake.set()

    async def written(self, patience: float = PATIENCE) -> None:
        """Wait until everything so far is written, for so many seconds at the longest."""
        written = asyncio.get_running_loop().create_future()
        self._written.append(written)
        self._hurry.set()
        self.wake()
        try:
            async with asyncio.timeout(patience):
                await written
        except TimeoutError:
            logger.debug("store.slow")

    async def tried(self) -> None:
        """Wait until the database is open, or is known to be away, as who reads `events()` finds out."""
        await self._tried.wait()

    async def events(self) -> AsyncGenerator[Event]:
        """Open the database, write, renew leases, claim runs that nobody holds, for as long as somebody reads on.

        What is read of a write, whose the runs are above all, is told before anybody who waits for that write goes on:
        let the reader act on each event at once, and wait for nothing. It is to be read once.

        Raises:
            SettingsError: the database cannot be where it is said to be, or is a newer program's.
        """
        search_at = tidy_at = 0.0
        is_all_held = False
        while True:
            self._wake.clear()
            is_written = await self._write()
            for event in self._take_news():
                yield event
            if is_written:
                now = _now() + GATHER  # what is due so soon is due
                if now >= search_at and not self._is_resting:
                    search_at = now + SEARCH
                    is_all_held = await self._search()
                    for event in self._take_news():
                        yield event
                if is_all_held and now >= tidy_at:  # what can be taken up is not forgotten before it is
                    tidy_at = now + (RENEWAL if await self._tidy() else HOUSEKEEPING)
                await self._pause(RENEWAL if self._is_resting else min(RENEWAL, search_at - _now()))
            else:
                await asyncio.sleep(RETRY)

    def rest(self) -> None:
        """Take up no more runs: this process is about to end."""
        self._is_resting = True

    async def close(self) -> None:
        """Write what is left, and give up the leases of runs that have not ended: who comes next goes on with them."""
        if not self._opened.is_set():
            await self._store.close()
            return
        try:
            async with asyncio.timeout(PATIENCE):
                changes, self.changes = self.changes, Changes()
                self._add_unkept(changes)
                await self._store.save(changes)
                await self._store.release(self._live)
        except (StoreError, TimeoutError) as error:
            logger.warning("store.unfinished error=%s", type(error).__name__)  # the leases end by themselves
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
        """What has come about since this was asked last, and until when the runs are this process's."""
        is_out_of_reach = self._unanswered >= ENOUGH or (self._is_away and not self._kept)
        held = Held(math.inf if is_out_of_reach else self._held_until)
        news, self._news = [*self._news, held], []
        return news

    async def _write(self) -> bool:
        """Write what is new, and renew the leases; whether the database has done so."""
        began = self.clock()
        was_leased = began < self._held_until
        changes, self.changes = self.changes, Changes()
        due, self.due = self.due, set()
        self._hold_back(changes, due)
        self._add_unkept(changes)
        waiting, self._written = self._written, []
        self._hurry.clear()
        kept = set(self._kept)
        is_done = False
        try:
            async with asyncio.timeout(LONGER if self._is_away or not self._opened.is_set() else PATIENCE):
                if not self._opened.is_set():
                    await self._open()
                held = await self._store.save(changes)
        except (StoreError, TimeoutError) as error:
            self._unanswered += began >= self._held_until
            self._note_away(error)
        else:
            if self._is_away:
                logger.warning("store.back")
            self._is_away = False
            self._held_until = began + LEASE
            self._unanswered = 0
            self._note_held(held, changes, kept, was_leased=was_leased)
            is_done = True
        finally:
            if not is_done:
                self._take_back(changes)
                self.due |= due
            for future in waiting:
                if not future.done():
                    future.set_result(None)
            self._tried.set()
        return is_done

    def _hold_back(self, changes: Changes, due: set[str]) -> None:
        """Leave the drafts of all runs for later but those that are `due`, or have ended.

        While answers grow, each run has news all the time: written with every edit of any run, they would be most of
        what is written. Nobody has seen them, and whoever goes on with a run asks for its unfinished answers anew.
        """
        for where in [where for where in changes.answers if where[0] not in due | changes.ends.keys()]:
            self.changes.answers[where] = changes.answers.pop(where)

    def _add_unkept(self, changes: Changes) -> None:
        """Have the runs written that the database does not know, with all that stands of them."""
        for key, page in self._live.items():
            if key in self._kept or key in self._adding:
                continue
            changes.begins[key] = page.begun
            # In the order of their intents: what this write says of them already may be but the newest.
            posts: dict[tuple[str, str], str | Withdrawn | None] = {(key, part): ts for part, ts in page.posts.items()}
            changes.posts = posts | changes.posts
            changes.answers |= {(key, name): draft for name, draft in page.answers.items()}

    def _note_held(self, held: set[str], changes: Changes, kept: set[str], *, was_leased: bool) -> None:
        """Take note of which runs are this process's.

        `changes` were written, `kept` were thought to be its own before that, and `was_leased` says whether nobody else
        can have taken them.
        """
        for key in kept & self._kept - held:
            if was_leased:
                # Perhaps what stood there is gone. It is written anew; if it is another's after all, that shows then.
                logger.warning("run.missing key=%s", key)
                self._kept.discard(key)
                self.wake()
            else:
                self._lose(key)
        for key in changes.begins.keys() & self._live.keys() - self._kept - held:
            self._lose(key)
        held = held - changes.ends.keys()
        for key in held & self._live.keys() - self._kept - self._adding:
            logger.info("run.durable key=%s", key)
        # What was thought not to be written, and was, late: questions, and leases.
        self._kept |= held & self._live.keys()
        self._strays |= held - self._live.keys() - self.changes.ends.keys()

    def _lose(self, key: str) -> None:
        logger.warning("run.lost key=%s", key)
        del self._live[key]
        self._kept.discard(key)
        self._news.append(LeaseLost(key))

    def _note_away(self, error: Exception) -> None:
        if not self._is_away:
            logger.warning(
                "store.away error=%s: runs go on, and are written when it is back", str(error) or "no answer"
            )
        self._is_away = True

    def _take_back(self, changes: Changes) -> None:
        """Have what was not written written with what has come since."""
        newer = self.changes
        changes.begins.update(newer.begins)
        changes.posts.update(newer.posts)
        changes.calls.update(newer.calls)
        changes.answers.update(newer.answers)
        changes.ends.update(newer.ends)
        horizon = self.clock() - MINUTE
        changes.edits = [at for at in (*changes.edits, *newer.edits) if at > horizon]
        self.changes = changes

    async def _open(self) -> None:
        """Open the database, and learn what former processes have begun and spent, before anything is added to it."""
        await self._store.open()
        now = self.clock()
        asked = await self._store.asked_since(now - 60 * MINUTE)
        await self._count_spent()
        self._news += [Asked(user, now - at) for user, at in asked]
        self._opened.set()

    async def _count_spent(self) -> None:
        """Count what other processes have spent within the minute, and was not counted yet; some is written late."""
        now = self.clock()
        spent = Counter(await self._store.edits_since(now - MINUTE))
        self._news.append(Spent([max(0.0, now - at - DOUBT) for at in (spent - self._counted).elements()]))
        self._counted = spent

    async def _search(self) -> bool:
        """Take up what nobody holds, so much at once; whether there was nothing of it."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._store.release(self._strays)
                self._strays.clear()
                await self._count_spent()
                records = await self._store.claim()
        except (StoreError, TimeoutError) as error:
            self._note_away(error)
            return False
        for record in records:
            key = record.question.key
            self._live[key] = _Page(Begun(record.question, record.asked_at), {**record.posts}, {**record.answers})
            self._kept.add(key)
            logger.info("run.taken_up key=%s", key)
            self._news.append(Claimed(record))
        return not records

    async def _tidy(self) -> bool:
        """Forget what is old; whether there is more of it."""
        try:
            async with asyncio.timeout(PATIENCE):
                count = await self._store.clear(self.clock() - self._history, BATCH)
        except (StoreError, TimeoutError) as error:
            logger.warning("store.untidy error=%s", str(error) or "no answer")
            return False
        if count:
            logger.info("store.cleared runs=%s", count)
        return count == BATCH


def _forget(changes: Changes, key: str) -> None:
    """Write nothing of a run."""
    changes.begins.pop(key, None)
    changes.ends.pop(key, None)
    changes.posts = {where: ts for where, ts in changes.posts.items() if where[0] != key}
    changes.calls = {where: at for where, at in changes.calls.items() if where[0] != key}
    changes.answers = {where: draft for where, draft in changes.answers.items() if where[0] != key}


def _now() -> float:
    return asyncio.get_running_loop().time()
