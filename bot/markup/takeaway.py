"""The takeaway of an answer: its first sentence, for an index or a notification. Pure."""

import re
from io import StringIO
from itertools import islice, pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.markup.characters import character_start

OPENING = 1_500  # characters that the first sentence is looked for in; parsing what follows is of no use
MOST_OPENING = 100  # lines of it; one of code has some 40 characters
MOST_BRACKETS = 40  # in an opening; with more of them, the parser's time for links grows with their square
MOST_QUOTES = 4  # quotes within one another, of which each costs the parser a look at every line
TAKEAWAY_LIMIT = 150  # characters; two lines of an index in a narrow channel

_DEEP_QUOTE = re.compile(rf"^((?: {{0,3}}>){{{MOST_QUOTES}}})(?: {{0,3}}>)+", re.MULTILINE)
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s+(?![a-z])|$)|[。！？]+[」』”）]*")


def takeaway(text: str, *, limit: int = TAKEAWAY_LIMIT) -> str:
    """The first sentence of a Markdown text, stripped of Markdown, cut at a word; empty if there is no text."""
    first = _first_paragraph(text[:OPENING])
    end = next(
        (match.end() for match in _SENTENCE_END.finditer(first) if not _is_abbreviated(first, match)), len(first)
    )
    sentence = first[:end]
    if len(sentence) <= limit:
        return sentence
    head = sentence[:limit]  # one more than may stay, so that a word that ends just there is kept
    words = head.rpartition(" ")[0].rstrip(" ,;:–-")
    return (words or head[: character_start(head, limit - 1)]) + "…"


def _first_paragraph(text: str) -> str:
    """The plain text of the first paragraph, or of the first heading where there is no paragraph."""
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    if text.count("[") > MOST_BRACKETS:
        parser.disable(["link", "image"])
    opening = "".join(islice(StringIO(text, newline=""), MOST_OPENING))  # its lines are those of CommonMark
    tokens = parser.parse(_DEEP_QUOTE.sub(r"\1", opening))
    inlines = [
        (before.type == "heading_open", _plain(token)) for before, token in pairwise(tokens) if token.type == "inline"
    ]
    return next((plain for _, plain in sorted(inlines, key=lambda found: found[0]) if plain), "")


def _plain(inline: Token) -> str:
    parts = (" " if part.type in {"softbreak", "hardbreak"} else part.content for part in inline.children or ())
    return " ".join("".join(parts).split())


def _is_abbreviated(text: str, end: re.Match[str]) -> bool:
    """Whether the dot belongs to `e.g.`, to an initial, or to a number that counts a list."""
    word = text[: end.start()].rpartition(" ")[2]
    return end.group().startswith(".") and (word.isdigit() or len(word.rpartition(".")[2].strip("(\"'")) <= 1)
