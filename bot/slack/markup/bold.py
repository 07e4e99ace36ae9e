"""Bold text between its asterisks, or behind those that are left open, put such that every parser sees it. Pure.

Where the standard would not see an end of it:

- Brackets, quotation marks and pauses go out of the bold text: `「**速さ**」`, `**確認**：`. The words are the same,
  and every parser reads it so.
- Before what cannot go out, as the backtick of code, an invisible word joiner stands within the bold text. It is
  neither blank nor punctuation to the standard. (A zero width space would do as well there, but Slack was seen to take
  one for a blank, which is the wrong thing at this place.)
"""

import re

from bot.slack.markup.asterisks import LONGEST, Run, Sign, classify, pair, surely_flanks
from bot.slack.markup.mrkdwn import JOINER

_SINGLE = re.compile(r"(?<![*\\\s])\*(?!\*)|(?<![*\\])\*(?![*\s])")
_SHORTCODE = re.compile(r":[\w+-]{1,40}:$")
_PAIRS = dict(zip('「『（《〈【〔［“‘«"', '」』）》〉】〕］”’»"', strict=True))
_PAUSES = frozenset("：，、。．！？；…")
_OPENING = frozenset([*_PAIRS, *"„'¿¡"])
_CLOSING = _PAUSES | frozenset([*_PAIRS.values(), *"'・:,.;!?"])

Edit = tuple[int, int, str]  # from where to where in the text, and what stands there instead


def mend_bold(before: str, said: str, after: str) -> str:
    """Bold text within a line, with its asterisks, and what stands around it; quick, for there is much of it."""
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
    return apply(_mend_pair(text, opener, closer), text, 1, len(text) - 1)


def close_bold(before: str, said: str, *, is_last: bool) -> str:
    """Bold text that is open, with its asterisks, closed."""
    bare = said.rstrip()
    if bare[:1].isalnum() and bare[-1] != "\\" and "*" not in bare and (before.isspace() or not before.isascii()):
        return f"**{bare}**{said[len(bare) :]}"
    text = f"{before}**{said}"
    return apply(_close(text, Run.at((1, 3), text, 0, len(text)), len(text), is_last=is_last), text, 1, len(text))


def apply(edits: list[Edit], text: str, start: int, end: int) -> str:
    """A stretch of a text, with what stands in it instead."""
    pieces: list[str] = []
    for place, after, instead in sorted(edits):
        pieces += text[start:place], instead
        start = after
    pieces.append(text[start:end])
    return "".join(pieces)


def mend_stretch(text: str, end: int, runs: list[Run], *, is_open: bool, is_last: bool) -> list[Edit]:
    """The edits of a stretch of a text that ends at `end`, with all its asterisks: a paragraph, or a cell of a row."""
    runs = _level(runs)
    seen = pair(runs, Run.may_open, Run.may_close)
    if not seen:
        return []
    pairs, left = seen
    even = len(runs) // 2 * 2  # the last one may be open
    if left != runs[even:] or pairs != list(zip(runs[:even:2], runs[1:even:2], strict=True)):
        standard = pair(runs, Run.opens, Run.closes)
        if not standard or (standard[0] != pairs and not standard[1]):
            return []  # the standard sees something else, in which nothing is left over
    elif not left and all(opener.always_opens() and closer.always_closes() for opener, closer in pairs):
        return []
    # Somebody who writes `**word **` means bold text, whatever the blank; but no power, as in `2**10 ** 2`.
    while len(left) > 1 and left[-1].before.isspace() and left[-2].may_open() and not left[-2].is_power():
        pairs.append((left.pop(-2), left.pop()))
    edits = [edit for opener, closer in pairs for edit in _mend_pair(text, opener, closer)]
    return edits + (_close(text, left[-1], end, is_last=is_last) if left and is_open else [])


def _level(runs: list[Run]) -> list[Run]:
    """Asterisks of which, where three are followed by two, the last two are meant; all as they are in nested pairs."""
    levelled = runs.copy()
    for number in range(0, len(runs) - 1, 2):
        opener, closer = runs[number : number + 2]
        if len(opener.marks) == len(closer.marks):
            continue
        if len(opener.marks) != LONGEST or len(closer.marks) > LONGEST or not closer.may_close():
            return runs
        levelled[number] = Run(opener.start + 1, opener.end, opener.before, opener.after)
    return levelled


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
