from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.payloads.fields import OddFieldError
from bot.slack.payloads.presses import Presser, read_press, read_presser, write_value
from bot.slack.question import Action, Press
from bot.texts import LANGUAGES
from bot.texts.en import ENGLISH
from bot.texts.ja import JAPANESE
from tests.support.interactive import CHANNEL, PARENT, REPLY, RESPONSE_URL, USER, press

PRESSER = Presser(USER, CHANNEL, REPLY, PARENT, RESPONSE_URL)


def read(body: dict[str, Any]) -> Press | Presser:
    """What is read of a press."""
    return read_press(body, read_presser(body))


def test_a_button_says_what_it_is_of() -> None:
    """The language, the side and the run, whose key may have anything in it."""
    assert write_value(ENGLISH, "", "C1:1.2") == "en - C1:1.2"
    assert write_value(JAPANESE, "Depth", "a b/c") == "ja Depth a b/c"
    assert write_value(ENGLISH, "Depth", "k", is_good=True) == "+en Depth k"
    assert write_value(ENGLISH, "Depth", "k", is_good=False) == "-en Depth k"


def test_a_press_is_read_with_its_place() -> None:
    """And with whoever pressed."""
    assert read(press("stop", "ja - a b/c")) == Press(
        Action.STOP, "a b/c", "", USER, CHANNEL, REPLY, PARENT, RESPONSE_URL, JAPANESE
    )
    body = press("deeper", "en Depth k", thread_ts=None)
    assert read(body) == Press(Action.DEEPER, "k", "Depth", USER, CHANNEL, REPLY, None, RESPONSE_URL, ENGLISH)


def test_a_vote_says_which() -> None:
    """By its sign; no other button has one."""
    votes = [read(press("feedback", f"{sign}en - k")) for sign in "+-"]
    assert [isinstance(vote, Press) and vote.is_good for vote in votes] == [True, False]
    for action, value in (("stop", "+en - k"), ("feedback", "en - k"), ("feedback", "++en - k")):
        assert isinstance(read(press(action, value)), Presser)


@given(
    st.sampled_from([*LANGUAGES.values()]),
    st.text(max_size=30).filter(lambda side: side.isprintable() and side != "-"),
    st.text(min_size=1, max_size=500).filter(str.isprintable),
    st.none() | st.booleans(),
)
def test_what_a_button_is_given_comes_back(language: Any, side: str, run: str, is_good: bool | None) -> None:  # noqa: FBT001 - hypothesis gives it
    """Whatever the side and the run are called."""
    action = Action.AGAIN if is_good is None else Action.FEEDBACK
    got = read(press(action.value, write_value(language, side, run, is_good=is_good)))
    assert isinstance(got, Press)
    assert (got.language, got.side, got.run, got.is_good) == (language, side, run, bool(is_good))


ODD: list[Any] = [None, 7, [], {}, "STOP"]


@pytest.mark.parametrize(
    ("action", "value", "language"),
    [
        ("former", "en - k", ENGLISH),
        ("former", "ja something else", JAPANESE),
        ("former", "{}", None),
        *(("stop", value, ENGLISH) for value in ("en", "en -", "en - ", "en  k", "en - a\nb", "en - " + "x" * 501)),
        *(("stop", value, None) for value in ("", "-", "k", "tlh - k", None, 7, ["en - k"], {"a": 1})),
        *((action, "en - k", ENGLISH) for action in ODD),
    ],
)
def test_what_is_not_known_is_another_versions(action: Any, value: Any, language: Any) -> None:
    """Whoever pressed can be told, in the language of what they pressed, if it can be told."""
    got = read(press(action, value))
    assert isinstance(got, Presser)
    assert got == Presser(USER, CHANNEL, REPLY, PARENT, RESPONSE_URL, language)


@pytest.mark.parametrize("actions", [None, [], {}, "x", [None], [7], [[]]])
def test_a_press_of_nothing_is_odd(actions: Any) -> None:
    """Slack sends no such."""
    with pytest.raises(OddFieldError, match="actions"):
        read(press("stop", "en - k") | {"actions": actions})


@pytest.mark.parametrize("field", ["user", "container"])
@pytest.mark.parametrize("odd", [None, 7, [], "x", {}, {"id": 7, "channel_id": "C1", "message_ts": "a b"}])
def test_where_it_is_not_known_who_pressed_it_is_odd(field: str, odd: Any) -> None:
    """There is nobody to tell."""
    with pytest.raises(OddFieldError):
        read(press("stop", "en - k") | {field: odd})
