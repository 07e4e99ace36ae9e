import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import Message, Workspace
from tests.support.model_server import KEY, MODEL, ModelServer, words
from tests.support.process import process, run
from tests.support.world import NAMES, body_of, shown

pytestmark = pytest.mark.slow

PROBLEM = "Why does the marmalade factory lose its night shift?"
GOOD = {"SLACK_BOT_TOKEN": "xoxb-1-secret", "SLACK_APP_TOKEN": "xapp-1-secret", "OPENAI_API_KEY": "sk-secret"}


@asynccontextmanager
async def stand_ins() -> AsyncIterator[tuple[SlackServer, ModelServer, dict[str, str]]]:
    """Slack and a model, and the environment for a bot that talks to them."""
    workspace = Workspace()
    model = ModelServer(**{name: words(20, 40) for name in NAMES})
    async with SlackServer(workspace) as slack, model:
        yield (
            slack,
            model,
            {
                "SLACK_BOT_TOKEN": workspace.bot_token,
                "SLACK_APP_TOKEN": workspace.app_token,
                "OPENAI_API_KEY": KEY,
                "OPENAI_BASE_URL": model.url,
                "OPENAI_MODEL": MODEL,
                "SLACK_API_URL": slack.url,
            },
        )


async def settled_thread(slack: SlackServer) -> list[Message]:
    """Wait until the first thread's parent has become the index, its one edit, and return the thread."""
    messages = slack.workspace.messages
    await slack.workspace.until(lambda: bool(messages) and len(messages[0].versions) == 2)
    return slack.workspace.thread(messages[0].channel, messages[0].ts)


WRONG = [
    ({"SLACK_BOT_TOKEN": ""}, "SLACK_BOT_TOKEN is not set."),
    ({"SLACK_APP_TOKEN": ""}, "SLACK_APP_TOKEN is not set."),
    ({"OPENAI_API_KEY": ""}, "OPENAI_API_KEY is not set."),
    ({"SLACK_BOT_TOKEN": "xoxp-secret"}, "SLACK_BOT_TOKEN is not such a token"),
    ({"SLACK_BOT_TOKEN": "xapp-secret", "SLACK_APP_TOKEN": "xoxb-secret"}, "SLACK_BOT_TOKEN and SLACK_APP_TOKEN are"),
    ({"OPENAI_API_KEY": "xoxb-secret"}, "OPENAI_API_KEY is not a key."),
    ({"SLACK_API_URL": "secret"}, "SLACK_API_URL is not an address"),
    ({"LOG_LEVEL": "secret"}, "LOG_LEVEL is not one of DEBUG"),
    (
        {"DATABASE_URL": "postgres://me:secret@db.test/a?frobnicate=secret"},
        "DATABASE_URL: this program cannot follow “frob",
    ),
]


@pytest.mark.parametrize(("change", "told"), WRONG)
async def test_a_wrong_setting_is_one_line_and_exit_code_2(change: dict[str, str], told: str, tmp_path: Path) -> None:
    """It names the variable; no value, no traceback, and nothing is connected to."""
    ended = await run(tmp_path, **{**GOOD, **change})
    assert ended.code == 2
    assert ended.out == ""
    assert ended.err.startswith(told)
    assert ended.err.count("\n") == 1
    assert "secret" not in ended.err


@pytest.mark.parametrize("variable", ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"])
async def test_a_token_that_slack_refuses_is_one_line_and_exit_code_1(variable: str, tmp_path: Path) -> None:
    """It names the variable, and gives no token away."""
    async with stand_ins() as (slack, _, environment):
        wrong = environment[variable] + "-secret"
        ended = await run(tmp_path, **{**environment, variable: wrong})
        assert ended.code == 1
        told = "Your app's page at api.slack.com/apps shows which is valid."
        assert ended.lines == [f"Slack refuses the token of {variable} (invalid_auth). {told}"]
        assert slack.connections == 0


async def test_slack_out_of_reach_is_tried_again_until_it_is_there(tmp_path: Path) -> None:
    """The log says so at once; a host that restarts what ends would wait longer and longer. A signal ends it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/api/"
        async with process(tmp_path, **GOOD, SLACK_API_URL=url) as bot:
            told = "slack.unavailable error=refused: trying again in 2 s: nothing listens at 127.0.0.1:"
            await bot.logged(told, within=15)
            bot.signal(signal.SIGTERM)
            ended = await bot.ended(within=5)
    assert ended.code == 0
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_politely(number: signal.Signals, tmp_path: Path) -> None:
    """Exit code 0 within seconds, Slack sees the connection closed, and no traceback."""
    async with stand_ins() as (slack, _, environment), process(tmp_path, **environment) as bot:
        async with asyncio.timeout(10):
            await slack.connected()
        assert slack.connections == 1
        # Slack says hello before the bot has read it; a signal has to be borne at any moment, so it comes at once.
        bot.signal(number)
        ended = await bot.ended(within=5)
        assert ended.code == 0
        assert slack.connections == 0
        assert "Traceback" not in ended.err
        assert ended.lines[-1].endswith("INFO bot.app bot.stop")


async def test_a_run_through_the_process_leaves_no_secret_in_its_log(tmp_path: Path) -> None:
    """Command and mention, four answers each; at DEBUG neither tokens, key, problem nor answers are written."""
    async with stand_ins() as (slack, model, environment):
        environment["LOG_LEVEL"] = "DEBUG"
        workspace = slack.workspace
        async with process(tmp_path, **environment) as bot, asyncio.timeout(30):
            await slack.connected()
            assert await slack.command(PROBLEM) is not None
            _, *replies = await settled_thread(slack)
            assert [body_of(reply) for reply in replies] == [words(20, 40).text] * 4
            assert all("✅ done" in shown(reply) for reply in replies)
            ts = await slack.mention(PROBLEM)
            await workspace.until(lambda: sum("✅ done" in shown(one) for one in workspace.thread("general", ts)) == 4)
            assert len(model.requests) == 8
            bot.signal(signal.SIGTERM)
            ended = await bot.ended()
        assert ended.code == 0
        assert sum(" run.end " in line and "states=done,done,done,done" in line for line in ended.lines) == 2
        written = ended.out + ended.err
        for secret in (workspace.bot_token, workspace.app_token, KEY, PROBLEM, "marmalade", "word7", "ticket="):
            assert secret not in written


async def test_a_failed_run_leaves_no_secret_in_its_log(tmp_path: Path) -> None:
    """Where errors are told, servers are quoted soonest: a model that refuses, a Slack that does."""
    async with stand_ins() as (slack, _, environment):
        environment |= {"LOG_LEVEL": "DEBUG", "OPENAI_API_KEY": "sk-other-key"}
        workspace = slack.workspace
        async with process(tmp_path, **environment) as bot, asyncio.timeout(30):
            await slack.connected()
            await slack.command(PROBLEM)
            assert all("refused the key" in shown(one) for one in await settled_thread(slack))
            await slack.command(PROBLEM, channel="private")
            await workspace.until(lambda: bool(workspace.whispers))
            bot.signal(signal.SIGTERM)
            ended = await bot.ended()
        assert ended.code == 0
        written = ended.out + ended.err
        assert written.count("completion.failed") == 4
        assert written.count("run.refused") == 1
        for secret in (workspace.bot_token, workspace.app_token, "sk-other-key", PROBLEM, "marmalade", "/commands/"):
            assert secret not in written
