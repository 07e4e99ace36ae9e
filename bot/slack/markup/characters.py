"""How long a text is, in each unit that Slack may count in, and where a character of it begins. Pure."""

import unicodedata

MOST_STEPS = 64  # code points that a character is looked for in; some have no end


def units(text: str) -> int:
    """The length of `text` in UTF-16 units, the longest count that Slack may use of characters."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def octets(text: str) -> int:
    """The length of `text` in bytes of UTF-8, the longest count of all."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def character_start(text: str, place: int) -> int:
    """The nearest place at or before `place` that does not stand within a character of several code points."""
    for earlier in range(place, max(place - MOST_STEPS, 0), -1):
        if earlier == len(text) or not _is_joined(text[earlier - 1], text[earlier]):
            return earlier
    return 0 if place < MOST_STEPS else place


def _is_joined(before: str, after: str) -> bool:
    return (
        unicodedata.category(after) in {"Mn", "Mc", "Me"}
        or "\u200d" in (before, after)  # zero width joiner, in emoji of several people
        or "\U0001f3fb" <= after <= "\U0001f3ff"  # skin tones
        or ("\U0001f1e6" <= before <= "\U0001f1ff" and "\U0001f1e6" <= after <= "\U0001f1ff")  # flags
        or ("\ud800" <= before <= "\udbff" and "\udc00" <= after <= "\udfff")
        or (before == "\r" and after == "\n")
    )
