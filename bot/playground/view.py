"""How a terminal shows a thread: four panels while it grows, or plain lines where the output is not a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.markdown import Markdown
from rich.panel import Panel
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from bot.playground.blocks import plain
from bot.playground.workspace import Message

REFRESHES = 8  # a second; edits come less often than that
LEAST_HEIGHT = 6  # lines of a panel, its borders included
COLOURS = ("cyan", "green", "magenta", "yellow")


@dataclass(frozen=True, slots=True)
class Shown:
    """One answer as the thread shows it: its name, the line above its text, and the text of all its messages."""

    name: str
    line: str
    text: str


def read_answers(thread: Sequence[Message]) -> list[Shown]:
    """The answers of a thread (the parent, then the replies), in their order."""
    answers: dict[str, Shown] = {}
    for reply in thread[1:]:
        line, _, _ = plain(reply).partition("\n")
        name = line.split("*")[1]
        before = answers[name].text if name in answers else ""
        answers[name] = Shown(name, line.replace("*", ""), before + _text(reply))
    return list(answers.values())


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
    """Panels side by side, each showing the end of what its answer has so far; at the end, everything."""

    def __init__(self, console: Console, names: Mapping[str, str]) -> None:
        self._console = console
        self._names = names
        self._live = Live(console=console, refresh_per_second=REFRESHES, transient=True)

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
        # One line is left free: what is as high as the screen cannot be wiped off it again.
        left = self._console.height - len(self._console.render_lines(head)) - 1
        height = max(left // 2, LEAST_HEIGHT)
        self._live.update(Group(head, self._grid(thread, height)))

    def show_end(self, thread: Sequence[Message]) -> None:
        """Show the whole thread, each answer over the full width, and the parent as it is in the end."""
        for panel in _panels(thread):
            self._console.print(panel)
        self._console.print(_parent(thread, self._names, "the parent, now the index"))

    def _grid(self, thread: Sequence[Message], height: int) -> Table:
        grid = Table.grid(expand=True)
        grid.add_column(ratio=1)
        grid.add_column(ratio=1)
        panels = list(_panels(thread, height))
        for left in range(0, len(panels), 2):
            grid.add_row(*panels[left : left + 2])
        return grid


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


def _panels(thread: Sequence[Message], height: int | None = None) -> Iterator[Panel]:
    for answer, colour in zip(read_answers(thread), COLOURS, strict=False):
        text: RenderableType = Markdown(answer.text)
        content = text if height is None else _End(text, height - 2)
        yield Panel(content, title=Text(answer.line), title_align="left", border_style=colour, height=height)


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
