"""A run as the page and the API know it: a problem, its answers as they stand, and who reads them.

It conflates, as everything behind `merge` does: a reader is woken and finds the newest drafts, however many it missed.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from bot.engine.conversation.followups import Kind
from bot.engine.draft import Draft, State
from bot.engine.perspectives import Perspective
from bot.engine.reasons import Reason
from bot.texts.language import Language


@dataclass(eq=False, slots=True, kw_only=True)
class Run:
    """One question and its answers, `drafts`, in the order of its `perspectives`.

    What goes on with a run has that one as its `root`, is named in that one's `further`, and has as its `problem` what
    somebody has added. `party` is whose it is, by whom limits are counted. It goes on for `linger` seconds when its
    last reader has left.
    """

    id: str
    problem: str = field(repr=False)
    language: Language = field(repr=False)
    perspectives: Sequence[Perspective] = field(repr=False)
    party: str
    begun_at: float
    linger: float = 0.0
    kind: Kind = Kind.PERSPECTIVES
    root: "Run | None" = field(default=None, repr=False)
    further: list["Run"] = field(default_factory=list, repr=False)
    drafts: list[Draft] = field(init=False, repr=False)
    ended_at: float | None = None
    is_broken: bool = False  # by a fault of ours
    readers: set[asyncio.Event] = field(default_factory=set, repr=False)

    def __post_init__(self) -> None:
        self.drafts = [Draft() for _ in self.perspectives]

    @property
    def is_over(self) -> bool:
        """Whether nothing follows."""
        return self.ended_at is not None

    @property
    def length(self) -> int:
        """How many characters its answers have."""
        return sum(draft.length for draft in self.drafts)

    def note(self, newest: Sequence[Draft | None]) -> None:
        """Have the drafts of all answers, None for one that has none yet, and wake who reads them."""
        self.drafts = [draft or old for draft, old in zip(newest, self.drafts, strict=True)]
        self._wake()

    def end(self, now: float, state: State, reason: Reason | None) -> None:
        """Note that nothing follows: what is not whole by now is in that state, for that reason."""
        self.ended_at = now
        self.drafts = [
            draft if draft.state.is_final else replace(draft, state=state, reason=reason, seconds=now - self.begun_at)
            for draft in self.drafts
        ]
        self._wake()

    @contextmanager
    def wake(self, news: asyncio.Event) -> Iterator[None]:
        """Set `news` whenever a draft is newer, within the block."""
        self.readers.add(news)
        try:
            yield
        finally:
            self.readers.discard(news)

    def _wake(self) -> None:
        for news in self.readers:
            news.set()
