"""Blocks with something to press or to fill in, for the tests of the stand-in."""

from typing import Any

from bot.playground.slack.records import Block


def words(text: str) -> dict[str, Any]:
    """Return a text with nothing marked up."""
    return {"type": "plain_text", "text": text}


def button(action_id: str | None = None, text: str = "Press", **more: Any) -> Block:
    """Return a button."""
    return {"type": "button", "text": words(text), **({"action_id": action_id} if action_id else {}), **more}


def icon(action_id: str | None = None, **more: Any) -> Block:
    """Return an icon button."""
    return {**button(action_id, "Delete"), "type": "icon_button", "icon": "trash", **more}


def feedback(action_id: str = "vote", **more: Any) -> Block:
    """Return a pair of feedback buttons."""
    return {
        "type": "feedback_buttons",
        "action_id": action_id,
        "positive_button": {"text": words("Good"), "value": "good"},
        "negative_button": {"text": words("Bad"), "value": "bad"},
        **more,
    }


def actions(*elements: Block, **more: Any) -> Block:
    """Return a row of buttons."""
    return {"type": "actions", "elements": list(elements), **more}


def context_actions(*elements: Block, **more: Any) -> Block:
    """Return a row of small ones."""
    return {"type": "context_actions", "elements": list(elements), **more}


def field(block_id: str = "problem", action_id: str = "text", **element: Any) -> Block:
    """Return a text field of a form; `element` is about what is typed."""
    return {
        "type": "input",
        "block_id": block_id,
        "label": words("Problem"),
        "element": {"type": "plain_text_input", "action_id": action_id, **element},
    }


def form(*blocks: Block, **more: Any) -> dict[str, Any]:
    """Return a form; with no blocks given, of one field."""
    return {
        "type": "modal",
        "callback_id": "ask",
        "title": words("Ask"),
        "submit": words("Send"),
        "blocks": list(blocks) or [field()],
        **more,
    }
