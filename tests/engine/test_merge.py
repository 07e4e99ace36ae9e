import asyncio
import gc
import itertools
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.merge import merge_async_iterators
from tests.support.clock import START, VirtualLoop

T = TypeVar("T")


class Source:
    """An async iterator that gives values after delays, and remembers whether it was closed."""

    def __init__(self, *steps: tuple[float, Any], closing: float = 0.0) -> None:
        self._steps = list(steps)
        self._closing = closing
        self.given: list[Any] = []
        self.closed = 0

    def __aiter__(self) -> "Source":
        return self

    async def __anext__(self) -> Any:
        if not self._steps:
            raise StopAsyncIteration
        delay, value = self._steps.pop(0)
        await asyncio.sleep(delay)
        if isinstance(value, BaseException):
            raise value
        self.given.append(value)
        return value

    async def aclose(self) -> None:
        if self._closing:
            await asyncio.sleep(self._closing)
        self.closed += 1


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run on a virtual clock of its own: hypothesis calls a test many times."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(coroutine)


async def read(*sources: AsyncIterator[Any], pause: float = 0.0) -> list[tuple[float, tuple[Any, ...]]]:
    """All items of the merge with their times, for a reader that pauses after each."""
    items = []
    async with merge_async_iterators(*sources) as merged:
        async for values in merged:
            items.append((round(asyncio.get_running_loop().time() - START, 6), values))
            await asyncio.sleep(pause)
    return items


async def test_yields_the_newest_of_each_whenever_one_has_changed() -> None:
    """No source waits for another, and places before the first value are None."""
    items = await read(Source((1, "a"), (1, "b"), (1, "c")), Source((2.5, "x")))
    assert items == [(1, ("a", None)), (2, ("b", None)), (2.5, ("b", "x")), (3, ("c", "x"))]


async def test_a_slow_reader_gets_the_newest_and_no_backlog() -> None:
    """What was replaced before it was read is never seen."""
    items = await read(Source(*((0.25, n) for n in range(1, 12))), Source((0.5, "x")), pause=1.1)
    assert items == [(0.25, (1, None)), (1.35, (5, "x")), (2.45, (9, "x")), (3.55, (11, "x"))]


async def test_ends_at_once_without_sources_or_values() -> None:
    """Nothing to merge is nothing to wait for."""
    assert await read() == []
    assert await read(Source(), Source()) == []


async def test_an_error_comes_as_it_is_after_the_newest_values() -> None:
    """The others are cancelled when it is raised, and closed."""
    error = ValueError("broken")
    other = Source((1, "x"), (100, "never"))
    items = []
    with pytest.raises(ValueError, match="broken") as caught:
        async with merge_async_iterators(Source((1, "a"), (0, error)), other) as merged:
            async for values in merged:
                items.append(values)  # noqa: PERF401 - it ends in an error
    assert caught.value is error
    assert items[-1] == ("a", "x")
    assert other.closed == 1
    assert asyncio.get_running_loop().time() == START + 1


async def test_an_error_stops_the_others_even_before_the_reader_takes_it() -> None:
    """A reader that is busy must not keep three streams paid for."""
    other = Source(*((0.1, n) for n in range(100)))
    with pytest.raises(ValueError, match="broken"):
        await read(Source((0.25, ValueError("broken"))), other, pause=5.0)
    assert other.given == [0, 1]


async def test_a_source_that_cancels_itself_is_a_failure_and_no_end() -> None:
    """A task group would take it for an orderly end."""
    with pytest.raises(asyncio.CancelledError):
        await read(Source((1, asyncio.CancelledError())), Source((2, "x")))


async def test_a_source_that_never_waits_does_not_starve_the_others() -> None:
    """`async for` alone does not let others run."""

    async def endless() -> AsyncIterator[int]:
        number = 0
        while True:
            yield number
            number += 1

    async with merge_async_iterators(endless(), Source((0, "x"))) as merged:
        async for values in merged:
            if values[1] == "x":
                break


async def test_sources_that_were_never_started_are_closed() -> None:
    """Leaving before the first read must not leave a generator to the garbage collector."""
    source = Source((1, "a"))
    async with merge_async_iterators(source):
        pass
    assert source.closed == 1


async def test_leaving_waits_until_sources_are_closed() -> None:
    """Whoever leaves the block may rely on connections being gone."""
    sources = [Source((1, "a"), (9, "b"), closing=2.0) for _ in range(2)]
    async with merge_async_iterators(*sources) as merged:
        async for _ in merged:
            break
    assert [source.closed for source in sources] == [1, 1]


async def test_a_source_that_fails_to_close_does_not_keep_the_others_open() -> None:
    """Its error is raised, after all were closed."""

    class Stubborn(Source):
        async def aclose(self) -> None:
            raise OSError("cannot close")

    sources = [Source((1, "a")), Stubborn((1, "b")), Source((1, "c"))]
    with pytest.raises(OSError, match="cannot close"):
        await read(*sources)
    assert [source.closed for source in sources] == [1, 0, 1]


async def test_an_iterator_without_aclose_will_do() -> None:
    """The protocol of async iterators has none."""

    class Plain:
        def __init__(self) -> None:
            self.left = [1, 2]

        def __aiter__(self) -> "Plain":
            return self

        async def __anext__(self) -> int:
            if not self.left:
                raise StopAsyncIteration
            await asyncio.sleep(0)
            return self.left.pop(0)

    assert (await read(Plain()))[-1][1] == (2,)


