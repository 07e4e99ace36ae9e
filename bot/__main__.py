"""`python -m bot` is the bot.

`python -m bot check` says whether all that it needs is in order; `python -m bot demo ["problem"]` runs it against the
playground, with no account.
"""

import argparse
import asyncio
import gc
import logging
import signal
import sys
from typing import Any

from bot.errors import BotError, SettingsError, describe

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
    "asyncpg",
)

INTERRUPTED = 130  # the exit code of a program that Ctrl-C has ended, as shells count
SIGNALS = (signal.SIGINT, signal.SIGTERM)

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit code is 0, 1 where Slack refuses or is out of reach, or 2 for a wrong setting."""
    parser = argparse.ArgumentParser(prog="python -m bot", description=__doc__)
    commands = parser.add_subparsers(dest="command", metavar="")
    demo = commands.add_parser("demo", help="see it work in this terminal, with no account")
    demo.add_argument("problem", nargs="?", help="the problem to look at; without one, it asks")
    commands.add_parser("check", help="see whether the settings, Slack, the model and the database are in order")
    options = parser.parse_args(arguments)
    try:
        match options.command:
            case "demo":
                return _demo(options.problem)
            case "check":
                return _check()
            case _:
                return _bot()
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a person reads it
        return 2
    except BotError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a person reads it
        return 1


def _bot() -> int:
    # Imported late, so that a wrong setting is told before the half second that they take.
    from bot.settings import read_environment, read_settings  # noqa: PLC0415

    settings = read_settings(read_environment())
    logging.basicConfig(level=settings.log_level, format=LOG_FORMAT, stream=sys.stderr)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL)

    from bot.app import serve  # noqa: PLC0415

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
        await serve(settings, stop=stop, hurry=hurry)

    try:
        asyncio.run(bot())
    except BotError:
        raise
    except Exception as error:  # noqa: BLE001 - the process's boundary; a traceback may quote what somebody wrote
        logger.critical("bot.broken error=%s", describe(error))
        return 1
    return 0


def _note_failure(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what a task of some library has raised, and nobody has asked for, in our own words."""
    error = context.get("exception")
    logger.error("loop.broken error=%s", describe(error) if error else "unknown")


def _check() -> int:
    from bot.check import check  # noqa: PLC0415
    from bot.settings import read_environment  # noqa: PLC0415

    logging.disable(logging.CRITICAL)  # the lines say what matters
    try:
        return 0 if asyncio.run(check(read_environment(), print)) else 1
    except KeyboardInterrupt:
        return INTERRUPTED


def _demo(problem: str | None) -> int:
    from bot.playground.demo import demo  # noqa: PLC0415

    return demo(problem)


if __name__ == "__main__":
    sys.exit(main())
