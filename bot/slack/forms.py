"""The forms, as Slack's modal views: one for a problem, one to go deeper into an answer; and what comes back. Pure.

A submission names no channel and no thread, so a form carries them as its `private_metadata`. Slack takes 3,000
characters of text in an input, fewer than a problem may have: a longer one goes into a command or a mention.
"""

import json
import math
from collections.abc import Sequence
from typing import Any

from bot.engine.conversation.followups import Kind
from bot.markup.characters import character_start, is_blank, units
from bot.slack.markup.mrkdwn import NO_CHARACTER
from bot.slack.payloads.fields import (
    LONGEST_KEY,
    Json,
    OddFieldError,
    read_id,
    read_name,
    read_object,
    read_optional_id,
    read_text,
    read_url,
)
from bot.slack.question import Press, Question
from bot.texts import choose, find
from bot.texts.language import Language
from bot.texts.phrases import Phrase

PROBLEM_FORM = "perspectives_problem"  # callback ids; they stay, since a form may be open while the bot is renewed
DEEPER_FORM = "perspectives_deeper"
WORDS = "words"  # the input: its block's id, at which errors are shown, and its element's
INPUT_LIMIT = 3_000  # UTF-16 units; Slack's for what stands in an input
TITLE_LIMIT = 24  # characters; Slack's for a form's title and its buttons
METADATA_LIMIT = 3_000  # characters; Slack's for private_metadata

View = dict[str, Any]


def problem_form(asked: Question, languages: Sequence[Language] = ()) -> View:
    """The form for a problem: `asked` says where it is asked, and what stands in the field to begin with.

    It is in the language of that, or in all `languages` where there is nothing that has one.
    """
    place = {"channel": asked.channel, "thread_ts": asked.thread_ts, "ephemeral_ts": asked.ephemeral_ts}
    problem = "" if is_blank(asked.problem) else asked.problem
    beginning = _cut(problem)
    spoken = [asked.language] if problem or not languages else languages
    return _form(
        PROBLEM_FORM,
        _write_metadata(place, asked.response_url),
        _input(
            _say(spoken, Phrase.FORM_LABEL),
            hint=_say(spoken, Phrase.FORM_CUT if beginning != problem else Phrase.FORM_HINT),
            initial_value=beginning,
        ),
        title=Phrase.FORM_TITLE,
        languages=spoken,
    )


def deeper_form(press: Press) -> View:
    """The form for what is to be asked of one answer, which may be nothing; `press` says of which."""
    language = press.language
    place = {"channel": press.channel, "thread_ts": press.thread_ts or press.ts}
    root = {"root": press.run, "side": press.side, "language": language.key}
    name = language.side(press.side).name
    return _form(
        DEEPER_FORM,
        _write_metadata(place | root, press.response_url),
        _input(language.say(Phrase.DEEPER_ASK, name=name), hint=language.say(Phrase.DEEPER_HINT), is_optional=True),
        title=Phrase.DEEPER_TITLE,
        languages=[language],
    )


def read_problem(body: Json, language: str) -> Question:
    """The question of a form for a problem."""
    view, place, words = _read(body)
    return Question(
        key=f"view:{read_id(view, 'id')}",
        problem=words,
        user=read_id(read_object(body, "user"), "id"),
        channel=read_id(place, "channel"),
        thread_ts=read_optional_id(place, "thread_ts"),
        ephemeral_ts=read_optional_id(place, "ephemeral_ts"),
        response_url=read_url(place),
        language=choose(words, language),
    )


def read_deeper(body: Json) -> Question:
    """The question of a form to go deeper: it goes on with its root, in the language of that."""
    view, place, words = _read(body)
    root, side = read_name(place, "root", LONGEST_KEY), read_name(place, "side")
    thread_ts = read_id(place, "thread_ts")
    return Question(
        key=f"{root}/{side}/{read_id(view, 'id')}",
        problem=words,
        user=read_id(read_object(body, "user"), "id"),
        channel=read_id(place, "channel"),
        thread_ts=thread_ts,
        ephemeral_ts=thread_ts,
        response_url=read_url(place),
        language=find(read_id(place, "language")),
        kind=Kind.DEEPER,
        root=root,
        side=side,
    )


def _say(languages: Sequence[Language], phrase: Phrase, limit: float = math.inf) -> str:
    """A phrase in all of these languages; where that would be longer than it may be, in the first."""
    said = [language.say(phrase) for language in languages]
    joined = " / ".join(said)
    return joined if len(joined) <= limit else said[0]


def _form(callback_id: str, metadata: str, words: View, *, title: Phrase, languages: Sequence[Language]) -> View:
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": _plain(_say(languages, title, TITLE_LIMIT)),
        "submit": _plain(_say(languages, Phrase.FORM_SUBMIT, TITLE_LIMIT)),
        "close": _plain(_say(languages, Phrase.FORM_CLOSE, TITLE_LIMIT)),
        "private_metadata": metadata,
        "blocks": [words],
    }


def _input(label: str, *, hint: str, initial_value: str = "", is_optional: bool = False) -> View:
    element = {
        "type": "plain_text_input",
        "action_id": WORDS,
        "multiline": True,
        "max_length": INPUT_LIMIT,
        "focus_on_load": True,
    }
    if initial_value:
        element["initial_value"] = initial_value
    return {
        "type": "input",
        "block_id": WORDS,
        "label": _plain(label),
        "hint": _plain(hint),
        "optional": is_optional,
        "element": element,
    }


def _plain(text: str) -> View:
    return {"type": "plain_text", "text": text, "emoji": False}


def _cut(text: str) -> str:
    """As much of the beginning of a text as an input takes."""
    end = min(len(text), INPUT_LIMIT)
    while units(text[:end]) > INPUT_LIMIT:
        end -= (units(text[:end]) - INPUT_LIMIT + 1) // 2
    return text if end == len(text) else text[: character_start(text, end)]


def _write_metadata(fields: View, response_url: str | None) -> str:
    """What a form carries; without the address to answer at, should that be too long."""
    known = {name: value for name, value in fields.items() if value is not None}
    whole = _write(known | ({"response_url": response_url} if response_url else {}))
    return whole if units(whole) <= METADATA_LIMIT else _write(known)


def _write(fields: View) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def _read(body: Json) -> tuple[Json, Json, str]:
    """The view that was submitted, what it carries, and what stands in its field."""
    view = read_object(body, "view")
    metadata = view.get("private_metadata")
    if not isinstance(metadata, str) or len(metadata) > METADATA_LIMIT:
        raise OddFieldError("private_metadata")
    try:
        place = json.loads(metadata)
    except (ValueError, RecursionError):
        raise OddFieldError("private_metadata") from None
    if not isinstance(place, dict):
        raise OddFieldError("private_metadata")
    words: Json = view
    for name in ("state", "values", WORDS, WORDS):
        words = read_object(words, name)
    # Slack hands over what stands in an input as it was typed, unlike the text of a message: nothing is escaped in it.
    return view, place, NO_CHARACTER.sub("\ufffd", read_text(words, "value")).strip()
