"""Where a Markdown text is code: fences, indented blocks and code spans. Pure.

Fences are found line by line, as CommonMark does, but at any depth of indentation, since models nest them in lists
and the parser that Slack uses is unknown. Whatever rests on this must be safe too where Slack sees it otherwise: what
is code decides how a text looks, never whom it rings or where it leads.

All of it is one walk over the text: the cost grows with its length and no faster.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

LINE_END = re.compile(r"(?<=\n)|(?<=\r)(?!\n)")
"""Where a line ends: CommonMark's idea of it, which is not that of `str.splitlines`."""

_FENCE = re.compile(r"(?P<lead>[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*)(?P<mark>`{3,32}|~{3,32})(?P<info>[^\r\n]*)")
_INFO_LIMIT = 40  # characters; a language's name, and not a page of it
_INDENTED = re.compile(r"(?: {4}| {0,3}\t)[ \t]*[^ \t\r\n]")
_LIST_ITEM = re.compile(r"[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]")
_BACKTICKS = re.compile("`+")


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


def fence_after(line: str, fence: Fence | None) -> Fence | None:
    """The fence that is open after `line`, where `fence` was open before it."""
    if fence:
        return None if fence.is_closed_by(line) else fence
    match = _FENCE.match(line)
    if not match or (match["mark"][0] == "`" and "`" in match["info"]):
        return None
    lead = re.sub(r"[^ \t>]", " ", match["lead"])[-_INFO_LIMIT:]
    info = match["info"].rstrip()
    return Fence(lead, match["mark"], info if len(info) <= _INFO_LIMIT else "")


def code(text: str) -> Iterator[tuple[int, int]]:
    """The stretches of `text` that are code, as (start, end), in order; with the lines that open and close them."""
    fence: Fence | None = None
    place = prose = 0
    may_be_indented, in_list = True, False
    for line in LINE_END.split(text):
        after = place + len(line)
        before, fence = fence, fence_after(line, fence)
        is_blank = not line.strip()
        is_indented = may_be_indented and not in_list and bool(_INDENTED.match(line))
        if before or fence or is_indented or is_blank:
            yield from _spans(text, prose, place)
            prose = after
            if not is_blank or before:
                yield place, after
        elif _LIST_ITEM.match(line):
            in_list = True
        elif not line[0].isspace() and may_be_indented:
            in_list = False  # a paragraph of its own
        # An indented line after one of text goes on with it; after a blank line, or code, it is code.
        may_be_indented = is_blank or is_indented or bool(before or fence)
        place = after
    yield from _spans(text, prose, len(text))


def _spans(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The code spans of one paragraph: each run of backticks closes the first before it that is as long."""
    if text.find("`", start, end) < 0:
        return
    runs = [match.span() for match in _BACKTICKS.finditer(text, start, end)]
    closing: list[int | None] = [None] * len(runs)
    newest: dict[int, int] = {}
    shorter: list[int | None] = [None] * len(runs)  # for a run whose first backtick is escaped
    for place in range(len(runs) - 1, -1, -1):
        length = runs[place][1] - runs[place][0]
        closing[place], shorter[place] = newest.get(length), newest.get(length - 1)
        newest[length] = place
    place = 0
    while place < len(runs):
        begin = runs[place][0]
        is_escaped = _is_escaped(text, begin, start)
        last = shorter[place] if is_escaped else closing[place]
        if last is not None:
            yield begin + is_escaped, runs[last][1]
            place = last
        place += 1


def _is_escaped(text: str, place: int, start: int) -> bool:
    """Whether an odd number of backslashes stands before `place`."""
    before = place
    while before > start and text[before - 1] == "\\":
        before -= 1
    return (place - before) % 2 == 1
