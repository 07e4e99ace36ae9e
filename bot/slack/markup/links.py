"""Links, made to say where they go. Pure.

In Slack's `markdown` blocks a link's label hides its address, and whatever a person or a model wrote stands there under
the bot's name. So no label is left: a link becomes its label with the address behind it, `the docs (https://a.example)`,
which Slack makes clickable by itself. What is no plain link of the web, but might be read as a link by one parser or
another, loses its brackets, and is shown as text.

It does not rest on finding links. Each form that Markdown has for a link with a label holds a `](`, or needs a
definition, which holds a `]:`. No such pair is left in the text that is sent, but for certain code (`slack.fences`):

- In a text, `](` becomes `)(`, as does its `[`; an invisible word joiner comes into `]:`.
- In what only looks like code, the joiner comes into both, so that it still looks as it is written.
- Once more, loosely: where blanks stand between, if something like an address follows.

An address is its own label where Slack makes it clickable. So none may look like another: what turns letters around is
taken out of all texts (`mrkdwn`), and a joiner keeps one with a user before its host from being a link, as in
`https://login.example@evil.example`.
"""

import re

from bot.markup.fences import rewrite
from bot.slack.markup.mrkdwn import (
    JOINER,
    UNSEEN,
    escape_code,
    escape_doubtful,
    escape_markdown,
    escape_prose,
    straighten,
)

MOST_LABEL = 301  # characters of a plain link's label

_PLAIN_LINK = re.compile(
    r"(?<![\\!\w\]])!?\[(?P<label>[^\W\d_][^\[\]()<>`~|\\\r\n]{0,300})\]\((?P<address>https?://[^\s()<>\[\]`|\\]{1,2000})\)",
    re.IGNORECASE,
)
"""A link that every parser reads alike: its label begins with a letter, so that without the bracket it is no markup."""

_WITH_USER = re.compile(r"(https?:)(?=//[^\s/?#]*(?:@|&(?:commat|#0*64|#x0*40);))", re.IGNORECASE)
_BLANKS = rf"[\s{UNSEEN.replace(JOINER, '')}]*"
_ADDRESS = rf"{_BLANKS}<?{_BLANKS}(?:[a-z][a-z0-9+.-]*:|[/\\#?&%]|www\.|[\w-]+[.@])"
_SUSPICIOUS = re.compile(rf"\](?=[(:]|{_BLANKS}[(:]{_ADDRESS})", re.IGNORECASE)
_BRACKET = re.compile(rf"(?P<open>\[)|(?P<link>\](?={_BLANKS}\())|\]", re.IGNORECASE)


def make_safe(text: str) -> str:
    """A Markdown text as it may be sent: with nothing in it that rings anybody, or hides where it leads."""
    text = straighten(text)
    if not ("]" in text and _SUSPICIOUS.search(text)) and not (_may_have_users(text) and _WITH_USER.search(text)):
        return escape_markdown(text)
    return rewrite(
        text,
        prose=lambda stretch: escape_prose(_open(stretch)),
        certain=escape_code,
        doubtful=lambda stretch: escape_doubtful(_part(stretch)),
    )


def unmask(text: str) -> str:
    """Take the labels off all links, and apart what might be one; what is certain to be code stays as it is."""
    return rewrite(text, prose=_open, certain=lambda stretch: stretch, doubtful=_part)


def _part(text: str) -> str:
    """A stretch that looks like code, in which no pair of brackets is left."""
    text = _without_users(text)
    return _SUSPICIOUS.sub("]" + JOINER, text) if "]" in text else text


def _open(text: str) -> str:
    """A stretch that is no code, with no link left in it that has a label."""
    text = _without_users(_with_addresses(text))
    if "]" not in text:
        return text
    if not _SUSPICIOUS.search(text):
        return text
    characters = list(text)
    opened: list[int] = []
    for match in _BRACKET.finditer(text):
        place = match.start()
        if match["open"]:
            opened.append(place)
            continue
        start = opened.pop() if opened else None
        if match["link"] and _SUSPICIOUS.match(text, place):
            characters[place] = ")"
            if start is not None:
                characters[start] = "("
    # A bracket that was opened behind another one makes a new pair.
    return _part("".join(characters))


def _without_users(text: str) -> str:
    """A text in which no address is a link that has a user before its host."""
    return _WITH_USER.sub(rf"\1{JOINER}", text) if _may_have_users(text) else text


def _may_have_users(text: str) -> bool:
    return "://" in text and ("@" in text or "&" in text)


def _with_addresses(text: str) -> str:
    """A stretch that is no code, in which each plain link is its label with the address behind it.

    A label holds no bracket, so it begins at the last one before its end: a look at each place would take ten times as
    long.
    """
    pieces: list[str] = []
    done = 0
    place = text.find("](")
    while place >= 0:
        start = text.rfind("[", max(done, place - MOST_LABEL - 1), place)
        is_picture = start > 0 and text[start - 1] == "!"
        match = _PLAIN_LINK.match(text, start - is_picture) if start >= 0 else None
        if match:
            pieces += text[done : match.start()], _with_address(match)
            done = match.end()
        place = text.find("](", place + 2)
    return "".join([*pieces, text[done:]]) if pieces else text


def _with_address(match: re.Match[str]) -> str:
    label, address = match["label"].strip(), match["address"]
    return address if label == address else f"{label} ({address})"
