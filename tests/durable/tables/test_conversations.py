"""Runs that are gone on with: recalled, reopened, stopped, by whichever process somebody's press comes to."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.durable.lease import LEASE
from bot.durable.record import Begun, Changes, Conversation, Outcome, Record
from bot.durable.store import Store
from bot.engine.conversation.followups import Kind
from bot.engine.draft import Draft, State
from bot.slack.question import Question
from bot.texts.ja import JAPANESE
from tests.support.databases import claim, query, release
from tests.support.stores import World, keys, question

pytestmark = pytest.mark.slow

WHOLE = Draft.of("So.", State.DONE, model="m", seconds=1.5, tokens=7)
CUT = Draft.of("So", State.STOPPED, model="m")


def deeper(key: str = "T1/Depth", root: str = "T1", **other: Any) -> Question:
    """A question that goes on with one side of a run."""
    return question(key, kind=Kind.DEEPER, root=root, side="Depth", problem="", **other)


async def ended(store: Store, asked: Question | None = None, outcome: Outcome = Outcome.DONE) -> Question:
    """A run with one answer that is whole and one that is not, which has ended."""
    asked = asked or question()
    await store.add(asked)
    parts: dict[tuple[str, str], Any] = {(asked.key, "parent"): "1.0", (asked.key, "Depth"): "2.0"}
    answers = {(asked.key, "Depth"): WHOLE, (asked.key, "Time"): CUT}
    await store.save(Changes(posts=parts, answers=answers, ends={asked.key: outcome}))
    return asked


async def test_a_run_is_recalled_with_all_that_goes_on_with_it(world: World) -> None:
    """The oldest first, open or ended, by whatever process; with all that their questions had."""
    one, two = await world.store("one"), await world.store("two")
    start = world.clock.now
    asked = await ended(one, question(reads_thread=True, language=JAPANESE))
    world.clock.now += 10
    further = deeper(thread_ts="1.0", user="U2")
    await two.add(further)
    told = {further.key: "ja", asked.key: "another's"}
    await two.save(Changes(materials={further.key: "Person 1: no."}, languages=told, stops={further.key: "U3"}))
    further = replace(further, language=JAPANESE)
    world.clock.now -= 5
    together = question("T1/together", kind=Kind.TOGETHER, root="T1")
    await ended(one, together, Outcome.INTERRUPTED)
    await ended(one, question("T2"))
    answers = {"Depth": WHOLE, "Time": CUT}
    posts = {"parent": "1.0", "Depth": "2.0"}
    assert await two.recall("", "T1") == Conversation(
        Record(asked, start, posts, answers, outcome=Outcome.DONE),
        [
            Record(together, start + 5, posts, answers, outcome=Outcome.INTERRUPTED),
            Record(further, start + 10, {}, {}, material="Person 1: no.", stopped_by="U3"),
        ],
    )
    assert await two.recall("", further.key) == Conversation(
        Record(further, start + 10, {}, {}, material="Person 1: no.", stopped_by="U3"), []
    )


async def test_what_is_unknown_or_anothers_or_makes_no_sense_is_not_recalled(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """A kind that a newer version knows is left to it; the rest of the conversation is there."""
    one = await world.store("one")
    await ended(one, question("others", workspace="T1/B2"))
    for key in ("T1", "T2"):
        await ended(one, question(key))
        for further in ("a", "b"):
            await ended(one, deeper(f"{key}/{further}", key))
    await query(world.url, "UPDATE runs SET kind = 'newer' WHERE key IN ('T1/a', 'T2')")
    assert await one.recall("", "unknown") is None
    assert await one.recall("", "others") is None
    assert not await one.stop("", "others", "U9")
    assert await one.reopen("", "others", ["Depth"], "U9") is None
    assert await one.recall("", "T2") is None
    assert await one.reopen("", "T2", ["Depth"], "U9") is None
    conversation = await one.recall("", "T1")
    assert conversation
    assert keys([*conversation.further]) == ["T1/b"]
    assert "store.unreadable kind=runs run=T1/a" in caplog.messages
    assert await query(world.url, "SELECT state FROM runs WHERE key IN ('others', 'T2')") == [("done",), ("done",)]


async def test_a_run_that_has_ended_is_open_again_for_some_of_its_answers(world: World) -> None:
    """As this process's. These wait, over the text that stands, one that it never had too; the others are as before."""
    one, two = await world.store("one"), await world.store("two")
    asked_at = world.clock.now
    asked = await ended(one)
    await query(world.url, "UPDATE runs SET stopped_by = 'U2'")
    world.clock.now += 4_000
    record = await two.reopen("", "T1", ["Time", "Breadth"], "U3")
    answers = {"Depth": WHOLE, "Time": Draft.of("So"), "Breadth": Draft()}
    posts = {"parent": "1.0", "Depth": "2.0"}
    now = world.clock.now
    assert record == Record(asked, asked_at, posts, answers, reopened_at=now, reopened_by="U3")
    assert (record.begun_at, record.begun_by) == (now, "U3")
    assert await two.recall("", "T1") == Conversation(record, [])
    assert (await two.save(Changes())).held == {"T1"}
    assert (await one.save(Changes())).held == set()
    await two.save(Changes(ends={"T1": Outcome.DONE}))
    again = await one.reopen("", "T1", [], "U4")
    assert again
    assert (again.answers, again.begun_by) == (answers, "U4")


