"""The parent: the message that opens a thread with the problem, and becomes the answers' index in the end. Pure."""

from collections.abc import Sequence

from bot.delivery.message import Message
from bot.delivery.reply import Reply
from bot.delivery.section import Found, Section
from bot.slack import blocks
from bot.slack.blocks import Body
from bot.texts.language import Language

PART = "parent"  # what it is known by within its run


class Parent(Section):
    """The parent of the thread in which `replies` answer `user`'s problem; queued at once, unless it was found."""

    def __init__(
        self, problem: str, user: str, language: Language, replies: Sequence[Reply], found: Found | None = None
    ) -> None:
        super().__init__()
        self.message = Message(PART, is_index=True)
        self.messages.append(self.message)
        self._problem = problem
        self._user = user
        self._language = language
        self._replies = replies
        if not (found and found.adopt(self.message, shows_text=True)):
            self.message.queue()

    def finish(self) -> None:
        """Have it show the index."""
        self.message.finish()

    def body(self, message: Message, *, wait: float, room: float) -> Body | None:  # noqa: ARG002 - it grows once, and is cut smaller by itself
        """The problem, and under it the answers' index once all have ended."""
        below = message.fitting.refused_size
        if not self._replies or not all(reply.draft.state.is_final for reply in self._replies):
            return blocks.parent(self._problem, self._user, self._language, below=below)
        answers = [(reply.perspective, reply.draft) for reply in self._replies]
        return blocks.index(self._problem, self._user, answers, self._language, below=below, over=message.shown)
