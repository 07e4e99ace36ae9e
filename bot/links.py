"""Links that could deceive, made to show where they lead. Pure.

In Slack's `markdown` blocks a link's label hides its address. A label that looks like another address is a trap, and in
what one person typed and the bot repeats every label is one, since it stands there under the bot's name. Brackets of
such a link become parentheses: the text keeps its length and its words, and the address stands open beside the label.
Code is left as it is written.
"""

import re

_FENCE = re.compile(r"^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*(`{3,}|~{3,})(.*)$")
_CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`)(?:(?!\n[ \t]*\n).)+?(?<!`)\1(?!`)", re.DOTALL)
_ADDRESS = re.compile(r"://|\b[\w-]+\.[a-z]{2,}", re.IGNORECASE)
_DEFINITION = re.compile(r"^[ \t>]*\[[^\]\n]+(?=\]:)", re.MULTILINE)
_LABEL_LIMIT = 1_000  # characters of a label that are looked through; CommonMark's own limit is 999


def unmask(text: str, *, all_labels: bool = False) -> str:
    """Take the mask off links whose label looks like an address that is not theirs, or off all of them."""
    if "](" not in text and "]:" not in text:
        return text
    characters = list(text)
    is_code = _mark_code(text)
    for match in re.finditer(r"\]\(", text):
        end = match.start()
        start = _opening_bracket(text, end)
        if is_code[end] or start is None:
            continue
        label, target = text[start + 1 : end], text[end + 2 : end + 2 + _LABEL_LIMIT].partition(")")[0]
        if all_labels or (_ADDRESS.search(label) and label.strip("`*_ ") not in target):
            characters[start], characters[end] = "()"
    for match in _DEFINITION.finditer(text):
        start = match.group().index("[") + match.start()
        if not is_code[start]:
            characters[start], characters[match.end()] = "()"
    return "".join(characters)


def _opening_bracket(text: str, end: int) -> int | None:
    """Where the label begins whose bracket closes at `end`."""
    depth = 0
    for place in range(end, max(-1, end - _LABEL_LIMIT), -1):
        depth += {"]": 1, "[": -1}.get(text[place], 0)
        if depth == 0:
            return place
    return None


def _mark_code(text: str) -> list[bool]:
    """Which characters stand in code."""
    marks = [False] * len(text)
    fence, place, prose = "", 0, 0
    for line in text.splitlines(keepends=True):
        match = _FENCE.match(line.rstrip("\r\n"))
        after = place + len(line)
        if fence:
            marks[place:after] = [True] * len(line)
            if match and match[1].startswith(fence) and not match[2].strip():
                fence, prose = "", after
        elif match and not (match[1][0] == "`" and "`" in match[2]):
            _mark_spans(text, prose, place, marks)
            fence = match[1]
        place = after
    if not fence:
        _mark_spans(text, prose, len(text), marks)
    return marks


def _mark_spans(text: str, start: int, end: int, marks: list[bool]) -> None:
    for span in _CODE_SPAN.finditer(text, start, end):
        marks[span.start() : span.end()] = [True] * len(span.group())
