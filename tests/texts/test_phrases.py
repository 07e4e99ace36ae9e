import re
from string import Formatter

import pytest

from bot.engine.draft import State
from bot.engine.reasons import ARGUMENTS, Code
from bot.texts import LANGUAGES
from bot.texts.en import ENGLISH
from bot.texts.language import Language, Plural
from bot.texts.phrases import Phrase


def names(words: str) -> set[str]:
    """The arguments of a phrase."""
    return {name for _, name, _, _ in Formatter().parse(words) if name}


def forms(words: str | Plural) -> list[str]:
    """All that a phrase may be."""
    return [words.one, words.other] if isinstance(words, Plural) else [words]


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_a_language_has_all_words_and_their_arguments(language: Language) -> None:
    """What is missing in one would be found when somebody is to read it."""
    assert language.reasons.keys() == set(Code)
    assert language.phrases.keys() == set(Phrase)
    assert language.states.keys() == set(State)
    for code, (cause, advice) in language.reasons.items():
        added = {"check"} | ({"advice"} if "cause" in ARGUMENTS.get(code, ()) else set())
        assert names(cause) <= set(ARGUMENTS.get(code, ())), code
        assert names(advice) <= added, code
    for phrase, words in language.phrases.items():
        for form in forms(words):
            assert names(form) <= set.union(*map(names, forms(ENGLISH.phrases[phrase]))), phrase
    assert names(language.with_advice) == {"cause", "advice"}
    assert names(language.without_advice) == {"cause"}


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_no_phrase_has_what_a_medium_would_take_for_its_own(language: Language) -> None:
    """Slack's marks, or HTML's: they are added where the phrase is shown, and a phrase is not escaped."""
    everything = [form for words in language.phrases.values() for form in forms(words)]
    everything += [one for pair in language.reasons.values() for one in pair]
    everything += [*language.states.values(), *language.numbers, language.ask_the_owner, language.check]
    assert [one for one in everything if re.search(r"[&<>*`~]|\b_|_\b", one)] == []


def test_a_phrase_is_another_one_where_one_is_counted() -> None:
    """By its `count`."""
    one, two = (ENGLISH.say(Phrase.TOO_MANY_WITHIN_THE_HOUR, limit=20, count=count) for count in (1, 2))
    assert one.endswith("Ask again in 1 minute.")
    assert two.endswith("Ask again in 2 minutes.")


def test_a_small_number_is_a_word() -> None:
    """A large one is not."""
    assert [ENGLISH.spell(number) for number in (1, 4, 12, 13)] == ["one", "four", "twelve", "13"]


def test_a_state_has_a_name() -> None:
    """For a notification."""
    assert ENGLISH.state(State.DONE) == "done"
