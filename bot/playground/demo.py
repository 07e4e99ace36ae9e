"""The demo: the very bot of `python -m bot` against the stand-in for Slack, asked by one person at a terminal.

At a terminal, whoever has asked goes on: keys stand for the buttons in the thread. Without one, each line of the input
is a problem. It answers with the small local model, or with OpenAI where OPENAI_API_KEY is set. The model's process is
started before anything slow is imported: it loads while Python does.
"""

import asyncio
import codecs
import io
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.engine.conversation.followups import FURTHER, Further
from bot.engine.perspectives import PERSPECTIVES, Perspective
from bot.playground.local import find_settings, simplify_all
from bot.playground.model import LocalModel
from bot.playground.prompts import SIMPLY
from bot.settings import read_environment, read_settings, without_slack

if TYPE_CHECKING:
    from rich.console import Console

    from bot.playground.keyboard import Keyboard
    from bot.playground.person import Person
    from bot.playground.slack.server import SlackServer

INTERRUPTED = 130  # the exit code of a program that Ctrl-C has ended, as shells count


@dataclass(frozen=True, slots=True)
class Answerer:
    """Who answers in the demo: what the bot's settings say of it, its prompts, and a line for people."""

    settings: Mapping[str, str]
    perspectives: Sequence[Perspective]
    description: str
    further: Further = FURTHER


@dataclass(slots=True)
class Ending:
    """The exit code, were it to end now."""

    code: int


def demo(problem: str | None) -> int:
    """Show a run on `problem`; without one, ask for problems until Ctrl-C or the end of the input.

    At a terminal it asks either way, and people go on with the answers. The exit code is 0 when all answers are whole.

    Raises:
        BotError: a setting is wrong, or the local model does not start.
    """
    environment = read_environment()
    ending = Ending(INTERRUPTED if problem else 0)
    with start_model(environment) as model, suppress(KeyboardInterrupt):  # which is how it is ended
        asyncio.run(_demo(problem, environment, model, ending))
    return ending.code


@contextmanager
def start_model(environment: Mapping[str, str]) -> Iterator[LocalModel | None]:
    """Start the local model where there is no key for OpenAI; it is ended when the block is left."""
    if environment.get("OPENAI_API_KEY", "").strip():
        yield None
        return
    path = environment.get("LOCAL_MODEL_PATH", "").strip()
    with LocalModel(Path(path) if path else None) as model:
        yield model


async def _demo(problem: str | None, environment: Mapping[str, str], model: LocalModel | None, ending: Ending) -> None:
    # Imported when the model is loading already: together they take a second or more.
    from rich.cells import cell_len  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415

    from bot.playground.keyboard import Keyboard  # noqa: PLC0415
    from bot.playground.person import Person  # noqa: PLC0415
    from bot.playground.slack.server import SlackServer  # noqa: PLC0415
    from bot.playground.slack.workspace import Workspace  # noqa: PLC0415

    codecs.register_error("cells", lambda error: _fill_cells(error, cell_len))
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="cells")
    console = Console()
    async with SlackServer(Workspace()) as slack:
        answerer = await find_answerer(environment, model)
        async with run_bot(answerer, slack):
            console.print(
                f"The bot is connected to a stand-in for Slack on this machine.\n{answerer.description}\n",
                soft_wrap=not console.is_terminal,
            )
            keyboard = Keyboard(encoding=sys.stdin.encoding)
            person = Person(slack, console, keyboard)
            if problem:
                await person.ask(problem)
                ending.code = 0 if person.is_whole else 1
            if not problem or person.has_keys:
                await converse(person, keyboard, console, ending)


def _fill_cells(error: UnicodeError, measure: Callable[[str], int]) -> tuple[str, int]:
    """Question marks for what the terminal's encoding lacks, as wide as it would be, so that borders stay straight."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "?" * measure(error.object[error.start : error.end]), error.end


async def find_answerer(environment: Mapping[str, str], model: LocalModel | None) -> Answerer:
    """Who answers: `model`, as soon as it is ready, or else whom the environment names."""
    if model is None:
        name = read_settings(
            {**without_slack(environment), "SLACK_BOT_TOKEN": "xoxb-demo", "SLACK_APP_TOKEN": "xapp-demo"}
        ).openai_model
        return Answerer(environment, PERSPECTIVES, f"Answers come from {name}, with your OPENAI_API_KEY.")
    address = await model.wait_until_ready()
    note = "Set OPENAI_API_KEY for answers worth having."
    return Answerer(find_settings(address), simplify_all(), f"Answers come from {address.description}. {note}", SIMPLY)


@asynccontextmanager
async def run_bot(answerer: Answerer, slack: "SlackServer") -> AsyncIterator[None]:
    """The bot, connected; it is stopped when the block is left."""
    from bot.app import serve  # noqa: PLC0415

    settings = read_settings(
        {
            **without_slack(answerer.settings),
            "SLACK_BOT_TOKEN": slack.workspace.bot_token,
            "SLACK_APP_TOKEN": slack.workspace.app_token,
            "SLACK_API_URL": slack.url,
            # Nothing of a demo is kept, and one person may ask as often as they like.
            "DATABASE_URL": "sqlite://",
            "RUNS_PER_PERSON": "1000",
            "RUNS_PER_WORKSPACE": "1000",
            "RUNS_PER_PERSON_PER_HOUR": "1000",
        }
    )
    connected = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        bot = group.create_task(
            serve(
                settings,
                stop=asyncio.Event(),
                perspectives=answerer.perspectives,
                further=answerer.further,
                on_connected=connected.set,
            )
        )
        await connected.wait()
        yield
        bot.cancel()


async def converse(person: "Person", keyboard: "Keyboard", console: "Console", ending: Ending) -> None:
    """Ask for problems at the terminal, and for keys where there are any, until the input ends."""
    from bot.playground.keys import describe  # noqa: PLC0415

    while not keyboard.is_over:
        keys = person.keys
        if keys:
            console.print(describe(keys), markup=False, highlight=False)
        what = "A key or a problem" if keys else "A problem to look at"
        console.print(f"{what} (Ctrl-C ends): ", end="", soft_wrap=True)
        line = None
        try:
            line = await keyboard.line()
        finally:
            if line is None and person.has_keys:
                console.print()  # whatever comes next in this terminal begins a line
        if line is None:
            return
        words = line.strip()
        if len(words) == 1 and person.has_keys:
            key = next((key for key in keys if key.sign == words.lower()), None)
            if key is None:
                console.print(f"There is no key {words} now.", markup=False, highlight=False)
                continue
            await person.press(key)
        elif words:
            await person.ask(words)
        ending.code = 0 if person.is_whole else 1
