"""The demo as a process at a terminal of its own: what no test in this process can show."""

import asyncio
import os
import pty
import select
import sys
import termios
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from bot.playground.demo import find_answerer, run_bot
from bot.playground.model import LocalModel, ModelAddress
from bot.playground.prompts import SIMPLY
from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import Workspace
from bot.settings import Settings
from tests.support.model_server import KEY, ModelServer, Script, words
from tests.support.process import ROOT, until
from tests.support.world import NAMES

slow = pytest.mark.slow

QUICK = {name: Script((f"{name} says", " so."), every=0.1) for name in NAMES}
# The terminal becomes the child's own, so that Ctrl-C typed there reaches it, and nobody else.
CHILD = """
import os, sys
os.login_tty(int(sys.argv[1]))
os.execv(sys.executable, [sys.executable, "-m", "bot", *sys.argv[2:]])
"""


class Terminal:
    """A terminal with the demo in it: what somebody types, and all that was ever written to it."""

    def __init__(self, descriptor: int, child: asyncio.subprocess.Process) -> None:
        self.shown = ""
        self.child = child
        self._descriptor = descriptor
        asyncio.get_running_loop().add_reader(descriptor, self._read)

    def type(self, text: str) -> None:
        """Type what follows."""
        os.write(self._descriptor, text.encode())

    async def until(self, text: str, *, times: int = 1) -> None:
        """Wait until so much of a text has been written."""
        await until(lambda: self.shown.count(text) >= times, within=30.0)

    async def ended(self) -> int:
        """Wait for the process's end; its code."""
        async with asyncio.timeout(20):
            code = await self.child.wait()
        while select.select([self._descriptor], [], [], 0)[0]:  # the last that it wrote
            self._read()
        return code

    def is_as_before(self) -> bool:
        """Whether the terminal shows what is typed, and hands over lines."""
        modes: int = termios.tcgetattr(self._descriptor)[3]
        return bool(modes & termios.ECHO and modes & termios.ICANON)

    def _read(self) -> None:
        try:
            self.shown += os.read(self._descriptor, 65_536).decode(errors="replace")
        except OSError:  # nobody has it open any more
            asyncio.get_running_loop().remove_reader(self._descriptor)


@asynccontextmanager
async def demo(directory: Path, model: ModelServer, *arguments: str) -> AsyncIterator[Terminal]:
    """`python -m bot demo` in a terminal."""
    person, program = pty.openpty()
    termios.tcsetwinsize(person, (24, 80))
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", CHILD, str(program), "demo", *arguments),
        cwd=directory,
        env={
            "PYTHONPATH": str(ROOT),
            "PATH": os.environ["PATH"],
            "TERM": "xterm",
            "OPENAI_API_KEY": KEY,
            "OPENAI_BASE_URL": model.url,
        },
        pass_fds=[program],
    )
    terminal = Terminal(person, child)
    try:
        yield terminal
    finally:
        with suppress(ProcessLookupError):
            child.kill()
        await child.wait()
        asyncio.get_running_loop().remove_reader(person)
        os.close(person)
        os.close(program)


@slow
async def test_a_conversation_at_a_terminal(tmp_path: Path) -> None:
    """Asked by its argument, gone on with by keys, ended by Ctrl-D; the terminal is as it was."""
    async with ModelServer(**QUICK) as model, demo(tmp_path, model, "Why?") as terminal:
        await terminal.until("1–4 deeper · t together")
        terminal.type("1\n")
        await terminal.until("Leave it empty")
        terminal.type("And those who stay?\n")
        await terminal.until("deeper · t together", times=2)
        terminal.type("What now?\n")
        await terminal.until("deeper · t together", times=3)
        assert len(model.requests) == 9
        terminal.type("\x04")
        assert await terminal.ended() == 0
        assert terminal.is_as_before()
        assert terminal.shown.endswith(": \r\n")


@slow
@pytest.mark.parametrize("pause", [0.0, 1.5])
async def test_ctrl_c_gives_the_terminal_back(tmp_path: Path, pause: float) -> None:
    """While answers grow, and nothing but their panels is on the screen."""
    async with ModelServer(**dict.fromkeys(NAMES, words(300, 10))) as model, demo(tmp_path, model, "Why?") as terminal:
        await terminal.until("s stop · Ctrl-C ends")
        await asyncio.sleep(pause)
        terminal.type("\x03")
        assert await terminal.ended() == 130
        assert terminal.is_as_before()
        assert "Traceback" not in terminal.shown
        assert terminal.shown.rpartition("\x1b[?1049h")[2].count("\x1b[?1049l") == 1


@slow
async def test_ctrl_c_where_a_line_is_asked_for_is_its_end(tmp_path: Path) -> None:
    """All was answered by then."""
    async with ModelServer(**QUICK) as model, demo(tmp_path, model, "Why?") as terminal:
        await terminal.until("A key or a problem")
        terminal.type("\x03")
        assert await terminal.ended() == 0


@slow
async def test_s_stops_at_once(tmp_path: Path) -> None:
    """Without Enter; and what was typed before it is not shown among the panels."""
    async with ModelServer(**dict.fromkeys(NAMES, words(300, 10))) as model, demo(tmp_path, model, "Why?") as terminal:
        await terminal.until("word3")
        for typed in "zzs":
            terminal.type(typed)
            await asyncio.sleep(0.2)
        await terminal.until("a again")
        assert model.open_streams == 0
        assert "z" not in terminal.shown
        await terminal.until("⏹ stopped by", times=len(NAMES))  # in the index, the line may break within these words


async def test_the_small_model_gets_simple_prompts_for_what_goes_on_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """From whoever answers to the bot."""

    async def ready(_: LocalModel) -> ModelAddress:
        return ModelAddress("http://127.0.0.1:9/v1", "key", "small", "a small model")

    given: dict[str, Any] = {}

    async def serve(settings: Settings, *, on_connected: Callable[[], None], **how: Any) -> None:
        given.update(how, model=settings.openai_model)
        on_connected()
        await asyncio.Event().wait()

    monkeypatch.setattr(LocalModel, "wait_until_ready", ready)
    monkeypatch.setattr("bot.app.serve", serve)
    async with SlackServer(Workspace()) as slack, run_bot(await find_answerer({}, LocalModel()), slack):
        assert given["model"] == "small"
        assert given["further"] is SIMPLY
        assert [one.key for one in given["perspectives"]] == NAMES
