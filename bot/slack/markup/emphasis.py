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
it is, and what the standard reads as it was meant, too. A text with nothing harder is mended line by line, since lines
that have ended are remembered; any other by paragraphs, in one walk. The cost grows with the length of a text only.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from bot.slack.markup.asterisks import LONGEST, Run, Sign, classify, pair, surely_flanks
from bot.slack.markup.codes import Codes, Stretch, has_quiet_code, may_have_code
from bot.slack.markup.mrkdwn import JOINER

_SURE = re.compile(r"\*\*(?<![^\s(（「]\*\*)(?![\s*])[^*\n|]*(?<![\s*\\])\*\*(?![^\s.,;:!?)）」。、，])")
"""Bold text within a line that all parsers see; of any other, more has to be known."""

_SIGN = re.compile(r"\*{2,}|\|")
_BLOCK = re.compile(r"[ \t>]*(?:[-+#|]|\*[ \t]|\d{1,9}[.)][ \t]|`{3}|~{3}|\r?$)")
_SINGLE = re.compile(r"(?<![*\\\s])\*(?!\*)|(?<![*\\])\*(?![*\s])")
_SHORTCODE = re.compile(r":[\w+-]{1,40}:$")
_OPENING = frozenset("「『（《〈【〔［“‘«„\"'¿¡")
_PAIRS = dict(zip('「『（《〈【〔［“‘«"', '」』）》〉】〕］”’»"', strict=True))
_PAUSES = frozenset("：，、。．！？；…")
_CLOSING = _PAUSES | frozenset("」』）》〉】〕］”’»\"'：，、。．！？；…・:,.;!?")

MOST_KEPT = 512  # lines, and paragraphs, that are not looked at again: those of some runs that go on at the same time
MOST_MARKS = 700  # of asterisks in a page; a text with more of them is no text, and each costs time

Edit = tuple[int, int, str]  # from where to where in the text, and what stands there instead


def embolden(text: str, *, is_open: bool = True) -> str:
    """A Markdown text in which what a person sees as bold is bold; what `is_open` at its end is closed, too."""
    marks = text.count("**")
    if not 0 < marks <= MOST_MARKS:
        return text
    if marks % 2 == 0 and 2 * len(_SURE.findall(text)) == marks:
        return text
    if (marks % 2 == 0 or _is_open_at_end(text)) and has_quiet_code(text):
        is_mixed = "`" in text or "|" in text
        if (mended := _mend_lines(text, is_open=is_open, is_last=True, is_mixed=is_mixed)) is not None:
            return mended
    codes = Codes(text) if may_have_code(text) else None
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
    for kept in (_mend_line, _look_at, _mend_paragraph):
        kept.cache_clear()


def _is_open_at_end(text: str) -> bool:
    """Whether the last of a text's asterisks are in its last line, and that is no table's row."""
    last = text[text.rfind("\n") + 1 :]
    return "**" in last and "|" not in last


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
    if not (codes or "|" in text) and (mended := _mend_lines(text, is_open=is_open, is_last=is_last)) is not None:
        return mended
    cells = _cells(text, codes)
    edits = [edit for end, runs in cells for edit in _mend_cell(text, end, runs, is_open=is_open, is_last=is_last)]
    return _apply(edits, text, 0, len(text))


def _mend_lines(text: str, *, is_open: bool, is_last: bool, is_mixed: bool = False) -> str | None:
    """A text that has nothing but bold text within its lines, of which the last may be open; None of others.

    Most texts are such. They may be of several paragraphs, but for what is open: that ends with its paragraph. In one
    that `is_mixed`, as it has code spans or tables, pairs that the standard sees otherwise stay.
    """
    if "\\*" in text:
        return None
    closed, end = text, ""
    if text.count("**") % 2:
        closed, marks, said = text.rpartition("**")
        if closed[-1:] == "*" or ("*" in said and "***" in text):
            return None
        end = _close_bold(closed[-1:] or "\n", said, is_last=is_last) if is_open else marks + said
    lines = closed.split("\n")
    for number, line in enumerate(lines):
        if "**" in line:
            mended = _mend_line(line, is_mixed)
            if mended is None:
                return None
            lines[number] = mended
    return "\n".join(lines) + end


@lru_cache(maxsize=MOST_KEPT)
def _mend_line(line: str, is_mixed: bool) -> str | None:  # noqa: FBT001 - quicker to be found again
    """A line that has nothing but bold text; None of others. A text that grows comes here again and again."""
    before, *pieces = line.split("**")  # every other one is bold
    if len(pieces) % 2 or "|" in line or (is_mixed and "***" in line):
        return None
    shown = [before]
    for place in range(0, len(pieces), 2):
        said, behind = pieces[place : place + 2]
        before, after = shown[-1][-1:] or "\n", behind[:1] or ("\n" if place + 2 == len(pieces) else "*")
        if said[:1] == "*":
            shown[-1] += "*"  # of three the last two are meant
            before, said = "*", said[1:]
        if not said or "*" in said or after == "*" or said[0].isspace() or said[-1].isspace():
            return None
        shown += _mend_bold(before, said, after), behind
    mended = "".join(shown)
    return None if is_mixed and mended != line and _is_paired_otherwise(line) else mended


def _is_paired_otherwise(line: str) -> bool:
    """Whether the standard sees pairs in a line, too, but not each of one run and the next."""
    runs = [_run(line, match.span(), 0, len(line)) for match in _SIGN.finditer(line)]
    standard = pair(runs, Run.opens, Run.closes)
    return not standard or (not standard[1] and standard[0] != list(zip(runs[::2], runs[1::2], strict=True)))


def _mend_bold(before: str, said: str, after: str) -> str:
    """Bold text within a line, with its asterisks; quick, for there is much of it."""
    first, last = said[0], said[-1]
    is_begun = first.isalnum() or surely_flanks(before, first)
    if is_begun and (last.isalnum() or surely_flanks(after, last)):
        return f"**{said}**"
    if len(said) > 2 and surely_flanks(last, said[-2]):  # noqa: PLR2004 - a sign, and what stands around it
        is_pair = _PAIRS.get(first) == last
        if is_pair and said[1] not in _PAIRS and surely_flanks(first, said[1]):
            return f"{first}**{said[1:-1]}**{last}"
        if is_begun and not is_pair and last in _PAUSES:
            return f"**{said[:-1]}**{last}"
    text = f"{before}**{said}**{after}"
    opener, closer = Run(1, 3, before, first), Run(len(text) - 3, len(text) - 1, last, after)
    return _apply(_mend_pair(text, opener, closer), text, 1, len(text) - 1)


def _close_bold(before: str, said: str, *, is_last: bool) -> str:
    """Bold text that is open, with its asterisks, closed."""
    bare = said.rstrip()
    if bare[:1].isalnum() and bare[-1] != "\\" and "*" not in bare and (before.isspace() or not before.isascii()):
        return f"**{bare}**{said[len(bare) :]}"
    text = f"{before}**{said}"
    return _apply(_close(text, _run(text, (1, 3), 0, len(text)), len(text), is_last=is_last), text, 1, len(text))


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


def _run(text: str, place: Stretch, start: int, end: int) -> Run:
    return Run(*place, text[place[0] - 1] if place[0] > start else "\n", text[place[1]] if place[1] < end else "\n")


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
