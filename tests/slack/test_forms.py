import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.conversation.followups import Kind
from bot.markup.characters import units
from bot.slack.forms import (
    DEEPER_FORM,
    INPUT_LIMIT,
    METADATA_LIMIT,
    PROBLEM_FORM,
    View,
    deeper_form,
    problem_form,
    read_deeper,
    read_problem,
)
from bot.slack.payloads.fields import OddFieldError
from bot.slack.question import Action, Press, Question
from bot.texts import LANGUAGES
from bot.texts.en import ENGLISH
from bot.texts.ja import JAPANESE
from bot.texts.language import Language
from bot.texts.phrases import Phrase
from tests.support.interactive import CHANNEL, PARENT, REPLY, RESPONSE_URL, USER, submit, submit_to

ASKED = Question("", "Why do releases slip?", USER, CHANNEL, PARENT, PARENT, RESPONSE_URL)
PRESSED = Press(Action.DEEPER, "C1:1.2", "Depth", USER, CHANNEL, REPLY, PARENT, RESPONSE_URL)


def find_problems(view: View) -> list[str]:
    """What Slack would refuse of a form, by its documentation: title and buttons have 24 characters, and so on."""
    (block,) = view["blocks"]
    limits = [
        *((view[name]["text"], 24) for name in ("title", "submit", "close")),
        (block["label"]["text"], 2_000),
        (block["hint"]["text"], 2_000),
        (block["element"].get("initial_value", "x"), 3_000),
        (view["private_metadata"], 3_000),
    ]
    return [text for text, limit in limits if not 0 < units(text) <= limit]


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_the_forms_keep_to_slacks_limits_in_each_language(language: Language) -> None:
    """What is one character too long is an error when somebody presses."""
    sides = [*language.sides, "a perspective that the language has no words for"]
    views = [deeper_form(replace(PRESSED, language=language, side=side)) for side in sides]
    views += [problem_form(replace(ASKED, language=language, problem=problem)) for problem in ("", "x" * 9_000)]
    assert [problem for view in views for problem in find_problems(view)] == []


def test_the_form_for_a_problem() -> None:
    """One field, which has to be filled in."""
    view = problem_form(ASKED)
    assert view == {
        "type": "modal",
        "callback_id": PROBLEM_FORM,
        "title": {"type": "plain_text", "text": "Get perspectives", "emoji": False},
        "submit": {"type": "plain_text", "text": "Ask", "emoji": False},
        "close": {"type": "plain_text", "text": "Cancel", "emoji": False},
        "private_metadata": (
            f'{{"channel":"{CHANNEL}","thread_ts":"{PARENT}","ephemeral_ts":"{PARENT}","response_url":"{RESPONSE_URL}"}}'
        ),
        "blocks": [
            {
                "type": "input",
                "block_id": "words",
                "label": {"type": "plain_text", "text": "Your problem", "emoji": False},
                "hint": {
                    "type": "plain_text",
                    "text": "What is wrong, since when, for whom, and what was tried: the more of it, the better.",
                    "emoji": False,
                },
                "optional": False,
                "element": {
                    "type": "plain_text_input",
                    "action_id": "words",
                    "multiline": True,
                    "max_length": 3_000,
                    "focus_on_load": True,
                    "initial_value": "Why do releases slip?",
                },
            }
        ],
    }


@pytest.mark.parametrize("problem", ["", "  \n", "\u200b", "…"])
def test_a_field_begins_empty_where_there_is_nothing_to_begin_with(problem: str) -> None:
    """Slack shows what to write there then."""
    assert "initial_value" not in problem_form(replace(ASKED, problem=problem))["blocks"][0]["element"]


def test_a_form_before_there_is_a_problem_is_in_all_languages() -> None:
    """Nobody knows yet in which one it will be asked; one with words in it is in theirs."""
    both = (ENGLISH, JAPANESE)
    view = problem_form(replace(ASKED, problem=" "), both)
    assert view["title"]["text"] == "Get perspectives / 四つの見方"
    assert view["submit"]["text"] == "Ask / 質問する"
    assert view["blocks"][0]["label"]["text"] == "Your problem / 問題"
    assert problem_form(replace(ASKED, problem="Why?"), both)["title"]["text"] == "Get perspectives"
    french = replace(ENGLISH, phrases={**ENGLISH.phrases, Phrase.FORM_TITLE: "Plusieurs perspectives"})
    assert problem_form(replace(ASKED, problem=""), (*both, french))["title"]["text"] == "Get perspectives"


def test_the_form_to_go_deeper_may_stay_empty_and_names_the_side() -> None:
    """In the language of the answer."""
    (block,) = deeper_form(PRESSED)["blocks"]
    assert (block["optional"], block["label"]["text"]) == (True, "Ask Depth, or add what you know")
    (block,) = deeper_form(replace(PRESSED, language=JAPANESE))["blocks"]
    assert block["label"]["text"] == "「深さ」への質問、または補足"


