"""The words of a Markdown text's beginning, without its Markdown: which are prose, a list's, a heading's. Pure.

Models are told to begin with a sentence, and begin with a heading, a table or a label all the same. So what stands
there is told apart by its kind, and whoever wants a sentence takes it from the best kind there is.
"""

import re
from collections.abc import Iterator
from enum import IntEnum
from functools import cache
from itertools import islice

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.markup.characters import is_wide
from bot.markup.fences import fence_after, lines

OPENING = 1_500  # characters that words are looked for in; parsing what follows is of no use
MOST_OPENING = 100  # lines of it; one of code has some 40 characters
MOST_SKIPPED = 12_000  # characters of tables and code before the first word
MOST_BRACKETS = 40  # in an opening; with more of them, the parser's time for links grows with their square
MOST_QUOTES = 4  # quotes within one another, of which each costs the parser a look at every line

_DEEP_QUOTE = re.compile(rf"^((?: {{0,3}}>){{{MOST_QUOTES}}})(?: {{0,3}}>)+", re.MULTILINE)
_TAG = re.compile(
    r"</?(?:a|abbr|b|big|blockquote|br|center|code|del|details|div|em|font|h[1-6]|hr|i|img|ins|kbd|li|mark|ol|p|pre|q|s|"
    r"small|span|strike|strong|sub|summary|sup|table|tbody|td|th|thead|tr|tt|u|ul)\b[^<>]{0,300}>|<!--[^<>]{0,300}-->",
    re.IGNORECASE,
)
_BREAK = re.compile(r"<(?:br|/p|/div|/li|hr)\b[^<>]{0,300}>", re.IGNORECASE)
_FOOTNOTE = re.compile(r"\[\^[^\[\]\s]{1,40}\]")
_CALLOUT = re.compile(r"^\[!\w{1,20}\][+-]?\s*")  # of GitHub: `> [!TIP]`
_FOOTNOTES_TEXT = re.compile(r"\[\^[^\[\]\s]{1,40}\]:")
_FOOTNOTES_LINE = re.compile(r"^ {0,3}\[\^[^\[\]\s]{1,40}\]:.*$", re.MULTILINE)
_TASK = re.compile(r"\s*(?:[-*+]\s*)?\[[ xX]?\](?=\s|$)\s*")
_STARS = re.compile(r"(?<=\w)\*\*(?=\w)(?<=[A-Za-z0-9]\*\*)(?=[A-Za-z0-9])|(?P<run>\*{2,}|~~)")
_EMPHASIS = re.compile(r"(?<![A-Za-z0-9*])\*(?=[^\s*])([^*\n]*[^\s*])\*(?![A-Za-z0-9*])")
_UNDERLINE = re.compile(r"\n[ \t]*(?:=+|-+)[ \t]*(?=\n|$)")
_HAS_WORDS = re.compile(r"\w")
_OF_ASKER = re.compile(
    r"\b(?:I|[Ww]e|[Mm]y|[Oo]ur|us|[Uu]nsere?|[Ww]ir|[Nn]ous|[Nn]otre|[Nn]os|[Nn]uestr[oa]s?)\b|うち[のはで]|私|僕|弊社|当社|我们|我們|저희|우리|"
    r"^[\"“„«「『]|[?？]\s*$"
)
"""What a quote has that repeats what was asked; other quotes are there to be seen first."""


class Kind(IntEnum):
    """What words of a text are; the sooner in this list, the more a sentence of them says about the text."""

    PROSE = 0
    ITEM = 1
    HEADING = 2
    ROW = 3
    HEAD_ROW = 4
    QUOTED = 5  # the words of whoever asks
    CODE = 6
    PICTURE = 7


def words(text: str) -> list[tuple[Kind, str]]:
    """The paragraphs, headings, table rows and lines of code at the beginning of a text, stripped of Markdown.

    Lines stay apart in a paragraph, since a label may stand in one of its own.
    """
    skipped = _skip(text[:MOST_SKIPPED])
    found = _parse(text[skipped : skipped + OPENING])
    if skipped and not any(kind <= Kind.ITEM for kind, _ in found):
        found += _parse(text[:OPENING])
    return found


def join(before: str, after: str) -> str:
    """Two parts of a text as one, with a blank between them where their language has blanks."""
    if not before or not after:
        return before + after
    return before + after if _has_no_blanks(before[-1]) and _has_no_blanks(after[0]) else f"{before} {after}"


def one_line(text: str) -> str:
    """A text whose lines are one."""
    if "\n" not in text:
        return " ".join(text.split())
    joined = ""
    for line in text.split("\n"):
        joined = join(joined, " ".join(line.split()))
    return joined


def _has_no_blanks(sign: str) -> bool:
    """Whether it is Chinese or Japanese, a letter or punctuation; Korean has blanks between its words."""
    return is_wide(sign) and not ("\uac00" <= sign <= "\ud7a3" or sign >= "\U0001f000")


