import pytest

from bot import texts
from bot.engine.perspectives import PERSPECTIVES
from bot.texts.en import ENGLISH
from bot.texts.ja import JAPANESE
from bot.texts.language import Language


def test_the_bot_speaks_the_language_of_the_problem() -> None:
    """Unless another one is set."""
    assert texts.choose("なぜ遅れるのか？") is JAPANESE
    assert texts.choose("Why are we late?") is ENGLISH
    assert texts.choose("Why are we late?", "ja") is JAPANESE
    assert texts.choose("なぜ遅れるのか？", "en") is ENGLISH


def test_a_run_goes_on_in_the_language_that_it_was_written_down_with() -> None:
    """One of a version that knew no other, or of one that knows more, goes on in English."""
    assert [texts.find(key) for key in ("ja", "en", None, "fr")] == [JAPANESE, ENGLISH, ENGLISH, ENGLISH]


def test_what_comes_before_any_problem_is_said_in_all_languages() -> None:
    """Or in the one that is set."""
    assert texts.speak_first(texts.AUTO) == [ENGLISH, JAPANESE]
    assert texts.speak_first("ja") == [JAPANESE]


@pytest.mark.parametrize("language", texts.LANGUAGES.values(), ids=texts.LANGUAGES)
def test_each_perspective_has_its_words(language: Language) -> None:
    """All of them, and none twice."""
    sides = [language.side(one.key) for one in PERSPECTIVES]
    for words in zip(*((side.name, side.angle, side.hint) for side in sides), strict=True):
        assert all(words)
        assert len(set(words)) == len(words)


def test_the_four_are_called_what_the_article_calls_them() -> None:
    """In Japanese."""
    assert [JAPANESE.side(one.key).name for one in PERSPECTIVES] == ["深さ", "広さ", "構造", "時間"]


def test_a_perspective_without_words_is_called_by_its_key() -> None:
    """Somebody has added one, and no words yet."""
    assert (ENGLISH.side("Risk").name, ENGLISH.side("Risk").angle) == ("Risk", "")
