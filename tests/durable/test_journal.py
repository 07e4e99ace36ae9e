"""The journal on a virtual clock, above a database that answers, is silent, or fails as told."""

import asyncio
import itertools
import math
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest

from bot.durable.entry import Entry
from bot.durable.events import Asked, Claimed, Held, LeaseLost, Spent, Stopped
from bot.durable.journal import LONG_TIMEOUT, RETRY, Journal
from bot.durable.lease import LEASE
from bot.durable.record import WITHDRAWN, Begun, Changes, Conversation, Outcome, Past, Record, Saved, Search
from bot.durable.recovery import SEARCH
from bot.durable.sharing.ownership import Arrival
from bot.durable.store import Store
from bot.durable.turns import TIMEOUT
from bot.durable.unsaved import MOST_LATE
from bot.engine.draft import Draft, State
from bot.errors import ContentError, StoreError
from bot.slack.question import Action, Press, Question

QUESTION = Question("k", "Why?", "U", "C")


class Bell:
    """Rings when it is told to, once."""

    def __init__(self) -> None:
        self.ring = asyncio.Event()

    async def rings(self) -> AsyncGenerator[bool]:
        yield True
        await self.ring.wait()
        yield True
        await asyncio.Event().wait()


class Database(Store):
    """Keeps the keys of runs, whose they are, and all changes, in the order in which they came."""

    bell: Any = None

    def __init__(self) -> None:
        self.ours: set[str] = set()
        self.others: set[str] = set()
        self.unwritable: set[str] = set()
        self.ended: dict[str, Outcome] = {}
        self.saves: list[tuple[float, Changes]] = []
        self.conversations: dict[str, Conversation] = {}
        self.stopped: dict[str, str] = {}
        self.reopens = 0
        self.votes: list[tuple[str, str, str, bool]] = []
        self.unheld: list[Record] = []
        self.released: list[str] = []
        self.spent: list[float] = []
        self.lesson = ""
        self.owned: frozenset[str] | None = None
        self.company = 0  # processes that share it
        self.was_fenced = False
        self.asked: list[tuple[str, float]] = []
        self.takes = 0.0
        self.failure: Exception | None = None
        self.most_at_once = 20
        self.searches = 0
        self.cleared: list[int] = []  # how many runs nobody held when old ones were forgotten
        self.clears: list[tuple[float, int]] = []
        self.old = 0  # runs that are old enough to be forgotten
        self.asked_from = math.nan
        self.served: list[list[str]] = []
        self.is_open = self.is_closed = False

    async def open(self) -> None:
        await self._answer()
        self.is_open = True

    async def close(self) -> None:
        self.is_closed = True

    async def add(self, question: Question, *, is_admitted: bool = True) -> Arrival:
        assert self.is_open
        await self._answer()
        if question.key in self.ours or question.key in self.ended:
            return Arrival.KNOWN
        if not is_admitted:
            return Arrival.ELSEWHERE
        self.ours.add(question.key)
        return Arrival.HERE

    async def serve(
        self, workspaces: Collection[str], *, asked_since: float, edits_since: float
    ) -> tuple[dict[str, Past], frozenset[str] | None]:
        self.served.append([*workspaces])
        self.asked_from = asked_since
        spent = [spent for spent in self.spent if spent >= edits_since]
        return dict.fromkeys(workspaces, Past(self.asked, spent, self.lesson)), self.owned

    async def signal(self, press: Press) -> None:
        await self._answer()

    async def take_socket(self) -> bool:
        await self._answer()
        return True

    async def save(self, changes: Changes, search: Search | None = None) -> Saved:
        await self._answer()
        changes.begins = {key: one for key, one in changes.begins.items() if key not in self.unwritable}
        self.ours |= changes.begins.keys() - self.ended.keys() - self.others
        held = frozenset(self.ours)
        stopped = {key: user for key, user in self.stopped.items() if key in held}
        self.saves.append((now(), changes))
        self.ended |= {key: state for key, state in changes.ends.items() if key in held}
        self.ours -= changes.ends.keys()
        if search is None:
            others = None if self.owned is None else self.company
            return Saved(held, stopped=stopped, others=others, was_fenced=self.was_fenced)
        self.searches += 1
        self.released += sorted(search.strays)
        self.ours -= search.strays
        found, self.unheld = self.unheld[: self.most_at_once], self.unheld[self.most_at_once :]
        self.ours |= {record.question.key for record in found}
        spent = [spent for spent in self.spent if spent >= search.edits_since]
        edits = dict.fromkeys(search.workspaces, spent)
        return Saved(held, found, edits, stopped, self.owned, self.company, was_fenced=self.was_fenced)

    async def recall(self, workspace: str, key: str) -> Conversation | None:
        await self._answer()
        return self.conversations.get(key)

    async def reopen(self, workspace: str, key: str, names: Collection[str], user: str) -> Record | None:
        self.reopens += 1
        if self.ended.pop(key, None) is None:
            await self._answer()
            return None
        self.ours.add(key)  # whoever has given up waiting does not learn of it
        await self._answer()
        return Record(Question(key, "Why?", "U", "C"), 0.0, {"parent": "1.0"}, dict.fromkeys(names, Draft()))

    async def stop(self, workspace: str, key: str, user: str) -> bool:
        await self._answer()
        self.stopped[key] = user
        return key in self.ours | self.others

    async def vote(self, workspace: str, run: str, name: str, user: str, *, is_good: bool) -> bool:
        await self._answer()
        self.votes.append((run, name, user, is_good))
        return run in self.ours | self.ended.keys()

    async def leave(self) -> None:
        await self._answer()
        self.released += sorted(self.ours)
        self.ours.clear()

    async def clear(self, before: float, limit: int) -> int:
        await self._answer()
        self.cleared.append(len(self.unheld))
        self.clears.append((before, limit))
        count = min(limit, self.old)
        self.old -= count
        return count

    async def _answer(self) -> None:
        if self.takes:
            await asyncio.sleep(self.takes)
        if self.failure:
            raise self.failure

    @property
    def posts(self) -> dict[tuple[str, str], object]:
        """What the last write of each message said."""
        return {key: ts for _, changes in self.saves for key, ts in changes.posts.items()}

    def answers_since(self, save: int) -> dict[tuple[str, str], str]:
        """The texts that were written from the write with this number on."""
        return {key: draft.text for _, changes in self.saves[save:] for key, draft in changes.answers.items()}


