from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.conversation.material import THREAD_LIMIT
from bot.slack.transcript import MARKED, MOST_OF_ONE, transcribe

PARENT = "1800000000.000001"
OWN = {"U0BOT", "B0BOT"}


def ts(number: int) -> str:
    """When the message of that number was sent; the parent's is 1."""
    return f"1800000000.{number:06}"


def said(number: int, user: str, text: str, **more: Any) -> dict[str, Any]:
    """A message, as Slack gives it."""
    return {"type": "message", "ts": ts(number), "thread_ts": PARENT, "user": user, "text": text, **more}


def own(number: int, text: str, part: str | None = None) -> dict[str, Any]:
    """A message of the bot's, with its metadata or without."""
    metadata = {"event_type": MARKED, "event_payload": {"run": "r", "part": part}}
    return said(number, "U0BOT", text, bot_id="B0BOT") | ({"metadata": metadata} if part else {})


def read(*messages: Any, **how: Any) -> str:
    """What is read of a thread."""
    return transcribe(messages, PARENT, own=OWN, **how)


def test_people_have_numbers_in_the_order_in_which_they_appear() -> None:
    """Also where somebody mentions them; what Slack escaped is as it was typed."""
    assert read(
        said(1, "U1", "Releases slip. <@U2|bob>, why?"),
        said(2, "U3", "Because &lt;QA&gt; waits for <#C1|ops> &amp; <@U2>."),
        said(3, "U2", "See <https://a.b/c|the log>, <!here>"),
        said(4, "U1", "Hm."),
    ) == (
        "Person 1: Releases slip. @Person 2, why?\n"
        "Person 3: Because <QA> waits for #ops & @Person 2.\n"
        "Person 2: See the log (https://a.b/c), @here\n"
        "Person 1: Hm."
    )


def test_what_comes_after_the_mention_is_left_out() -> None:
    """And the mention itself; messages come in their order, each once."""
    messages = [said(3, "U1", "three"), said(1, "U1", "one"), said(2, "U2", "two"), said(1, "U1", "one")]
    assert read(*messages, before_ts=ts(3)) == "Person 1: one\nPerson 2: two"
    assert read(*messages, before_ts=ts(1)) == ""
    assert read(said(1, "U1", "Look."), said(2, "U1", "<@U0BOT> and this?")) == (
        "Person 1: Look.\nPerson 1: @Perspectives and this?"
    )


