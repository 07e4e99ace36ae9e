"""How late four streams of unlike speed reach one reader: `engine.merge` against the article's merge in rounds.

    python -m tests.benchmarks.merge [--quick]

A token is produced on its stream's own schedule, whether or not somebody reads, as a network's would be: what nobody
has read waits in the stream's buffer. *Delay* is the time from a token's production to the moment when the reader is
handed a value that has it; *total* the time until it has been handed everything, over the slowest stream's own time.
Times are virtual, so that the whole takes seconds.
"""

import argparse
import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass
from typing import TypeVar

from bot.engine.merge import merge_async_iterators
from tests.support.clock import VirtualLoop

T = TypeVar("T")

RATES = (60, 40, 22, 12)  # tokens a second
EQUAL_SECONDS = (1_080, 720, 396, 216)  # tokens; each stream lasts 18 s
EQUAL_TOKENS = (216, 216, 216, 216)  # tokens; the streams last 3.6, 5.4, 9.8 and 18 s
QUICK = 10  # the part of the tokens that the quick form has
PAUSES = (0.0, 0.3)  # seconds that the reader takes for each item

Merge = Callable[..., AbstractAsyncContextManager[AsyncIterator[tuple[int | None, ...]]]]


async def merge_in_rounds(*iterators: AsyncIterator[T]) -> AsyncGenerator[tuple[T | None, ...]]:
    """The article's: each round takes one item from every iterator that still runs, and yields them together."""
    running = dict(enumerate(iterators))
    values: list[T | None] = [None] * len(iterators)
    while running:
        items = await asyncio.gather(*(anext(one) for one in running.values()), return_exceptions=True)
        for place, item in zip(list(running), items, strict=True):
            if isinstance(item, StopAsyncIteration):
                del running[place]
            elif isinstance(item, BaseException):
                raise item
            else:
                values[place] = item
        if running:
            yield tuple(values)


MERGES: dict[str, Merge] = {
    "ours": merge_async_iterators,
    "in rounds": lambda *iterators: aclosing(merge_in_rounds(*iterators)),
}


class Stream:
    """A stream of `count` tokens at an even pace; each item is how many there are so far."""

    def __init__(self, rate: float, count: int) -> None:
        self.seconds = count / rate
        self.produced: list[float] = []  # when, in seconds of the loop
        self._rate = rate
        self._count = count
        self._buffer: asyncio.Queue[int | None] = asyncio.Queue()

    async def produce(self) -> None:
        """Fill the buffer, by the clock alone."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number in range(1, self._count + 1):
            await asyncio.sleep(began + number / self._rate - loop.time())
            self.produced.append(loop.time())
            self._buffer.put_nowait(number)
        self._buffer.put_nowait(None)

    async def read(self) -> AsyncIterator[int]:
        """The items, from the buffer."""
        while (number := await self._buffer.get()) is not None:
            yield number


@dataclass(frozen=True, slots=True)
class Delays:
    """Of the tokens of one stream, in seconds."""

    mean: float
    worst: float


@dataclass(frozen=True, slots=True)
class Result:
    """What a reader saw: `delays` by stream, and `total` as a multiple of the slowest stream's own time."""

    delays: tuple[Delays, ...]
    total: float


def measure(merge: Merge, counts: Sequence[int], pause: float) -> Result:
    """Merge streams of `counts` tokens at `RATES` for a reader that pauses after each item."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(_measure(merge, counts, pause))


async def _measure(merge: Merge, counts: Sequence[int], pause: float) -> Result:
    loop = asyncio.get_running_loop()
    streams = [Stream(*each) for each in zip(RATES, counts, strict=True)]
    delays: list[list[float]] = [[] for _ in streams]
    began = ended = loop.time()
    async with asyncio.TaskGroup() as producers:
        for stream in streams:
            producers.create_task(stream.produce())
        async with merge(*(stream.read() for stream in streams)) as merged:
            async for values in merged:
                ended = loop.time()
                for stream, value, known in zip(streams, values, delays, strict=True):
                    known += [ended - at for at in stream.produced[len(known) : value or 0]]
                await asyncio.sleep(pause)
    assert [len(known) for known in delays] == list(counts), "every token is handed over"
    return Result(
        tuple(Delays(sum(known) / len(known), max(known)) for known in delays),
        (ended - began) / max(stream.seconds for stream in streams),
    )


def table(part: int = 1) -> str:
    """All measurements, a line for each; `part` is by how much there are fewer tokens."""
    lines = [
        "Seconds from a token's production to its being handed to the reader, mean / worst, by stream.",
        "",
        _line("tokens", "reader", "merge", *(f"{rate}/s" for rate in RATES), "total"),
    ]
    for counts in (EQUAL_SECONDS, EQUAL_TOKENS):
        fewer = [count // part for count in counts]
        for pause in PAUSES:
            for name, merge in MERGES.items():
                result = measure(merge, fewer, pause)
                cells = [f"{one.mean:.2f} / {one.worst:.2f}" for one in result.delays]
                tokens = " ".join(map(str, fewer))
                lines.append(_line(tokens, f"{pause:.1f} s", name, *cells, f"{result.total:.2f} x"))
    return "\n".join(lines)


def _line(tokens: str, reader: str, merge: str, *cells: str) -> str:
    return f"{tokens:<18}{reader:<8}{merge:<10}" + "".join(f"{cell:>17}" for cell in cells)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.merge", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="with a tenth of the tokens")
    print(table(QUICK if parser.parse_args().quick else 1))  # noqa: T201 - a person reads it


if __name__ == "__main__":
    main()
