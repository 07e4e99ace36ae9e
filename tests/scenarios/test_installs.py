"""The bot over HTTP: one workspace's, or in whatever workspaces people install it, each by itself."""

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.playground.slack.fault import Fault
from bot.playground.slack.payloads import describe_event, describe_mention
from bot.playground.slack.workspace import Workspace
from bot.slack.wires.remembered import REMEMBERED
from bot.texts.installing import PAGES, Page
from tests.support.model_server import ModelServer, words
from tests.support.office import Office, office
from tests.support.world import NAMES, shown, wall_clock

FIRST, ACME = "T0PLAYGRND", "T0ACME"
OTHER_KEYS = ("abcdef0123456789abcdef0123456789abcdef0123A=",)


def slow() -> ModelServer:
    """A model whose answers take forty seconds."""
    model = ModelServer()
    model.default = words(400, 10.0)
    return model


def acme() -> Workspace:
    """Another workspace."""
    return Workspace(team="acme", clock=wall_clock)


def rows(path: Path, statement: str) -> list[tuple[object, ...]]:
    """What the database has."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()


async def start(there: Office, team_id: str) -> str:
    """Ask something whose answer takes long, and wait until it has begun to be shown; the parent's ts."""
    workspace = there.team(team_id).workspace
    before = len(workspace.messages)
    await there.team(team_id).command("Why?")
    await workspace.until(lambda: len(workspace.messages) > before + len(NAMES))
    await asyncio.sleep(5)
    return workspace.messages[before].ts


async def test_one_workspace_needs_no_socket() -> None:
    """Its two settings, a port and a secret, are enough."""
    async with office(is_distributed=False) as there:
        thread = await there.ask(FIRST)
        assert len(thread) == 1 + len(NAMES)
        assert there.slack.connections == 0
        assert await there.get("/slack/install") == (404, "404: Not Found")


async def test_what_slack_sends_again_is_asked_once() -> None:
    """Though it was acknowledged, and to whichever way it came."""
    async with office(is_distributed=False) as there:
        workspace = there.team(FIRST).workspace
        message = workspace.post("C0GENERAL", "U0ADA", f"<@{workspace.bot.id}> why?")
        event = describe_event(workspace, describe_mention(workspace, message), "Ev1")
        for attempt in range(3):
            assert await there.slack.requests.deliver(
                "events_api", event, within=3.0, retry_attempt=attempt, retry_reason="timeout"
            )
        await asyncio.sleep(60)
        assert len(workspace.thread("general", message.ts)) > len(NAMES)
        assert len(there.model.requests) == len(NAMES)


@pytest.mark.heavy
async def test_how_it_is_can_be_asked() -> None:
    """It is ready while it can write, and reaches Slack; and not once it is to stop."""
    async with office(is_distributed=False, model=slow()) as there:
        status, told = await there.get("/readyz")
        assert (status, json.loads(told)) == (200, {"ready": True, "store": "ok", "slack": "ok", "stopping": "no"})
        there.slack.workspace.faults.append(Fault("api.test", http_status=503))
        await asyncio.sleep(3)
        status, told = await there.get("/readyz")
        assert (status, json.loads(told)["slack"]) == (503, "UnavailableError")
        await start(there, FIRST)
        there.stop.set()
        await asyncio.sleep(1)
        assert await there.get("/healthz") == (200, "ok\n")
        status, told = await there.get("/readyz")
        assert (status, json.loads(told)["stopping"]) == (503, "yes")
        assert await there.team(FIRST).command("Too late") is None


