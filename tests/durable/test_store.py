import asyncio
import logging
import os
import secrets
import subprocess
import sys
import time
import traceback
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest
from sqlalchemy import event

from bot.durable.lease import LEASE
from bot.durable.record import WITHDRAWN, Changes, Outcome, Past, Record, Search
from bot.durable.sharing.ownership import Arrival
from bot.durable.store import Store
from bot.durable.tables.schema import VERSION
from bot.engine.draft import Draft, State, Transcript
from bot.engine.reasons import Code, Reason
from bot.errors import ContentError, SettingsError, StoreError
from bot.slack.question import Question
from tests.support.databases import claim, database, disconnect, locked, query, release
from tests.support.stores import PROBLEM, Clock, World, keys, question, serve_workspace

slow = pytest.mark.slow


def files(directory: Path) -> dict[str, os.stat_result]:
    """What is in a directory."""
    return {path.name: path.stat() for path in directory.iterdir()}


@slow
async def test_a_question_is_known_once(world: World) -> None:
    """Slack delivers twice, and to two processes."""
    one, two = await world.store("one"), await world.store("two")
    assert await one.add(question())
    assert not await one.add(question())
    assert not await two.add(question())
    assert await two.add(question("T2"))


@slow
async def test_a_run_is_read_as_its_owner_left_it(world: World) -> None:
    """With everything that the question had, its messages and its answers; after both processes were away too."""
    asked = question(thread_ts="1.0", ephemeral_ts="2.0", response_url="https://example.test/hook")
    async with Store(world.url, owner="one", clock=world.clock) as one:
        await one.open()
        await one.add(asked)
        asked_at, draft = world.clock.now, Draft.of("Because", State.WRITING)
        posts: dict[tuple[str, str], str | None] = {("T1", "parent"): "1.5", ("T1", "Depth"): None}
        await one.save(Changes(posts=dict(posts), answers={("T1", "Depth"): draft}))
    world.clock.now += LEASE
    two = await world.store("two")
    [record] = await claim(two)
    assert record == Record(asked, asked_at, {"parent": "1.5", "Depth": None}, {"Depth": draft}, asked_at)


@slow
@pytest.mark.parametrize("state", State)
async def test_a_draft_is_read_as_it_was_written(state: State, world: World) -> None:
    """Whatever its state; the text of one that still grew is what it was then; a newer one replaces it."""
    transcript = Transcript()
    transcript.add("so far, and further")
    one, two = await world.store("one"), await world.store("two")
    await one.add(question())
    await one.save(Changes(answers={("T1", "Depth"): Draft.of("old"), ("T1", "Time"): Draft(transcript, 6, state)}))
    newest = Draft.of(
        "new", state, reason=Reason(Code.SILENT, {"seconds": 60.0}), model="gpt-small", seconds=12.625, tokens=4_711
    )
    await one.save(Changes(answers={("T1", "Depth"): newest}))
    await release(one, "T1")
    [record] = await claim(two)
    assert record.answers == {"Depth": newest, "Time": Draft.of("so far", state)}


@slow
async def test_posts_are_in_the_order_of_their_intents(world: World) -> None:
    """Though the clock stands still, and what became of them is told in another order."""
    one, two = await world.store("one"), await world.store("two")
    await one.add(question())
    await one.add(question("T2"))
    await one.save(Changes(posts={("T1", "parent"): None, ("T1", "Time"): None, ("T2", "Depth"): None}))
    await one.save(Changes(posts={("T1", "Depth"): None, ("T1", "Breadth"): None}))
    await one.save(Changes(posts={("T1", "Breadth"): "4.0", ("T1", "parent"): "1.0"}))
    await release(one, "T1", "T2")
    first, second = await claim(two)
    assert list(first.posts.items()) == [("parent", "1.0"), ("Time", None), ("Depth", None), ("Breadth", "4.0")]
    assert second.posts == {"Depth": None}


