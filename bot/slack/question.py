"""A question: what somebody asked, and where; and a press of a button. What listeners hand over. Pure."""

from dataclasses import dataclass, field
from enum import Enum

from bot.engine.conversation.followups import Kind
from bot.texts.en import ENGLISH
from bot.texts.language import Language


@dataclass(frozen=True, slots=True)
class Question:
    """A problem, who asked, and where; `key` makes it unique.

    `thread_ts` is set where the thread exists (a mention's); without it the run opens one. `ephemeral_ts` is the
    thread in which it was asked, if it was: in one that has no replies yet, Slack shows no ephemeral message.
    `response_url` comes with a command, and answers its sender even where the bot is no member. The bot speaks of it
    in `language`.

    What goes on with a run has that one's key as its `root`; where it is of a perspective, `side` is that one's key,
    and `problem` is what its sender has added, which may be nothing. `reads_thread` says that what was said in its
    thread belongs to it.

    `workspace` is the one in which the bot answers, as an `Installation` names it; that is found again by its team and
    by `enterprise`, the organisation, where that has installed the bot.
    """

    key: str
    problem: str = field(repr=False)
    user: str
    channel: str
    thread_ts: str | None = None
    ephemeral_ts: str | None = None
    response_url: str | None = field(default=None, repr=False)
    language: Language = field(default=ENGLISH, repr=False)
    kind: Kind = Kind.PERSPECTIVES
    root: str = ""
    side: str = ""
    reads_thread: bool = False
    workspace: str = ""
    enterprise: str = ""

    @property
    def asked_at_ts(self) -> str:
        """The timestamp of the message that asks; empty where none does."""
        channel, _, ts = self.key.partition(":")
        return ts if channel == self.channel else ""


class Action(Enum):
    """What a button does; its value is the button's `action_id`, and stays: messages of former versions have it."""

    STOP = "stop"
    AGAIN = "again"
    DEEPER = "deeper"
    TOGETHER = "together"
    FEEDBACK = "feedback"


@dataclass(frozen=True, slots=True)
class Press:
    """A button that `user` has pressed on the message at `ts`, of the run `run` and, where it is of one, of a `side`.

    `is_good` is what a vote says. `response_url` answers who pressed where the bot is no member. `workspace` and
    `enterprise` are as a question's.
    """

    action: Action
    run: str
    side: str
    user: str
    channel: str
    ts: str
    thread_ts: str | None = None
    response_url: str | None = field(default=None, repr=False)
    language: Language = field(default=ENGLISH, repr=False)
    is_good: bool = False
    workspace: str = ""
    enterprise: str = ""
