"""What is written of one run: its ledger, which the run and its messages write into."""

from collections.abc import Callable

from bot.durable.holdings import Holdings
from bot.durable.record import WITHDRAWN, Outcome
from bot.durable.turns import Turns
from bot.durable.unsaved import Unsaved
from bot.engine.draft import Draft
from bot.texts.language import Language

EDIT_TIMEOUT = 0.25  # seconds that an edit waits for the database: its text is there, and gets no younger


class Entry:
    """The ledger of the run `key`; `clock` gives seconds since 1970."""

    def __init__(
        self, key: str, unsaved: Unsaved, holdings: Holdings, turns: Turns, *, clock: Callable[[], float]
    ) -> None:
        self.key = key
        self._unsaved = unsaved
        self._holdings = holdings
        self._turns = turns
        self._clock = clock

    @property
    def is_kept(self) -> bool:
        """Whether another process could go on with the run."""
        return self._holdings.is_kept(self.key)

    async def record_intent(self, part: str) -> bool:
        """Write down that a message is about to be posted; return when that is safe, or is not to be had.

        Whether it may be posted: not where that could not be written, and another may go on with the run soon. It
        would post the message once more.
        """
        self._unsaved.note_post(self.key, part, None)
        is_written = self.is_kept and await self._turns.written()
        return is_written or not self._holdings.may_be_taken(self.key)

    def not_posted(self, part: str) -> None:
        """Note that it was not posted."""
        self._unsaved.note_post(self.key, part, WITHDRAWN)
        self._turns.wake()

    def posted(self, part: str, ts: str) -> None:
        """Note that it stands."""
        self._unsaved.note_post(self.key, part, ts)
        self._turns.wake()

    def save_draft(self, name: str, draft: Draft) -> None:
        """Note an answer's newest draft. It is written with the next edit, or at once if it is the last."""
        self._unsaved.note_draft(self.key, name, draft)
        if draft.state.is_final:
            self._turns.wake()

    def note_material(self, text: str) -> None:
        """Note what the run's thread had said: whoever goes on with the run does not read it again."""
        self._unsaved.note_material(self.key, text)
        self._turns.wake()

    def note_language(self, language: Language) -> None:
        """Note in which language the run is spoken of: whoever goes on with it speaks the same."""
        self._unsaved.note_language(self.key, language)
        self._turns.wake()

    async def record_edit(self, part: str) -> None:
        """Write down that an edit is about to be sent, and the run's newest drafts, of which it shows one.

        What people have seen is then there for whoever goes on with the run.
        """
        self._unsaved.note_edit(self.key, part, self._clock())
        if self.is_kept:
            await self._turns.written(EDIT_TIMEOUT)

    def edit_answered(self, part: str) -> None:
        """Note that no edit of a message is under way any more."""
        self._unsaved.note_edit_answered(self.key, part)
        self._turns.wake()

    def end(self, outcome: Outcome) -> None:
        """Note that the run has ended: nobody need claim it."""
        self._holdings.end(self.key, outcome)
        self._turns.wake()
