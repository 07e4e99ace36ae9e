"""A model's Markdown made fit for Slack: escaped, fences closed, split where it exceeds a message. Pure.

Laws:

- Nothing is lost: the pages' stretches of the source join back to the source, whatever it is.
- Every page fits, counted after escaping, in UTF-16 units and in items, with the fences that were added to it.
- No page leaves a fence open; what a cut closes, the next page opens again.
- What is shown is the source, but for what Slack would not show as it was meant (`mending`), and what is not safe.
- A cut stands between paragraphs where it can, else between lines, else between words; within a table row, a link or
  a character that is made of several code points only where nothing else is left.

Slack makes blocks of its own out of a page's headings, rules, tables, code and the text between them, and takes no more
than 50 blocks in a message. So these are counted too. An added fence that was not needed shows as an empty line of
code; a missing one turns the rest of the thread's message into code.
"""

import math
import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import NamedTuple

from bot.markup.characters import character_start, octets, units
from bot.markup.fences import Fence, fence_after, fence_behind, lines, may_fence
from bot.slack.markup.links import make_safe
from bot.slack.markup.mending import mend
from bot.slack.markup.tables import RULE, Tables, has_further, most_growth

PAGE_LIMIT = 12_000  # UTF-16 units; what all `markdown` blocks of one message may hold together, says Slack
ITEMS_LIMIT = 40
"""Items of a page: headings, rules, fences, tables, and each run of text between two of them. Slack makes a block of
each, of 50 with ours at the most; others saw it refuse some 45 headings or rules. How it counts is not documented.
"""
MOST_LINES = 3_000  # of a page, which has 12,000 characters: what is longer is no text, and each line costs time
LEAST_PAGE = 150  # UTF-16 units of a page that is cut for its items; 40 lines of four are no Markdown to be read
DENSE = 20  # a page has this share of the text before it at least, or is shown plain: there are not hundreds of them
LONGEST_LINK = 1_000  # characters; one that is longer may be cut
MOST_UNITS = 4  # UTF-16 units that are sent for one of the source: `<` becomes `&lt;`
LONGEST_CLOSING = 100  # UTF-16 units; a fence has 32 marks at the most, and stands behind 40 blanks
MOST_ENTITY = 5  # characters: `&amp;`

_LINK = re.compile(r"!?\[[^\[\]\n]*\]\([^()\n]*\)")
_LEAD = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*")
_HEADING = re.compile(r"#{1,6}(?:[ \t]|$)")
_RULE_MARKS = " \t>|:=*_-"  # what a line consists of that is a rule, of a heading or of a table too
_RULE = re.compile(r"(?:=+|-+|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|(?:-[ \t]*){3,})$")  # an underlined heading's, too


class Page(NamedTuple):  # one is made with each draft: a dataclass that is frozen takes three times as long
    """What one message shows of a text: `markdown`, ready to be sent, stands for the source up to `end`.

    `fence` is the one that is open at `end`; the next page begins with it. A page that `is_plain` has too many items to
    be shown as Markdown.
    """

    markdown: str
    end: int
    fence: Fence | None
    is_plain: bool = False


def fit(
    text: str,
    start: int = 0,
    fence: Fence | None = None,
    *,
    limit: int = PAGE_LIMIT,
    room: float = math.inf,
    items: float = ITEMS_LIMIT,
    is_mended: bool = True,
) -> Page:
    """Fit what one message can hold of `text` from `start` on, where `fence` is open.

    `limit` is in UTF-16 units, `room` in bytes: what Slack was seen to refuse more than. When all of it fits, `end` is
    the text's length; else the page ends at the best cut, not before half of the page unless there is none. Its cost
    grows with the page, not with the text. What a person typed, and is to have back, is not mended.
    """
    if room == math.inf:
        return _make_ready(_cut(text, start, fence, limit, items), limit, is_mended=is_mended)
    while True:
        # What no page of this length can be shorter than is known before it is made ready to be sent.
        page = _cut(text, start, fence, limit, items)
        size = octets(page.markdown)
        if size <= room or page.end - start <= 1:
            page = _make_ready(page, limit, is_mended=is_mended)
            size = octets(page.markdown)
        if size <= room or page.end - start <= 1:
            return page
        # No character has more units than bytes. What a cut adds, a fence, may take the page over once more.
        limit = min(limit - 1, int(limit * room / size), int(units(page.markdown) * room / size))


