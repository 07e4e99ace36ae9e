"""What a language has to have, its words as data, and how they are said. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.engine.draft import State
from bot.engine.reasons import Code, Reason
from bot.texts.phrases import Phrase


@dataclass(frozen=True, slots=True)
class Plural:
    """A phrase that is another one where its `count` is one."""

    one: str
    other: str


@dataclass(frozen=True, slots=True)
class Side:
    """What a perspective is called: its name, what it does in a few words, and what it does as Phrase.SIDE goes on."""

    name: str
    angle: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Language:
    """The words of one language. What stands in braces is an argument, as `str.format` has them.

    `key` is its code of ISO 639-1, by which it is set and written down. `sides` has a perspective's words by its key.
    `reasons` has for each code what happened, without its full stop, and what to do about it, if anything. In the
    latter, `check` is `ask_the_owner` or `check`: the part of a sentence that turns to whoever runs the bot, for who
    asked or for who runs it. Of a reason with a `cause`, that is what happened there, and `advice` what to do about
    that. `numbers` are words for none, one, two, and so on.
    """

    key: str
    with_advice: str
    without_advice: str
    ask_the_owner: str
    check: str
    sides: Mapping[str, Side]
    reasons: Mapping[Code, tuple[str, str]]
    states: Mapping[State, str]
    phrases: Mapping[Phrase, str | Plural]
    numbers: Sequence[str]

    def say(self, phrase: Phrase, /, **args: str | float) -> str:
        """A phrase with its arguments."""
        words = self.phrases[phrase]
        if isinstance(words, Plural):
            words = words.one if args["count"] == 1 else words.other
        return words.format_map(args)

    def explain(self, reason: Reason | None, *, is_for_owner: bool = False) -> str:
        """What happened and what can be done about it, as a sentence or two for who asked; empty for no reason.

        Where only whoever runs the bot can do something, the person is told to turn to them; if it is for them, they
        are told what to check.
        """
        if reason is None:
            return ""
        if reason.code is Code.TOLD:
            return str(reason.args["words"])
        cause, advice = self._explain(reason, self.check if is_for_owner else self.ask_the_owner)
        form = self.with_advice if advice else self.without_advice
        return form.format(cause=cause, advice=advice)

    def side(self, key: str) -> Side:
        """The words of a perspective; one that the language does not know is called by its key."""
        return self.sides.get(key) or Side(key)

    def state(self, state: State) -> str:
        """A state in a word."""
        return self.states[state]

    def spell(self, number: int) -> str:
        """A small number as a word."""
        return self.numbers[number] if number < len(self.numbers) else str(number)

    def _explain(self, reason: Reason, check: str) -> tuple[str, str]:
        """The two parts of an explanation: what happened, and what to do."""
        cause, advice = self.reasons[reason.code]
        args = {**reason.args, "check": check}
        if isinstance(inner := reason.args.get("cause"), Reason):
            args["cause"], args["advice"] = self._explain(inner, check)
        return cause.format_map(args), advice.format_map(args)
