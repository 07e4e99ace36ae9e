"""Which process works on which run, among several, in both kinds of databases; and what looking for it costs."""

import asyncio
import re
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from sqlalchemy import event, text
from sqlalchemy.engine import Connection

from bot.durable.lease import LEASE
from bot.durable.record import Begun, Changes, Outcome, Search
from bot.durable.sql.connection import connect
from bot.durable.store import Store
from bot.durable.tables.claims import UNKNOWN
from bot.engine.draft import Draft, State
from tests.support.databases import KINDS, claim, query, release
from tests.support.stores import World, keys, question, serve_workspace

pytestmark = pytest.mark.slow

OWNERS = "SELECT owner FROM processes ORDER BY owner"


async def test_a_renewal_is_one_row_for_all_runs(world: World) -> None:
    """However many there are: those of a process are claimed all, or none."""
    one, two = await world.store("one"), await world.store("two")
    for key in ("T1", "T2", "T3"):
        await one.add(question(key))
    before = await query(world.url, "SELECT key, lease_until FROM runs ORDER BY key")
    world.clock.now += LEASE - 1
    assert (await one.save(Changes())).held == {"T1", "T2", "T3"}
    assert await query(world.url, "SELECT key, lease_until FROM runs ORDER BY key") == before
    world.clock.now += LEASE - 0.5
    assert await claim(two) == []
    world.clock.now += 0.5
    assert keys(await claim(two)) == ["T1", "T2", "T3"]
    assert (await one.save(Changes())).held == set()


async def test_a_write_finds_besides_what_other_processes_have_left(world: World) -> None:
    """In one transaction: what is claimed is not among what was held, and what is not looked for is not found."""
    one, two = await world.store("one"), await world.store("two")
    await one.add(question("T1"))
    await two.add(question("T2"))
    now = world.clock.now
    await one.save(Changes(edits=[("W", now - 70), ("W", now - 1)]))
    await release(one, "T1")
    saved = await two.save(Changes(), Search(frozenset(), now - 60, workspaces=frozenset({"W"})))
    assert (saved.held, keys([*saved.claimed]), saved.edits) == ({"T2"}, ["T1"], {"W": [now - 1]})
    saved = await two.save(Changes())
    assert (saved.held, saved.claimed, saved.edits) == ({"T1", "T2"}, (), {})


async def test_a_look_that_finds_nothing_costs_little(world: World) -> None:
    """It is made every few seconds, in each process: one transaction of a few statements."""
    one, two = await world.store("one"), await world.store("two")
    await one.add(question())
    seen: list[str] = []
    event.listen(two._database._engine, "before_cursor_execute", lambda *how: seen.append(how[2]))
    found = await two.save(Changes(), Search(frozenset(), world.clock.now, workspaces=frozenset({"T1/B1", "T2/B2"})))
    assert (found.claimed, found.edits) == ([], {})
    assert len([statement for statement in seen if not statement.startswith("BEGIN")]) == 5


async def test_what_was_released_is_claimed_by_whoever_looks_first(world: World) -> None:
    """In the same transaction too, by who has released it."""
    one = await world.store("one")
    await one.add(question())
    saved = await one.save(Changes(), Search(frozenset({"T1"}), 0.0))
    assert (saved.held, keys([*saved.claimed])) == ({"T1"}, ["T1"])


async def test_who_leaves_gives_up_all_its_runs_and_no_others(world: World) -> None:
    """At once; it may come back."""
    one, two, three = await world.store("one"), await world.store("two"), await world.store("three")
    for key in ("T1", "T2"):
        await one.add(question(key))
    await two.add(question("T3"))
    await one.leave()
    assert await query(world.url, OWNERS) == [("three",), ("two",)]
    assert keys(await claim(three)) == ["T1", "T2"]
    assert (await one.save(Changes())).held == set()
    assert await query(world.url, OWNERS) == [("one",), ("three",), ("two",)]


async def test_a_question_that_was_just_asked_is_its_owners_for_a_lease(world: World) -> None:
    """Its process may have been suspended, and takes a question before it renews its lease."""
    one, two = await world.store("one"), await world.store("two")
    await one.add(question("T1"))
    world.clock.now += LEASE
    await one.add(question("T2"))
    assert keys(await claim(two)) == ["T1"]
    assert (await one.save(Changes())).held == {"T2"}
    world.clock.now += LEASE
    assert keys(await claim(two)) == ["T2"]


