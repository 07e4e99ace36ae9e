"""The demo: the very bot of `python -m bot` against the stand-in for Slack, asked by one person at a terminal.

It answers with the small local model, or with OpenAI where OPENAI_API_KEY is set. The model's process is started
before anything slow is imported: it loads while Python does.
"""

import asyncio
import codecs
import io
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.engine.perspectives import PERSPECTIVES, Perspective
from bot.playground.local import find_settings, simplify_all
from bot.playground.model import LocalModel
from bot.settings import read_environment, read_settings

if TYPE_CHECKING:
    from rich.console import Console

    from bot.playground.slack.server import SlackServer
    from bot.playground.slack.workspace import Message

INTERRUPTED = 130  # the exit code of a program that Ctrl-C has ended, as shells count
STDIN = 0
LAST_WHISPERS = 0.3  # seconds; a problem that is given back may need several messages
STANDSTILL = 60.0  # seconds without a change after which a run is given up; a bot that has failed changes nothing more


@dataclass(frozen=True, slots=True)
class Answerer:
    """Who answers in the demo: what the bot's settings say of it, its prompts, and a line for people."""

    settings: Mapping[str, str]
    perspectives: Sequence[Perspective]
    description: str


def demo(problem: str | None) -> int:
    """Show a run on `problem`; without one, ask for problems until Ctrl-C or the end of the input.

    The exit code is 0 when all answers are whole.

    Raises:
        BotError: a setting is wrong, or the local model does not start.
    """
    environment = read_environment()
    with ExitStack() as stack:
        model = None
        if not environment.get("OPENAI_API_KEY", "").strip():
            path = environment.get("LOCAL_MODEL_PATH", "").strip()
            model = stack.enter_context(LocalModel(Path(path) if path else None))
        try:
            return asyncio.run(_demo(problem, environment, model))
        except KeyboardInterrupt:
            return INTERRUPTED if problem else 0


async def _demo(problem: str | None, environment: Mapping[str, str], model: LocalModel | None) -> int:
    # Imported when the model is loading already: together they take a second or more.
    from rich.cells import cell_len  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415

    from bot.playground.slack.server import SlackServer  # noqa: PLC0415
    from bot.playground.slack.workspace import Workspace  # noqa: PLC0415

    codecs.register_error("cells", lambda error: _fill_cells(error, cell_len))
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="cells")
    console = Console()
    async with SlackServer(Workspace()) as slack:
        answerer = await _find_answerer(environment, model)
        async with _bot(answerer, slack):
            console.print(
                f"The bot is connected to a stand-in for Slack on this machine.\n{answerer.description}\n",
                soft_wrap=not console.is_terminal,
            )
            if problem:
                return 0 if await _show_run(problem, slack, console) else 1
            code = 0
            async for asked in _ask(console):
                code = 0 if await _show_run(asked, slack, console) else 1
            return code


