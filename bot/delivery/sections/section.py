"""What a thread consists of: the parent, and a reply for each answer. Pure."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf

from bot.delivery.message import Message
from bot.slack.body import Body


@dataclass(frozen=True, slots=True)
class Found:
    """What another process has left of a run: where its messages stand (None: perhaps), and what may happen yet.

    Keys are the messages' parts. A post that is in doubt may be carried out until `posted_until`, an edit until its
    message's `edited_until`; times are those that the board knows.
    """

    posts: Mapping[str, str | None] = field(default_factory=dict)
    posted_until: float = -inf
    edited_until: Mapping[str, float] = field(default_factory=dict)

    def adopt(self, message: Message, *, shows_text: bool) -> bool:
        """Have a message stand where it does, or be in doubt; whether it was among them."""
        if message.part not in self.posts:
            return False
        message.adopt(
            self.posts[message.part],
            shows_text=shows_text,
            pending_until=self.posted_until,
            edited_until=self.edited_until.get(message.part, -inf),
        )
        return True


class Section(ABC):
    """The messages of a thread that belong together; those that are queued are posted in this order."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    @abstractmethod
    def body(self, message: Message, *, wait: float, room: float) -> Body | None:
        """What a message should show now; None where it has nothing to show that is not shown elsewhere.

        Edits of an answer are `wait` seconds apart, and no message should have more than `room` bytes of text. It may
        queue further messages.
        """

    def review(self) -> None:  # noqa: B027 - most have nothing to do
        """Do what follows from what has become of its messages."""
