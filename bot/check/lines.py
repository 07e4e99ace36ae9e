"""What was found of one thing, as a line for a person at a terminal. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

from bot.printable import printable

LONGEST_LINE = 1_000  # characters


class Verdict(Enum):
    """How it stands; only what is wrong keeps the bot from running."""

    OK = "ok"
    NOTE = "note"
    WARN = "warn"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Line:
    """What was found, of which thing; as a `str`, it is for a person at a terminal."""

    verdict: Verdict
    subject: str
    text: str

    def __str__(self) -> str:
        # Each word of others in it has its own bound already.
        return f"{self.verdict.value:<7}{self.subject:<20}{printable(self.text, LONGEST_LINE)}"


def pass_over(subject: str, wrong: Collection[str], *needed: str) -> Line | None:
    """What is said in place of a look that cannot be had, if a variable that it needs is `wrong`."""
    names = [name for name in needed if name in wrong]
    if not names:
        return None
    return Line(Verdict.NOTE, subject, f"not checked: put {' and '.join(names)} right first")
