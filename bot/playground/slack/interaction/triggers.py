"""Trigger ids: each lets its app show a form to the person who did something, once, and only at once. Pure."""

import re
import uuid
from dataclasses import dataclass

LIFETIME = 3.0  # seconds from the sending; documented
REMEMBERED = 60.0  # seconds; one that expired longer ago is as unknown as one that was made up
FORM = re.compile(r"[0-9]+\.[0-9]+\.[0-9a-f]+")


class TriggerError(Exception):
    """A trigger id that opens nothing; the message is Slack's word for the reason."""


@dataclass(slots=True)
class _Trigger:
    user: str
    expires_at: float
    is_used: bool = False


class Triggers:
    """The trigger ids of one app; `now` is the running loop's time."""

    def __init__(self) -> None:
        self._triggers: dict[str, _Trigger] = {}

    def issue(self, user: str, now: float) -> str:
        """Return the id that goes along with what `user` does now."""
        while self._triggers and next(iter(self._triggers.values())).expires_at + REMEMBERED <= now:
            del self._triggers[next(iter(self._triggers))]
        trigger_id = f"1.1.{uuid.uuid4().hex}"
        self._triggers[trigger_id] = _Trigger(user, now + LIFETIME)
        return trigger_id

    def exchange(self, trigger_id: str, now: float) -> str:
        """Return whom a form may be shown to; the id is used up by that.

        Raises:
            TriggerError: it is unknown, used or too old.
        """
        trigger = self._triggers.get(trigger_id) if FORM.fullmatch(trigger_id) else None
        if trigger is None:
            raise TriggerError("invalid_trigger_id")
        if trigger.is_used:
            raise TriggerError("exchanged_trigger_id")
        if now >= trigger.expires_at:
            raise TriggerError("expired_trigger_id")
        trigger.is_used = True
        return trigger.user
