"""A form that an app shows to one person: what is wrong with one, said as Slack does. Pure.

Only modals are known. `submit_disabled` and what is a workflow's are refused, as nobody here carries it out.
"""

from collections.abc import Iterator
from typing import Any

from bot.playground.slack.block_kit.blocks import find_problems
from bot.playground.slack.block_kit.checks import check_flags, check_properties, check_string, check_text, say

WORDS_LIMIT = 24  # characters of its title, and of each of its two buttons; documented, as all that follow
METADATA_LIMIT = 3_000  # characters of `private_metadata`
ID_LIMIT = 255  # characters of `callback_id` and `external_id`
WORDS = ("title", "submit", "close")
STRINGS = {"private_metadata": METADATA_LIMIT, "callback_id": ID_LIMIT, "external_id": ID_LIMIT}
FLAGS = ("clear_on_close", "notify_on_close")
PROPERTIES = {"type", "blocks", *WORDS, *STRINGS, *FLAGS}


def find_view_problems(view: Any, *, at: str = "/view") -> list[str]:
    """Return what is wrong with `view`, each with a JSON pointer; empty when nothing is."""
    return list(_check(view, at))


def _check(view: Any, at: str) -> Iterator[str]:
    if not isinstance(view, dict):
        yield say("must be an object", at)
        return
    yield from check_properties(view, PROPERTIES, at)
    if view.get("type") != "modal":
        yield say("must be one of: modal", f"{at}/type")
    for name in WORDS:
        if name in view or name == "title":
            yield from check_text(view.get(name), f"{at}/{name}", WORDS_LIMIT, is_plain=True)
    for name, limit in STRINGS.items():
        if view.get(name, "") != "":  # an empty one is none
            yield from check_string(view[name], f"{at}/{name}", limit)
    yield from check_flags(view, FLAGS, at)
    problems = find_problems(view.get("blocks"), at=f"{at}/blocks", is_view=True)
    yield from problems or _check_fields(view, at)


def _check_fields(view: dict[str, Any], at: str) -> Iterator[str]:
    if not view["blocks"]:
        yield say("no fewer than 1 items allowed", f"{at}/blocks")
    fields = [block["element"] for block in view["blocks"] if block["type"] == "input"]
    if fields and "submit" not in view:
        yield say("missing required field: submit", at)
    if sum(field.get("focus_on_load", False) for field in fields) > 1:
        yield say("only one element can have `focus_on_load`", f"{at}/blocks")
