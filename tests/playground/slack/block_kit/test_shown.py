from typing import Any

import pytest

from bot.playground.slack.block_kit.nodes import Kind, Node, strip
from bot.playground.slack.block_kit.shown import plain, see, see_blocks
from bot.playground.slack.workspace import Version
from tests.playground.slack.block_kit.test_blocks import context, header, markdown, section
from tests.playground.slack.pressed import actions, button, context_actions, feedback, icon


def shown(text: str = "", *blocks: dict[str, Any]) -> Version:
    """Return something to be shown."""
    return Version(0.0, text, list(blocks))


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (shown("a &lt; b &amp;amp; c"), "a < b &amp; c"),
        (shown("notification", header("Title"), context("one", "two"), markdown("# text")), "Title\none\ntwo\n# text"),
        (shown("", section("<!channel> <@U1> <@U1|ada> <#C1|general> <https://x.org|label> <https://x.org>")), None),
        (shown("", section("&lt;!channel&gt;")), "<!channel>"),
        (shown("", header("<!channel>")), "<!channel>"),
        (shown("", actions(button(text="Stop"), button(text="A &amp; b"))), "[ Stop ] [ A & b ]"),
        (shown("", section("text", accessory=button(text="Go")), actions(button())), "text\n[ Go ]\n[ Press ]"),
        (shown("", context_actions(feedback(), icon())), "[ Good ] [ Bad ] [ Delete ]"),
    ],
)
def test_plain_is_what_a_reader_sees(message: Version, expected: str | None) -> None:
    """Blocks hide the text, what is live shows its label, and what was escaped shows itself."""
    assert plain(message) == (expected or "@channel @U1 @ada #general label https://x.org")


def kinds(nodes: tuple[Node, ...]) -> list[str]:
    """What stands there, in order."""
    return [node.kind.value for node in nodes]


def test_blocks_hide_the_text_and_each_is_a_node() -> None:
    """What can be pressed stands below what it belongs to."""
    assert kinds(see(shown("*a*"))) == ["section"]
    blocks = [header("a"), context("b", "c"), section("d", accessory=button()), {"type": "divider"}, markdown("e")]
    nodes = see(shown("hidden", *blocks, context_actions(feedback(), icon())))
    assert kinds(nodes) == ["header", "context", "section", "row", "divider", "markdown", "row"]
    assert kinds(nodes[-1].within) == ["votes", "button"]


def test_a_press_can_be_told_by_what_a_button_has_with_it() -> None:
    """By its action and its value, each vote by its own; and a screen reader gets its own words."""
    stop = button("stop", text="Stop") | {"value": "r1", "style": "danger", "accessibility_label": "Stop all"}
    nodes = see(shown("", actions(stop), context_actions(feedback("vote"))))
    told = [part.describe() for row in nodes for part in row.within]
    assert told[0] == {
        "kind": "button",
        "text": "Stop",
        "action_id": "stop",
        "value": "r1",
        "style": "danger",
        "accessibility_label": "Stop all",
        "visible_to": [],
    }
    assert [vote["action_id"] for vote in told[1]["within"]] == ["vote", "vote"]
    assert len({vote["value"] for vote in told[1]["within"]}) == 2


def test_people_are_called_by_their_names_where_they_are_known() -> None:
    """In Markdown too; and what is not live is left alone."""
    nodes = see(shown("", section("<@U1> &lt;@U1&gt;"), markdown("<@U1> &lt;@U1&gt; *so*")), {"U1": "ada"})
    assert "".join(map(strip, nodes)) == "@ada <@U1>@ada <@U1> *so*"


def test_a_field_has_its_label_its_hint_and_its_limits() -> None:
    """And is known by its block and its action."""
    element = {"type": "plain_text_input", "action_id": "words", "multiline": True, "max_length": 9}
    texts = {name: {"type": "plain_text", "text": name} for name in ("label", "hint")}
    (field,) = see_blocks([{"type": "input", "block_id": "b", "element": element, **texts}])
    assert [strip(line) for line in field.within] == ["label", "hint"]
    assert field.attributes == {
        "block_id": "b",
        "optional": False,
        "action_id": "words",
        "multiline": True,
        "max_length": 9,
    }


def test_what_shows_styles_gets_no_marks_of_them() -> None:
    """They are for plain text."""
    (node,) = see(shown("a *b* <https://x.example|c>"))
    (line,) = node.describe()["within"]
    assert line["within"] == [
        {"kind": "text", "text": "a "},
        {"kind": "bold", "within": [{"kind": "text", "text": "b"}]},
        {"kind": "text", "text": " "},
        {"kind": "link", "target": "https://x.example", "within": [{"kind": "text", "text": "c"}]},
    ]
    assert node.kind is Kind.SECTION
