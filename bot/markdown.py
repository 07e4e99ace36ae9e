"""A model's Markdown made fit for Slack: escaped, fences closed, split where it exceeds a message. Pure.

Laws:

- Nothing is lost: the pages' stretches of the source join back to the source, whatever it is.
- Every page fits, counted after escaping, in UTF-16 units and in items, with the fences that were added to it.
- No page leaves a fence open; what a cut closes, the next page opens again.
- A cut stands between paragraphs where it can, else between lines, else between words; within a table row, a link or
  a character that is made of several code points only where nothing else is left.

Slack makes blocks of its own out of a page's headings, rules, tables, code and the text between them, and takes no more
than 50 blocks in a message. So these are counted too. An added fence that was not needed shows as an empty line of
code; a missing one turns the rest of the thread's message into code.
"""

import math
import re
import unicodedata
from dataclasses import dataclass
from itertools import accumulate, pairwise, takewhile

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.fences import LINE_END, Fence, fence_after
from bot.links import unmask
from bot.mrkdwn import escape_markdown

PAGE_LIMIT = 12_000  # UTF-16 units; what all `markdown` blocks of one message may hold together, says Slack
ITEMS_LIMIT = 40
"""Items of a page: headings, rules, fences, tables, images, and each run of text between two of them. Slack makes a
block of each, of 50 with ours at the most; others saw it refuse some 45 headings or rules. How it counts is not told.
"""
OPENING = 1_500  # characters that the first sentence is looked for in; parsing what follows is of no use
TAKEAWAY_LIMIT = 150  # characters; two lines of an index in a narrow channel

_LINK = re.compile(r"!?\[[^\[\]\n]*\]\([^()\n]*\)")
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s+(?![a-z])|$)|[。！？]+[」』”）]*")
_LEAD = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*")
_HEADING = re.compile(r"#{1,6}(?:[ \t]|$)")
_RULE = re.compile(r"(?:=+|-+|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|(?:-[ \t]*){3,})$")  # an underlined heading's, too
_TABLE_RULE = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t:-]*)*$")


@dataclass(frozen=True, slots=True)
class Page:
    """What one message shows of a text: `markdown`, ready to be sent, stands for the source up to `end`.

    `fence` is the one that is open at `end`; the next page begins with it.
    """

    markdown: str
    end: int
    fence: Fence | None


def units(text: str) -> int:
    """The length of `text` in UTF-16 units, the longest count that Slack may use of characters."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def octets(text: str) -> int:
    """The length of `text` in bytes of UTF-8, the longest count of all."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def fit(
    text: str, start: int = 0, fence: Fence | None = None, *, limit: int = PAGE_LIMIT, room: float = math.inf
) -> Page:
    """Fit what one message can hold of `text` from `start` on, where `fence` is open.

    `limit` is in UTF-16 units, `room` in bytes: what Slack was seen to refuse more than. When all of it fits, `end` is
    the text's length; else the page ends at the best cut, not before half of the page unless there is none. Its cost
    grows with the page, not with the text.
    """
    page = _fit(text, start, fence, limit)
    while (size := octets(page.markdown)) > room and page.end - start > 1:
        # No character has more units than bytes. What a cut adds, a fence, may take the page over once more.
        limit = min(limit - 1, int(limit * room / size), int(units(page.markdown) * room / size))
        page = _fit(text, start, fence, limit)
    return page


def _fit(text: str, start: int, fence: Fence | None, limit: int) -> Page:
    opening = fence.opening if fence else ""
    scan = _Scan(limit - _sent_units(opening), fence)
    # No more than `limit` characters fit, since each costs at least one unit; a link may go on behind them.
    stretch = text[start : start + 2 * limit]
    end = start + scan.cut(stretch)
    shown = opening + text[start:end]
    left_open = scan.fence_at_cut
    if left_open:
        shown += ("" if shown.endswith("\n") else "\n") + left_open.closing
    return Page(escape_markdown(unmask(shown)), end, left_open)