class Reader:
    """Reads the journal's events, as `app` does: at once, and waiting for nothing."""

    def __init__(self) -> None:
        self.claimed: list[str] = []
        self.lost: list[str] = []
        self.stopped: list[tuple[str, str]] = []
        self.asked: list[tuple[str, float]] = []
        self.spent: list[float] = []
        self.held_until = math.inf

    def may_send(self) -> bool:
        """Whether the board would."""
        return now() < self.held_until

    async def read(self, journal: Journal) -> None:
        async with aclosing(journal.events()) as events:
            async for event in events:
                match event:
                    case Claimed(record):
                        self.claimed.append(record.question.key)
                    case LeaseLost(key):
                        self.lost.append(key)
                    case Stopped(key, user):
                        self.stopped.append((key, user))
                    case Asked(_, user, ago):
                        self.asked.append((user, ago))
                    case Spent(_, ago):
                        self.spent += ago
                    case Held(until):
                        self.held_until = until


def now() -> float:
    """Seconds of the loop, which stand for those since 1970."""
    return asyncio.get_running_loop().time()


@asynccontextmanager
async def journal_on(database: Database, reader: Reader | None = None) -> AsyncIterator[Journal]:
    """A journal whose events are read, open if the database answers; it is closed in the end."""
    async with Journal(database, clock=now, history_days=30) as journal:
        reading = asyncio.create_task((reader or Reader()).read(journal))
        attending = asyncio.create_task(journal.attend(""))
        try:
            yield journal
            await attending
        finally:
            reading.cancel()
            await asyncio.wait([reading])
            assert reading.cancelled(), reading.exception()


async def test_a_question_is_new_once() -> None:
    """While it is worked on, and when it has ended."""
    database = Database()
    async with journal_on(database) as journal:
        assert await journal.add(QUESTION)
        assert not await journal.add(QUESTION)
        assert journal.is_kept("k")
        journal.end("k", Outcome.DONE)
        assert not journal.is_kept("k")
        await journal.written()
        assert not await journal.add(QUESTION)


async def test_a_question_that_is_known_is_not_worked_on() -> None:
    """A former process has answered it; it is not written once more for that."""
    database, reader = Database(), Reader()
    database.ended = {"k": Outcome.DONE}
    async with journal_on(database, reader) as journal:
        assert not await journal.add(QUESTION)
        assert not journal.unsaved.live
        await asyncio.sleep(2 * SEARCH)
    assert not [changes for _, changes in database.saves if changes.begins]
    assert reader.lost == []


async def test_a_question_that_is_claimed_while_it_is_added_is_worked_on_once() -> None:
    """A former process has taken it, and left it; whoever claims it here goes on with it."""
    database, reader = Database(), Reader()
    async with journal_on(database, reader) as journal:
        await journal.written()
        database.takes, database.unheld = 1.0, [Record(QUESTION, 0.0, {}, {})]
        await asyncio.sleep(SEARCH + 0.3)
        adding = asyncio.create_task(journal.add(QUESTION))
        await asyncio.sleep(SEARCH)
        database.takes = 0.0
        assert reader.claimed == ["k"]
        assert not await adding
        assert journal.is_kept("k")
        assert journal.unsaved.live == {"k"}