def _cut(text: str, start: int, fence: Fence | None, limit: int, items: float) -> Page:
    """A page as it stands in the source, between its fences."""
    if fence is None and _is_one_page(rest := text[start : start + limit + 1], limit, items):
        return _close_fence(rest, start + len(rest), fence_behind(rest, None))
    opening = fence.opening if fence else ""
    room = limit - _sent_units(opening)
    scan = _Scan(room, fence, items, least=max(LEAST_PAGE, start // DENSE))
    # No more than `limit` characters fit, since each costs at least one unit; a link may go on behind them.
    end = scan.cut(text, start, start + limit + LONGEST_LINK)
    is_plain = end is None
    if end is None:
        scan = _Scan(room, fence, math.inf)
        end = scan.cut(text, start, start + limit + LONGEST_LINK) or start
    return _close_fence(opening + text[start:end], end, scan.fence_at_cut, is_plain=is_plain)


def _close_fence(shown: str, end: int, fence: Fence | None, *, is_plain: bool = False) -> Page:
    if fence:
        shown += ("" if shown.endswith("\n") else "\n") + fence.closing
    return Page(shown, end, fence, is_plain)


def _is_one_page(text: str, limit: int, items: float) -> bool:
    """Whether a text fits for certain, counted loosely: one of few lines, or few marks. Most drafts are such."""
    bare = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    room = limit - LONGEST_CLOSING
    growth = most_growth(bare) if "|" in bare else 0
    if MOST_UNITS * len(text) + growth > room:
        room -= growth if has_further(bare) else 0
        if len(text) > room or _sent_units(text) > room:
            return False
    lines_end = bare.count("\n")
    if 2 * lines_end + 2 <= items:
        return True  # no line is more than two
    marks = text.count("#") + (text.count("```") + text.count("~~~") + 1) // 2
    marks += sum(not line.strip(_RULE_MARKS) for line in bare.split("\n") if line)
    return 2 * marks + 1 <= items and lines_end < MOST_LINES  # each of them is an item, and so is the text behind it


def _make_ready(page: Page, limit: int, *, is_mended: bool) -> Page:
    """The page as it is sent: mended, where it is to be and there is room for that, and safe."""
    shown = page.markdown
    if page.is_plain or not is_mended:
        return Page(make_safe(shown), page.end, page.fence, page.is_plain)
    markdown = make_safe(mend(shown, is_open=page.fence is None))
    if not _fits(markdown, limit):
        # Closing what is open may need more than was counted on.
        markdown = make_safe(mend(shown, is_open=False))
        markdown = markdown if _fits(markdown, limit) else make_safe(shown)
    return Page(markdown, page.end, page.fence)


def _fits(text: str, limit: int) -> bool:
    return 2 * len(text) <= limit or units(text) <= limit  # no character has more than two


def pages(
    text: str,
    *,
    limit: int = PAGE_LIMIT,
    room: float = math.inf,
    items: float = ITEMS_LIMIT,
    is_mended: bool = True,
) -> list[Page]:
    """All the pages of a text that will not change any more; one, empty, of an empty text."""
    more = partial(fit, text, limit=limit, room=room, items=items, is_mended=is_mended)
    found = [more()]
    while found[-1].end < len(text):
        found.append(more(found[-1].end, found[-1].fence))
    return found


def stretches(text: str, *, limit: int) -> Iterator[str]:
    """Cut a text that is not Markdown, or no more: after a line or a word, if that leaves half of what fits.

    What is cut is escaped already: no cut stands within an entity.
    """
    start = 0
    while start < len(text):
        room = text[start : start + limit]
        fitting = bisect_right(range(1, len(room) + 1), limit, key=lambda end: units(room[:end]))
        if start + fitting < len(text):
            entity = room.rfind("&", fitting - MOST_ENTITY, fitting)
            whole = max(room.rfind("\n", 0, fitting), room.rfind(" ", fitting // 2, fitting)) + 1
            within = character_start(room, entity if entity > 0 else fitting) or fitting
            fitting = whole if 2 * whole > fitting else within
        yield text[start : start + fitting]
        start += fitting


def has_too_many_items(text: str) -> bool:
    """Whether Slack may make more blocks of its own of a text than one message takes."""
    return _Scan(4 * len(text), None, ITEMS_LIMIT, least=math.inf).cut(text, 0, len(text)) is None


class _Scan:
    """One walk over the lines of a page: what fits, and the best place to cut it."""

    def __init__(self, limit: int, fence: Fence | None, most_items: float, *, least: float = 0) -> None:
        self._limit = limit
        self._fence = fence
        self._most_items = most_items
        self._least = least
        self._used = 0
        self._items = int(fence is not None)
        self._is_in_text = False  # whether a paragraph, a list or a table would go on with what was before
        # The best cuts so far, best kind first: after a blank line, after a line, within a table or a fence.
        self._cuts: list[tuple[int, bool, Fence | None] | None] = [None] * 3
        self._tables = Tables()
        self.fence_at_cut = fence

    def cut(self, text: str, start: int, end: int) -> int | None:
        """Where the page ends that begins at `start`, before `end`; None if it has too many items for so few units."""
        place, before, has_bar = start, "", False
        for line in islice(lines(text[start:end]), MOST_LINES):
            if before:
                self._note(place, before, line)
            fence = fence_after(line, self._fence) if may_fence(line) else self._fence
            had_bar, has_bar = has_bar, "|" in line and not (fence or self._fence)
            needed = self._used + _sent_units(line)
            if has_bar:
                needed += self._growth(before, line)
            elif had_bar:
                self._tables.skip()
            items, is_in_text = self._count(line, fence)
            if items > self._most_items:
                return self._best(place) if self._used >= self._least else None
            if needed > self._limit or (fence and needed + _closing_units(fence) > self._limit):
                return self._best(place, line, is_first=place == start)
            place += len(line)
            self._used = needed
            self._fence = fence
            self._items, self._is_in_text = items, is_in_text
            before = line
        self.fence_at_cut = self._fence
        return place

    def _growth(self, before: str, line: str) -> int:
        """How much longer a line of a table and the one before are where they are shown as a list's."""
        head, row = self._tables.show(line)
        pairs = [(before, head), (line, row)]
        return sum(max(0, _sent_units(now) - _sent_units(was)) for was, now in pairs if now is not None)

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

    def _note(self, place: int, line: str, following: str) -> None:
        """Remember the place after `line` as a cut of its kind."""
        if self._fence or ("|" in line and line.lstrip()[0] == "|" and following.lstrip().startswith("|")):
            kind = 2
        else:
            kind = 0 if line.isspace() else 1
        is_half_full = 2 * self._used >= self._limit - 1 or 2 * self._items >= self._most_items
        self._cuts[kind] = (place, is_half_full, self._fence)

    def _best(self, place: int, line: str = "", *, is_first: bool = False) -> int:
        """The cut for a page whose next `line` does not fit; without one, none of it may stand there."""
        for found in self._cuts:
            if found and found[1]:
                self.fence_at_cut = found[2]
                return found[0]
        self.fence_at_cut = self._fence
        within = 0
        room = self._limit - self._used
        # What is left of a line may open a fence of its own, or end one: so twice.
        for _ in range(2):
            within = _cut_within(line, room - _closing_units(self.fence_at_cut), must=is_first)
            self.fence_at_cut = fence_after(line[:within], self._fence) if within else self._fence
        return place + within


def _sent_units(text: str) -> int:
    """What `text` costs at the most once it is ready: `<` grows to four, and a joiner may come behind some marks."""
    return units(text) + 3 * text.count("<") + text.count("]") + text.count("**")


def _closing_units(fence: Fence | None) -> int:
    return 1 + _sent_units(fence.closing) if fence else 0


def _cut_within(line: str, room: int, *, must: bool) -> int:
    """How many characters of one long line fit into `room` units: whole words and links, if that leaves half of it."""
    fitting = bisect_right(range(1, min(len(line), max(room, 0)) + 1), room, key=lambda end: _sent_units(line[:end]))
    word = max(line.rfind(" ", 0, fitting), line.rfind("\t", 0, fitting)) + 1
    link = next((match for match in _LINK.finditer(line) if match.start() < word < match.end()), None)
    if link and link.start():
        return link.start()
    if word >= fitting // 2 and word:
        return word
    return character_start(line, fitting) or (max(fitting, 1) if must else 0)
