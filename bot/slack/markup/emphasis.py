"""Bold text made such that every parser sees it, in all languages, and while it is still being written. Pure.

CommonMark lets asterisks open bold text only if they stand before a letter, or behind a blank or punctuation; and close
it the other way round. Languages without blanks between words do not keep to that: in `必要なのは**「速さ」**です` both
pairs are left as they are. A person sees what is meant; so pairs are found as a person does, by blanks alone, and
where the standard would not see an end of one:

- Brackets, quotation marks and pauses go out of the bold text: `「**速さ**」`, `**確認**：`. The words are the same,
  and every parser reads it so.
- Before what cannot go out, as the backtick of code, an invisible word joiner stands within the bold text. It is
  neither blank nor punctuation to the standard. (A zero width space would do as well there, but Slack was seen to take
  one for a blank, which is the wrong thing at this place.)

What is left open at the end of its paragraph, or of the code span in the last line, is closed: the text may be growing,
and would show its marks until it has grown. Marks with nothing behind them are not shown. What stands in code stays as
it is, and what the standard reads as it was meant, too. One walk over the text; its cost grows with its length only.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache

from bot.markup.fences import Fence, code, fence_behind, may_fence
from bot.slack.markup.asterisks import LONGEST, Run, Sign, classify, pair, surely_flanks
from bot.slack.markup.mrkdwn import JOINER

_SURE = re.compile(r"\*\*(?<![^\s(（「]\*\*)(?![\s*])[^*\n|]*(?<![\s*\\])\*\*(?![^\s.,;:!?)）」。、，])")
"""Bold text within a line that all parsers see; of any other, more has to be known."""

_PLAIN = re.compile(r"\*\*(?![\s*])([^*\n]*[^\s*\\])\*\*(?!\*)")
"""Bold text within a line, as a person sees it, where nothing stands that could be code."""

_SIGN = re.compile(r"\*{2,}|\|")
_BLOCK = re.compile(r"[ \t>]*(?:[-+#|]|\*[ \t]|\d{1,9}[.)][ \t]|`{3}|~{3}|\r?$)")
_INDENTED = re.compile(r"^(?: {4}| {0,3}\t)", re.MULTILINE)
_INNER_FENCE = re.compile(r"^(?:[ \t>]|[-+*][ \t]|\d{1,9}[.)][ \t])[^\n]*(?:`{3}|~{3})", re.MULTILINE)
"""A fence in a quote or a list item: it ends with that, wherever its own end is."""

_SINGLE = re.compile(r"(?<![*\\\s])\*(?!\*)|(?<![*\\])\*(?![*\s])")
_SHORTCODE = re.compile(r":[\w+-]{1,40}:$")
_OPENING = frozenset("「『（《〈【〔［“‘«„\"'¿¡")
_PAIRS = dict(zip('「『（《〈【〔［“‘«"', '」』）》〉】〕］”’»"', strict=True))
_PAUSES = frozenset("：，、。．！？；…")
_CLOSING = _PAUSES | frozenset("」』）》〉】〕］”’»\"'：，、。．！？；…・:,.;!?")

MOST_KEPT = 512  # lines, and paragraphs, that are not looked at again; some runs' answers, which grow at the same time
MOST_MARKS = 700  # of asterisks in a page; a text with more of them is no text, and each costs time

Edit = tuple[int, int, str]  # from where to where in the text, and what stands there instead
Stretch = tuple[int, int]


def embolden(text: str, *, is_open: bool = True) -> str:
    """A Markdown text in which what a person sees as bold is bold; what `is_open` at its end is closed, too."""
    count = text.count("**")
    if not 0 < count <= MOST_MARKS or (count % 2 == 0 and 2 * len(_SURE.findall(text)) == count):
        return text
    codes = _Codes(text) if "`" in text or "~~~" in text or _may_be_indented(text) else None
    pieces: list[str] = []
    done, bare = 0, len(text.rstrip())
    for start, end in _paragraphs(text):
        within = codes.within(start, end) if codes else ()
        pieces += text[done:start], _mend_paragraph(text[start:end], within, is_open, end >= bare)
        done = end
    pieces.append(text[done:])
    return "".join(pieces)


def forget() -> None:
    """Keep nothing of texts that were mended: whose they were has left, or rests."""
    _look_at.cache_clear()
    _mend_paragraph.cache_clear()


def _may_be_indented(text: str) -> bool:
    return ("    " in text or "\t" in text) and bool(_INDENTED.search(text))


class _Codes:
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


def _paragraphs(text: str) -> Iterator[Stretch]:
    """The paragraphs in which something may be to mend."""
    start = place = 0
    is_sure, was_heading = True, False
    for line in [*text.split("\n"), ""]:
        begins, is_heading, is_line_sure = _look_at(line)
        if begins or was_heading:
            if not is_sure:
                yield start, place - 1
            start, is_sure, was_heading = place, True, is_heading
        is_sure = is_sure and is_line_sure
        place += len(line) + 1


@lru_cache(maxsize=MOST_KEPT)
def _look_at(line: str) -> tuple[bool, bool, bool]:
    """Whether a line begins a block, whether it is a heading, and whether its bold text is seen by all parsers."""
    begins = bool(_BLOCK.match(line))
    is_sure = "**" not in line or 2 * len(_SURE.findall(line)) == line.count("**")
    return begins, begins and line.lstrip(" >").startswith("#"), is_sure


@lru_cache(maxsize=MOST_KEPT)
def _mend_paragraph(text: str, codes: tuple[Stretch, ...], is_open: bool, is_last: bool) -> str:  # noqa: FBT001 - quicker to be found again
    """A paragraph as it is shown. A text that grows comes here again and again, with all but its last one unchanged."""
    is_simple = not codes and "|" not in text and "\\*" not in text
    if is_simple and (mended := _mend_simple(text, is_open=is_open, is_last=is_last)) is not None:
        return mended
    cells = [(len(text), _runs(text))] if is_simple else _cells(text, codes)
    edits = [edit for end, runs in cells for edit in _mend_cell(text, end, runs, is_open=is_open, is_last=is_last)]
    return _apply(edits, text, 0, len(text))


def _mend_simple(text: str, *, is_open: bool, is_last: bool) -> str | None:
    """A paragraph that has nothing but bold text within its lines, the last of which may be open; None of others."""
    count = text.count("**")
    whole = text
    if count % 2:
        place = text.rfind("**")
        whole, rest = text[:place], text[place + 2 :]
        if "*" in rest or whole[-1:] == "*":
            return None
        count -= 1
    if count and 2 * len(_PLAIN.findall(whole)) != count:
        return None
    mended = _PLAIN.sub(_mend_plain, whole) if count else whole
    if whole is text:
        return mended
    edits = _close(text, _run(text, (place, place + 2), 0, len(text)), len(text), is_last=is_last) if is_open else []
    return mended + _apply(edits, text, place, len(text))


def _apply(edits: list[Edit], text: str, start: int, end: int) -> str:
    """A stretch of a text, with what stands in it instead."""
    pieces: list[str] = []
    for place, after, instead in sorted(edits):
        pieces += text[start:place], instead
        start = after
    pieces.append(text[start:end])
    return "".join(pieces)


def _cells(text: str, codes: Sequence[Stretch]) -> Iterator[tuple[int, list[Run]]]:
    """The cells of a table's row, or the whole paragraph where it is none: where each ends, and its asterisks."""
    number = start = 0
    is_row = text.lstrip(" \t>").startswith("|")
    found: list[Stretch] = []
    for match in _SIGN.finditer(text):
        place = match.start()
        while number < len(codes) and codes[number][1] <= place:
            number += 1
        if (number < len(codes) and codes[number][0] <= place) or text[place - 1 : place] == "\\":
            continue
        if text[place] == "*":
            found.append(match.span())
        elif is_row:
            yield place, [_run(text, one, start, place) for one in found]
            start, found = place + 1, []
    yield len(text), [_run(text, one, start, len(text)) for one in found]


