"""Merge async iterators into one that conflates: its reader gets the newest value of each, never a backlog.

Laws:

- A source runs at its own pace. No source waits for another, nor for the reader of the merged iterator.
- Newer values replace unread ones, so memory does not grow with a slow reader; order within a source is kept.
- The last value of every source is yielded before the end, and before a source's exception is raised.
- Leaving the block, however it is left, ends and closes every source, and waits for that.

It knows asyncio and nothing else.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

T = TypeVar("T")

FAIRNESS = 64
"""Values that a source may give without once letting others run. A source that is never empty (a large chunk from
the network, a replay) would otherwise keep the event loop for itself: `async for` alone does not yield to it."""


def merge_async_iterators(*iterators: AsyncIterator[T]) -> "Merged[T]":
    """Merge `iterators` into one that yields the newest value of each, whenever at least one has changed.

    Use it as a context manager, which owns the sources from then on::

        async with merge_async_iterators(a, b, c, d) as merged:
            async for values in merged:
                ...

    Each item is a tuple with a place for every source, in the order of the arguments: its newest value, or None
    before its first. A source that has ended keeps its last value. The merged iterator ends when all sources have
    ended and their last values have been yielded.

    Raises:
        Exception: what a source raised, as it is, after the newest values were yielded. The other sources are
            cancelled. Should several raise, it is the first one's.
    """
    return Merged(iterators)


class Merged(Generic[T]):
    """The newest values of several sources, as an async iterator in an async context manager. For one reader."""

    def __init__(self, sources: tuple[AsyncIterator[T], ...]) -> None:
        self._sources = sources
        self._newest: list[T | None] = [None] * len(sources)
        self._running = len(sources)
        self._dropped: set[int] = set()
        self._failure: BaseException | None = None
        self._has_changed = False
        self._wake = asyncio.Event()
        self._group = asyncio.TaskGroup()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        self._tasks = [self._group.create_task(self._read(*place)) for place in enumerate(self._sources)]
        for task in self._tasks:
            task.add_done_callback(self._note_end)  # a task that is cancelled before its first step has no other
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        async with AsyncExitStack() as stack:
            # A generator that has not been started runs no `finally` of its own, and a task that is cancelled before
            # its first step runs none either. So sources are closed here, for certain, once nobody reads them.
            for source in self._sources:
                stack.push_async_callback(_close, source)
            # The group is not told of `error`: it would wrap it into an ExceptionGroup. It is raised as it is by
            # leaving this method; the group only has to wait for its tasks, which keep their failures in `_failure`.
            await self._group.__aexit__(None, None, None)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> tuple[T | None, ...]:
        while not self._has_changed:
            if self._failure is not None:
                raise self._failure
            if not self._running:
                raise StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()
        self._has_changed = False
        return tuple(self._newest)

    def drop(self, place: int) -> None:
        """Read the source at `place` (among the arguments) no more, and close it; its newest value stays."""
        self._dropped.add(place)
        self._tasks[place].cancel()

    async def _read(self, place: int, source: AsyncIterator[T]) -> None:
        given = 0
        try:
            async for value in source:
                self._newest[place] = value
                self._has_changed = True
                self._wake.set()
                given += 1
                if given % FAIRNESS == 0:
                    await asyncio.sleep(0)
        except asyncio.CancelledError as cancelled:
            # Ours, when the source is dropped or the block is left: nobody reads it any more. The source's own: a
            # failure like any other, which the task group would take for an orderly end.
            if place in self._dropped:
                await _close(source)
            else:
                self._fail(cancelled)
            raise
        except Exception as failure:  # noqa: BLE001 - not handled, but handed to the reader, in whose task it belongs
            self._fail(failure)

    def _note_end(self, _: object) -> None:
        self._running -= 1
        self._wake.set()

    def _fail(self, failure: BaseException) -> None:
        if self._failure is None:
            self._failure = failure
            for task in self._tasks:
                task.cancel()


async def _close(source: AsyncIterator[Any]) -> None:
    close: Coroutine[Any, Any, None] | None = getattr(source, "aclose", lambda: None)()
    if close is not None:
        await close
