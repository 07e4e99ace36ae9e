import pytest

from bot.playground.slack.payloads import escape
from bot.playground.slack.workspace import Workspace


@pytest.mark.parametrize(
    ("typed", "command", "message"),
    [
        ("a < b && c > d", "a &lt; b &amp;&amp; c &gt; d", "a &lt; b &amp;&amp; c &gt; d"),
        ("ask @ben, not @nobody", "ask <@U0BEN|ben>, not @nobody", "ask <@U0BEN>, not @nobody"),
        ("see #general", "see <#C0GENERAL|general>", "see <#C0GENERAL|>"),
        ("ada@ben", "ada@ben", "ada@ben"),
        ("<!channel>", "&lt;!channel&gt;", "&lt;!channel&gt;"),
    ],
)
def test_text_is_handed_over_as_slack_does(workspace: Workspace, typed: str, command: str, message: str) -> None:
    """Entities, and mentions of whom Slack knows: with a label in commands, without in messages."""
    assert escape(workspace, typed, with_labels=True) == command
    assert escape(workspace, typed, with_labels=False) == message
