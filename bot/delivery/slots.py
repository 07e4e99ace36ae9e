"""Which messages the schedule of edits knows, by thread: those that stand, and do not show their last text. Pure."""

from bot.delivery.message import Message
from bot.delivery.outcomes import Ending
from bot.delivery.schedules.edits import EditSchedule
from bot.delivery.thread import Thread


class Slots:
    """Hands on to a schedule what there is to show."""

    def __init__(self, edits: EditSchedule) -> None:
        self._edits = edits
        self._known: dict[Thread, set[Message]] = {}

    def follow(self, thread: Thread, now: float) -> bool:
        """Hand on what is new in a thread; whether that is news to the schedule."""
        known = self._known.setdefault(thread, set())
        is_news = False
        for message in thread.standing:
            slot = (thread, message)
            if message not in known and (message.has_news or message.ending is not Ending.SHOWN):
                known.add(message)
                self._edits.watch(slot, now, shows_text=message.shows_text, is_index=message.is_index)
            if message.has_news:
                message.hand_on()
                if message.is_last:
                    self._edits.finish(slot, now)
                    is_news = True
                elif self._edits.grow(slot, now):
                    is_news = True
        for message in [one for one in known if one.loss]:
            self._edits.forget((thread, message))
            known.discard(message)
        return is_news

    def skip(self, thread: Thread, message: Message) -> None:
        """Note that a message has nothing to send: what it has is shown elsewhere."""
        if message in self._known.get(thread, ()) and not message.loss:
            self._edits.skip((thread, message))

    def land(self, thread: Thread, message: Message, now: float) -> None:
        """Note that an edit has landed; if it shows the last text, the schedule knows the message no more."""
        if self._edits.land((thread, message), now):
            self._known.get(thread, set()).discard(message)

    def close(self, thread: Thread) -> None:
        """Let go of a thread."""
        for message in self._known.pop(thread, ()):
            self._edits.forget((thread, message))