@slow
async def test_an_intent_can_be_taken_back(world: World) -> None:
    """What Slack refused was not posted; that of another run stands, and so does a later try."""
    one, two = await world.store("one"), await world.store("two")
    for key in ("T1", "T2"):
        await one.add(question(key))
        await one.save(Changes(posts={(key, "parent"): "1.0", (key, "Depth"): None, (key, "Time"): None}))
    taken_back = {("T1", "Depth"): WITHDRAWN, ("T1", "Time"): WITHDRAWN, ("T1", "never"): WITHDRAWN}
    await one.save(Changes(posts=dict(taken_back)))
    await one.save(Changes(posts={("T1", "Depth"): None}))
    await release(one, "T1", "T2")
    first, second = await claim(two)
    assert first.posts == {"parent": "1.0", "Depth": None}
    assert list(second.posts) == ["parent", "Depth", "Time"]


@slow
async def test_an_intent_is_as_old_as_the_last_one(world: World) -> None:
    """A post that is tried again may be carried out as late as a first one; that of one that stands does not count."""
    one, two = await world.store("one"), await world.store("two")
    await one.add(question())
    began = world.clock.now
    await one.save(Changes(posts={("T1", "parent"): "1.0", ("T1", "Depth"): None}))
    world.clock.now += 5
    await one.save(Changes(posts={("T1", "Depth"): None}))
    world.clock.now += 2
    await one.save(Changes(posts={("T1", "Time"): None}))
    world.clock.now += 2
    await one.save(Changes(posts={("T1", "Time"): "2.0"}))
    await release(one, "T1")
    [record] = await claim(two)
    assert record.left_at == began + 5
    world.clock.now += 3
    await two.save(Changes(posts={("T1", "Depth"): WITHDRAWN}))
    await two.save(Changes(posts={("T1", "Depth"): None}))
    await release(two, "T1")
    [record] = await claim(one)
    assert record.left_at == began + 12


@slow
async def test_an_edit_that_was_under_way_is_told(world: World) -> None:
    """Of messages that stand, until it was answered; a run that is lost is left alone."""
    one, two = await world.store("one"), await world.store("two")
    await one.add(question())
    now = world.clock.now
    await one.save(Changes(posts={("T1", part): f"{part}.0" for part in ("1", "2", "3")} | {("T1", "4"): None}))
    await one.save(Changes(calls={("T1", "1"): now + 1, ("T1", "2"): now + 2, ("T1", "4"): now + 4, ("T9", "1"): now}))
    await one.save(Changes(calls={("T1", "1"): None, ("T1", "3"): None}))
    await release(one, "T1")
    [record] = await claim(two)
    assert (record.calls, record.left_at) == ({"2": now + 2}, now)
    assert (await one.save(Changes(calls={("T1", "2"): None}))).held == set()
    await release(two, "T1")
    [record] = await claim(one)
    assert record.calls == {"2": now + 2}


@slow
async def test_nobody_takes_a_run_before_its_lease_has_ended(world: World) -> None:
    """Saving renews it, with nothing to write too."""
    one, two = await world.store("one"), await world.store("two")
    await one.add(question())
    world.clock.now += LEASE - 1
    assert (await one.save(Changes())).held == {"T1"}
    world.clock.now += LEASE - 0.5
    assert await claim(two) == []
    world.clock.now += 0.5
    assert keys(await claim(two)) == ["T1"]
    assert (await two.save(Changes())).held == {"T1"}
    assert (await one.save(Changes())).held == set()


@slow
async def test_a_process_does_not_take_its_own_runs(world: World) -> None:
    """It may have been suspended; it works on them still, and its next renewal keeps them."""
    one, two = await world.store("one"), await world.store("two")
    await one.add(question())
    world.clock.now += 3 * LEASE
    assert await claim(one) == []
    assert (await one.save(Changes())).held == {"T1"}
    assert await claim(two) == []


@slow
async def test_what_was_given_up_is_free_at_once(world: World) -> None:
    """To whoever gave it up too, but nobody gives up what is another's."""
    one, two = await world.store("one"), await world.store("two")
    for key in ("T1", "T2", "T3"):
        await one.add(question(key))
    await release(two, "T1", "T2", "T3")
    await release(one)
    assert await claim(two) == []
    await release(one, "T1", "T2")
    assert keys(await claim(two, limit=1)) == ["T1"]
    assert keys(await claim(one)) == ["T2"]


@slow
async def test_the_oldest_runs_are_taken_first(world: World) -> None:
    """As many as are asked for, those that have ended left out."""
    one, two = await world.store("one"), await world.store("two")
    for key in ("T3", "T1", "T2", "T4"):
        world.clock.now += 1
        await one.add(question(key))
    await one.save(Changes(ends={"T1": Outcome.DONE}))
    await release(one, "T2", "T3", "T4")
    assert keys(await claim(two, limit=2)) == ["T3", "T2"]
    assert keys(await claim(two, limit=2)) == ["T4"]


