"""What is found of texts that grow, kept so that no more than their ends are looked at again.

A text that is being written is laid out again and again, and only its end is new. What is kept of it changes no result,
only what that costs.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

KEY = 32  # characters at its beginning that a text is found by, before it is compared
AHEAD = 15  # characters behind it that may tell whether a text stays; a list's longest number, and what follows
MOST_ALIKE = 4  # texts that begin alike; the answers to one question may
MOST_KEPT = 128  # beginnings of texts; of the answers of some thirty runs, which grow at the same time

_Found = TypeVar("_Found")


class Growing(Generic[_Found]):
    """What is found of texts up to where they stay as they are.

    `begin` is what there is of none, `stays` tells up to where a text does, from where it did before; and `go_on` what
    there is with one more stretch of it. All that a caller says about how to look at a text is handed to all three.
    """

    def __init__(self, begin: Callable[..., _Found], stays: Callable[..., int], go_on: Callable[..., _Found]) -> None:
        self._begin = begin
        self._stays = stays
        self._go_on = go_on
        self._kept: dict[tuple[Any, ...], tuple[tuple[str, int, _Found], ...]] = {}

    def look_at(self, text: str, *how: Any) -> tuple[_Found, str]:
        """What is found of a text as far as it stays, and the rest of it."""
        key = (text[:KEY], *how)
        alike = self._kept.get(key, ())
        for known in alike:
            if text.startswith(known[0]):
                _, start, found = known
                break
        else:
            known, start, found = None, 0, self._begin(*how)
        place = self._stays(text, start, *how)
        if place > start:
            found = self._go_on(found, text[start:place], *how)
            if place >= KEY:
                others = [one for one in alike if one is not known][: MOST_ALIKE - 1]
                self._keep(key, ((text[: place + AHEAD], place, found), *others))
        return found, text[place:]

    def forget(self) -> None:
        """Keep nothing of any text: whose they were has left, or rests."""
        self._kept.clear()

    def _keep(self, key: tuple[Any, ...], alike: tuple[tuple[str, int, _Found], ...]) -> None:
        self._kept.pop(key, None)  # what grows is new, and stays longest
        self._kept[key] = alike
        if len(self._kept) > MOST_KEPT:
            del self._kept[next(iter(self._kept))]


def whole_lines(text: str, start: int, *_: object) -> int:
    """Up to where a text consists of lines that have ended, if it does up to `start`."""
    return max(start, text.rfind("\n", start) + 1)
