"""What a person sees of blocks, for whoever shows them: a terminal, a page, a test. Pure.

Blocks are as they were sent, and have no problems. They hide a message's text, as in Slack.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.playground.slack.block_kit.elements import elements_of
from bot.playground.slack.block_kit.mrkdwn import name_lively, read_mrkdwn, read_plain, unescape
from bot.playground.slack.block_kit.nodes import Kind, Node, write_plain
from bot.playground.slack.records import Shown

Json = dict[str, Any]
Names = Mapping[str, str] | None
"""The names of people and channels, by id, for those who have only been told ids."""

BUTTON = ("action_id", "value", "style", "accessibility_label")  # what of a button is more than its words
FIELD = ("action_id", "multiline", "max_length", "min_length", "initial_value", "focus_on_load")


def plain(message: Shown) -> str:
    """Return the text that a reader sees, a line or more for each text object, and one for each row of buttons.

    A live mention reads `@channel` or `@U…`, a link its label, a button `[ Stop ]`; what was escaped reads as it was
    before. Markdown and the marks of styles are left as they are.
    """
    return write_plain(see(message))


def see(message: Shown, names: Names = None) -> tuple[Node, ...]:
    """Return the nodes of a message."""
    if message.blocks:
        return see_blocks(message.blocks, names)
    return (Node(Kind.SECTION, within=(Node(Kind.LINE, within=read_mrkdwn(message.text, names)),)),)


def see_blocks(blocks: list[Json], names: Names = None) -> tuple[Node, ...]:
    """Return the nodes of a message's blocks, or a form's."""
    return tuple(node for block in blocks for node in _see_block(block, names))


def _see_block(block: Json, names: Names) -> Iterator[Node]:
    match block["type"]:
        case "markdown":
            yield Node(Kind.MARKDOWN, name_lively(block["text"], names))
        case "divider":
            yield Node(Kind.DIVIDER)
        case "header":
            yield Node(Kind.HEADER, within=(_line(block["text"], names),))
        case "context":
            yield Node(Kind.CONTEXT, within=tuple(_line(text, names) for text in block["elements"]))
        case "section":
            texts = [*([block["text"]] if "text" in block else []), *block.get("fields", ())]
            yield Node(Kind.SECTION, within=tuple(_line(text, names) for text in texts))
        case "input":
            yield _see_field(block)
    if elements := elements_of(block):
        yield Node(Kind.ROW, within=tuple(map(_see_element, elements)))


def _line(text: Json, names: Names) -> Node:
    is_plain = text["type"] == "plain_text"
    return Node(Kind.LINE, within=read_plain(text["text"]) if is_plain else read_mrkdwn(text["text"], names))


def _see_element(element: Json) -> Node:
    if element["type"] != "feedback_buttons":
        attributes = _pick(element, BUTTON) | {"visible_to": element.get("visible_to_user_ids", [])}
        return Node(Kind.BUTTON, _words(element["text"]), attributes=attributes)
    votes = [
        Node(Kind.BUTTON, _words(button["text"]), attributes=_pick(element, ("action_id",)) | _pick(button, BUTTON))
        for button in (element["positive_button"], element["negative_button"])
    ]
    return Node(Kind.VOTES, within=tuple(votes))


def _see_field(block: Json) -> Node:
    element = block["element"]
    told = {"block_id": block.get("block_id", ""), "optional": block.get("optional", False), **_pick(element, FIELD)}
    if "placeholder" in element:
        told["placeholder"] = _words(element["placeholder"])
    texts = [block["label"], *([block["hint"]] if "hint" in block else [])]
    return Node(Kind.INPUT, within=tuple(_line(text, None) for text in texts), attributes=told)


def _words(text: Json) -> str:
    return unescape(text["text"])


def _pick(holder: Json, names: tuple[str, ...]) -> Json:
    return {name: holder[name] for name in names if name in holder}
