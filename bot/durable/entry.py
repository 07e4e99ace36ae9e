"""What is written of one run: its ledger, which the run and its messages write into."""

from typing import Protocol

from bot.durable.record import WITHDRAWN, Outcome
from bot.durable.sharing.company import Company
from bot.durable.unsaved import Unsaved
from bot.engine.draft import Draft
from bot.texts.language import Language

EDIT_TIMEOUT = 0.25  # seconds that an edit waits for the database: its text is there, and gets no younger


class Writer(Protocol):
    """Who writes it down: `durable.journal.Journal`."""

    unsaved: Unsaved
    company: Company

    def clock(self) -> float:
        """Seconds since 1970."""

    def is_kept(self, key: str) -> bool:
        """Whether another process could go on with a run."""

    def end(self, key: str, outcome: Outcome) -> None:
        """Note that a run has ended."""

    def wake(self) -> None:
        """Have what is unsaved written soon."""

    async def written(self, timeout: float = ...) -> bool:
        """Wait until everything so far is written, for so many seconds at the longest; whether it is."""


class Entry:
    """What is written of one run: its ledger."""

    def __init__(self, journal: Writer, key: str) -> None:
        self.key = key
        self._journal = journal

    @property
    def is_kept(self) -> bool:
        """Whether another process could go on with the run."""
        return self._journal.is_kept(self.key)

    async def record_intent(self, part: str) -> bool:
        """Write down that a message is about to be posted; return when that is safe, or is not to be had.

        Whether it may be posted: not where that could not be written, and another may go on with the run soon. It
        would post the message once more.
        """
        self._journal.unsaved.note_post(self.key, part, None)
        is_written = self.is_kept and await self._journal.written()
        return is_written or not self._journal.company.may_be_taken(self.key)

    def not_posted(self, part: str) -> None:
        """Note that it was not posted."""
        self._journal.unsaved.note_post(self.key, part, WITHDRAWN)
        self._journal.wake()

    def posted(self, part: str, ts: str) -> None:
        """Note that it stands."""
        self._journal.unsaved.note_post(self.key, part, ts)
        self._journal.wake()

    def save_draft(self, name: str, draft: Draft) -> None:
        """Note an answer's newest draft. It is written with the next edit, or at once if it is the last."""
        self._journal.unsaved.note_draft(self.key, name, draft)
        if draft.state.is_final:
            self._journal.wake()

    def note_material(self, text: str) -> None:
        """Note what the run's thread had said: whoever goes on with the run does not read it again."""
        self._journal.unsaved.note_material(self.key, text)
        self._journal.wake()

    def note_language(self, language: Language) -> None:
        """Note in which language the run is spoken of: whoever goes on with it speaks the same."""
        self._journal.unsaved.note_language(self.key, language)
        self._journal.wake()

    async def record_edit(self, part: str) -> None:
        """Write down that an edit is about to be sent, and the run's newest drafts, of which it shows one.

        What people have seen is then there for whoever goes on with the run.
        """
        self._journal.unsaved.note_edit(self.key, part, self._journal.clock())
        if self.is_kept:
            await self._journal.written(EDIT_TIMEOUT)

    def edit_answered(self, part: str) -> None:
        """Note that no edit of a message is under way any more."""
        self._journal.unsaved.note_edit_answered(self.key, part)
        self._journal.wake()

    def end(self, outcome: Outcome) -> None:
        """Note that the run has ended: nobody need claim it."""
        self._journal.end(self.key, outcome)
