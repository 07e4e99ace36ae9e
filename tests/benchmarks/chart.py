"""The chart of the benchmark of freshness: mean ages as bars, a small chart for each load and world."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

COLOURS = {"ours": "#1264a3", "oracle": "#2eb67d", "oracle, posts": "#2eb67d"}  # the others are grey
OTHER = "#b8b8b8"
FULL = 12.0  # seconds; longer bars are cut off, and say by their number how long they would be
ROOM = 11.0  # seconds of the axis' scale that the words beside a cut-off bar need
MUCH = 1.0  # seconds of being late that are worth words
LEGENDS = {
    "any 60 s": "Slack allows 50 edits in any 60 s",
    "burst 5": "… 50 a minute, 5 at once",
    "half": "… 25 a minute, 5 at once; bots expect 50",
}


class Result(Protocol):
    """What is drawn of a measurement."""

    @property
    def age(self) -> float:
        """Mean age in seconds."""

    @property
    def late(self) -> float:
        """Worst lateness in seconds."""

    @property
    def refused(self) -> int:
        """Calls."""


def draw(results: Mapping[tuple[str, str, str], Result], file: Path) -> None:
    """Draw results, by load, world and policy; the same results make the same file.

    Raises:
        ModuleNotFoundError: matplotlib is not there; it comes with the group `bench`.
    """
    # By name, so that types can be checked where it is not installed.
    matplotlib = import_module("matplotlib")
    figures = import_module("matplotlib.figure")
    loads, worlds, policies = (list(dict.fromkeys(key[place] for key in results)) for place in range(3))
    with matplotlib.rc_context({"svg.hashsalt": "freshness", "font.size": 9}):
        figure = figures.Figure(figsize=(12, 1.5 + 1.35 * len(loads)), layout="constrained")
        axes = figure.subplots(len(loads), len(worlds), sharex=True, sharey=True, squeeze=False)
        for load, row in zip(loads, axes, strict=True):
            for world, chart in zip(worlds, row, strict=True):
                if (load, world, policies[0]) in results:
                    _draw_one(chart, {policy: results[load, world, policy] for policy in policies})
                else:
                    chart.set_axis_off()
            row[0].set_ylabel(load, rotation=0, ha="right", va="center", labelpad=12, fontweight="bold")
        for world, chart in zip(worlds, axes[0], strict=True):
            chart.set_title(LEGENDS[world], loc="left", fontweight="bold", fontsize=10)
        for chart in axes[-1]:
            chart.set_xlabel("seconds", loc="left", color="#666666")
        figure.suptitle(
            "How old is the oldest text that readers cannot see yet? Mean of four answers a run; less is better",
            x=0.01, ha="left", fontsize=13, fontweight="bold",
        )  # fmt: skip
        figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None, dpi=100, bbox_inches="tight")


def _draw_one(chart: Any, results: Mapping[str, Result]) -> None:
    for place, (policy, result) in enumerate(results.items()):
        colour = COLOURS.get(policy, OTHER)
        chart.barh(place, min(result.age, FULL), color=colour, height=0.72)
        if result.age > FULL:
            chart.plot([FULL - 0.7, FULL - 0.3], [place + 0.45, place - 0.45], color="white", linewidth=2.5)
        remarks = [f"last text {result.late:.0f} s late"] if result.late >= MUCH else []
        remarks += [f"{result.refused} refused"] if result.refused else []
        beside = min(result.age, FULL) + 0.25
        weight = "bold" if policy == "ours" else "normal"
        number = chart.annotate(f"{result.age:.1f} s", (beside, place), va="center", fontsize=8.5, fontweight=weight)
        chart.annotate(
            ", ".join(remarks), (1, 0), xycoords=number, xytext=(5, 1.5), textcoords="offset points",
            va="bottom", fontsize=7, color="#777777",
        )  # fmt: skip
    chart.set_yticks(range(len(results)), list(results))
    chart.set_ylim(len(results) - 0.4, -0.6)
    chart.set_xlim(0, FULL + ROOM)
    chart.set_xticks([0, 4, 8, 12])
    chart.tick_params(length=0, colors="#444444")
    chart.grid(visible=True, axis="x", color="#eeeeee")
    chart.set_axisbelow(True)
    for side in chart.spines.values():
        side.set_visible(False)
