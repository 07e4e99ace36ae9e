"""Buttons: what one carries, and who pressed which. Pure.

A button's `action_id` is an `Action`'s value, and its `value` holds ids only: the language of what it stands under,
the side (`-` for none) and the run's key, which stands last, since it may have spaces in it. A vote has its sign before
that. Messages of former versions send their buttons to whatever runs now, so what cannot be read is another version's.
"""

from dataclasses import dataclass, field, replace
from urllib.parse import quote, unquote

from bot.slack.payloads.fields import (
    LONGEST_KEY,
    Json,
    OddFieldError,
    read_id,
    read_name,
    read_object,
    read_optional_id,
    read_url,
)
from bot.slack.question import Action, Press
from bot.texts import LANGUAGES
from bot.texts.language import Language

NO_SIDE = "-"
GOOD, BAD = "+", "-"
_KEPT = "".join(chr(code) for code in range(33, 127) if chr(code) != "%")  # in a side: all but spaces


def write_value(language: Language, side: str, run: str, *, is_good: bool | None = None) -> str:
    """The `value` of a button on what is of `side`, if of any, in the run `run`; for a vote, what it says."""
    sign = "" if is_good is None else GOOD if is_good else BAD
    return f"{sign}{language.key} {quote(side, safe=_KEPT) or NO_SIDE} {run}"


@dataclass(frozen=True, slots=True)
class Presser:
    """Who pressed, and where: all that is needed to tell them something."""

    user: str
    channel: str
    ts: str
    thread_ts: str | None = None
    response_url: str | None = field(default=None, repr=False)
    language: Language | None = field(default=None, repr=False)  # of what they pressed, where that can be told


def read_presser(body: Json) -> Presser:
    """Who pressed a button of a message."""
    container = read_object(body, "container")
    return Presser(
        user=read_id(read_object(body, "user"), "id"),
        channel=read_id(container, "channel_id"),
        ts=read_id(container, "message_ts"),
        thread_ts=read_optional_id(container, "thread_ts"),
        response_url=read_url(body),
    )


def read_press(body: Json, presser: Presser) -> Press | Presser:
    """Which button was pressed; the presser, with the language if it can be told, where it is of another version."""
    action = body["actions"][0] if isinstance(body.get("actions"), list) and body["actions"] else None
    if not isinstance(action, dict):
        raise OddFieldError("actions")
    value = action.get("value")
    value = value if isinstance(value, str) else ""
    sign = value[:1] if value[:1] in {GOOD, BAD} else ""
    key, _, rest = value[len(sign) :].partition(" ")
    presser = replace(presser, language=LANGUAGES.get(key))
    try:
        pressed = Action(action.get("action_id"))
        sides = {"side": unquote(rest.partition(" ")[0]), "run": rest.partition(" ")[2]}
        side, run = read_name(sides, "side"), read_name(sides, "run", LONGEST_KEY)
    except (ValueError, TypeError):
        return presser
    if presser.language is None or (pressed is Action.FEEDBACK) is not bool(sign):
        return presser
    return Press(
        action=pressed,
        run=run,
        side="" if side == NO_SIDE else side,
        user=presser.user,
        channel=presser.channel,
        ts=presser.ts,
        thread_ts=presser.thread_ts,
        response_url=presser.response_url,
        language=presser.language,
        is_good=sign == GOOD,
    )
