"""Why an answer failed, in words for the person who asked: what happened, and what to do about it. Pure.

They quote nothing that the server said, which may quote the key. Where only whoever runs the bot can do something, they
name the setting; so does the log (`find_setting`).
"""

import re
from enum import Enum

from bot.engine.protocol.failures import Cause

ASK_THE_OWNER = "Whoever runs this bot should check"


class Failure(Enum):
    """What kind of failure it was, where the server said nothing of it."""

    SILENT = "silent"
    BROKEN = "broken"
    REPORTED = "reported"  # an error in the middle of the stream
    NONSENSE = "nonsense"
    ENDLESS = "endless"  # more than makes sense


_WORDS_BY_CAUSE = {
    Cause.NO_QUOTA: "the account with the model's provider has no balance or no quota left. "
    f"{ASK_THE_OWNER} its plan and billing, and that OPENAI_API_KEY is of this account.",
    Cause.TOO_LONG: "the problem is too long for the model. Ask again with a shorter one.",
    Cause.FILTERED: "the provider's content filter refused the problem. Put it in other words.",
    Cause.BAD_KEY: f"the model's provider refused the key. {ASK_THE_OWNER} OPENAI_API_KEY.",
    Cause.NO_MODEL: f"there is no model “{{model}}” for this key. {ASK_THE_OWNER} OPENAI_MODEL.",
    Cause.UNVERIFIED: "the provider streams the model “{model}” only to organizations that it has verified. "
    f"{ASK_THE_OWNER} that the organization of OPENAI_API_KEY is verified, or name another OPENAI_MODEL.",
    Cause.NO_SYSTEM_ROLE: "the model “{model}” takes no instructions beside the problem (no system role). "
    f"{ASK_THE_OWNER} OPENAI_MODEL.",
    Cause.BAD_REGION: "the model's provider does not serve the region from which this bot asks. "
    f"{ASK_THE_OWNER} OPENAI_BASE_URL and where the bot runs.",
    Cause.BAD_ADDRESS: "what answers at the model's address is not a model's API. "
    f"{ASK_THE_OWNER} OPENAI_BASE_URL (does it end in /v1?).",
    Cause.REDIRECTED: f"the model's address sends elsewhere ({{status}}), where nothing is sent. {ASK_THE_OWNER} "
    "OPENAI_BASE_URL (https, and the address that it is sent to?).",
}
_WORDS_BY_STATUS = {
    401: _WORDS_BY_CAUSE[Cause.BAD_KEY],
    403: f"the key may not use the model “{{model}}”. {ASK_THE_OWNER} OPENAI_API_KEY and OPENAI_MODEL.",
    404: f"there is no model “{{model}}” there. {ASK_THE_OWNER} OPENAI_MODEL and OPENAI_BASE_URL.",
    429: "the model's provider has too many requests at the moment. Ask again in a minute.",
}
_OVERLOADED = "the model's provider has more to do than it can at the moment ({status}). Ask again later."
_OWN_FAILURE = "the model's provider has a failure of its own ({status}). Ask again later."
_REFUSED = f"the model's provider refused the request ({{status}}). {ASK_THE_OWNER} OPENAI_MODEL."
_WORDS_BY_FAILURE = {
    Failure.SILENT: "the model was silent for {seconds:.0f} seconds. Ask again.",
    Failure.BROKEN: "the connection to the model broke. Ask again in a moment.",
    Failure.REPORTED: "the model's provider reported an error in the middle of the answer. Ask again.",
    Failure.NONSENSE: "the model's provider sent something that makes no sense. Ask again.",
    Failure.ENDLESS: "the model's provider sent more than makes sense. Ask again.",
}
_SETTING = re.compile("OPENAI_[A-Z_]+")


def explain(failure: Failure | Cause | int, model: str, seconds: float = 0.0, status: int | None = None) -> str:
    """The words for a failure: its cause, its kind, or its status.

    `model` is the one that was asked, `seconds` how long it was silent.
    """
    match failure:
        case Cause():
            words = _WORDS_BY_CAUSE[failure]
        case Failure():
            words = _WORDS_BY_FAILURE[failure]
        case _:
            status = failure
            own = _OVERLOADED if status == 529 else _OWN_FAILURE  # noqa: PLR2004 - Anthropic's
            words = _WORDS_BY_STATUS.get(status, own if status >= 500 else _REFUSED)  # noqa: PLR2004 - HTTP's
    return words.format(model=model, seconds=seconds, status=status)


def explain_connection(cause: str, *, is_lasting: bool) -> str:
    """The words for a connection that did not come about; `cause` is a part of a sentence that says why."""
    if is_lasting:
        return f"the model cannot be reached: {cause}. {ASK_THE_OWNER} OPENAI_BASE_URL."
    return f"the model cannot be reached: {cause}. Ask again in a moment; or have OPENAI_BASE_URL checked."


def find_setting(words: str) -> str:
    """The setting that the words for a failure name; empty where they name none."""
    found = _SETTING.search(words)
    return found[0] if found else ""


def split(words: str) -> tuple[str, str]:
    """What happened, and what to do about it."""
    cause, _, advice = words.partition(". ")
    return cause, advice
