"""A file of SQLite's: made, kept to its user, and followed where somebody removes or replaces it."""

import asyncio
import os
import sqlite3
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

from bot.durable.sql.connection import AsyncConnection

LOCK_TIMEOUT = 1.0  # seconds to wait for another process's lock
VACUUM = 1_000  # pages of 4 KiB that are given back at once; nobody can write meanwhile
OTHERS = stat.S_IRWXG | stat.S_IRWXO  # what nobody but the file's user may do

# A commit waits for the disk (synchronous=FULL): a question that Slack was told to be ours must outlive a power cut.
# Measured on an SSD: 0.5 ms of the 3 to 8 that a call takes. A disk that spins, or a network's, takes ten and more.
_PRAGMAS = (
    "auto_vacuum = INCREMENTAL",  # only an empty file takes it, and the next line writes to it
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "secure_delete = ON",  # what is deleted or replaced is overwritten: a page that is free may still hold a problem
)


class File:
    """The file at `path`, and what SQLite puts beside it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._identity: tuple[int, int] | None = None
        self._beside: set[tuple[int, int]] = set()  # what identifies the files beside it

    @property
    def has_moved(self) -> bool:
        """Whether another file stands where the one was that `make` found, or none."""
        return self._identity is not None and self._identity != _identify(self.path)

    def note(self) -> None:
        """Note which files stand beside it: SQLite makes them when it needs them."""
        if not self.has_moved:
            self._beside = {found for found in map(_identify, self._paths_beside()) if found}

    def clear(self) -> None:
        """Once it has moved: remove what it has left, which is no part of the file that is there now.

        It goes by what the files are and not by their names: another process may have made new ones by now. To have
        SQLite empty the old log would be wrong too, for the same reason.
        """
        for path in self._paths_beside():
            if _identify(path) in self._beside:
                path.unlink(missing_ok=True)

    def make(self) -> None:
        """Make the file before SQLite does, where it is missing: only this user may read what people wrote.

        It is not opened where it is there: to close it would end the locks that SQLite holds on it.

        Raises:
            OSError: it cannot be made, or is no file.
        """
        try:
            found = self.path.stat()
        except FileNotFoundError:
            with suppress(FileExistsError):  # another process was quicker
                os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            found = self.path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError
        for path in (self.path, *self._paths_beside()):
            with suppress(OSError):  # another user's, who has to see to it
                if path.stat().st_mode & OTHERS:
                    path.chmod(0o600)
        self._identity = found.st_dev, found.st_ino

    def _paths_beside(self) -> tuple[Path, Path]:
        # SQLite gives these the file's own mode.
        return self.path.with_name(f"{self.path.name}-wal"), self.path.with_name(f"{self.path.name}-shm")


def _identify(path: Path) -> tuple[int, int] | None:
    """What tells a file from all others, while somebody has it open; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


async def set_up(driver: Any) -> None:
    """Set a new connection up."""
    driver.text_factory = _decode
    loop = asyncio.get_running_loop()
    deadline = loop.time() + LOCK_TIMEOUT
    for pragma in _PRAGMAS:
        while True:
            try:
                await driver.execute_fetchall(f"PRAGMA {pragma}")
                break
            except sqlite3.OperationalError as error:
                # SQLite does not wait by itself where two processes turn a new file's log on.
                if not is_busy(error) or loop.time() > deadline:
                    raise
            await asyncio.sleep(0.01)


def _decode(text: bytes) -> str:
    """What is no text of ours is read all the same: one such row would keep all others from being read."""
    return text.decode("utf-8", "replace")


def is_busy(error: BaseException) -> bool:
    """Whether another process's lock was in the way."""
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


async def shrink(connection: AsyncConnection) -> None:
    """Give the file's free pages back. A transaction would stand in the way."""
    driver: Any = await connection.find_driver()
    # Each step frees one page, and sqlite3 takes more than one step in scripts alone.
    await driver.executescript(f"PRAGMA incremental_vacuum({VACUUM}); PRAGMA wal_checkpoint(TRUNCATE);")


async def empty_log(connection: AsyncConnection) -> bool:
    """Have the log hold nothing any more, unless another process is just using it; whether it is empty."""
    driver: Any = await connection.find_driver()
    await driver.execute_fetchall("PRAGMA busy_timeout = 0")  # nobody waits for that
    try:
        [(is_busy, *_)] = await driver.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        await driver.execute_fetchall(f"PRAGMA busy_timeout = {LOCK_TIMEOUT * 1_000:.0f}")
    return not is_busy
