"""The passages of a Markdown text: what is bold or code in one does not hang on what stands around it. Pure.

A passage ends before a line that begins something of its own, where nothing before it is open any more: no fence, no
code span, and no list that would tell whether an indented line is code. That is any line after a blank one, an item of
a list, or the row of a table; where code may be nested in something else, fewer of them.
"""

import re
from bisect import bisect_right

from bot.markup.fences import Fence, Fences, code, fence_after, fence_behind, may_fence, spans

LEAST = 20  # characters of a passage; of shorter ones there would be thousands in a page
LONGEST = 1_000  # characters of one that ends with no blank line behind it, since each place where it may is looked at

_ITEM = r"(?:[-*+]|\d{1,9}[.)])[ \t]"
_TEXT = r"(?:\*\*)?[^\s`~>\d*+-]"
"""What a line begins with that is neither indented nor a fence, whatever stands before it."""

_END = re.compile(rf"\n(?:\n(?={_TEXT}|{_ITEM}{_TEXT})|(?={_ITEM}{_TEXT}|\|))")
_INDENTED = re.compile(r"^(?: {4}| {0,3}\t)", re.MULTILINE)
_INNER_FENCE = re.compile(r"^(?:[ \t>]|[-+*][ \t]|\d{1,9}[.)][ \t])[^\n]*(?:`{3}|~{3})", re.MULTILINE)
"""A fence in a quote or a list item: it ends with that, wherever its own end is."""

_ODD = re.compile(r"``|\\|\r")  # where it is not for certain that each backtick of a line is closed by the next one
_IN_LIST = re.compile(rf"^[ \t>]*{_ITEM}", re.MULTILINE)

Stretch = tuple[int, int]


def last_passage(text: str, start: int, *, is_nested: bool) -> int:
    """Where the last passage of a text begins, the only one that has not ended; one begins at `start`.

    `is_nested` is a text where a list or a quote may have code in it, or lines may be indented.
    """
    seen = start
    fences: Fences | None = None
    for match in _END.finditer(text, start + LEAST - 2):
        place = match.end()
        if place - seen < LEAST:
            continue
        if text[place - 2] != "\n" and not _ends_alone(text, start, place, is_nested=is_nested):
            continue
        piece, seen = text[seen:place], place
        if may_fence(piece):
            fences = fences or Fences()
            fences.pass_over(piece)
        if not (fences and fences.may_be_open):
            start = place
    return start


def _ends_alone(text: str, start: int, place: int, *, is_nested: bool) -> bool:
    """Whether a passage ends at a place with no blank line before it: no code span goes on, nor a list."""
    if place - start > LONGEST:
        return False
    passage = text[start:place]
    if "`" in passage and (_ODD.search(passage) or any(line.count("`") % 2 for line in passage.split("\n"))):
        return False
    return not (is_nested and text[place] == "|" and _IN_LIST.search(passage))


def before_fence(text: str) -> str:
    """What stands before the only fence of some passages, if it goes on to their last line; else all of them."""
    place = text.find("```")
    if place < 0 or text.find("```", place + 3, text.rfind("\n")) >= 0 or "~~~" in text or "\r" in text:
        return text
    begun = text.rfind("\n", 0, place) + 1
    return text[:begun] if fence_after(text[begun:], None) else text


def may_have_code(text: str) -> bool:
    """Whether there may be any code in a text."""
    return "`" in text or "~~~" in text or _may_be_indented(text)


def may_nest(text: str) -> bool:
    """Whether a text may have code in a list or a quote, which may end with it, or that is indented.

    Then no paragraph tells by itself what is code in it.
    """
    return _may_be_indented(text) or (may_fence(text) and bool(_INNER_FENCE.search(text)))


def _may_be_indented(text: str) -> bool:
    return ("    " in text or "\t" in text) and bool(_INDENTED.search(text))


class Codes:
    """What is code in the paragraphs of a text, each behind the one before; looked for no further than needed."""

    def __init__(self, text: str, *, is_nested: bool) -> None:
        self._text = text
        self._has_fences = may_fence(text)
        self._is_nested = is_nested
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
        return tuple((one.start, one.end) for one in spans(paragraph)) if "`" in paragraph else ()

    def _overlapping(self, start: int, end: int) -> tuple[Stretch, ...]:
        if self._all is None:
            self._all = [(one.start, one.end) for one in code(self._text)]
        first = max(bisect_right(self._all, (start, start)) - 1, 0)
        last = bisect_right(self._all, (end, 0))
        return tuple((max(begun - start, 0), after - start) for begun, after in self._all[first:last] if after > start)
