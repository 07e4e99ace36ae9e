"""What the page of metrics tells of the bot's work, held against what its stand-ins have seen; and to whom."""

import asyncio
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse

from bot.metrics.page import PATH
from bot.playground.slack.fault import Fault
from bot.tally import LEFT
from tests.scenarios.test_kills import PLENTY, is_writing, on_a_server, opened, slowly, spacious
from tests.support.model_server import MODEL, ModelServer, Script, words
from tests.support.office import Office, office
from tests.support.ports import free_port
from tests.support.vendor import few, vendor
from tests.support.world import NAMES, PROBLEM

TOKEN = "0123456789abcdef-metrics"
FIRST = "T0PLAYGRND"
Series = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


@dataclass(frozen=True, slots=True)
class At:
    """A process, by where it listens."""

    url: str


async def ask(there: Office | At, **headers: str) -> tuple[int, str, str]:
    """What the page says: its status, its kind, its text."""
    async with aiohttp.ClientSession() as session, session.get(f"{there.url}{PATH}", headers=headers) as response:
        return response.status, response.headers["Content-Type"], await response.text()


async def scrape(there: Office | At) -> Series:
    """All that it tells, by name and labels."""
    status, _, text = await ask(there, Authorization=f"Bearer {TOKEN}")
    assert status == 200
    return {
        (one.name.removeprefix("perspectives_"), frozenset(one.labels.items())): one.value
        for family in parse(text)
        for one in family.samples
    }


def of(series: Series, name: str, **labels: str) -> float:
    """One of them."""
    return series[name, frozenset(labels.items())]


async def test_it_tells_what_has_happened() -> None:
    """As many edits as Slack has seen, each refusal, each answer and its tokens, how fresh what was shown is."""
    model = ModelServer(**{name: words(60, 4.0) for name in NAMES[:3]}, **{NAMES[3]: Script(status=401)})
    async with office(is_distributed=False, model=model, metrics_token=TOKEN) as there:
        workspace = there.team(FIRST).workspace
        before = await scrape(there)
        assert of(before, "runs_total", kind="perspectives", outcome="done") == 0
        assert of(before, "store_up") == 1
        asking = asyncio.create_task(there.ask(FIRST))
        await asyncio.sleep(5)
        workspace.faults.append(Fault("chat.update", error="ratelimited", retry_after=2))
        meanwhile = await scrape(there)
        assert of(meanwhile, "open_runs", state="running") == 1
        assert of(meanwhile, "open_streams", state="open") == 3
        await asking
        await asyncio.sleep(20)
        series = await scrape(there)
    edits = [call for call in workspace.calls if call.method == "chat.update"]
    refused = [call for call in edits if call.error == "ratelimited"]
    assert len(refused) == 1
    assert of(series, "edits_total", result="shown") == len(edits) - 1
    assert of(series, "edits_total", result="refused") == 1
    assert of(series, "edits_total", result="failed") == 0
    assert of(series, "posts_total", result="shown") == 1 + len(NAMES)
    assert of(series, "runs_total", kind="perspectives", outcome="done") == 1
    assert of(series, "answers_total", state="done") == 3
    assert of(series, "answers_total", state="failed") == 1
    assert of(series, "tokens_total", model=f"{MODEL}-2026") == 3 * 42
    assert of(series, "journal_wait_seconds_count") == len(edits)
    assert of(series, "first_text_seconds_count") == 3
    assert 0.5 < of(series, "first_text_seconds_sum") / 3 < 5
    shown = of(series, "text_age_seconds_count")
    assert 3 < shown < len(edits)
    assert 0.08 < of(series, "text_age_seconds_sum") / shown < 5
    assert of(series, "text_age_seconds_bucket", le="+Inf") == shown
    assert of(series, "open_runs", state="running") == of(series, "open_streams", state="open") == 0


async def test_what_is_left_to_another_process_is_counted_once(tmp_path: Path) -> None:
    """An answer where it ends; a run where it is left, where it is taken up, and where it ends."""
    model = ModelServer(**{NAMES[0]: Script(), **{name: words(100, 5.0) for name in NAMES[1:]}})
    async with vendor(model, url=f"sqlite:///{tmp_path / 'runs.sqlite'}") as world:
        async with world.process(few(1)) as first:
            await first.ask(0)
            await first.ask(0, "And why else?")
            await asyncio.sleep(10)
            levels = first.workspaces.read_levels()
            assert (levels.workspaces, levels.runs, levels.runs_in_line) == (1, 1, 1)
        async with world.process() as second:
            await asyncio.sleep(90)
            assert second.workspaces.read_levels().runs == 0
    one, other = first.workspaces._shared.tally, second.workspaces._shared.tally
    assert (one.runs["perspectives", LEFT], one.runs["perspectives", "done"], one.taken_up) == (2, 0, 0)
    assert (other.runs["perspectives", LEFT], other.runs["perspectives", "done"], other.taken_up) == (0, 2, 2)
    assert (one.answers["done"], other.answers["done"]) == (1, 2 * len(NAMES) - 1)
    assert (one.answers["interrupted"], other.answers["interrupted"]) == (0, 0)


