"""All that the bot itself says to people, in each language that it speaks. Pure; Slack's formatting is none of it.

A language is a file of data, such as `en`, in the form of `language`: whoever adds one adds a file, and its line in
`LANGUAGES`. What the words are for is a code with arguments: `engine.reasons` has those that are written down with an
answer, `phrases` the others. No sentence is taken apart, or glued together, elsewhere.
"""

from bot.texts.en import ENGLISH
from bot.texts.ja import JAPANESE
from bot.texts.language import Language
from bot.texts.preferences import read_preferences
from bot.texts.script import is_japanese

AUTO = "auto"  # the language of each problem
LANGUAGES = {one.key: one for one in (ENGLISH, JAPANESE)}


def choose(problem: str, setting: str = AUTO) -> Language:
    """The language in which the bot speaks of a problem: the one that is set, or that of the problem by its script."""
    if setting != AUTO:
        return LANGUAGES[setting]
    return JAPANESE if is_japanese(problem) else ENGLISH


def speak_first(setting: str) -> list[Language]:
    """The languages of what is said before there is any problem: the one that is set, or all."""
    return [*LANGUAGES.values()] if setting == AUTO else [LANGUAGES[setting]]


def find(key: str | None) -> Language:
    """The language of a run that was written down; English for one of a version that spoke no other."""
    return LANGUAGES.get(key or "", ENGLISH)


def read_language(accept: str) -> str:
    """The key of the language of an Accept-Language header that is liked best, of those that the bot speaks."""
    liked = {name: quality for name, quality in read_preferences(accept).items() if name[:2] in LANGUAGES}
    best = max(liked, key=lambda name: liked[name], default="en")
    return best[:2] if liked.get(best) else "en"
