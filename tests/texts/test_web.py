import re
from string import Formatter

import pytest

from bot.texts import LANGUAGES
from bot.texts.language import Plural
from bot.texts.web import WORDS
from bot.texts.web.en import ENGLISH
from bot.texts.web.words import Fault, Label, Words


def arguments(words: str | Plural) -> set[str]:
    """What stands in braces."""
    forms = [words.one, words.other] if isinstance(words, Plural) else [words]
    return {name for form in forms for _, name, _, _ in Formatter().parse(form) if name}


def test_the_page_speaks_every_language_that_the_bot_speaks() -> None:
    """One more of those has one more here."""
    assert WORDS.keys() == LANGUAGES.keys()


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_a_language_has_all_words_and_their_arguments(words: Words) -> None:
    """What is missing would be found when somebody is to read it; and none is HTML, though it would be escaped."""
    assert words.faults.keys() == set(Fault)
    assert words.labels.keys() == set(Label)
    for fault, said in words.faults.items():
        assert arguments(said) <= arguments(ENGLISH.faults[fault]), fault
    for label, text in words.labels.items():
        assert arguments(text) == arguments(ENGLISH.labels[label]), label
        assert not re.search("[<>&]", text), label


def test_a_fault_is_told_with_its_arguments() -> None:
    """And in the number that is counted."""
    assert ENGLISH.explain(Fault.TOO_LARGE, limit=52_096).endswith("52,096 bytes that are taken.")
    assert ENGLISH.explain(Fault.TOO_MANY_FAILURES, count=1).endswith("in 1 second.")
