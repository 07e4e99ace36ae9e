from typing import Any

import pytest

from bot.playground.slack.block_kit.blocks import find_problems
from bot.playground.slack.block_kit.views import find_view_problems
from tests.playground.slack.pressed import actions, button, context_actions, feedback, field, form, words

TEXT = {"type": "section", "text": words("Nothing to fill in.")}
LONGEST = {"private_metadata": "a" * 3_000, "callback_id": "a" * 255, "external_id": "a" * 255}


def without(view: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return a form without some of its parts."""
    return {name: part for name, part in view.items() if name not in names}


@pytest.mark.parametrize(
    "view",
    [
        form(),
        form(title=words("a" * 24), submit=words("a" * 24), close=words("a" * 24), **LONGEST),
        form(private_metadata="", callback_id="", external_id="", clear_on_close=True, notify_on_close=False),
        without(form(TEXT), "submit", "callback_id"),
        form(TEXT, *[{"type": "divider"}] * 98, actions(button("more"))),
        form(field(focus_on_load=True), field("more", focus_on_load=False)),
        form({**field(), "optional": True, "hint": words("a" * 2_000), "label": words("a" * 2_000)}),
    ],
)
def test_a_form_within_the_limits_is_taken(view: Any) -> None:
    """Up to each limit, and not one less."""
    assert find_view_problems(view) == []


@pytest.mark.parametrize(
    ("view", "pointer"),
    [
        ("modal", ""),
        (form(type="home"), "/type"),
        (without(form(), "title"), "/title"),
        (form(title=words("a" * 25)), "/title/text"),
        (form(title={"type": "mrkdwn", "text": "a"}), "/title/type"),
        (form(submit=words("a" * 25)), "/submit/text"),
        (form(close=words("a" * 25)), "/close/text"),
        (form(close="Cancel"), "/close"),
        (form(private_metadata="a" * 3_001), "/private_metadata"),
        (form(private_metadata={"channel": "C0GENERAL"}), "/private_metadata"),
        (form(callback_id="a" * 256), "/callback_id"),
        (form(external_id="a" * 256), "/external_id"),
        (form(notify_on_close="yes"), "/notify_on_close"),
        (form(submit_disabled=True), ""),
        (form(state={}), ""),
        (without(form(), "blocks"), "/blocks"),
        (form(blocks=[]), "/blocks"),
        (form(TEXT, *[{"type": "divider"}] * 100), "/blocks"),
        (without(form(), "submit"), ""),
        (form(field("one"), field("one")), "/blocks"),
        (form(field("one", focus_on_load=True), field("two", focus_on_load=True)), "/blocks"),
        (form({"type": "markdown", "text": "a"}), "/blocks/0/type"),
        (form(context_actions(feedback())), "/blocks/0/type"),
        (form(without(field(), "label")), "/blocks/0/label"),
        (form(field() | {"label": {"type": "mrkdwn", "text": "a"}}), "/blocks/0/label/type"),
        (form(field() | {"label": words("a" * 2_001)}), "/blocks/0/label/text"),
        (form(field() | {"hint": words("a" * 2_001)}), "/blocks/0/hint/text"),
        (form(field() | {"optional": "yes"}), "/blocks/0/optional"),
        (form(field() | {"dispatch_action": True}), "/blocks/0"),
        (form(field() | {"element": button()}), "/blocks/0/element/type"),
        (form(without(field(), "element")), "/blocks/0/element/type"),
        (form(field(max_length=3_001)), "/blocks/0/element/max_length"),
    ],
)
def test_what_is_wrong_with_a_form_is_named_with_its_place(view: Any, pointer: str) -> None:
    """One mistake, one problem."""
    (problem,) = find_view_problems(view)
    assert problem.endswith(f"[json-pointer:/view{pointer}]")


def test_a_field_is_in_forms_only() -> None:
    """A message with one is refused."""
    assert find_problems([field()]) == ["unsupported type: input [json-pointer:/blocks/0/type]"]
