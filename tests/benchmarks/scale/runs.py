"""What runs cost that go on at once, each in a workspace of its own, all in one process."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic

from tests.benchmarks.scale.figures import in_ms, quantile
from tests.benchmarks.scale.machine import count_rows, cpu_of, load, memory_of, watch
from tests.benchmarks.scale.serving import Served, serving
from tests.support.world import NAMES

WAITS = 'perspectives_journal_wait_seconds_bucket{le="'
ASKED_WAIT = 0.05  # seconds


@dataclass(frozen=True, slots=True)
class Runs:
    """What was seen of so many `runs`, with answers of so many `tokens` in `answer` seconds."""

    runs: int
    tokens: int
    answer: float
    acks: list[float | None]
    failures: int  # that people were told of
    seconds: float  # from the first question until all is shown
    edits: int
    refused: int
    fastest: int  # edits in the busiest second
    cpu: float  # seconds, of the bot's process
    world_cpu: float  # of its stand-ins'
    server_cpu: float  # of the database's, where it is on this machine
    transactions: int
    rows: int  # of answers
    waits: list[tuple[float, float]]  # of edits for the journal: bounds, and how many were no more; if the bot tells
    memory: float  # MiB, of the bot's process, in the end
    loads: str

    @property
    def all_tokens(self) -> int:
        """Of all answers of all runs."""
        return self.runs * len(NAMES) * self.tokens


async def measure_runs(*, runs: int, tokens: int, answer: float, over: float) -> Runs:
    """Have so many questions asked within `over` seconds, and look on until all is shown."""
    async with serving(teams=runs, installed=runs, tokens=tokens, seconds=answer) as served:
        watched = await watch(served.database, served.pid, now=monotonic())
        world = cpu_of(served.world.pid)
        before = await count_rows(served.database, "answers")
        seen = await served.ask(over)
        return Runs(
            runs,
            tokens,
            answer,
            seen["acks"],
            len(seen["failures"]),
            seen["seconds"],
            seen["edits"],
            seen["refused"],
            seen["fastest"],
            watched.cpu,
            cpu_of(served.world.pid) - world,
            watched.server_cpu,
            await watched.transactions(),
            await count_rows(served.database, "answers") - before,
            await _read_waits(served),
            memory_of(served.pid),
            load(),
        )


async def _read_waits(served: Served) -> list[tuple[float, float]]:
    found = await served.metrics()
    waits = {name.removeprefix(WAITS).rstrip('"}'): value for name, value in found.items() if name.startswith(WAITS)}
    return sorted((float(bound), value) for bound, value in waits.items())


def describe_runs(loads: Sequence[Runs]) -> list[list[str]]:
    """Side by side: lines of a table, its head first, what was asked behind each."""

    def line(what: str, tell: Callable[[Runs], str], asked: str = "") -> list[str]:
        return [what, *map(tell, loads), asked]

    return [
        line("", lambda one: f"{one.runs} × {len(NAMES)} × {one.tokens / one.answer:.0f} tokens/s", "asked"),
        line("acknowledged after, p50 / p99", _tell_acks, "p99 ≤ 300 ms"),
        line("edits wait for the journal, p50 / p99", _tell_waits, "p99 ≤ 50 ms"),
        line("of them within 50 ms", _tell_within),
        line("edits a second; in the busiest", lambda one: f"{one.edits / one.seconds:.0f}; {one.fastest}"),
        line("edits refused", lambda one: f"{one.refused}"),
        line("all shown after", lambda one: f"{one.seconds:.1f} s"),
        line("the bot's processor, of one", lambda one: f"{one.cpu / one.seconds:.0%}"),
        line("the stand-ins'; the database's", _tell_others),
        line("the bot's processor, a run", lambda one: f"{one.cpu / one.runs:.2f} s"),
        line("transactions a second; an edit", _tell_transactions),
        line("rows of answers an edit", lambda one: f"{one.rows / one.edits:.1f}"),
        line("the database's processor, an edit", lambda one: f"{one.server_cpu / one.edits * 1e3:.2f} ms"),
        line("the bot's memory", lambda one: f"{one.memory:.0f} MiB"),
        line("load of the machine", lambda one: one.loads),
    ]


def _tell_acks(one: Runs) -> str:
    acks = [ack for ack in one.acks if ack is not None]
    lost = len(one.acks) - len(acks)
    return in_ms(acks) + f"; {lost} not" * bool(lost) + f"; {one.failures} told why" * bool(one.failures - lost)


def _tell_waits(one: Runs) -> str:
    return " / ".join(f"{quantile(one.waits, share) * 1e3:.0f}" for share in (0.5, 0.99)) + " ms"


def _tell_within(one: Runs) -> str:
    within = sum(value for bound, value in one.waits if bound == ASKED_WAIT)
    return f"{within / max(1.0, one.waits[-1][1]):.1%}" if one.waits else "not told"


def _tell_others(one: Runs) -> str:
    return f"{one.world_cpu / one.seconds:.0%}; {one.server_cpu / one.seconds:.0%}"


def _tell_transactions(one: Runs) -> str:
    return f"{one.transactions / one.seconds:.0f}; {one.transactions / one.edits:.2f}"