def _runs(text: str) -> list[Run]:
    return [_run(text, match.span(), 0, len(text)) for match in _SIGN.finditer(text)]


def _run(text: str, place: Stretch, start: int, end: int) -> Run:
    return Run(*place, text[place[0] - 1] if place[0] > start else "\n", text[place[1]] if place[1] < end else "\n")


def _mend_plain(match: re.Match[str]) -> str:
    """Bold text in a paragraph that has nothing but bold text, as it is most times; quick, for there is much of it."""
    text, (start, end) = match.string, match.span()
    before, after = text[start - 1] if start else "\n", text[end] if end < len(text) else "\n"
    said = match[1]
    first, last = said[0], said[-1]
    is_begun = surely_flanks(before, first)
    if is_begun and surely_flanks(after, last):
        return match[0]
    if len(said) > 2 and surely_flanks(last, said[-2]):  # noqa: PLR2004 - a sign, and what stands around it
        is_pair = _PAIRS.get(first) == last
        if is_pair and said[1] not in _PAIRS and surely_flanks(first, said[1]):
            return f"{first}**{said[1:-1]}**{last}"
        if is_begun and not is_pair and last in _PAUSES:
            return f"**{said[:-1]}**{last}"
    opener, closer = Run(start, start + 2, before, said[0]), Run(end - 2, end, said[-1], after)
    return _apply(_mend_pair(text, opener, closer), text, start, end)


