"""What a failure of a database is: of the connection, of what was to be written, or of waiting; and its words. Pure.

Databases' own messages may quote what was to be written, and passwords: only codes and names are passed on.
"""

import re

from sqlalchemy import exc

from bot.durable.sql import sqlite
from bot.errors import BotError, ContentError, StoreError

# What a failure means to whoever runs the bot: by SQLite's name, or by the server's code or the beginning of one.
_MEANINGS = {
    "SQLITE_READONLY": "it cannot be written to",
    "SQLITE_FULL": "the disk is full",
    "SQLITE_IOERR": "the disk cannot be read or written",
    "SQLITE_CANTOPEN": "the file cannot be opened",
    "SQLITE_NOTADB": "the file is no database of SQLite's",
    "SQLITE_CORRUPT": "the file is damaged",
    "SQLITE_BUSY": "another process holds it locked",
    "25006": "it is read-only",
    "28": "it does not know this user or password",
    "3D000": "there is no such database",
    "3F000": "there is no such schema",
    "42501": "this user may not do that there",
    "53100": "the disk is full",
    "53300": "it has too many connections",
    "57014": "a statement took too long; another process may hold a lock",
    "57P01": "it was shut down",
    "57P03": "it is starting up or shutting down",
}
# While a connection is made, libpq tells no codes: what its messages, and those of servers in English, say.
_CONNECT_MEANINGS = {
    r"password authentication failed|no password supplied|role .* does not exist": "28",
    r"no pg_hba\.conf entry": "it lets nobody in from here, or not without TLS: see sslmode in its address",
    r"(tenant|endpoint|project).* not found": "28",
    r"database .* does not exist": "3D000",
    r"too many (connections|clients)|remaining connection slots": "53300",
    r"the database system is": "57P03",
    r"read-only": "25006",
    r"Connection refused": "nobody listens there",
    r"timeout expired|timed out": "no answer",
    r"failed to resolve|could not translate host": "there is no such host",
    r"certificate|SSL|TLS": "no agreement on TLS: see sslmode in its address",
}


def translate(error: Exception, *, location: str, is_postgresql: bool) -> StoreError:
    """A failure in words for whoever runs the bot; a `ContentError`, if it is of what was to be written."""
    cause = _cause(error)
    code = _code(cause)
    name = name_error(error)
    meaning = _MEANINGS.get(code) or _MEANINGS.get("_".join(code.split("_")[:2])) or _MEANINGS.get(code[:2])
    if not code and is_postgresql:
        words = str(cause)
        meaning = next((means for said, means in _CONNECT_MEANINGS.items() if re.search(said, words)), None)
        meaning = _MEANINGS.get(meaning or "", meaning)
    said = f"{meaning}; {name}" if meaning else name
    kind = ContentError if is_content(error) else StoreError
    return kind(f"{location}: the database did not do what it was asked ({said})")


def name_error(error: Exception) -> str:
    """What a failure is called: an exception, and the database's own code."""
    cause = _cause(error)
    return f"{type(cause).__name__} {_code(cause)}".rstrip()


def is_content(error: Exception) -> bool:
    """Whether a failure is of what was to be written, and not of the connection or the database."""
    cause = error.orig if isinstance(error, exc.StatementError) else error
    if isinstance(error, (exc.DataError, exc.IntegrityError)) or isinstance(cause, (OverflowError, UnicodeError)):
        return True
    return str(getattr(cause, "sqlstate", None) or "").startswith(("22", "23", "54"))  # data, constraints, limits


def is_connections(error: Exception) -> bool:
    """Whether a failure is of the connection or the database: another connection may help."""
    return not (isinstance(error, BotError) or is_content(error))


def _cause(error: Exception) -> BaseException:
    cause: BaseException = error
    while isinstance(cause.__cause__, Exception):
        cause = cause.__cause__
    return cause


def _code(cause: BaseException) -> str:
    return str(getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or "")


def is_wait(error: Exception) -> bool:
    """Whether it failed because it has waited: to wait once more at once would keep others waiting."""
    cause = error.orig if isinstance(error, exc.StatementError) else error
    return isinstance(cause, BaseException) and (
        sqlite.is_busy(cause) or getattr(cause, "sqlstate", None) in {"57014", "55P03"}
    )
