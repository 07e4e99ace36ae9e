"""Where a Markdown text is code: fences, indented blocks and code spans. Pure.

Fences are found line by line, as CommonMark does, but at any depth of indentation, since models nest them in lists
and the parser that Slack uses is unknown. That is good enough for how a text looks. Whom it rings and where it leads
rests only on code that is *certain*:

- A fence that begins at a line's first character, up to where CommonMark ends it. Such a line is in no list and no
  quote. One that is indented a little may be in a list, and end with it: then both are thought possible.
- A code span within a line, while no backticks before it in the paragraph, as long as that can be, were left over.

No text that is held to be certain code is anything else to a CommonMark parser; the tests hold the two against each
other. HTML would break that: whoever sends the text has to see that no `<` outside certain code begins any.

All of it is one walk over the text: the cost grows with its length and no faster.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import StringIO

_FENCE = re.compile(r"(?P<lead>[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*)(?P<mark>`{3,32}|~{3,32})(?P<info>[^\r\n]*)")
_INFO_LIMIT = 40  # characters; a language's name, and not a page of it
_INDENTED = re.compile(r"(?: {4}| {0,3}\t)[ \t]*[^ \t\r\n]")
_LIST_ITEM = re.compile(r"[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]")
_MAY_BE_CODE = re.compile(r"[`~]|^(?: {4}| {0,3}\t)", re.MULTILINE)
_BACKTICKS = re.compile("`+")
_MAY_END_SPAN = re.compile(r"[|\n\r]")
_OUTER = re.compile(r"(?P<indent> {0,3})(?P<mark>`{3,}|~{3,})(?P<rest>[^\r\n]*)")

MOST_POSSIBLE = 8  # fences that may be open at the same place; beyond, no more is found out


@dataclass(frozen=True, slots=True)
class Fence:
    """An open fence: what its lines begin with (indentation, quote marks), its marker, and its info string."""

    lead: str
    mark: str
    info: str

    @property
    def opening(self) -> str:
        """The line that opens it again, at the head of a page."""
        # Four spaces at the head of a page would make it indented code.
        lead = self.lead if ">" in self.lead else self.lead[:3]
        return f"{lead}{self.mark}{self.info}\n"

    @property
    def closing(self) -> str:
        """The line that closes it, without its end."""
        return f"{self.lead}{self.mark}"

    def is_closed_by(self, line: str) -> bool:
        """Whether `line` ends it."""
        rest = line.strip(" \t>\r\n")
        return len(rest) >= len(self.mark) and not rest.strip(self.mark[0])


def lines(text: str) -> Iterator[str]:
    """The lines of a text with their ends: CommonMark's idea of them, which is not that of `str.splitlines`."""
    return iter(StringIO(text, newline=""))


def may_fence(line: str) -> bool:
    """Whether a line may open or close a fence; most may not, which is quickly seen."""
    return "```" in line or "~~~" in line


def fence_after(line: str, fence: Fence | None) -> Fence | None:
    """The fence that is open after `line`, where `fence` was open before it."""
    if fence:
        return None if fence.is_closed_by(line) else fence
    match = _FENCE.match(line)
    if not match or (match["mark"][0] == "`" and "`" in match["info"]):
        return None
    lead = re.sub(r"[^ \t>]", " ", match["lead"])[-_INFO_LIMIT:] if match["lead"] else ""
    info = match["info"].rstrip()
    return Fence(lead, match["mark"], info if len(info) <= _INFO_LIMIT else "")


def fence_behind(text: str, fence: Fence | None) -> Fence | None:
    """The fence that is open behind a text of several lines, where `fence` was open before it."""
    if may_fence(text):
        for line in filter(may_fence, lines(text)):
            fence = fence_after(line, fence)
    return fence


@dataclass(frozen=True, slots=True)
class Code:
    """A stretch of a text that is code, from `start` to `end`: a span with its backticks, or a line of a block."""

    start: int
    end: int
    is_certain: bool
    is_block: bool = False


def rewrite(
    text: str, *, prose: Callable[[str], str], certain: Callable[[str], str], doubtful: Callable[[str], str]
) -> str:
    """Put each stretch of `text` in other words, by what it is: no code, certain code, or what only looks like it."""
    pieces, place = [], 0
    for stretch in code(text):
        if place < stretch.start:
            pieces.append(prose(text[place : stretch.start]))
        pieces.append((certain if stretch.is_certain else doubtful)(text[stretch.start : stretch.end]))
        place = stretch.end
    return "".join([*pieces, prose(text[place:])])


