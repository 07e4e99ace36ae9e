"""What was said in a thread, as a text for a model to read: no more than `THREAD_LIMIT` characters. Pure.

Laws:

- The parent comes first, then the newest messages, oldest first; what is left out between them is said in its place.
- People are "Person 1", "Person 2", in the order in which they appear, also where somebody mentions them: their names
  are none of a model's business. What a person wrote stands behind theirs, with its further lines indented, so that no
  line in it can pass for another person's.
- What the bot itself said is left out, but for the takeaway of each answer that it has finished: these come along.
- What is missing in a message, or of another type, makes it one that is passed over.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.engine.conversation.material import THREAD_LIMIT
from bot.engine.draft import State
from bot.markup.characters import character_start, is_blank
from bot.printable import is_code
from bot.slack.markup.mrkdwn import unescape
from bot.slack.payloads.fields import read_time
from bot.texts import LANGUAGES
from bot.texts.phrases import Phrase

MARKED = "perspectives_message"  # the type of the metadata in what the bot posts
MOST_OF_ONE = THREAD_LIMIT // 2  # characters of one message: that of a log must not be all that was said
LONGEST_RAW = 4 * MOST_OF_ONE  # characters of a message that are looked at; escaped, it is longer than it is shown
LONGEST_BLANK = 100  # characters that are looked through for one that says something; longer ones are not worth it
SAID = (None, "bot_message", "file_share", "me_message", "thread_broadcast")  # subtypes of what somebody says
BOT = "Perspectives"

_MENTION = re.compile(r"<@([A-Z0-9]{1,100})(?:\|[^<>]*)?>")
_LINE_BREAK = re.compile(r"\r\n?|[\n\v\f\x85\u2028\u2029]")
_PAGE_OF_ANSWER = re.compile(r"(?: [0-9]+)?(?: anew)?$")  # behind the perspective's key, in the name of a part
_WIDEST = "Person 9999"


@dataclass(frozen=True, slots=True)
class _Said:
    """Something that was said: by whom, an id or `BOT`, and its text as Slack hands it over."""

    at: float
    by: str
    text: str
    is_app: bool = False


def transcribe(
    messages: Iterable[Any], thread_ts: str, *, before_ts: str = "", own: Collection[str] = (), is_whole: bool = True
) -> str:
    """What `messages` of the thread at `thread_ts` say that came before `before_ts`; empty where there is nothing.

    `own` are the bot's ids. Where it is not all of the thread, `is_whole` is false, and the end says so.
    """
    end = read_time(before_ts)
    found = {said.at: said for said in (_read(message, own) for message in messages) if said}
    said = [found[at] for at in sorted(found) if end is None or at < end]
    if not said:
        return ""
    parent = said[0] if said[0].at == read_time(thread_ts) else None
    lines = _render(parent, said[1:] if parent else said, own)
    return "\n".join([*lines, *([] if is_whole else ["[What was said after that could not be read.]"])])


def _render(parent: _Said | None, replies: Sequence[_Said], own: Collection[str]) -> list[str]:
    widest = _Cast(own, is_counting=False)
    room = THREAD_LIMIT - 100  # for what is said of what is left out
    if parent:
        room -= len(_line(parent, widest)) + 1
    kept = 0
    for one in reversed(replies):
        room -= len(_line(one, widest)) + 1
        if room < 0:
            break
        kept += 1
    cast = _Cast(own)
    lines = [_line(parent, cast)] if parent else []
    if left := len(replies) - kept:
        lines.append(f"[Here, {left} {'message is' if left == 1 else 'messages are'} left out.]")
    return lines + [_line(one, cast) for one in replies[left:]]


class _Cast:
    """Who takes part: a name for each id. Where it does not count, all have the longest name that there may be."""

    def __init__(self, own: Collection[str], *, is_counting: bool = True) -> None:
        self._own = own
        self._is_counting = is_counting
        self._names: dict[str, str] = {}

    def name(self, who: str, *, is_app: bool = False) -> str:
        """What somebody is called."""
        if who == BOT or who in self._own:
            return BOT
        if not self._is_counting:
            return _WIDEST
        kind = "App" if is_app else "Person"
        if who not in self._names:
            number = 1 + sum(1 for name in self._names.values() if name.startswith(kind))
            self._names[who] = f"{kind} {number}"
        return self._names[who]


def _line(said: _Said, cast: _Cast) -> str:
    name = cast.name(said.by, is_app=said.is_app)
    text = unescape(_MENTION.sub(lambda match: f"@{cast.name(match[1])}", said.text)).strip()
    text = "\n  ".join(_LINE_BREAK.split(text))
    if len(text) > MOST_OF_ONE or len(said.text) == LONGEST_RAW:
        text = f"{text[: character_start(text, min(len(text), MOST_OF_ONE) - 1)].rstrip()} […]"
    return f"{name}: {text}"


def _read(message: Any, own: Collection[str]) -> _Said | None:
    """What a message says; None where it says nothing, or makes no sense."""
    if not isinstance(message, dict):
        return None
    at, text = read_time(message.get("ts")), message.get("text")
    if at is None or not isinstance(text, str) or message.get("subtype") not in SAID or message.get("hidden"):
        return None
    user, bot_id = message.get("user"), message.get("bot_id")
    part = _read_part(message.get("metadata"))
    if part is not None or any(is_code(one) and one in own for one in (user, bot_id)):
        takeaway = _find_takeaway(text, part or "")
        return _Said(at, BOT, takeaway) if takeaway else None
    by = user if is_code(user) else bot_id
    beginning = text.strip()[:LONGEST_RAW]
    says_nothing = len(beginning) <= LONGEST_BLANK and is_blank(beginning)
    return _Said(at, by, beginning, is_app=bool(bot_id)) if is_code(by) and not says_nothing else None


def _read_part(metadata: Any) -> str | None:
    """Which part of a run a message of the bot's is, by its metadata; None where it has none of ours."""
    if not isinstance(metadata, dict) or metadata.get("event_type") != MARKED:
        return None
    payload = metadata.get("event_payload")
    part = payload.get("part") if isinstance(payload, dict) else None
    return part if isinstance(part, str) else ""


def _find_takeaway(text: str, part: str) -> str:
    """A finished answer's name and takeaway, which is what notifies of it; empty for any other message of the bot's."""
    for language in LANGUAGES.values():
        names = {language.side(key).name for key in (*language.sides, _PAGE_OF_ANSWER.sub("", part)) if key}
        states = {language.state(state) for state in State}
        for name in names:
            head = language.say(Phrase.SAYS, name=name, words="")
            if text.startswith(head) and (words := text[len(head) :].strip()) and words not in states:
                return f"{name}: {words}"
    return ""
