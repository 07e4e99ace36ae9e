"""Block Kit as Slack takes it: what is wrong with a message's blocks, and what a reader sees of them.

Only the kinds of block that the bot uses are known; every other kind, and every property that is not listed, is refused
and not waved through. Lengths are counted in UTF-16 units of the text as it was sent. Pure.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, Protocol

Block = dict[str, Any]

BLOCKS_LIMIT = 50  # blocks of a message; documented
SECTION_LIMIT = 3_000  # characters of a text object; documented
FIELDS_LIMIT = 10  # fields of a section; documented
FIELD_LIMIT = 2_000  # characters of a section's field; documented
HEADER_LIMIT = 150  # characters; documented
ELEMENTS_LIMIT = 10  # elements of a context block; documented
MARKDOWN_LIMIT = 12_000  # characters of all markdown blocks of a message together; documented
BLOCKS_TEXT_LIMIT = 13_000  # characters over all blocks: `msg_blocks_too_long`; one report from the field
BLOCK_ID_LIMIT = 255  # characters; documented

LIVE = re.compile(r"<([!@#]|https?://|mailto:)([^<>|]*)(?:\|([^<>]*))?>")
"""What Slack makes live in a text: a mention, a channel, a link, with or without a label."""


class Shown(Protocol):
    """Whatever has a text and blocks: a message, one of its versions, a whisper."""

    @property
    def text(self) -> str: ...  # noqa: D102

    @property
    def blocks(self) -> list[Block]: ...  # noqa: D102


def count_units(text: str) -> int:
    """Return the length of `text` in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def count_text(blocks: list[Block]) -> int:
    """Return the length of all texts in `blocks`, which have no problems."""
    return sum(count_units(text) for _, text in _texts(blocks))


def find_problems(blocks: Any) -> list[str]:
    """Return what is wrong with `blocks`, said as Slack does, each with a JSON pointer; empty when nothing is."""
    if not isinstance(blocks, list):
        return ["must be an array [json-pointer:/blocks]"]
    found = [problem for place, block in enumerate(blocks) for problem in _check_block(block, f"/blocks/{place}")]
    if len(blocks) > BLOCKS_LIMIT:
        found.append(f"no more than {BLOCKS_LIMIT} items allowed [json-pointer:/blocks]")
    if not found:
        ids = [block["block_id"] for block in blocks if "block_id" in block]
        if len(ids) > len(set(ids)):
            found.append("`block_id` is not unique [json-pointer:/blocks]")
        markdown = sum(count_units(block["text"]) for block in blocks if block["type"] == "markdown")
        if markdown > MARKDOWN_LIMIT:
            found.append(f"markdown blocks: must be less than {MARKDOWN_LIMIT + 1} characters [json-pointer:/blocks]")
    return found


def plain(message: Shown) -> str:
    """Return the text that a reader sees, a line or more for each text object.

    Blocks hide the text, as in Slack. A live mention reads `@channel` or `@U…`, a link its label; what was escaped
    reads as it was before. Markdown is left as it is.
    """
    texts = _texts(message.blocks) if message.blocks else [("mrkdwn", message.text)]
    return "\n".join(_unescape(text if kind == "plain_text" else LIVE.sub(_label, text)) for kind, text in texts)


def find_mentions(message: Shown) -> list[str]:
    """Return every live mention (`!channel`, `@U…`), in the text and the blocks: whom a message may ring."""
    texts = [("mrkdwn", message.text), *_texts(message.blocks)]
    lively = " ".join(text for kind, text in texts if kind != "plain_text")
    return [sign + name for sign, name, _ in LIVE.findall(lively) if sign in {"!", "@"}]


def _label(match: re.Match[str]) -> str:
    sign, target, label = match.groups()
    if sign == "#":
        return f"#{label or target}"
    if sign in {"!", "@"}:
        return f"@{(label or target).removeprefix('@')}"
    return label or sign + target


