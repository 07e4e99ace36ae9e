"""What models write otherwise than Slack reads it, put so that it is shown as it was meant. Pure.

Line breaks of HTML, which Slack shows as they are written; second tables (`tables`); bold text in languages without
blanks, and what is still open where the text ends (`emphasis`). Code stays as it is. Whoever sends the text escapes it
afterwards: nothing here looks at links or tokens, or has to.

A text grows at its end. So it is mended in parts, between blank lines, and what was made of a part is remembered once
others follow it.
"""

import re
from functools import lru_cache

from bot.markup.fences import code, lines
from bot.slack.markup import codes, emphasis
from bot.slack.markup.codes import MOST_KEPT
from bot.slack.markup.emphasis import MOST_MARKS, embolden, is_sure
from bot.slack.markup.mrkdwn import JOINER
from bot.slack.markup.tables import has_table, list_further

_BACKTICKS = re.compile("`+")
_BREAK = re.compile(r"<br[ \t]{0,9}/?>", re.IGNORECASE)


def mend(text: str, *, is_open: bool = True) -> str:
    """A Markdown text as Slack shows it right; what `is_open` at its end, as long as it grows, is closed."""
    count = text.count("**")
    if "|" not in text and "<" not in text and is_sure(text, count) and (not is_open or _close_code(text) == text):
        return text
    pieces = codes.parts(text) if count <= MOST_MARKS else [text]  # of too many, none is looked at
    if is_open and not pieces[-1].strip("` \n"):
        pieces[-1] = _close_code(pieces[-1])  # it ends with what comes before, then
    last = len(pieces) - 1
    while last and not pieces[last].strip():
        last -= 1
    is_behind = False
    for number in range(last):
        piece = pieces[number]
        if "**" in piece or "|" in piece or "<" in piece:
            pieces[number], is_behind = _mend_ended(piece, is_behind, is_open)
    growing = list_further(_break_lines(pieces[last]), is_behind=is_behind)
    if is_open and last == len(pieces) - 1:
        growing = _close_code(growing)
    pieces[last] = embolden(growing, is_open=is_open)
    return "\n\n".join(pieces)


def forget() -> None:
    """Keep nothing of texts that were mended: whose they were has left, or rests."""
    _mend_ended.cache_clear()
    codes.forget()
    emphasis.forget()


@lru_cache(maxsize=MOST_KEPT)
def _mend_ended(text: str, is_behind: bool, is_open: bool) -> tuple[str, bool]:  # noqa: FBT001 - quicker to be found again
    """A part of a text that others follow, and whether they are behind a table. Of one that grows, all but its last."""
    text = _break_lines(text)
    # With its line's end, or a last line that is not shown would leave an empty one.
    shown = list_further(text + "\n", is_behind=is_behind).removesuffix("\n")
    return embolden(shown, is_open=is_open, is_last=False), is_behind or has_table(text)


def _break_lines(text: str) -> str:
    """A text with lines in place of `<br>`; with blanks where a line would mean something else, or cannot be."""
    if "<" not in text or not _BREAK.search(text):
        return text
    stretches = code(text)
    stretch = next(stretches, None)
    pieces: list[str] = []
    after = done = 0
    for line in lines(text):
        begun, after = after, after + len(line)
        if "<" not in line:
            continue
        is_one_line = line.lstrip(" \t>")[:1] == "#" or "|" in line
        for number, match in enumerate(_BREAK.finditer(line)):
            start, end = begun + match.start(), begun + match.end()
            while stretch and stretch.end <= start:
                stretch = next(stretches, None)
            if stretch and stretch.start <= start:
                continue
            if number == 0 and not any(map(str.isalpha, text[begun:start])):
                instead = JOINER  # what comes then might begin a block with a blank before it
            else:
                # A letter begins no list, no heading and no table.
                instead = " " if is_one_line or not text[end : end + 1].isalpha() else "\n"
            pieces += text[done:start], instead
            done = end
    return "".join([*pieces, text[done:]])


def _close_code(text: str) -> str:
    """A text whose last line has no code span that is open; in one that may be a fence, there is none."""
    if "`" not in text:
        return text
    start = max(text.rfind("\n"), text.rfind("\r")) + 1
    if text.find("`", start) < 0 or text.find("```", start) >= 0:
        return text
    found = _find_open(text, start)
    if found is None:
        return text
    (begun, end), bare = found, text.rstrip()
    if end >= len(bare):
        return text[:begun] + text[end:]
    before, after = text[begun - 1 : begun], text[end]
    if after.isspace() or (before.isascii() and before.isalnum()):
        return text  # it is a sign, or an apostrophe
    return bare + text[begun:end] + text[len(bare) :]


def _find_open(text: str, start: int) -> tuple[int, int] | None:
    """The backticks that open a code span in the last line of a text, and that none there close."""
    if text.find("``", start) < 0 and text.find("\\", start) < 0:
        last = text.rfind("`")  # each closes the one before
        return (last, last + 1) if text.count("`", start) % 2 else None
    runs = [match for match in _BACKTICKS.finditer(text, start) if text[match.start() - 1 : match.start()] != "\\"]
    marks = [run.group() for run in runs]
    last_of = {mark: place for place, mark in enumerate(marks)}
    place = 0
    while place < len(runs) and last_of[marks[place]] > place:
        place = marks.index(marks[place], place + 1) + 1
    return runs[place].span() if place < len(runs) else None