async def test_a_question_is_added_once_the_database_is_open() -> None:
    """Before that there is nothing to add it to."""
    database = Database()
    database.takes = 0.5
    async with journal_on(database) as journal:
        began = now()
        assert await journal.add(QUESTION)
        assert now() - began == pytest.approx(1.0)
        assert journal.is_kept("k")


async def test_a_question_that_a_fault_kept_from_being_added_is_new_when_it_comes_again() -> None:
    """Slack has no acknowledgement, and nobody works on it."""
    database = Database()
    async with journal_on(database) as journal:
        await journal.written()
        database.failure = ZeroDivisionError()
        with pytest.raises(ZeroDivisionError):
            await journal.add(QUESTION)
        database.failure = None
        assert await journal.add(QUESTION)
        assert journal.is_kept("k")


async def test_nobody_waits_for_a_silent_database_longer_than_agreed(caplog: pytest.LogCaptureFixture) -> None:
    """The run goes on, and the log says that it is not durable; the next one does not wait at all."""
    database = Database()
    async with journal_on(database) as journal:
        await journal.written()
        database.takes = 100
        began = now()
        assert await journal.add(QUESTION)
        assert now() - began == pytest.approx(TIMEOUT)
        assert not journal.is_kept("k")
        await asyncio.sleep(SEARCH + TIMEOUT)
        began = now()
        assert await journal.add(Question("other", "Why?", "U", "C"))
        assert not await journal.add(Question("other", "Why?", "U", "C"))
        await journal.entry("other").record_intent("parent")
        assert now() == began
    assert caplog.text.count("run.not_durable") == 2


async def test_an_intent_is_written_before_it_is_acted_upon() -> None:
    """It waits for no other write to gather."""
    database = Database()
    database.takes = 0.01
    async with journal_on(database) as journal:
        await journal.add(QUESTION)
        entry = journal.entry("k")
        await asyncio.sleep(1)
        began = now()
        await entry.record_intent("parent")
        assert now() - began <= 0.02
        assert database.posts == {("k", "parent"): None}
        entry.posted("parent", "1.1")
        await entry.record_intent("Depth")
        entry.not_posted("Depth")
        await journal.written()
        assert database.posts == {("k", "parent"): "1.1", ("k", "Depth"): WITHDRAWN}


async def test_an_edit_is_written_down_as_under_way_until_it_was_answered() -> None:
    """Both at once: what another process reads of it is never old."""
    database = Database()
    async with journal_on(database) as journal:
        await journal.add(QUESTION)
        entry = journal.entry("k")
        sent_at = now()
        await entry.record_edit("Depth")
        assert database.saves[-1][1].calls == {("k", "Depth"): sent_at}
        entry.edit_answered("Depth")
        await asyncio.sleep(0.1)
        assert database.saves[-1][1].calls == {("k", "Depth"): None}


NOTES: dict[str, Callable[[Entry], None]] = {
    "a message that stands": lambda entry: entry.posted("Depth", "1.1"),
    "one that does not": lambda entry: entry.not_posted("Depth"),
    "an edit that was answered": lambda entry: entry.edit_answered("Depth"),
    "a last draft": lambda entry: entry.save_draft("Depth", Draft.of("whole", State.DONE)),
    "the end": lambda entry: entry.end(Outcome.BROKEN),
}


@pytest.mark.parametrize("note", NOTES)
async def test_what_happens_once_is_written_soon(note: str) -> None:
    """With the next write or renewal it would be lost, were the process killed."""
    database = Database()
    async with journal_on(database) as journal:
        await journal.add(QUESTION)
        await journal.written()
        before = len(database.saves)
        NOTES[note](journal.entry("k"))
        await asyncio.sleep(0.1)
        (_, changes), *none = database.saves[before:]
        assert changes != Changes()
        assert none == []


async def test_what_nobody_waits_for_gathers_to_be_written_together() -> None:
    """For a moment, which an edit does not wait for; after one too."""
    database = Database()
    async with journal_on(database) as journal:
        await journal.add(QUESTION)
        entry = journal.entry("k")
        for _ in range(2):
            await entry.record_edit("Depth")
            before = len(database.saves)
            entry.edit_answered("Depth")
            await asyncio.sleep(0.03)
            entry.posted("Time", "1.1")
            await asyncio.sleep(0.01)
            assert len(database.saves) == before
            await asyncio.sleep(0.1)
            assert len(database.saves) == before + 1


