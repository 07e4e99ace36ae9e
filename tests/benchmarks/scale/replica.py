"""A replica as far as the database is concerned: its store and its journal, in a process of its own, without a bot.

    python -m tests.benchmarks.scale.replica DATABASE NAME

What it is given to answer has ended as soon as it has it, unless it is to go on. Moments are of the clock that all
processes of a system share. What it is told to do is in `Child`.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from itertools import count

from bot.durable.events import Claimed
from bot.durable.journal import Journal
from bot.durable.record import Outcome
from bot.durable.store import Store
from bot.errors import StoreError
from bot.slack.question import Question
from tests.benchmarks.scale.child import obey, say

STEADY = partial(time.clock_gettime, getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Replica:
    """What it does."""

    def __init__(self, name: str, journal: Journal) -> None:
        self._name = name
        self._journal = journal
        self._numbers = count()
        self._taken: dict[str, float] = {}  # when each run was taken, by its key
        self._ends = True  # whether what was taken has ended by that

    async def attend(self) -> None:
        """Have the journal written, and take what it has to give, until cancelled."""
        async for event in self._journal.events():
            if isinstance(event, Claimed):
                key = event.record.question.key
                self._taken[key] = time.monotonic()
                if self._ends:
                    self._journal.end(key, Outcome.DONE)

    async def serve(self, workspaces: Sequence[str]) -> int:
        """Serve these workspaces from now on; how many of them it owns."""
        for workspace in workspaces:
            await self._journal.attend(workspace)
        return sum(map(self._journal.company.owns, workspaces))

    async def begin(self, workspaces: Sequence[str]) -> int:
        """Begin a run in each, which goes on."""
        self._ends = False
        return sum([bool(await self._journal.add(self._question(workspace))) for workspace in workspaces])

    async def keep(self) -> None:
        """Have what is taken from now on go on."""
        self._ends = False

    async def hand_over(self, workspaces: Sequence[str], rate: float, seconds: float) -> dict[str, list[float]]:
        """Write so many questions a second down that are another's; of each, when it came and was acknowledged.

        One of which its sender was told that it could not be written down in time is left out.
        """
        began = time.monotonic()
        acks: dict[str, list[float]] = {}

        async def ask(at: float, question: Question) -> None:
            await asyncio.sleep(at - time.monotonic())
            came = time.monotonic()
            with suppress(StoreError):
                await self._journal.company.hand_over(question)
                acks[question.key] = [came, time.monotonic()]

        async with asyncio.TaskGroup() as group:
            for number in range(int(rate * seconds)):
                question = self._question(workspaces[number % len(workspaces)])
                group.create_task(ask(began + number / rate, question))
        return acks

    async def flood(self, workspaces: Sequence[str], at_once: int, seconds: float) -> list[float]:
        """Have so many people ask, each as soon as the last is acknowledged; how long each acknowledgement took."""
        until = time.monotonic() + seconds
        acks: list[float] = []

        async def ask(number: int) -> None:
            while (came := time.monotonic()) < until:
                question = self._question(workspaces[number % len(workspaces)])
                await self._journal.add(question)
                acks.append(time.monotonic() - came)
                self._journal.end(question.key, Outcome.DONE)

        async with asyncio.TaskGroup() as group:
            for number in range(at_once):
                group.create_task(ask(number))
        return acks

    async def tell_taken(self) -> dict[str, float]:
        """When it has taken what."""
        return self._taken

    def _question(self, workspace: str) -> Question:
        return Question(f"{self._name}.{next(self._numbers)}", "Why?", "U0ADA", "C0GENERAL", workspace=workspace)


async def be(url: str, name: str) -> None:
    """Be one until the input ends."""
    store = Store(url, owner=name, clock=time.time, is_shared=True)
    async with Journal(store, clock=time.time, history_days=30, lease_clock=STEADY) as journal:
        replica = Replica(name, journal)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(replica.attend()), group.create_task(journal.company.listen())]
            await journal.tried()
            say("ready")
            await obey(
                {
                    "serve": replica.serve,
                    "begin": replica.begin,
                    "keep": replica.keep,
                    "hand_over": replica.hand_over,
                    "flood": replica.flood,
                    "tell_taken": replica.tell_taken,
                }
            )
            for task in tasks:
                task.cancel()


if __name__ == "__main__":
    asyncio.run(be(*sys.argv[1:]))
