from typing import Any

import pytest

from bot.slack.payloads.fields import OddFieldError
from bot.slack.payloads.questions import read_chosen_message, read_direct_message, read_mention
from bot.slack.question import Question
from bot.texts.ja import JAPANESE
from tests.support.interactive import CHANNEL, DIRECT, PARENT, REPLY, RESPONSE_URL, USER, choose_message

MENTION: dict[str, Any] = {"type": "app_mention", "user": USER, "ts": REPLY, "channel": CHANNEL, "text": "<@U1> Why?"}
MESSAGE: dict[str, Any] = {
    "type": "message",
    "channel_type": "im",
    "user": USER,
    "ts": REPLY,
    "channel": DIRECT,
    "text": "Why &lt;so&gt;?",
}


def test_a_mention_in_a_thread_reads_the_thread_whatever_is_said_beside_it() -> None:
    """With no words, the thread is the problem; in the channel, there is none to be read."""
    question = read_mention({**MENTION, "thread_ts": PARENT}, "U1", "auto")
    assert question == Question(f"{CHANNEL}:{REPLY}", "Why?", USER, CHANNEL, PARENT, PARENT, reads_thread=True)
    bare = read_mention({**MENTION, "thread_ts": PARENT, "text": "<@U1>"}, "U1", "auto")
    assert bare
    assert (bare.problem, bare.reads_thread) == ("", True)
    first = read_mention(MENTION, "U1", "auto")
    assert first
    assert (first.thread_ts, first.ephemeral_ts, first.reads_thread) == (REPLY, None, False)
    parent = read_mention({**MENTION, "thread_ts": REPLY}, "U1", "auto")
    assert parent
    assert not parent.reads_thread


def test_a_message_to_the_bot_is_a_question_answered_under_it() -> None:
    """One in a thread is a new one, with the thread read."""
    assert read_direct_message(MESSAGE, "U1", "auto") == Question(
        f"{DIRECT}:{REPLY}", "Why <so>?", USER, DIRECT, REPLY, None
    )
    assert read_direct_message({**MESSAGE, "thread_ts": PARENT}, "U1", "auto") == Question(
        f"{DIRECT}:{REPLY}", "Why <so>?", USER, DIRECT, PARENT, PARENT, reads_thread=True
    )


@pytest.mark.parametrize("subtype", [None, "file_share", "thread_broadcast"])
def test_what_somebody_says_with_a_file_or_to_the_channel_too_is_said(subtype: str | None) -> None:
    """And so is a message that has `subtype` with nothing in it."""
    assert read_direct_message({**MESSAGE, "subtype": subtype}, "U1", "auto")


KINDS: list[Any] = ["message_changed", "message_deleted", "bot_message", "channel_join", 7, [], {}]


CHANGES: list[dict[str, Any]] = [{"subtype": kind} for kind in KINDS]


@pytest.mark.parametrize(
    "change",
    [
        {"bot_id": "B2"},
        {"hidden": True},
        {"user": "U1"},
        {"user": None},
        {"edited": {"user": USER, "ts": REPLY}},
        {"channel_type": "channel"},
        {"channel_type": None},
        *CHANGES,
    ],
)
def test_what_starts_nothing_is_dropped(change: dict[str, Any]) -> None:
    """Each edit of the bot's own answers arrives as a message of the kind `message_changed`."""
    assert read_direct_message({**MESSAGE, **change}, "U1", "auto") is None


@pytest.mark.parametrize("field", ["channel", "ts", "user", "text", "thread_ts"])
def test_a_message_of_odd_fields_is_odd(field: str) -> None:
    """By its name."""
    with pytest.raises(OddFieldError, match=field):
        read_direct_message({**MESSAGE, field: {"a": 1}}, "U1", "auto")


def test_a_chosen_message_is_asked_under_itself_by_whoever_chose_it() -> None:
    """In its thread, if it is in one; nothing else there is read."""
    assert read_chosen_message(choose_message("なぜ &lt;遅れる&gt; のか？"), "auto") == Question(
        "", "なぜ <遅れる> のか？", USER, CHANNEL, PARENT, PARENT, RESPONSE_URL, JAPANESE
    )
    alone = read_chosen_message(choose_message("Why?", thread_ts=None), "auto")
    assert (alone.thread_ts, alone.ephemeral_ts, alone.reads_thread) == (REPLY, None, False)


@pytest.mark.parametrize("field", ["message", "user", "channel"])
@pytest.mark.parametrize("odd", [None, 7, [], "x", {}, {"id": None, "ts": ["x"]}])
def test_a_choice_of_odd_fields_is_odd(field: str, odd: Any) -> None:
    """There is nothing to open a form with."""
    with pytest.raises(OddFieldError):
        read_chosen_message({**choose_message("Why?"), field: odd}, "auto")
