"""Processes that share the workspaces of one database out among them: real statements, on each kind of database."""

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Any

import pytest

from bot.durable.lease import LEASE
from bot.durable.record import Begun, Changes, Outcome, Saved, Search
from bot.durable.sharing.clock import MOST_APART, SharedClock
from bot.durable.sharing.owners import MOST_SOCKETS
from bot.durable.sharing.ownership import CUT_OFF, PATIENCE, REACHED, Arrival
from bot.durable.sharing.signals import UNREADABLE_KEPT
from bot.durable.store import Store
from bot.durable.tables.claims import UNKNOWN
from bot.errors import StoreError
from bot.slack.question import Action, Press
from tests.support.databases import KINDS, disconnect, query
from tests.support.stores import World, keys, question, serve_workspace

pytestmark = pytest.mark.slow

on_a_server = pytest.mark.parametrize("world", KINDS[1:], indirect=True)


async def shared(world: World, owner: str) -> Store:
    """The store of a process that shares the database."""
    store = await world._stack.enter_async_context(Store(world.url, owner=owner, clock=world.clock, is_shared=True))
    await store.open()
    return store


async def look(store: Store, **how: Any) -> Saved:
    """A write that looks for all that there is to find."""
    return await store.save(Changes(), Search(frozenset(), 0.0, may_fence=True, **how))


async def lapse(world: World, owner: str) -> None:
    """Have the lease of a process be over."""
    await query(world.url, f"UPDATE processes SET lease_until = 1 WHERE owner = '{owner}'")  # noqa: S608 - ours


async def owners(world: World) -> list[tuple[Any, ...]]:
    """Whose the workspaces are, and their epochs."""
    return await query(world.url, "SELECT workspace, owner, epoch FROM workspaces ORDER BY workspace")


async def test_who_is_asked_first_serves_the_workspace(world: World) -> None:
    """Another writes what it is asked down for the first, which finds it with its next look; both are kept once."""
    one, two = await shared(world, "one"), await shared(world, "two")
    assert await one.add(question("a", workspace="W")) is Arrival.HERE
    assert await two.add(question("b", workspace="W")) is Arrival.ELSEWHERE
    assert await two.add(question("a", workspace="W")) is Arrival.KNOWN
    assert await one.add(question("b", workspace="W")) is Arrival.KNOWN
    assert await two.add(question("c", workspace="X")) is Arrival.HERE
    assert await owners(world) == [("W", "one", 1), ("X", "two", 1)]
    assert (await look(two)).claimed == []
    found = await look(one)
    assert [(record.question.key, record.is_admitted) for record in found.claimed] == [("b", False)]
    assert (found.owned, found.others) == (frozenset({"W"}), 1)
    assert (await one.save(Changes())).held == {"a", "b"}


async def test_what_the_dead_have_left_is_shared_out(world: World) -> None:
    """Each takes its part with one look, and who has found it tells the others; each change of owner is an epoch."""
    one, two, three = [await shared(world, name) for name in ("one", "two", "three")]
    for number in range(10):
        await one.add(question(f"k{number}", workspace=f"W{number}"))
    await lapse(world, "one")
    first = await look(two)
    assert (first.has_fenced, first.others, len(first.claimed)) == (True, 1, len(first.owned or ()))
    second = await look(three)
    assert (second.has_fenced, second.others) == (False, 1)
    assert len(first.claimed) + len(second.claimed) == 10
    assert 1 <= len(first.claimed) <= 9
    assert {epoch for _, _, epoch in await owners(world)} == {2}
    assert all(record.is_admitted for record in (*first.claimed, *second.claimed))


async def test_what_its_heir_does_not_take_is_somebody_elses(world: World) -> None:
    """Two looks later: the heir may be there, and not look."""
    one, two, three = [await shared(world, name) for name in ("one", "two", "three")]
    for number in range(10):
        await one.add(question(f"k{number}", workspace=f"W{number}"))
    await lapse(world, "one")
    first = await look(two)
    assert len(first.owned or ()) < 10
    world.clock.now += PATIENCE
    await three.save(Changes())
    assert len((await look(two)).owned or ()) == 10