@slow
async def test_no_run_is_taken_twice(world: World) -> None:
    """Four processes ask for a few at the same time, until there are none."""
    one = await world.store("one")
    wanted = [f"T{number}" for number in range(40)]
    for key in wanted:
        await one.add(question(key))
    await release(one, *wanted)
    taken: list[str] = []

    async def take(store: Store) -> None:
        while True:
            with suppress(StoreError):  # SQLite's lock may be another's for longer than it waits, and then it is undone
                if not (records := await claim(store, limit=3)):
                    return
                taken.extend(keys(records))

    others = [await world.store(f"other {number}") for number in range(4)]
    async with asyncio.TaskGroup() as group:
        for store in others:
            group.create_task(take(store))
    assert sorted(taken) == sorted(wanted)


@slow
async def test_a_run_that_was_lost_is_left_alone(world: World) -> None:
    """What its former owner still wants to write does not land, nor what is of no run; the rest of it does."""
    one, two = await world.store("one"), await world.store("two")
    await one.add(question("T1"))
    await one.add(question("T2"))
    await release(one, "T1")
    await claim(two)
    await two.save(Changes(posts={("T1", "parent"): "1.0"}, answers={("T1", "Depth"): Draft.of("newer")}))
    late = Changes(
        posts={("T1", "parent"): WITHDRAWN, ("T1", "Depth"): "2.0", ("T2", "parent"): "3.0", ("T9", "parent"): None},
        answers={
            ("T1", "Depth"): Draft.of("older"),
            ("T2", "Depth"): Draft.of("own"),
            ("T9", "Depth"): Draft.of("none's"),
        },
        ends={"T1": Outcome.DONE, "T9": Outcome.DONE},
    )
    assert (await one.save(late)).held == {"T2"}
    await release(two, "T1")
    await release(one, "T2")
    first, second = await claim(await world.store("three"))
    assert (first.posts, first.answers) == ({"parent": "1.0"}, {"Depth": Draft.of("newer")})
    assert (second.posts, second.answers) == ({"parent": "3.0"}, {"Depth": Draft.of("own")})


@slow
async def test_a_run_that_has_ended_is_nobodys(world: World) -> None:
    """Its last text is written with its end; after that nothing is, and the address that answers it is forgotten."""
    one, two = await world.store("one"), await world.store("two")
    await one.add(question(response_url="https://example.test/hook"))
    last = Changes(answers={("T1", "Depth"): Draft.of("whole", State.DONE)}, ends={"T1": Outcome.DONE})
    assert (await one.save(last)).held == {"T1"}
    assert (
        await one.save(Changes(answers={("T1", "Depth"): Draft.of("late")}, ends={"T1": Outcome.INTERRUPTED}))
    ).held == set()
    world.clock.now += LEASE
    assert await claim(two) == []
    assert await query(world.url, "SELECT state, owner, response_url FROM runs") == [("done", None, None)]
    assert await query(world.url, "SELECT text FROM answers") == [("whole",)]
    assert not await one.add(question())


NASTY = {
    "a\x00b": "a\ufffdb",
    "high \ud83d, low \ude00": "high \ufffd, low \ufffd",
    "\U0001f600 e\u0301 \u202e \ufffd \r\n\t": "\U0001f600 e\u0301 \u202e \ufffd \r\n\t",
    "'; DROP TABLE runs; -- %s :name $1 {}": "'; DROP TABLE runs; -- %s :name $1 {}",
    "": "",
    "long " * 50_000: "long " * 50_000,
}


@slow
@pytest.mark.parametrize("nasty", NASTY, ids=["nul", "surrogates", "signs", "code", "empty", "long"])
async def test_any_text_can_be_kept(nasty: str, world: World) -> None:
    """What PostgreSQL cannot store reads U+FFFD, the rest as it was."""
    one, two = await world.store("one"), await world.store("two")
    assert await one.add(question(problem=nasty))
    reason = Reason(Code.NO_MODEL, {"model": nasty})
    draft = Draft.of(nasty, State.FAILED, reason=reason, model=nasty)
    await one.save(Changes(posts={("T1", f"{nasty[:9]} 2"): "1.0"}, answers={("T1", nasty[:9]): draft}))
    await release(one, "T1")
    [record] = await claim(two)
    clean = NASTY[nasty]
    assert record.question == question(problem=clean)
    assert record.posts == {f"{clean[:9]} 2": "1.0"}
    assert record.answers == {clean[:9]: Draft.of(clean, State.FAILED, reason=reason, model=clean)}


