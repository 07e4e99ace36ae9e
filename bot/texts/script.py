"""In which language somebody asks, by the script of the sentence that asks. Pure.

A problem may quote another language: a log, a customer's words, a term. So it is not the share of letters that decides:

- What stands in code or in quotation marks is somebody else's, where there is anything beside it.
- Of the sentences, the last one that is a question asks; without one, the first that is more words than signs.
- A sentence is Japanese if it has kana and is built around them: it begins and ends with Japanese, or a particle
  follows a foreign word without a space; else if it has no three foreign words in a row, and no more of them than
  characters of Japanese. (`Slackが遅い原因はAPI?` is, `Why do people say 懐かしい so often?` is not.)
- A problem of nothing but Chinese characters is Japanese if they are written so nowhere else: `会議` is, since neither
  mainland China nor Taiwan has both of them; `离职` is not, nor is `離職`, which may be either.
"""

import re

BEGINNING = 4_000  # characters that are looked at
LEAST_WORDS = 0.6  # the share of a sentence's characters that are letters; a log line has fewer

_KANA = "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\uff66-\uff9f"
_JAPANESE = f"{_KANA}\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff"
_HAS_KANA = re.compile(f"[{_KANA}]")
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(f"[^\\W\\d_{_JAPANESE}]+")
_CHARACTER = re.compile(f"[{_JAPANESE}]")
_PARTICLE = re.compile(r"[0-9A-Za-z][\u3041-\u3096]")
_FOREIGN = re.compile(r"[a-zà-ÿ][a-zà-ÿ'’-]{0,40}(?:[ ,]{1,3}[a-zà-ÿ][a-zà-ÿ'’-]{0,40}){2}", re.IGNORECASE)
_OTHERS = re.compile(
    r"```.{0,4000}?(?:```|\Z)|`[^`\n]{1,300}`|「[^「」\n]{1,300}」|『[^『』\n]{1,300}』|“[^“”\n]{1,300}”|\"[^\"\n]{1,300}\"",
    re.DOTALL,
)
_SENTENCE = re.compile(r"[^.!?。！？．\n]*[.!?。！？．\n]?")
_ASKS = re.compile(r"[?？]\s*$|(?:か|かな|かしら|だろう|でしょう)[。．\s]*$")


def is_japanese(text: str) -> bool:
    """Whether the sentence of `text` that asks is written in Japanese."""
    beginning = text[:BEGINNING]
    if not _HAS_KANA.search(beginning):
        return _is_japanese_without_kana(beginning)
    own = _OTHERS.sub(" ", beginning)
    sentences = [one for one in _SENTENCE.findall(own if _LETTER.search(own) else beginning) if _LETTER.search(one)]
    asking = [one for one in sentences if _ASKS.search(one)]
    worded = [one for one in sentences if _is_worded(one)]
    return _is_japanese((asking[-1:] or worded[:1] or sentences[:1])[0])


def _is_worded(sentence: str) -> bool:
    characters = "".join(sentence.split())
    return len(_LETTER.findall(characters)) >= LEAST_WORDS * len(characters)


def _is_japanese(sentence: str) -> bool:
    if not _HAS_KANA.search(sentence):
        return False
    letters = _LETTER.findall(sentence)
    if _PARTICLE.search(sentence) or (_CHARACTER.match(letters[0]) and _CHARACTER.match(letters[-1])):
        return True
    is_foreign = _FOREIGN.search(sentence) or len(_CHARACTER.findall(sentence)) < len(_WORD.findall(sentence))
    return not is_foreign


def _is_japanese_without_kana(text: str) -> bool:
    letters = "".join(_LETTER.findall(text))
    return (
        all(map(_CHARACTER.match, letters))
        and _can_write(letters, "cp932")
        and not _can_write(letters, "gb2312")
        and not _can_write(letters, "big5")
    )


def _can_write(letters: str, charset: str) -> bool:
    """Whether the standard character set of a country has all of them."""
    try:
        letters.encode(charset)
    except UnicodeEncodeError:
        return False
    return True