async def test_who_ends_in_an_orderly_way_leaves_all_to_the_youngest(world: World) -> None:
    """While a new version is deployed, that is one which stays."""
    stores = []
    for name in ("c", "a", "d", "b"):
        stores.append(await shared(world, name))
        world.clock.now += 1
    for number in range(5):
        await stores[0].add(question(f"k{number}", workspace=f"W{number}"))
    await stores[0].leave()
    assert [len((await look(one)).claimed) for one in stores[1:]] == [0, 0, 5]
    assert await query(world.url, "SELECT DISTINCT heir FROM workspaces") == [(None,)]


async def test_of_a_dead_process_any_edit_may_land_yet(world: World) -> None:
    """One that was cut off has written none down; whoever ends in an orderly way has told of all."""
    one, two = await shared(world, "one"), await shared(world, "two")
    await one.add(question("a", workspace="W"))
    await one.save(Changes(posts={("a", "parent"): "1.0", ("a", "Depth"): None}))
    await lapse(world, "one")
    world.clock.now += 5
    [record] = (await look(two)).claimed
    assert record.calls == {"parent": world.clock.now}
    assert record.left_at == world.clock.now - 5
    await two.save(Changes(calls={("a", "parent"): None}))
    await two.leave()
    three = await shared(world, "three")
    assert [one.calls for one in (await look(three)).claimed] == [{}]


async def test_each_write_shows_how_many_others_are_there(world: World) -> None:
    """Those whose lease holds; None who was declared dead meanwhile."""
    one = await shared(world, "one")
    assert (await one.save(Changes())).others == 0
    two = await shared(world, "two")
    assert [(await store.save(Changes())).others for store in (one, two)] == [1, 1]
    world.clock.now += LEASE + 1
    if world.url.startswith("sqlite"):  # a server's clock is its own
        assert [(await store.save(Changes())).others for store in (one, two)] == [0, 1]
    await two.leave()
    assert (await one.save(Changes())).others == 0


async def test_who_was_declared_dead_writes_nothing_and_begins_anew(world: World) -> None:
    """Frozen for longer than its lease: what it writes then is not its own any more."""
    one, two = await shared(world, "one"), await shared(world, "two")
    await one.add(question("a", workspace="W"))
    await lapse(world, "one")
    assert keys([*(await look(two)).claimed]) == ["a"]
    late = await one.save(Changes(posts={("a", "parent"): "1.0"}, ends={"a": Outcome.DONE}))
    assert (late.was_fenced, late.held) == (True, set())
    assert await query(world.url, "SELECT state FROM runs") == [("open",)]
    assert await query(world.url, "SELECT * FROM messages") == []
    assert await one.add(question("b", workspace="W")) is Arrival.ELSEWHERE
    assert await one.add(question("c", workspace="X")) is Arrival.HERE
    assert not (await one.save(Changes())).was_fenced


async def test_who_was_declared_dead_takes_no_question_before_it_knows(world: World) -> None:
    """It is written down for whoever is there."""
    one, two = await shared(world, "one"), await shared(world, "two")
    await lapse(world, "one")
    await look(two)
    assert await one.add(question("a", workspace="W")) is Arrival.ELSEWHERE
    assert keys([*(await look(two)).claimed]) == ["a"]


async def test_who_looks_whether_the_database_can_be_written_to_stays_there(world: World) -> None:
    """However often somebody asks after its health."""
    one, two = await shared(world, "one"), await shared(world, "two")
    await one.add(question("a", workspace="W"))
    await one.try_out()
    saved = await one.save(Changes())
    assert (saved.held, saved.was_fenced) == ({"a"}, False)
    await one.try_out()
    assert (await look(two)).claimed == []
    assert await owners(world) == [("W", "one", 1)]


async def test_who_was_out_itself_declares_nobody_dead(world: World) -> None:
    """Had it been away from the database, so may they have been."""
    one, two = await shared(world, "one"), await shared(world, "two")
    await one.add(question("a", workspace="W"))
    await lapse(world, "one")
    found = await two.save(Changes(), Search(frozenset(), 0.0, may_fence=False))
    assert (found.claimed, await owners(world)) == ([], [("W", "one", 1)])
    assert (await one.save(Changes())).held == {"a"}


