"""How long a text is, in each unit that Slack may count in, how wide it looks, and where its characters begin. Pure."""

import unicodedata
from collections.abc import Iterator

MOST_STEPS = 64  # code points that a character is looked for in; some have no end
_WIDE = frozenset("WF")  # Unicode's classes of what takes two columns in East Asian text: wide, and full width
_LETTERS = 2  # of a flag
_SHOWN_AS_EMOJI = "\ufe0f\u20e3"  # a variation selector, and the frame of a keycap: both make two columns of a digit

_SEEN = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl", "No", "Sm", "Sc", "So"})
"""The categories of Unicode of what is seen and says something by itself: letters, numbers, signs, emoji."""
_SEEN_AS_NOTHING = frozenset("\u115f\u1160\u2800\u3164\uffa0\ufffc\ufffd\U0001d159")
"""Fillers, the empty braille pattern and their like, which Unicode calls letters or symbols; what stands for none."""


def units(text: str) -> int:
    """The length of `text` in UTF-16 units, the longest count that Slack may use of characters."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def octets(text: str) -> int:
    """The length of `text` in bytes of UTF-8, the longest count of all."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def columns(text: str) -> int:
    """How wide `text` is shown, where a Latin letter takes one column, and a Japanese one or an emoji two."""
    return len(text) if text.isascii() else sum(width for _, width in characters(text))


def characters(text: str) -> Iterator[tuple[int, int]]:
    """Where each character of `text` ends, as a person sees them, and how many columns it takes.

    An emoji of several people, a flag, a keycap or a letter with its marks is one of them. What is not seen takes none.
    """
    width = indicators = 0
    for place, sign in enumerate(text):
        is_indicator = _is_indicator(sign)
        is_next_flag = is_indicator and indicators == _LETTERS
        goes_on = place > 0 and not is_next_flag and _is_joined(text[place - 1], sign)
        if place and not goes_on:
            yield place, width
            width = indicators = 0
        indicators += is_indicator
        if sign in _SHOWN_AS_EMOJI or indicators == _LETTERS:
            width = 2
        else:
            own = _width(sign)
            width = max(width, own) if own > 1 else width + own
    if text:
        yield len(text), width


def is_wide(sign: str) -> bool:
    """Whether a code point takes two columns: what Chinese, Japanese and Korean are written with, and emoji."""
    return unicodedata.east_asian_width(sign) in _WIDE


def character_start(text: str, place: int) -> int:
    """The nearest place at or before `place` that does not stand within a character of several code points."""
    for earlier in range(place, max(place - MOST_STEPS, 0), -1):
        if earlier == len(text) or not _is_joined(text[earlier - 1], text[earlier]):
            return earlier
    return 0 if place < MOST_STEPS else place


def is_blank(text: str) -> bool:
    """Whether there is nothing in a text that anybody could look into: no letter, digit or sign that can be seen.

    Spaces, punctuation, control characters, marks with nothing to stand on, and all that Unicode has for joining,
    filling and directing are nothing.
    """
    return not any(unicodedata.category(character) in _SEEN and character not in _SEEN_AS_NOTHING for character in text)


def _width(sign: str) -> int:
    if unicodedata.category(sign) in {"Mn", "Me", "Cf"} or "\u1160" <= sign <= "\u11ff":
        return 0
    return 2 if is_wide(sign) else 1


def _is_indicator(sign: str) -> bool:
    """Whether it is one of the letters of which two are a flag."""
    return "\U0001f1e6" <= sign <= "\U0001f1ff"


def _is_joined(before: str, after: str) -> bool:
    return (
        unicodedata.category(after) in {"Mn", "Mc", "Me"}
        or "\u200d" in (before, after)  # zero width joiner, in emoji of several people
        or "\U0001f3fb" <= after <= "\U0001f3ff"  # skin tones
        or (_is_indicator(before) and _is_indicator(after))  # flags
        or "\U000e0020" <= after <= "\U000e007f"  # tags, in flags of parts of countries
        or ("\u1160" <= after <= "\u11ff" and "\u1100" <= before <= "\u11ff")  # parts of a Korean syllable
        or ("\ud800" <= before <= "\udbff" and "\udc00" <= after <= "\udfff")
        or (before == "\r" and after == "\n")
    )