@slow
async def test_whoever_asked_is_counted_once_the_run_has_ended(world: World) -> None:
    """Since a time, whichever process it was, however it ended, unless it was refused."""
    one, two = await world.store("one"), await world.store("two")
    start = world.clock.now
    for number, store in enumerate([one, two, one, one]):
        await store.add(question(f"T{number}", user=f"U{number}"))
        world.clock.now += 10
    await two.save(Changes(ends={"T1": Outcome.INTERRUPTED}))
    await one.save(Changes(ends={"T2": Outcome.REFUSED, "T3": Outcome.DONE}))
    assert (await serve_workspace(two, "", start)).asked == [("U1", start + 10), ("U3", start + 30)]
    assert (await serve_workspace(two, "", start + 20)).asked == [("U3", start + 30)]


@slow
async def test_what_a_workspace_has_taught_is_kept(world: World) -> None:
    """The newest, whichever process it was; and not what another bot has learned."""
    url = world.url
    async with (
        Store(url, owner="one", clock=world.clock) as one,
        Store(url, owner="two", clock=world.clock) as two,
    ):
        await one.open()
        assert (await serve_workspace(one, "T1/B1")).learned == ""
        for store, what in ((one, "little"), (two, "more")):
            await store.save(Changes(learned={"T1/B1": what}))
        await one.save(Changes(learned={"T1/B2": "something", "T2/B1": "else"}))
        for store in (one, two):
            assert [(await serve_workspace(store, f"{name}")).learned for name in ("T1/B1", "T1/B2", "T2/B1", "")] == [
                *("more", "something", "else", "")
            ]


@slow
async def test_what_another_bot_keeps_in_the_same_database_is_left_alone(world: World) -> None:
    """Its runs, who asked there, and what it has spent: of another workspace, or of another app in the same one."""
    url, now = world.url, world.clock.now
    async with (
        Store(url, owner="one", clock=world.clock, workspace="T1/B1") as one,
        Store(url, owner="two", clock=world.clock, workspace="T1/B2") as two,
        Store(url, owner="three", clock=world.clock, workspace="T1/B1") as three,
    ):
        await one.open()
        for key in ("left", "ended"):
            await one.add(question(key, workspace="T1/B1"))
        await one.save(Changes(ends={"ended": Outcome.DONE}, edits=[("T1/B1", now)]))
        await release(one, "left")
        assert await claim(two) == []
        assert (await serve_workspace(two, "T1/B2", 0)).asked == []
        assert (await serve_workspace(two, "T1/B2", 0)).edits == []
        [record] = await claim(three)
        assert record.question == question("left", workspace="T1/B1")
        known = await serve_workspace(three, "T1/B1")
        assert len(known.asked) == len(known.edits) == 1


@slow
async def test_what_was_in_several_workspaces_is_read_at_once_and_kept_apart(world: World) -> None:
    """A process that takes many over has one transaction for all of them; of one that nobody knows there is nothing."""
    now, one = world.clock.now, await world.store("one")
    for key, place in (("a", "T1/B1"), ("b", "T2/B1"), ("c", "T2/B1"), ("d", "T3/B1")):
        await one.add(question(key, workspace=place, user=f"U-{key}"))
    await one.save(Changes(edits=[("T2/B1", now - 1), ("T1/B1", now - 2), ("T2/B1", now - 9)], learned={"T1/B1": "1"}))
    await one.save(Changes(ends=dict.fromkeys("abcd", Outcome.DONE)))
    pasts, owned = await one.serve(["T1/B1", "T2/B1", "T4/B1"], asked_since=0.0, edits_since=now - 5)
    assert owned is None
    assert pasts == {
        "T1/B1": Past([("U-a", now)], [now - 2], "1"),
        "T2/B1": Past([("U-b", now), ("U-c", now)], [now - 1], ""),
        "T4/B1": Past([], [], ""),
    }