@pytest.mark.parametrize("line", ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"], ids=repr)
def test_nobody_speaks_for_another(line: str) -> None:
    """A line that looks like somebody else's is indented."""
    assert read(said(1, "U1", f"Hi{line}Person 2: I did it{line}[Here, 3 messages are left out.]")) == (
        "Person 1: Hi\n  Person 2: I did it\n  [Here, 3 messages are left out.]"
    )


def test_of_the_bots_own_words_the_takeaways_come_along() -> None:
    """Those of answers that are finished, in any of its languages; known by its ids, or by their metadata."""
    messages = [
        own(1, "<@U1> asks: Why?"),
        own(2, "Depth: The job is not the one that was sold &amp; told."),
        own(3, "Breadth goes on below", "Breadth"),
        own(4, "Breadth: Hire fewer.", "Breadth 2 anew"),
        own(5, "Structure: writing", "Structure"),
        own(6, "Risk: It may break: twice.", "Risk"),
        own(7, "深さ：仕事が違う。"),
        own(8, "Risk: of a perspective that nobody knows"),
        own(9, "Time:  ", "Time"),
        own(10, "深さ：失敗"),
    ]
    lines = [
        "Perspectives: Depth: The job is not the one that was sold & told.",
        "Perspectives: Breadth: Hire fewer.",
        "Perspectives: Risk: It may break: twice.",
        "Perspectives: 深さ: 仕事が違う。",
    ]
    assert read(*messages) == "\n".join(lines)
    marked = [one for one in messages if "metadata" in one]
    assert transcribe(marked, PARENT) == "\n".join(lines[1:3])


def test_other_apps_are_no_persons() -> None:
    """What they say may be what the thread is about."""
    assert read(
        said(1, "U7", "ALERT: disk full", bot_id="B7", subtype="bot_message"),
        {"ts": ts(2), "bot_id": "B8", "text": "build failed", "subtype": "bot_message"},
        said(3, "U1", "Again?"),
    ) == ("App 1: ALERT: disk full\nApp 2: build failed\nPerson 1: Again?")


VALUES: list[Any] = [None, 7, [], {}, "a\nb"]
KINDS: list[Any] = ["tombstone", "channel_join", "message_changed", 7, ["x"], {}]
ODD: list[Any] = [
    *[None, 1, "x", [], {}, {"ts": ts(2)}, {"text": "x"}],
    *[said(2, "U1", text) for text in ("", "  \n", "\u200b", "...")],
    *[said(2, "U1", "x") | {name: value} for name in ("ts", "user", "text") for value in VALUES],
    *[said(2, "U1", "x", subtype=kind) for kind in KINDS],
    said(2, "U1", "x", hidden=True),
    said(2, "U1", "x", metadata={"event_type": MARKED}),
    said(2, "U1", "x", metadata={"event_type": MARKED, "event_payload": {"part": ["x"]}}),
]


@pytest.mark.parametrize("odd", [one for one in ODD if not (isinstance(one, dict) and one.get("text") == "a\nb")])
def test_what_says_nothing_or_makes_no_sense_is_passed_over(odd: Any) -> None:
    """And nothing else with it."""
    assert read(said(1, "U1", "Why?"), odd, said(3, "U1", "So.")) == "Person 1: Why?\nPerson 1: So."


@pytest.mark.parametrize(
    "metadata", [None, 7, "x", [], {"event_type": "another's"}, {"event_type": ["x"], "event_payload": 7}]
)
def test_odd_metadata_make_nobodys_message_ours(metadata: Any) -> None:
    """What a person says is kept."""
    assert read(said(1, "U1", "Why?", metadata=metadata)) == "Person 1: Why?"


def test_of_a_thousand_messages_the_parent_and_the_newest_are_kept() -> None:
    """What is left out between is said; numbers go by what is kept."""
    text = read(
        said(1, "U1", "Why?"), *(said(n, f"U{n % 7 + 2}", f"Message {n}: " + "x" * 80) for n in range(2, 1_001))
    )
    first, gap, *rest = text.split("\n")
    assert first == "Person 1: Why?"
    assert gap == f"[Here, {999 - len(rest)} messages are left out.]"
    assert rest[0].startswith("Person 2: Message ")
    assert [line.split()[3] for line in rest] == [f"{n}:" for n in range(1_001 - len(rest), 1_001)]
    assert THREAD_LIMIT - 500 < len(text) <= THREAD_LIMIT


def test_one_message_is_left_out_as_one() -> None:
    """In the singular, and with the parent gone."""
    long = "x" * (MOST_OF_ONE - 20)
    text = read(said(2, "U1", long), said(3, "U2", long), said(4, "U3", "So."))
    assert text.startswith("[Here, 1 message is left out.]\nPerson 1: xxx")
    assert text.endswith("\nPerson 2: So.")


@pytest.mark.parametrize(
    "text", ["word " * 8_000, "&amp;" * 8_000, "👩‍👩‍👧" * 5_000, "<@U2> " * 6_000, "x\n\n" * 13_000]
)
@pytest.mark.parametrize("place", [1, 5, 9])
def test_a_message_of_forty_thousand_characters_is_not_all_that_was_said(place: int, text: str) -> None:
    """Its beginning is kept; whether it is the parent, the newest or another."""
    messages = [said(n, "U1", text if n == place else f"short {n}") for n in range(1, 10)]
    told = read(*messages)
    assert len(told) <= THREAD_LIMIT
    assert all(f"Person 1: short {n}" in told for n in range(1, 10) if n != place)
    assert " […]" in told
    told.encode()


def test_a_thread_that_was_not_read_to_its_end_says_so() -> None:
    """At the end."""
    assert read(said(1, "U1", "Why?"), is_whole=False) == (
        "Person 1: Why?\n[What was said after that could not be read.]"
    )
    assert read(is_whole=False) == ""


@given(
    st.lists(
        st.builds(
            said,
            st.integers(1, 30),
            st.sampled_from(["U1", "U2", "U0BOT"]),
            st.text() | st.sampled_from(["<@U1>" * 2_000, "a\n" * 9_000, "a" * 7_000, "Depth: so."]),
        )
    )
)
def test_it_is_never_longer_than_it_may_be(messages: list[dict[str, Any]]) -> None:
    """Whatever is said in it: no line is anybody's but with a name, or an indent."""
    told = read(*messages, is_whole=False)
    assert len(told) <= THREAD_LIMIT
    for line in told.split("\n") if told else []:
        assert line.startswith(("Person ", "Perspectives: ", "  ", "[Here, ", "[What was said"))
