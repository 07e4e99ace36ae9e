"""How fresh the bot is from outside: `python -m bot` as a process, against the stand-in for Slack, in real time.

    python -m tests.benchmarks.outside

Questions are asked one after another, of a bot that knows nothing. What is shown is measured as `freshness` does, by
the moments at which the model wrote and Slack showed. All of it takes three minutes, most of which is waiting.
"""

import asyncio
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from aiohttp import web

from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import Workspace
from tests.benchmarks.freshness import look
from tests.benchmarks.loads import FIRST, RATES
from tests.benchmarks.worlds import LATENCY
from tests.support.model_server import KEY, MODEL, ModelServer, Request, Script
from tests.support.process import process, until
from tests.support.world import NAMES, body_of

FREE = {"RUNS_PER_PERSON": "100", "RUNS_PER_PERSON_PER_HOUR": "1000", "DATABASE_URL": "sqlite://"}
PATIENCE = 120.0  # seconds from the last question until every last text has to be shown
SHOWN = re.compile(r"q(\d+)a(\d+)=(x*)")  # a question, an answer, and its tokens after the first


@dataclass(frozen=True, slots=True)
class Row:
    """Questions `apart` from one another in seconds, whose answers take so long; a bucket holds `burst` edits."""

    number: int
    apart: float
    seconds: float
    burst: int | None = None

    def __str__(self) -> str:
        world = "any 60 s" if self.burst is None else f"burst {self.burst}"
        return f"{self.number} of {self.seconds:.0f} s, {self.apart:.0f} s apart, {world}"


@dataclass(frozen=True, slots=True)
class Seen:
    """Mean age and worst lateness in seconds, and calls that were refused."""

    age: float
    late: float
    refused: int


ROWS = (Row(5, 12, 5), Row(5, 12, 5, burst=5), Row(4, 45, 18), Row(4, 45, 18, burst=5))


class _Author(ModelServer):
    """Writes at the rates of the benchmark, and remembers when it writes each token."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds
        self.tokens: dict[tuple[int, int], list[float]] = {}  # by question and answer

    async def _answer(self, request: web.Request, script: Script, record: Request) -> web.StreamResponse:
        asked = re.search(r"question(\d+)", str(record.body["messages"][1:]))
        assert asked, record.body
        question, answer = int(asked[1]), NAMES.index(record.name)
        rate = RATES[answer]
        number = round(self._seconds * rate)
        begins = asyncio.get_running_loop().time() + FIRST
        self.tokens[question, answer] = [begins + place / rate for place in range(number)]
        pieces = (f"q{question}a{answer}=", *("x" for _ in range(number - 1)))
        return await super()._answer(request, replace(script, pieces=pieces, every=1 / rate, first=FIRST), record)


async def measure(row: Row) -> Seen:
    """Ask a row of questions, and see what is shown of the answers."""
    workspace = Workspace(edit_burst=row.burst, minimum_retry_after=1 if row.burst is None else 5)
    with tempfile.TemporaryDirectory() as directory:
        async with SlackServer(workspace, latency=LATENCY) as slack, _Author(row.seconds) as author:
            environment = {
                "SLACK_BOT_TOKEN": workspace.bot_token,
                "SLACK_APP_TOKEN": workspace.app_token,
                "SLACK_API_URL": slack.url,
                "OPENAI_API_KEY": KEY,
                "OPENAI_BASE_URL": author.url,
                "OPENAI_MODEL": MODEL,
            }
            async with process(Path(directory), **FREE, **environment):
                await slack.connected()
                for place in range(row.number):
                    await slack.command(f"What of question{place}?")
                    await asyncio.sleep(row.apart)
                await until(lambda: len(_see(workspace, author)) == row.number * len(RATES), within=PATIENCE)
    seen = _see(workspace, author)
    refused = sum(call.error == "ratelimited" for call in workspace.calls)
    return Seen(sum(age for age, _, _ in seen) / len(seen), max(late for _, _, late in seen), refused)


def _see(workspace: Workspace, author: _Author) -> Sequence[tuple[float, float, float]]:
    """Age, freeze and lateness of each answer that is shown whole."""
    seen = []
    for message in workspace.messages:
        shown: list[tuple[float, int]] = []
        key = None
        for version in message.versions:
            if found := SHOWN.search(body_of(version)):
                key = int(found[1]), int(found[2])
                shown.append((version.at, 1 + len(found[3])))
        if key and shown[-1][1] == len(author.tokens[key]):
            seen.append(look(author.tokens[key], shown))
    return seen


async def _measure_all() -> list[Seen]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(measure(row)) for row in ROWS]
    return [task.result() for task in tasks]


def main() -> None:
    """Print what was seen of each row."""
    for row, seen in zip(ROWS, asyncio.run(_measure_all()), strict=True):
        print(f"{row!s:<40}{seen.age:>8.2f} s old {seen.late:>8.2f} s late {seen.refused:>4} refused")  # noqa: T201


if __name__ == "__main__":
    main()
