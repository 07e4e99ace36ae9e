"""What was counted, as families of metrics: what each is called, what it means, by what it is told apart.

They are made anew each time that somebody asks: nothing is counted twice, and nobody counts for Prometheus alone.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.tally import Histogram, Levels, Tally

PREFIX = "perspectives_"


class TallyCollector(Collector):
    """Tells what a tally has, and the levels of the moment, which `read_levels` says."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self.read_levels: Callable[[], Levels] = Levels  # until there is something to read

    def collect(self) -> Iterator[Metric]:
        """See `prometheus_client.registry.Collector`."""
        tally, levels = self._tally, self.read_levels()
        yield _counter("runs", "Runs that have ended here, or were left to another process", _KIND_OUTCOME, tally.runs)
        yield _counter("answers", "Answers that have ended", ["state"], _by_one(tally.answers))
        yield _counter("tokens", "Tokens of those, as the model's server counts them", ["model"], _by_one(tally.tokens))
        yield _counter("edits", "Edits of messages, by what they came to", ["result"], _by_one(tally.edits))
        yield _counter("posts", "Messages posted, by what that came to", ["result"], _by_one(tally.posts))
        yield _histogram("text_age_seconds", "Age of the oldest unseen text, when an edit has shown it", tally.ages)
        yield _histogram("first_text_seconds", "From a run's begin until an answer's first text", tally.first_texts)
        yield _histogram("journal_wait_seconds", "How long edits wait to be written down", tally.journal_waits)
        yield _histogram("line_wait_seconds", "How long runs wait until they may begin", tally.line_waits)
        runs = {"running": levels.runs, "waiting": levels.runs_in_line}
        yield _gauge("open_runs", "Runs now", ["state"], _by_one(runs))
        streams = {"open": levels.streams, "waiting": levels.streams_waiting}
        yield _gauge("open_streams", "Completions now", ["state"], _by_one(streams))
        yield _gauge("workspaces", "Workspaces that this process serves", [], {(): levels.workspaces})
        yield _gauge("store_up", "Whether the database does what it is asked", [], {(): not levels.is_store_away})
        yield _counter("runs_taken_up", "Runs gone on with that another process had left", [], {(): tally.taken_up})
        yield _counter("runs_lost", "Runs that another process has taken from this one", [], {(): tally.lost})
        passed_on = _by_one(levels.passed_on)
        yield _counter("passed_on", "Handed to the process that serves their workspace", ["what"], passed_on)


_KIND_OUTCOME = ("kind", "outcome")

_Values = Mapping[tuple[str, ...], float]


def _by_one(values: Mapping[str, float]) -> _Values:
    return {(name,): value for name, value in values.items()}


def _counter(name: str, meaning: str, labels: Sequence[str], values: _Values) -> Metric:
    family = CounterMetricFamily(PREFIX + name, meaning, labels=labels)
    for names, value in values.items():
        family.add_metric(names, value)
    return family


def _gauge(name: str, meaning: str, labels: Sequence[str], values: _Values) -> Metric:
    family = GaugeMetricFamily(PREFIX + name, meaning, labels=labels)
    for names, value in values.items():
        family.add_metric(names, float(value))
    return family


def _histogram(name: str, meaning: str, found: Histogram) -> Metric:
    bounds = [*(f"{bound}" for bound in found.bounds), "+Inf"]
    family = HistogramMetricFamily(PREFIX + name, meaning, labels=[])
    family.add_metric([], [*zip(bounds, accumulate(found.counts), strict=True)], found.total)
    return family
