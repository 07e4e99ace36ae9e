import string

from bot.texts import LANGUAGES
from bot.texts.installing import AGAIN, PAGES, Page

ARGUMENTS = {Page.INSTALLED: {"team"}, Page.REFUSED: {"code"}}


def test_each_page_has_words_in_each_language() -> None:
    """Whatever a browser asks for, of what `read_language` may find."""
    assert AGAIN.keys() == PAGES.keys() == LANGUAGES.keys()
    for words in PAGES.values():
        assert words.keys() == {*Page}
        for page, said in words.items():
            named = {name for _, name, _, _ in string.Formatter().parse(said) if name is not None}
            assert named == ARGUMENTS.get(page, set()), page