async def test_what_another_process_has_rung_for_is_looked_for_at_once() -> None:
    """It waits for no other write to gather; nor does it look before that."""
    database = Database()
    database.takes, database.bell = 0.01, Bell()
    async with journal_on(database) as journal:
        await journal.attend("")
        listening = asyncio.create_task(journal.company.listen())
        await asyncio.sleep(1)
        before = database.searches
        database.bell.ring.set()
        await asyncio.sleep(0.02)
        assert database.searches == before + 1
        listening.cancel()


async def test_drafts_gather_until_an_edit_is_to_be_sent() -> None:
    """The newest of each is written before it is shown; the last at once."""
    database = Database()
    async with journal_on(database) as journal:
        await journal.add(QUESTION)
        entry = journal.entry("k")
        await journal.written()
        before = len(database.saves)
        for length in range(1, 50):
            entry.save_draft("Depth", Draft.of("x" * length, State.WRITING))
            await asyncio.sleep(0.02)
        assert len(database.saves) == before
        await entry.record_edit("Depth")
        (_, changes), *none = database.saves[before:]
        assert (changes.answers["k", "Depth"].text, len(changes.edits), none) == ("x" * 49, 1, [])
        entry.save_draft("Depth", Draft.of("whole", State.DONE))
        await asyncio.sleep(0.1)
        assert database.saves[-1][1].answers["k", "Depth"].state is State.DONE


async def test_an_edit_writes_the_drafts_of_its_own_run() -> None:
    """Those of other runs wait for an edit or a post of theirs, the newest of each; none is lost, and none is early."""
    database = Database()
    async with journal_on(database) as journal:
        for key in ("k", "other"):
            await journal.add(Question(key, "Why?", "U", "C"))
        await journal.written()
        before = len(database.saves)
        for key in ("k", "other"):
            journal.entry(key).save_draft("Depth", Draft.of("a", State.WRITING))
            journal.entry(key).save_draft("Breadth", Draft.of("b", State.WRITING))
        await journal.entry("k").record_edit("Depth")
        assert database.answers_since(before) == {("k", "Depth"): "a", ("k", "Breadth"): "b"}
        before = len(database.saves)
        await asyncio.sleep(3 * SEARCH)
        assert database.answers_since(before) == {}
        journal.entry("other").save_draft("Depth", Draft.of("ab", State.WRITING))
        database.failure = StoreError("away")
        await journal.entry("other").record_intent("Depth 2")
        database.failure = None
        await asyncio.sleep(2 * RETRY)
        assert database.answers_since(before) == {("other", "Depth"): "ab", ("other", "Breadth"): "b"}
        journal.entry("k").save_draft("Depth", Draft.of("abc", State.WRITING))
        before = len(database.saves)
    assert database.answers_since(before) == {("k", "Depth"): "abc"}


async def test_leases_are_renewed_while_nothing_is_written() -> None:
    """Often enough for one that fails."""
    database = Database()
    async with journal_on(database) as journal:
        await journal.add(QUESTION)
        await asyncio.sleep(60)
        times = [at for at, _ in database.saves]
    assert max(after - before for before, after in itertools.pairwise(times)) <= SEARCH < LEASE / 2


async def test_what_a_silent_database_missed_is_written_when_it_is_back(caplog: pytest.LogCaptureFixture) -> None:
    """The newest of each, once; the log tells of the beginning and the end, and of nothing between."""
    database, reader = Database(), Reader()
    async with journal_on(database, reader) as journal:
        await journal.add(QUESTION)
        entry = journal.entry("k")
        database.failure = StoreError("away")
        entry.posted("parent", "1.1")
        await asyncio.sleep(5)
        entry.save_draft("Depth", Draft.of("old", State.WRITING))
        await asyncio.sleep(7)
        entry.save_draft("Depth", Draft.of("new", State.DONE))
        assert not journal.is_kept("k")
        assert reader.may_send()
        database.failure, before = None, len(database.saves)
        await asyncio.sleep(RETRY + 0.1)
        (_, changes), *_ = database.saves[before:]
        assert changes.posts == {("k", "parent"): "1.1"}
        assert changes.answers["k", "Depth"].text == "new"
        assert journal.is_kept("k")
    assert (caplog.text.count("store.away"), caplog.text.count("store.back")) == (1, 1)


