import asyncio
import os
import pty
import select
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.playground.keyboard import END, Keyboard


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """What somebody types into, and what reads it."""
    person, program = pty.openpty()
    yield person, program
    os.close(person)
    os.close(program)


async def test_lines_are_edited_by_the_system(terminal: tuple[int, int]) -> None:
    """As in a shell; they are echoed, and Ctrl-D is their end."""
    person, program = terminal
    keyboard = Keyboard(program)
    os.write(person, b"Whyy\x7f?\nnext\n\x04")
    assert [await keyboard.line() for _ in range(3)] == ["Why?", "next", None]
    assert b"Why" in os.read(person, 100)
    assert not keyboard.is_over


async def test_keys_come_at_once_and_are_not_shown(terminal: tuple[int, int]) -> None:
    """Enter is none; what was pasted is none; and afterwards the terminal is as it was."""
    person, program = terminal
    keyboard = Keyboard(program)
    before = termios.tcgetattr(program)
    with keyboard.single_keys():
        for typed in (b"\n", b"pasted words\n", b"s\n"):
            os.write(person, typed)
            if typed != b"s\n":
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(keyboard.key(), 1)
        assert await keyboard.key() == "s"
        os.write(person, b"\x04")
        assert await keyboard.key() == END
    assert keyboard.is_over
    assert termios.tcgetattr(program) == before
    os.set_blocking(person, False)
    with pytest.raises(BlockingIOError):
        os.read(person, 100)


async def test_what_is_typed_while_answers_grow_is_no_line_afterwards(terminal: tuple[int, int]) -> None:
    """It was meant for nobody."""
    person, program = terminal
    keyboard = Keyboard(program)
    with keyboard.single_keys():
        os.write(person, b"what was that?\n")
        assert select.select([program], [], [], 10)[0]  # the system hands it over in its own time
    os.write(person, b"Why?\n")
    assert await keyboard.line() == "Why?"


async def test_a_pipe_and_a_file_have_lines_and_no_keys(tmp_path: Path) -> None:
    """The last may have no end; bytes that are no text are read as far as they are."""
    file = tmp_path / "problems"
    file.write_bytes(b"one\n\nwh\xffy")
    with file.open("rb") as opened:
        keyboard = Keyboard(opened.fileno())
        assert [await keyboard.line() for _ in range(4)] == ["one", "", "wh\ufffdy", None]
        assert not keyboard.has_keys
    there, here = os.pipe()
    os.write(here, b"one\ntwo\n")
    os.close(here)
    assert [await Keyboard(there).line() for _ in range(1)] == ["one"]
    os.close(there)
    assert not Keyboard(there).has_keys


async def test_a_terminal_that_has_gone_is_an_end(terminal: tuple[int, int]) -> None:
    """Its window was closed."""
    person, program = pty.openpty()
    keyboard = Keyboard(program)
    with keyboard.single_keys():
        os.close(person)
        assert await keyboard.key() == END
    assert await keyboard.line() is None
    os.close(program)
