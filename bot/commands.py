"""The commands: the bot, check, demo, votes, web, workspaces. What they raise, `__main__` turns into a line."""

import argparse
import asyncio
import gc
import logging
import shutil
import signal
import sys
import threading
import warnings
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar

from bot.errors import BotError, describe
from bot.logs import Form, Lines

if TYPE_CHECKING:
    from bot.playground.model import LocalModel
    from bot.settings import Settings

T = TypeVar("T")

logger = logging.getLogger(__name__)

# Their loggers quote whole requests, tickets and texts, in errors and warnings too. What matters of it, ours say.
TALKATIVE = (
    "slack_bolt",
    "slack_sdk",
    "openai",
    "httpx2",
    "httpcore2",
    "aiohttp",
    "markdown_it",
    "sqlalchemy",
    "aiosqlite",
    "psycopg",
)

DESCRIPTION = """\
A Slack bot that shows a problem from four sides at once. Without a command, it is the bot: it connects to Slack and
answers what is asked there."""

SIGNALS = (signal.SIGINT, signal.SIGTERM)
TERMINATED = 143  # the exit code of a program that SIGTERM has ended, as shells count


def run(arguments: list[str] | None = None) -> int:
    """Run the command; the exit code is 0, or 1 where something is not in order."""
    parser = argparse.ArgumentParser(prog="python -m bot", description=DESCRIPTION)
    commands = parser.add_subparsers(dest="command", metavar="")
    demo = commands.add_parser("demo", help="see it work in this terminal, or in a browser, with no account")
    demo.add_argument("problem", nargs="?", help="the problem to look at; without one, it asks")
    demo.add_argument("--browser", action="store_true", help="a small Slack to click in, in place of the terminal")
    commands.add_parser("check", help="see whether the settings, Slack, the model and the database are in order")
    commands.add_parser("votes", help="count what people think of the answers, by perspective, model and language")
    places = commands.add_parser("workspaces", help="list where the bot is installed, who serves it, what goes on")
    places.add_argument("--all", action="store_true", help="all of them, however many there are")
    web = commands.add_parser("web", help="serve the page and the streaming API, without Slack")
    web.add_argument("--local", action="store_true", help="with the demo's small model in place of OpenAI's")
    options = parser.parse_args(arguments)
    _quieten()
    match options.command:
        case "demo":
            return _demo(options.problem, is_in_browser=options.browser)
        case "check":
            return _check()
        case "votes":
            return _votes()
        case "workspaces":
            return _workspaces(is_whole=options.all)
        case "web":
            return _web(is_local=options.local)
        case _:
            return _bot()


def _bot() -> int:
    # Imported late, so that a wrong setting is told before the half second that they take.
    from bot.settings import read_environment, read_settings  # noqa: PLC0415

    settings = read_settings(read_environment())
    _open_log(settings)

    from bot.app import serve  # noqa: PLC0415

    # What has been loaded by the time that it is connected stays, too: the database's libraries, above all.
    return _run_until_signal(lambda stop, hurry: serve(settings, stop=stop, hurry=hurry, on_connected=gc.freeze))


def _web(*, is_local: bool) -> int:
    from bot.settings import read_environment, read_web_settings  # noqa: PLC0415

    environment = read_environment()
    # What is wrong is told before the half second that the imports take. The local model brings a key of its own.
    read_web_settings(environment | ({"OPENAI_API_KEY": "local"} if is_local else {}))
    with ExitStack() as stack:
        # It loads while this process imports.
        model = stack.enter_context(_start_local_model(environment)) if is_local else None
        from bot.playground.local import find_settings, simplify_all  # noqa: PLC0415
        from bot.playground.prompts import SIMPLY  # noqa: PLC0415
        from bot.web.server import serve  # noqa: PLC0415

        async def web(stop: asyncio.Event, _: asyncio.Event) -> None:
            def tell(address: str) -> None:
                print(f"Open {address} (Ctrl-C ends)", flush=True)  # noqa: T201 - a person reads it

            if model is None:
                settings = read_web_settings(environment)
                _open_log(settings.bot)
                await serve(settings, stop=stop, on_listening=tell)
                return
            settings = read_web_settings(environment | find_settings(await model.wait_until_ready()))
            _open_log(settings.bot)
            await serve(settings, stop=stop, perspectives=simplify_all(), further=SIMPLY, on_listening=tell)

        return _run_until_signal(web)


