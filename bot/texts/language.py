"""What a language has to have: its words, as data. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.engine.draft import State
from bot.engine.reasons import Code
from bot.texts.phrases import Phrase


@dataclass(frozen=True, slots=True)
class Plural:
    """A phrase that is another one where its `count` is one."""

    one: str
    other: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """The words of one language. What stands in braces is an argument, as `str.format` has them.

    `reasons` has for each code what happened, without its full stop, and what to do about it, if anything. In the
    latter, `check` is `ask_the_owner` or `check`: the beginning of a sentence for whoever asked, or for who runs the
    bot. Of a reason with a `cause`, that is what happened there, and `advice` what to do about that. `numbers` are
    words for none, one, two, and so on.
    """

    with_advice: str
    without_advice: str
    ask_the_owner: str
    check: str
    reasons: Mapping[Code, tuple[str, str]]
    states: Mapping[State, str]
    phrases: Mapping[Phrase, str | Plural]
    numbers: Sequence[str]
