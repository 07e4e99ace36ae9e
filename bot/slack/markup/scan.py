"""A walk over the lines of a page, to find what fits in it and where it is cut best. Pure."""

import re
from bisect import bisect_right
from itertools import islice

from bot.markup.characters import character_start, units
from bot.markup.fences import Fence, fence_after, lines, may_fence
from bot.slack.markup.growing import Growing, whole_lines
from bot.slack.markup.tables import RULE, Tables

LONGEST_CLOSING = 100  # UTF-16 units; a fence has 32 marks at the most, and stands behind 40 blanks
MOST_LINES = 3_000  # of a page, which has 12,000 characters: what is longer is no text, and each line costs time

_LINK = re.compile(r"!?\[[^\[\]\n]*\]\([^()\n]*\)")
_LEAD = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*")
_HEADING = re.compile(r"#{1,6}(?:[ \t]|$)")
_RULE = re.compile(r"(?:=+|-+|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|(?:-[ \t]*){3,})$")  # an underlined heading's, too


class Scan:
    """One walk over the lines of a page: what fits, and the best place to cut it.

    `most_units` are those that the page has room for, `most_items` the most that it may have. If it has too many of
    them for so few units, fewer than `least`, it `is_dense`, and cannot be cut.
    """

    def __init__(self, most_units: int, fence: Fence | None, most_items: float, least: float = 0) -> None:
        self._limit = most_units
        self._fence = fence
        self._most_items = most_items
        self._least = least
        self._lines = 0
        self._used = 0
        self._items = int(fence is not None)
        self._is_in_text = False  # whether a paragraph, a list or a table would go on with what was before
        self._before = ""  # the line before, and whether it may be a table's
        self._had_bar = False
        # The best cuts so far, best kind first: after a blank line, after a line, within a table or a fence.
        self._cuts: list[tuple[int, bool, Fence | None] | None] = [None] * 3
        self._tables = Tables()
        self._is_over = False
        self.end = 0  # where the page ends, as far as it was walked over
        self.fence_at_end = fence
        self.is_dense = False

    def walk(self, text: str) -> "Scan":
        """The walk with some more of the page, whose last line may grow yet; this one stays as it is."""
        if self._is_over or not text:
            return self
        further = object.__new__(Scan)
        vars(further).update(vars(self), _cuts=[*self._cuts], _tables=self._tables.copy())
        further._go_over(text)
        return further

    def _go_over(self, text: str) -> None:
        before, had_bar = self._before, self._had_bar
        for line in islice(lines(text), MOST_LINES - self._lines):
            if before:
                self._note(before, line)
            fence = fence_after(line, self._fence) if may_fence(line) else self._fence
            needed = self._used + sent_units(line)
            if "|" in line and not (fence or self._fence):
                needed += self._growth(before, line)
                had_bar = True
            elif had_bar:
                self._tables.skip()
                had_bar = False
            items, is_in_text = self._count(line, fence)
            if items > self._most_items:
                self._is_over, self.is_dense = True, self._used < self._least
                self._cut("", must=False)
                return
            if needed + LONGEST_CLOSING > self._limit and needed + _closing_units(fence) > self._limit:
                self._is_over = True
                self._cut(line, must=self._lines == 0)
                return
            self.end += len(line)
            self._lines += 1
            self._used = needed
            self._fence = fence
            self._items, self._is_in_text = items, is_in_text
            before = line
        self._before, self._had_bar = before, had_bar
        self.fence_at_end = self._fence

    def _growth(self, before: str, line: str) -> int:
        """How much longer a line of a table and the one before are where they are shown as a list's."""
        head, row = self._tables.show(line)
        if row is None:
            return 0
        pairs = [(before, head), (line, row)]
        return sum(max(0, sent_units(now) - sent_units(was)) for was, now in pairs if now is not None)

    def _count(self, line: str, fence: Fence | None) -> tuple[int, bool]:
        """How many items there are with `line`, and whether a line of text after it would go on with the same one."""
        if self._fence or fence:
            return self._items + (self._fence is None), False
        content = line.strip(" \t>\r\n")
        if not content:
            return self._items, self._is_in_text
        first = content[0]
        if not first.isalpha():
            bare = content
            if (first in "-*+" or first.isdigit()) and (match := _LEAD.match(content)):
                bare = content[match.end() :]
            if (bare[:1] == "#" and _HEADING.match(bare)) or (first in "=-*_" and _RULE.match(content)):
                return self._items + 1, False
            if "|" in content and RULE.match(content):
                return self._items + 2, True  # it stands between two parts of the text
        return self._items + (not self._is_in_text), True

    def _note(self, line: str, following: str) -> None:
        """Remember the place after `line` as a cut of its kind."""
        if self._fence or ("|" in line and line.lstrip()[0] == "|" and following.lstrip().startswith("|")):
            kind = 2
        else:
            kind = 0 if line.isspace() else 1
        is_half_full = 2 * self._used >= self._limit - 1 or 2 * self._items >= self._most_items
        self._cuts[kind] = (self.end, is_half_full, self._fence)

    def _cut(self, line: str, *, must: bool) -> None:
        """End the page whose next `line` does not fit; without one, none of it may stand there."""
        for found in self._cuts:
            if found and found[1]:
                self.end, _, self.fence_at_end = found
                return
        self.fence_at_end = self._fence
        within = 0
        room = self._limit - self._used
        # What is left of a line may open a fence of its own, or end one: so twice.
        for _ in range(2):
            within = _cut_within(line, room - _closing_units(self.fence_at_end), must=must)
            self.fence_at_end = fence_after(line[:within], self._fence) if within else self._fence
        self.end += within


WALKS: Growing[Scan] = Growing(Scan, whole_lines, lambda scan, text, *_: scan.walk(text))


def sent_units(text: str) -> int:
    """What `text` costs at the most once it is ready: `<` grows to four, and a joiner may come behind some marks."""
    return units(text) + 3 * text.count("<") + text.count("]") + text.count("**")


def _closing_units(fence: Fence | None) -> int:
    return 1 + sent_units(fence.closing) if fence else 0


def _cut_within(line: str, room: int, *, must: bool) -> int:
    """How many characters of one long line fit into `room` units: whole words and links, if that leaves half of it."""
    fitting = bisect_right(range(1, min(len(line), max(room, 0)) + 1), room, key=lambda end: sent_units(line[:end]))
    word = max(line.rfind(" ", 0, fitting), line.rfind("\t", 0, fitting)) + 1
    link = next((match for match in _LINK.finditer(line) if match.start() < word < match.end()), None)
    if link and link.start():
        return link.start()
    if word >= fitting // 2 and word:
        return word
    return character_start(line, fitting) or (max(fitting, 1) if must else 0)
