from typing import Any

import pytest

from bot.playground.slack.block_kit.elements import Button, check_element, find_buttons
from tests.playground.slack.pressed import actions, button, context_actions, feedback, field, icon, words

KINDS = frozenset({"button", "icon_button", "feedback_buttons", "plain_text_input"})
SURE = {"title": words("Sure?"), "text": words("It is gone then."), "confirm": words("Yes"), "deny": words("No")}


def typed(**more: Any) -> Any:
    """Return what is typed into a field."""
    return field(**more)["element"]


def vote(**more: Any) -> Any:
    """Return feedback buttons whose second one is as said."""
    return feedback(negative_button={"text": words("Bad"), "value": "bad", **more})


@pytest.mark.parametrize(
    "element",
    [
        button(),
        button("a" * 255, "a" * 75, value="a" * 2_000, style="primary", accessibility_label="a" * 75),
        button(style="danger", confirm={**SURE, "style": "danger"}),
        button(confirm={**SURE, "text": {"type": "mrkdwn", "text": "a" * 300}, "confirm": words("a" * 30)}),
        icon(value="a", accessibility_label="Delete it", visible_to_user_ids=["U0ADA"] * 10),
        feedback(),
        vote(value="a" * 2_000, accessibility_label="a" * 75),
        typed(max_length=3_000, min_length=3_000, multiline=True, focus_on_load=True, placeholder=words("a" * 150)),
        typed(initial_value="a" * 3_000),
        typed(initial_value="", max_length=1, min_length=0),
    ],
)
def test_an_element_within_the_limits_is_taken(element: Any) -> None:
    """Up to each limit, and not one less."""
    assert list(check_element(element, "", KINDS)) == []


@pytest.mark.parametrize(
    ("element", "pointer"),
    [
        (None, "/type"),
        ({"type": ["button"]}, "/type"),
        ({"type": "overflow"}, "/type"),
        ({"type": "button"}, "/text"),
        (button(text=""), "/text/text"),
        (button(text="a" * 76), "/text/text"),
        (button() | {"text": {"type": "mrkdwn", "text": "a"}}, "/text/type"),
        (button("a" * 256), "/action_id"),
        (button() | {"action_id": ""}, "/action_id"),
        (button(value="a" * 2_001), "/value"),
        (button(value={"id": 7}), "/value"),
        (button(value=""), "/value"),
        (button(style="default"), "/style"),
        (button(accessibility_label="a" * 76), "/accessibility_label"),
        (button(url="https://x.org"), ""),
        (button(confirm="sure?"), "/confirm"),
        (button(confirm={name: text for name, text in SURE.items() if name != "deny"}), "/confirm/deny"),
        (button(confirm={**SURE, "title": words("a" * 101)}), "/confirm/title/text"),
        (button(confirm={**SURE, "title": {"type": "mrkdwn", "text": "a"}}), "/confirm/title/type"),
        (button(confirm={**SURE, "text": words("a" * 301)}), "/confirm/text/text"),
        (button(confirm={**SURE, "confirm": words("a" * 31)}), "/confirm/confirm/text"),
        (button(confirm={**SURE, "deny": words("a" * 31)}), "/confirm/deny/text"),
        (button(confirm={**SURE, "style": "red"}), "/confirm/style"),
        (button(confirm={**SURE, "icon": "trash"}), "/confirm"),
        (icon(icon="pencil"), "/icon"),
        (icon(style="primary"), ""),
        (icon(visible_to_user_ids=["U0ADA"] * 11), "/visible_to_user_ids"),
        (icon(visible_to_user_ids=[7]), "/visible_to_user_ids"),
        (feedback(positive_button="good"), "/positive_button"),
        (vote(text=words("a" * 76)), "/negative_button/text/text"),
        (vote(value=None), "/negative_button/value"),
        (vote(value="a" * 2_001), "/negative_button/value"),
        (vote(accessibility_label="a" * 76), "/negative_button/accessibility_label"),
        (vote(style="danger"), "/negative_button"),
        (feedback(value="a"), ""),
        (typed(max_length=3_001), "/max_length"),
        (typed(max_length=0), "/max_length"),
        (typed(max_length=True), "/max_length"),
        (typed(max_length="30"), "/max_length"),
        (typed(min_length=3_001), "/min_length"),
        (typed(min_length=-1), "/min_length"),
        (typed(min_length=3, max_length=2), "/min_length"),
        (typed(initial_value="a" * 3_001), "/initial_value"),
        (typed(initial_value="\N{GRINNING FACE}" * 2, max_length=3), "/initial_value"),
        (typed(initial_value=7), "/initial_value"),
        (typed(multiline="yes"), "/multiline"),
        (typed(focus_on_load=1), "/focus_on_load"),
        (typed(placeholder=words("a" * 151)), "/placeholder/text"),
        (typed(dispatch_action_config={}), ""),
    ],
)
def test_what_is_wrong_with_an_element_is_named_with_its_place(element: Any, pointer: str) -> None:
    """One mistake, one problem."""
    (problem,) = check_element(element, "/x", KINDS)
    assert problem.endswith(f"[json-pointer:/x{pointer}]")


def test_an_element_belongs_where_slack_shows_it() -> None:
    """What is fine in one place is of an unsupported kind in another."""
    assert list(check_element(icon(), "", frozenset({"button"}))) == [
        "unsupported type: icon_button [json-pointer:/type]"
    ]


def test_buttons_are_found_with_what_a_press_of_them_tells() -> None:
    """Wherever they are; of feedback buttons each one, of fields none."""
    blocks = [
        {"type": "section", "text": words("text"), "accessory": button("go"), "block_id": "one"},
        actions(button("stop", "Stop", value="7", style="danger"), block_id="two"),
        context_actions(feedback(), icon("drop", visible_to_user_ids=["U0ADA"])),
        field(),
        {"type": "divider"},
    ]
    assert list(find_buttons(blocks)) == [
        Button("button", "one", "go", words("Press"), None),
        Button("button", "two", "stop", words("Stop"), "7", "danger"),
        Button("feedback_buttons", "", "vote", words("Good"), "good"),
        Button("feedback_buttons", "", "vote", words("Bad"), "bad"),
        Button("icon_button", "", "drop", words("Delete"), None, visible_to=("U0ADA",)),
    ]