@pytest.mark.parametrize("character", ["x", "é", "語", "😀", "👩‍👩‍👧", "e\u0301"])
def test_what_is_longer_than_the_field_is_cut_and_says_so(character: str) -> None:
    """Within the limit in Slack's longest count, and never within a character."""
    for count in range(2_995 // len(character), 3_005 // len(character) + 1):
        text = "x" + character * count  # so that the limit stands within one
        (block,) = problem_form(replace(ASKED, problem=text))["blocks"]
        shown = block["element"]["initial_value"]
        assert text.startswith(shown)
        assert units(shown) <= INPUT_LIMIT
        assert units(shown) > INPUT_LIMIT - units(character) or shown == text
        assert (len(shown) - 1) % len(character) == 0
        assert ("beginning" in block["hint"]["text"]) is (shown != text)


def test_what_was_asked_comes_back_with_its_place() -> None:
    """As somebody may have changed it, in the language that it is in then; the form's id makes it one question."""
    question = read_problem(submit(problem_form(ASKED), " なぜ <遅れる> &amp; のか？ "), "auto")
    assert question == Question(
        key="view:V0PKB1ZFV",
        problem="なぜ <遅れる> &amp; のか？",
        user=USER,
        channel=CHANNEL,
        thread_ts=PARENT,
        ephemeral_ts=PARENT,
        response_url=RESPONSE_URL,
        language=JAPANESE,
    )
    assert read_problem(submit(problem_form(ASKED), "why?"), "ja").language is JAPANESE


def test_a_command_has_no_thread() -> None:
    """The run opens one."""
    asked = replace(ASKED, thread_ts=None, ephemeral_ts=None, response_url=None)
    question = read_problem(submit(problem_form(asked), "why?"), "auto")
    assert (question.thread_ts, question.ephemeral_ts, question.response_url) == (None, None, None)


@pytest.mark.parametrize(
    ("words", "problem"), [(None, ""), ("  ", ""), ("Since May.", "Since May."), ("\x00", "\ufffd")]
)
def test_what_is_asked_of_an_answer_comes_back_with_its_root(words: str | None, problem: str) -> None:
    """In the language of the root, whatever was added, which may be nothing."""
    question = read_deeper(submit(deeper_form(replace(PRESSED, language=JAPANESE)), words))
    assert question == Question(
        key="C1:1.2/Depth/V0PKB1ZFV",
        problem=problem,
        user=USER,
        channel=CHANNEL,
        thread_ts=PARENT,
        ephemeral_ts=PARENT,
        response_url=RESPONSE_URL,
        language=JAPANESE,
        kind=Kind.DEEPER,
        root="C1:1.2",
        side="Depth",
    )


def test_an_answer_to_a_mention_that_is_the_parent_has_its_thread_there() -> None:
    """Where Slack names no thread, the message is its own."""
    assert read_deeper(submit(deeper_form(replace(PRESSED, thread_ts=None)), "")).thread_ts == REPLY


@given(st.text(st.characters(min_codepoint=32, exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=100))
def test_whatever_a_root_and_a_side_are_called_fits(name: str) -> None:
    """And comes back, where it can be seen."""
    press = replace(PRESSED, run=name * 5, side=name, response_url="http://127.0.0.1/" + "x" * 1_900)
    view = deeper_form(press)
    assert units(view["private_metadata"]) <= METADATA_LIMIT
    if name.isprintable():
        question = read_deeper(submit(view, ""))
        assert (question.root, question.side) == (name * 5, name)


def test_an_address_that_is_too_long_is_left_out() -> None:
    """It is the one thing that can be done without."""
    asked = replace(ASKED, response_url="http://127.0.0.1/" + "x" * 3_000)
    assert json.loads(problem_form(asked)["private_metadata"]) == {
        "channel": CHANNEL,
        "thread_ts": PARENT,
        "ephemeral_ts": PARENT,
    }


PLACE = {"channel": CHANNEL, "thread_ts": PARENT, "root": "C1:1.2", "side": "Depth", "language": "en"}
DEEPER = submit_to(DEEPER_FORM, PLACE)


@pytest.mark.parametrize("odd", [7, ["x"], {}, "a\nb", "\ud800", "", "x" * 600, None])
@pytest.mark.parametrize("field", sorted(PLACE))
def test_what_a_form_carries_is_looked_at(field: str, odd: Any) -> None:
    """It was sent by the bot, a former version perhaps, and came back."""
    with pytest.raises(OddFieldError, match=field):
        read_deeper(submit_to(DEEPER_FORM, {**PLACE, field: odd}))


@pytest.mark.parametrize(
    "metadata", ["", "{", "[]", "7", "null", "[" * 3_000, None, 7, json.dumps(PLACE) + " " * 3_000]
)
def test_what_is_no_form_of_the_bots_is_odd(metadata: Any) -> None:
    """Nothing else comes of it."""
    with pytest.raises(OddFieldError, match="private_metadata"):
        read_deeper({**DEEPER, "view": {**DEEPER["view"], "private_metadata": metadata}})


@pytest.mark.parametrize("state", [None, {}, {"values": {}}, {"values": {"words": {"other": {}}}}])
def test_a_form_without_its_field_is_odd(state: Any) -> None:
    """It is another version's."""
    with pytest.raises(OddFieldError):
        read_problem({**DEEPER, "view": {**DEEPER["view"], "state": state}}, "auto")


def test_a_language_that_is_spoken_no_more_becomes_english() -> None:
    """As for a run that was written down."""
    assert read_deeper(submit_to(DEEPER_FORM, PLACE | {"language": "tlh"})).language is ENGLISH
