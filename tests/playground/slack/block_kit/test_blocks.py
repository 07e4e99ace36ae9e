from typing import Any

import pytest

from bot.playground.slack.block_kit.blocks import count_text, find_mentions, find_problems
from bot.playground.slack.block_kit.checks import count_units
from bot.playground.slack.records import Block
from bot.playground.slack.workspace import Version
from tests.playground.slack.pressed import actions, button, context_actions, feedback, icon


def section(text: Any = "hello", **more: Any) -> Block:
    """Return a section."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def header(text: str = "hello", kind: str = "plain_text") -> Block:
    """Return a header."""
    return {"type": "header", "text": {"type": kind, "text": text}}


def context(*texts: str) -> Block:
    """Return a context block."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text} for text in texts]}


def markdown(text: Any = "# hello") -> Block:
    """Return a markdown block."""
    return {"type": "markdown", "text": text}


@pytest.mark.parametrize(
    "blocks",
    [
        [],
        [section("a" * 3_000)],
        [section("\N{GRINNING FACE}" * 1_500)],
        [section(block_id="one"), section(block_id="two", expand=True)],
        [{"type": "section", "fields": [{"type": "plain_text", "text": "a", "emoji": True}] * 10}],
        [header("a" * 150)],
        [context(*"abcdefghij")],
        [markdown("a" * 6_000), markdown("b" * 6_000)],
        [{"type": "divider"}] * 50,
        [section(accessory=button())],
        [actions(*(button(str(number)) for number in range(25)))],
        [actions(button(), button()), actions(button("one")), actions(button("one"))],
        [context_actions(feedback("one"), icon("two"), icon("three"), icon("four"), icon("five"))],
    ],
)
def test_blocks_within_the_limits_are_taken(blocks: Any) -> None:
    """Up to each limit, and not one less."""
    assert find_problems(blocks) == []


@pytest.mark.parametrize(
    ("blocks", "pointer"),
    [
        ("text", "/blocks"),
        ({}, "/blocks"),
        (["text"], "/blocks/0/type"),
        ([{}], "/blocks/0/type"),
        ([{"type": ["section"]}], "/blocks/0/type"),
        ([{"type": "video"}], "/blocks/0/type"),
        ([{"type": "input"}], "/blocks/0/type"),
        ([{"type": "section"}], "/blocks/0"),
        ([section("")], "/blocks/0/text/text"),
        ([section(" \n")], "/blocks/0/text/text"),
        ([section(7)], "/blocks/0/text/text"),
        ([section("a" * 3_001)], "/blocks/0/text/text"),
        ([section("\N{GRINNING FACE}" * 1_501)], "/blocks/0/text/text"),
        ([section("&lt;" * 751)], "/blocks/0/text/text"),
        ([section(colour="red")], "/blocks/0"),
        ([section(accessory={})], "/blocks/0/accessory/type"),
        ([section(accessory=feedback())], "/blocks/0/accessory/type"),
        ([section(expand="yes")], "/blocks/0/expand"),
        ([section(block_id="a" * 256)], "/blocks/0/block_id"),
        ([section(block_id="one"), section(block_id="one")], "/blocks"),
        ([{"type": "section", "text": "hello"}], "/blocks/0/text"),
        ([{"type": "section", "text": {"type": "markdown", "text": "hello"}}], "/blocks/0/text"),
        ([{"type": "section", "text": {"type": "mrkdwn", "text": "a", "emoji": True}}], "/blocks/0/text"),
        ([{"type": "section", "text": {"type": "mrkdwn", "text": "a", "verbatim": 1}}], "/blocks/0/text/verbatim"),
        ([{"type": "section", "fields": [{"type": "mrkdwn", "text": "a"}] * 11}], "/blocks/0/fields"),
        ([{"type": "section", "fields": [{"type": "mrkdwn", "text": "a" * 2_001}]}], "/blocks/0/fields/0/text"),
        ([{"type": "header"}], "/blocks/0/text"),
        ([header("a" * 151)], "/blocks/0/text/text"),
        ([header(kind="mrkdwn")], "/blocks/0/text/type"),
        ([{"type": "context"}], "/blocks/0/elements"),
        ([context()], "/blocks/0/elements"),
        ([context(*"abcdefghijk")], "/blocks/0/elements"),
        ([context("a", "")], "/blocks/0/elements/1/text"),
        ([{"type": "markdown"}], "/blocks/0/text"),
        ([markdown("")], "/blocks/0/text"),
        ([markdown({"type": "mrkdwn", "text": "a"})], "/blocks/0/text"),
        ([markdown("a" * 12_001)], "/blocks/0/text"),
        ([markdown("a" * 6_000), markdown("b" * 6_001)], "/blocks"),
        ([{"type": "divider", "text": "a"}], "/blocks/0"),
        ([{"type": "divider"}] * 51, "/blocks"),
        ([actions()], "/blocks/0/elements"),
        ([actions(*(button() for _ in range(26)))], "/blocks/0/elements"),
        ([actions(button("one"), button("two"), button("one"))], "/blocks/0/elements"),
        ([actions(feedback())], "/blocks/0/elements/0/type"),
        ([{"type": "actions", "elements": {}}], "/blocks/0/elements"),
        ([context_actions(*[icon()] * 6)], "/blocks/0/elements"),
        ([context_actions(button())], "/blocks/0/elements/0/type"),
        ([context_actions(icon(), text="a")], "/blocks/0"),
    ],
)
def test_what_is_wrong_with_blocks_is_named_with_its_place(blocks: Any, pointer: str) -> None:
    """One mistake, one problem."""
    (problem,) = find_problems(blocks)
    assert problem.endswith(f"[json-pointer:{pointer}]")


@pytest.mark.parametrize(("text", "units"), [("", 0), ("aé", 2), ("\N{GRINNING FACE}", 2), ("&lt;", 4), ("\ud83d", 1)])
def test_length_is_counted_in_utf_16_units_of_what_was_sent(text: str, units: int) -> None:
    """An emoji is two, an entity all of its letters."""
    assert count_units(text) == units


def test_the_length_of_blocks_is_that_of_all_their_texts() -> None:
    """Whatever kind they are of, but for the buttons'."""
    fields = {"type": "section", "fields": [{"type": "mrkdwn", "text": "four"}]}
    blocks = [header("ab"), section("abc"), context("a", "b"), markdown("abcde"), fields]
    assert count_text(blocks) == count_text([*blocks, actions(button())]) == 16


def shown(text: str = "", *blocks: Block) -> Version:
    """Return something to be shown."""
    return Version(0.0, text, list(blocks))


def test_live_mentions_are_found_wherever_slack_parses_them() -> None:
    """In the text, mrkdwn and Markdown; not in plain text, and not escaped."""
    message = shown("<@U1>", section("<!here>"), markdown("<!subteam^S1|all>"), header("<@U2>"), context("&lt;@U3&gt;"))
    assert find_mentions(message) == ["@U1", "!here", "!subteam^S1"]
