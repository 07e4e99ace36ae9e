"""What one person is told, and nobody else sees: why nothing was asked, or what became of it. Pure.

Such a message is ephemeral: Slack keeps none, so a problem is given back with it, to be copied and sent again.
"""

import math
from collections.abc import Sequence
from functools import reduce

from bot.engine.perspectives import Perspective
from bot.slack.body import Body, section, show
from bot.slack.markup.mrkdwn import escape
from bot.slack.markup.pages import PAGE_LIMIT, pages
from bot.texts.language import Language
from bot.texts.phrases import Phrase

SAMPLE = 300  # characters of a problem that are given back with an acknowledgement, of many that are refused at once

_UNWRITABLE = {
    "is_archived": Phrase.ARCHIVED,
    "thread_not_found": Phrase.MESSAGE_GONE,
    "restricted_action_non_threadable_channel": Phrase.NO_THREADS,
    "cannot_reply_to_message": Phrase.NO_ANSWERS_THERE,
    "restricted_action_thread_locked": Phrase.NO_ANSWERS_THERE,
    "restricted_action_thread_only_channel": Phrase.THREADS_ONLY,
    "messages_tab_disabled": Phrase.NO_DIRECT_MESSAGES,
}


def hint(perspectives: Sequence[Perspective], languages: Sequence[Language]) -> list[Body]:
    """How to ask, for somebody who has asked nothing, and what the `perspectives` are: in each of `languages`."""
    words = [_hint(perspectives, language) for language in languages]
    return [Body("\n\n".join(words), [section(one) for one in words], languages[0])]


def _hint(perspectives: Sequence[Perspective], language: Language) -> str:
    sides = [language.side(one.key) for one in perspectives]
    said = [
        language.say(Phrase.SIDE, name=f"*{one.name}*", does=one.hint) if one.hint else f"*{one.name}*" for one in sides
    ]
    return language.say(
        Phrase.HINT,
        number=language.spell(len(perspectives)),
        example=f"`{language.say(Phrase.EXAMPLE)}`",
        sides=reduce(lambda first, other: language.say(Phrase.SIDES, first=first, other=other), said),
    )


def plain(words: str, language: Language) -> Body:
    """Nothing but words, in mrkdwn."""
    return Body(words, [section(words)], language)


def cannot_write(code: str, channel: str, problem: str, language: Language, *, goes_on: bool = False) -> list[Body]:
    """Where the bot cannot write, for Slack's `code`; whether it was to go on in a thread of its own."""
    away = Phrase.NOT_A_MEMBER_ANY_MORE if goes_on else Phrase.NOT_A_MEMBER
    otherwise = Phrase.RESTRICTED if code.startswith("restricted_action") else away
    words = language.say(_UNWRITABLE.get(code, otherwise), channel=f"<#{channel}>", command="`/invite`")
    return _explain(words, problem, language)


def in_line(place: int, language: Language) -> list[Body]:
    """Whose problem begins later: which in line it is, from 1 on."""
    return [plain(language.say(Phrase.IN_LINE, count=place), language)]


def too_many_runs(limit: int, problem: str, language: Language) -> list[Body]:
    """For whom `limit` runs go on, as many as may."""
    return _refuse(language.say(Phrase.TOO_MANY_RUNS, count=limit), problem, language)


def too_many_within_the_hour(limit: int, wait: float, problem: str, language: Language) -> list[Body]:
    """Who has begun `limit` runs within the hour, as many as may, and can begin one again in `wait` seconds."""
    minutes = max(1, math.ceil(wait / 60))
    return _refuse(language.say(Phrase.TOO_MANY_WITHIN_THE_HOUR, limit=limit, count=minutes), problem, language)


def crowded(problem: str, language: Language) -> list[Body]:
    """Where too many others ask at the same time."""
    return _refuse(language.say(Phrase.CROWDED), problem, language)


def not_done(phrase: Phrase, language: Language, problem: str = "") -> list[Body]:
    """Why nothing came of a button, with what was typed behind it, if anything was."""
    return _explain(language.say(phrase), problem, language)


def too_long(problem: str, limit: int, language: Language) -> list[Body]:
    """How long a problem may be."""
    length = len(problem)
    words = language.say(Phrase.TOO_MANY_CHARACTERS, length=length, limit=limit) if length > limit else None
    return _give_back(words or language.say(Phrase.TOO_LONG_FOR_SLACK), problem, language)


def interrupted(problem: str, language: Language, *, names: Sequence[str] = ()) -> list[Body]:
    """Of a run that was broken off; `names` are the answers that nobody can see, if not all."""
    if not problem:
        return not_done(Phrase.INTERRUPTED_PRESS, language)
    if not names:
        return _give_back(language.say(Phrase.INTERRUPTED_RUN), problem, language)
    all_names = reduce(lambda first, other: language.say(Phrase.BOTH, first=first, other=other), names)
    return _give_back(language.say(Phrase.NOT_ALL_SHOWN, names=all_names), problem, language)


def broken(problem: str, language: Language) -> list[Body]:
    """Of a run that a fault of the bot's own has ended."""
    if not problem:
        return not_done(Phrase.BROKEN_PRESS, language)
    return _give_back(language.say(Phrase.BROKEN_RUN), problem, language)


def refused(code: str, problem: str, language: Language) -> list[Body]:
    """Where Slack would not take the message that opens a thread, for Slack's `code`."""
    return _explain(language.say(Phrase.SLACK_REFUSES, code=escape(code)), problem, language)


def _refuse(reason: str, problem: str, language: Language) -> list[Body]:
    """What was not begun, and why; with the problem, where there is one to be sent again."""
    if not problem:
        return [plain(language.say(Phrase.TOO_OFTEN, reason=reason), language)]
    return _give_back(language.say(Phrase.GIVEN_BACK, reason=reason), problem, language)


def _explain(words: str, problem: str, language: Language) -> list[Body]:
    """Words, and behind them the problem, where there is one: who has pressed a button has typed none."""
    if not problem:
        return [plain(words, language)]
    return _give_back(language.say(Phrase.WITH_PROBLEM, words=words), problem, language)


def _give_back(words: str, problem: str, language: Language) -> list[Body]:
    # In bytes, since a message for one person is sent once, and cannot be made smaller after a refusal.
    first, *others = pages(problem, room=PAGE_LIMIT, is_mended=False)
    return [
        Body(words, [section(words), *show(first)], language),
        *(Body(language.say(Phrase.PROBLEM_CONTINUED), show(page), language) for page in others),
    ]
