"""What a schedule of edits has learned, in a form that outlives its process. Pure.

It knows no times: how long answers took, how many questions follow one, and what a limit of so many a minute has shown
of its shape (see `durations`, `arrivals`, `shape`).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from math import inf
from typing import Self

MOST = 100  # numbers of a kind; more were not written here


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned; a bucket that never refused has `refused` at infinity."""

    durations: tuple[float, ...] = ()
    pauses: tuple[float, ...] = ()
    messages: float = 0.0
    per_minute: int = 0
    granted: tuple[float, ...] = ()
    refused: tuple[float, ...] = ()
    believed: int = 0

    @property
    def lessons(self) -> Self:
        """It without what each granted edit moves by a little: the more has been granted, the less that says."""
        return replace(self, granted=())

    def to_text(self) -> str:
        """It as a line of JSON; infinity is null."""
        values = asdict(self)
        values["refused"] = [None if one == inf else one for one in self.refused]
        return json.dumps(values)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """What such a line says; what it does not say, or cannot mean, is as if it had not been learned."""
        try:
            values = json.loads(text)
        except ValueError:
            values = None
        if not isinstance(values, Mapping):
            return cls()
        refused = values.get("refused")
        if isinstance(refused, list):
            refused = [inf if one is None else one for one in refused]
        return cls(
            durations=_numbers(values.get("durations")),
            pauses=_numbers(values.get("pauses")),
            messages=_number(values.get("messages")),
            per_minute=int(_number(values.get("per_minute"))),
            granted=_numbers(values.get("granted")),
            refused=_numbers(refused, most=inf),
            believed=int(_number(values.get("believed"))),
        )


def _number(value: object, most: float = 1e6) -> float:
    """A number that is not negative; 0 for anything else."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value <= most else 0.0  # type: ignore[operator,arg-type]


def _numbers(values: object, most: float = 1e6) -> tuple[float, ...]:
    """Numbers, none of which is negative; none at all where something else is among them."""
    if not isinstance(values, list) or len(values) > MOST:
        return ()
    numbers = tuple(_number(one, most) for one in values)
    return numbers if list(numbers) == values else ()
