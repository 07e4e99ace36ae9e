"""Ada at her terminal, against the whole bot: what she presses, and what she is shown."""

import asyncio
import io
import re
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import pytest
from rich.console import Console

from bot.playground.demo import Ending, converse
from bot.playground.keyboard import END, Keyboard
from bot.playground.person import Person
from tests.support.model_server import ModelServer, Script, words
from tests.support.world import NAMES, World, running

SCREEN = re.compile("\x1b\\[\\?1049h.*?\x1b\\[\\?1049l", re.DOTALL)  # what stood on the other screen
QUICK = {name: Script((f"{name} says", " so."), every=0.1) for name in NAMES}
SLOW = dict.fromkeys(NAMES, words(200, 10))


class Typed(Keyboard):
    """A keyboard on which `lines` are typed, one after the other, and `keys` while answers grow.

    Each key comes so many seconds after the one before it.
    """

    def __init__(self, *lines: str, keys: Iterable[tuple[float, str]] = ()) -> None:
        super().__init__()
        self.lines = [*lines]
        self.keys = [*keys]
        self.is_single = False

    @property
    def has_keys(self) -> bool:
        return True

    async def line(self) -> str | None:
        assert not self.is_single
        line = self.lines.pop(0) if self.lines else END
        return None if line == END else line

    async def key(self) -> str:
        assert self.is_single
        if not self.keys:
            await asyncio.Event().wait()
        seconds, key = self.keys[0]
        await asyncio.sleep(seconds)
        del self.keys[0]
        self.is_over = key == END
        return key

    @contextmanager
    def single_keys(self) -> Iterator[None]:
        self.is_single = True
        try:
            yield
        finally:
            self.is_single = False


@dataclass(slots=True)
class Terminal:
    """A terminal after somebody has been at it: what stands on it, and the code with which the demo ends."""

    shown: str
    code: int


@asynccontextmanager
async def world(**scripts: Script | list[Script]) -> AsyncIterator[World]:
    """The bot, and a model that answers so."""
    async with running(ModelServer(**scripts)) as there:
        yield there


async def sit(world: World, keyboard: Keyboard, *, is_terminal: bool = True, width: int = 100) -> Terminal:
    """Converse until the input ends."""
    file = io.StringIO()
    console = Console(file=file, width=width, height=30, force_terminal=is_terminal, color_system=None)
    ending = Ending(0)
    await converse(Person(world.slack, console, keyboard), keyboard, console, ending)
    return Terminal(SCREEN.sub("", file.getvalue()), ending.code)


def pressed(world: World) -> list[str]:
    """The buttons that were pressed in Slack, in their order."""
    return [press.action_id for press in world.workspace.presses]


async def test_a_problem_its_follow_up_and_its_synthesis() -> None:
    """Each is asked for by a key, presses a button of Slack's, and has a panel of its own."""
    async with world(**QUICK) as there:
        there.model.default = Script(("Further so.",))
        terminal = await sit(there, Typed("Why?", "2", "And those who stay?", "t"))
        assert pressed(there) == ["deeper", "together"]
        assert terminal.code == 0
        assert [request.name for request in there.model.requests[4:]] == ["other", "other"]
        assert "And those who stay?" in there.model.requests[4].body["messages"][1]["content"]
        four, further, together = terminal.shown.split("A key or a problem")[:3]
        assert [four.count(f"{name} says so.") for name in NAMES] == [2] * 4  # in its panel and in the index
        assert "1–4 deeper · t together\n" in four
        assert "🌐 Breadth · follow-up for @ada: And those who stay?" in further
        assert "Ask Breadth, or add what you know" in further
        assert further.count("Further so.") == 1
        assert "Depth says so." not in further
        assert "🧭 Together" in together
        assert together.count("Further so.") == 2
        assert "Depth says so." in together  # the index


@pytest.mark.heavy
async def test_s_stops_what_grows_and_a_asks_it_again() -> None:
    """At once, without Enter."""
    async with world(**{name: [words(200, 10), QUICK[name]] for name in NAMES}) as there:
        began = there.workspace.now()
        terminal = await sit(there, Typed("Why?", "a", keys=[(4.0, "x"), (0.5, "S")]))
        assert pressed(there) == ["stop", "again"]
        assert 4.5 <= there.workspace.presses[0].at - began <= 5.0
        stopped, again = terminal.shown.split("A key or a problem")[:2]
        assert stopped.count("⏹ stopped by @ada") == 4
        assert "a again\n" in stopped
        assert all(f"{name} says so." in again for name in NAMES)
        assert terminal.code == 0


