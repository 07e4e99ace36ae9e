"""Text as Slack marks it up (`mrkdwn`), made into nodes: its styles, its quotes, and what it makes live. Pure.

The rules are those that Slack's help and its clients show; there is no grammar of it. A style begins where a word may
and ends where one may, within its line, and holds no style of its own kind. The texts of all nodes, marks included,
are what is written, with what was live named and what was escaped as it was before: nothing is lost.
"""

import re
from collections.abc import Iterator, Mapping

from bot.playground.slack.block_kit.nodes import Kind, Node

LIVE = re.compile(r"<([!@#]|https?://|mailto:)([^<>|]*)(?:\|([^<>]*))?>")
"""What Slack makes live in a text: a mention, a channel, a link, with or without a label."""

STYLES = {"*": Kind.BOLD, "_": Kind.ITALIC, "~": Kind.STRIKE, "`": Kind.CODE}

_PLACE = "\0"  # stands for something live while styles are looked for; no text can have one
_PREFORMATTED = re.compile("(```)(.+?)(```)", re.DOTALL)
_QUOTED = re.compile("(?:&gt;|>) ?")


def read_mrkdwn(text: str, names: Mapping[str, str] | None = None) -> tuple[Node, ...]:
    """Return the nodes of a text; `names` are those of people and channels, by id."""
    return tuple(_Reader(text, names or {}).read())


def read_plain(text: str) -> tuple[Node, ...]:
    """Return the nodes of a text in which nothing is marked up."""
    return (Node(Kind.TEXT, unescape(text)),)


def name_lively(text: str, names: Mapping[str, str] | None = None) -> str:
    """Return a text in which what is live stands by its name, and what was escaped as it was before."""
    return unescape(LIVE.sub(lambda match: _see_live(match, names or {}).within[0].text, text))


def unescape(text: str) -> str:
    """Return a text as it was before it was escaped for Slack."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _see_live(match: re.Match[str], names: Mapping[str, str]) -> Node:
    """The node of something live: a mention by its name, a link by its label or its address."""
    sign, target, label = match.groups()
    if sign in {"!", "@", "#"}:
        name = names.get(target) or (label or target).removeprefix("@" if sign != "#" else "")
        words = f"{'#' if sign == '#' else '@'}{name}"
        return Node(Kind.MENTION, within=_one(words), attributes={"target": target})
    return Node(Kind.LINK, within=_one(label or sign + target), attributes={"target": unescape(sign + target)})


def _one(text: str) -> tuple[Node, ...]:
    return (Node(Kind.TEXT, text),)


class _Reader:
    """Reads one text from its beginning to its end; what is live comes back in its order."""

    def __init__(self, text: str, names: Mapping[str, str]) -> None:
        text = text.replace(_PLACE, "\ufffd")
        self._live = (_see_live(match, names) for match in LIVE.finditer(text))
        self._text = LIVE.sub(_PLACE, text)

    def read(self) -> Iterator[Node]:
        pieces = _PREFORMATTED.split(self._text)
        yield from self._read_lines(pieces[0])
        for place in range(1, len(pieces), 4):
            opening, inner, closing, rest = pieces[place : place + 4]
            yield Node(Kind.PREFORMATTED, within=(_mark(opening), *self._leaves(inner), _mark(closing)))
            yield from self._read_lines(rest)

    def _read_lines(self, text: str) -> Iterator[Node]:
        """The lines of a text; those that are quoted, and follow one another, are one quote."""
        quote: list[Node] = []
        lines = text.split("\n")
        for place, line in enumerate(lines):
            end = [_line_break()] if place < len(lines) - 1 else []
            quoted = _QUOTED.match(line)
            if quoted:
                quote += [_mark(unescape(quoted.group())), *self._read_styles(line[quoted.end() :]), *end]
                continue
            yield from _close(quote)
            quote = []
            yield from [*self._read_styles(line), *end]
        yield from _close(quote)

    def _read_styles(self, line: str, signs: str = "".join(STYLES)) -> Iterator[Node]:
        written = at = 0
        unclosed: set[str] = set()  # what closes nowhere behind
        while at < len(line):
            sign = line[at]
            if sign not in signs or sign in unclosed or not _opens(line, at):
                at += 1
                continue
            end = _find_closing(line, at)
            if end < 0:
                unclosed.add(sign)
                at += 1
                continue
            yield from self._leaves(line[written:at])
            inner = line[at + 1 : end]
            within = self._leaves(inner) if sign == "`" else self._read_styles(inner, signs.replace(sign, ""))
            yield Node(STYLES[sign], within=(_mark(sign), *within, _mark(sign)))
            written = at = end + 1
        yield from self._leaves(line[written:])

    def _leaves(self, text: str) -> Iterator[Node]:
        for place, part in enumerate(text.split(_PLACE)):
            if place:
                yield next(self._live)
            if part:
                yield Node(Kind.TEXT, unescape(part))


def _opens(line: str, at: int) -> bool:
    follows = line[at + 1 : at + 2]
    return bool(follows.strip()) and follows != line[at] and not (at and line[at - 1].isalnum())


def _find_closing(line: str, at: int) -> int:
    end = line.find(line[at], at + 2)
    while end >= 0 and (line[end - 1] in f" \t{line[at]}" or line[end + 1 : end + 2].isalnum()):
        end = line.find(line[at], end + 1)
    return end


def _close(quote: list[Node]) -> Iterator[Node]:
    """What was quoted so far; the break behind it is none that is seen, since a quote stands by itself."""
    if quote:
        *nodes, last = quote
        is_break = last.kind is Kind.TEXT and last.text == "\n"
        yield Node(Kind.QUOTE, within=(*nodes, _mark("\n") if is_break else last))


def _line_break() -> Node:
    return Node(Kind.TEXT, "\n")


def _mark(text: str) -> Node:
    return Node(Kind.MARK, text)
