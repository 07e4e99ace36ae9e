"""What can go wrong, by who can act on it.

A failure is translated into one of these once, at the edge where it happens, always `from` its cause. Their messages
are words for people; none carries a token, a key or a problem's text.

    BotError
    ├── SettingsError           whoever runs the bot: a variable of the environment
    ├── StoreError              whoever runs the bot: the database does not answer, or not as it should
    ├── TokenRefusedError       whoever runs the bot: Slack knows the token no more
    └── SlackError              Slack did not do what it was asked
        ├── RateLimitedError        it will, after a while
        ├── UnavailableError        it may, tried again; `effect` says whether it was done
        ├── ThreadLostError         nobody knows whether the message that opens the thread was posted
        ├── ChannelClosedError      the bot is not in there, or nobody is any more
        │   └── NoThreadsError          messages may stand in there, but nothing under them
        ├── MessageLockedError      this message can be edited no more
        │   └── MessageGoneError        somebody deleted it
        └── FormRefusedError        not in this form: plainer, perhaps
            └── SizeRefusedError        too long, or too many parts: smaller, perhaps

A completion raises none of these: its failures are states of an answer.
"""

from enum import Enum
from traceback import extract_tb


class BotError(Exception):
    """The root: everything that this project raises on purpose."""


class SettingsError(BotError):
    """A variable of the environment is missing or wrong; the message names it and says where to get it."""


class StoreError(BotError):
    """The database cannot be reached, or did not do what it was asked; the message quotes nothing of the call."""


class ContentError(StoreError):
    """Something that was to be written cannot be stored, whatever the database does."""


class TokenRefusedError(BotError):
    """Slack refuses a token; the message names its variable, and `code` is Slack's word for why."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class SlackError(BotError):
    """Slack answered a call with an error that no other class here stands for; `code` is Slack's word for it."""

    def __init__(self, code: str) -> None:
        super().__init__(f"Slack answered: {code}")
        self.code = code


class RateLimitedError(SlackError):
    """429: nothing was done; ask again after `retry_after` seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__("ratelimited")
        self.retry_after = retry_after


class Effect(Enum):
    """What a call has done whose answer is no answer."""

    NONE = "none"  # it was not carried out: it never left, or Slack says so in a word that can be relied on
    DENIED = "denied"  # Slack says that it failed, in a word which its documentation does not promise to mean nothing
    UNKNOWN = "unknown"  # carried out or not; by now it is over
    PENDING = "pending"  # as that, and it may be carried out even now


class UnavailableError(SlackError):
    """No answer, or Slack's own failure; `effect` tells what the call has done.

    `hint` says, for whoever runs the bot, what it is and what to check, where that is known; a lasting one does not
    pass by itself.
    """

    def __init__(self, code: str, effect: Effect, *, hint: str = "", is_lasting: bool = False) -> None:
        super().__init__(code)
        self.args = (f"Slack cannot be reached, or does not work: {': '.join(filter(None, (code, hint)))}",)
        self.effect = effect
        self.hint = hint
        self.is_lasting = is_lasting


class ThreadLostError(SlackError):
    """Whether the message that opens a thread was posted is not known, so nothing can go on under it."""

    def __init__(self) -> None:
        super().__init__("unknown")


class ChannelClosedError(SlackError):
    """The bot cannot write into this channel: not invited, not found, archived."""


class NoThreadsError(ChannelClosedError):
    """Slack lets nobody answer under this message, or under any message of this channel."""


class MessageLockedError(SlackError):
    """The message can be edited no more, but it stands."""


class MessageGoneError(MessageLockedError):
    """Somebody deleted the message."""


class FormRefusedError(SlackError):
    """Slack refuses the form of a message: its blocks, without saying that they are too long."""


class SizeRefusedError(FormRefusedError):
    """Slack refuses a message for its size, in a unit that it does not tell."""


def find_leaf(error: BaseException) -> BaseException:
    """The failure of ours in a group, in however many groups; where there is none, the first that there is."""
    leaves: list[BaseException] = []
    rest = [error]
    while rest:
        failure = rest.pop(0)
        if isinstance(failure, BaseExceptionGroup):
            rest += failure.exceptions
        else:
            leaves.append(failure)
    return next((leaf for leaf in leaves if isinstance(leaf, BotError)), leaves[0])


def describe(error: BaseException) -> str:
    """An exception for the log: its name, and where it was raised, as `file:line` from the outermost call inwards.

    Not its own words: they may quote a header, a body, or what somebody wrote.
    """
    places = (f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in extract_tb(error.__traceback__))
    return f"{type(error).__name__} at={'>'.join(places)}"
