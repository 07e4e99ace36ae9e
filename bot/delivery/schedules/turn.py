"""What a schedule says: whose turn it is."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from math import inf


@dataclass(frozen=True, slots=True)
class Turn:
    """Send `key`'s now, or, if it is None, ask again at `at` (infinity: when something has changed).

    `wait` is how many seconds pass from one edit of an answer to its next, as things stand, where that was looked at.
    """

    key: Hashable | None
    at: float = inf
    wait: float | None = field(default=None, compare=False)
