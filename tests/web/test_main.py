"""`python -m bot web` as a process."""

import asyncio
import re
import signal
import sys
from pathlib import Path

import aiohttp
import pytest

from tests.support.model_server import KEY, MODEL, ModelServer, Script
from tests.support.process import ROOT, Ended, Process, process
from tests.support.web import ASK, read
from tests.support.world import NAMES

pytestmark = pytest.mark.slow

PROBLEM = "Why does the marmalade factory lose its night shift?"
GOOD = {"OPENAI_API_KEY": "sk-secret", "PORT": "0"}
MOST_MEMORY = 90  # MiB


async def address_of(bot: Process) -> str:
    """Where it listens, as its log says."""
    await bot.logged("web.start")
    port = re.findall(r"port=(\d+)", next(line for line in bot.log if "web.start" in line))[0]
    return f"http://127.0.0.1:{port}/"


async def run(directory: Path, **environment: str) -> Ended:
    """Run it until it ends by itself."""
    async with process(directory, "web", **environment) as bot:
        return await bot.ended()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"OPENAI_API_KEY": ""}, "OPENAI_API_KEY is not set."),
        ({"PORT": "secret"}, "PORT is not a whole number"),
        ({"WEB_TOKEN": "secret"}, "WEB_TOKEN is not 16 or more"),
        ({"WEB_HOST": "0.0.0.0"}, "WEB_TOKEN is not set, and WEB_HOST is an address that others reach."),  # noqa: S104
    ],
)
async def test_a_wrong_setting_is_one_line_and_exit_code_2(change: dict[str, str], told: str, tmp_path: Path) -> None:
    """It names the variable and no value; nothing listens."""
    ended = await run(tmp_path, **{**GOOD, **change})
    assert ended.code == 2
    assert ended.out == ""
    assert ended.err.startswith(told)
    assert ended.err.count("\n") == 1
    assert "secret" not in ended.err


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"PORT": "{port}"}, "Nothing can listen at 127.0.0.1, port"),
        ({"WEB_HOST": "192.0.2.1"}, "Nothing can listen at"),
    ],
)
async def test_an_address_that_cannot_be_had_is_one_line(change: dict[str, str], told: str, tmp_path: Path) -> None:
    """And exit code 1."""
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    async with server:
        port = str(server.sockets[0].getsockname()[1])
        given = {name: value.format(port=port) for name, value in change.items()}
        ended = await run(tmp_path, **{**GOOD, "WEB_TOKEN": "0123456789abcdef", **given})
    assert ended.code == 1
    assert ended.lines[0].startswith(told)
    assert len(ended.lines) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_serves_without_slack_or_a_database_and_ends_politely(number: signal.Signals, tmp_path: Path) -> None:
    """A run through the process; neither key, problem nor answers are in its log; it is small."""
    async with ModelServer(**{name: Script(("Oranges.",)) for name in NAMES}) as model:
        environment = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": model.url, "OPENAI_MODEL": MODEL, "LOG_LEVEL": "DEBUG"}
        async with process(tmp_path, "web", PORT="0", **environment) as bot, aiohttp.ClientSession() as client:
            url = await address_of(bot)
            assert bot.memory() <= MOST_MEMORY
            async with client.post(url + ASK, json={"problem": PROBLEM}) as response:
                got = await read(response)
            assert got.states == dict.fromkeys(NAMES, "done")
            bot.signal(number)
            ended = await bot.ended(within=5)
        assert ended.code == 0
        assert ended.out == f"Open {url} (Ctrl-C ends)\n"
        assert ended.lines[-1].endswith("web.stop")
        assert "states=done,done,done,done" in ended.err
        for secret in (KEY, "marmalade", "Oranges", got.run["id"], "Traceback"):
            assert secret not in ended.err
    assert await asyncio.to_thread(lambda: [*tmp_path.iterdir()]) == []


async def test_with_the_local_model_it_needs_no_key(tmp_path: Path) -> None:
    """Four answers, by a model that knows little."""
    pytest.importorskip("xllamacpp")
    async with process(tmp_path, "web", "--local", PORT="0") as bot, aiohttp.ClientSession() as client:
        await bot.logged("web.start", within=60)
        url = await address_of(bot)
        async with (
            asyncio.timeout(120),
            client.post(url + ASK, json={"problem": "Why do new hires leave?"}) as response,
        ):
            got = await read(response)
        assert sorted(got.texts) == sorted(NAMES)
        assert set(got.states.values()) <= {"done", "cut"}
        bot.signal(signal.SIGTERM)
        assert (await bot.ended(within=10)).code == 0


async def test_neither_slack_nor_a_database_is_loaded() -> None:
    """Nor what the playground needs."""
    program = "import sys, bot.web.server, bot.commands; print(*sys.modules)"
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await child.communicate()
    loaded = {name.partition(".")[0] for name in out.decode().split()}
    assert {"aiohttp", "openai"} <= loaded
    assert not {"slack_sdk", "slack_bolt", "sqlalchemy", "sqlite3", "aiosqlite", "psycopg", "rich"} & loaded
    assert not [name for name in out.decode().split() if name.startswith(("bot.slack", "bot.runs", "bot.playground"))]