def _fill_cells(error: UnicodeError, measure: Callable[[str], int]) -> tuple[str, int]:
    """Question marks for what the terminal's encoding lacks, as wide as it would be, so that borders stay straight."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "?" * measure(error.object[error.start : error.end]), error.end


async def _find_answerer(environment: Mapping[str, str], model: LocalModel | None) -> Answerer:
    if model is None:
        name = read_settings(
            {**environment, "SLACK_BOT_TOKEN": "xoxb-demo", "SLACK_APP_TOKEN": "xapp-demo"}
        ).openai_model
        return Answerer(environment, PERSPECTIVES, f"Answers come from {name}, with your OPENAI_API_KEY.")
    address = await model.wait_until_ready()
    note = "Set OPENAI_API_KEY for answers worth having."
    return Answerer(find_settings(address), simplify_all(), f"Answers come from {address.description}. {note}")


@asynccontextmanager
async def _bot(answerer: Answerer, slack: "SlackServer") -> AsyncIterator[None]:
    """The bot, connected; it is stopped when the block is left."""
    from bot.app import serve  # noqa: PLC0415

    settings = read_settings(
        {
            **answerer.settings,
            "SLACK_BOT_TOKEN": slack.workspace.bot_token,
            "SLACK_APP_TOKEN": slack.workspace.app_token,
            "SLACK_API_URL": slack.url,
            # Nothing of a demo is kept, and one person may ask as often as they like.
            "DATABASE_URL": "sqlite://",
            "RUNS_PER_PERSON": "1000",
            "RUNS_PER_PERSON_PER_HOUR": "1000",
        }
    )
    connected = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        bot = group.create_task(
            serve(settings, stop=asyncio.Event(), perspectives=answerer.perspectives, on_connected=connected.set)
        )
        await connected.wait()
        yield
        bot.cancel()


async def _show_run(problem: str, slack: "SlackServer", console: "Console") -> bool:
    """Type the command, show its thread until it is whole, then the figures; whether all answers are whole."""
    from bot.playground.view import Lines, Panels, View, read_answers, read_whisper  # noqa: PLC0415

    workspace = slack.workspace
    names = {user.id: user.name for user in workspace.users.values()}
    has_screen = console.is_terminal and not console.is_dumb_terminal
    view: View = Panels(console, names) if has_screen else Lines(console, names)
    messages, whispers, calls = len(workspace.messages), len(workspace.whispers), len(workspace.calls)
    began = workspace.now()
    console.print(f"ada in #general: /perspectives {problem}\n", markup=False, highlight=False)
    await slack.command(problem)
    thread: list[Message] = []
    with view:
        # The parent is edited once, when all answers have ended: it becomes the index.
        while not (thread and len(thread[0].versions) > 1) and len(workspace.whispers) == whispers:
            try:
                async with asyncio.timeout(STANDSTILL):
                    await workspace.changed()
            except TimeoutError:
                break
            if len(workspace.messages) > messages:
                parent = workspace.messages[messages]
                thread = workspace.thread(parent.channel, parent.ts)
                view.show(thread, workspace.now() - began)
    if len(workspace.whispers) > whispers:
        await asyncio.sleep(LAST_WHISPERS)
    for whisper in workspace.whispers[whispers:]:
        # No line of it is broken: a problem that is given back is there to be copied.
        console.print(f"Only ada sees this: {read_whisper(whisper)}", markup=False, highlight=False, soft_wrap=True)
    if not thread:
        return False
    view.show_end(thread)
    spent = [call.error for call in workspace.calls[calls:] if call.method in {"chat.update", "chat.postMessage"}]
    edits = sum(call.method == "chat.update" and not call.error for call in workspace.calls[calls:])
    figures = [*_time(thread, began), f"{edits} edits, {spent.count('ratelimited')} refusals by Slack's limits"]
    console.print("\n" + "\n".join(figures) + "\n", markup=False, highlight=False)
    answers = read_answers(thread)
    # An answer that the model cut at its longest is shown as whole as it is.
    return len(answers) == len(PERSPECTIVES) and all("✅" in answer.line or "✂️" in answer.line for answer in answers)


def _time(thread: "Sequence[Message]", began: float) -> Iterator[str]:
    """When each reply had its first text and its last, in words."""
    for reply in thread[1:]:
        name = reply.text.partition(":")[0]
        texts = [version.at - began for version in reply.versions if len(version.blocks) > 1]
        if texts:
            yield f"{name:9} first text after {texts[0]:4.1f} s, whole after {texts[-1]:4.1f} s"


async def _ask(console: "Console") -> AsyncIterator[str]:
    """Ask for problems at the terminal, until the input ends. Reading in a thread would keep Ctrl-C waiting."""
    loop = asyncio.get_running_loop()
    while True:
        console.print("A problem to look at (Ctrl-C ends): ", end="")
        has_line = asyncio.Event()
        try:
            loop.add_reader(STDIN, has_line.set)
        except PermissionError:  # a file, which is always ready
            has_line.set()
        try:
            await has_line.wait()
        finally:
            loop.remove_reader(STDIN)
        line = sys.stdin.readline()
        if not line:
            return
        if problem := line.strip():
            yield problem