async def test_a_run_that_is_written_late_has_the_lease_of_its_process(world: World) -> None:
    """Though it was asked long ago."""
    one, two = await world.store("one"), await world.store("two")
    asked_at = world.clock.now - 1_000
    assert (await one.save(Changes(begins={"T1": Begun(question(), asked_at)}))).held == {"T1"}
    world.clock.now += LEASE - 1
    assert await claim(two) == []
    world.clock.now += 1
    [record] = await claim(two)
    assert record.asked_at == asked_at


async def test_a_process_whose_row_is_gone_keeps_its_runs_for_an_hour(world: World) -> None:
    """Somebody has removed it; its next renewal makes it anew. Who connects does not renew."""
    one, two = await world.store("one"), await world.store("two")
    await one.add(question())
    await query(world.url, "DELETE FROM processes WHERE owner = 'one'")
    world.clock.now += UNKNOWN - 1
    assert await claim(two) == []
    assert (await one.save(Changes())).held == {"T1"}
    await query(world.url, "DELETE FROM processes WHERE owner = 'one'")
    world.clock.now += 1
    assert keys(await claim(two)) == ["T1"]
    world.clock.now += LEASE
    await two.open()
    assert keys(await claim(one)) == ["T1"]


async def test_processes_of_the_version_before_may_go_on_beside(world: World) -> None:
    """They know of no leases but those of runs, which they renew; nobody claims another's run while that is held."""
    one = await world.store("one")
    await one.add(question("T1"))
    renew = f"UPDATE runs SET lease_until = {world.clock.now + LEASE} WHERE owner = 'former'"  # noqa: S608 - ours
    await query(world.url, "UPDATE runs SET owner = 'former'")
    await query(world.url, renew)
    await one.add(question("T2"))
    world.clock.now += LEASE - 1
    assert await claim(one) == []
    former = f"SELECT key FROM runs WHERE ended_at IS NULL AND lease_until <= {world.clock.now + LEASE}"  # noqa: S608 - ours
    assert await query(world.url, former) == [("T1",)]
    world.clock.now += 1
    assert keys(await claim(one)) == ["T1"]
    assert await query(world.url, former) == []


async def test_processes_that_have_ended_are_forgotten_with_their_last_run(world: World) -> None:
    """After an hour, at which they are surely no more."""
    one, two, three = await world.store("one"), await world.store("two"), await world.store("three")
    await one.add(question("T1"))
    await two.add(question("T2"))
    await two.save(Changes(ends={"T2": Outcome.DONE}))
    world.clock.now += UNKNOWN + LEASE
    await three.save(Changes())
    assert await three.clear(0.0, 100) == 0
    assert await query(world.url, OWNERS) == [("one",), ("three",), ("two",)]
    world.clock.now += 1
    assert await three.clear(0.0, 100) == 0
    assert await query(world.url, OWNERS) == [("one",), ("three",)]
    assert keys(await claim(three)) == ["T1"]
    await three.clear(0.0, 100)
    assert await query(world.url, OWNERS) == [("three",)]


async def test_who_tries_a_database_out_leaves_nothing_behind(world: World) -> None:
    """Neither what it wrote, nor a process that would be waited for."""
    store = await world.store("check")
    await store.try_out()
    await store.leave()
    assert await query(world.url, "SELECT owner FROM edits UNION SELECT owner FROM processes") == []


async def test_a_run_is_not_forgotten_while_its_owner_is_alive(world: World) -> None:
    """However long it takes."""
    one = await world.store("one")
    await one.add(question())
    world.clock.now += 200_000
    await one.save(Changes())
    assert await one.clear(world.clock.now, 100) == 0


on_postgresql = pytest.mark.parametrize("world", KINDS[1:], indirect=True)