async def test_a_database_that_nobody_waits_for_gets_more_time(caplog: pytest.LogCaptureFixture) -> None:
    """It may have to wake up; one that is there has to answer while a person waits."""
    database = Database()
    async with journal_on(database) as journal:
        await journal.written()
        database.takes, began = LONG_TIMEOUT - 0.1, now()
        await journal.written(100)
        assert now() - began == pytest.approx(TIMEOUT)
        assert (caplog.text.count("store.away"), caplog.text.count("store.back")) == (1, 0)
        await journal.written(100)
        assert now() - began == pytest.approx(TIMEOUT + RETRY + LONG_TIMEOUT - 0.1)
        assert (caplog.text.count("store.away"), caplog.text.count("store.back")) == (1, 1)
        database.takes = 0.0


async def test_a_run_that_another_process_holds_is_let_go(caplog: pytest.LogCaptureFixture) -> None:
    """At the next write."""
    database, reader = Database(), Reader()
    async with journal_on(database, reader) as journal:
        await journal.add(QUESTION)
        await journal.written()
        database.ours, database.others = set(), {"k"}
        await asyncio.sleep(SEARCH + 0.1)
        assert reader.lost == ["k"]
        assert not journal.is_kept("k")
        assert "run.lost key=k" in caplog.text


async def test_nothing_may_be_sent_once_the_lease_may_have_ended() -> None:
    """Until the database has said whose the run is. A process that is suspended finds out so."""
    database, reader = Database(), Reader()
    async with journal_on(database, reader) as journal:
        assert await journal.add(QUESTION)
        await journal.written()
        assert reader.may_send()
    await asyncio.sleep(LEASE)
    assert not reader.may_send()


async def test_a_process_that_was_suspended_while_it_wrote_sends_nothing_before_it_has_asked() -> None:
    """That a write from before was not answered says nothing of now."""
    database, reader = Database(), Reader()
    async with journal_on(database, reader) as journal:
        await journal.add(QUESTION)
        await journal.written()
        database.takes = 100
        journal.wake()
        await asyncio.sleep(0.1)
        asyncio.get_running_loop().now += LEASE + 1  # type: ignore[attr-defined]
        await asyncio.sleep(0)
        await asyncio.sleep(0.1)
        assert not reader.may_send()
        database.takes = 0
        await asyncio.sleep(RETRY)
        assert reader.may_send()


async def test_while_the_database_is_away_runs_that_it_does_not_know_wait_for_no_lease() -> None:
    """Nobody can have taken them up; those that it knows wait until they may be sure of that."""
    for has_known in (False, True):
        database, reader = Database(), Reader()
        async with journal_on(database, reader) as journal:
            await journal.written()
            if has_known:
                await journal.add(QUESTION)
            await asyncio.sleep(1)
            assert now() < reader.held_until <= now() + LEASE
            database.failure = StoreError("away")
            await asyncio.sleep(SEARCH)
            assert (reader.held_until == math.inf) != has_known
            await asyncio.sleep(LEASE + 2 * RETRY)
            assert reader.held_until == math.inf
            database.failure = None
            await asyncio.sleep(RETRY)
            assert now() < reader.held_until <= now() + LEASE


async def test_whose_a_run_is_is_told_before_who_waits_for_a_write_goes_on() -> None:
    """A post that has waited for it would else be sent of a run that is another's."""
    database, reader = Database(), Reader()
    async with journal_on(database, reader) as journal:
        await journal.add(QUESTION)
        await journal.written()
        asyncio.get_running_loop().now += LEASE + 1  # type: ignore[attr-defined]
        database.ours, database.others, database.takes = set(), {"k"}, 0.1
        entry = journal.entry("k")
        intending = asyncio.create_task(entry.record_intent("Depth"))
        intending.add_done_callback(lambda _: known.append([*reader.lost]))
        known: list[list[str]] = []
        await intending
        await asyncio.sleep(0)
    assert known == [["k"]]


async def test_a_post_waits_for_its_intent_where_another_may_post_it_too() -> None:
    """Alone, it does not: nobody goes on with the run. Nor where the database does not know the run."""
    for company in (0, 1):
        database = Database()
        database.owned, database.company = frozenset(), company
        async with journal_on(database) as journal:
            await journal.written()
            await journal.add(QUESTION)
            entry = journal.entry("k")
            assert await entry.record_intent("parent")
            database.takes = TIMEOUT + 1
            assert await entry.record_intent("Depth") == (not company)
            await asyncio.sleep(10)
            database.takes, database.failure = 0.0, StoreError("away")
            await asyncio.sleep(10)
            assert await entry.record_intent("Depth") == (not company)
            database.failure = None
            await asyncio.sleep(10)
            assert await entry.record_intent("Depth")


