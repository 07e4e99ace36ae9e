"""What puts the bot on a host, as far as that can be tried without one: its files are read, and their commands run."""

import asyncio
import configparser
import json
import os
import re
import shutil
import signal
import sys
import tomllib
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path

import pytest

from bot.app import GRACE
from bot.playground.slack.server import SIGNING_SECRET
from bot.slack.http.health import LIVE, READY
from tests.support.ports import free_port
from tests.support.process import ROOT, until
from tests.test_main import stand_ins

DOCS = ROOT / "docs"
SYSTEMD = shutil.which("systemd-analyze")


def read_dockerfile() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile, each with what stands behind it."""
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines if line and line[0] != "#")]


def command(instruction: str) -> list[str]:
    """What the Dockerfile has run, as a list of words."""
    (rest,) = [rest for word, rest in read_dockerfile() if word == instruction]
    words: list[str] = json.loads(rest[rest.index("[") :])
    return words


def copied() -> list[str]:
    """What the Dockerfile takes into the image."""
    return [rest.split()[0] for word, rest in read_dockerfile() if word == "COPY"]


def read_unit() -> Mapping[str, Mapping[str, str]]:
    """The sections of systemd's unit."""
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign] # its names are told apart by their case
    unit.read_string((DOCS / "perspectives.service").read_text(encoding="utf-8"))
    return unit


def test_the_image_runs_the_bot_as_nobody_in_particular() -> None:
    """From a slim system; what it installs is pinned, and its user owns no code."""
    instructions = read_dockerfile()
    words = [word for word, _ in instructions]
    assert instructions[0] == ("FROM", "python:3.13-slim")
    assert ("USER", "bot") in instructions
    assert max(at for at, word in enumerate(words) if word in {"COPY", "RUN"}) < words.index("USER")
    assert any("pip install" in rest and "--require-hashes" in rest for word, rest in instructions if word == "RUN")
    assert command("CMD") == ["python", "-m", "bot"]


def test_nothing_else_is_sent_to_the_builder() -> None:
    """Neither settings nor databases, of which one could be in the folder."""
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"]
    assert sorted(kept) == sorted(copied())
    assert "*" in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert not [
        one for one in (".env", "perspectives.sqlite", "tests", "uv.lock") for kind in kept if fnmatch(one, kind)
    ]
    for one in copied():
        assert (ROOT / one).exists()


def test_every_host_asks_for_what_there_is() -> None:
    """Its health where that is told, its command as it is, and for longer than a stop takes."""
    procfile = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text(encoding="utf-8").splitlines())
    assert procfile == {"web": "python -m bot", "worker": "python -m bot"}
    fly = tomllib.loads((DOCS / "fly.toml").read_text(encoding="utf-8"))
    service = fly["http_service"]
    assert [check["path"] for check in service["checks"]] == [READY]
    assert fly["env"]["PORT"] == str(service["internal_port"])
    assert float(fly["kill_timeout"].removesuffix("s")) >= GRACE + 5
    unit = read_unit()["Service"]
    assert unit["ExecStart"].endswith("/python -m bot")
    assert float(unit["TimeoutStopSec"]) >= GRACE + 5
    assert f"{LIVE}'" in command("HEALTHCHECK")[2]


@pytest.mark.slow
@pytest.mark.parametrize("listens", [True, False])
async def test_the_command_and_the_healthcheck_do_what_they_are_for(tmp_path: Path, *, listens: bool) -> None:
    """In a folder with nothing but what is copied, by the line of the Procfile."""
    app, data = tmp_path / "app", tmp_path / "data"
    data.mkdir(mode=0o700)
    for one in copied():
        source = ROOT / one
        if source.is_dir():
            shutil.copytree(source, app / one, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            app.mkdir(exist_ok=True)
            shutil.copy(source, app)
    line = next(
        line.split(": ", 1)[1] for line in (ROOT / "Procfile").read_text().splitlines() if line.startswith("web")
    )
    port = free_port()
    over_http = {"PORT": f"{port}", "SLACK_SIGNING_SECRET": SIGNING_SECRET, "SLACK_APP_TOKEN": ""}
    async with stand_ins() as (_, _, environment):
        python = Path(sys.executable).parent
        environment |= {
            "PATH": f"{python}:{os.environ['PATH']}",
            "PYTHONPATH": f"{app}",
            **(over_http if listens else {}),
        }

        async def is_healthy() -> bool:
            words = command("HEALTHCHECK")
            # It goes through no proxy, whatever the environment says of one.
            proxied = {**environment, "HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
            process = await asyncio.create_subprocess_exec(*words, env=proxied, stderr=asyncio.subprocess.DEVNULL)
            return await process.wait() == 0

        log = tmp_path / "log"
        with log.open("w") as err:
            bot = await asyncio.create_subprocess_shell(f"exec {line}", cwd=data, env=environment, stderr=err)
        try:
            await until(lambda: "bot.start" in log.read_text())
            assert await is_healthy()
            if listens:
                bot.send_signal(signal.SIGSTOP)
                assert not await is_healthy()
                bot.send_signal(signal.SIGCONT)
            bot.send_signal(signal.SIGTERM)
            async with asyncio.timeout(10):
                assert await bot.wait() == 0
            assert await is_healthy() is not listens
        finally:
            if bot.returncode is None:
                bot.kill()
                await bot.wait()
    assert [one.name for one in data.iterdir()] == ["perspectives.sqlite"]


@pytest.mark.slow
@pytest.mark.skipif(SYSTEMD is None, reason="there is no systemd")
async def test_systemd_can_read_the_unit(tmp_path: Path) -> None:
    """Each of its lines, with a program that is there in place of the one that will be."""
    text = (DOCS / "perspectives.service").read_text(encoding="utf-8")
    unit = tmp_path / "perspectives.service"
    unit.write_text(re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={sys.executable}", text), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *(str(SYSTEMD), "verify", str(unit)), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    assert (process.returncode, said.decode()) == (0, "")
