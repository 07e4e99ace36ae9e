"""How a terminal shows a thread: four panels while it grows, or plain lines where the output is not a terminal."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.live import Live
from rich.markdown import Markdown
from rich.panel import Panel
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from bot.playground.slack.blocks import plain
from bot.playground.slack.workspace import Message, Whisper

REFRESHES = 8  # a second; edits come less often than that
LEAST_HEIGHT = 5  # lines of a panel, its borders included
LEAST_WIDTH = 40  # columns for two panels; where there are fewer, or too few lines, only the states are shown
COLOURS = ("cyan", "green", "magenta", "yellow")


@dataclass(frozen=True, slots=True)
class Shown:
    """One answer as the thread shows it: its name, the line above its text, and the text of all its messages."""

    name: str
    line: str
    text: str

    @property
    def title(self) -> str:
        """The line's first part: the emoji and the name."""
        return self.line.partition(" · ")[0]

    @property
    def state(self) -> str:
        """The line's last part: waiting, writing, done by whom, failed and why."""
        return self.line.split(" · ", 2)[-1]


def read_answers(thread: Sequence[Message]) -> list[Shown]:
    """The answers of a thread (the parent, then the replies), in their order."""
    answers: dict[str, Shown] = {}
    for reply in thread[1:]:
        line, _, _ = plain(reply).partition("\n")
        name = line.split("*")[1]
        before = answers[name].text if name in answers else ""
        answers[name] = Shown(name, line.replace("*", ""), before + _text(reply))
    return list(answers.values())


def read_whisper(whisper: Whisper) -> str:
    """All that its reader is shown of a message for one person only."""
    return plain(whisper)


class View(Protocol):
    """Shows one run. A context manager around the time in which its thread grows."""

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Give the terminal back."""

    def show(self, thread: Sequence[Message], seconds: float) -> None:
        """Show the thread as it stands, `seconds` after the command."""

    def show_end(self, thread: Sequence[Message]) -> None:
        """Show the whole thread, once it has left off growing."""


class Panels:
    """Panels side by side, each showing the end of what its answer has so far; at the end, everything.

    They have the terminal's other screen while they grow, which follows the window's size and leaves nothing behind.
    """

    def __init__(self, console: Console, names: Mapping[str, str]) -> None:
        self._console = console
        self._names = names
        self._live = Live(console=console, refresh_per_second=REFRESHES, screen=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, thread: Sequence[Message], seconds: float) -> None:
        """Show the thread as it stands, `seconds` after the command."""
        head = _parent(thread, self._names, f"{seconds:.0f} s")
        self._live.update(_Frame(head, [_of_sure_width(answer) for answer in read_answers(thread)]))

    def show_end(self, thread: Sequence[Message]) -> None:
        """Show the whole thread, each answer over the full width, and the parent as it is in the end."""
        for answer, colour in _coloured([_of_sure_width(answer) for answer in read_answers(thread)]):
            title = Text(answer.line, overflow="ellipsis")
            self._console.print(Panel(Markdown(answer.text), title=title, title_align="left", border_style=colour))
        self._console.print(_parent(thread, self._names, "the parent, now the index"))


class _Frame:
    """All that fits on the screen as it is at the moment: answers before the parent, states before answers."""

    def __init__(self, head: Panel, answers: Sequence[Shown]) -> None:
        self._head = head
        self._answers = answers

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width, height = console.size
        rows = -(-len(self._answers) // 2)
        head = len(console.render_lines(self._head, options.update(height=None)))
        if rows and (height - head) // rows >= LEAST_HEIGHT:
            yield self._head
            height -= head
        elif not rows:
            yield self._head
            return
        each = height // rows
        if each < LEAST_HEIGHT or width < LEAST_WIDTH:
            for answer in self._answers[:height]:
                yield Text(f"{answer.title} · {answer.state}", no_wrap=True, overflow="ellipsis")
            return
        grid = Table.grid(expand=True)
        grid.add_column(ratio=1)
        grid.add_column(ratio=1)
        panels = [
            Panel(
                _End(Markdown(answer.text), each - 2),
                title=Text(answer.title),
                title_align="left",
                subtitle=Text(answer.state, overflow="ellipsis"),
                subtitle_align="left",
                border_style=colour,
                height=each,
            )
            for answer, colour in _coloured(self._answers)
        ]
        for left in range(0, len(panels), 2):
            grid.add_row(*panels[left : left + 2])
        yield grid


class Lines:
    """Lines for a log or a pipe: what changed state and when, and at the end everything. No escape codes."""

    def __init__(self, console: Console, names: Mapping[str, str]) -> None:
        self._console = console
        self._names = names
        self._said: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Nothing to give back."""

    def show(self, thread: Sequence[Message], seconds: float) -> None:
        """Say which answers have changed state, `seconds` after the command."""
        for answer in read_answers(thread):
            if self._said.get(answer.name) != answer.line:
                self._said[answer.name] = answer.line
                self._print(f"{seconds:5.1f} s  {answer.line}")

    def show_end(self, thread: Sequence[Message]) -> None:
        """Print the whole thread."""
        for answer in read_answers(thread):
            self._print(f"\n{answer.line}\n\n{answer.text.strip()}")
        self._print("\n" + _read(thread[0], self._names))

    def _print(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


def _of_sure_width(answer: Shown) -> Shown:
    """The answer without the character that colours an emoji: terminals do not agree how wide it makes it."""
    return Shown(answer.name, answer.line.replace("\ufe0f", ""), answer.text.replace("\ufe0f", ""))


def _coloured(answers: Sequence[Shown]) -> Iterator[tuple[Shown, str]]:
    return zip(answers, itertools.cycle(COLOURS), strict=False)


def _parent(thread: Sequence[Message], names: Mapping[str, str], state: str) -> Panel:
    return Panel(Text(_read(thread[0], names)), title="#general", title_align="left", subtitle=state)


def _read(message: Message, names: Mapping[str, str]) -> str:
    """What Slack would show of a message; it knows the `names` of its users' ids."""
    text = plain(message).replace("*", "")
    for user, name in names.items():
        text = text.replace(f"@{user}", f"@{name}")
    return text


def _text(message: Message) -> str:
    texts = (block["text"] for block in message.blocks if block["type"] == "markdown")
    return "".join(texts).replace("&lt;", "<").replace("&gt;", ">")


class _End:
    """The last lines of something that is too high for its place."""

    def __init__(self, content: RenderableType, height: int) -> None:
        self._content = content
        self._height = height

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = console.render_lines(self._content, options.update(height=None), pad=False)
        for line in lines[-self._height :]:
            yield from line
            yield Segment.line()
