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
from bisect import bisect_right
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

from bot.markup.characters import character_start, octets, units
from bot.markup.fences import Fence, may_fence
from bot.slack.markup.emphasis import BOLD, SEEN
from bot.slack.markup.growing import Growing
from bot.slack.markup.links import make_safe
from bot.slack.markup.mending import mend
from bot.slack.markup.scan import WALKS, Scan, sent_units
from bot.slack.markup.tables import LISTED

PAGE_LIMIT = 12_000  # UTF-16 units; what all `markdown` blocks of one message may hold together, says Slack
ITEMS_LIMIT = 40
"""Items of a page: headings, rules, fences, tables, and each run of text between two of them. Slack makes a block of
each, of 50 with ours at the most; others saw it refuse some 45 headings or rules. How it counts is not documented.
"""
LEAST_PAGE = 150  # UTF-16 units of a page that is cut for its items; 40 lines of four are no Markdown to be read
DENSE = 20  # a page has this share of the text before it at least, or is shown plain: there are not hundreds of them
MOST_UNITS = 4  # UTF-16 units that are sent for one of the source: `<` becomes `&lt;`
LONGEST_LINK = 1_000  # characters; one that is longer may be cut
MOST_ENTITY = 5  # characters: `&amp;`

KEPT: tuple[Growing[Any], ...] = (WALKS, LISTED, SEEN, BOLD)
"""What is known of texts that grow, so that what stands is not looked at again."""


class Page(NamedTuple):
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
        return Page(rest, start + len(rest), None)
    opening = fence.opening if fence else ""
    # No more than `limit` characters fit, since each costs at least one unit; a link may go on behind them.
    rest = text[start : start + limit + LONGEST_LINK]
    room = limit - sent_units(opening)
    scan = _walk(rest, room, fence, items, max(LEAST_PAGE, start // DENSE))
    if is_plain := scan.is_dense:
        scan = _walk(rest, room, fence, math.inf, 0)
    shown = opening + rest[: scan.end]
    if scan.fence_at_end:
        shown += ("" if shown.endswith("\n") else "\n") + scan.fence_at_end.closing
    return Page(shown, start + scan.end, scan.fence_at_end, is_plain)


def _walk(text: str, room: int, fence: Fence | None, items: float, least: int) -> Scan:
    scan, rest = WALKS.look_at(text, room, fence, items, least)
    return scan.walk(rest)


def _is_one_page(text: str, limit: int, items: float) -> bool:
    """Whether a text without tables and code fits for certain: most drafts are such. No line of it is two items."""
    if len(text) > limit or text.count("\n") + text.count("\r") >= items or "|" in text or may_fence(text):
        return False
    return MOST_UNITS * len(text) <= limit or sent_units(text) <= limit


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


def forget() -> None:
    """Keep nothing of texts that were laid out: whose they were has left, or rests."""
    for growing in KEPT:
        growing.forget()


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
    return Scan(4 * len(text), None, ITEMS_LIMIT, math.inf).walk(text).is_dense