async def test_runs_that_nobody_holds_are_taken_up(caplog: pytest.LogCaptureFixture) -> None:
    """At the start, and every few seconds; not by a process that is about to end."""
    caplog.set_level("INFO")
    database, reader = Database(), Reader()
    database.unheld = [Record(QUESTION, 0.0, {}, {})]
    async with journal_on(database, reader) as journal:
        await asyncio.sleep(0.1)
        assert reader.claimed == ["k"]
        assert journal.is_kept("k")
        assert "run.taken_up key=k" in caplog.text
        await asyncio.sleep(60)
        assert database.searches == pytest.approx(60 / SEARCH, abs=2)
        assert not reader.lost
        journal.rest()
        database.unheld = [Record(Question("other", "Why?", "U", "C"), 0.0, {}, {})]
        await asyncio.sleep(60)
    assert reader.claimed == ["k"]
    assert database.released == ["k"]


async def test_nothing_is_forgotten_before_all_that_nobody_holds_is_taken_up() -> None:
    """What nobody has held for long would be forgotten; who is about to end takes nothing up, and forgets nothing."""
    database, reader = Database(), Reader()
    database.unheld = [Record(Question(f"k{number}", "Why?", "U", "C"), 0.0, {}, {}) for number in range(5)]
    async with journal_on(database) as journal:
        journal.rest()
        await asyncio.sleep(60)
    assert (database.searches, database.cleared) == (0, [])
    database.most_at_once = 2
    async with journal_on(database, reader):
        await asyncio.sleep(60)
    assert reader.claimed == ["k0", "k1", "k2", "k3", "k4"]
    assert database.cleared == [0]


async def test_a_run_that_ended_while_the_database_was_away_is_written_with_its_end() -> None:
    """Whoever is told of its question once more must know that it was answered, though it was never kept."""
    database = Database()
    async with journal_on(database) as journal:
        await journal.written()
        database.failure = StoreError("away")
        await journal.add(QUESTION)
        journal.entry("k").save_draft("Depth", Draft.of("whole", State.DONE))
        journal.end("k", Outcome.DONE)
        await asyncio.sleep(2 * SEARCH)
        database.failure = None
        await asyncio.sleep(2 * SEARCH)
        assert database.ended == {"k": Outcome.DONE}
        assert database.saves[-1][1].begins == {}
        assert not await journal.add(QUESTION)


async def test_a_run_begun_while_the_database_was_away_is_written_when_it_is_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """With its question, the time at which it was asked, and all that stands by then; it is kept from there on."""
    caplog.set_level("INFO")
    database, reader = Database(), Reader()
    async with journal_on(database, reader) as journal:
        await journal.written()
        database.failure, asked_at = StoreError("away"), now()
        assert await journal.add(QUESTION)
        entry = journal.entry("k")
        await entry.record_intent("parent")
        entry.posted("parent", "1.1")
        await entry.record_intent("Depth")
        entry.not_posted("Depth")
        await entry.record_intent("Time")
        entry.save_draft("Depth", Draft.of("old", State.WRITING))
        entry.save_draft("Depth", Draft.of("new", State.WRITING))
        await asyncio.sleep(20)
        assert not journal.is_kept("k")
        database.failure, before = None, len(database.saves)
        await asyncio.sleep(RETRY + 0.1)
        changes = database.saves[before][1]
        assert changes.begins["k"] == Begun(QUESTION, asked_at)
        assert [where for where in changes.posts.items() if where[1] is not WITHDRAWN] == [
            (("k", "parent"), "1.1"),
            (("k", "Time"), None),
        ]
        assert changes.answers["k", "Depth"].text == "new"
        assert journal.is_kept("k")
        await asyncio.sleep(SEARCH)
        assert database.saves[-1][1] == Changes()
    assert (reader.lost, caplog.text.count("run.durable key=k")) == ([], 1)


async def test_a_question_that_is_just_being_written_is_not_written_beside_that() -> None:
    """Else it would be held to be known already, and be dropped."""
    database = Database()
    async with journal_on(database) as journal:
        await journal.written()
        database.takes = 1.0
        adding = asyncio.create_task(journal.add(QUESTION))
        await asyncio.sleep(0.1)
        journal.wake()
        assert await adding
        await asyncio.sleep(2 * SEARCH)
        assert not [changes for _, changes in database.saves if changes.begins]


async def test_a_run_begun_while_the_database_was_away_may_be_anothers_when_it_is_back() -> None:
    """Its question was written late, and its lease has ended: who has taken it up goes on with it."""
    database, reader = Database(), Reader()
    async with journal_on(database, reader) as journal:
        await journal.written()
        database.takes = 100
        await journal.add(QUESTION)
        database.takes, database.others = 0.0, {"k"}
        await asyncio.sleep(2 * SEARCH)
    assert reader.lost == ["k"]