async def test_a_workspace_is_released_when_nothing_goes_on_there(world: World) -> None:
    """Not while a question waits that has just arrived; whoever is asked next serves it."""
    one, two = await shared(world, "one"), await shared(world, "two")
    await one.add(question("a", workspace="W"))
    await two.add(question("b", workspace="W"))
    await one.save(Changes(ends={"a": Outcome.DONE}))
    found = await look(one, left=frozenset({"W"}))
    assert (found.owned, keys([*found.claimed])) == (frozenset({"W"}), ["b"])
    await one.save(Changes(ends={"b": Outcome.DONE}))
    assert (await look(one, left=frozenset({"W"}))).owned == frozenset()
    assert await two.add(question("c", workspace="W")) is Arrival.HERE
    assert await owners(world) == [("W", "two", 2)]


async def test_a_release_races_no_arrival(world: World) -> None:
    """Whichever comes first: no open question stands without an owner that has not been told whose it is."""
    one, two = await shared(world, "one"), await shared(world, "two")
    for number in range(30):
        workspace, before = f"W{number}", question(f"before{number}", workspace=f"W{number}")
        await one.add(before)
        await one.save(Changes(ends={before.key: Outcome.DONE}))
        await two.save(Changes())  # it is there, however long all this takes
        async with asyncio.TaskGroup() as group:
            releasing = group.create_task(look(one, left=frozenset({workspace})))
            await asyncio.sleep(0.001 * (number % 5))
            arriving = group.create_task(two.add(question(f"k{number}", workspace=workspace)))
        arrival = arriving.result()
        [(owner,)] = await query(world.url, f"SELECT owner FROM workspaces WHERE workspace = '{workspace}'")  # noqa: S608
        assert owner == ("two" if arrival is Arrival.HERE else "one")
        if arrival is Arrival.ELSEWHERE and f"k{number}" not in keys([*releasing.result().claimed]):
            assert keys([*(await look(one)).claimed]) == [f"k{number}"]


async def test_a_press_reaches_the_owner_and_stays_until_it_is_carried_out(world: World) -> None:
    """With all that it says; also where its owner dies first."""
    one, two = await shared(world, "one"), await shared(world, "two")
    await one.add(question("a", workspace="W"))
    press = Press(Action.AGAIN, "a", "Depth", "U", "C", "1.0", "0.9", "https://example.test", workspace="W")
    await two.signal(press)
    assert (await look(two)).pressed == []
    [signal] = (await look(one)).pressed
    assert signal.press == press
    await lapse(world, "one")
    assert (await look(two)).pressed == [signal]
    found = await two.save(Changes(done={signal.id}), Search(frozenset(), 0.0))
    assert found.pressed == []


