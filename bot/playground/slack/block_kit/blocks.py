"""Block Kit as Slack takes it: what is wrong with a message's blocks or a form's, and whom they ring.

Only the kinds of block that the bot uses are known; every other kind, and every property that is not listed, is refused
and not waved through. Lengths are counted in UTF-16 units of the text as it was sent. Pure.
"""

from collections.abc import Callable, Iterator
from typing import Any

from bot.playground.slack.block_kit.checks import (
    check_flags,
    check_kind,
    check_size,
    check_string,
    check_text,
    count_units,
    say,
)
from bot.playground.slack.block_kit.elements import check_element, check_elements
from bot.playground.slack.block_kit.mrkdwn import LIVE
from bot.playground.slack.records import Block, Shown

BLOCKS_LIMIT = 50  # blocks of a message; documented
VIEW_BLOCKS_LIMIT = 100  # blocks of a form; documented
SECTION_LIMIT = 3_000  # characters of a text object; documented
FIELDS_LIMIT = 10  # fields of a section; documented
FIELD_LIMIT = 2_000  # characters of a section's field; documented
HEADER_LIMIT = 150  # characters; documented
ELEMENTS_LIMIT = 10  # elements of a context block; documented
ACTIONS_LIMIT = 25  # elements of a row of buttons; documented
CONTEXT_ACTIONS_LIMIT = 5  # elements; documented
LABEL_LIMIT = 2_000  # characters of a field's label, and of the hint below it; documented
MARKDOWN_LIMIT = 12_000  # characters of all markdown blocks of a message together; documented
BLOCKS_TEXT_LIMIT = 13_000  # characters over all blocks: `msg_blocks_too_long`; one report from the field
BLOCK_ID_LIMIT = 255  # characters; documented

ONLY_IN_MESSAGES = frozenset({"markdown", "context_actions"})
# Slack's page has fields in messages too. What a message with one is worth is nowhere said, so here it is a mistake.
ONLY_IN_VIEWS = frozenset({"input"})


def count_text(blocks: list[Block]) -> int:
    """Return the length of all texts in `blocks`, which have no problems."""
    return sum(count_units(text) for _, text in _texts(blocks))


def find_problems(blocks: Any, *, at: str = "/blocks", is_view: bool = False) -> list[str]:
    """Return what is wrong with `blocks`, said as Slack does, each with a JSON pointer; empty when nothing is.

    They are a message's or, with `is_view`, a form's; `at` is where they stand in what was sent.
    """
    if not isinstance(blocks, list):
        return [say("must be an array", at)]
    kinds = KINDS.keys() - (ONLY_IN_MESSAGES if is_view else ONLY_IN_VIEWS)
    found = [
        problem
        for place, block in enumerate(blocks)
        for problem in check_kind(block, f"{at}/{place}", kinds, KINDS, ("block_id", BLOCK_ID_LIMIT))
    ]
    limit = VIEW_BLOCKS_LIMIT if is_view else BLOCKS_LIMIT
    if len(blocks) > limit:
        found.append(say(f"no more than {limit} items allowed", at))
    if not found:
        ids = [block["block_id"] for block in blocks if "block_id" in block]
        if len(ids) > len(set(ids)):
            found.append(say("`block_id` is not unique", at))
        markdown = sum(count_units(block["text"]) for block in blocks if block["type"] == "markdown")
        if markdown > MARKDOWN_LIMIT:
            found.append(say(f"markdown blocks: must be less than {MARKDOWN_LIMIT + 1} characters", at))
    return found


def find_mentions(message: Shown) -> list[str]:
    """Return every live mention (`!channel`, `@U…`), in the text and the blocks: whom a message may ring."""
    texts = [("mrkdwn", message.text), *_texts(message.blocks)]
    lively = " ".join(text for kind, text in texts if kind != "plain_text")
    return [sign + name for sign, name, _ in LIVE.findall(lively) if sign in {"!", "@"}]


def _texts(blocks: list[Block]) -> Iterator[tuple[str, str]]:
    for block in blocks:
        if block["type"] == "markdown":
            yield "markdown", block["text"]
            continue
        for text in [
            *([block["text"]] if "text" in block else []),
            *block.get("fields", ()),
            *(block["elements"] if block["type"] == "context" else ()),
        ]:
            yield text["type"], text["text"]


def _check_section(block: Block, at: str) -> Iterator[str]:
    if "text" not in block and "fields" not in block:
        yield say("missing required field: text", at)
    if "text" in block:
        yield from check_text(block["text"], f"{at}/text", SECTION_LIMIT)
    if "fields" in block:
        yield from _check_texts(block["fields"], f"{at}/fields", most=FIELDS_LIMIT, limit=FIELD_LIMIT)
    if "accessory" in block:
        yield from check_element(block["accessory"], f"{at}/accessory", frozenset({"button"}))
    yield from check_flags(block, ("expand",), at)


def _check_context(block: Block, at: str) -> Iterator[str]:
    yield from _check_texts(block.get("elements"), f"{at}/elements", most=ELEMENTS_LIMIT, limit=SECTION_LIMIT)


def _check_header(block: Block, at: str) -> Iterator[str]:
    yield from check_text(block.get("text"), f"{at}/text", HEADER_LIMIT, is_plain=True)


def _check_markdown(block: Block, at: str) -> Iterator[str]:
    yield from check_string(block.get("text"), f"{at}/text", MARKDOWN_LIMIT)


def _check_divider(_block: Block, _at: str) -> Iterator[str]:
    yield from ()


def _check_actions(block: Block, at: str) -> Iterator[str]:
    kinds = frozenset({"button"})
    yield from check_elements(block.get("elements"), f"{at}/elements", most=ACTIONS_LIMIT, kinds=kinds)


def _check_context_actions(block: Block, at: str) -> Iterator[str]:
    kinds = frozenset({"feedback_buttons", "icon_button"})
    yield from check_elements(block.get("elements"), f"{at}/elements", most=CONTEXT_ACTIONS_LIMIT, kinds=kinds)


def _check_input(block: Block, at: str) -> Iterator[str]:
    yield from check_text(block.get("label"), f"{at}/label", LABEL_LIMIT, is_plain=True)
    yield from check_element(block.get("element"), f"{at}/element", frozenset({"plain_text_input"}))
    if "hint" in block:
        yield from check_text(block["hint"], f"{at}/hint", LABEL_LIMIT, is_plain=True)
    yield from check_flags(block, ("optional",), at)


def _check_texts(texts: Any, at: str, *, most: int, limit: int) -> Iterator[str]:
    problems = list(check_size(texts, at, most))
    if not problems:
        for place, text in enumerate(texts):
            problems += check_text(text, f"{at}/{place}", limit)
    yield from problems


KINDS: dict[str, tuple[Callable[[Block, str], Iterator[str]], frozenset[str]]] = {
    "section": (_check_section, frozenset({"text", "fields", "expand", "accessory"})),
    "context": (_check_context, frozenset({"elements"})),
    "header": (_check_header, frozenset({"text"})),
    "markdown": (_check_markdown, frozenset({"text"})),
    "divider": (_check_divider, frozenset()),
    "actions": (_check_actions, frozenset({"elements"})),
    "context_actions": (_check_context_actions, frozenset({"elements"})),
    "input": (_check_input, frozenset({"label", "element", "hint", "optional"})),
}
"""Kinds of block that the bot uses: how each is checked, and what it may have beside `type` and `block_id`."""