async def test_a_question_that_cannot_be_stored_is_answered_all_the_same() -> None:
    """It is not durable, and not another's for that."""
    database, reader = Database(), Reader()
    async with journal_on(database, reader) as journal:
        await journal.written()
        database.failure = ContentError("its key is too long")
        assert await journal.add(QUESTION)
        database.failure, database.unwritable = None, {"k"}
        await asyncio.sleep(3 * SEARCH)
        assert not journal.is_kept("k")
        journal.end("k", Outcome.DONE)
        await asyncio.sleep(SEARCH)
        assert journal.unsaved.is_empty
    assert reader.lost == []


async def test_a_run_that_the_database_has_lost_is_written_anew(caplog: pytest.LogCaptureFixture) -> None:
    """Somebody removed it, or has put an older one in its place; nobody can have taken it meanwhile."""
    database, reader = Database(), Reader()
    async with journal_on(database, reader) as journal:
        await journal.add(QUESTION)
        journal.entry("k").posted("parent", "1.1")
        journal.entry("k").save_draft("Depth", Draft.of("so far", State.WRITING))
        await journal.written()
        database.ours.clear()
        await asyncio.sleep(SEARCH + 0.1)
        changes = database.saves[-1][1]
        assert (changes.posts, changes.answers["k", "Depth"].text) == ({("k", "parent"): "1.1"}, "so far")
        assert journal.is_kept("k")
    assert "run.missing key=k" in caplog.text
    assert reader.lost == []


async def test_a_run_that_was_taken_up_is_written_anew_as_it_was_found() -> None:
    """And as it has gone on since."""
    database, reader = Database(), Reader()
    database.unheld = [Record(QUESTION, 5.0, {"parent": "1.1"}, {"Depth": Draft.of("so far")})]
    async with journal_on(database, reader) as journal:
        await asyncio.sleep(0.1)
        journal.entry("k").posted("Depth", "1.2")
        await journal.written()
        database.ours.clear()
        await asyncio.sleep(SEARCH + 0.1)
        changes = database.saves[-1][1]
        assert changes.begins == {"k": Begun(QUESTION, 5.0)}
        assert changes.posts == {("k", "parent"): "1.1", ("k", "Depth"): "1.2"}
        assert changes.answers == {("k", "Depth"): Draft.of("so far")}


async def test_a_run_whose_lease_had_ended_is_not_written_anew() -> None:
    """Another process may have finished it, and forgotten it since."""
    database, reader = Database(), Reader()
    async with journal_on(database, reader) as journal:
        await journal.add(QUESTION)
        await journal.written()
        database.ours.clear()
        asyncio.get_running_loop().now += LEASE + 1  # type: ignore[attr-defined]
        await asyncio.sleep(SEARCH)
    assert reader.lost == ["k"]
    assert not [changes for _, changes in database.saves if changes.begins]


async def test_of_runs_that_are_written_late_the_oldest_are_forgotten() -> None:
    """A thousand that have ended are kept in memory, with what is to be written of them, and no more."""
    database = Database()
    async with journal_on(database) as journal:
        await journal.written()
        database.failure = StoreError("away")
        for number in range(MOST_LATE + 5):
            key = f"k{number}"
            await journal.add(Question(key, "Why?", "U", "C"))
            journal.entry(key).save_draft("Depth", Draft.of("whole", State.DONE))
            journal.entry(key).posted("Depth", "1.1")
            journal.end(key, Outcome.DONE)
        await asyncio.sleep(SEARCH)
        kept = [f"k{number}" for number in range(5, MOST_LATE + 5)]
        assert list(journal.unsaved._changes.begins) == list(journal.unsaved._changes.ends) == kept
        assert len(journal.unsaved._changes.posts) == len(journal.unsaved._changes.answers) == MOST_LATE


async def test_the_database_is_tried_before_anything_else(caplog: pytest.LogCaptureFixture) -> None:
    """Who waits for that goes on once it is open, or after a few seconds where it is silent."""
    database = Database()
    database.takes = 0.5
    async with journal_on(database) as journal:
        began = now()
        await journal.tried()
        assert now() - began == pytest.approx(1.0)  # opened, and written to
    database.takes = 100.0
    async with journal_on(database) as journal:
        began = now()
        await journal.tried()
        assert now() - began == pytest.approx(LONG_TIMEOUT)
        assert "store.away error=no answer" in caplog.text
        database.takes = 0.0
        await asyncio.sleep(RETRY + 0.1)
        assert await journal.add(QUESTION)
        assert journal.is_kept("k")


async def test_a_lease_that_this_process_never_learned_of_is_given_up() -> None:
    """What it was given while it had stopped listening: it takes that up like any other."""
    database = Database()
    async with journal_on(database) as journal:
        await journal.written()
        database.ours.add("k")
        await asyncio.sleep(2 * SEARCH + 0.1)
        assert (database.released, database.ended) == (["k"], {})