async def test_runs_that_cannot_be_read_are_told_once_as_many_as_are_remembered(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A bound on what a broken database can have a process keep in mind."""
    monkeypatch.setattr("bot.durable.sharing.owners.PUT_ASIDE", 4)
    one = await shared(world, "one")
    for number in range(4):
        await one.add(question(f"k{number}", workspace="W"))
    nonsense = "soon" if world.url.startswith("sqlite") else "infinity"
    odd = f"UPDATE runs SET owner = NULL, lease_until = 0, asked_at = '{nonsense}' WHERE key "  # noqa: S608 - ours
    await query(world.url, f"{odd} < 'k4'")
    await look(one)
    assert (await look(one)).claimed == []
    assert caplog.text.count("store.unreadable kind=runs") == 4
    for number in range(4, 8):
        await one.add(question(f"k{number}", workspace="W"))
    await query(world.url, f"{odd} > 'k3'")
    await look(one)
    await query(world.url, f"UPDATE runs SET asked_at = {world.clock.now} WHERE key < 'k4'")  # noqa: S608 - ours
    assert len((await look(one)).claimed) == 4


async def test_a_press_that_cannot_be_read_holds_its_workspace_for_a_while_only(world: World) -> None:
    """A newer version may know it, and take over; where none does, the workspace is released without it."""
    one = await shared(world, "one")
    await serve_workspace(one, "W")
    columns = "INSERT INTO signals (id, workspace, at, press) VALUES "
    for name, press in (("a", "{"), ("b", '{"action": "dance"}'), ("c", "[]")):
        await query(world.url, f"{columns} ('{name}', 'W', {world.clock.now}, '{press}')")
    assert (await look(one, left=frozenset({"W"}))).owned == frozenset({"W"})
    world.clock.now += UNREADABLE_KEPT + 1
    assert (await look(one, left=frozenset({"W"}))).pressed == []
    assert (await look(one, left=frozenset({"W"}))).owned == frozenset()


async def test_where_slack_is_away_for_all_nobody_steps_back(world: World) -> None:
    """Each looks for it at a moment of its own, and knows of an outage up to a look and its time later."""
    lasts, knows = {"one": 0.0, "two": 9.0, "three": 4.0}, 15.0  # when each has reached it last
    stores = {name: await shared(world, name) for name in lasts}
    await stores["one"].add(question("a", workspace="W"))
    for second in range(0, 72, 3):
        world.clock.now += 3
        for name, last in lasts.items():
            saved = await look(stores[name], reached_ago=0.0 if second < last + knows else second - last)
            assert (saved.was_fenced, saved.has_fenced) == (False, False), (name, second)
    assert await owners(world) == [("W", "one", 1)]


async def test_who_could_not_write_down_that_it_steps_back_does_so_with_the_next_look(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would believe that it had, and the others would wait until its lease has ended."""
    one, two = await shared(world, "one"), await shared(world, "two")
    await one.add(question("a", workspace="W"))
    await look(two, reached_ago=0.0)

    async def fail(*_: object) -> None:
        raise StoreError("no")

    with monkeypatch.context() as patch:
        patch.setattr("bot.durable.sharing.owners.Owners._doubt", fail)
        with pytest.raises(StoreError):
            await look(one, reached_ago=CUT_OFF + 1)
    assert await owners(world) == [("W", "one", 1)]
    assert (await look(one, reached_ago=CUT_OFF + 3)).has_fenced
    assert keys([*(await look(two, reached_ago=0.0)).claimed]) == ["a"]


async def test_who_is_cut_off_says_so_once_and_once_that_it_is_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It hears itself, and would look again for it, without end."""
    rings: list[str] = []

    async def ring(store: Store, _: str | None) -> None:
        rings.append(store._owner)

    one, two = await shared(world, "one"), await shared(world, "two")
    await look(two, reached_ago=0.0)
    monkeypatch.setattr(Store, "_ring", ring)
    for number in range(10):
        await look(two, reached_ago=0.0)
        await look(one, reached_ago=CUT_OFF + 1 + number)
    assert rings == ["one", "one"][: len(rings)]
    assert 1 <= len(rings) <= 2
    rings.clear()
    for _ in range(10):
        await look(one, reached_ago=0.0)
    assert rings == ["one"]


@on_a_server
@pytest.mark.parametrize("ahead", [-300.0, 300.0], ids=["behind", "ahead"])
async def test_what_one_host_writes_down_another_reads_as_of_the_same_time(world: World, ahead: float) -> None:
    """Its edits count for whoever takes its workspace over, and a message is in doubt as long as it is."""
    clocks = {"one": SharedClock(lambda: time.time() + ahead), "two": SharedClock(time.time)}
    async with AsyncExitStack() as stack:
        stores = {
            name: await stack.enter_async_context(Store(world.url, owner=name, clock=clock, is_shared=True))
            for name, clock in clocks.items()
        }
        for store in stores.values():
            await store.open()
            await store.save(Changes())
        assert clocks["one"]() == pytest.approx(clocks["two"](), abs=MOST_APART + 0.5)
        await stores["one"].add(question("a", workspace="W"))
        began = clocks["one"]()
        await stores["one"].save(Changes(edits=[("W", began)]))
        [edit] = (await serve_workspace(stores["two"], "W", clocks["two"]() - 60)).edits
        assert edit == pytest.approx(began)


@on_a_server
async def test_all_processes_together_have_as_many_sockets_as_slack_lets_them(world: World) -> None:
    """Whoever asks at once with others; a place is free again once its process has ended, or is declared dead."""
    stores = [await shared(world, f"p{number}") for number in range(MOST_SOCKETS + 2)]
    taken = await asyncio.gather(*(store.take_socket() for store in stores))
    assert sum(taken) == MOST_SOCKETS
    having, without = [
        [store for store, has in zip(stores, taken, strict=True) if has is wanted] for wanted in (True, False)
    ]
    assert await having[0].take_socket()  # it has it already
    assert not await without[0].take_socket()
    await having[0].leave()
    assert await without[0].take_socket()
    assert not await without[1].take_socket()


async def test_who_ends_leaves_all_to_the_others_at_once(world: World) -> None:
    """Workspaces as well as runs."""
    one, two = await shared(world, "one"), await shared(world, "two")
    await one.add(question("a", workspace="W"))
    await one.leave()
    assert keys([*(await look(two)).claimed]) == ["a"]
    assert await owners(world) == [("W", "two", 2)]


async def test_who_does_not_reach_slack_leaves_all_to_who_does(world: World) -> None:
    """And owns nothing, whatever it is asked, until it is back. Where nobody is known to reach it, it goes on."""
    one, two = await shared(world, "one"), await shared(world, "two")
    await one.add(question("a", workspace="W"))
    assert (await look(one, reached_ago=CUT_OFF + 1)).owned == frozenset({"W"})
    await look(two, reached_ago=REACHED + 1)
    assert (await look(one, reached_ago=CUT_OFF + 1)).owned == frozenset({"W"})
    await look(two, reached_ago=1.0)
    assert (await look(one, reached_ago=CUT_OFF - 1)).owned == frozenset({"W"})
    found = await look(one, reached_ago=CUT_OFF + 1)
    assert (found.owned, found.has_fenced) == (frozenset(), True)
    assert keys([*(await look(two, reached_ago=1.0)).claimed]) == ["a"]
    for number in range(2):
        assert await one.add(question(f"b{number}", workspace="X")) is Arrival.ELSEWHERE
        late = await look(one, reached_ago=CUT_OFF + 3)
        assert (late.was_fenced, late.has_fenced, late.held, late.owned) == (True, False, set(), frozenset())
    assert keys([*(await look(two, reached_ago=1.0)).claimed]) == ["b0", "b1"]
    await look(one, reached_ago=0.0)
    assert not (await one.save(Changes())).was_fenced
    assert await one.add(question("c", workspace="Y")) is Arrival.HERE


@on_a_server
@pytest.mark.parametrize("ahead", [-30.0, 30.0, 2 * UNKNOWN], ids=["behind", "ahead", "hours-ahead"])
async def test_hosts_clocks_do_not_matter(world: World, ahead: float) -> None:
    """A server's own says whose lease has ended: whoever's clock is wrong is neither declared dead nor declares it."""
    world.clock.now = time.time()
    one = await shared(world, "one")
    await one.add(question("a", workspace="W"))
    world.clock.now += ahead
    two = await shared(world, "two")
    assert await two.add(question("b", workspace="X")) is Arrival.HERE
    found = await look(one)
    assert (found.claimed, found.others, found.was_fenced) == ([], 1, False)
    found = await look(two)
    assert (found.claimed, found.others, found.was_fenced) == ([], 1, False)
    await one.save(Changes(ends={"a": Outcome.DONE}))
    await two.clear(0.0, 100)
    assert await query(world.url, "SELECT owner FROM processes ORDER BY owner") == [("one",), ("two",)]


@on_a_server
async def test_who_was_declared_dead_hears_of_it_on_a_new_connection_too(world: World) -> None:
    """What makes that one ready does not bring it back to life."""
    one, two = await shared(world, "one"), await shared(world, "two")
    await one.add(question("a", workspace="W"))
    await lapse(world, "one")
    await look(two)
    await disconnect(world.url)
    assert (await one.save(Changes())).was_fenced


async def test_what_was_begun_while_the_database_was_away_stays_where_it_is(world: World) -> None:
    """It has messages by then, which nobody else knows of; whoever serves the workspace leaves it alone."""
    one, two = await shared(world, "one"), await shared(world, "two")
    await one.add(question("a", workspace="W"))
    begun = Begun(question("b", workspace="W"), world.clock.now)
    saved = await two.save(Changes(begins={"b": begun}, posts={("b", "parent"): "1.0"}))
    assert saved.held == {"b"}
    assert (await look(one)).claimed == []
    await lapse(world, "two")
    [record] = (await look(one)).claimed
    assert (record.question.key, record.posts, record.is_admitted) == ("b", {"parent": "1.0"}, True)
