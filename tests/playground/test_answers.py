from typing import Any

import pytest

from bot.playground.answers import find_growth, has_button, read_answers, read_head
from bot.playground.keys import AGAIN, DEEPER, STOP, TOGETHER, describe, find_keys
from bot.playground.slack.workspace import Message, Version

Blocks = list[dict[str, Any]]


def line(text: str) -> dict[str, Any]:
    """The line above an answer."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text}]}


def row(*actions: str) -> dict[str, Any]:
    """A row of buttons."""
    text = {"type": "plain_text", "text": "press"}
    return {"type": "actions", "elements": [{"type": "button", "action_id": one, "text": text} for one in actions]}


def message(run: str, part: str, *versions: Blocks) -> Message:
    """A message of the bot's as the stand-in keeps it, a version each second."""
    marked = {"event_type": "x", "event_payload": {"run": run, "part": part}}
    shown = [Version(float(second), "", blocks) for second, blocks in enumerate(versions)]
    return Message("C0GENERAL", f"1.{part}", "U0BOT", None, "B0BOT", shown, metadata=marked)


def answer(name: str, state: str, *actions: str, run: str = "r", text: str = "So.", what: str = "its angle") -> Message:
    """An answer of one message."""
    blocks = [line(f"🔍 *{name}* · {what} · {state}"), {"type": "markdown", "text": text}]
    return message(run, name, [*blocks, *([row(*actions)] if actions else [])])


def parent(*actions: str) -> Message:
    """What opens the thread."""
    words = {"type": "section", "text": {"type": "mrkdwn", "text": "<@U0ADA> asks"}}
    return message("r", "parent", [words, *([row(*actions)] if actions else [])])


def test_a_follow_up_of_the_same_name_is_another_answer() -> None:
    """Pages of one answer are one; their messages' marks tell."""
    pages = [answer("Depth", "⤵️ goes on below", text="One "), answer("Depth", "✅ done in 3 s by m", text="two.")]
    further = answer("Depth", "✍️ writing…", run="r/Depth/V1", text="Three.")
    first, other = read_answers([parent(), *pages, further])
    assert (first.text, first.state, first.number, len(first.messages)) == ("One two.", "✅ done in 3 s by m", 1, 2)
    assert (other.text, other.is_growing, other.number) == ("Three.", True, 0)
    assert first.is_whole
    assert not other.is_whole


def test_the_state_is_what_stands_last_whatever_somebody_has_added() -> None:
    """Words of theirs may look like a part of the line; and a page that is left over has no state of the answer."""
    added = answer("Depth", "✅ done in 3 s by m", what="follow-up for <@U0ADA>: a · b *c*")
    left_over = message("r", "Depth 2", [line("🔍 *Depth* · page 2 · ⤴️ the answer was started over, and ends above")])
    (shown,) = read_answers([parent(), added, left_over], {"U0ADA": "ada"})
    assert shown.heading == "🔍 Depth · follow-up for @ada: a · b c"
    assert shown.state == "✅ done in 3 s by m"
    assert shown.title == "🔍 Depth"


def test_buttons_are_no_text() -> None:
    """They are the keys' matter."""
    shown = parent(STOP)
    assert has_button(shown, STOP)
    assert read_head(shown, {"U0ADA": "ada"}) == "@ada asks"


def test_growth_is_when_a_text_changes() -> None:
    """Not when its state does, nor its buttons; and what had been there before is none."""
    texts = ["", "old", "old", "new", "newer", "newer"]
    versions = [
        [line("🔍 *Depth* · its angle · ✍️"), *([{"type": "markdown", "text": one}] if one else [])] for one in texts
    ]
    (shown,) = read_answers([parent(), message("r", "Depth", *versions)])
    assert list(find_growth(shown, 0.0)) == [1.0, 3.0, 4.0]
    assert list(find_growth(shown, 2.0)) == [3.0, 4.0]


WHOLE, CUT, GROWING = "✅ done in 3 s by m", "✂️ stopped: it was long.", "✍️ writing…"
THREADS = [
    ([], ""),
    ([parent(STOP), answer("Depth", GROWING)], "s stop"),
    ([parent(STOP), answer("Depth", WHOLE, DEEPER), answer("Time", GROWING)], "s stop · 1 deeper"),
    ([parent(TOGETHER), *(answer(name, WHOLE, DEEPER) for name in "ABCD")], "1–4 deeper · t together"),
    (
        [parent(TOGETHER, AGAIN), answer("A", WHOLE, DEEPER), answer("B", CUT, AGAIN), answer("C", WHOLE, DEEPER)],
        "1 3 deeper · t together · a again",
    ),
    ([parent(), answer("A", WHOLE, DEEPER), answer("A", GROWING, STOP, run="r/A/V")], "s stop · 1 deeper"),
    ([parent(), answer("A", WHOLE, DEEPER), answer("A", CUT, AGAIN, run="r/A/V")], "1 deeper · a again"),
    ([parent(), answer("A", WHOLE, DEEPER), answer("A", WHOLE, DEEPER, run="r/A/V")], "1 deeper"),
]


@pytest.mark.parametrize(("thread", "keys"), THREADS)
def test_only_what_can_be_pressed_now_is_a_key(thread: list[Message], keys: str) -> None:
    """A key for each button, and none for what has none."""
    assert describe(find_keys(thread, read_answers(thread))) == keys


def test_a_key_presses_the_button_of_its_answer() -> None:
    """And the parent's Again has all tried that are not whole; else it is that of the newest answer."""
    thread = [parent(AGAIN), answer("A", CUT, AGAIN), answer("B", WHOLE, DEEPER)]
    assert [key.message for key in find_keys(thread, read_answers(thread))] == [thread[2], thread[0]]
    thread = [parent(), answer("A", WHOLE), *(answer("A", CUT, AGAIN, run=f"r/A/{n}") for n in (1, 2))]
    assert [key.message for key in find_keys(thread, read_answers(thread))] == [thread[3]]
