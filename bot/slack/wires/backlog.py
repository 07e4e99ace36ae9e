"""The envelopes that wait to be answered: whose turn it is, and what has no room. Pure.

Each answer costs a millisecond, most of it Bolt's. Where more comes in than that, what waits would wait longer and
longer, and in the end Slack would have given up all of it. So there is room for what is soon worked off, and what finds
none is to be turned away, which costs little. Laws:

- Turns go round by person: whoever is being answered the least is next, and of those whoever has waited the longest.
- Where there is no room, whoever has the most waiting loses the newest of it: somebody's first question does not give
  way to another's tenth.
- What was taken is not turned away any more.
"""

from collections import Counter, deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Backlog(Generic[T]):
    """What waits, `most` at a time, by the person whose it is."""

    def __init__(self, most: int) -> None:
        self._room = most
        self._taken: Counter[str] = Counter()  # how much of each person's is being answered
        self._waiting: dict[str, deque[T]] = {}  # by person, in the order in which they came or were served last

    def put(self, person: str, item: T) -> T | None:
        """Add what a person has sent; what has no room now, if anything: it, or what another has waiting."""
        queue = self._waiting.setdefault(person, deque())
        queue.append(item)
        self._room -= 1
        if self._room >= 0:
            return None
        most = max(map(len, self._waiting.values()))
        loser = person if len(queue) == most else next(one for one, its in self._waiting.items() if len(its) == most)
        return self._remove(loser, newest=True)

    def take(self) -> tuple[str, T] | None:
        """What is to be answered next, and whose it is; None if nothing waits. To be told of by `finish`."""
        if not self._waiting:
            return None
        person = min(self._waiting, key=lambda one: self._taken[one])
        item = self._remove(person, newest=False)
        if queue := self._waiting.pop(person, None):
            self._waiting[person] = queue  # behind the others
        self._taken[person] += 1
        return person, item

    def finish(self, person: str) -> None:
        """Note that something of a person's was answered."""
        self._taken[person] -= 1
        if not self._taken[person]:
            del self._taken[person]

    def _remove(self, person: str, *, newest: bool) -> T:
        queue = self._waiting[person]
        item = queue.pop() if newest else queue.popleft()
        self._room += 1
        if not queue:
            del self._waiting[person]
        return item
