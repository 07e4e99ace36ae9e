"""What the journal does for somebody who has pressed a button, on a virtual clock, above a database as in its tests."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bot.durable.journal import Journal
from bot.durable.record import Begun, Changes, Conversation, Outcome, Record
from bot.durable.recovery import SEARCH
from bot.durable.turns import TIMEOUT
from bot.engine.conversation.followups import Kind
from bot.engine.draft import Draft, State
from bot.errors import StoreError
from bot.slack.question import Question
from tests.durable.test_journal import QUESTION, Database, Reader, journal_on, now

WHOLE = Draft.of("So.", State.DONE)
FURTHER = Question("k/1", "", "U2", "C", kind=Kind.DEEPER, root="k", side="Depth")


def gone(database: Database, key: str = "k") -> None:
    """Let a run have ended that no process works on."""
    database.ended[key] = Outcome.DONE


PRESSES: dict[str, Callable[[Journal], Awaitable[Any]]] = {
    "recall": lambda journal: journal.recall("", "k"),
    "reopen": lambda journal: journal.reopen("", "k", ["Depth"], "U"),
    "stop": lambda journal: journal.stop("", "k", "U"),
    "vote": lambda journal: journal.vote("", "k", "Depth", "U", is_good=True),
}


@pytest.mark.parametrize("press", PRESSES)
async def test_nobody_who_presses_waits_longer_than_agreed(press: str) -> None:
    """Of a database that says nothing; and not at all while it is known to be away."""
    database = Database()
    async with journal_on(database) as journal:
        await journal.written()
        gone(database)
        database.takes = 100
        began = now()
        with pytest.raises(StoreError, match="has not answered"):
            await PRESSES[press](journal)
        assert now() - began == pytest.approx(TIMEOUT)
        await asyncio.sleep(SEARCH + TIMEOUT)
        began = now()
        with pytest.raises(StoreError, match="away"):
            await PRESSES[press](journal)
        assert now() == began


@pytest.mark.parametrize("press", PRESSES)
async def test_a_press_waits_until_the_database_is_open(press: str) -> None:
    """The first one may come with the connection."""
    database = Database()
    database.takes = 0.5
    async with journal_on(database) as journal:
        began = now()
        await PRESSES[press](journal)
        assert now() - began == pytest.approx(1.0)


@pytest.mark.parametrize("press", PRESSES)
async def test_what_the_database_fails_over_is_an_error(press: str) -> None:
    """As it says it."""
    database = Database()
    async with journal_on(database) as journal:
        await journal.written()
        gone(database)
        database.failure = StoreError("no")
        with pytest.raises(StoreError, match="no"):
            await PRESSES[press](journal)


async def test_a_conversation_is_recalled_with_what_is_newest() -> None:
    """Drafts that wait for an edit are there, and a follow-up that the database does not know yet."""
    database = Database()
    async with journal_on(database) as journal:
        await journal.add(QUESTION)
        database.conversations["k"] = Conversation(Record(QUESTION, now(), {}, {}))
        entry = journal.entry("k")
        entry.save_draft("Depth", Draft.of("newest", State.WRITING))
        entry.note_material("Person 1: no.")
        database.failure = StoreError("no")
        await journal.add(FURTHER)
        database.failure = None
        conversation = await journal.recall("", "k")
        assert conversation
        assert conversation.root.answers == {"Depth": Draft.of("newest", State.WRITING)}
        assert conversation.root.material == "Person 1: no."
        assert [one.question for one in conversation.further] == [FURTHER]
        assert await journal.recall("", "unknown") is None


when_pressed = pytest.mark.parametrize(
    "after", [0.0, 0.01, 0.15, 0.45], ids=["before it is written", "as the write begins", "during it", "near its end"]
)


@when_pressed
async def test_what_has_ended_a_moment_ago_is_written_before_it_is_recalled(after: float) -> None:
    """Else its last answers would be missing, and it would seem to go on; also while its end is just being written."""
    database = Database()
    async with journal_on(database) as journal:
        await journal.add(QUESTION)
        await journal.written()
        entry = journal.entry("k")
        entry.save_draft("Depth", WHOLE)
        database.takes = 0.2
        entry.end(Outcome.DONE)
        await asyncio.sleep(after)
        database.takes = 0.0
        await journal.recall("", "k")
        assert database.ended == {"k": Outcome.DONE}
        assert database.answers_since(0) == {("k", "Depth"): "So."}


async def test_a_run_that_was_reopened_is_this_processs() -> None:
    """Without an event, and as one that it has claimed: what the database loses of it is written anew."""
    database, reader = Database(), Reader()
    async with journal_on(database, reader) as journal:
        await journal.written()
        gone(database)
        record = await journal.reopen("", "k", ["Depth"], "U2")
        assert record
        assert record.answers == {"Depth": Draft()}
        assert journal.is_kept("k")
        assert await journal.reopen("", "k", ["Depth"], "U2") is None
        journal.entry("k").save_draft("Depth", WHOLE)
        await asyncio.sleep(2 * SEARCH)
        assert (reader.claimed, reader.lost, database.released) == ([], [], [])
        database.ours.clear()
        await asyncio.sleep(2 * SEARCH)
        assert database.ours == {"k"}
        begun = [changes.begins["k"] for _, changes in database.saves if changes.begins]
        assert [one.question.key for one in begun] == ["k"]
        journal.end("k", Outcome.DONE)
        await journal.written()
        assert database.ended == {"k": Outcome.DONE}


@when_pressed
async def test_what_ended_here_a_moment_ago_can_be_reopened(after: float) -> None:
    """Its end is written first; the run is open afterwards."""
    database = Database()
    async with journal_on(database) as journal:
        await journal.add(QUESTION)
        await journal.written()
        database.takes = 0.2
        journal.end("k", Outcome.DONE)
        await asyncio.sleep(after)
        assert await journal.reopen("", "k", [], "U2")
        await asyncio.sleep(SEARCH)
        assert database.ours == {"k"}
        assert database.ended == {}
        assert journal.is_kept("k")


async def test_two_presses_at_once_reopen_a_run_once() -> None:
    """In one process, which asks the database once: who gives up waiting takes nobody along."""
    database = Database()
    async with journal_on(database) as journal:
        await journal.written()
        gone(database)
        database.takes = 0.1
        found = await asyncio.gather(*(journal.reopen("", "k", ["Depth"], f"U{number}") for number in range(5)))
        assert len([record for record in found if record]) == 1
        assert found[0]
        assert database.reopens == 1


async def test_a_run_that_is_just_being_reopened_is_no_stray() -> None:
    """A renewal of the lease that comes in between finds it as this process's, which does not know it yet."""
    database = Database()
    async with journal_on(database) as journal:
        await journal.written()
        gone(database)
        database.takes = 1.0
        reopening = asyncio.create_task(journal.reopen("", "k", ["Depth"], "U2"))
        await asyncio.sleep(0)
        database.takes = 0.0
        await asyncio.sleep(0.1)
        await journal.written()
        assert database.ours == {"k"}
        assert await reopening
        await asyncio.sleep(3 * SEARCH)
        assert database.released == []
        assert journal.is_kept("k")