async def test_nobody_is_named() -> None:
    """Neither a person, a workspace, a channel or a run, nor what was asked and answered."""
    async with office(is_distributed=False, metrics_token=TOKEN) as there:
        thread = await there.ask(FIRST)
        _, _, text = await ask(there, Authorization=f"Bearer {TOKEN}")
        workspace = there.team(FIRST).workspace
    known = {FIRST, workspace.bot.id, "U0ADA", "C0GENERAL", thread[0].ts, PROBLEM[:12], "An answer", there.url}
    assert [one for one in known if one in text] == []
    assert "perspectives_answers_total" in text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": TOKEN},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer \xe4"},
    ],
)
async def test_without_the_token_nothing_is_told(headers: dict[str, str]) -> None:
    """The address is one that everybody reaches."""
    async with office(is_distributed=False, metrics_token=TOKEN) as there:
        status, _, text = await ask(there, **headers)
        assert (status, text) == (401, "METRICS_TOKEN is wanted\n")


async def test_where_no_token_is_set_there_is_no_such_page() -> None:
    """Whoever wants it says so."""
    async with office(is_distributed=False) as there:
        assert (await ask(there, Authorization=f"Bearer {TOKEN}"))[0] == 404
        assert (await ask(there, Authorization="Bearer "))[0] == 404


async def test_it_is_written_as_it_is_asked_for() -> None:
    """In Prometheus' own form, or as OpenMetrics, each of which can be read."""
    async with office(is_distributed=False, metrics_token=TOKEN) as there:
        _, kind, _ = await ask(there, Authorization=f"Bearer {TOKEN}")
        assert kind.startswith("text/plain; version=")
        accept = "application/openmetrics-text; version=1.0.0"
        _, kind, text = await ask(there, Authorization=f"Bearer {TOKEN}", Accept=accept)
    assert kind.startswith("application/openmetrics-text")
    families = parse_openmetrics(text)  # type: ignore[no-untyped-call]
    assert "perspectives_runs" in {family.name for family in families}


@pytest.mark.slow
def test_what_it_is_written_with_is_not_loaded_before_it_is_wanted() -> None:
    """A bot that nobody asks for metrics holds none of it."""
    code = "import sys, bot.app, bot.durable.store; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()  # noqa: S603 - our own
    assert "bot.app" in loaded
    assert [name for name in loaded if name.startswith(("prometheus_client", "bot.metrics"))] == []


@pytest.mark.slow
@on_a_server
async def test_each_process_tells_what_it_hands_on_and_takes_up(kind: str, tmp_path: Path) -> None:
    """What is asked elsewhere is handed to whoever serves the workspace; what that leaves, another takes up."""
    async with opened(kind, tmp_path, spacious()) as stage:
        ports = [free_port(), free_port()]
        first, second = [
            await stage.start(**PLENTY, PORT=f"{port}", WEB_HOST="127.0.0.1", METRICS_TOKEN=TOKEN) for port in ports
        ]
        one, other = [At(f"http://127.0.0.1:{port}") for port in ports]
        await first.process.logged("bot.start")
        await second.process.logged("bot.start")
        await first.ask(stage.open_channel("own"))
        await stage.until_whole(["own"])
        channel = stage.open_channel("handed", slowly())
        await second.ask(channel)
        await stage.until(lambda: is_writing(stage, channel))
        series, theirs = await scrape(one), await scrape(other)
        assert (of(series, "workspaces"), of(series, "open_runs", state="running")) == (1, 1)
        assert (of(theirs, "workspaces"), of(theirs, "open_runs", state="running")) == (0, 0)
        assert (of(series, "passed_on_total", what="question"), of(theirs, "passed_on_total", what="question")) == (
            0,
            1,
        )
        assert of(series, "runs_taken_up_total") == of(theirs, "runs_taken_up_total") == 0
        stage.model.paces[channel] = dict.fromkeys(NAMES, 1.0)
        await first.process.kill()
        await stage.until_whole([channel])
        theirs = await scrape(other)
        assert (of(theirs, "workspaces"), of(theirs, "runs_taken_up_total")) == (1, 1)
        assert of(theirs, "store_up") == 1
        assert of(theirs, "process_resident_memory_bytes") > 50 * 2**20
