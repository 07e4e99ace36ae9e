"""What one person is told, and nobody else sees: why nothing was asked, or what became of it. Pure.

Such a message is ephemeral: Slack keeps none, so a problem is given back with it, to be copied and sent again.
"""

import math
from collections.abc import Sequence
from functools import reduce

from bot.engine.perspectives import Perspective
from bot.slack.blocks import Body, section, show
from bot.slack.markup.mrkdwn import escape
from bot.slack.markup.pages import PAGE_LIMIT, pages
from bot.texts import say, spell
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


def hint(perspectives: Sequence[Perspective]) -> list[Body]:
    """How to ask, for somebody who has asked nothing, and what the `perspectives` are."""
    sides = "; ".join(f"*{one.name}* {one.hint}" for one in perspectives)
    number = spell(len(perspectives))
    return [plain(say(Phrase.HINT, number=number, example=f"`{say(Phrase.EXAMPLE)}`", sides=sides))]


def plain(words: str) -> Body:
    """Nothing but words, in mrkdwn."""
    return Body(words, [section(words)])


def cannot_write(code: str, channel: str, problem: str) -> list[Body]:
    """Where the bot cannot write, for Slack's `code`."""
    otherwise = Phrase.RESTRICTED if code.startswith("restricted_action") else Phrase.NOT_A_MEMBER
    words = say(_UNWRITABLE.get(code, otherwise), channel=f"<#{channel}>", command="`/invite`")
    return _give_back(words, problem)


def too_many_runs(limit: int, problem: str) -> list[Body]:
    """For whom `limit` runs go on, as many as may."""
    return _give_back(say(Phrase.TOO_MANY_RUNS, count=limit), problem)


def too_many_within_the_hour(limit: int, wait: float, problem: str) -> list[Body]:
    """Who has begun `limit` runs within the hour, as many as may, and can begin one again in `wait` seconds."""
    minutes = max(1, math.ceil(wait / 60))
    return _give_back(say(Phrase.TOO_MANY_WITHIN_THE_HOUR, limit=limit, count=minutes), problem)


def crowded(problem: str) -> list[Body]:
    """Where too many others ask at the same time."""
    return _give_back(say(Phrase.CROWDED), problem)


def too_long(problem: str, limit: int) -> list[Body]:
    """How long a problem may be."""
    length = len(problem)
    words = say(Phrase.TOO_MANY_CHARACTERS, length=length, limit=limit) if length > limit else None
    return _give_back(words or say(Phrase.TOO_LONG_FOR_SLACK), problem)


def interrupted(problem: str, *, names: Sequence[str] = ()) -> list[Body]:
    """Of a run that was broken off; `names` are the answers that nobody can see, if not all."""
    if not names:
        return _give_back(say(Phrase.INTERRUPTED_RUN), problem)
    all_names = reduce(lambda first, other: say(Phrase.BOTH, first=first, other=other), names)
    return _give_back(say(Phrase.NOT_ALL_SHOWN, names=all_names), problem)


def broken(problem: str) -> list[Body]:
    """Of a run that a fault of the bot's own has ended."""
    return _give_back(say(Phrase.BROKEN_RUN), problem)


def refused(code: str, problem: str) -> list[Body]:
    """Where Slack would not take the message that opens a thread, for Slack's `code`."""
    return _give_back(say(Phrase.SLACK_REFUSES, code=escape(code)), problem)


def _give_back(words: str, problem: str) -> list[Body]:
    # In bytes, since a message for one person is sent once, and cannot be made smaller after a refusal.
    first, *others = pages(problem, room=PAGE_LIMIT)
    return [
        Body(words, [section(words), *show(first)]),
        *(Body(say(Phrase.PROBLEM_CONTINUED), show(page)) for page in others),
    ]