@on_postgresql
async def test_who_renews_while_another_claims_learns_of_it(world: World) -> None:
    """It waits for the claim, and does not take what was claimed for its own, whatever the server's defaults are."""
    name = urlsplit(world.url).path[1:]
    await query(world.url, f"ALTER DATABASE {name} SET default_transaction_isolation = 'repeatable read'")
    one = await world.store("one")
    await one.add(question())
    async with await psycopg.AsyncConnection.connect(world.url) as claimer:
        await claimer.set_isolation_level(psycopg.IsolationLevel.READ_COMMITTED)
        await claimer.execute("SELECT owner FROM processes WHERE owner = 'one' FOR SHARE")
        saving = asyncio.create_task(one.save(Changes(answers={("T1", "Depth"): Draft.of("mine")})))
        await asyncio.sleep(0.3)
        assert not saving.done()
        await claimer.execute("UPDATE runs SET owner = 'two'")
        await claimer.commit()
    assert (await saving).held == set()
    assert await query(world.url, "SELECT * FROM answers") == []


@on_postgresql
async def test_nobody_claims_what_is_just_being_renewed(world: World) -> None:
    """Nor waits for that."""
    one, two = await world.store("one"), await world.store("two")
    await one.add(question())
    world.clock.now += LEASE
    async with await psycopg.AsyncConnection.connect(world.url) as renewer:
        await renewer.execute("UPDATE processes SET lease_until = 0 WHERE owner = 'one'")
        assert await asyncio.wait_for(claim(two), 0.5) == []
        await renewer.commit()
    assert keys(await claim(two)) == ["T1"]


@on_postgresql
async def test_an_acknowledgement_waits_for_no_other_write(world: World) -> None:
    """A person waits for it."""
    one = await world.store("one")
    async with await psycopg.AsyncConnection.connect(world.url) as other:
        await other.execute("SELECT owner FROM processes FOR UPDATE")
        saving = asyncio.create_task(one.save(Changes()))
        await asyncio.sleep(0.3)
        assert await asyncio.wait_for(one.add(question()), 0.5)
        assert not saving.done()
    assert (await saving).held == {"T1"}


SCAN = re.compile(r"(?:SCAN|Seq Scan on) (runs|messages|answers|edits|votes)\b(?! USING)")


async def test_all_that_is_looked_for_has_an_index(world: World) -> None:
    """Statement by statement: nothing reads all runs of a month."""
    one, two = await world.store("one"), await world.store("two")
    seen: dict[str, Any] = {}
    for store in (one, two):
        for database in (store._database, store._quick):
            event.listen(database._engine, "before_cursor_execute", lambda *how: seen.update({how[2]: how[3]}))
    await one.add(question("T1"))
    await one.add(question("T2"))
    draft = Draft.of("text", State.WRITING)
    await one.save(
        Changes(
            posts={("T1", "parent"): "1.0", ("T1", "Depth"): None},
            calls={("T1", "parent"): 1.0},
            answers={("T1", "Depth"): draft},
            ends={"T2": Outcome.DONE},
            edits=[("", 1.0)],
        )
    )
    world.clock.now += 2 * LEASE
    assert keys(await claim(two)) == ["T1"]
    assert await two.vote("", "T2", "Depth", "U2", is_good=True)
    assert await two.recall("", "T2")
    assert await two.reopen("", "T2", ["Depth"], "U2")
    assert await two.stop("", "T2", "U2")
    await two.save(Changes(), Search(frozenset({"T1"}), 0.0, workspaces=frozenset({"", "W"})))
    await serve_workspace(two)
    await two.clear(world.clock.now, 100)
    await two.leave()
    plans = [plan async for plan in _plans(two, {**seen})]
    assert len(plans) > 20
    assert [plan for plan in plans if SCAN.search(plan)] == []
    [bare] = [plan async for plan in _plans(two, {"SELECT key FROM runs WHERE problem = 'x'": ()})]
    assert SCAN.search(bare)


async def _plans(store: Store, statements: dict[str, Any]) -> Any:
    """How the database would carry each statement out, on tables that hold a lot."""
    is_postgresql = store._database.is_postgresql
    async with connect(store._database._engine) as connection:
        if is_postgresql:
            await connection.execute(text("SET enable_seqscan = off"))
        for statement, parameters in statements.items():
            if not statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE")) or "pg_" in statement:
                continue
            given = parameters[0] if isinstance(parameters, list) else parameters
            explain = "EXPLAIN " if is_postgresql else "EXPLAIN QUERY PLAN "
            found = await connection.run_sync(Connection.exec_driver_sql, explain + statement, given)
            yield statement + "\n" + "\n".join(str(row) for row in found)
