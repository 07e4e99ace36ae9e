"""What runs cost that go on at once, each in a workspace of its own, all in one process."""

from dataclasses import dataclass
from time import monotonic

from tests.benchmarks.scale.figures import Row, in_ms, quantile
from tests.benchmarks.scale.machine import count_rows, load, memory_of, watch
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
    seconds: float  # from the first question until all is shown
    edits: int
    refused: int
    fastest: int  # edits in the busiest second
    cpu: float  # seconds, of the bot's process
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
        before = await count_rows(served.database, "answers")
        seen = await served.ask(over)
        return Runs(
            runs,
            tokens,
            answer,
            seen["acks"],
            seen["seconds"],
            seen["edits"],
            seen["refused"],
            seen["fastest"],
            watched.cpu,
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


def describe_runs(seen: Runs) -> list[Row]:
    """As lines of the table."""
    pace = seen.tokens / seen.answer
    who = f"{seen.runs} runs in {seen.runs} workspaces, {len(NAMES)} × {pace:.0f} tokens/s"
    acks = [one for one in seen.acks if one is not None]
    lost = len(seen.acks) - len(acks)
    span = f"{seen.seconds:.1f} s for {seen.answer:.0f} s of answers; load {seen.loads}"
    rows = [
        Row(f"{who}: acknowledged after, p50 / p99", in_ms(acks) + (f", {lost} not" if lost else ""), "p99 ≤ 300 ms"),
        Row(f"{who}: edits", f"{seen.edits / seen.seconds:.0f}/s, {seen.fastest} in a second at the most; {span}"),
        Row(
            f"{who}: the bot's processor",
            f"{seen.cpu / seen.runs:.2f} s a run, {seen.cpu / seen.seconds:.0%} of one on the whole, "
            f"{seen.cpu / seen.all_tokens * 1e6:.0f} µs a token, all included",
        ),
        Row(
            f"{who}: the database",
            f"{seen.transactions / seen.seconds:.0f} transactions/s, {seen.transactions / seen.edits:.2f} and "
            f"{seen.rows / seen.edits:.1f} rows of answers an edit, {seen.server_cpu / seen.edits * 1e3:.2f} ms of it",
        ),
    ]
    if seen.waits:
        within = sum(value for bound, value in seen.waits if bound == ASKED_WAIT) / max(1.0, seen.waits[-1][1])
        ends = f"{quantile(seen.waits, 0.5) * 1e3:.0f} / {quantile(seen.waits, 0.99) * 1e3:.0f} ms"
        rows.insert(1, Row(f"{who}: edits wait, p50 / p99", f"{ends}; {within:.1%} within 50 ms", "p99 ≤ 50 ms"))
    return rows
