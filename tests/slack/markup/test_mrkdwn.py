import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.markup.mrkdwn import MOST_ENTITIES, escape, escape_markdown, straighten, unescape, without_mention

TYPED = [
    ("a &lt; b &amp;&amp; c &gt; d", "a < b && c > d"),
    ("&amp;lt;", "&lt;"),
    ("<@U1|ann> and <@U2>", "@ann and @U2"),
    ("in <#C1|general> or <#C2>", "in #general or #C2"),
    ("<!here> <!channel|@channel> <!subteam^S1|@ops> <!subteam^S1>", "@here @channel @ops @S1"),
    ("<https://a.example/?x=1&amp;y=2>", "https://a.example/?x=1&y=2"),
    ("<http://a.example|a.example>", "a.example"),
    ("<https://a.example|the plan &lt;2>", "the plan <2 (https://a.example)"),
    ("<mailto:a@b.example|a@b.example>", "a@b.example"),
    ("plain", "plain"),
]


@pytest.mark.parametrize(("slack", "typed"), TYPED)
def test_unescapes_what_slack_hands_over_into_what_was_typed(slack: str, typed: str) -> None:
    """Entities become the words that Slack would show."""
    assert unescape(slack) == typed


def test_more_entities_than_anybody_means_stay_as_they_came() -> None:
    """Each costs something; what is escaped does not, and is read to the end."""
    many = MOST_ENTITIES
    assert unescape("<@U1|a>" * many + "<@U2> &amp;&lt;") == "@a" * many + "<@U2> &<"


@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
def test_escapes_once_and_back_once(text: str) -> None:
    """Whatever was typed reads the same after the round trip, entities included; but for what turns letters around."""
    assert unescape(escape(text)) == straighten(text)


@given(st.text(alphabet="<>&!@#|ltgamp;CU1 "))
def test_nothing_escaped_can_be_read_as_an_entity(text: str) -> None:
    """No `<` and no `>` is left for Slack to see a mention in."""
    assert not set("<>") & set(escape(text))
    assert not re.search(r"<[@!#]|<[a-z]+:", escape_markdown(text))


def test_what_is_no_character_is_told_from_what_is() -> None:
    """Slack's own interface takes neither half a character nor NUL, and no database does."""
    assert unescape("a\x00b\ud83dc\U0001f600") == "a\ufffdb\ufffdc\U0001f600"


def test_markdown_keeps_its_ampersands() -> None:
    """Escaped, they would break the query strings of links."""
    assert escape_markdown("[a](https://b.example/?c=1&d=2) <!channel>") == (
        "[a](https://b.example/?c=1&d=2) &lt;!channel>"
    )


@pytest.mark.parametrize("text", ["<@B1> why?", "why? <@B1>", "<@B1|perspectives>  why?", "why?"])
def test_takes_the_mention_of_the_bot_out(text: str) -> None:
    """What is left is the problem."""
    assert without_mention(text, "B1") == "why?"


def test_leaves_the_mentions_of_others() -> None:
    """They belong to the problem."""
    assert without_mention("<@B1> why does <@U2> leave?", "B1") == "why does <@U2> leave?"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("`a -> b` and a -> b", "`a -> b` and a -> b"),
        ("p99 < 200, `p99 < 200`", "p99 &lt; 200, `p99 < 200`"),
        ("> quoted advice", "> quoted advice"),
        ("```cpp\nstd::vector<std::string> x;\n```\n<b>", "```cpp\nstd::vector<std::string> x;\n```\n&lt;b>"),
        ("~~~html\n<!doctype html> <!-- x -->\n~~~", "~~~html\n<!doctype html> <!-- x -->\n~~~"),
        ("- ```\n  a < b <c>\n  ```", "- ```\n  a < b <\u2060c>\n  ```"),
        ("text\n\n    if a < b:", "text\n\n    if a < b:"),
        ("text\n    a < b", "text\n    a &lt; b"),
        ("- item\n\n    a < b", "- item\n\n    a &lt; b"),
        ("`` ` < `` <", "`` ` < `` &lt;"),
        ("\\`a < b`", "\\`a &lt; b`"),
        ("`open < and\n\nthen `", "`open &lt; and\n\nthen `"),
        ("```\nopen < b", "```\nopen < b"),
    ],
)
def test_code_is_shown_as_it_is_written(text: str, shown: str) -> None:
    """Slack shows code literally, entities too."""
    assert escape_markdown(text) == shown


