"""Why an answer failed, in words for the person who asked: what happened, and what to do about it. Pure.

They quote nothing that the server said, which may quote the key.
"""

from enum import Enum

ASK_THE_OWNER = "Whoever runs this bot should check"


class Failure(Enum):
    """What kind of failure it was, where the server gave no status."""

    SILENT = "silent"
    BROKEN = "broken"
    REPORTED = "reported"  # an error in the middle of the stream
    NONSENSE = "nonsense"


_NO_QUOTA = f"the account with the model's provider has no quota left. {ASK_THE_OWNER} its plan and billing."
_TOO_LONG = "the problem is too long for the model. Ask again with a shorter one."
_FILTERED = "the provider's content filter refused the problem. Put it in other words."

_WORDS_BY_NAME = {
    "insufficient_quota": _NO_QUOTA,
    "billing_not_active": _NO_QUOTA,
    "billing_hard_limit_reached": _NO_QUOTA,
    "context_length_exceeded": _TOO_LONG,
    "exceed_context_size_error": _TOO_LONG,
    "content_filter": _FILTERED,
    "content_policy_violation": _FILTERED,
    "model_not_found": f"there is no model “{{model}}” for this key. {ASK_THE_OWNER} OPENAI_MODEL.",
}
_WORDS_BY_STATUS = {
    401: f"the model's provider refused the key. {ASK_THE_OWNER} OPENAI_API_KEY.",
    403: f"the key may not use the model “{{model}}”. {ASK_THE_OWNER} OPENAI_API_KEY.",
    404: f"there is no model “{{model}}” there. {ASK_THE_OWNER} OPENAI_MODEL and OPENAI_BASE_URL.",
    429: "the model's provider has too many requests at the moment. Ask again in a minute.",
}
_OWN_FAILURE = "the model's provider has a failure of its own ({status}). Ask again later."
_REFUSED = f"the model's provider refused the request ({{status}}). {ASK_THE_OWNER} OPENAI_MODEL."
_WORDS_BY_FAILURE = {
    Failure.SILENT: "the model was silent for {seconds:.0f} seconds. Ask again.",
    Failure.BROKEN: "the connection to the model broke. Ask again in a moment.",
    Failure.REPORTED: "the model's provider reported an error in the middle of the answer. Ask again.",
    Failure.NONSENSE: "the model's provider sent something that makes no sense. Ask again.",
}


def is_lasting(name: object) -> bool:
    """Whether an error that the server calls `name` will not pass by itself."""
    return isinstance(name, str) and name in _WORDS_BY_NAME


def explain(name: object, failure: Failure | int, model: str, seconds: float = 0.0) -> str:
    """The words for a failure: the server's `name` for it, if it has one, and its kind or its status.

    `model` is the one that was asked, `seconds` how long it was silent.
    """
    if isinstance(name, str) and name in _WORDS_BY_NAME:
        words = _WORDS_BY_NAME[name]
    elif isinstance(failure, Failure):
        words = _WORDS_BY_FAILURE[failure]
    else:
        words = _WORDS_BY_STATUS.get(failure, _OWN_FAILURE if failure >= 500 else _REFUSED)  # noqa: PLR2004 - HTTP's
    return words.format(model=model, seconds=seconds, status=failure)


def split(words: str) -> tuple[str, str]:
    """What happened, and what to do about it."""
    cause, _, advice = words.partition(". ")
    return cause, advice