@slow
async def test_a_process_of_no_workspace_claims_those_of_any(world: World) -> None:
    """With where to find its installation; edits of others are told by workspace."""
    now = world.clock.now
    one, two = await world.store("one"), await world.store("two")
    asked = [question("a", workspace="T1/B1"), question("b", workspace="T2/B2", enterprise="E1")]
    for each in asked:
        await one.add(each)
    await one.save(Changes(edits=[("T1/B1", now), ("T2/B2", now - 1), ("T3/B3", now), ("T2/B2", now - 2)]))
    await release(one, "a", "b")
    search = Search(frozenset(), now - 60, workspaces=frozenset({"T1/B1", "T2/B2", "T4/B4"}))
    saved = await two.save(Changes(), search)
    assert [record.question for record in saved.claimed] == asked
    assert saved.edits == {"T1/B1": [now], "T2/B2": [now - 2, now - 1]}


@slow
async def test_edits_of_others_are_counted(world: World) -> None:
    """In order, since a time; a look leaves those of this process out, which are known to it."""
    one, two = await world.store("one"), await world.store("two")
    now = world.clock.now
    await one.save(Changes(edits=[("", now - 1), ("", now - 5), ("", now - 5)]))
    await two.save(Changes(edits=[("", now - 3)]))
    assert (await serve_workspace(two, "", now - 5)).edits == [now - 5, now - 5, now - 3, now - 1]
    saved = await two.save(Changes(), Search(frozenset(), now - 4, workspaces=frozenset({""})))
    assert saved.edits == {"": [now - 1]}


@slow
async def test_what_is_old_is_forgotten(world: World) -> None:
    """Runs that ended long ago, with all that is theirs, and edits of former minutes; never a run that is open."""
    one, two = await world.store("one"), await world.store("two")
    for key in ("T1", "T2", "T3"):
        await one.add(question(key))
        await one.save(Changes(posts={(key, "parent"): "1.0"}, answers={(key, "Depth"): Draft.of("text")}))
    now = world.clock.now
    await one.save(Changes(ends={"T1": Outcome.DONE}, edits=[("", now)]))
    world.clock.now += 100
    await one.save(Changes(ends={"T2": Outcome.DONE}, edits=[("", now + 100)]))
    world.clock.now += 100
    assert await two.clear(now + 100, 100) == 1
    assert await two.clear(now + 100, 100) == 0
    for select in ("key FROM runs ORDER BY key", "run FROM messages ORDER BY run", "run FROM answers ORDER BY run"):
        assert await query(world.url, f"SELECT {select}") == [("T2",), ("T3",)]
    assert (await serve_workspace(two, "", 0)).edits == [now + 100]
    assert await one.add(question("T1"))


@slow
async def test_what_was_given_up_is_not_forgotten_before_a_day(world: World) -> None:
    """Whoever starts next may have more of it than it takes up at once, and look for what is old in between."""
    one, two = await world.store("one"), await world.store("two")
    await one.add(question())
    await release(one, "T1")
    assert await two.clear(world.clock.now, 100) == 0
    world.clock.now += 86_000.0
    assert await two.clear(world.clock.now, 100) == 0
    world.clock.now += 1_000.0
    assert await two.clear(world.clock.now, 100) == 1


@slow
async def test_the_file_shrinks_with_what_is_forgotten(tmp_path: Path) -> None:
    """And the log beside it, though another process has it open too."""
    clock = Clock()
    async with database("sqlite", tmp_path) as url, AsyncExitStack() as stack:
        world = World(url, stack)
        one, two = await world.store("one"), await world.store("two")
        for number in range(60):
            await one.add(question(f"T{number}"))
        texts = {(f"T{number}", name): Draft.of(name * 10_000) for number in range(60) for name in "abcd"}
        await one.save(Changes(answers=dict(texts), ends={f"T{number}": Outcome.DONE for number in range(60)}))
        await two.clear(0, 100)
        size = sum(file.st_size for file in files(tmp_path).values())
        assert await two.clear(clock.now + 1, 100) == 60
        assert size > 2_000_000
        assert sum(file.st_size for file in files(tmp_path).values()) < 250_000  # the tables' and indexes' own pages
        assert await one.add(question("T1"))