def code(text: str) -> Iterator[Code]:
    """The stretches of `text` that are code, in order."""
    if not _MAY_BE_CODE.search(text):
        return
    fence: Fence | None = None
    outer = _Outer()
    spans = _Spans(text)
    prose, has_spans = 0, False
    may_be_indented, in_list = True, False
    after = 0
    for line in lines(text):
        place, after = after, after + len(line)
        before, is_certain = fence, outer.is_open
        if may_fence(line):
            fence = fence_after(line, fence)
            outer.pass_over(line)
        first = line[0]
        is_blank = is_indented = False
        if first in " \t\r\n":
            is_blank = not line.strip(" \t\r\n")
            is_indented = may_be_indented and not in_list and bool(_INDENTED.match(line))
        if before or fence or is_certain or is_indented or is_blank:
            if has_spans:
                yield from spans.between(prose, place)
                has_spans = False
            prose = after
            spans.pass_over(line, is_end=is_blank or is_certain)
            if not is_blank or before:
                yield Code(place, after, is_certain and before is not None, is_block=True)
        else:
            has_spans = has_spans or "`" in line
            if not first.isalpha() and _LIST_ITEM.match(line):
                in_list = True
            elif may_be_indented and not first.isspace():
                in_list = False  # a paragraph of its own
        # An indented line after one of text goes on with it; after a blank line, or code, it is code.
        may_be_indented = is_blank or is_indented or before is not None or fence is not None
    yield from spans.between(prose, len(text))


class _Outer:
    """The fences that stand in no list and no quote: which one is open, as far as that is certain."""

    def __init__(self) -> None:
        self._possible: set[str] = {""}  # the marks of the fence that may be open; empty for none

        self.is_open = False  # whether there is a fence, whichever

    def pass_over(self, line: str) -> None:
        """Go on by a line."""
        match = _OUTER.match(line)
        if match and len(self._possible) <= MOST_POSSIBLE:
            self._possible = {after for mark in self._possible for after in self._after(mark, match)}
            self.is_open = "" not in self._possible

    def _after(self, mark: str, match: re.Match[str]) -> set[str]:
        found, rest = match["mark"], match["rest"].strip(" \t\r\n")
        if mark:
            return {"" if found.startswith(mark) and not rest else mark}
        if found[0] == "`" and "`" in rest:
            return {""}
        return {"", found} if match["indent"] else {found}


class _Spans:
    """The code spans of a text, paragraph by paragraph, and whether what came before leaves no doubt of them."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._is_doubtful = False

    def pass_over(self, line: str, *, is_end: bool) -> None:
        """Note a line that is looked at as code, or that ends a paragraph for certain."""
        if is_end:
            self._is_doubtful = False
        elif "`" in line:
            self._is_doubtful = True

    def between(self, start: int, end: int) -> Iterator[Code]:
        """The spans of one paragraph: each run of backticks is closed by the next that is as long."""
        text = self._text
        if text.find("`", start, end) < 0:
            return
        runs = [match.span() for match in _BACKTICKS.finditer(text, start, end)]
        closing: list[int | None] = [None] * len(runs)
        shorter: list[int | None] = [None] * len(runs)  # for a run whose first backtick is escaped
        newest: dict[int, int] = {}
        for place in range(len(runs) - 1, -1, -1):
            length = runs[place][1] - runs[place][0]
            closing[place], shorter[place] = newest.get(length), newest.get(length - 1)
            newest[length] = place
        place = 0
        while place < len(runs):
            begin, after = runs[place]
            is_escaped = _is_escaped(text, begin, start)
            last = shorter[place] if is_escaped else closing[place]
            if last is not None:
                ends = runs[last][1]
                # A bar may end the cell of a table, and a span with it.
                self._is_doubtful = self._is_doubtful or _MAY_END_SPAN.search(text, begin, ends) is not None
                yield Code(begin + is_escaped, ends, not self._is_doubtful)
                place = last
            elif not is_escaped or after - begin > 1:
                self._is_doubtful = True  # it may be closed further on
            place += 1


def _is_escaped(text: str, place: int, start: int) -> bool:
    """Whether an odd number of backslashes stands before `place`."""
    before = place
    while before > start and text[before - 1] == "\\":
        before -= 1
    return (place - before) % 2 == 1
