"""What a record says of a run, in literal times."""

import pytest

from bot.durable.record import Record
from bot.slack.question import Question

QUESTION = Question("k", "Why?", "U", "C")
ASKED = 1_800_000_000.0
# Seconds behind the question.
POSTS = {"parent": 1.0, "Depth": 1.5, "Breadth": 9.0}


@pytest.mark.parametrize(
    ("ahead", "after", "ago"),
    [
        (0.0, 10.0, [9.0, 8.5, 1.0]),
        (0.4, 10.0, [9.0 - 0.4, 8.5 - 0.4, 1.0 - 0.4]),
        (-0.4, 10.0, [9.0 + 0.4, 8.5 + 0.4, 1.0 + 0.4]),
        (300.0, 10.0, [8.0, 7.5, 0.0]),  # the newest is as old as it can be at the least
        (-300.0, 10.0, [10.0, 9.5, 2.0]),  # the oldest is as old as it can be at the most
        (0.0, 3_600.0, [3_599.0, 3_598.5, 3_591.0]),
        (-3_600.0, -5.0, [8.0, 7.5, 0.0]),  # this clock has been set back: the later bound holds
    ],
)
def test_messages_are_as_old_as_slack_says_as_far_as_clocks_allow(ahead: float, after: float, ago: list[float]) -> None:
    """Slack's clock is so far ahead of the bot's, which shows so many seconds since the question."""
    posts: dict[str, str | None] = {part: f"{ASKED + at + ahead:.6f}" for part, at in POSTS.items()}
    record = Record(QUESTION, ASKED, posts, {})
    assert record.posted_ago(ASKED + after) == pytest.approx(ago, abs=0.001)


def test_a_message_in_doubt_counts_from_its_intent() -> None:
    """It stands, perhaps; and a timestamp that is none is left out."""
    record = Record(QUESTION, ASKED, {"parent": "soon", "Depth": f"{ASKED + 2:.6f}", "Breadth": None}, {}, ASKED + 3)
    assert record.posted_ago(ASKED + 10) == [8.0, 7.0]
    assert Record(QUESTION, ASKED, {"parent": None}, {}, ASKED + 3).posted_ago(ASKED + 1) == [0.0]
    assert Record(QUESTION, ASKED, {}, {}).posted_ago(ASKED + 1) == []