@slow
async def test_processes_may_open_it_at_once(world: World) -> None:
    """When there is nothing yet; all find the tables, made once."""
    stores: list[Store] = []

    async def start(number: int) -> None:
        stores.append(await world.store(f"process {number}"))

    async with asyncio.TaskGroup() as group:
        for number in range(8):
            group.create_task(start(number))
    assert await query(world.url, "SELECT version FROM perspectives_schema") == [(VERSION,)]
    assert all([await store.add(question(f"T{number}")) for number, store in enumerate(stores)])


@slow
async def test_opening_it_again_keeps_everything(world: World) -> None:
    """By the same process and by the next."""
    one = await world.store()
    await one.add(question())
    await one.open()
    assert (await one.save(Changes())).held == {"T1"}
    assert not await (await world.store("two")).add(question())


@slow
async def test_a_newer_schema_is_left_alone(world: World) -> None:
    """What an older program would do to it, nobody knows."""
    await world.store()
    await query(world.url, "UPDATE perspectives_schema SET version = version + 1, readable_by = version + 1")
    await query(world.url, "DROP TABLE edits")
    with pytest.raises(
        SettingsError, match=rf"DATABASE_URL: a newer version .* is {VERSION + 1}, this one knows {VERSION}"
    ):
        await world.store()
    with pytest.raises(Exception, match="edits"):
        await query(world.url, "SELECT * FROM edits")


@slow
async def test_a_locked_database_is_an_error_soon(world: World) -> None:
    """Slack's person does not wait longer; afterwards it works again."""
    store = await world.store()
    async with locked(world.url):
        began = time.perf_counter()
        with pytest.raises(StoreError):
            await store.add(question())
        assert 0.5 < time.perf_counter() - began < 1.9
    assert await store.add(question())


@slow
async def test_whoever_is_cancelled_leaves_at_once(world: World) -> None:
    """What was asked for is undone, and those who come after are served."""
    store = await world.store()
    async with locked(world.url):
        async with asyncio.TaskGroup() as group:
            calls = [group.create_task(store.add(question(key))) for key in ("T1", "T2")]
            await asyncio.sleep(0.2)
            began = time.perf_counter()
            for call in calls:
                call.cancel()
        assert time.perf_counter() - began < 0.1
        assert all(call.cancelled() for call in calls)
    assert await store.add(question("T3"))
    assert await query(world.url, "SELECT key FROM runs") == [("T3",)]


def commits(store: Store) -> list[None]:
    """Grows with each transaction that is kept."""
    kept: list[None] = []
    event.listen(store._database._engine, "commit", lambda _: kept.append(None))
    return kept


@slow
async def test_questions_of_the_same_moment_are_written_together(world: World) -> None:
    """A hundred commits one after another would be more than the last of them has time for."""
    one, two = await world.store("one"), await world.store("two")
    assert await two.add(question("T7"))
    kept = commits(one)
    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(one.add(question(f"T{number}"))) for number in range(100)]
        again = group.create_task(one.add(question("T0")))
    assert [number for number, call in enumerate(calls) if not call.result()] == [7]
    assert not again.result()
    assert len(kept) <= 3
    assert await query(world.url, "SELECT COUNT(*) FROM runs") == [(100,)]


@slow
async def test_a_question_that_cannot_be_written_keeps_no_other_from_it(world: World) -> None:
    """Of those that are written together."""
    store = await world.store()
    bad = "bad"
    if world.url.startswith("sqlite"):
        rule = "WHEN NEW.key = 'bad' BEGIN SELECT RAISE(ABORT, 'marmalade'); END"
        await query(world.url, f"CREATE TRIGGER no_runs BEFORE INSERT ON runs {rule}")
    else:
        bad = secrets.token_hex(500_000)  # longer than an index of PostgreSQL's takes
    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(_outcome(store, question(key))) for key in ("T1", bad, "T3")]
    assert [call.result() for call in calls] == [Arrival.HERE, ContentError, Arrival.HERE]
    assert await _outcome(store, question(bad)) is ContentError
    assert await query(world.url, "SELECT key FROM runs ORDER BY key") == [("T1",), ("T3",)]


async def _outcome(store: Store, asked: Question) -> object:
    try:
        return await store.add(asked)
    except StoreError as error:
        return type(error)