async def test_only_what_was_asked_again_is_shown_again() -> None:
    """And the index, which has changed."""
    scripts = QUICK | {"Time": [Script(status=400, error={"message": "no"}), Script(("At last.",))]}
    async with world(**scripts) as there:
        terminal = await sit(there, Typed("Why?", "a"))
        first, again = terminal.shown.split("A key or a problem")[:2]
        assert "1–3 deeper · t together · a again\n" in first
        assert again.count("Depth says so.") == 1
        assert again.count("At last.") == 2
        assert terminal.code == 0


async def test_an_empty_line_has_the_weakest_point_worked_out_and_ctrl_d_presses_nothing_more() -> None:
    """The form is closed then, and the keys are asked for again."""
    async with world(**QUICK) as there:
        terminal = await sit(there, Typed("Why?", "1", "", "1", END, "1", "why so?"))
        assert pressed(there) == ["deeper"] * 3
        assert len(there.model.requests) == 6
        assert "the weakest point" in terminal.shown
        assert not any(form.is_open for form in there.workspace.views)


async def test_what_is_wrong_with_words_is_told_and_they_are_asked_for_again() -> None:
    """As it stands in the form."""
    async with running(ModelServer(**QUICK), problem_limit=50) as there:
        terminal = await sit(there, Typed("Why?", "1", "x" * 51, "shorter"))
        assert "This has 51 characters" in terminal.shown
        assert "follow-up for @ada: shorter" in terminal.shown
        assert len(there.model.requests) == 5


async def test_a_line_of_more_than_a_letter_is_a_new_problem_with_keys_of_its_own() -> None:
    """A letter that is no key asks nothing; nor does an empty line."""
    async with world(**QUICK) as there:
        terminal = await sit(there, Typed("t", "", "Why?", "x", "5", "What now?", "1", ""))
        assert terminal.shown.count("There is no key") == 3
        assert len(there.model.requests) == 9
        assert "What now?" in there.model.requests[8].body["messages"][1]["content"]
        assert sum(message.thread_ts is None for message in there.workspace.messages) == 2


async def test_what_cannot_be_done_is_told_and_nothing_is_shown_twice() -> None:
    """Here: the answers are drawn together as they stand."""
    async with world(**QUICK) as there:
        terminal = await sit(there, Typed("Why?", "t", "t"))
        *_, last, _ = terminal.shown.split("A key or a problem")
        assert "Only ada sees this: These answers are being drawn together already" in last
        assert "╭" not in last
        assert len(there.model.requests) == 5


async def test_a_problem_that_is_refused_leaves_the_keys_of_the_one_before() -> None:
    """It has no thread."""
    async with running(ModelServer(**QUICK), problem_limit=50) as there:
        terminal = await sit(there, Typed("Why?", "x" * 51))
        assert "Only ada sees this: Your problem has 51 characters" in terminal.shown
        assert terminal.shown.count("1–4 deeper · t together\n") == 2
        assert terminal.code == 1


@pytest.mark.heavy
async def test_ctrl_d_ends_it_while_answers_grow() -> None:
    """What came is shown, and nothing more is asked for."""
    async with world(**SLOW) as there:
        keyboard = Typed("Why?", "never typed", keys=[(5.0, END)])
        terminal = await sit(there, keyboard)
        assert keyboard.lines == ["never typed"]
        assert "word1" in terminal.shown
        assert terminal.code == 1


@pytest.mark.parametrize("width", [30, 40, 120])
async def test_without_a_terminal_each_line_is_a_problem(width: int) -> None:
    """There are no keys then, no escape codes, and no buttons in what is printed."""
    async with world(**QUICK) as there:
        terminal = await sit(there, Typed("t", "Why?"), is_terminal=False, width=width)
        assert len(there.model.requests) == 8
        assert terminal.shown.count("A problem to look at (Ctrl-C ends): ") == 3
        assert not any(sign in terminal.shown for sign in ("\x1b", "deeper", "[ "))
        assert terminal.shown.count("✅ done in") == 16  # as it came, and in the end