def _skip(text: str) -> int:
    """Where the first words may stand: behind the tables and the code that a text begins with."""
    place = after = 0
    fence = None
    for line in lines(text):
        was_code, fence = fence is not None, fence_after(line, fence)
        bare = line.strip()
        if bare and not (was_code or fence or bare[0] in "|#"):
            return place
        after += len(line)
        if bare and bare[0] != "#":
            place = after
    return 0


def _parse(opening: str) -> list[tuple[Kind, str]]:
    parser = _make_parser(with_links=opening.count("[") <= MOST_BRACKETS)
    shortened = "".join(islice(lines(opening), MOST_OPENING))
    # CommonMark takes a footnote of a single word or address for the address of a link, and its marks for that link.
    shortened = _FOOTNOTES_LINE.sub("", shortened)
    return [(kind, text) for kind, text in _read(parser.parse(_DEEP_QUOTE.sub(r"\1", shortened))) if text.strip()]


@cache  # to make one takes as long as to parse a paragraph
def _make_parser(*, with_links: bool) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("lheading")
    return parser if with_links else parser.disable(["link", "image"])


def _read(tokens: list[Token]) -> Iterator[tuple[Kind, str]]:
    depth = dict.fromkeys(("bullet_list", "ordered_list", "blockquote"), 0)
    before, row = "", Kind.ROW
    cells: list[str] = []
    for token in tokens:
        container = token.type.removesuffix("_open").removesuffix("_close")
        if container in depth:
            depth[container] += token.nesting
        elif token.type in {"fence", "code_block"}:
            code = next((line for line in token.content.split("\n") if line.strip()), "")
            yield Kind.CODE, _STARS.sub(_without_stars, code)
        elif token.type in {"thead_open", "tbody_open"}:
            row = Kind.HEAD_ROW if token.type == "thead_open" else Kind.ROW
        elif token.type == "tr_close":
            yield row, " · ".join(filter(None, cells))
            cells = []
        elif token.type == "inline" and before in {"th_open", "td_open"}:
            cells.append(one_line(_plain(token)))
        elif token.type == "inline":
            is_listed = depth["bullet_list"] + depth["ordered_list"] > 0
            is_repeated = depth["blockquote"] > 0 and bool(_OF_ASKER.search(token.content))
            kind = Kind.ITEM if is_listed else Kind.QUOTED if is_repeated else Kind.PROSE
            yield from _paragraph(token, Kind.HEADING if before == "heading_open" else kind)
        before = token.type


def _paragraph(inline: Token, kind: Kind) -> Iterator[tuple[Kind, str]]:
    plain = _plain(inline)
    is_title = kind is Kind.PROSE and _is_bold(inline) and _is_title(plain)
    if _FOOTNOTES_TEXT.match(inline.content):
        return
    text = _UNDERLINE.sub("", plain)
    if text != plain and plain.rstrip().endswith("="):
        kind = Kind.HEADING
    yield Kind.HEADING if is_title else kind, text
    for part in inline.children or ():
        if part.type == "image":
            yield Kind.PICTURE, _STARS.sub(_without_stars, part.content)


def _is_bold(inline: Token) -> bool:
    """Whether all of a paragraph is bold, but for an emoji beside it."""
    parts = [part for part in inline.children or () if part.type != "text" or _HAS_WORDS.search(part.content)]
    closes = [place for place, part in enumerate(parts) if part.type == "strong_close" and part.level == 0]
    return bool(parts) and parts[0].type == "strong_open" and closes == [len(parts) - 1]


def _is_title(plain: str) -> bool:
    """Whether a bold line is a heading by its looks: a few words that are no sentence."""
    bare = plain.strip()
    few = 5  # words
    return bare[-1:].isalnum() and len(bare.split()) <= few and sum(map(is_wide, bare)) <= 2 * few


def _plain(inline: Token) -> str:
    """The words of a paragraph, with its line breaks."""
    parts: list[str] = []
    struck = 0
    for part in inline.children or ():
        struck += part.nesting if part.type in {"s_open", "s_close"} else 0
        if struck:
            continue
        if part.type in {"softbreak", "hardbreak"}:
            parts.append("\n")
        elif part.type == "code_inline":
            parts.append(part.content)
        elif part.type == "text":
            parts.append(_clean(part.content))
    text = _STARS.sub(_without_stars, "".join(parts).replace("\u2060", ""))
    text = _EMPHASIS.sub(r"\1", text) if "*" in text else text
    text = _CALLOUT.sub("", text) if text.startswith("[!") else text
    return _TASK.sub("", text, count=1) if _TASK.match(text) else text


def _clean(text: str) -> str:
    """A text without the HTML and the footnotes that models write."""
    if "<" in text:
        text = _TAG.sub("", _BREAK.sub(" ", text))
    return _FOOTNOTE.sub("", text) if "[^" in text else text


def _without_stars(match: re.Match[str]) -> str:
    return "" if match["run"] else "^"  # between two numbers or letters, they stand for a power