@slow
@pytest.mark.parametrize("pause", [0.0, 0.2])
async def test_who_leaves_takes_nobody_along(pause: float, world: World) -> None:
    """Of questions that are written together; one whose transaction has not begun is not written."""
    store = await world.store()
    async with asyncio.TaskGroup() as group, locked(world.url):
        calls = [group.create_task(store.add(question(key))) for key in ("T1", "T2", "T3")]
        await asyncio.sleep(0)
        await asyncio.sleep(pause)
        calls[0].cancel()
        await asyncio.sleep(0)
    assert all(call.cancelled() or call.result() is Arrival.HERE for call in calls)
    assert calls[0].cancelled()
    assert not calls[1].cancelled()
    [*found] = await query(world.url, "SELECT key FROM runs ORDER BY key")
    assert found[-2:] == [("T2",), ("T3",)]
    assert len(found) == 2 or pause


@slow
async def test_a_call_may_be_cancelled_at_any_moment(world: World) -> None:
    """Each is done whole or not at all, and the store goes on."""
    store = await world.store()

    async def ask(key: str) -> None:
        await store.add(question(key))
        posts: dict[tuple[str, str], str | None] = {(key, "parent"): "1.0"}
        await store.save(Changes(posts=dict(posts), answers={(key, "Depth"): Draft.of("text")}))

    began = time.perf_counter()
    for number in range(5):
        await ask(f"whole {number}")
    whole = (time.perf_counter() - began) / 5  # seconds; other processes may keep this machine busy
    for number in range(60):
        with suppress(TimeoutError):
            async with asyncio.timeout(number / 60 * 2 * whole):
                await ask(f"T{number}")
    await store.save(Changes())
    parts = await query(world.url, "SELECT run FROM messages ORDER BY run")
    assert parts == await query(world.url, "SELECT run FROM answers ORDER BY run")
    assert 5 <= len(parts) < 65
    assert await store.add(question("last"))


@slow
async def test_calls_are_carried_out_in_the_order_in_which_they_are_made(world: World) -> None:
    """An older text never replaces a newer one, though nobody waited for the older."""
    store = await world.store()
    await store.add(question())
    async with asyncio.TaskGroup() as group:
        for number in range(30):
            group.create_task(store.save(Changes(answers={("T1", "Depth"): Draft.of(f"text {number}")})))
    assert await query(world.url, "SELECT text FROM answers") == [("text 29",)]


