"""Answers as they are kept: what was asked, what came of it, and the file that both can be counted from again. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from bot.engine.draft import Draft, State
from bot.engine.reasons import Reason
from tests.benchmarks.answers.counts.words import Script
from tests.benchmarks.answers.problems import Problem


class RecordsError(Exception):
    """A file does not hold answers."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One perspective's, by its key: the last draft of it. `reason` is a code, empty where there is none."""

    perspective: str
    text: str
    state: State
    reason: str = ""
    tokens: int = 0  # with those of the prompt; 0 where the server does not count them
    seconds: float = 0.0

    @classmethod
    def of(cls, perspective: str, draft: Draft) -> Self:
        """What is kept of a draft."""
        return cls(perspective, draft.text, draft.state, _name(draft.reason), draft.tokens, round(draft.seconds, 2))


@dataclass(frozen=True, slots=True)
class Asked:
    """A problem with its answers, in the order of the perspectives."""

    problem: Problem
    answers: Sequence[Answer]


@dataclass(frozen=True, slots=True)
class Run:
    """Everything that one model was asked."""

    model: str
    asked: Sequence[Asked]

    def write(self) -> str:
        """The file: JSON, to be read by people too."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, default=lambda choice: choice.value) + "\n"

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what `write` has written.

        Raises:
            RecordsError: it is something else.
        """
        try:
            run = json.loads(text)
            return cls(str(run["model"]), [_read_asked(asked) for asked in run["asked"]])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise RecordsError("It holds no answers that --save has written.") from error


def _read_asked(asked: Mapping[str, Any]) -> Asked:
    problem = Problem(**{**asked["problem"], "scripts": tuple(map(Script, asked["problem"]["scripts"]))})
    return Asked(problem, [Answer(**{**answer, "state": State(answer["state"])}) for answer in asked["answers"]])


def _name(reason: Reason | None) -> str:
    """The code, and behind it that of its cause."""
    if reason is None:
        return ""
    cause = reason.args.get("cause")
    return f"{reason.code.value} {_name(cause)}".strip() if isinstance(cause, Reason) else reason.code.value
