"""A thread on a board, for tests of what is delivered: messages of any text, and replies."""

from collections.abc import Callable

from bot.delivery.board import Board
from bot.delivery.message import Message
from bot.delivery.needs import Ledger
from bot.delivery.sections.reply import Reply
from bot.delivery.sections.section import Found, Section
from bot.delivery.thread import Thread
from bot.engine.draft import Draft
from bot.engine.perspectives import Perspective
from bot.engine.reasons import Reason
from bot.slack.body import Body
from bot.texts.en import ENGLISH


class Text:
    """What a message shows, changeable."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __call__(self, _: Message) -> Body:
        return Body(self.text, [{"type": "markdown", "text": self.text}])


class Texts(Section):
    """Messages that show what they are told, None where there is nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.contents: dict[Message, Callable[[Message], Body | None]] = {}

    def body(self, message: Message, *, wait: float, room: float) -> Body | None:
        return self.contents[message](message)


class Stage:
    """Opens a thread, and has the board look at it after each change."""

    def __init__(self, board: Board, ledger: Ledger, channel: str, ts: str | None = None) -> None:
        self.board = board
        self.texts = Texts()
        self.sections: list[Section] = [self.texts]
        self.thread = Thread(ledger.key, channel, ts, sections=self.sections)
        board.open(self.thread, ledger)

    def post(self, text: str) -> tuple[Message, Text]:
        """Queue a message that is known by its first text."""
        content = Text(text)
        return self.add(text, content), content

    def add(
        self,
        part: str,
        content: Callable[[Message], Body | None],
        *,
        found: Found | None = None,
        is_index: bool = False,
    ) -> Message:
        """Queue a message, unless it was found."""
        message = Message(part, is_index=is_index)
        if not (found and found.adopt(message, shows_text=True)):
            message.queue()
        self.texts.contents[message] = content
        self.texts.messages.append(message)
        self.board.look(self.thread)
        return message

    def reply(self, perspective: Perspective) -> Reply:
        """Queue a placeholder."""
        reply = Reply(perspective, ENGLISH)
        self.sections.append(reply)
        self.board.look(self.thread)
        return reply

    def grow(self, message: Message) -> None:
        message.grow()
        self.board.look(self.thread)

    def finish(self, message: Message) -> None:
        message.finish()
        self.board.look(self.thread)

    def show(self, reply: Reply, draft: Draft) -> None:
        reply.show(draft)
        self.board.look(self.thread)

    def cut_off(self, reply: Reply, reason: Reason) -> None:
        reply.cut_off(reason)
        self.board.look(self.thread)

    async def stands(self, *messages: Message) -> None:
        self.thread.check()
        while not self.thread.stands(messages):
            await self.board.changed(self.thread)

    async def settle(self) -> None:
        await self.board.settle(self.thread)

    async def outlast(self) -> None:
        await self.board.outlast(self.thread)

    def close(self) -> None:
        self.board.close(self.thread)
