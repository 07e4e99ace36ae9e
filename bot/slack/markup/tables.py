"""The tables of a message after its first one, as lists. Pure.

Slack takes one table in a message and refuses others (`only_one_table_allowed`), as far as its own `table` block goes;
what it does with a second one in a `markdown` block, of which it makes tables too, is documented nowhere. So only the
first stays one. Of each other, the head becomes a bold line, and each row an item of a list that names its columns:
that can be refused by nothing, loses no word, and reads well on a phone, where lines of code would break.

Whether a table is a list depends on what stands before it only: one that grows does not change its form. A page's scan
asks here what a line will take, so that what is shown fits.
"""

import re

from bot.markup.fences import Fence, fence_after, lines, may_fence
from bot.slack.markup.mrkdwn import JOINER

RULE = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t:-]*)*$")
"""The line between a table's head and its rows."""

_RULE_MARKS = " \t>|:-\r\n"
_LEAD = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*")
_BAR = re.compile(r"(?<!\\)\|")
_BLOCK = re.compile(r"[#>|=~`+-]|\d{1,9}[.)]|\*\s")
LONGEST_LABEL = 40  # characters of a column's name; a longer one is not said again in each row
LABELLED = 3  # columns; of two, everybody sees which is which


class Tables:
    """A walk over the lines of a page, which counts its tables, behind some that came before.

    Lines without a bar need not be shown to it.
    """

    def __init__(self, count: int = 0) -> None:
        self.count = count
        self._labels: list[str] = []
        self._is_in_rows = False
        self._before = ""

    def show(self, line: str) -> tuple[str | None, str | None]:
        """What stands in place of the line before, and of `line`, which is no code; None where they stay."""
        before, self._before = self._before, line
        if self._is_in_rows and self.count > 1:
            return None, _row(line, self._labels)
        if not self._is_in_rows and before and _is_rule(line, before):
            self._is_in_rows = True
            self.count += 1
            if self.count > 1:
                self._labels = _cells(before)
                return _head(before), ""
        return None, None

    def skip(self) -> None:
        """Go on behind a line of code, or one without a bar."""
        self._is_in_rows, self._before = False, ""


def has_further(text: str) -> bool:
    """Whether a text may have more than one table."""
    return "|" in text and sum("|" in line and not line.strip(_RULE_MARKS) for line in lines(text)) > 1


def most_growth(text: str) -> int:
    """How many UTF-16 units a text may take more at the most where its tables are lists.

    A row takes no more than the names of its columns, which stand in one line and may grow fourfold (`<`), and the few
    signs around each cell and before the first one.
    """
    rows = [len(line) for line in text.split("\n") if "|" in line]
    return 4 * len(rows) * max(rows) + 13 * text.count("|")


def list_further(text: str, *, is_behind: bool = False) -> str:
    """A text whose tables are lists; but for the first one, unless it `is_behind` another table."""
    if is_behind or has_further(text):
        return "".join(_walk(text, Tables(int(is_behind))))
    return text


def has_table(text: str) -> bool:
    """Whether there is a table in a text."""
    if "|" not in text:
        return False
    tables = Tables()
    _walk(text, tables)
    return tables.count > 0


def _walk(text: str, tables: Tables) -> list[str]:
    """The lines of a text, with what stands in place of those of further tables."""
    shown: list[str] = []
    fence: Fence | None = None
    has_fences = may_fence(text)
    for line in lines(text):
        was_fence = fence
        if has_fences and may_fence(line):
            fence = fence_after(line, fence)
        shown.append(line)
        if was_fence or fence or "|" not in line:
            tables.skip()
            continue
        head, instead = tables.show(line)
        if head is not None:
            shown[-2] = head
        if instead is not None:
            shown[-1] = instead
    return shown


def _is_rule(line: str, head: str) -> bool:
    """Whether a line is the one below a table's head, in the same quote."""
    return bool(RULE.match(line.strip(" \t>\r\n"))) and _lead(line).count(">") == _lead(head).count(">")


def _head(line: str) -> str:
    lead, cells, end = _lead(line), list(filter(None, _cells(line.replace("**", "")))), _end(line)
    return f"{lead}**{' · '.join(cells)}**{end}" if cells else lead + end


def _row(line: str, labels: list[str]) -> str:
    cells = _cells(line)
    named = labels if len(labels) >= LABELLED else []
    said = [
        f"{label}: {cell}" if place and 0 < len(label) <= LONGEST_LABEL else cell
        for place, (cell, label) in enumerate(zip(cells, [*named, *[""] * len(cells)], strict=False))
        if cell
    ]
    words = " · ".join(said)
    if not words:
        return ""
    return f"{_lead(line)}- {JOINER if _BLOCK.match(words) else ''}{words}{_end(line)}"


def _cells(line: str) -> list[str]:
    bare = line[len(_lead(line)) :].strip().removeprefix("|")
    if "\\" in bare:
        cells = [cell.strip().replace("\\|", "|") for cell in _BAR.split(bare)]
    else:
        cells = [cell.strip() for cell in bare.split("|")]
    return cells[:-1] if len(cells) > 1 and not cells[-1] else cells


def _lead(line: str) -> str:
    match = None if line[0] == "|" else _LEAD.match(line)
    return match.group() if match else ""


def _end(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]