@slow
async def test_errors_and_logs_quote_nothing(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the message nor what an operator sees of its causes, at the level that says most."""
    caplog.set_level(logging.DEBUG)
    store = await world.store()
    await store.add(question())
    await store.save(Changes(answers={("T1", "Depth"): Draft.of(PROBLEM)}))
    await query(world.url, "ALTER TABLE answers RENAME COLUMN text TO words")
    with pytest.raises(StoreError) as caught:
        await store.save(Changes(answers={("T1", "Depth"): Draft.of(PROBLEM)}))
    assert PROBLEM not in "".join(traceback.format_exception(caught.value)) + caplog.text
    assert str(caught.value).startswith(f"{store.location}: the database did not do what it was asked (")
    assert (await store.save(Changes())).held == {"T1"}


@slow
async def test_a_database_that_nobody_serves_is_an_error() -> None:
    """It says where, and keeps the password to itself."""
    url = "postgresql://me:sesame@127.0.0.1:1/perspectives"
    async with Store(url, owner="one", clock=Clock()) as store:
        for call in (store.open(), store.add(question())):
            with pytest.raises(
                StoreError, match=r"PostgreSQL, 127\.0\.0\.1:1/perspectives: .*nobody listens there"
            ) as caught:
                await call
            assert "sesame" not in "".join(traceback.format_exception(caught.value))


@slow
async def test_a_lost_connection_is_made_again(world: World) -> None:
    """PostgreSQL was restarted, or somebody ended the session; the next call does not even notice."""
    store = await world.store()
    await disconnect(world.url)
    assert await store.add(question())


@slow
async def test_only_its_user_reads_the_file(tmp_path: Path) -> None:
    """And what SQLite puts beside it."""
    path = tmp_path / "a file.sqlite"
    async with Store(f"sqlite:///{path}", owner="one", clock=Clock()) as store:
        await store.open()
        await store.add(question())
        assert {name: file.st_mode & 0o777 for name, file in files(tmp_path).items()} == {
            "a file.sqlite": 0o600,
            "a file.sqlite-wal": 0o600,
            "a file.sqlite-shm": 0o600,
        }
    assert list(files(tmp_path)) == ["a file.sqlite"]


@slow
async def test_a_file_that_cannot_be_is_told(tmp_path: Path) -> None:
    """A directory that is missing is a wrong setting; what else stands in the way is the database's failure."""
    (tmp_path / "text.sqlite").write_text("This is no database, but long enough to be looked at as one. " * 20)
    async with Store(f"sqlite:///{tmp_path}/gone/store.sqlite", owner="one", clock=Clock()) as store:
        with pytest.raises(SettingsError, match="DATABASE_URL: there is no directory"):
            await store.open()
    async with Store(f"sqlite:///{tmp_path}/text.sqlite", owner="one", clock=Clock()) as store:
        with pytest.raises(StoreError, match="SQLITE_NOTADB"):
            await store.open()
    async with Store(f"sqlite:///{tmp_path}", owner="one", clock=Clock()) as store:
        with pytest.raises(StoreError, match="IsADirectoryError"):
            await store.open()


@slow
async def test_memory_holds_as_long_as_the_store(tmp_path: Path) -> None:
    """However many calls were cancelled."""
    async with Store("sqlite://", owner="one", clock=Clock()) as store:
        await store.open()
        await store.add(question())
        for number in range(30):
            with suppress(TimeoutError):
                async with asyncio.timeout(number * 0.000_1):
                    await store.add(question(f"T1 {number}"))
        assert "T1" in (await store.save(Changes())).held
        assert not await store.add(question())
        assert await store.clear(0, 100) == 0


@slow
def test_no_driver_of_postgresql_is_loaded_for_sqlite_and_no_object_relational_mapper_at_all() -> None:
    """They would cost memory in every process."""
    code = (
        "import sys, time, bot.durable.store as s; s.Store('sqlite://', owner='', clock=time.time); print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()  # noqa: S603 - our own
    assert "aiosqlite" in loaded
    assert not {"psycopg", "sqlalchemy.dialects.postgresql", "sqlalchemy.orm"} & set(loaded)


PLACES = [
    ("sqlite:///perspectives.sqlite", "SQLite, perspectives.sqlite", True),
    ("sqlite+aiosqlite:////data/p.sqlite", "SQLite, /data/p.sqlite", True),
    ("sqlite://", "memory: they end with the process", False),
    ("sqlite:///:memory:", "memory: they end with the process", False),
    ("postgres://me:sesame@db.test/runs", "PostgreSQL, db.test:5432/runs", False),
    ("postgresql://me:sesame@db.test:6543/runs?sslmode=require", "PostgreSQL, db.test:6543/runs", False),
    ("postgresql+asyncpg://me:ses@me@[::1]:5432/runs", "PostgreSQL, [::1]:5432/runs", False),
    ("postgresql://me:sesame@a.test:1,b.test:2/runs", "PostgreSQL, a.test:1,b.test:2/runs", False),
    ("postgresql:///runs?host=/run/postgresql&password=sesame", "PostgreSQL, /runs", False),
]


@pytest.mark.parametrize(("url", "place", "is_file"), PLACES)
def test_a_url_is_taken_as_hosts_give_it(url: str, place: str, is_file: bool) -> None:  # noqa: FBT001 - a column of the table
    """And told to people with no user and no password."""
    store = Store(url, owner="one", clock=Clock())
    assert (store.location, store.is_file) == (place, is_file)


WRONG = [
    "mysql://me:sesame@db.test/runs",
    "sesame",
    "sqlite://sesame.sqlite",
    "sqlite:///sesame.sqlite?mode=ro",
    "sqlite:///sesame/",
    "postgres://me:se/sesame@db.test/runs",
    "postgres://me:[sesame@db.test/runs",
    "postgres://db.test:sesame/runs",
    "postgres://db.test/runs?sslmode=sesame",
]


@pytest.mark.parametrize("url", WRONG)
def test_a_wrong_url_is_told_and_not_quoted(url: str) -> None:
    """It may hold the password, wherever it was put; nor do its causes."""
    with pytest.raises(SettingsError, match=r"^DATABASE_URL") as caught:
        Store(url, owner="one", clock=Clock())
    assert "sesame" not in "".join(traceback.format_exception(caught.value))
