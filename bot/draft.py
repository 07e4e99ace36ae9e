"""A draft: the newest snapshot of an answer. The value that flows from completions through merge to the board."""

from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """Where an answer is on its way."""

    WAITING = "waiting"
    WRITING = "writing"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"

    @property
    def is_final(self) -> bool:
        """Whether nothing follows: the text is the last one."""
        return self not in {State.WAITING, State.WRITING}


@dataclass(frozen=True, slots=True)
class Draft:
    """One answer as it stands.

    `reason` is for a state that needs words (failed, stopped, interrupted): a sentence for the person who asked.
    `model` and `seconds` are known when it has ended; `tokens` where the server counts them.
    """

    text: str = ""
    state: State = State.WAITING
    reason: str = ""
    model: str = ""
    seconds: float = 0.0
    tokens: int = 0
