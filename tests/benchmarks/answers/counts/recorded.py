"""The recorded answers that the counters are tested against: `good.toml`, with no fault, and `bad.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.answers.counts.reading import Reading
from tests.benchmarks.answers.problems import PROBLEMS

SCRIPTS = {one.key: one.scripts for one in PROBLEMS}


@dataclass(frozen=True, slots=True)
class Recorded:
    """An answer on the problem of this key, and the faults that it has."""

    problem: str
    perspective: str
    text: str
    name: str = ""
    faults: Mapping[str, int] = field(default_factory=dict)

    def read(self) -> Reading:
        """The answer, to be counted."""
        return Reading(self.text.strip(), self.perspective, SCRIPTS[self.problem])


def load(name: str) -> list[Recorded]:
    """The answers of one file."""
    text = Path(__file__).with_name(f"{name}.toml").read_text(encoding="utf-8")
    return [Recorded(**answer) for answer in tomllib.loads(text)["answers"]]
