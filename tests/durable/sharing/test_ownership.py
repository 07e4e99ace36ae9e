"""Who serves a workspace: the policy in literal numbers, and processes at it in any order, on real statements."""

import asyncio
import tempfile
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import literal

from bot.durable.lease import LEASE
from bot.durable.record import Changes, Outcome, Search
from bot.durable.sharing.ownership import CUT_OFF, PATIENCE, Arrival, Leavings, Sight, find_heir
from bot.durable.store import Store
from tests.support.databases import query
from tests.support.stores import Clock, question

REPLICAS = ("one", "two", "three", "four")
WORKSPACES = ("V", "W", "X")
NUMBERS = st.integers(0, len(REPLICAS) - 1)


def test_what_is_left_is_shared_out_at_once() -> None:
    """Each takes its part with its first look, about as much as the others, and all together everything, once."""
    left: dict[str, str | None] = {f"W{number}": None for number in range(60)}
    parts = {one: Leavings(one).choose(left, others={*REPLICAS} - {one}, now=0.0) for one in REPLICAS}
    assert sorted(name for part in parts.values() for name in part) == sorted(left)
    assert all(10 <= len(part) <= 20 for part in parts.values())
    assert Leavings("one").choose(left, others=[], now=0.0) == sorted(left)
    assert Leavings("one").choose({}, others=["two"], now=0.0) == []


def test_an_heir_comes_first_while_it_is_there() -> None:
    """Somebody else takes what it leaves lying; also where a clock was set back meanwhile."""
    left: dict[str, str | None] = {"V": "two", "W": "two", "X": "gone"}
    for later in (PATIENCE, -1.0):
        one = Leavings("one")
        others = [] if find_heir("X", ["one", "two"]) == "two" else ["X"]
        assert one.choose(left, others=["two"], now=100.0) == others
        assert one.choose(left, others=["two"], now=100.0 + PATIENCE - 0.1) == others
        assert one.choose(left, others=["two"], now=100.0 + later) == ["V", "W", "X"]
        assert one.choose({}, others=["two"], now=110.0) == []
        assert one.choose(left, others=["two"], now=120.0) == others, "it has been somebody's since"
    assert Leavings("two").choose(left, others=["one"], now=0.0)[:2] == ["V", "W"]


def test_who_was_out_itself_declares_nobody_dead_for_a_lease() -> None:
    """One that has just begun may: what it finds has ended before."""
    sight = Sight()
    assert sight.may_fence(0.0)
    sight.note(100.0)
    sight.note(100.0 + LEASE)
    assert sight.may_fence(101.0 + LEASE)
    assert not sight.may_fence(101.0 + 2 * LEASE), "it has not been heard of for a lease"
    sight.note(140.0)
    assert not sight.may_fence(140.0 + LEASE - 0.1)
    sight.note(145.0)
    assert sight.may_fence(140.0 + LEASE)


def test_an_arrival_is_true_where_the_question_is_new() -> None:
    """Wherever it is answered."""
    assert [bool(one) for one in (Arrival.KNOWN, Arrival.HERE, Arrival.ELSEWHERE)] == [False, True, True]


