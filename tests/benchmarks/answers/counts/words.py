"""How long a text is and how it is written: words, characters, columns, sentences, script. Pure.

The script stands for the language, since each problem of the set is in English, Japanese or Chinese. It is told by
letters alone:

- Hiragana, katakana and Han characters count twice as much as letters, since they are as wide and say as much as two.
- Where they are the greater part, the text is Japanese if a tenth of them is kana, else Chinese. Of Japanese prose
  some half is kana, of its headlines less.
- Else it is Latin where Latin letters are the greater part, else another.

So a Japanese text may name a `churn rate`, an English one may quote 「朝会」, and English is not told from French.
"""

import re
import unicodedata
from enum import Enum

KANA_SHARE = 0.1  # of the kana and Han characters of a text that is Japanese and not Chinese

_KANA = re.compile(r"[\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff]")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff々]")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’»)\]]*\s+|(?<=[。！？])(?![」』”）])")


class Script(Enum):
    """What a text is written in, which is taken for its language."""

    LATIN = "latin"
    JAPANESE = "japanese"
    CHINESE = "chinese"
    OTHER = "other"  # or no letters at all

    @property
    def has_words(self) -> bool:
        """Whether blanks stand between its words; else its characters are counted."""
        return self not in {Script.JAPANESE, Script.CHINESE}


def find_script(text: str) -> Script:
    """The script that the greater part of a text is written in."""
    kana, han = len(_KANA.findall(text)), len(_HAN.findall(text))
    others = [letter for letter in text if letter.isalpha() and not _KANA.match(letter) and not _HAN.match(letter)]
    latin = sum(unicodedata.name(letter, "").startswith("LATIN") for letter in others)
    if 2 * (kana + han) > len(others):
        return Script.JAPANESE if kana >= KANA_SHARE * (kana + han) else Script.CHINESE
    return Script.LATIN if 2 * latin > len(others) else Script.OTHER


def count_words(text: str) -> int:
    """What stands between blanks and has a letter or a digit in it."""
    return sum(any(map(str.isalnum, word)) for word in text.split())


def count_characters(text: str) -> int:
    """All characters but blanks, punctuation with them."""
    return sum(not character.isspace() for character in text)


def count_columns(text: str) -> int:
    """How wide a text is on a screen: East Asian characters take two columns, marks on others none."""
    return sum(
        2 if unicodedata.east_asian_width(character) in "WF" else not unicodedata.combining(character)
        for character in text
    )


def measure(text: str, script: Script) -> int:
    """How long a text is, in what its script is counted in: words or characters."""
    return count_words(text) if script.has_words else count_characters(text)


def split_sentences(line: str) -> list[str]:
    """The sentences of a line; an abbreviation ends one too."""
    return [sentence for piece in _SENTENCE_END.split(line) if (sentence := piece.strip())]
