import time
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playground.slack.block_kit.mrkdwn import LIVE, name_lively, read_mrkdwn
from bot.playground.slack.block_kit.nodes import Kind, Node

SIGNS = {Kind.BOLD: "b", Kind.ITALIC: "i", Kind.STRIKE: "s", Kind.CODE: "c", Kind.PREFORMATTED: "p", Kind.QUOTE: "q"}
SIGNS |= {Kind.LINK: "a", Kind.MENTION: "m"}


def write(nodes: Iterable[Node]) -> str:
    """The nodes as tags, without their marks."""
    return "".join(_write(node) for node in nodes if node.kind is not Kind.MARK)


def _write(node: Node) -> str:
    inner = node.text + write(node.within)
    return f"<{SIGNS[node.kind]}>{inner}</>" if node.kind in SIGNS else inner


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*a* _b_ ~c~ `d`", "<b>a</> <i>b</> <s>c</> <c>d</>"),
        ("*a _b_*", "<b>a <i>b</></>"),
        ("*a*b* c", "<b>a*b</> c"),
        ("2*3*4 snake_case_name", "2*3*4 snake_case_name"),
        ("* a* *b * ** *c", "* a* *b * ** *c"),
        ("*a\nb*", "*a\nb*"),
        ("(*a*), _b_.", "(<b>a</>), <i>b</>."),
        ("`*a*` *`b`*", "<c>*a*</> <b><c>b</></>"),
        ("```*a*\nb``` c", "<p>*a*\nb</> c"),
        ("&gt; a\n&gt;*b*\nc", "<q>a\n<b>b</></>c"),
        ("a\n> b", "a\n<q>b</>"),
        ("<@U1> <@U2|ben> <#C1> <!here>", "<m>@ada</> <m>@ben</> <m>#general</> <m>@here</>"),
        ("*<@U1>* `<@U1>`", "<b><m>@ada</></> <c><m>@ada</></>"),
        ("<https://x.example?a=1&amp;b=2|*c*>", "<a>*c*</>"),
        ("&lt;@U1&gt; &amp;lt;", "<@U1> &lt;"),
        ("<javascript:alert(1)|x>", "<javascript:alert(1)|x>"),
    ],
)
def test_a_text_is_read_as_slack_reads_it(text: str, expected: str) -> None:
    """Styles between words and within lines, code as it is, quotes by their lines, names for what is live."""
    assert write(read_mrkdwn(text, {"U1": "ada", "C1": "general"})) == expected


def test_a_link_leads_where_it_says_and_nowhere_but_to_the_web_or_a_mailbox() -> None:
    """Nothing else is live."""
    link, _, mail = read_mrkdwn("<https://x.example/?a=1&amp;b=2|c> <mailto:a@x.example|d>")
    assert link.attributes == {"target": "https://x.example/?a=1&b=2"}
    assert mail.attributes == {"target": "mailto:a@x.example"}


PIECES = [
    "*",
    "_",
    "~",
    "`",
    "```",
    "\n",
    " ",
    "a",
    "&gt;",
    "> ",
    "<@U1>",
    "<https://x.example|b>",
    "&amp;",
    "<",
    "|",
    ">",
]


def flatten(nodes: Iterable[Node]) -> str:
    """The texts of all nodes, marks included."""
    return "".join(node.text + flatten(node.within) for node in nodes)


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_nothing_is_lost(text: str) -> None:
    """However the marks stand, all texts together are what is written."""
    assert flatten(read_mrkdwn(text)) == name_lively(text)


@pytest.mark.parametrize("piece", ["*a ", "a*", "*a", "`", "```a", "&gt;", "<", "<@U1>*", "_*~`a ", "\n> "])
@pytest.mark.heavy
def test_long_texts_take_no_time(piece: str) -> None:
    """As long as Slack lets people write."""
    text = piece * (40_000 // len(piece))
    began = time.perf_counter()
    read_mrkdwn(text)
    assert time.perf_counter() - began < 2.0


def test_what_is_live_is_found_once() -> None:
    """A text cannot pretend to have a place of it."""
    assert flatten(read_mrkdwn("\0 <@U1>")) == "\ufffd @U1"
    assert len(LIVE.findall("<@U1> <x>")) == 1
