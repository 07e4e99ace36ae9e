"""Check, where Slack reaches the bot over HTTP, or workspaces install it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.durable.sealing import Sealer
from bot.durable.store import Store
from bot.playground.slack.distribution.oauth import CLIENT_ID, CLIENT_SECRET
from bot.slack.installation import Installation
from tests.check.test_looks import World, stand_ins

pytestmark = pytest.mark.slow

KEY, OTHER_KEY = "0123456789abcdef0123456789abcdef0123456789A=", "abcdef0123456789abcdef0123456789abcdef0123A="
HTTP = {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": "s3cr3t", "PORT": "3000"}
INSTALLS = {
    "SLACK_BOT_TOKEN": "",
    "SLACK_CLIENT_ID": CLIENT_ID,
    "SLACK_CLIENT_SECRET": CLIENT_SECRET,
    "PUBLIC_URL": "http://127.0.0.1:3000",
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


async def test_an_app_that_workspaces_install_is_known_to_slack(world: World) -> None:
    """By its id and its secret, with no install made for that; and its key opens what is there."""
    is_well, lines = await world.look(**INSTALLS)
    assert is_well, lines
    assert "ok     SLACK_CLIENT_ID     Slack knows the app by what is set" in lines
    where = "people install it at http://127.0.0.1:3000/slack/install"
    assert f"ok     installs            0, whose tokens TOKEN_KEY opens; {where}" in lines
    assert [line for line in lines if "SLACK_BOT_TOKEN" in line] == []


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"SLACK_CLIENT_ID": "9.9"}, "wrong  SLACK_CLIENT_ID     Slack knows no such client"),
        ({"SLACK_CLIENT_SECRET": "another"}, "wrong  SLACK_CLIENT_SECRET Slack says that it is another client's"),
        ({"TOKEN_KEY": ""}, "wrong  settings            TOKEN_KEY is not set"),
        ({"PORT": "many"}, "wrong  settings            PORT is not a whole number"),
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
