"""Turns at something of which there is only so much: further ones wait, and go round by party.

First come, first served would let one party that asks for hundreds keep all others waiting. Here whoever holds the
fewest turns is next, and among those who hold as few, whoever has waited for the longest time. A party is named from
the outside inwards, say by its workspace and its person: turns go round by workspace first, and within each by person.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

Party = tuple[str, ...]


class Turns:
    """No more than `most` at once."""

    def __init__(self, most: int) -> None:
        self._most = self._free = most
        self._held: Counter[Party] = Counter()  # by party, and by all that each is part of
        # By party, in the order in which they came or were served last.
        self._waiting: dict[Party, deque[asyncio.Future[None]]] = {}

    @property
    def are_taken(self) -> bool:
        """Whether whoever asks now has to wait."""
        return self._free == 0

    @property
    def held(self) -> int:
        """How many are held."""
        return self._most - self._free

    @property
    def waiting(self) -> int:
        """How many wait for one."""
        return sum(map(len, self._waiting.values()))

    @asynccontextmanager
    async def take(self, party: Party) -> AsyncIterator[None]:
        """Wait for a turn of `party`'s, and hold it within the block."""
        if self._free:
            self._free -= 1
        else:
            await self._wait(party)
        self._held.update(_circles(party))
        try:
            yield
        finally:
            for circle in _circles(party):
                self._held[circle] -= 1
                if not self._held[circle]:
                    del self._held[circle]
            self._pass_on()

    async def _wait(self, party: Party) -> None:
        turn = asyncio.get_running_loop().create_future()
        queue = self._waiting.setdefault(party, deque())
        queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                queue.remove(turn)
                if not queue:
                    del self._waiting[party]
            else:
                self._pass_on()  # it was given in the moment in which nobody wanted it any more
            raise

    def _pass_on(self) -> None:
        """Give a turn that is free to whoever is next."""
        if not self._waiting:
            self._free += 1
            return
        party = min(self._waiting, key=lambda one: [self._held[circle] for circle in _circles(one)])
        queue = self._waiting.pop(party)
        queue.popleft().set_result(None)
        if queue:
            self._waiting[party] = queue


def _circles(party: Party) -> list[Party]:
    """All that a party is part of, from the outside inwards; itself last."""
    return [party[:depth] for depth in range(1, len(party) + 1)]
