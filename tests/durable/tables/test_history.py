"""What has ended is forgotten once it is old, but nothing that something else goes on with."""

import pytest

from bot.durable.record import Changes, Outcome
from bot.durable.store import Store
from bot.durable.tables.history import ABANDONED
from tests.support.databases import query, release
from tests.support.stores import World, question, serve_workspace

pytestmark = pytest.mark.slow


async def end(store: Store, key: str, root: str = "", outcome: Outcome = Outcome.DONE) -> None:
    """A run that has ended."""
    await store.add(question(key, root=root))
    await store.save(Changes(ends={key: outcome}))


async def left(world: World) -> list[str]:
    """The runs that are kept."""
    return [key for (key,) in await query(world.url, "SELECT key FROM runs ORDER BY key")]


async def test_a_run_is_kept_while_one_is_that_goes_on_with_it(world: World) -> None:
    """Open or ended; then all are forgotten at once, and others go by their own age."""
    one = await world.store("one")
    for key in ("a", "b", "c"):
        await end(one, key)
    await end(one, "a/1", "a")
    await one.add(question("b/1", root="b"))
    world.clock.now += 100
    await end(one, "a/2", "a")
    assert await one.clear(world.clock.now - 50, 100) == 2
    assert await left(world) == ["a", "a/2", "b", "b/1"]
    world.clock.now += 100
    assert await one.clear(world.clock.now - 50, 100) == 2
    assert await left(world) == ["b", "b/1"]
    await one.save(Changes(ends={"b/1": Outcome.DONE}))
    world.clock.now += 100
    assert await one.clear(world.clock.now - 50, 100) == 2
    assert await left(world) == []


async def test_no_more_are_forgotten_at_once_than_it_is_told(world: World) -> None:
    """A run waits for what goes on with it."""
    one = await world.store("one")
    await end(one, "a")
    for number in range(3):
        await end(one, f"a/{number}", "a")
    world.clock.now += 100
    assert await one.clear(world.clock.now, 2) == 2
    assert "a" in await left(world)
    assert await one.clear(world.clock.now, 2) == 2
    assert await left(world) == []
    assert await one.clear(world.clock.now, 2) == 0


async def test_what_goes_on_with_a_run_that_is_gone_is_forgotten_once_it_has_ended(world: World) -> None:
    """However young it is; a process may still be at work on it before."""
    one = await world.store("one")
    await one.add(question("a/1", root="a"))
    await end(one, "b")
    assert await one.clear(0.0, 100) == 0
    await one.save(Changes(ends={"a/1": Outcome.DONE}))
    assert await one.clear(0.0, 100) == 1
    assert await left(world) == ["b"]


async def test_what_nobody_has_taken_up_keeps_nothing(world: World) -> None:
    """A run and one that goes on with it, which everybody has left: both are forgotten, after a day."""
    one = await world.store("one")
    await end(one, "a")
    await one.add(question("a/1", root="a"))
    await release(one, "a/1")
    world.clock.now += ABANDONED - 100
    assert await one.clear(world.clock.now, 100) == 0
    world.clock.now += 100
    assert await one.clear(world.clock.now, 100) == 2


async def test_whoever_had_a_run_tried_again_is_counted(world: World) -> None:
    """Once it has ended, unless it was refused; and whoever asked for it all the while."""
    one, two = await world.store("one"), await world.store("two")
    start = world.clock.now
    await end(one, "a")
    await end(one, "b")
    world.clock.now += 10
    assert await one.reopen("", "a", ["Depth"], "U2")
    assert await one.reopen("", "b", ["Depth"], "U3")
    assert (await serve_workspace(two, "", start)).asked == [("U1", start), ("U1", start)]
    await one.save(Changes(ends={"a": Outcome.DONE, "b": Outcome.REFUSED}))
    assert (await serve_workspace(two, "", start)).asked == [("U1", start), ("U2", start + 10)]
    assert (await serve_workspace(two, "", start + 5)).asked == [("U2", start + 10)]