def _unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _texts(blocks: list[Block]) -> Iterator[tuple[str, str]]:
    for block in blocks:
        if block["type"] == "markdown":
            yield "markdown", block["text"]
            continue
        for text in [
            *([block["text"]] if "text" in block else []),
            *block.get("fields", ()),
            *block.get("elements", ()),
        ]:
            yield text["type"], text["text"]


def _check_block(block: Any, at: str) -> Iterator[str]:
    kind = block.get("type") if isinstance(block, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        yield f"unsupported type: {kind} [json-pointer:{at}/type]"
        return
    check, properties = KINDS[kind]
    for name in sorted(block.keys() - properties - {"type", "block_id"}):
        yield f"invalid additional property: {name} [json-pointer:{at}]"
    if "block_id" in block:
        yield from _check_string(block["block_id"], f"{at}/block_id", BLOCK_ID_LIMIT)
    yield from check(block, at)


def _check_section(block: Block, at: str) -> Iterator[str]:
    if "text" not in block and "fields" not in block:
        yield f"missing required field: text [json-pointer:{at}]"
    if "text" in block:
        yield from _check_text(block["text"], f"{at}/text", SECTION_LIMIT)
    if "fields" in block:
        yield from _check_texts(block["fields"], f"{at}/fields", most=FIELDS_LIMIT, limit=FIELD_LIMIT)
    if not isinstance(block.get("expand", False), bool):
        yield f"must be a boolean [json-pointer:{at}/expand]"


def _check_context(block: Block, at: str) -> Iterator[str]:
    yield from _check_texts(block.get("elements"), f"{at}/elements", most=ELEMENTS_LIMIT, limit=SECTION_LIMIT)


def _check_header(block: Block, at: str) -> Iterator[str]:
    text = block.get("text")
    yield from _check_text(text, f"{at}/text", HEADER_LIMIT)
    if isinstance(text, dict) and text.get("type") == "mrkdwn":
        yield f"must be plain_text [json-pointer:{at}/text/type]"


def _check_markdown(block: Block, at: str) -> Iterator[str]:
    yield from _check_string(block.get("text"), f"{at}/text", MARKDOWN_LIMIT)


def _check_divider(_block: Block, _at: str) -> Iterator[str]:
    yield from ()


def _check_texts(texts: Any, at: str, *, most: int, limit: int) -> Iterator[str]:
    if not isinstance(texts, list) or not 1 <= len(texts) <= most:
        yield f"must be an array of 1 to {most} items [json-pointer:{at}]"
        return
    for place, text in enumerate(texts):
        yield from _check_text(text, f"{at}/{place}", limit)


def _check_text(text: Any, at: str, limit: int) -> Iterator[str]:
    kind = text.get("type") if isinstance(text, dict) else None
    if kind not in {"plain_text", "mrkdwn"}:
        yield f"must be a text object [json-pointer:{at}]"
        return
    option = "emoji" if kind == "plain_text" else "verbatim"
    for name in sorted(text.keys() - {"type", "text", option}):
        yield f"invalid additional property: {name} [json-pointer:{at}]"
    if not isinstance(text.get(option, False), bool):
        yield f"must be a boolean [json-pointer:{at}/{option}]"
    yield from _check_string(text.get("text"), f"{at}/text", limit)


def _check_string(value: Any, at: str, limit: int) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"must be a string [json-pointer:{at}]"
    elif not value.strip():
        yield f"must be more than 0 characters [json-pointer:{at}]"
    elif count_units(value) > limit:
        yield f"must be less than {limit + 1} characters [json-pointer:{at}]"


KINDS: dict[str, tuple[Callable[[Block, str], Iterator[str]], frozenset[str]]] = {
    "section": (_check_section, frozenset({"text", "fields", "expand"})),
    "context": (_check_context, frozenset({"elements"})),
    "header": (_check_header, frozenset({"text"})),
    "markdown": (_check_markdown, frozenset({"text"})),
    "divider": (_check_divider, frozenset()),
}
"""Kinds of block that the bot uses: how each is checked, and what it may have beside `type` and `block_id`."""
