"""The parent: the message that opens a thread with the problem, and becomes the answers' index in the end. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.delivery.message import Message
from bot.delivery.sections.buttons import Buttons
from bot.delivery.sections.reply import Reply
from bot.delivery.sections.section import Found, Section
from bot.engine.draft import Draft, State
from bot.engine.perspectives import Perspective
from bot.slack import blocks
from bot.slack.body import Body
from bot.texts.language import Language

PART = "parent"  # what it is known by within its run


@dataclass(frozen=True, slots=True)
class Standing:
    """An answer that stands, and is not gone on with."""

    perspective: Perspective
    draft: Draft


Line = Reply | Standing  # what the index has a line of


class Parent(Section):
    """The parent of a thread about `user`'s problem, whose index has `lines`; queued at once, unless it was found.

    `lead` is what draws the others together. One that `is_index` shows its lines from the beginning: their answers were
    whole before.
    """

    def __init__(
        self,
        problem: str,
        user: str,
        language: Language,
        lines: Sequence[Line],
        found: Found | None = None,
        *,
        buttons: Buttons | None = None,
        lead: Line | None = None,
        is_index: bool = False,
    ) -> None:
        super().__init__()
        self.message = Message(PART, is_index=True)
        self.messages.append(self.message)
        self._problem = problem
        self._user = user
        self._language = language
        self._lines = lines
        self._buttons = buttons
        self._lead = lead
        self._is_index = is_index
        if not (found and found.adopt(self.message, shows_text=True)):
            self.message.queue()

    def grow(self) -> None:
        """Have it show what its lines come to, before they have ended."""
        self.message.grow()

    def finish(self) -> None:
        """Have it show the index."""
        self.message.finish()

    def body(self, message: Message, *, wait: float, room: float) -> Body | None:  # noqa: ARG002 - it grows once, and is cut smaller by itself
        """The problem, and under it the answers' index once all have ended."""
        below = message.fitting.refused_size
        controls = self._buttons.under_parent() if self._buttons else []
        is_over = bool(self._lines) and all(line.draft.state.is_final for line in self._lines)
        if not (is_over or self._is_index):
            return blocks.parent(self._problem, self._user, self._language, controls=controls, below=below)
        lead = (self._lead.perspective, self._lead.draft) if self._lead and _is_whole(self._lead) else None
        return blocks.index(
            self._problem,
            self._user,
            [(line.perspective, line.draft) for line in self._lines],
            self._language,
            lead=lead,
            controls=controls,
            below=below,
            over=message.shown,
        )


def _is_whole(line: Line) -> bool:
    return line.draft.state is State.DONE
