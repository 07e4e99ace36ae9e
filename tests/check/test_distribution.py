"""Check, where Slack reaches the bot over HTTP, or workspaces install it."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from bot.durable.sealing import Sealer
from bot.durable.store import Store
from bot.playground.slack.distribution.oauth import CLIENT_ID, CLIENT_SECRET
from bot.slack.installation import Installation
from tests.check.test_looks import World, stand_ins

pytestmark = pytest.mark.slow

KEY, OTHER_KEY = "0123456789abcdef0123456789abcdef0123456789A=", "abcdef0123456789abcdef0123456789abcdef0123A="
with socket.create_server(("127.0.0.1", 0)) as free:
    PORT = free.getsockname()[1]
URL = f"http://127.0.0.1:{PORT}"
HTTP = {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": "0a" * 16, "PORT": f"{PORT}", "WEB_HOST": "127.0.0.1"}
INSTALLS = {
    "SLACK_BOT_TOKEN": "",
    "SLACK_CLIENT_ID": CLIENT_ID,
    "SLACK_CLIENT_SECRET": CLIENT_SECRET,
    "PUBLIC_URL": URL,
    "TOKEN_KEY": KEY,
    **HTTP,
}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """All is well."""
    async with stand_ins(tmp_path) as world:
        yield world


async def test_one_workspace_over_http_needs_no_socket(world: World) -> None:
    """Whether Slack reaches it, nobody can see from inside."""
    is_well, lines = await world.look(**HTTP)
    assert is_well
    assert [line for line in lines if "SLACK_APP_TOKEN" in line] == []
    assert any(line.startswith("note   /slack/events") for line in lines)
    assert any(line.startswith("ok     SLACK_BOT_TOKEN") for line in lines)
    assert "ok     settings            complete: for one workspace, over HTTP" in lines
    assert f"ok     PORT                the bot can listen at 127.0.0.1, port {PORT}" in lines
    assert not [line for line in lines if "warn" in line or "PUBLIC_URL" in line]


async def test_an_app_that_workspaces_install_is_known_to_slack(world: World) -> None:
    """By its id and its secret, with no install made for that; and its key opens what is there."""
    is_well, lines = await world.look(**INSTALLS)
    assert is_well, lines
    assert "ok     SLACK_CLIENT_ID     Slack knows the app by what is set" in lines
    where = f"people install it at {URL}/slack/install"
    assert f"ok     installs            0, whose tokens TOKEN_KEY opens; {where}" in lines
    assert [line for line in lines if "SLACK_BOT_TOKEN" in line] == []
    assert "ok     settings            complete: for any workspace that installs it, over HTTP" in lines
    assert f"ok     PUBLIC_URL          {URL} leads here" in lines


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"SLACK_CLIENT_ID": "9.9"}, "wrong  SLACK_CLIENT_ID     Slack knows no such client"),
        ({"SLACK_CLIENT_SECRET": "another"}, "wrong  SLACK_CLIENT_SECRET Slack says that it is another client's"),
        ({"TOKEN_KEY": ""}, "wrong  settings            TOKEN_KEY is not set"),
        ({"PORT": "many"}, "wrong  settings            PORT is not a whole number"),
        ({"METRICS_TOKEN": "short"}, "wrong  settings            METRICS_TOKEN is not 16 or more letters"),
        ({"WEB_HOST": "192.0.2.1"}, "wrong  PORT                Nothing can listen at 192.0.2.1, port"),
        ({"OPENAI_MODEL": "two\nlines"}, "wrong  settings            OPENAI_MODEL is not a name"),
    ],
)
async def test_what_is_wrong_with_it_is_told_once(world: World, changed: dict[str, str], line: str) -> None:
    """By the variable's name, and all else is looked at."""
    is_well, lines = await world.look(**INSTALLS | changed)
    assert not is_well
    assert len([one for one in lines if one.startswith("wrong")]) == 1
    assert [one for one in lines if one.startswith(line)], lines
    assert any(one.startswith("ok     database") for one in lines)