TOKENS = ["<!channel>", "<@U1>", "<#C1|x>", "<https://evil.example|bank>", "<mailto:a@b.example>", "<!subteam^S1>"]
FRAMES = [
    "{}",
    "`{}`",
    "```\n{}\n```",
    "`` ` {} ``",
    "`{}",
    "```\n{}",
    "    {}",
    "\\`{}`",
    "``{}`",
    "~~~\n{}\n```",
    "a `b\n\n{}`",
]


@pytest.mark.parametrize("token", [*TOKENS, "<evil.example|bank>"])
@pytest.mark.parametrize("frame", FRAMES)
def test_no_token_is_left_wherever_code_may_begin_and_end(token: str, frame: str) -> None:
    """Not in code either, and not where it only looks like code."""
    shown = escape_markdown(frame.format(token))
    assert token not in shown
    assert shown.replace("\u2060", "").replace("&lt;", "<") == frame.format(token)


MENTIONED = [
    ("*<@B1>* why", "why"),
    ("**<@B1>** why", "why"),
    ("_<@B1>_: why", "why"),
    ("`<@B1>` why", "why"),
    ("<@B1>、なぜ", "なぜ"),
    ("<@B1>,\u00a0why", "why"),
    ("\u200b<@B1>\u2060 why", "why"),
    ("&gt; <@B1> why", "why"),
    ("&gt; <@B1> why\n&gt; so", "&gt; why\n&gt; so"),
    ("why <@B1>?", "why?"),
    ("why? <@B1>", "why?"),
    ("why, <@B1>", "why"),
    ("Hey, <@B1>, why?", "Hey, why?"),
    ("<@B1>, <@B1|bot>: why", "why"),
    ("why do <@B1> and <@B1|bot> differ", "why do and differ"),
    ("(<@B1>) why", "why"),
    ("なぜ<@B1>ですか", "なぜですか"),
    ("<@B1>\n- a\n- b", "- a\n- b"),
    ("<@B1> - why", "why"),
    ("<@B1> .env is missing", ".env is missing"),
    ("<@B1> -5 degrees", "-5 degrees"),
    ("Hi <@B1>\n\nwhy", "Hi\n\nwhy"),
    ("<@B1>?", ""),
    ("*<@B1>*", ""),
]


@pytest.mark.parametrize(("text", "problem"), MENTIONED)
def test_a_mention_goes_with_the_punctuation_around_it(text: str, problem: str) -> None:
    """What is left reads as if nobody had been called."""
    assert without_mention(text, "B1") == problem


@pytest.mark.parametrize(
    ("slack", "typed"),
    [
        ("<!subteam^S12AB>", "@S12AB"),
        ("<!subteam^S12AB|ops>", "@ops"),
        ("<!date^1392734382^{date}|Feb 18, 2014>", "Feb 18, 2014"),
        ("<!date^1392734382^{date}>", "1392734382"),
        ("<#C1>", "#C1"),
        ("<#C1|>", "#C1"),
        ("<mailto:a@b.example>", "a@b.example"),
        ("<tel:+1234|+1234>", "+1234"),
        ("<mailto:evil@b.example|boss@c.example>", "boss@c.example (evil@b.example)"),
        ("<https://evil.example/bank.example|bank.example>", "bank.example (https://evil.example/bank.example)"),
        ("<http://a.example/|a.example>", "a.example"),
    ],
)
def test_every_kind_of_token_says_whom_or_what_it_means(slack: str, typed: str) -> None:
    """A label stands alone only where it is the address."""
    assert unescape(slack) == typed