async def test_what_former_processes_did_is_told() -> None:
    """How many seconds ago each edit was sent, counted late, and each run begun."""
    database, reader = Database(), Reader()
    database.spent, database.asked = [now() - 59, now() - 0.5], [("U", now() - 100)]
    async with journal_on(database, reader):
        await asyncio.sleep(1)
    assert (reader.spent, reader.asked) == ([58, 0], [("U", 100)])


async def test_what_a_process_has_spent_whose_runs_are_taken_up_counts() -> None:
    """Once, though this one was there when it was spent."""
    database, reader = Database(), Reader()
    async with journal_on(database, reader):
        await asyncio.sleep(30)
        database.spent = [now() - 5]
        database.unheld = [Record(QUESTION, 0.0, {}, {})]
        await asyncio.sleep(SEARCH)
        assert reader.spent == pytest.approx([4], abs=SEARCH)
        database.unheld = [Record(Question("other", "Why?", "U", "C"), 0.0, {}, {})]
        await asyncio.sleep(SEARCH)
        assert len(reader.spent) == 1


async def test_closing_writes_what_is_left_and_gives_up_leases() -> None:
    """Of what has not ended."""
    database = Database()
    async with journal_on(database) as journal:
        await journal.add(QUESTION)
        await journal.add(Question("other", "Why?", "U", "C"))
        await asyncio.sleep(1)
        journal.entry("k").posted("parent", "1.1")
        journal.end("other", Outcome.DONE)
    assert database.posts == {("k", "parent"): "1.1"}
    assert (database.ended, database.released) == ({"other": Outcome.DONE}, ["k"])
    assert database.is_closed


async def test_closing_does_not_wait_for_a_silent_database(caplog: pytest.LogCaptureFixture) -> None:
    """The leases end by themselves."""
    database = Database()
    async with journal_on(database) as journal:
        await journal.add(QUESTION)
        await asyncio.sleep(1)
        database.takes, began = 100, now()
    assert now() - began == pytest.approx(TIMEOUT)
    assert "store.unfinished error=TimeoutError" in caplog.text


async def test_in_company_a_question_is_refused_once_the_lease_is_over_and_the_database_away() -> None:
    """Others may serve the workspace by now; alone, it is answered all the same."""
    for others in (0, 1):
        database, reader = Database(), Reader()
        database.owned, database.company = frozenset({"W"}), others
        async with journal_on(database, reader) as journal:
            await asyncio.sleep(SEARCH + 1)
            database.failure = StoreError("away")
            await asyncio.sleep(LEASE + 5)
            if others:
                assert not reader.may_send()
                with pytest.raises(StoreError):
                    await journal.add(QUESTION)
                assert "k" not in journal.unsaved.live
            else:
                assert reader.may_send()
                assert await journal.add(QUESTION) is Arrival.HERE
            database.failure = None


async def test_who_is_no_longer_alone_knows_it_with_its_next_write() -> None:
    """Not with its next look only: cut off from the database before that, it would go on as if it were alone."""
    database, reader = Database(), Reader()
    database.owned = frozenset({""})
    async with journal_on(database, reader) as journal:
        await journal.add(QUESTION)
        await journal.written()
        assert not journal.company.is_there
        searches, database.company = database.searches, 1
        assert await journal.entry("k").record_intent("parent")
        assert (journal.company.is_there, database.searches) == (True, searches)
        database.failure = StoreError("away")
        assert not await journal.entry("k").record_intent("Depth")
        database.failure = None


async def test_who_was_declared_dead_lets_go_of_all_though_its_lease_seemed_to_hold() -> None:
    """What the database no longer has as its own is lost then, and not written anew."""
    database, reader = Database(), Reader()
    database.owned = frozenset({""})
    async with journal_on(database, reader) as journal:
        await journal.add(QUESTION)
        await journal.written()
        assert journal.company.owns("")
        database.ours.clear()
        database.was_fenced = True
        await journal.written()
        assert reader.lost == ["k"]
        assert not journal.company.owns("")


async def test_what_is_passed_on_to_others_is_counted_once_each() -> None:
    """A question that is known already was counted when it was new."""
    database, reader = Database(), Reader()
    async with journal_on(database, reader) as journal:
        company = journal.company
        assert await company.hand_over(QUESTION)
        database.ended["k"] = Outcome.DONE
        assert not await company.hand_over(QUESTION)
        await company.signal(Press(Action.AGAIN, "k", "", "U", "C", "1.0"))
        database.failure = StoreError("away")
        with pytest.raises(StoreError):
            await company.hand_over(QUESTION)
        assert company.passed_on == {"question": 1, "press": 1}