def _mend_cell(text: str, end: int, runs: list[Run], *, is_open: bool, is_last: bool) -> list[Edit]:
    seen = pair(runs, Run.may_open, Run.may_close)
    if not seen:
        return []
    pairs, left = seen
    if left == runs and len(runs) == 1:
        return _close(text, runs[0], end, is_last=is_last) if is_open else []
    if not left and all(opener.always_opens() and closer.always_closes() for opener, closer in pairs):
        return []
    standard = pair(runs, Run.opens, Run.closes)
    if not standard or (standard[0] != pairs and not standard[1]):
        return []  # the standard sees something else, in which nothing is left over
    # Somebody who writes `**word **` means bold text, whatever the blank.
    while len(left) > 1 and left[-1].before.isspace() and left[-2].may_open():
        pairs.append((left.pop(-2), left.pop()))
    edits = [edit for opener, closer in pairs for edit in _mend_pair(text, opener, closer)]
    return edits + (_close(text, left[-1], end, is_last=is_last) if left and is_open else [])


def _mend_pair(text: str, opener: Run, closer: Run) -> list[Edit]:
    start, end = opener.end, closer.start
    if not (opener.always_opens() and closer.always_closes()):
        # A pair of brackets stays one: both go out.
        while end - start > 1 and _PAIRS.get(text[start]) == text[end - 1]:
            start, end = start + 1, end - 1
    start, opening = _mend_opener(text, opener, start, end)
    end, closing = _mend_closer(text, closer, start, end)
    if start >= end:
        # There is nothing but punctuation in it.
        return [(opener.start, opener.end, ""), (closer.start, closer.end, "")]
    return [(opener.start, start, opening), (end, closer.end, closing)]


def _mend_opener(text: str, run: Run, start: int, end: int) -> tuple[int, str]:
    """Where bold text begins, from `start` to `end`, and what stands in place of its asterisks and all up to there."""
    if run.always_opens() and start == run.end:
        return start, run.marks
    if start == run.end < end and text[start] in _OPENING:
        start += 1  # one is enough: what stands behind punctuation may be punctuation
    if start < end and (start == run.end or text[start] == "*" or text[start].isspace()):
        return run.end, run.marks + JOINER
    return start, text[run.end : start] + run.marks


def _mend_closer(text: str, run: Run, start: int, end: int) -> tuple[int, str]:
    """Where bold text ends, from `start` to `end`, and what stands in place of all from there and its asterisks."""
    if run.always_closes() and end == run.start:
        return end, run.marks
    bare = run.start
    while bare > start and text[bare - 1].isspace():
        bare -= 1
    end = min(end, bare)
    if start < end == bare and text[end - 1] in _CLOSING:
        end -= 1
    is_code = text[bare - 1] == ":" and _SHORTCODE.search(text[max(start, bare - 42) : bare])
    if end > start and (end == bare or is_code or text[end - 1] == "*" or text[end - 1].isspace()):
        joiner = JOINER if classify(text[bare - 1]) is not Sign.LETTER else ""
        return bare, joiner + run.marks + text[bare : run.start]
    return end, run.marks + text[end : run.start]


def _close(text: str, run: Run, end: int, *, is_last: bool) -> list[Edit]:
    """The edits that close what was left open in a paragraph; or take it away, if the text ends with it."""
    bare = end
    while bare > run.end and text[bare - 1].isspace():
        bare -= 1
    if bare == run.end:
        return [(run.start, run.end, "")] if len(run.marks) < LONGEST and is_last and not text[end:].strip() else []
    if not run.is_begun():
        return []
    start, opening = _mend_opener(text, run, run.end, bare)
    if start == bare:
        return [(run.start, run.end, "")]
    singles = len(_SINGLE.findall(text, run.end, bare)) % 2
    closing = run.marks + "*" * singles
    if singles and text[bare - 1] == "*":
        closing = run.marks[:-1]  # the first of those that close it is there
    joiner = JOINER if text[bare - 1] == "\\" else ""
    return [(run.start, start, opening), (bare, bare, joiner + closing)]