class Replicas(RuleBasedStateMachine):
    """Two to four processes on one file: asked, looking, pausing for longer than their leases, ending runs, leaving.

    Leases go by the database's clock, as on a server, while those of the hosts jump; its answers may be lost.
    """

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.new_event_loop()
        self._stack = AsyncExitStack()
        self._directory = self._stack.enter_context(tempfile.TemporaryDirectory())
        self._url = f"sqlite:///{Path(self._directory) / 'runs.sqlite'}"
        self._clock = Clock()
        self._names: tuple[str, ...] = ()
        self._stores: dict[str, Store] = {}
        self._held: dict[str, set[str]] = {}  # what each believes to be its own
        self._until: dict[str, float] = {}
        self._ahead: dict[str, float] = {}  # by how much each host's clock is
        self._asked: set[str] = set()  # open questions
        self._count = 0
        self._epochs: dict[str, int] = {}
        self._owners: dict[tuple[str, int], str] = {}

    @initialize(count=st.integers(2, len(REPLICAS)))
    def begin(self, count: int) -> None:
        """So many processes begin."""
        self._names = REPLICAS[:count]
        for name in self._names:
            self._held[name], self._until[name], self._ahead[name] = set(), self._clock.now + LEASE, 0.0
            self._stores[name] = self._do(self._open(name))

    async def _open(self, name: str) -> Store:
        made = Store(self._url, owner=name, clock=lambda: self._clock.now + self._ahead[name], is_shared=True)
        store = await self._stack.enter_async_context(made)
        assert store._owners
        store._owners.now = lambda _: literal(self._clock.now)  # type: ignore[assignment, method-assign]
        await store.open()
        return store

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._loop.run_until_complete(work)

    def _name(self, number: int) -> str:
        return self._names[number % len(self._names)]

    @rule(number=NUMBERS, workspace=st.sampled_from(WORKSPACES), is_answered=st.booleans())
    def ask(self, number: int, workspace: str, is_answered: bool) -> None:  # noqa: FBT001 - Hypothesis's
        """Somebody asks there, and this process takes it; it may hear nothing of that, and then Slack asks another."""
        name, key = self._name(number), f"k{self._count}-{workspace}"
        self._count += 1
        arrival = self._do(self._stores[name].add(question(key, workspace=workspace)))
        self._asked.add(key)
        if not is_answered:
            again = self._do(self._stores[self._name(number + 1)].add(question(key, workspace=workspace)))
            assert again is Arrival.KNOWN
        elif arrival is Arrival.HERE:
            self._held[name].add(key)

    @rule(
        number=NUMBERS,
        may_fence=st.booleans(),
        leaves=st.sets(st.sampled_from(WORKSPACES)),
        reached_ago=st.sampled_from([None, 0.0, CUT_OFF + 1]),
        is_answered=st.booleans(),
    )
    def look(
        self,
        number: int,
        *,
        may_fence: bool,
        leaves: set[str],
        reached_ago: float | None,
        is_answered: bool,
    ) -> None:
        """It renews its lease and looks; where it lets workspaces go, those in which nothing goes on are free."""
        name, now = self._name(number), self._clock.now
        search = Search(frozenset(), 0.0, may_fence=may_fence, left=frozenset(leaves), reached_ago=reached_ago)
        saved = self._do(self._stores[name].save(Changes(), search))
        if is_answered:
            self._until[name] = now + LEASE
            self._held[name] = {*saved.held, *(record.question.key for record in saved.claimed)}

    @rule(number=NUMBERS, index=st.integers(0, 5))
    def end(self, number: int, index: int) -> None:
        """It says that a run has ended which it believes to be its own, late perhaps; only its own ends by that."""
        name = self._name(number)
        believed = sorted(self._held[name])
        if index < len(believed):
            key = believed[index]
            [(owner,)] = self._do(query(self._url, f"SELECT owner FROM runs WHERE key = '{key}'"))  # noqa: S608 - ours
            saved = self._do(self._stores[name].save(Changes(ends={key: Outcome.DONE})))
            [(state,)] = self._do(query(self._url, f"SELECT state FROM runs WHERE key = '{key}'"))  # noqa: S608 - ours
            was_its = owner == name and not saved.was_fenced
            assert (state == "done") == was_its, (state, owner, name)
            self._held[name] = {*saved.held} - {key}
            self._until[name] = self._clock.now + LEASE
            if was_its:
                self._asked.discard(key)

    @rule(seconds=st.sampled_from([0.5, 3.0, LEASE + 1]))
    def wait(self, seconds: float) -> None:
        """Time goes by, for all; whoever does not look meanwhile is paused, or cut off."""
        self._clock.now += seconds

    @rule(number=NUMBERS, seconds=st.sampled_from([-300.0, -2.0, 2.0, 300.0]))
    def jump(self, number: int, seconds: float) -> None:
        """The clock of its host is set."""
        self._ahead[self._name(number)] += seconds

    @rule(number=NUMBERS)
    def leave(self, number: int) -> None:
        """It ends in an orderly way, and another begins under its name."""
        name = self._name(number)
        self._do(self._stores[name].leave())
        self._held[name], self._until[name] = set(), self._clock.now + LEASE
        self._do(self._stores[name].save(Changes()))

    @invariant()
    def one_serves(self) -> None:
        """Each epoch has one owner, and epochs never go back."""
        if not self._names:
            return
        for workspace, owner, epoch in self._do(query(self._url, "SELECT workspace, owner, epoch FROM workspaces")):
            assert epoch >= self._epochs.get(workspace, 0)
            self._epochs[workspace] = epoch
            if owner:
                assert self._owners.setdefault((workspace, epoch), owner) == owner

    @invariant()
    def no_two_may_send(self) -> None:
        """Of those whose leases hold, no two believe a run theirs; and runs are with their workspace's owner."""
        if not self._names:
            return
        alive = [self._held[name] for name in self._names if self._clock.now < self._until[name]]
        assert sum(map(len, alive)) == len(set().union(*alive))
        apart = """SELECT runs.key FROM runs JOIN workspaces ON workspaces.workspace = runs.workspace
            WHERE runs.ended_at IS NULL AND runs.owner IS NOT NULL AND runs.owner IS NOT workspaces.owner"""
        assert self._do(query(self._url, apart)) == []

    @precondition(lambda self: len(self._asked) > 0)
    @rule(number=NUMBERS)
    def all_is_taken_in_the_end(self, number: int) -> None:
        """Whatever went before: once only one is left, and a lease has passed, every open question is its own."""
        self._clock.now += LEASE + 1
        for _ in range(2):
            self.look(number, may_fence=True, leaves=set(), reached_ago=None, is_answered=True)
        assert self._held[self._name(number)] == self._asked

    def teardown(self) -> None:
        """Close all."""
        self._do(self._stack.aclose())
        self._loop.close()


@pytest.mark.slow
def test_whatever_processes_do_one_serves_and_nothing_is_lost() -> None:
    """A few hundred steps: never two that may write in one epoch, and every question is taken in the end."""
    how = settings(
        max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    run_state_machine_as_test(Replicas, settings=how)
