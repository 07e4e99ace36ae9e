"""Characters as they are seen: where one begins, and whether a text has any. Pure."""

import unicodedata

MOST_STEPS = 64  # code points that a character is looked for in; some have no end

_SEEN = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl", "No", "Sm", "Sc", "So"})
"""The categories of Unicode of what is seen and says something by itself: letters, numbers, signs, emoji."""
_SEEN_AS_NOTHING = frozenset("\u115f\u1160\u2800\u3164\uffa0\ufffc\ufffd\U0001d159")
"""Fillers, the empty braille pattern and their like, which Unicode calls letters or symbols; what stands for none."""


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


def _is_joined(before: str, after: str) -> bool:
    return (
        unicodedata.category(after) in {"Mn", "Mc", "Me"}
        or "\u200d" in (before, after)  # zero width joiner, in emoji of several people
        or "\U0001f3fb" <= after <= "\U0001f3ff"  # skin tones
        or ("\U0001f1e6" <= before <= "\U0001f1ff" and "\U0001f1e6" <= after <= "\U0001f1ff")  # flags
        or ("\ud800" <= before <= "\udbff" and "\udc00" <= after <= "\udfff")
        or (before == "\r" and after == "\n")
    )
