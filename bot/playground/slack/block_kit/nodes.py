"""What a person sees of a message, as a small tree that knows neither terminals nor pages: whoever shows it walks it.

A message is a tuple of nodes of blocks; in them stand lines, and in these text in its styles. Nothing in a node is
escaped any more, and nothing in it is to be parsed again, but for Markdown, which Slack does not tell how it parses.
Pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Kind(Enum):
    """What a node is. The values go to the page as they are."""

    # Blocks.
    SECTION = "section"  # lines
    CONTEXT = "context"  # lines, small
    HEADER = "header"  # a line
    MARKDOWN = "markdown"  # its text is Markdown
    DIVIDER = "divider"
    ROW = "row"  # buttons and votes, beside each other
    INPUT = "input"  # a field of a form: lines are its label and, below, its hint
    # What blocks consist of.
    LINE = "line"
    BUTTON = "button"
    VOTES = "votes"  # two buttons, of which the one that was pressed last is marked
    # Text.
    TEXT = "text"
    BOLD = "bold"
    ITALIC = "italic"
    STRIKE = "strike"
    CODE = "code"
    PREFORMATTED = "preformatted"
    QUOTE = "quote"
    LINK = "link"
    MENTION = "mention"  # of a person, a channel or all
    MARK = "mark"  # stands for a style where there are none: in plain text


@dataclass(frozen=True, slots=True)
class Node:
    """One part of what is seen: a `text` of its own, or others within it; `attributes` are what a press tells."""

    kind: Kind
    text: str = ""
    within: "tuple[Node, ...]" = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def describe(self) -> dict[str, Any]:
        """Return it as JSON has it, without the marks: what shows that can show styles."""
        described: dict[str, Any] = {"kind": self.kind.value, **self.attributes}
        if self.text:
            described["text"] = self.text
        if self.within:
            described["within"] = [node.describe() for node in self.within if node.kind is not Kind.MARK]
        return described


def write_plain(nodes: Iterable[Node]) -> str:
    """Return blocks as plain text: a line or more for each text object, and one for each row of buttons."""
    return "\n".join(line for node in nodes for line in _lines(node))


def strip(node: Node) -> str:
    """Return the text of a node without the marks of its styles."""
    if node.kind is Kind.MARK:
        return "\n" if node.text == "\n" else ""
    return node.text + "".join(map(strip, node.within))


def _lines(node: Node) -> list[str]:
    if node.kind is Kind.ROW:
        buttons = [one for part in node.within for one in (part.within if part.kind is Kind.VOTES else (part,))]
        return [" ".join(f"[ {button.text} ]" for button in buttons)]
    if node.kind is Kind.DIVIDER:
        return []
    return [_flatten(line) for line in node.within] or [node.text]


def _flatten(node: Node) -> str:
    return node.text + "".join(map(_flatten, node.within))
