"""How a terminal shows answers: panels while they grow, or plain lines where the output is not a terminal."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.live import Live
from rich.markdown import Markdown
from rich.panel import Panel
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from bot.playground.answers import Shown

REFRESHES = 8  # a second; edits come less often than that
LEAST_HEIGHT = 5  # lines of a panel, its borders included
LEAST_WIDTH = 40  # columns for two panels; where there are fewer, or too few lines, only the states are shown
COLOURS = ("cyan", "green", "magenta", "yellow")
COLOUR_OF_OTHERS = "blue"  # of what goes on with the answers


@dataclass(frozen=True, slots=True)
class Scene:
    """What is to be shown: what the message that opens the thread says, its caption, the answers, and the keys."""

    head: str
    caption: str
    answers: Sequence[Shown]
    keys: str = ""


class Panels:
    """Panels side by side, each showing the end of what its answer has so far; at the end, everything.

    They have the terminal's other screen while they grow, which follows the window's size and leaves nothing behind.
    Those that `is_numbered` have the keys that go deeper into them.
    """

    def __init__(self, console: Console, *, is_numbered: bool = False) -> None:
        self._console = console
        self._is_numbered = is_numbered
        self._live = Live(console=console, refresh_per_second=REFRESHES, screen=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, scene: Scene, seconds: float) -> None:  # noqa: ARG002 - the caption says it
        """Show the answers as they stand."""
        answers = [_of_sure_width(answer) for answer in scene.answers]
        self._live.update(_Frame(_head(scene), answers, scene.keys, is_numbered=self._is_numbered))

    def show_end(self, scene: Scene, *, with_head: bool = True) -> None:
        """Show each answer over the full width, and the head as it is in the end."""
        for answer in map(_of_sure_width, scene.answers):
            title = _numbered(answer.heading, answer, is_numbered=self._is_numbered)
            self._console.print(_panel(answer, title, Markdown(answer.text)))
        if with_head:
            self._console.print(_head(scene))


class _Frame:
    """All that fits on the screen as it is at the moment: answers before the head, states before answers."""

    def __init__(self, head: Panel, answers: Sequence[Shown], keys: str, *, is_numbered: bool) -> None:
        self._head = head
        self._answers = answers
        self._keys = keys
        self._is_numbered = is_numbered

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        height = console.size.height
        has_keys = bool(self._keys) and height > max(1, len(self._answers))
        yield from self._show_answers(console, options, height - has_keys)
        if has_keys:
            yield Text(self._keys, style="dim", no_wrap=True, overflow="ellipsis")

    def _show_answers(self, console: Console, options: ConsoleOptions, height: int) -> RenderResult:
        columns = min(2, len(self._answers))
        if not columns:
            yield _End(self._head, height)
            return
        rows = -(-len(self._answers) // columns)
        head = len(console.render_lines(self._head, options.update(height=None)))
        left = height - head
        if left // rows >= LEAST_HEIGHT and left >= head:
            yield self._head
            height = left
        each = height // rows
        if each < LEAST_HEIGHT or console.size.width < LEAST_WIDTH:
            for answer in self._answers[:height]:
                yield Text(f"{self._title(answer)} · {answer.state}", no_wrap=True, overflow="ellipsis")
            return
        grid = Table.grid(expand=True)
        for _ in range(columns):
            grid.add_column(ratio=1)
        panels = [
            _panel(
                answer,
                self._title(answer, answer.heading if columns == 1 else ""),
                _End(Markdown(answer.text), each - 2),
                height=each,
            )
            for answer in self._answers
        ]
        for first in range(0, len(panels), columns):
            grid.add_row(*panels[first : first + columns])
        yield grid

    def _title(self, answer: Shown, heading: str = "") -> str:
        return _numbered(heading or answer.title, answer, is_numbered=self._is_numbered)


class Lines:
    """Lines for a log or a pipe: what changed state and when, and at the end everything. No escape codes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._said: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Nothing to give back."""

    def show(self, scene: Scene, seconds: float) -> None:
        """Say which answers have changed state, `seconds` after what was done."""
        for answer in scene.answers:
            if self._said.get(answer.name) != answer.line:
                self._said[answer.name] = answer.line
                self._print(f"{seconds:5.1f} s  {answer.line}")

    def show_end(self, scene: Scene, *, with_head: bool = True) -> None:
        """Print the whole answers, and the head."""
        for answer in scene.answers:
            self._print(f"\n{answer.line}\n\n{answer.text.strip()}")
        if with_head:
            self._print("\n" + scene.head)

    def _print(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


def _of_sure_width(answer: Shown) -> Shown:
    """The answer without the character that colours an emoji: terminals do not agree how wide it makes it."""
    return replace(answer, line=answer.line.replace("\ufe0f", ""), text=answer.text.replace("\ufe0f", ""))


def _numbered(title: str, answer: Shown, *, is_numbered: bool) -> str:
    return f"{answer.number} {title}" if is_numbered and answer.number else title


def _panel(answer: Shown, title: str, content: RenderableType, *, height: int | None = None) -> Panel:
    return Panel(
        content,
        title=Text(title, overflow="ellipsis"),
        title_align="left",
        subtitle=Text(answer.state, overflow="ellipsis"),
        subtitle_align="left",
        border_style=COLOURS[(answer.number - 1) % len(COLOURS)] if answer.number else COLOUR_OF_OTHERS,
        height=height,
    )


def _head(scene: Scene) -> Panel:
    return Panel(Text(scene.head), title="#general", title_align="left", subtitle=scene.caption)


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
