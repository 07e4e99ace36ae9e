"""What others send as a name or a code, made fit for one line of a log or of a message. Pure.

A newline in it could forge a log line or a state, a bidi control turn the rest of a line around, and a length without
bounds push out everything else.
"""

import re
from typing import TypeGuard
from unicodedata import category

LONGEST_NAME = 80  # characters; Slack's channel names have as many at the most
LONGEST_CODE = 80  # characters; Slack's longest error codes have some 50

_GAPS = {"Cc", "Zl", "Zp", "Zs"}  # Unicode's categories of controls and of what separates lines, paragraphs and words


def printable(value: object, longest: int = LONGEST_NAME) -> str:
    """A name as one line of at most `longest` characters, all of which can be seen.

    What cannot be seen (bidi controls, zero-width characters, halves of characters) is left out; white
    space and controls become a space. What is neither a text nor a number has no name: empty.
    """
    text = _text(value)[: 10 * longest]  # what is cut off anyway need not be looked at
    seen = (one if one.isprintable() else " " * (category(one) in _GAPS) for one in text)
    line = " ".join("".join(seen).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def as_code(value: object) -> str:
    """A code as one word: ASCII letters, digits, `_`, `.`, `:` and `-`; each other character becomes a `_`.

    What is neither a text nor a number is no code: empty.
    """
    return re.sub(r"[^A-Za-z0-9_.:-]", "_", _text(value)[:LONGEST_CODE])


def is_code(value: object, longest: int = LONGEST_CODE) -> TypeGuard[str]:
    """Whether it is a code already, such as Slack's ids and timestamps are."""
    return isinstance(value, str) and re.fullmatch(rf"[A-Za-z0-9_.:-]{{1,{longest}}}", value) is not None


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return str(value)[:LONGEST_NAME] if type(value) is int and abs(value) < 10**LONGEST_NAME else ""