async def test_each_workspace_is_answered_with_its_own_token() -> None:
    """From its install on; one that has none is told so, and nothing is bought."""
    async with office(acme()) as there:
        assert await there.team(ACME).command("Why?") is not None
        assert "installed" in there.team(ACME).workspace.whispers[-1].text
        assert there.model.requests == []
        await asyncio.sleep(REMEMBERED)
        for team_id, name in ((FIRST, "playground"), (ACME, "acme")):
            assert PAGES["en"][Page.INSTALLED].format(team=name) in await there.install(team_id)
            thread = await there.ask(team_id)
            assert len(thread) == 1 + len(NAMES)
        for team_id in (FIRST, ACME):
            workspace = there.team(team_id).workspace
            assert len(workspace.messages) == 1 + len(NAMES)
            assert not [call for call in workspace.calls if call.error]


@pytest.mark.heavy
async def test_a_removal_ends_what_goes_on_there_and_leaves_nothing(tmp_path: Path) -> None:
    """No other workspace notices."""
    path = tmp_path / "runs.sqlite"
    async with office(acme(), model=slow(), database_url=f"sqlite:///{path}") as there:
        await there.install(FIRST)
        await there.install(ACME)
        own, other = await start(there, FIRST), await start(there, ACME)
        await there.remove(ACME)
        await asyncio.sleep(2)
        assert sum(request.ended_at is None for request in there.model.requests) == len(NAMES)
        calls = len(there.team(ACME).workspace.calls)
        workspace = there.team(FIRST).workspace
        parent = workspace.find("general", own)
        assert parent
        await workspace.until(lambda: "Perspectives for" in parent.text)
        assert len(there.team(ACME).workspace.calls) == calls
        assert {str(place).partition("/")[0] for (place,) in rows(path, "SELECT workspace FROM runs")} == {FIRST}
        assert rows(path, "SELECT team FROM installations") == [(FIRST,)]
        people = there.team(ACME)
        await people.command("Are you there?")
        assert "installed" in people.workspace.whispers[-1].text
        # A message that was shown before has its buttons still.
        shown_before = people.workspace.find(people.workspace.channel("general").id, other)
        assert shown_before
        before = len(people.workspace.whispers)
        await people.click(shown_before, "stop")
        assert "not installed" in people.workspace.whispers[-1].text
        assert len(people.workspace.whispers) == before + 1


@pytest.mark.heavy
async def test_a_removal_that_is_heard_of_late_changes_nothing() -> None:
    """It was installed again since then, with another token."""
    async with office(acme()) as there:
        await there.install(ACME)
        before = wall_clock()
        await asyncio.sleep(60)
        await there.remove(ACME)
        await asyncio.sleep(60)
        await there.install(ACME)
        await there.remove(ACME, at=before + 60)
        assert len(await there.ask(ACME)) == 1 + len(NAMES)
        assert there.team(ACME).workspace.bot_token == "xoxb-acme-bot-1"


@pytest.mark.heavy
async def test_a_run_goes_on_with_the_token_of_a_new_install() -> None:
    """The old one is refused from one moment to the next; what goes on there is shown by the new one."""
    async with office(acme(), model=slow()) as there:
        await there.install(ACME)
        ts = await start(there, ACME)
        workspace = there.team(ACME).workspace
        workspace.is_installed = False
        await there.install(ACME)
        parent = workspace.find(workspace.channel("general").id, ts)
        assert parent
        async with asyncio.timeout(120):
            await workspace.until(lambda: "Perspectives for" in parent.text)
        assert [shown(one) for one in workspace.thread(parent.channel, ts)[1:] if "word399" not in shown(one)] == []


async def test_a_key_that_was_changed_ends_the_start(tmp_path: Path) -> None:
    """In one line, with nothing overwritten."""
    url = f"sqlite:///{tmp_path / 'runs.sqlite'}"
    async with office(acme(), database_url=url) as there:
        await there.install(ACME)
    kept = rows(tmp_path / "runs.sqlite", "SELECT * FROM installations")
    with pytest.raises(SettingsError, match=r"^TOKEN_KEY is not the key"):
        async with office(acme(), token_keys=OTHER_KEYS, database_url=url):
            pass
    assert rows(tmp_path / "runs.sqlite", "SELECT * FROM installations") == kept
