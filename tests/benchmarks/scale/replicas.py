"""What several processes cost each other, and what one gains by another: hand-overs, questions at once, a kill."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from tests.benchmarks.scale.child import Child, child
from tests.benchmarks.scale.figures import Row, in_ms, percentile
from tests.benchmarks.scale.machine import load, watch
from tests.support.databases import database

SETTLED = 2.5  # seconds until each has seen that the others are there
LOST = 20.0  # seconds after which nobody takes it up any more


@asynccontextmanager
async def replicas(number: int) -> AsyncIterator[tuple[str, list[Child]]]:
    """So many of them, on a database of their own."""
    with TemporaryDirectory() as directory:
        async with database("postgresql", Path(directory)) as url, AsyncExitStack() as stack:
            module = "tests.benchmarks.scale.replica"
            starting = [child(module, url, f"replica{one}") for one in range(number)]
            found = [await stack.enter_async_context(one) for one in starting]
            for one in found:
                await one.hear()
            yield url, found


def name(number: int) -> list[str]:
    """So many workspaces."""
    return [f"T{one}/B{one}" for one in range(number)]


@dataclass(frozen=True, slots=True)
class HandOvers:
    """Seconds: until each question was acknowledged by who does not own its workspace, and from then until taken."""

    rate: float
    acks: Sequence[float]
    taken: Sequence[float]
    refused: int  # that could not be written down in time, as their senders were told
    transactions: float  # a hand-over
    loads: str


async def measure_hand_overs(*, rate: float, seconds: float, workspaces: int = 20) -> HandOvers:
    """Ask a replica what is another's to answer."""
    async with replicas(2) as (url, (owner, other)):
        names = name(workspaces)
        await owner.ask("serve", workspaces=names)
        await asyncio.sleep(SETTLED)
        await other.ask("hand_over", workspaces=names, rate=5, seconds=1)  # what is loaded late is loaded
        watched = await watch(url, owner.pid, other.pid, now=monotonic())
        acks = await other.ask("hand_over", workspaces=names, rate=rate, seconds=seconds)
        await asyncio.sleep(SETTLED)
        taken = await owner.ask("tell_taken")
        # One that the owner had before its acknowledgement was back waited for nothing.
        late = [max(0.0, taken[key] - acked) for key, (_, acked) in acks.items()]
        spent = await watched.transactions() / len(acks)
        refused = int(rate * seconds) - len(acks)
        return HandOvers(rate, [acked - came for came, acked in acks.values()], late, refused, spent, load())


@dataclass(frozen=True, slots=True)
class Flood:
    """What was seen of questions that came as fast as they were acknowledged."""

    replicas: int
    at_once: int  # in each of them
    rate: float  # a second, all together
    acks: Sequence[float]  # seconds
    cpu: float  # seconds a question, of the replicas
    server_cpu: float  # the same of the database, where it is on this machine
    loads: str


async def measure_flood(*, number: int, at_once: int, seconds: float) -> Flood:
    """Have so many replicas take questions of workspaces of their own, which end at once."""
    async with replicas(number) as (url, found):
        shares = [name(20 * number)[one::number] for one in range(number)]
        for one, share in zip(found, shares, strict=True):
            await one.ask("serve", workspaces=share)
        watched = await watch(url, *(one.pid for one in found), now=monotonic())
        async with asyncio.TaskGroup() as group:
            floods = [
                group.create_task(one.ask("flood", workspaces=share, at_once=at_once, seconds=seconds))
                for one, share in zip(found, shares, strict=True)
            ]
        acks = [ack for flood in floods for ack in flood.result()]
        took = watched.seconds(monotonic())
        return Flood(
            number, at_once, len(acks) / took, acks, watched.cpu / len(acks), watched.server_cpu / len(acks), load()
        )


@dataclass(frozen=True, slots=True)
class TakeOver:
    """Seconds from a kill until what was left was taken, each of it; of so many replicas, the killed one among them."""

    replicas: int
    left: int
    taken: Sequence[float]
    shares: Sequence[int]  # how many each of those took that are left
    loads: str


async def measure_take_over(*, number: int, workspaces: int) -> TakeOver:
    """Kill a replica that has a run in each of so many workspaces, and see when others have them."""
    async with replicas(number) as (_, (owner, *others)):
        names = name(workspaces)
        for one in others:
            await one.ask("keep")
        await owner.ask("serve", workspaces=names)
        assert await owner.ask("begin", workspaces=names) == workspaces
        await asyncio.sleep(SETTLED)
        killed = monotonic()
        await owner.kill()
        while monotonic() - killed < LOST:
            found = [await one.ask("tell_taken") for one in others]
            if sum(map(len, found)) >= workspaces:
                break
            await asyncio.sleep(0.2)
        taken = [at - killed for one in found for at in one.values()]
        return TakeOver(number, workspaces, taken, [len(one) for one in found], load())


def describe_hand_overs(seen: HandOvers) -> list[Row]:
    """As lines of the table."""
    lost = f", {seen.refused} not" * bool(seen.refused)
    who = f"{seen.rate:.0f} questions/s, each asked of the wrong one of two replicas"
    return [
        Row(f"{who}: written down after, p50 / p99", f"{in_ms(seen.acks)}{lost}; load {seen.loads}"),
        Row(f"{who}: from then until its owner has it, p50 / p99", in_ms(seen.taken), "≤ 20 / 150 ms"),
    ]


def describe_flood(seen: Flood) -> Row:
    """As a line of the table."""
    costs = f"{seen.cpu * 1e3:.2f} ms of the replicas, {seen.server_cpu * 1e3:.2f} of the database each"
    return Row(
        f"questions as fast as they are written down, {seen.replicas} × {seen.at_once} at once",
        f"{seen.rate:.0f}/s; after {in_ms(seen.acks)}; {costs}; load {seen.loads}",
    )


def describe_take_overs(seen: Sequence[TakeOver]) -> Row:
    """As a line of the table: the middle of all, and the last."""
    one, taken = seen[0], [at for each in seen for at in each.taken]
    missed = sum(each.left - len(each.taken) for each in seen)
    shares = ", ".join("/".join(map(str, each.shares)) for each in seen)
    return Row(
        f"{one.replicas} replicas, that of {one.left} workspaces killed, {len(seen)} times: taken up after",
        f"{percentile(taken, 50):.1f} s in the middle, {max(taken):.1f} s the last{f', {missed} not' * bool(missed)}; "
        f"shared out {shares}; load {seen[-1].loads}",
        "≤ 10 / 12 s",
    )
