"""Runs of asterisks, and what CommonMark sees in them: beginnings and ends of bold text. Pure."""

import unicodedata
from collections.abc import Callable
from enum import Enum, auto
from functools import lru_cache
from typing import NamedTuple, Self

_BEFORE_BOLD = frozenset("([{\"'-:|>~_")  # of ASCII, besides blanks
_AFTER_BOLD = frozenset("\"'`([{$+#@<&~_-")
LONGEST = 3  # asterisks that mean something; more are a line


class Sign(Enum):
    """What CommonMark tells apart."""

    BLANK = auto()
    LETTER = auto()
    PUNCTUATION = auto()
    SYMBOL = auto()  # punctuation to its newest version, a letter to those before


class Run(NamedTuple):
    """Asterisks, from `start` to `end`, and what stands around them; a line break where nothing does."""

    start: int
    end: int
    before: str
    after: str

    @classmethod
    def at(cls, place: tuple[int, int], text: str, start: int, end: int) -> Self:
        """The asterisks at a place in a stretch of a text, from `start` to `end`."""
        before = text[place[0] - 1] if place[0] > start else "\n"
        return cls(*place, before, text[place[1]] if place[1] < end else "\n")

    @property
    def marks(self) -> str:
        """The asterisks."""
        return "*" * (self.end - self.start)

    def may_open(self) -> bool:
        """Whether a person would see a beginning of bold text."""
        return not self.after.isspace()

    def may_close(self) -> bool:
        """Whether a person would see an end of bold text."""
        return not self.before.isspace()

    def opens(self) -> bool:
        """Whether the newest standard sees a beginning."""
        return flanks(self.before, self.after)

    def closes(self) -> bool:
        """Whether the newest standard sees an end."""
        return flanks(self.after, self.before)

    def always_opens(self) -> bool:
        """Whether every version of the standard sees a beginning."""
        return surely_flanks(self.before, self.after)

    def always_closes(self) -> bool:
        """Whether every version of the standard sees an end."""
        return surely_flanks(self.after, self.before)

    def is_power(self) -> bool:
        """Whether it may be one: it stands right between Latin letters or digits."""
        around = self.before + self.after
        return around.isascii() and around.isalnum()

    def is_begun(self) -> bool:
        """Whether it is no power, no pattern of file names and no star of a footnote, but a beginning for sure."""
        before, after = self.before, self.after
        return (before.isspace() or before in _BEFORE_BOLD or not before.isascii()) and (
            after.isalnum() or after in _AFTER_BOLD or not (after.isascii() or after.isspace())
        )


def pair(
    runs: list[Run], opens: Callable[[Run], bool], closes: Callable[[Run], bool]
) -> tuple[list[tuple[Run, Run]], list[Run]] | None:
    """Asterisks in pairs, as CommonMark finds them, and those that have none; None where it is not that simple."""
    opened: list[Run] = []
    alone: list[Run] = []
    pairs = []
    for run in runs:
        length = run.end - run.start
        if length > LONGEST:
            return None
        if opened and closes(run):
            if opened[-1].end - opened[-1].start != length:
                return None
            pairs.append((opened.pop(), run))
        elif opens(run):
            opened.append(run)
        else:
            alone.append(run)
    return pairs, sorted([*opened, *alone])


@lru_cache(maxsize=4_096)
def flanks(outside: str, inside: str) -> bool:
    """Whether asterisks between two signs are the edge of something bold, to the newest version of CommonMark."""
    return surely_flanks(outside, inside) or (
        classify(outside) is Sign.SYMBOL and classify(inside) in {Sign.PUNCTUATION, Sign.SYMBOL}
    )


@lru_cache(maxsize=4_096)
def surely_flanks(outside: str, inside: str) -> bool:
    """Whether they are that to all of its versions."""
    within, around = classify(inside), classify(outside)
    return within is Sign.LETTER or (within is not Sign.BLANK and around in {Sign.BLANK, Sign.PUNCTUATION})


@lru_cache(maxsize=4_096)
def classify(sign: str) -> Sign:
    """What kind of sign it is."""
    if sign.isspace():
        return Sign.BLANK
    category = unicodedata.category(sign)[0]
    if category == "P" or (category == "S" and sign.isascii()):
        return Sign.PUNCTUATION
    return Sign.SYMBOL if category == "S" else Sign.LETTER
