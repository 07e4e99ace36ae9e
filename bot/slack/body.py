"""A message as it is sent: Block Kit's blocks, and a short text that notifies of it. Pure.

Desktop clients take a notification from the first blocks, phones from the text: so the telling words stand in both.
What people or models wrote comes in here escaped.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.markup.characters import octets
from bot.slack.markup.pages import Page, stretches
from bot.texts.en import ENGLISH
from bot.texts.language import Language
from bot.texts.phrases import Phrase

SECTION_LIMIT = 3_000  # UTF-16 units; Slack's for the text of a section

Block = dict[str, Any]

_TEXT = frozenset({"markdown", "section"})  # blocks of words; the others are lines above or below them, and buttons
_LINE = "context"
_BUTTONS = frozenset({"actions", "context_actions"})


@dataclass(frozen=True, slots=True)
class Body:
    """What a message consists of: `blocks` to show, `text` to notify with; in which `language` we speak in it."""

    text: str
    blocks: Sequence[Block]
    language: Language = field(default=ENGLISH, repr=False, compare=False)

    @property
    def has_text(self) -> bool:
        """Whether it shows anything that somebody or a model wrote."""
        return any(block["type"] in _TEXT for block in self.blocks)

    @property
    def size(self) -> int:
        """How many characters of Markdown it shows."""
        return sum(len(block["text"]) for block in self.blocks if block["type"] == "markdown")

    @property
    def weight(self) -> int:
        """How long its words are, but for the line above, in bytes: no unit of Slack's can count more."""
        return sum(octets(text_of(block)) for block in self.blocks if block["type"] in _TEXT)

    @property
    def has_buttons(self) -> bool:
        """Whether there is anything in it to press."""
        return any(block["type"] in _BUTTONS for block in self.blocks)

    def unbuttoned(self) -> "Body":
        """The same without its buttons, for when they may be what Slack refuses."""
        return self._with([block for block in self.blocks if block["type"] not in _BUTTONS])

    def barest(self, shown: "Body | None" = None) -> "Body":
        """What it is and in what state, over what is `shown` there already, and that Slack does not show the rest.

        It has no buttons: it is for when all else was refused, and they may be what is.
        """
        standing = [] if shown is None else _of(shown.blocks, _TEXT)
        note = plain_section(self.language.say(Phrase.REST_NOT_SHOWN if standing else Phrase.NOT_SHOWN))
        return self._with([*_of(self.blocks, {_LINE}), *(block for block in standing if block != note), note])

    def over(self, shown: "Body | None") -> "Body":
        """Its line over the text that is `shown`, where that is more than its own."""
        if shown is None or shown.weight <= self.weight:
            return self
        others = [block for block in self.blocks if block["type"] not in _TEXT | {_LINE}]
        return self._with([*_of(self.blocks, {_LINE}), *_of(shown.blocks, _TEXT), *others])

    def plainer(self) -> "Body":
        """The same words with no Markdown to be parsed and no block near a limit, for when Slack refuses the form.

        Votes are left out: they are the newest kind of block, which not every Slack may take.
        """
        blocks: list[Block] = []
        for block in self.blocks:
            if block["type"] == "markdown":
                blocks += plain_sections(block["text"])
            elif block["type"] != "context_actions":
                blocks.append(block)
        return self._with(blocks)

    def _with(self, blocks: Sequence[Block]) -> "Body":
        return Body(self.text, blocks, self.language)


def section(mrkdwn: str) -> Block:
    """A block of mrkdwn."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": mrkdwn}}


def context(mrkdwn: str) -> Block:
    """A small line of mrkdwn."""
    return {"type": _LINE, "elements": [{"type": "mrkdwn", "text": mrkdwn}]}


def markdown(text: str) -> Block:
    """A block of Markdown, made fit."""
    return {"type": "markdown", "text": text}


def plain_section(text: str) -> Block:
    """A block of words as they are, escaped."""
    return {"type": "section", "text": {"type": "plain_text", "text": text or " ", "emoji": False}}


def plain_sections(escaped: str) -> list[Block]:
    """As many as a text needs, which is escaped already."""
    return [plain_section(stretch) for stretch in stretches(escaped, limit=SECTION_LIMIT)]


def show(page: Page) -> list[Block]:
    """The blocks that show a page of a text."""
    return plain_sections(page.markdown) if page.is_plain else [markdown(page.markdown)]


def text_of(block: Block) -> str:
    """The text that a block shows, as it is sent; none of one that is a line of elements."""
    text = block.get("text", "")
    return text if isinstance(text, str) else str(text["text"])


def is_plain(block: Block) -> bool:
    """Whether it is a block of words as they are."""
    return bool(block["type"] == "section" and block["text"]["type"] == "plain_text")


def _of(blocks: Sequence[Block], kinds: frozenset[str] | set[str]) -> list[Block]:
    return [block for block in blocks if block["type"] in kinds]
