"""The page for whoever runs the bot, held against what it logs and what it tells of itself."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from bot.logs import read_fields
from bot.metrics.collector import PREFIX, TallyCollector
from bot.tally import Tally

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
DEFINED = {"run.end": {"states", "edits", "refusals", "tokens"}}  # by what stands behind its last %s
CODES = {"D": "debug", "I": "info", "W": "warning", "E": "error critical"}


def rows(heading: str) -> Iterator[list[str]]:
    """The cells of the rows of a section's table that begin with a name."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    for line in section.splitlines():
        if line.startswith("| `"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def logged() -> Iterator[tuple[str, str, set[str]]]:
    """Each line that the bot may log: its level, its event, its fields."""
    for path in (ROOT / "bot").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(ast.Attribute(ast.Name("logger"), level), arguments):
                    words = [one.value for one in arguments if isinstance(one, ast.Constant)]
                    message = next(one for one in words if isinstance(one, str))
                    fields = read_fields(message)
                    assert "event" in fields, message
                    yield level, fields["event"], fields.keys() - {"event", "text"}


def test_every_event_of_the_log_is_described_with_its_fields() -> None:
    """And none that is not there: who looks for one finds it."""
    told = {cells[0].strip("`"): cells[1:] for cells in rows("The log")}
    fields: dict[str, set[str]] = {}
    levels: dict[str, set[str]] = {}
    for level, event, names in logged():
        fields[event] = fields.get(event, DEFINED.get(event, set())) | names
        levels.setdefault(event, set()).add(level)
    assert {event: set(re.findall(r"`(\w+)`", cells[0])) for event, cells in told.items()} == fields
    for event, cells in told.items():
        described = {name for code in cells[1].split(", ") for name in CODES[code].split()}
        assert levels[event] - {"log"} <= described, event


def test_every_metric_is_described_with_its_labels() -> None:
    """As Prometheus calls it."""
    told = {cells[0].strip("`"): tuple(re.findall(r"`(\w+)`", cells[1])) for cells in rows("Metrics")}
    found = {
        f"{family.name}{'_total' if family.type == 'counter' else ''}": family._labelnames  # type: ignore[attr-defined]
        for family in TallyCollector(Tally()).collect()
    }
    assert told == found
    assert all(name.startswith(PREFIX) for name in found)


def test_the_alerts_ask_for_what_there_is() -> None:
    """They can be read, and each metric in them is one of those, or of a process."""
    known = {cells[0].strip("`") for cells in rows("Metrics")}
    known |= {f"{name}_bucket" for name in known} | {"up", "process_open_fds", "process_max_fds"}
    (text,) = re.findall(r"```yaml\n(groups:.*?)```", PAGE, re.DOTALL)
    rules = yaml.safe_load(text)["groups"][0]["rules"]
    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        asked = re.findall(rf"\b({PREFIX}\w+|process_\w+|up)\b", rule["expr"])
        assert asked, rule
        assert set(asked) <= known, rule
