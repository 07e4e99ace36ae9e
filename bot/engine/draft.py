"""A draft: the newest snapshot of an answer. The value that flows from completions through merge to the board."""

from dataclasses import KW_ONLY, dataclass
from enum import Enum
from io import StringIO
from typing import Self

from bot.engine.reasons import Reason


class State(Enum):
    """Where an answer is on its way."""

    WAITING = "waiting"
    THINKING = "thinking"  # it comes, and nothing of it is to be read yet
    WRITING = "writing"
    DONE = "done"
    FAILED = "failed"
    CUT = "cut"  # by the model or its server, before it was whole
    STOPPED = "stopped"  # by a person
    INTERRUPTED = "interrupted"

    is_final: bool  # whether nothing follows: the text is the last one

    def __init__(self, value: str) -> None:
        # Asked of each draft: an attribute costs a tenth of what a set of members does.
        self.is_final = value not in {"waiting", "thinking", "writing"}


class Transcript:
    """A text that grows at its end. Adding a piece costs the same however long the text is; reading it does not."""

    def __init__(self, text: str = "") -> None:
        self._pieces = StringIO()
        self.length = 0
        if text:
            self.add(text)

    def add(self, piece: str) -> None:
        """Let the text go on with `piece`."""
        self.length += len(piece)
        self._pieces.write(piece)

    def read(self, length: int) -> str:
        """The first `length` characters."""
        return self._pieces.getvalue()[:length]


_NOTHING = Transcript()  # nobody adds to it: a transcript belongs to the answer that made it


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """One answer as it stands: the first `length` characters of a text that may grow on, and its state.

    Most drafts are never shown, since newer ones replace them; so none has its text before it is asked for it. Of a
    text that is whole, `Draft.of` makes one. `reason` is for a state that needs words for the person who asked, which
    `bot.texts` has: why it failed, was stopped or interrupted; what is waited for; why it starts over while the old
    text stands. `model` and `seconds` are known when it has ended; `tokens` where the server counts them.
    """

    source: Transcript = _NOTHING
    length: int = 0
    state: State = State.WAITING
    _: KW_ONLY
    reason: Reason | None = None
    model: str = ""
    seconds: float = 0.0
    tokens: int = 0

    @classmethod
    def of(
        cls,
        text: str,
        state: State = State.WAITING,
        *,
        reason: Reason | None = None,
        model: str = "",
        seconds: float = 0.0,
        tokens: int = 0,
    ) -> Self:
        """A draft of a text that does not grow."""
        source = Transcript(text)
        return cls(source, source.length, state, reason=reason, model=model, seconds=seconds, tokens=tokens)

    @property
    def text(self) -> str:
        """The whole text so far. Made when it is asked for."""
        return self.source.read(self.length)

    def __eq__(self, other: object) -> bool:
        """Whether a reader would see the same; how the text is kept does not matter."""
        return isinstance(other, Draft) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        return self.text, self.state, self.reason, self.model, self.seconds, self.tokens
