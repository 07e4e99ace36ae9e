"""What one message is sent as: in which form and in which size, by what Slack has refused of it. Pure.

What Slack refuses for its size is sent smaller; what cannot be made smaller, or is refused for its form, is sent
plainer. What is refused for its form and has buttons is sent without them before: words count for more. Nothing is sent
twice unchanged.
"""

import math
from dataclasses import dataclass
from enum import Enum, IntEnum

from bot.slack.body import Body

LEAST = 400  # bytes of text; what Slack refuses of no more than that, it does not refuse for its size
MOST_HALVINGS = 5  # of a message that is too long: from 36,000 bytes, a full page of Japanese, to 1,100
MOST_DOUBTFUL = 2  # of one of which Slack does not say whether it is too long
LESSON = 3_600.0  # seconds for which a size that was refused is kept to in the workspace; the limit moves


class Form(IntEnum):
    """What a message is sent as, and what it is sent as once Slack has refused that."""

    MARKDOWN = 0
    PLAIN = 1  # the same words, with nothing in them to be parsed
    BARE = 2  # what it is and its state, over the text that stands there already


class Controls(Enum):
    """What is known of a message's buttons."""

    SENT = "sent"  # nothing: they are sent
    LEFT_OUT = "left out"  # they may be what Slack has refused
    CLEARED = "cleared"  # Slack has refused the message without them too, so they are sent


@dataclass(slots=True)
class Lesson:
    """How many bytes of text a message of the workspace may show, by what was refused of late."""

    _room: float = math.inf
    _until: float = -math.inf

    def room(self, now: float) -> float:
        """Bytes; infinity where nothing was refused within the hour."""
        return self._room if now < self._until else math.inf

    def learn(self, room: float, now: float) -> None:
        """Note that more than that was refused."""
        self._room, self._until = min(self.room(now), room), now + LESSON

    def forget(self) -> None:
        """Note that it was not the size, or that there is no size that helps."""
        self._until = -math.inf


@dataclass(slots=True)
class Fitting:
    """The form and the size of one message."""

    form: Form = Form.MARKDOWN
    room: float = math.inf  # bytes of text that it should not exceed
    refused_size: float = math.inf  # bytes of the smallest text that Slack has refused
    _refused_form: Form = Form.MARKDOWN  # in which it did
    _halvings: int = 0  # how often it was made smaller in this form
    _controls: Controls = Controls.SENT

    def dress(self, body: Body, shown: Body | None, *, is_known: bool) -> Body | None:
        """The message in the form that is left to it, over what is `shown`; None where there is none left.

        Over a text that stands and is not known, the barest form would take it away.
        """
        sent = self._in_form(body, shown)
        # What cannot be made smaller is made plainer; what has no Markdown is plain already.
        while self._was_refused(sent) or (self.form is Form.PLAIN and body.has_text and not body.size):
            if self.form is Form.PLAIN and not is_known:
                return None
            self._make_plainer()
            sent = self._in_form(body, shown)
        return sent

    def refuse(
        self, body: Body, shown: Body | None, lesson: Lesson, now: float, *, is_for_size: bool, is_known: bool
    ) -> bool:
        """Note that Slack has refused `body` as it was sent; whether there is a form left to be tried."""
        if self.form is Form.BARE:
            return False
        if not is_for_size and self._controls is Controls.SENT and body.has_buttons:
            self._controls = Controls.LEFT_OUT
            return True
        if not is_for_size and self._controls is Controls.LEFT_OUT:
            self._controls = Controls.CLEARED
        most = MOST_HALVINGS if is_for_size else MOST_DOUBTFUL
        if body.weight > LEAST and self._halvings < most and (is_for_size or self.form is Form.MARKDOWN):
            # What is shown of it already was not too long, if it was less.
            standing = shown.weight if shown else 0
            self.room = max(body.weight // 2, LEAST, standing if standing < body.weight else 0)
            self.refused_size, self._refused_form = body.weight, self.form
            self._halvings += 1
            if is_for_size:
                lesson.learn(self.room, now)
            return True
        if is_for_size:
            lesson.forget()
        else:
            self.room = self.refused_size = math.inf
        self._make_plainer()
        return self.form < Form.BARE or is_known

    def _in_form(self, body: Body, shown: Body | None) -> Body:
        if self._controls is Controls.LEFT_OUT:
            body = body.unbuttoned()
        match self.form:
            case Form.MARKDOWN:
                return body
            case Form.PLAIN:
                return body.plainer()
            case Form.BARE:
                return body.barest(shown)

    def _was_refused(self, body: Body) -> bool:
        """Whether Slack has refused as much in this form."""
        is_form = self.form is self._refused_form and self.form is not Form.BARE
        return is_form and body.weight >= self.refused_size

    def _make_plainer(self) -> None:
        self.form = Form(self.form + 1)
        self._halvings = 0