def _start_local_model(environment: dict[str, str]) -> "LocalModel":
    from bot.playground.model import LocalModel  # noqa: PLC0415

    path = environment.get("LOCAL_MODEL_PATH", "").strip()
    return LocalModel(Path(path) if path else None)


def _open_log(settings: "Settings") -> None:
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(Lines(Form(settings.log_format)))
    logging.basicConfig(level=settings.log_level, handlers=[lines])
    logging.raiseExceptions = False  # a line that cannot be written is lost, without a traceback
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _run_until_signal(serve: Callable[[asyncio.Event, asyncio.Event], Awaitable[None]]) -> int:
    """Run what ends when the first of two events is set, and hurries when the second is; the exit code."""
    # What is loaded by now stays. The collector need not look through it again and again.
    gc.freeze()

    async def bot() -> None:
        stop, hurry = asyncio.Event(), asyncio.Event()

        def end() -> None:
            """The first signal lets answers end, for a while; the second does not; a third kills."""
            if not stop.is_set():
                stop.set()
            elif not hurry.is_set():
                hurry.set()
                for number in SIGNALS:
                    loop.remove_signal_handler(number)

        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_note_failure)
        for number in SIGNALS:
            loop.add_signal_handler(number, end)
        await serve(stop, hurry)

    try:
        asyncio.run(bot())
    except BotError:
        raise
    except Exception as error:  # noqa: BLE001 - the log's boundary; a traceback may quote what somebody wrote
        logger.critical("bot.broken error=%s", describe(error))
        return 1
    return 0


def _note_failure(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what a task of some library has raised, and nobody has asked for, in our own words."""
    error = context.get("exception")
    logger.error("loop.broken error=%s", describe(error) if error else "unknown")


def _votes() -> int:
    from bot.settings import read_environment  # noqa: PLC0415

    environment = read_environment()
    from bot.votes import read_votes, table  # noqa: PLC0415

    return _print(read_votes(environment), table)


def _workspaces(*, is_whole: bool) -> int:
    from bot.settings import read_environment  # noqa: PLC0415

    environment = read_environment()
    from bot.overview import find_places, tell  # noqa: PLC0415

    width = shutil.get_terminal_size().columns
    return _print(find_places(environment), partial(tell, width=width, is_whole=is_whole))


def _print(reading: Coroutine[Any, Any, T], table: Callable[[T], Iterable[str]]) -> int:
    """Print what was read as a table; the exit code."""
    logging.disable(logging.CRITICAL)  # the table, or the line that says why there is none, is all that matters
    signals = _Interruptible()
    try:
        found = asyncio.run(reading)
    except KeyboardInterrupt:
        if signals.is_terminated:
            return TERMINATED
        raise
    for line in table(found):
        print(line)  # noqa: T201 - a person reads it
    return 0


def _check() -> int:
    from bot.settings import read_environment  # noqa: PLC0415

    environment = read_environment()  # before a library is loaded that uses it
    from bot.check import Line, check  # noqa: PLC0415

    def tell(line: Line) -> None:
        print(line, flush=True)  # noqa: T201 - a person reads it, as soon as it is known

    logging.disable(logging.CRITICAL)  # the lines say what matters
    signals = _Interruptible()
    try:
        return 0 if asyncio.run(check(environment, tell)) else 1
    except KeyboardInterrupt:
        if signals.is_terminated:
            return TERMINATED
        raise


def _demo(problem: str | None, *, is_in_browser: bool) -> int:
    if is_in_browser:
        from bot.playground.browser.demo import demo  # noqa: PLC0415
    else:
        from bot.playground.demo import demo  # noqa: PLC0415

    # An argument that is no UTF-8 has halves of characters in it, which nothing can be done with.
    whole = problem and problem.encode(errors="surrogateescape").decode(errors="replace")
    logging.disable(logging.CRITICAL)  # the screen belongs to the panels
    warnings.simplefilter("ignore")
    signals = _Interruptible()
    code = demo(whole)
    return TERMINATED if signals.is_terminated else code


class _Interruptible:
    """From now on a signal raises `KeyboardInterrupt`, in time for everything to be closed."""

    def __init__(self) -> None:
        self.is_terminated = False
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, self._terminate)

    def _terminate(self, _: int, __: FrameType | None) -> None:
        self.is_terminated = True
        signal.raise_signal(signal.SIGINT)


def _quieten() -> None:
    """Keep to ourselves what Python would print of libraries' faults: warnings, and tracebacks of threads."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    threading.excepthook = lambda _: None