async def test_memory_does_not_grow_with_a_slow_reader() -> None:
    """Of ten thousand values two are alive at most: the newest, and the one that the reader holds."""

    class Value:
        pass

    alive: weakref.WeakSet[Value] = weakref.WeakSet()
    most = 0

    async def source() -> AsyncIterator[Value]:
        nonlocal most
        for _ in range(10_000):
            await asyncio.sleep(0.001)
            value = Value()
            alive.add(value)
            most = max(most, len(alive))
            yield value
            del value

    await read(source(), pause=3.0)
    gc.collect()
    assert most <= 8  # four items were read and are held by the list of the test


async def test_an_error_in_the_block_passes_as_it_is() -> None:
    """Not wrapped in a group, and with the sources closed."""
    source = Source((9, "a"))
    with pytest.raises(KeyError):
        async with merge_async_iterators(source):
            raise KeyError
    assert source.closed == 1


steps = st.lists(st.tuples(st.integers(0, 20).map(lambda tenths: tenths / 10), st.integers(0, 999)), max_size=8)
merges = st.lists(steps, min_size=1, max_size=4)


@given(merges, st.integers(0, 30).map(lambda tenths: tenths / 10))
def test_keeps_order_and_loses_no_last_value(plan: list[list[tuple[float, int]]], pause: float) -> None:
    """For any sources and any reader: each place runs through its source in order, up to its last value."""
    numbered = [
        [(delay, (place, number)) for number, (delay, _) in enumerate(steps)] for place, steps in enumerate(plan)
    ]
    sources = [Source(*steps) for steps in numbered]
    items = run(read(*sources, pause=pause))
    for place, given_steps in enumerate(numbered):
        seen = [values[place] for _, values in items if values[place] is not None]
        assert seen == sorted(seen)
        assert seen[-1:] == [value for _, value in given_steps][-1:]
    assert all(before[1] != after[1] for before, after in itertools.pairwise(items))
    assert [source.closed for source in sources] == [1] * len(sources)


@given(merges)
def test_a_quick_reader_sees_every_value_at_its_time(plan: list[list[tuple[float, int]]]) -> None:
    """Nothing is held back for the sake of another source."""
    expected: dict[tuple[int, int], float] = {}
    for place, given_steps in enumerate(plan):
        at = 0.0
        for number, (delay, _) in enumerate(given_steps):
            at += delay
            expected[place, number] = at
    sources = [Source(*((d, (p, n)) for n, (d, _) in enumerate(s))) for p, s in enumerate(plan)]
    first: dict[tuple[int, int], float] = {}
    for at, values in run(read(*sources)):
        for value in values:
            if value is not None:
                first.setdefault(value, at)
    assert all(first[value] == pytest.approx(expected[value]) for value in first)


@given(merges, st.integers(0, 100).map(lambda hundredths: hundredths / 20), st.integers(0, 3))
def test_closes_every_source_whatever_the_moment_of_cancellation(
    plan: list[list[tuple[float, int]]], moment: float, steps_more: int
) -> None:
    """Cancelled at any time, and a few steps of the loop later: nothing stays open, nothing runs on."""
    sources = [Source(*steps, (50, 0), closing=0.3) for steps in plan]

    async def scenario() -> None:
        reader = asyncio.create_task(read(*sources))
        await asyncio.sleep(moment)
        for _ in range(steps_more):
            await asyncio.sleep(0)
        reader.cancel()
        with suppress(asyncio.CancelledError):
            await reader
        assert reader.cancelled()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert [source.closed for source in sources] == [1] * len(sources)

    run(scenario())


@given(merges, st.integers(1, 40).map(lambda tenths: tenths / 10))
def test_a_second_cancellation_during_the_closing_still_closes_the_rest(
    plan: list[list[tuple[float, int]]], moment: float
) -> None:
    """Only the source whose closing it hits is left in the middle of it."""
    sources = [Source(*steps, (50, 0), closing=0.3) for steps in plan]

    async def scenario() -> None:
        reader = asyncio.create_task(read(*sources))
        await asyncio.sleep(moment)
        reader.cancel()
        await asyncio.sleep(0.1)
        reader.cancel()
        with suppress(asyncio.CancelledError):
            await reader
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert sum(source.closed for source in sources) >= len(sources) - 1

    run(scenario())


async def test_a_source_that_is_dropped_is_closed_at_once_and_keeps_its_newest_value() -> None:
    """The others go on; one that was not begun yet can be dropped too."""
    closed: list[str] = []

    async def source(name: str, count: int) -> AsyncGenerator[str]:
        try:
            for number in range(count):
                yield f"{name}{number}"
                await asyncio.sleep(1)
        finally:
            closed.append(name)

    async with merge_async_iterators(source("a", 9), source("b", 3), source("c", 9)) as merged:
        merged.drop(2)
        assert await anext(merged) == ("a0", "b0", None)
        merged.drop(0)
        await asyncio.sleep(0.01)
        assert closed == ["a"]
        assert [item async for item in merged][-1] == ("a0", "b2", None)
        assert closed == ["a", "b"]


async def test_a_source_that_never_waits_can_be_dropped() -> None:
    """It is closed where it gives way to others."""
    closed: list[str] = []

    async def endless() -> AsyncGenerator[int]:
        try:
            for number in itertools.count():
                yield number
        finally:
            closed.append("endless")

    async with merge_async_iterators(endless()) as merged:
        await anext(merged)
        merged.drop(0)
        assert len([item async for item in merged]) <= 1
        assert closed == ["endless"]