async def test_a_run_that_was_reopened_too_late_is_given_up() -> None:
    """Whoever pressed was told that it could not be done; the next look releases it, for it to be claimed."""
    database = Database()
    async with journal_on(database) as journal:
        await journal.written()
        gone(database)
        database.takes = 2 * TIMEOUT
        reopening = asyncio.create_task(journal.reopen("", "k", ["Depth"], "U2"))
        await asyncio.sleep(0)
        database.takes = 0.0
        with pytest.raises(StoreError):
            await reopening
        assert not journal.unsaved.live
        await asyncio.sleep(3 * SEARCH)
        assert database.released == ["k"]


async def test_a_stop_of_a_run_of_this_process_is_written_before_it_is_acknowledged() -> None:
    """Once, for whoever pressed first; nobody is told of it here, since whoever heard the press tells the run."""
    database, reader = Database(), Reader()
    async with journal_on(database, reader) as journal:
        await journal.add(QUESTION)
        await journal.written()
        before = len(database.saves)
        assert await journal.stop("", "k", "U2")
        assert await journal.stop("", "k", "U3")
        assert [changes.stops for _, changes in database.saves[before:]] == [{"k": "U2"}, {}]
        database.stopped["k"] = "U2"
        await asyncio.sleep(2 * SEARCH)
        assert reader.stopped == []
        journal.end("k", Outcome.DONE)
        assert not await journal.stop("", "k", "U2")


async def test_a_stop_while_the_database_is_away_is_written_when_it_is_back() -> None:
    """Nobody waits for it; and a run that it does not know is written as stopped."""
    database = Database()
    async with journal_on(database) as journal:
        await journal.add(QUESTION)
        await journal.written()
        database.failure = StoreError("no")
        await asyncio.sleep(SEARCH)
        other = Question("other", "Why?", "U", "C")
        await journal.add(other)
        began, before = now(), len(database.saves)
        assert await journal.stop("", "k", "U2")
        assert await journal.stop("", "other", "U3")
        assert now() == began
        database.failure = None
        await asyncio.sleep(SEARCH)
        changes = database.saves[before][1]
        assert changes.stops == {"k": "U2", "other": "U3"}
        assert changes.begins == {"other": Begun(other, began, stopped_by="U3")}


async def test_a_stop_that_another_process_has_heard_is_told_once() -> None:
    """With the next renewal of the lease."""
    database, reader = Database(), Reader()
    async with journal_on(database, reader) as journal:
        await journal.add(QUESTION)
        await journal.written()
        database.stopped["k"] = "U2"
        await asyncio.sleep(3 * SEARCH)
        assert reader.stopped == [("k", "U2")]
        conversation = await journal.recall("", "k")
        assert conversation
        assert conversation.root.stopped_by == "U2"


async def test_a_run_of_anothers_is_stopped_in_the_database() -> None:
    """Unless it has ended, or is not known there."""
    database = Database()
    async with journal_on(database) as journal:
        await journal.written()
        database.others.add("k")
        assert await journal.stop("", "k", "U2")
        assert database.stopped == {"k": "U2"}
        assert not await journal.stop("", "unknown", "U2")


async def test_what_was_read_in_a_thread_is_written_soon_and_once() -> None:
    """And anew with a run that the database has lost."""
    database = Database()
    async with journal_on(database) as journal:
        await journal.add(QUESTION)
        await journal.written()
        before = len(database.saves)
        journal.entry("k").note_material("Person 1: no.")
        await asyncio.sleep(0.1)
        assert [changes for _, changes in database.saves[before:]] == [Changes(materials={"k": "Person 1: no."})]
        database.ours.clear()
        await asyncio.sleep(2 * SEARCH)
        [begun] = [changes.begins["k"] for _, changes in database.saves if changes.begins]
        assert begun.material == "Person 1: no."


async def test_a_vote_goes_to_the_database() -> None:
    """Whether its run is known, it says."""
    database = Database()
    async with journal_on(database) as journal:
        await journal.written()
        gone(database)
        assert await journal.vote("", "k", "Depth", "U2", is_good=False)
        assert not await journal.vote("", "unknown", "Depth", "U2", is_good=True)
        assert database.votes == [("k", "Depth", "U2", False), ("unknown", "Depth", "U2", True)]
