"""Bold text made such that every parser sees it, in all languages, and while it is still being written. Pure.

CommonMark lets asterisks open bold text only if they stand before a letter, or behind a blank or punctuation; and close
it the other way round. Languages without blanks between words do not keep to that: in `必要なのは**「速さ」**です` both
pairs are left as they are. A person sees what is meant; so pairs are found as a person does, by blanks alone, and moved
where the standard would not see an end of one (`bold`).

What is left open at the end of its paragraph, or of the code span in the last line, is closed: the text may be growing,
and would show its marks until it has grown. Marks with nothing behind them are not shown. What stands in code stays as
it is. Where asterisks are not simply one pair behind another, and the standard leaves none over, its reading stays.

A text with nothing harder is mended line by line, since lines that have ended are remembered; any other by paragraphs,
in one walk. The cost grows with the length of a text only.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from bot.slack.markup.asterisks import Run
from bot.slack.markup.bold import apply, close_bold, mend_bold, mend_stretch
from bot.slack.markup.codes import MOST_KEPT, Codes, Stretch, are_quiet, has_quiet_code, is_fence, may_have_code

_SURE = re.compile(r"\*\*(?<![^\s(（「]\*\*)(?![\s*])[^*\n|]*(?<![\s*\\])\*\*(?![^\s.,;:!?)）」。、，])")
"""Bold text within a line that all parsers see; of any other, more has to be known."""

_SIGN = re.compile(r"\*{2,}|\|")
_BLOCK = re.compile(r"[ \t>]*(?:[-+#|]|\*[ \t]|\d{1,9}[.)][ \t]|`{3}|~{3}|\r?$)")

MOST_MARKS = 700  # of asterisks in a page; a text with more of them is no text, and each costs time


def embolden(text: str, *, is_open: bool = True, is_last: bool = True) -> str:
    """A Markdown text in which what a person sees as bold is bold; what `is_open` is closed, too.

    One that `is_last` has nothing behind it.
    """
    count = text.count("**")
    if not 0 < count <= MOST_MARKS or is_sure(text, count) or is_fence(text):  # the last is often so, and quickly seen
        return text
    if (count % 2 == 0 or "**" in text[text.rfind("\n") + 1 :]) and has_quiet_code(text):
        mended = _mend_lines(text, is_open=is_open, is_last=is_last)
        if mended is not None:
            return mended
    codes = Codes(text) if may_have_code(text) else None
    pieces: list[str] = []
    done, bare = 0, len(text.rstrip())
    for start, end in _paragraphs(text):
        within = codes.within(start, end) if codes else ()
        pieces += text[done:start], _mend_paragraph(text[start:end], within, is_open, is_last and end >= bare)
        done = end
    pieces.append(text[done:])
    return "".join(pieces)


def forget() -> None:
    """Keep nothing of texts that were mended: whose they were has left, or rests."""
    for kept in (_mend_line, _look_at, _mend_paragraph):
        kept.cache_clear()


def is_sure(text: str, count: int) -> bool:
    """Whether all parsers see all the bold text, of so many `**`."""
    if count % 2 or (count and not _SURE.match(text, text.find("**"))):  # quickly seen
        return False
    return 2 * len(_SURE.findall(text)) == count


def _mend_lines(text: str, *, is_open: bool, is_last: bool) -> str | None:
    """A text that has nothing but bold text within its lines, of which the last may be open; None of others.

    Most texts are such. They may be of several paragraphs, but for what is open: that ends with its paragraph.
    """
    if "\\*" in text:
        return None
    closed, end = text, ""
    if text.count("**") % 2:
        closed, marks, said = text.rpartition("**")
        if closed[-1:] == "*" or "|" in said or ("*" in said and "***" in text):
            return None
        before = "\n" if not closed or closed[-1] == "|" else closed[-1]
        end = close_bold(before, said, is_last=is_last) if is_open else marks + said
    lines = closed.split("\n")
    for number, line in enumerate(lines):
        if "**" in line:
            look = _mend_line if number < len(lines) - 1 else _mend_line.__wrapped__  # it grows, and is not remembered
            mended = look(line)
            if mended is None:
                return None
            lines[number] = mended
    return "\n".join(lines) + end


@lru_cache(maxsize=MOST_KEPT)
def _mend_line(line: str) -> str | None:
    """A line that has nothing but bold text; None of others. A text that grows comes here again and again."""
    if "|" not in line:
        return _mend_words(line)
    if not _is_row(line):
        return None
    cells = []
    for cell in line.split("|"):
        mended = _mend_words(cell) if "**" in cell else cell
        if mended is None:
            return None
        cells.append(mended)
    return "|".join(cells)


def _is_row(line: str) -> bool:
    """Whether a line is a table's row in which each bar parts cells."""
    is_plain = "\\" not in line and "``" not in line and not any("|" in code for code in line.split("`")[1::2])
    return is_plain and line.lstrip(" \t>").startswith("|")


def _mend_words(text: str) -> str | None:
    """A line, or a cell of a row, that has nothing but bold text."""
    pieces = text.split("**")  # every other one is bold
    if len(pieces) % 2 == 0:
        return None
    for place in range(1, len(pieces), 2):
        said, before, behind = pieces[place], pieces[place - 1], pieces[place + 1]
        if not said or (not behind and place + 2 < len(pieces)) or behind[:1] == "*":
            return None
        if said[0] == "*":
            pieces[place - 1] += "*"  # of three the last two are meant
            said = said[1:]
        if not said or "*" in said or said[0].isspace() or said[-1].isspace():
            return None
        pieces[place] = mend_bold(before[-1:] or "\n", said, behind[:1] or "\n")
    return "".join(pieces)


def _paragraphs(text: str) -> Iterator[Stretch]:
    """The paragraphs in which something may be to mend."""
    start = place = 0
    all_sure, was_heading = True, False
    for line in [*text.split("\n"), ""]:
        begins, is_heading, is_line_sure = _look_at(line)
        if begins or was_heading:
            if not all_sure:
                yield start, place - 1
            start, all_sure, was_heading = place, True, is_heading
        all_sure = all_sure and is_line_sure
        place += len(line) + 1


@lru_cache(maxsize=MOST_KEPT)
def _look_at(line: str) -> tuple[bool, bool, bool]:
    """Whether a line begins a block, whether it is a heading, and whether its bold text is seen by all parsers."""
    begins = bool(_BLOCK.match(line))
    return begins, begins and line.lstrip(" >").startswith("#"), is_sure(line, line.count("**"))


@lru_cache(maxsize=MOST_KEPT)
def _mend_paragraph(text: str, codes: tuple[Stretch, ...], is_open: bool, is_last: bool) -> str:  # noqa: FBT001 - quicker to be found again
    """A paragraph as it is shown. A text that grows comes here again and again, with all but its last one unchanged."""
    mended = _mend_lines(text, is_open=is_open, is_last=is_last) if are_quiet(codes, text) else None
    if mended is not None:
        return mended
    cells = _cells(text, codes)
    edits = [edit for end, runs in cells for edit in mend_stretch(text, end, runs, is_open=is_open, is_last=is_last)]
    return apply(edits, text, 0, len(text))


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
            yield place, [Run.at(one, text, start, place) for one in found]
            start, found = place + 1, []
    yield len(text), [Run.at(one, text, start, len(text)) for one in found]
