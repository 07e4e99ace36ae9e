"""Blocks as Slack keeps them and hands them out again: not as they were sent. Pure.

What has no id is given one; what may be left out of a text is filled in; a `markdown` block is `rich_text` from then
on, so that an app cannot read out of a message what it had put into it. Slack takes the Markdown apart for that; here
it stays one text, for whoever reads it has gone wrong already.
"""

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

Block = dict[str, Any]


def store(blocks: list[Block], version: str) -> list[Block]:
    """Return `blocks`, which have no problems, as Slack keeps them.

    The ids that it makes depend on `version`, a name of the message or form as it stands: each edit makes new ones.
    """
    return [_store_block(block, f"{version}/{place}") for place, block in enumerate(blocks)]


def write_rich_text(text: str, version: str) -> Block:
    """Return the block that Slack makes of what a person typed."""
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "block_id": _make_id(version), "elements": [section]}


def _store_block(block: Block, version: str) -> Block:
    block_id = block.get("block_id") or _make_id(version)
    if block["type"] == "markdown":
        return {**write_rich_text(block["text"], version), "block_id": block_id}
    stored = {name: _fill_in(part) for name, part in block.items()} | {"block_id": block_id}
    if block["type"] in {"actions", "context_actions"}:
        stored["elements"] = [_name(element, f"{version}/{place}") for place, element in enumerate(stored["elements"])]
    for name in {"accessory", "element"} & stored.keys():
        stored[name] = _name(stored[name], f"{version}/{name}")
    if block["type"] == "input":
        stored = {"optional": False, "dispatch_action": False, **stored}
    return stored


def _fill_in(part: Any) -> Any:
    if isinstance(part, list):
        return [_fill_in(one) for one in part]
    if not isinstance(part, dict):
        return part
    filled = {name: _fill_in(one) for name, one in part.items()}
    if part.get("type") == "plain_text":
        return {"emoji": True, **filled}
    return {"verbatim": False, **filled} if part.get("type") == "mrkdwn" else filled


def _name(element: Block, version: str) -> Block:
    return {"action_id": _make_id(version), **element}


def _make_id(version: str) -> str:
    """Five characters, like those that Slack makes."""
    return urlsafe_b64encode(sha256(version.encode()).digest()).decode()[:5]