async def test_a_key_that_does_not_open_the_tokens_is_told(world: World) -> None:
    """Before anybody starts the bot with it."""
    async with Store(world.environment["DATABASE_URL"], owner="one", clock=lambda: 1.0) as store:
        await store.open()
        kept = store.installations(Sealer([OTHER_KEY]))
        await kept.save(Installation("T1", None, "xoxb-1", "B1", "U1"), name="One", at=1.0)
    is_well, lines = await world.look(**INSTALLS)
    assert not is_well
    assert [line for line in lines if line.startswith("wrong  TOKEN_KEY           TOKEN_KEY is not the key")]


@asynccontextmanager
async def answering(text: str, status: int = 200) -> AsyncIterator[str]:
    """A server that says this to whatever is asked; its address."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=text, status=status)

    app = web.Application()
    app.add_routes([web.get("/{path:.*}", answer)])
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("text", "status", "told"),
    [
        ("ok\n", 200, "ok     PUBLIC_URL          a bot answers at {}"),
        (
            "ok 0123456789abcdef\n",
            200,
            "warn   PUBLIC_URL          {} does not lead to the bot: at /healthz it answers with 200",
        ),
        ("<p>secret", 502, "warn   PUBLIC_URL          {} does not lead to the bot: at /healthz it answers with 502"),
    ],
)
async def test_where_the_public_address_leads_is_seen(world: World, text: str, status: int, told: str) -> None:
    """To a bot that runs elsewhere, or to something else; that is no proof that it would not do."""
    async with answering(text, status) as url:
        is_well, lines = await world.look(**INSTALLS | {"PUBLIC_URL": url})
    assert is_well
    assert told.format(url) in lines


async def test_an_address_that_is_not_reached_from_here_is_told(world: World) -> None:
    """With why; others may reach it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nowhere = f"http://127.0.0.1:{taken.getsockname()[1]}"
    is_well, lines = await world.look(**INSTALLS | {"PUBLIC_URL": nowhere})
    assert is_well
    assert [
        line for line in lines if line.startswith(f"warn   PUBLIC_URL          {nowhere} is not reached from here: n")
    ]


async def test_a_port_that_is_taken_may_be_the_bots_own(world: World) -> None:
    """It is looked at while it runs."""
    with socket.create_server(("127.0.0.1", PORT)):
        is_well, lines = await world.look(**HTTP)
    assert is_well
    assert f"note   PORT                {PORT} is taken: by the bot itself, if it runs here" in lines


async def test_all_that_is_missing_is_told_at_once(world: World) -> None:
    """By what is there already: whoever sets one up is not told of one a time."""
    missing = dict.fromkeys(("SLACK_CLIENT_SECRET", "PUBLIC_URL", "TOKEN_KEY", "PORT", "SLACK_SIGNING_SECRET"), "")
    is_well, lines = await world.look(**INSTALLS | missing)
    assert not is_well
    told = [line.split()[2] for line in lines if line.startswith("wrong")]
    assert sorted(told) == sorted(missing)
    assert any(line.startswith("ok     database") for line in lines)


async def test_what_is_set_and_does_nothing_is_told(world: World) -> None:
    """A token that was left behind, and what only a port would make use of."""
    _, lines = await world.look(**INSTALLS | {"SLACK_BOT_TOKEN": "xoxb-1"})
    assert any(line.startswith("note   SLACK_BOT_TOKEN     not used: SLACK_CLIENT_ID is set") for line in lines)
    is_well, lines = await world.look(METRICS_TOKEN="0123456789abcdef", WEB_HOST="127.0.0.1")
    assert is_well
    for name in ("METRICS_TOKEN", "WEB_HOST"):
        assert f"note   {name:<20}not used: PORT is not set, and so nothing listens" in lines


async def test_what_slack_never_made_is_doubted_before_nothing_is_taken(world: World) -> None:
    """Else it would be seen when nothing that Slack sends is taken."""
    is_well, lines = await world.look(**HTTP | {"SLACK_SIGNING_SECRET": "xapp-1-secret"})
    assert is_well
    assert any(line.startswith("warn   /slack/events       SLACK_SIGNING_SECRET has not 32") for line in lines)