def pages(text: str, *, limit: int = PAGE_LIMIT, room: float = math.inf) -> list[Page]:
    """All the pages of a text that will not change any more; one, empty, of an empty text."""
    found = [fit(text, limit=limit, room=room)]
    while found[-1].end < len(text):
        found.append(fit(text, found[-1].end, found[-1].fence, limit=limit, room=room))
    return found


def count_items(text: str) -> int:
    """How many blocks of its own Slack may make of a text."""
    scan = _Scan(len(text), None)
    for line in LINE_END.split(text):
        scan.take(line)
    return scan.items


def takeaway(text: str, *, limit: int = TAKEAWAY_LIMIT) -> str:
    """The first sentence of a Markdown text, stripped of Markdown, cut at a word; empty if there is no text."""
    first = _first_paragraph(text[:OPENING])
    end = next(
        (match.end() for match in _SENTENCE_END.finditer(first) if not _is_abbreviated(first, match)), len(first)
    )
    sentence = first[:end]
    if len(sentence) <= limit:
        return sentence
    head = sentence[:limit]  # one more than may stay, so that a word that ends just there is kept
    words = head.rpartition(" ")[0].rstrip(" ,;:–-")
    return (words or head[: _character_start(head, limit - 1)]) + "…"


class _Scan:
    """One walk over the lines of a page: what fits, and the best place to cut it."""

    def __init__(self, limit: int, fence: Fence | None) -> None:
        self._limit = limit
        self._fence = fence
        self._used = 0
        self.items = int(fence is not None)
        self._is_in_text = False  # whether a paragraph, a list or a table would go on with what was before
        # The best cuts so far, best kind first: after a blank line, after a line, within a table or a fence.
        self._cuts: list[tuple[int, bool, Fence | None]] = [(0, False, fence)] * 3
        self.fence_at_cut = fence

    def cut(self, stretch: str) -> int:
        """How many characters of `stretch` make the page."""
        place = 0
        lines = LINE_END.split(stretch)
        for line, following in zip(lines, [*lines[1:], ""], strict=True):
            fence = fence_after(line, self._fence)
            needed = self._used + _sent_units(line)
            items, is_in_text = self._count(line, fence)
            if items > ITEMS_LIMIT:
                return self._best(place, line, 0 if place else _nth(line, "![", ITEMS_LIMIT // 2 - 1))
            if needed + _closing_units(fence) > self._limit:
                return self._best(place, line, len(line))
            place += len(line)
            self._used = needed
            self._fence = fence
            self.items, self._is_in_text = items, is_in_text
            self._note(place, line, following)
        self.fence_at_cut = self._fence
        return place

    def take(self, line: str) -> None:
        """Count what is on a line that is not cut from what was before."""
        fence = fence_after(line, self._fence)
        self.items, self._is_in_text = self._count(line, fence)
        self._fence = fence

    def _count(self, line: str, fence: Fence | None) -> tuple[int, bool]:
        """How many items there are with `line`, and whether a line of text after it would go on with the same one."""
        if self._fence or fence:
            return self.items + (self._fence is None), False
        content = line.strip(" \t>\r\n")
        bare = content[match.end() :] if (match := _LEAD.match(content)) else content
        if not content:
            return self.items, self._is_in_text
        if _HEADING.match(bare) or _RULE.match(content):
            return self.items + 1, False
        # Each of these may stand between two parts of the text.
        parts = line.count("![") + (("|" in content) and bool(_TABLE_RULE.match(content)))
        return self.items + 2 * parts + (not self._is_in_text), True

    def _note(self, place: int, line: str, following: str) -> None:
        """Remember the place after `line` as a cut of its kind."""
        is_in_table = line.lstrip().startswith("|") and following.lstrip().startswith("|")
        kind = 2 if self._fence or is_in_table else 1 if line.strip() else 0
        is_half_full = self._used >= self._limit // 2 or self.items >= ITEMS_LIMIT // 2
        self._cuts[kind] = (place, is_half_full, self._fence)

    def _best(self, place: int, line: str, most: int) -> int:
        """The cut for a page whose next `line` does not fit: no more than its first `most` characters, if any."""
        for cut, is_half_full, fence in self._cuts:
            if is_half_full:
                self.fence_at_cut = fence
                return cut
        self.fence_at_cut = self._fence
        if not most:
            return place
        room = self._limit - self._used
        # What is left of a line may open a fence of its own, or end one: so twice.
        for _ in range(2):
            within = _cut_within(line[:most], room - _closing_units(self.fence_at_cut), must=place == 0)
            self.fence_at_cut = fence_after(line[:within], self._fence) if within else self._fence
        return place + within


def _nth(line: str, mark: str, number: int) -> int:
    """Where in `line` the `number`th `mark` begins, but for the first character of all; its length if there is none."""
    place = 0
    for _ in range(number):
        place = line.find(mark, place + 1)
        if place < 0:
            return len(line)
    return place


def _sent_units(text: str) -> int:
    """What `text` costs at the most once it is ready: `<` grows to four, and a joiner may come behind a bracket."""
    return units(text) + 3 * text.count("<") + (text.count("]") if "]" in text else 0)


def _closing_units(fence: Fence | None) -> int:
    return 1 + _sent_units(fence.closing) if fence else 0


def _cut_within(line: str, room: int, *, must: bool) -> int:
    """How many characters of one long line fit into `room` units: whole words and links, if that leaves half of it."""
    costs = accumulate(4 if character == "<" else 1 + (character == "]" or character > "\uffff") for character in line)
    fitting = sum(1 for _ in takewhile(lambda used: used <= room, costs))
    word = max(line.rfind(" ", 0, fitting), line.rfind("\t", 0, fitting)) + 1
    link = next((match for match in _LINK.finditer(line) if match.start() < word < match.end()), None)
    if link and link.start():
        return link.start()
    if word >= fitting // 2 and word:
        return word
    return _character_start(line, fitting) or (max(fitting, 1) if must else 0)


def _character_start(text: str, place: int) -> int:
    """The nearest place at or before `place` that does not stand within a character of several code points."""
    while 0 < place < len(text) and _is_joined(text[place - 1], text[place]):
        place -= 1
    return place


def _is_joined(before: str, after: str) -> bool:
    return (
        unicodedata.category(after) in {"Mn", "Mc", "Me"}
        or "\u200d" in (before, after)  # zero width joiner, in emoji of several people
        or "\U0001f3fb" <= after <= "\U0001f3ff"  # skin tones
        or ("\U0001f1e6" <= before <= "\U0001f1ff" and "\U0001f1e6" <= after <= "\U0001f1ff")  # flags
        or ("\ud800" <= before <= "\udbff" and "\udc00" <= after <= "\udfff")
        or (before == "\r" and after == "\n")
    )


def _first_paragraph(text: str) -> str:
    """The plain text of the first paragraph, or of the first heading where there is no paragraph."""
    tokens = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).parse(text)
    inlines = [
        (before.type == "heading_open", _plain(token)) for before, token in pairwise(tokens) if token.type == "inline"
    ]
    return next((plain for _, plain in sorted(inlines, key=lambda found: found[0]) if plain), "")


def _plain(inline: Token) -> str:
    parts = (" " if part.type in {"softbreak", "hardbreak"} else part.content for part in inline.children or ())
    return " ".join("".join(parts).split())


def _is_abbreviated(text: str, end: re.Match[str]) -> bool:
    """Whether the dot belongs to `e.g.`, to an initial, or to a number that counts a list."""
    word = text[: end.start()].rpartition(" ")[2]
    return end.group().startswith(".") and (word.isdigit() or len(word.rpartition(".")[2].strip("(\"'")) <= 1)
