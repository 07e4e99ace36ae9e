"""What a person types: whole lines while they are asked for one, and single keys while answers grow.

Lines are the system's own, so that they are edited, pasted and composed as everywhere else in that terminal. Keys act
at once and are not echoed, since the screen belongs to the panels by then. Ctrl-C is a signal either way, which a
thread that reads would keep waiting; so nothing is read before it is there.
"""

import asyncio
import os
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress

STDIN = 0
BLOCK = 4_096  # bytes; a terminal hands over no longer line
END = "\x04"  # Ctrl-D, where it is a key


class Keyboard:
    """What comes in at a file descriptor: a terminal's, or that of a pipe or a file, which has lines only."""

    def __init__(self, descriptor: int = STDIN, encoding: str = "utf-8") -> None:
        self.is_over = False  # whether the input has ended while keys were read
        self._descriptor = descriptor
        self._encoding = encoding
        self._rest = b""

    @property
    def has_keys(self) -> bool:
        """Whether somebody sits there who can press keys: it is a terminal, and this process is in its foreground."""
        try:
            return os.isatty(self._descriptor) and os.tcgetpgrp(self._descriptor) == os.getpgrp()
        except OSError:
            return False

    async def line(self) -> str | None:
        """The next line that is typed, without its end; None once the input has ended, as with Ctrl-D."""
        while b"\n" not in self._rest:
            data = await self._read()
            if not data:
                rest, self._rest = self._rest, b""
                return self._decode(rest) if rest else None
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        return self._decode(line)

    async def key(self) -> str:
        """The next key that is pressed, within `single_keys`; `END` for Ctrl-D, or once the input has ended.

        Of what comes in one piece nothing is a key: somebody has pasted it, or has typed it before.
        """
        while not self.is_over:
            data = await self._read()
            key = self._decode(data).strip(" \r\n")
            self.is_over = key == END or not data
            if len(key) == 1:
                return key
        return END

    @contextmanager
    def single_keys(self) -> Iterator[None]:
        """Have keys come one by one, as they are pressed, and not be shown."""
        before = termios.tcgetattr(self._descriptor)
        modes = [*before[:6], [*before[6]]]
        modes[3] &= ~(termios.ECHO | termios.ICANON)
        modes[6][termios.VMIN], modes[6][termios.VTIME] = 1, 0
        termios.tcsetattr(self._descriptor, termios.TCSADRAIN, modes)
        try:
            yield
        finally:
            with suppress(termios.error):  # the terminal has gone
                # What was typed meanwhile and was no key goes: it was not meant as a line either.
                termios.tcsetattr(self._descriptor, termios.TCSAFLUSH, before)

    async def _read(self) -> bytes:
        """What has come in by now, as soon as there is anything; nothing once it has ended."""
        loop = asyncio.get_running_loop()
        is_there = asyncio.Event()
        try:
            loop.add_reader(self._descriptor, is_there.set)
        except PermissionError:  # a file, which is always ready
            is_there.set()
        try:
            await is_there.wait()
        finally:
            loop.remove_reader(self._descriptor)
        try:
            return os.read(self._descriptor, BLOCK)
        except OSError:  # the terminal has gone
            return b""

    def _decode(self, data: bytes) -> str:
        return data.decode(self._encoding, errors="replace")