async def test_what_is_open_or_unknown_cannot_be_reopened(world: World) -> None:
    """Whoever owns it, alive or not: an orphaned run is claimed."""
    one, two = await world.store("one"), await world.store("two")
    await one.add(question())
    for store in (one, two):
        assert await store.reopen("", "T1", ["Depth"], "U2") is None
        assert await store.reopen("", "T2", ["Depth"], "U2") is None
    await release(one, "T1")
    assert await two.reopen("", "T1", ["Depth"], "U2") is None
    assert keys(await claim(two)) == ["T1"]
    assert (await query(world.url, "SELECT reopened_at FROM runs")) == [(None,)]


async def test_of_many_who_press_at_once_one_reopens_it(world: World) -> None:
    """In several processes, and in one."""
    stores = [await world.store(f"{number}") for number in range(4)]
    await ended(stores[0])
    for _ in range(5):
        reopening = [store.reopen("", "T1", ["Time"], f"U{number}") for number, store in enumerate(stores * 3)]
        found = [record for record in await asyncio.gather(*reopening) if record]
        assert len(found) == 1
        [(owner, by)] = await query(world.url, "SELECT owner, reopened_by FROM runs")
        assert found[0].reopened_by == by
        await stores[int(owner)].save(Changes(ends={"T1": Outcome.DONE}))


async def test_a_run_that_was_reopened_is_claimed_when_its_process_is_gone(world: World) -> None:
    """As a new one: not before a lease from its reopening, whatever the lease says; and it is no older than that."""
    one, two = await world.store("one"), await world.store("two")
    await ended(one)
    world.clock.now += 5_000  # its process was suspended, and takes the press before it renews its lease
    reopened = await one.reopen("", "T1", ["Time"], "U2")
    assert reopened
    world.clock.now += LEASE - 1
    assert await claim(two) == []
    world.clock.now += 1
    [record] = await claim(two)
    assert record == reopened


async def test_a_stop_is_written_once_and_only_while_a_run_is_open(world: World) -> None:
    """Who was first stays; whoever owns it learns of it with the renewal of its lease, or takes it up with it."""
    one, two = await world.store("one"), await world.store("two")
    await one.add(question("T1"))
    await one.add(question("T2"))
    await ended(one, question("T3"))
    assert (await one.save(Changes())).stopped == {}
    assert [await two.stop("", key, "U2") for key in ("T1", "T3", "unknown")] == [True, False, False]
    assert await one.stop("", "T1", "U3")
    assert (await one.save(Changes(stops={"T1": "U4", "T2": "U5"}))).stopped == {"T1": "U2"}
    assert (await one.save(Changes())).stopped == {"T1": "U2", "T2": "U5"}
    await release(one, "T1", "T2")
    assert [record.stopped_by for record in await claim(two)] == ["U2", "U5"]
    assert await query(world.url, "SELECT stopped_by FROM runs WHERE key = 'T3'") == [(None,)]


async def test_a_run_that_is_written_anew_is_what_it_was(world: World) -> None:
    """With what it goes on with, what was read, who has stopped it and who has had it tried again."""
    one, two = await world.store("one"), await world.store("two")
    begun = Begun(deeper(reads_thread=True), 5.0, "Person 1: no.", "U2", 7.0, "U3")
    await one.save(Changes(begins={begun.question.key: begun}, materials={"T9": "another's"}))
    await release(one, begun.question.key)
    [record] = await claim(two)
    assert record == Record(
        begun.question, 5.0, {}, {}, material="Person 1: no.", stopped_by="U2", reopened_at=7.0, reopened_by="U3"
    )
