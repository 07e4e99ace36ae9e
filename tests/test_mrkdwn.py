import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.mrkdwn import escape, escape_markdown, unescape, without_mention

TYPED = [
    ("a &lt; b &amp;&amp; c &gt; d", "a < b && c > d"),
    ("&amp;lt;", "&lt;"),
    ("<@U1|ann> and <@U2>", "@ann and @U2"),
    ("in <#C1|general> or <#C2>", "in #general or #C2"),
    ("<!here> <!channel|@channel> <!subteam^S1|@ops> <!subteam^S1>", "@here @channel @ops @subteam"),
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


@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
def test_escapes_once_and_back_once(text: str) -> None:
    """Whatever was typed reads the same after the round trip, entities that somebody typed included."""
    assert unescape(escape(text)) == text


@given(st.text(alphabet="<>&!@#|ltgamp;CU1 "))
def test_nothing_escaped_can_be_read_as_an_entity(text: str) -> None:
    """No `<` and no `>` is left for Slack to see a mention in."""
    assert not set("<>") & set(escape(text) + escape_markdown(text))


def test_what_is_no_character_is_told_from_what_is() -> None:
    """Slack's own interface takes neither half a character nor NUL, and no database does."""
    assert unescape("a\x00b\ud83dc\U0001f600") == "a\ufffdb\ufffdc\U0001f600"


def test_markdown_keeps_its_ampersands() -> None:
    """Escaped, they would break the query strings of links."""
    assert escape_markdown("[a](https://b.example/?c=1&d=2) <!channel>") == (
        "[a](https://b.example/?c=1&d=2) &lt;!channel&gt;"
    )


@pytest.mark.parametrize("text", ["<@B1> why?", "why? <@B1>", "<@B1|perspectives>  why?", "why?"])
def test_takes_the_mention_of_the_bot_out(text: str) -> None:
    """What is left is the problem."""
    assert without_mention(text, "B1") == "why?"


def test_leaves_the_mentions_of_others() -> None:
    """They belong to the problem."""
    assert without_mention("<@B1> why does <@U2> leave?", "B1") == "why does <@U2> leave?"
