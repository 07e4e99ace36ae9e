"""All that the bot itself says to people, in each language that it speaks. Pure; Slack's formatting is none of it.

A language is a file of data, such as `en`, in the form of `language`. What the words are for is a code with arguments:
`engine.reasons` has those that are written down with an answer, `phrases` the others. No sentence is taken apart, or
glued together, elsewhere.
"""

from bot.engine.draft import State
from bot.engine.reasons import Code, Reason
from bot.texts.en import ENGLISH
from bot.texts.language import Language, Plural
from bot.texts.phrases import Phrase

LANGUAGE = "en"  # where nobody has said which

_LANGUAGES = {"en": ENGLISH}


def explain(reason: Reason | None, language: str = LANGUAGE, *, is_for_owner: bool = False) -> str:
    """What happened and what can be done about it, as a sentence or two for the person who asked; empty for no reason.

    Where only whoever runs the bot can do something, the person is told to turn to them; if it is for them, they are
    told what to check.
    """
    if reason is None:
        return ""
    if reason.code is Code.TOLD:
        return str(reason.args["words"])
    words = _LANGUAGES[language]
    cause, advice = _explain(reason, words, words.check if is_for_owner else words.ask_the_owner)
    form = words.with_advice if advice else words.without_advice
    return form.format(cause=cause, advice=advice)


def say(phrase: Phrase, language: str = LANGUAGE, /, **args: str | float) -> str:
    """A phrase with its arguments."""
    words = _LANGUAGES[language].phrases[phrase]
    if isinstance(words, Plural):
        words = words.one if args["count"] == 1 else words.other
    return words.format_map(args)


def name(state: State, language: str = LANGUAGE) -> str:
    """A state in a word."""
    return _LANGUAGES[language].states[state]


def spell(number: int, language: str = LANGUAGE) -> str:
    """A small number as a word."""
    words = _LANGUAGES[language].numbers
    return words[number] if number < len(words) else str(number)


def _explain(reason: Reason, words: Language, check: str) -> tuple[str, str]:
    """The two parts of an explanation: what happened, and what to do."""
    cause, advice = words.reasons[reason.code]
    args = {**reason.args, "check": check}
    if isinstance(inner := reason.args.get("cause"), Reason):
        args["cause"], args["advice"] = _explain(inner, words, check)
    return cause.format_map(args), advice.format_map(args)
