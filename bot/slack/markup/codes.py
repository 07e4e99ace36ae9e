"""What is code in a text, as far as mending its bold text has to know: asterisks in code mean nothing. Pure."""

import re
from bisect import bisect_right

from bot.markup.fences import Fence, code, fence_behind, may_fence

_INDENTED = re.compile(r"^(?: {4}| {0,3}\t)", re.MULTILINE)
_BEHIND_BLANK = re.compile(r"[\r\n][ \t]*[\r\n](?: {4}| {0,3}\t)")
"""An indented line behind a blank one: where there are no fences, code begins with such a line."""

_INNER_FENCE = re.compile(r"^(?:[ \t>]|[-+*][ \t]|\d{1,9}[.)][ \t])[^\n]*(?:`{3}|~{3})", re.MULTILINE)
"""A fence in a quote or a list item: it ends with that, wherever its own end is."""

Stretch = tuple[int, int]


def has_quiet_code(text: str) -> bool:
    """Whether a text has no code, for certain, but code spans within its lines that have no asterisks."""
    if "~~~" in text or (("    " in text or "\t" in text) and _BEHIND_BLANK.search("\n\n" + text)):
        return False
    if "`" not in text:
        return True
    pieces = text.split("`")  # every other one is code
    is_simple = len(pieces) % 2 == 1 and "``" not in text and "\\`" not in text
    return is_simple and not any("*" in one or "\n" in one or "\r" in one for one in pieces[1::2])


def may_have_code(text: str) -> bool:
    """Whether there may be any code in a text."""
    return "`" in text or "~~~" in text or _may_be_indented(text)


class Codes:
    """What is code in the paragraphs of a text, each behind the one before; looked for no further than needed."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._has_fences = may_fence(text)
        self._is_nested = _may_be_indented(text) or bool(_INNER_FENCE.search(text))
        self._fence: Fence | None = None
        self._place = 0
        self._all: list[Stretch] | None = None

    def within(self, start: int, end: int) -> tuple[Stretch, ...]:
        """The stretches of a paragraph that are code."""
        paragraph = self._text[start:end]
        if self._is_nested or (self._has_fences and may_fence(paragraph)):
            return self._overlapping(start, end)
        if self._has_fences:
            self._fence, self._place = fence_behind(self._text[self._place : start], self._fence), start
            if self._fence:
                return ((0, end - start),)
        # Nothing outside of a paragraph decides what is code in it.
        return tuple((one.start, one.end) for one in code(paragraph)) if "`" in paragraph else ()

    def _overlapping(self, start: int, end: int) -> tuple[Stretch, ...]:
        if self._all is None:
            self._all = [(one.start, one.end) for one in code(self._text)]
        first = max(bisect_right(self._all, (start, start)) - 1, 0)
        last = bisect_right(self._all, (end, 0))
        return tuple((max(begun - start, 0), after - start) for begun, after in self._all[first:last] if after > start)


def _may_be_indented(text: str) -> bool:
    return ("    " in text or "\t" in text) and bool(_INDENTED.search(text))
