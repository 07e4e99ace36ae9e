"""An answer as its reader meets it: its lines, lists and marks, read from what would be sent to Slack. Pure.

What is read is not the model's text but the pages that the bot makes of it (`bot.slack.markup.pages`), through a
CommonMark parser with tables: what the bot mends on its way counts as mended. Slack's own parser is not known.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.slack.markup.mrkdwn import JOINER
from bot.slack.markup.pages import pages
from tests.benchmarks.answers.counts.labels import is_bare_label, is_labelled
from tests.benchmarks.answers.counts.words import Script, find_script, measure, split_sentences

TAKEAWAY_WORDS, TAKEAWAY_CHARACTERS = 15, 40  # at the most, say the prompts


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list: `lines` are its own, without those of a list within it; `depth` is 1 in an outermost list."""

    lines: Sequence[str]
    depth: int


@dataclass(frozen=True)
class Reading:
    """An answer's `source`, to be counted: of which perspective, by its key, and in which scripts it may be.

    The problem that it is on may be too vague to be one; of such the prompts ask for less.
    """

    source: str
    perspective: str
    scripts: Sequence[Script]
    is_vague: bool = False

    @cached_property
    def tokens(self) -> Sequence[Token]:
        """The Markdown of all its pages, parsed; one that Slack would get as plain text, for its many parts, too."""
        return [token for page in pages(self.source) for token in parse(page.markdown)]

    @cached_property
    def inlines(self) -> Sequence[Token]:
        """The texts of its paragraphs, headings and cells."""
        return [token for token in self.tokens if token.type == "inline"]

    @cached_property
    def lines(self) -> Sequence[str]:
        """All that is to be read, line by line, without its marks; code with it."""
        found: list[str] = []
        for token in self.tokens:
            if token.type == "inline":
                found += plain_lines(token)
            elif token.type in {"fence", "code_block"}:
                found += token.content.splitlines()
        return [line for line in found if line.strip()]

    @cached_property
    def text(self) -> str:
        """The same as one text."""
        return "\n".join(self.lines)

    @cached_property
    def script(self) -> Script:
        """What it is written in."""
        return find_script(self.text)

    @cached_property
    def opening(self) -> Sequence[str]:
        """The lines of the first paragraph, or of the second where the first is nothing but a label."""
        paragraphs = [plain_lines(token) for before, token in pairwise(self.tokens) if before.type == "paragraph_open"]
        is_label = bool(paragraphs) and is_bare_label(self.first_line)
        return next(iter(paragraphs[is_label:]), ())

    @cached_property
    def takeaway(self) -> str:
        """What the model has put first: the first line, where it is as short as it is to be, else its first sentence.

        With any label before it. What the bot's index makes of it may be another sentence.
        """
        line = next(iter(self.opening), "").strip()
        most = TAKEAWAY_WORDS if self.script.has_words else TAKEAWAY_CHARACTERS
        return line if measure(line, self.script) <= most else split_sentences(line)[0]

    @cached_property
    def first_line(self) -> str:
        """The first line of its source that is no heading and not blank, with its marks."""
        lines = (line.strip() for line in self.source.splitlines())
        return next((line for line in lines if line and not line.startswith("#")), "")

    @cached_property
    def last_line(self) -> str:
        """The last line, if it is one with a label and not the only one; else nothing. It may be any label."""
        lines = [line for line in self.source.splitlines() if line.strip()]
        return self.lines[-1] if len(lines) > 1 and self.lines and is_labelled(lines[-1]) else ""

    @cached_property
    def items(self) -> Sequence[Item]:
        """The items of all its lists, in the order in which they end."""
        return [item for group in self.lists for item in group]

    @cached_property
    def lists(self) -> Sequence[Sequence[Item]]:
        """The items of each of its lists, in the order in which the lists end."""
        return list(_read_lists(self.tokens))


def parse(markdown: str) -> list[Token]:
    """What a CommonMark parser makes of what is sent."""
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).parse(markdown)


def plain_lines(inline: Token, *, with_code: bool = True) -> list[str]:
    """What an inline token shows, line by line."""
    parts = []
    for part in inline.children or ():
        if part.type in {"softbreak", "hardbreak"}:
            parts.append("\n")
        elif with_code or part.type != "code_inline":
            parts.append(part.content)
    return "".join(parts).replace(JOINER, "").split("\n")


def _read_lists(tokens: Sequence[Token]) -> Iterator[list[Item]]:
    open_lists: list[list[Item]] = []
    open_items: list[list[str]] = []
    for token in tokens:
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                open_lists.append([])
            case "bullet_list_close" | "ordered_list_close":
                yield open_lists.pop()
            case "list_item_open":
                open_items.append([])
            case "list_item_close":
                open_lists[-1].append(Item(open_items.pop(), len(open_lists)))
            case "inline" if open_items:
                open_items[-1].extend(plain_lines(token))
