"""A question: what somebody asked, and where. The value that listeners hand over and the store keeps. Pure."""

from dataclasses import dataclass, field

from bot.texts.en import ENGLISH
from bot.texts.language import Language


@dataclass(frozen=True, slots=True)
class Question:
    """A problem, who asked, and where; `key` makes it unique.

    `thread_ts` is set where the thread exists (a mention's); without it the run opens one. `ephemeral_ts` is the
    thread in which it was asked, if it was: in one that has no replies yet, Slack shows no ephemeral message.
    `response_url` comes with a command, and answers its sender even where the bot is no member. The bot speaks of it
    in `language`.
    """

    key: str
    problem: str = field(repr=False)
    user: str
    channel: str
    thread_ts: str | None = None
    ephemeral_ts: str | None = None
    response_url: str | None = field(default=None, repr=False)
    language: Language = field(default=ENGLISH, repr=False)
