"""What people press or fill in: buttons, feedback buttons, icon buttons and text fields; what is wrong with them.

Only what the bot uses is known, as with blocks: links, menus, pickers and their like are refused. Pure.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.playground.slack.block_kit.checks import (
    check_choice,
    check_flags,
    check_kind,
    check_number,
    check_properties,
    check_size,
    check_string,
    check_strings,
    check_text,
    count_units,
    say,
)

Element = dict[str, Any]

ACTION_ID_LIMIT = 255  # characters; documented, as are all that follow
BUTTON_LIMIT = 75  # characters of a button's text, and of what is read aloud in its place
VALUE_LIMIT = 2_000  # characters of what a button carries
VISIBLE_LIMIT = 10  # people whom an icon button can be kept for
CONFIRM_LIMITS = {"title": 100, "text": 300, "confirm": 30, "deny": 30}  # characters
INPUT_LIMIT = 3_000  # characters that a field takes at most
PLACEHOLDER_LIMIT = 150  # characters
STYLES = ("primary", "danger")


@dataclass(frozen=True, slots=True)
class Button:
    """Something that can be pressed: of what kind, in which block, and what a press of it tells the app."""

    kind: str
    block_id: str
    action_id: str
    text: dict[str, Any]
    value: str | None
    style: str | None = None
    visible_to: tuple[str, ...] = ()  # the ids of those who see it; empty: everybody does


def find_buttons(blocks: list[dict[str, Any]]) -> Iterator[Button]:
    """Return all that can be pressed in `blocks`, which have no problems and their ids, in the order of reading."""
    for block in blocks:
        for element in elements_of(block):
            parts = [element]
            if element["type"] == "feedback_buttons":
                parts = [element["positive_button"], element["negative_button"]]
            for part in parts:
                yield Button(
                    kind=element["type"],
                    block_id=block.get("block_id", ""),
                    action_id=element.get("action_id", ""),
                    text=part["text"],
                    value=part.get("value"),
                    style=element.get("style"),
                    visible_to=tuple(element.get("visible_to_user_ids", ())),
                )


def elements_of(block: dict[str, Any]) -> list[Element]:
    """Return what can be pressed in a block, feedback buttons as one."""
    if block["type"] in {"actions", "context_actions"}:
        return list(block["elements"])
    return [block["accessory"]] if "accessory" in block else []


def check_elements(elements: Any, at: str, *, most: int, kinds: frozenset[str]) -> Iterator[str]:
    """A row of elements, each of its own `action_id`."""
    problems = list(check_size(elements, at, most))
    if not problems:
        for place, element in enumerate(elements):
            problems += check_element(element, f"{at}/{place}", kinds)
    if not problems:
        ids = [element["action_id"] for element in elements if "action_id" in element]
        if len(ids) > len(set(ids)):
            problems.append(say("`action_id` is not unique", at))
    yield from problems


def check_element(element: Any, at: str, kinds: frozenset[str]) -> Iterator[str]:
    """One element, of one of `kinds`."""
    yield from check_kind(element, at, kinds, ELEMENTS, ("action_id", ACTION_ID_LIMIT))


def _check_button(element: Element, at: str) -> Iterator[str]:
    yield from check_text(element.get("text"), f"{at}/text", BUTTON_LIMIT, is_plain=True)
    yield from check_strings(element, {"value": VALUE_LIMIT, "accessibility_label": BUTTON_LIMIT}, at)
    yield from check_choice(element, "style", STYLES, at)
    if "confirm" in element:
        yield from _check_confirm(element["confirm"], f"{at}/confirm")


def _check_icon_button(element: Element, at: str) -> Iterator[str]:
    if element.get("icon") != "trash":
        yield say("must be one of: trash", f"{at}/icon")
    if "visible_to_user_ids" in element:
        people = element["visible_to_user_ids"]
        yield from check_size(people, f"{at}/visible_to_user_ids", VISIBLE_LIMIT)
        if isinstance(people, list) and not all(isinstance(person, str) for person in people):
            yield say("must be strings", f"{at}/visible_to_user_ids")
    yield from _check_button(element, at)


def _check_feedback(element: Element, at: str) -> Iterator[str]:
    for name in ("positive_button", "negative_button"):
        button = element.get(name)
        if not isinstance(button, dict):
            yield say("must be an object", f"{at}/{name}")
            continue
        yield from check_properties(button, {"text", "value", "accessibility_label"}, f"{at}/{name}")
        yield from check_text(button.get("text"), f"{at}/{name}/text", BUTTON_LIMIT, is_plain=True)
        yield from check_string(button.get("value"), f"{at}/{name}/value", VALUE_LIMIT)
        yield from check_strings(button, {"accessibility_label": BUTTON_LIMIT}, f"{at}/{name}")


def _check_confirm(confirm: Any, at: str) -> Iterator[str]:
    if not isinstance(confirm, dict):
        yield say("must be an object", at)
        return
    yield from check_properties(confirm, CONFIRM_LIMITS.keys() | {"style"}, at)
    for name, limit in CONFIRM_LIMITS.items():
        # Its table of fields wants plain text everywhere, and its own example has mrkdwn in the text.
        yield from check_text(confirm.get(name), f"{at}/{name}", limit, is_plain=name != "text")
    yield from check_choice(confirm, "style", STYLES, at)


def _check_text_input(element: Element, at: str) -> Iterator[str]:
    yield from check_flags(element, ("multiline", "focus_on_load"), at)
    if "placeholder" in element:
        yield from check_text(element["placeholder"], f"{at}/placeholder", PLACEHOLDER_LIMIT, is_plain=True)
    lengths = [
        *check_number(element, "min_length", at, least=0, most=INPUT_LIMIT),
        *check_number(element, "max_length", at, least=1, most=INPUT_LIMIT),
    ]
    yield from lengths
    initial, most = element.get("initial_value", ""), element.get("max_length", INPUT_LIMIT)
    if not isinstance(initial, str):
        yield say("must be a string", f"{at}/initial_value")
    elif not lengths and count_units(initial) > most:
        yield say(f"must be less than {most + 1} characters", f"{at}/initial_value")
    if not lengths and element.get("min_length", 0) > most:
        yield say("must not be more than `max_length`", f"{at}/min_length")


_BUTTON = frozenset({"text", "value", "accessibility_label", "confirm"})
_TEXT_INPUT = frozenset({"initial_value", "multiline", "min_length", "max_length", "focus_on_load", "placeholder"})
ELEMENTS: dict[str, tuple[Callable[[Element, str], Iterator[str]], frozenset[str]]] = {
    "button": (_check_button, _BUTTON | {"style"}),
    "icon_button": (_check_icon_button, _BUTTON | {"icon", "visible_to_user_ids"}),
    "feedback_buttons": (_check_feedback, frozenset({"positive_button", "negative_button"})),
    "plain_text_input": (_check_text_input, _TEXT_INPUT),
}
"""Kinds of element that the bot uses: how each is checked, and what it may have beside `type` and `action_id`."""
