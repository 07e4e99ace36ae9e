"""What is code in a text, as far as mending its bold text has to know: asterisks in code mean nothing. Pure."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice, takewhile
from operator import attrgetter

from bot.markup.fences import Code, Fence, code, fence_after, fence_behind, lines, may_fence

_INDENTED = re.compile(r"^(?: {4}| {0,3}\t)", re.MULTILINE)
_BEHIND_BLANK = re.compile(r"[\r\n][ \t]*[\r\n](?: {4}| {0,3}\t)")
"""An indented line behind a blank one: where there are no fences, code begins with such a line."""

_INNER_FENCE = re.compile(
    r"^(?:[ \t>]|[-+*][ \t]|\d{1,9}[.)][ \t])[^\n]*(?:`{3}|~{3})|(?:`{3}|~{3})[^\n]*>|`{33}|~{33}", re.MULTILINE
)
"""A fence in a quote or a list item, which ends with that wherever its own end is; or one whose end not all see."""

MOST_KEPT = 512  # parts of texts, paragraphs and lines that are remembered: those of some runs that go on together
MOST_PARTS = 128  # of a page; an answer has ten

_LOUD = frozenset("*\r\n")

Stretch = tuple[int, int]


def has_quiet_code(text: str) -> bool:
    """Whether a text has no code, for certain, but code spans within its lines that have no asterisks."""
    if "~~~" in text or _may_begin_block(text):
        return False
    if "`" not in text:
        return True
    pieces = text.split("`")  # every other one is code
    is_simple = len(pieces) % 2 == 1 and "``" not in text and "\\`" not in text
    return is_simple and all(map(_LOUD.isdisjoint, pieces[1::2]))


def are_quiet(codes: Sequence[Stretch], text: str) -> bool:
    """Whether there are neither line ends nor asterisks in stretches of a text."""
    return all(_LOUD.isdisjoint(text[start:end]) for start, end in codes)


def parts(text: str) -> list[str]:
    """A text in parts, between blank lines; in one, where what is code in a part may hang on another.

    There are not too many of them, so that what is made of each can be remembered.
    """
    if not 0 < text.count("\n\n") < MOST_PARTS or "\r" in text:
        return [text]  # old programs end lines with carriage returns; nobody's answers do
    pieces = text.split("\n\n")
    if not may_fence(text):
        return [text] if _may_begin_block(text) else pieces
    *ended, growing = pieces = _with_whole_fences(pieces)
    return pieces if all(map(_is_apart, ended)) and not _is_indented_outside(growing) else [text]


def forget() -> None:
    """Keep nothing of texts that were looked at."""
    for kept in (_fence_behind, _is_fenced_apart):
        kept.cache_clear()


def _with_whole_fences(pieces: list[str]) -> list[str]:
    """The pieces between a text's blank lines, but for those within a fence, which stay together."""
    whole: list[str] = []
    fence: Fence | None = None
    for number, piece in enumerate(pieces):
        if fence:
            whole[-1] += "\n\n" + piece
            fence = fence_behind(piece, fence)
        else:
            whole.append(piece)
            if number < len(pieces) - 1 and may_fence(piece):
                fence = _fence_behind(piece)
    return whole


@lru_cache(maxsize=MOST_KEPT)
def _fence_behind(text: str) -> Fence | None:
    return fence_behind(text, None)


def _is_apart(text: str) -> bool:
    """Whether what is code in a part hangs on nothing before it, and it decides nothing behind it."""
    return _is_fenced_apart(text) if may_fence(text) else not _may_begin_block(text)


@lru_cache(maxsize=MOST_KEPT)
def _is_fenced_apart(text: str) -> bool:
    return not (_INNER_FENCE.search(text) or _is_indented_outside(text))


def _is_indented_outside(text: str) -> bool:
    """Whether a line is indented that is in no fence."""
    if not _may_be_indented(text):
        return False
    fence: Fence | None = None
    for line in lines(text):
        before, fence = fence, fence_after(line, fence) if may_fence(line) else fence
        if not (before or fence) and _INDENTED.match(line):
            return True
    return False


def is_fence(text: str) -> bool:
    """Whether a text is a fence, with its end or without, and nothing else."""
    if not text.startswith(("```", "~~~")):
        return False
    first, *others = filter(may_fence, lines(text))
    fence = fence_after(first, None)
    ends = [number for number, line in enumerate(others) if fence and fence.is_closed_by(line)]
    return fence is not None and (not ends or (ends[0] == len(others) - 1 and text.endswith(others[-1])))


def may_have_code(text: str) -> bool:
    """Whether there may be any code in a text."""
    return "`" in text or "~~~" in text or _may_be_indented(text)


class Codes:
    """What is code in the paragraphs of a text, each behind the one before; looked for no further than needed."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._has_fences = may_fence(text)
        self._is_nested = _may_be_indented(text) or (self._has_fences and bool(_INNER_FENCE.search(text)))
        self._fence: Fence | None = None
        self._place = 0
        self._all: list[Code] | None = None

    def within(self, start: int, end: int) -> tuple[Stretch, ...]:
        """The stretches of a paragraph that are code."""
        paragraph = self._text[start:end]
        if self._has_fences and may_fence(paragraph):
            return self._overlapping(start, end)
        blocks: tuple[Stretch, ...] = ()
        if self._is_nested:
            blocks = self._overlapping(start, end, only_blocks=True)
        elif self._has_fences:
            self._fence, self._place = fence_behind(self._text[self._place : start], self._fence), start
            if self._fence:
                return ((0, end - start),)
        # Behind its lines that are blocks, nothing outside of a paragraph decides what is code in it.
        rest = paragraph[blocks[-1][1] :].lstrip() if blocks else paragraph.lstrip()
        lead = len(paragraph) - len(rest)
        spans = code(rest) if "`" in rest else ()
        return (*blocks, *((lead + one.start, lead + one.end) for one in spans))

    def _overlapping(self, start: int, end: int, *, only_blocks: bool = False) -> tuple[Stretch, ...]:
        if self._all is None:
            self._all = [*code(self._text)]
        first = max(bisect_right(self._all, start, key=_start) - 1, 0)
        near = takewhile(lambda one: one.start <= end, islice(self._all, first, None))
        return tuple(
            (max(one.start - start, 0), min(one.end, end) - start)
            for one in near
            if one.end > start and (one.is_block or not only_blocks)
        )


_start = attrgetter("start")


def _may_begin_block(text: str) -> bool:
    """Whether a line is indented behind a blank one, or as the first."""
    return ("    " in text or "\t" in text) and bool(_BEHIND_BLANK.search("\n\n" + text))


def _may_be_indented(text: str) -> bool:
    return ("    " in text or "\t" in text) and bool(_INDENTED.search(text))
