"""What delivering a run needs of others."""

from collections.abc import Callable
from typing import Protocol

from bot.engine.draft import Draft
from bot.slack.api import Mark
from bot.slack.body import Body

Clock = Callable[[], float]
"""Tells the time, in seconds."""


class SlackCalls(Protocol):
    """Slack's calls about messages: `slack.api`. All methods raise `SlackError` or `TokenRefusedError`."""

    async def post(self, channel: str, body: Body, thread_ts: str | None, mark: Mark) -> str:
        """Post a message, under `thread_ts` if there is one, and return its timestamp."""

    async def find(self, channel: str, thread_ts: str | None, mark: Mark) -> str | None:
        """The timestamp of the message that was posted with `mark`, if it was."""

    async def edit(self, channel: str, ts: str, body: Body) -> None:
        """Replace a message."""


class Ledger(Protocol):
    """Who writes down what becomes of a run, in case this process does not live to know: an entry of the journal."""

    @property
    def key(self) -> str:
        """What the run is known by."""

    async def record_intent(self, part: str) -> bool:
        """Write down that a message is about to be posted; return when that is safe, or is not to be had.

        Whether it may be posted: not where that could not be written, and another process would post it once more.
        """

    def not_posted(self, part: str) -> None:
        """Note that it was not posted."""

    def posted(self, part: str, ts: str) -> None:
        """Note that it stands."""

    def save_draft(self, name: str, draft: Draft) -> None:
        """Note an answer's newest draft."""

    async def record_edit(self, part: str) -> None:
        """Write down that an edit is about to be sent, and what it shows; return when it is, or that takes long."""

    def edit_answered(self, part: str) -> None:
        """Note that no edit of a message is under way any more."""
