"""What more than this machine has would take, on paper: what was measured, times what the simulation has seen. Pure."""

import math
from dataclasses import dataclass

from tests.benchmarks.scale import simulation
from tests.benchmarks.scale.simulation import Load, Seen, rate_for, simulate

FULL = 0.6  # of a processor, for a replica: the rest is for what comes at once
FEWEST = 2  # replicas: one may go
WORKSPACES = 10_000
DAILY, PEAK = 5, 5  # questions of a workspace a day; how many times as many in the busiest minutes
AT_ONCE = 1_000  # runs


@dataclass(frozen=True, slots=True)
class Costs:
    """What things take: seconds of a processor's time, transactions of the database, MiB."""

    token: float  # seconds, of a replica
    edit: float  # seconds, of a replica: all that is not for tokens, shared out among the edits
    transactions: float  # an edit, all that belongs to runs shared out among them
    hand_over: float  # transactions of one
    idle: float  # transactions a second, of a replica
    server: float  # seconds an edit, of the database
    memory: float  # MiB, of a replica that is idle
    run: float  # MiB, of one


@dataclass(frozen=True, slots=True)
class Needs:
    """What a load needs."""

    load: Load
    seen: Seen
    cores: float  # of all replicas
    tokens: float  # a second
    transactions: float  # a second
    server: float  # cores, of the database
    memory: float  # MiB, of all replicas


def need(questions: float, costs: Costs, *, workspaces: int = WORKSPACES, seconds: float = 600.0) -> Needs:
    """Play so many questions a second, on as many replicas as keep the busiest of them at `FULL`."""
    replicas = FEWEST
    while True:
        load = Load(workspaces, questions, replicas, seconds)
        seen = simulate(load)
        tokens = seen.starts * simulation.TOKENS
        cores = tokens * costs.token + seen.edits * costs.edit
        wanted = math.ceil(cores * seen.busiest / FULL)
        if wanted <= replicas:
            break
        replicas = wanted
    transactions = (
        seen.edits * costs.transactions + questions * seen.handed_over * costs.hand_over + replicas * costs.idle
    )
    memory = replicas * costs.memory + seen.runs * costs.run
    return Needs(load, seen, cores, tokens, transactions, seen.edits * costs.server, memory)


def assume(costs: Costs) -> str:
    """What it rests on, in words."""
    return (
        f"Assumed: {WORKSPACES:,} workspaces ask by Zipf {simulation.ZIPF}, at random moments; a run has 4 answers, "
        f"{simulation.TOKENS:,} tokens, {simulation.RUN:.0f} s and up to {simulation.EDITS} edits of the "
        f"{simulation.PER_MINUTE} that Slack gives a workspace a minute; {simulation.AT_ONCE} at once in a workspace; "
        f"whoever gets a question first serves its workspace until {simulation.LINGER:.0f} s after its last run; any "
        f"replica gets any question. Costs, as measured: {costs.token * 1e6:.0f} µs a token, {costs.edit * 1e3:.1f} ms "
        f"an edit with all else, {costs.transactions:.2f} transactions an edit and {costs.hand_over:.1f} a hand-over, "
        f"{costs.idle:.1f} a second for an idle replica, {costs.server * 1e3:.2f} ms of the database an edit, "
        f"{costs.memory:.0f} MiB a replica and {costs.run * 1024:.0f} KiB a run. The busiest replica is kept at "
        f"{FULL:.0%} of a processor; there are {FEWEST} at the least."
    )


def describe(costs: Costs, seconds: float = 600.0) -> list[list[str]]:
    """Two loads side by side, each played for so long: lines of a table, its head first."""
    daily = WORKSPACES * DAILY / 86_400 * PEAK
    both = [need(rate, costs, seconds=seconds) for rate in (daily, rate_for(AT_ONCE, WORKSPACES))]
    head = ["", f"{WORKSPACES:,} workspaces, {DAILY} questions a day, peak × {PEAK}", f"{AT_ONCE:,} runs at once"]
    return [
        head,
        ["questions a second", *(f"{one.load.questions:.1f}" for one in both)],
        ["runs at once", *(f"{one.seen.runs:.0f}" for one in both)],
        ["waiting for a place", *(f"{one.seen.waiting:.0f}, {one.seen.left} in the end" for one in both)],
        ["replicas", *(f"{one.load.replicas}" for one in both)],
        ["busiest replica over the mean", *(f"{one.seen.busiest:.2f}" for one in both)],
        ["handed over", *(f"{one.seen.handed_over:.0%}" for one in both)],
        ["edits a second", *(f"{one.seen.edits:,.0f}" for one in both)],
        ["tokens a second", *(f"{one.tokens:,.0f}" for one in both)],
        ["processors, of all replicas", *(f"{one.cores:.1f}" for one in both)],
        ["processors, of the database", *(f"{one.server:.2f}" for one in both)],
        ["transactions a second", *(f"{one.transactions:,.0f}" for one in both)],
        ["memory of all replicas", *(f"{one.memory:,.0f} MiB" for one in both)],
    ]
