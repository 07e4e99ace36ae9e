"""What the bot does with what its journal has to tell, whole and on a virtual clock, above a file of SQLite's."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.durable.lease import LEASE
from bot.durable.record import Changes, Saved, Search
from bot.entrance.doors import LOOK
from bot.playground.slack.workspace import Workspace
from tests.support.databases import query
from tests.support.model_server import ModelServer, words
from tests.support.world import EPOCH, NAMES, PatientStore, World, running

SLOW = {name: words(80, 2.0) for name in NAMES}
SENT = ("chat.update", "chat.postMessage")


class SilentStore(PatientStore):
    """The store, which can be made to say nothing to what is written."""

    is_silent = False

    async def save(self, changes: Changes, search: Search | None = None) -> Saved:
        if self.is_silent:
            await asyncio.sleep(1_000)
        return await super().save(changes, search)


class CrowdedStore(PatientStore):
    """The store, whose other processes have all the sockets twice."""

    asked = 0

    async def take_socket(self) -> bool:
        type(self).asked += 1
        return self.asked > 2


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A file of the test's own."""
    return f"sqlite:///{tmp_path / 'runs.sqlite'}"


@pytest.fixture
async def writing(url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """The bot, a few seconds after it was asked: its answers grow for half a minute."""
    monkeypatch.setattr("tests.support.world.PatientStore", SilentStore)
    monkeypatch.setattr(SilentStore, "is_silent", False)
    async with running(ModelServer(**SLOW), database_url=url) as world:
        await world.slack.mention("Why?")
        await asyncio.sleep(8)
        yield world


def sent(world: World) -> int:
    """How much was posted and edited so far."""
    return sum(call.method in SENT for call in world.workspace.calls)


def suspend(seconds: float) -> None:
    """Let time pass with nothing done."""
    asyncio.get_running_loop().now += seconds  # type: ignore[attr-defined]


@pytest.mark.heavy
async def test_a_process_that_was_suspended_sends_nothing_before_it_has_asked_the_database(
    writing: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another may have taken its runs up meanwhile; once it knows that none has, it goes on."""
    monkeypatch.setattr(SilentStore, "is_silent", True)
    await asyncio.sleep(1)
    suspend(LEASE)
    before = sent(writing)
    await asyncio.sleep(1)
    assert sent(writing) == before
    monkeypatch.setattr(SilentStore, "is_silent", False)
    await asyncio.sleep(6)
    assert sent(writing) > before


async def test_a_run_that_another_process_has_taken_up_is_let_go(writing: World, url: str) -> None:
    """Nothing more is sent of it."""
    suspend(LEASE + 1)
    await query(url, "UPDATE runs SET owner = 'another'")
    await asyncio.sleep(1)
    before = sent(writing)
    await asyncio.sleep(20)
    assert sent(writing) == before
    assert "done" not in "".join(message.text for message in writing.workspace.messages)


async def test_what_was_asked_in_former_processes_counts_for_the_limit_of_an_hour(url: str) -> None:
    """Else a restart would begin the hour anew."""
    limits: dict[str, Any] = {"database_url": url, "runs_per_person_per_hour": 1}
    async with running(**limits) as world:
        await world.ask("Why?")
    async with running(**limits) as world:
        await world.slack.command("Why not?")
        await world.until(lambda: world.workspace.whispers)
        assert "Why not?" in world.whispers()[0]
        assert not world.workspace.messages


async def test_what_former_processes_have_sent_counts_for_the_budget(url: str) -> None:
    """Slack counts an app's edits, whichever process sends them."""
    async with running(database_url=url):
        pass
    now, whose = EPOCH + asyncio.get_running_loop().time(), f"'{Workspace.team_id}/{Workspace.bot_id}', 'another'"
    await query(url, f"INSERT INTO edits VALUES {', '.join([f'({whose}, {now})'] * 45)}")  # noqa: S608 - ours
    async with running(ModelServer(**SLOW), database_url=url) as world:
        await world.slack.mention("Why?")
        await asyncio.sleep(20)
        assert len(world.calls("chat.update")) <= 5


async def test_a_file_is_one_process_s_however_its_address_is_written(url: str) -> None:
    """None shares the workspaces in it."""
    async with running(database_url=f"jdbc:{url}"):
        await asyncio.sleep(1)
    assert await query(url, "SELECT count(*) FROM processes") == [(0,)]
    assert await query(url, "SELECT * FROM workspaces") == []


async def test_who_finds_no_socket_left_has_begun_all_the_same_and_takes_the_first_that_is_free(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It asks Slack for none before that."""
    monkeypatch.setattr("tests.support.world.PatientStore", CrowdedStore)
    caplog.set_level("INFO")
    began = asyncio.get_running_loop().time()
    async with running() as world:
        assert 2 * LOOK <= asyncio.get_running_loop().time() - began < 3 * LOOK
        assert len(await world.ask()) == 1 + len(NAMES)
        said = [record.getMessage().partition(" ")[0].rstrip(":") for record in caplog.records]
        assert [one for one in said if one in {"socket.none_left", "bot.start", "socket.connected"}] == [
            "socket.none_left",
            "bot.start",
            "socket.connected",
        ]
