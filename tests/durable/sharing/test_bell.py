"""The bell, above a driver that hears, hears nothing, or breaks, as told."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest

from bot.durable.record import Changes
from bot.durable.sharing.bell import AGAIN, ECHO, Bell, name_channel
from bot.durable.store import RINGING, Store
from bot.errors import StoreError
from tests.support.databases import KINDS
from tests.support.process import until
from tests.support.stores import World, question

on_a_server = pytest.mark.parametrize("world", [one for one in KINDS if one != "sqlite"], indirect=True)


class Driver:
    """A connection whose notifications are put into it; `is_deaf` as one through a pooler is."""

    def __init__(self, *, is_deaf: bool = False) -> None:
        self.heard: asyncio.Queue[str] = asyncio.Queue()
        self.done: list[str] = []
        self.is_deaf = is_deaf
        self.close_once = False  # whether the first to close it only rang through it
        self.is_closed = False
        self.listening = 0  # streams of notifications that are open

    async def execute(self, statement: str, parameters: Any = None) -> None:
        self.done.append(statement)
        if parameters and not self.is_deaf:
            self.heard.put_nowait(parameters[0])

    async def notifies(self, *, timeout: float | None = None, stop_after: int | None = None) -> AsyncGenerator[str]:
        self.listening += 1
        try:
            while True:
                async with asyncio.timeout(timeout):
                    heard = await self.heard.get()
                if heard == "break":
                    raise ConnectionError
                yield heard
                if stop_after:
                    return
        except TimeoutError:
            return
        finally:
            self.listening -= 1

    async def close(self) -> None:
        self.done.append(f"CLOSE, listening {self.listening}")
        self.is_closed, self.close_once = not self.close_once, False


async def listen(bell: Bell, heard: list[tuple[float, bool]]) -> None:
    """Note when it is told to look, and whether rings are heard."""
    async for is_heard in bell.rings():
        heard += [(round(asyncio.get_running_loop().time(), 3), is_heard)]


async def test_a_ring_is_heard_and_a_lost_connection_is_made_again() -> None:
    """It looks at once when it listens, for what it may have missed; while it does not, it looks more often."""
    drivers: list[Driver] = []

    async def connect() -> Driver:
        if not drivers or drivers[-1].is_closed:
            drivers.append(Driver())
            drivers[-1].close_once = True
        return drivers[-1]

    heard: list[tuple[float, bool]] = []
    listening = asyncio.create_task(listen(Bell(connect, ["mine", "all"]), heard))
    await asyncio.sleep(0.5)
    assert drivers[0].done[:2] == ["LISTEN mine", "LISTEN all"]
    began = heard[0][0]
    assert heard == [(began, True)]
    drivers[0].heard.put_nowait("mine")
    await asyncio.sleep(0.1)
    assert [is_heard for _, is_heard in heard] == [True, True]
    drivers[0].heard.put_nowait("break")
    await asyncio.sleep(AGAIN + 0.5)
    assert [is_heard for _, is_heard in heard] == [True, True, False, True]
    assert len(drivers) == 2
    listening.cancel()


async def test_where_no_ring_comes_back_it_says_so(caplog: pytest.LogCaptureFixture) -> None:
    """A pooler that shares connections swallows each without a word."""
    driver, heard = Driver(is_deaf=True), list[tuple[float, bool]]()

    async def connect() -> Driver:
        return driver

    began = asyncio.get_running_loop().time()
    listening = asyncio.create_task(listen(Bell(connect, ["mine"]), heard))
    await asyncio.sleep(ECHO + AGAIN)
    listening.cancel()
    assert heard == [(round(began + ECHO, 3), False)]
    assert [line.split(":")[0] for line in caplog.messages] == ["bell.unheard"]


async def test_who_hears_no_more_has_closed_what_it_heard_with() -> None:
    """Before the connection, and not when the garbage is collected."""
    driver = Driver()

    async def connect() -> Driver:
        return driver

    async with aclosing(Bell(connect, ["mine"]).rings()) as rings:
        assert await anext(rings)
        driver.heard.put_nowait("mine")
        assert await anext(rings)
    assert driver.done[-1] == "CLOSE, listening 0"
    assert driver.is_closed


def test_a_channels_name_needs_no_quotes() -> None:
    """Whatever a process is called."""
    assert name_channel("Ab-1") == "perspectives_ab_1"


@pytest.mark.slow
@on_a_server
async def test_a_ring_comes_through_a_server(world: World) -> None:
    """From whoever was asked, to the owner, within a moment; and again once its connection was ended."""
    async with (
        Store(world.url, owner="one", clock=world.clock, is_shared=True) as one,
        Store(world.url, owner="two", clock=world.clock, is_shared=True) as two,
    ):
        await one.open()
        await two.open()
        await one.add(question("a", workspace="W"))
        bell, heard = one.bell, list[tuple[float, bool]]()
        assert bell
        listening = asyncio.create_task(listen(bell, heard))
        await until(lambda: len(heard) == 1, within=5)
        assert heard[0][1]
        await two.add(question("b", workspace="W"))
        await until(lambda: len(heard) == 2, within=2)
        assert await two.stop("W", "a", "U1")
        await until(lambda: len(heard) == 3, within=2)
        listening.cancel()
        await asyncio.wait([listening])


@pytest.mark.slow
@on_a_server
@pytest.mark.parametrize("is_silent", [False, True], ids=["fails", "silent"])
async def test_what_was_written_is_not_told_as_lost_for_a_ring(
    world: World, monkeypatch: pytest.MonkeyPatch, *, is_silent: bool
) -> None:
    """It costs the owner the time until its next look, and whoever waits for it half a second at the most."""

    async def fail(*_: object, **__: object) -> None:
        if is_silent:
            await asyncio.sleep(60)
        raise StoreError("no ring")

    async with (
        Store(world.url, owner="one", clock=world.clock, is_shared=True) as one,
        Store(world.url, owner="two", clock=world.clock, is_shared=True) as two,
    ):
        await one.open()
        await two.open()
        await one.add(question("a", workspace="W"))
        monkeypatch.setattr("bot.durable.store.ring", fail)
        async with asyncio.timeout(RINGING + 0.5):
            assert await two.stop("W", "a", "U1")
        assert (await one.save(Changes())).stopped == {"a": "U1"}
