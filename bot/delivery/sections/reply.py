"""A reply: the message, or the messages when it is long, that show one answer in a thread. Pure.

A page that is full is trimmed to its cut only when the message that goes on after it stands, so that no text
disappears in between. A page whose message can be edited no more gets a new one, in which the last text stands.
"""

import math
from dataclasses import dataclass, replace

from bot.delivery.fitting import Form
from bot.delivery.message import Message
from bot.delivery.outcomes import Loss
from bot.delivery.sections.buttons import Buttons
from bot.delivery.sections.layout import Layout
from bot.delivery.sections.section import Found, Section
from bot.engine.draft import Draft, State
from bot.engine.perspectives import Perspective
from bot.engine.reasons import Code, Reason
from bot.slack.blocks import ends_above, reply
from bot.slack.body import Body
from bot.slack.markup.pages import Page
from bot.texts.language import Language


@dataclass(frozen=True, slots=True)
class Part:
    """Which message of a run one is: of which perspective's answer, which page, and whether in place of a locked one.

    Its text is what the store and the messages' metadata know it by.
    """

    perspective: str
    page: int = 1
    is_anew: bool = False

    def __str__(self) -> str:
        page = "" if self.page == 1 else f" {self.page}"
        return f"{self.perspective}{page}{' anew' if self.is_anew else ''}"


class _Shown:
    """How a page is shown."""

    __slots__ = ("is_anew", "is_reviewed", "is_trimmed", "message")

    def __init__(self, part: Part) -> None:
        self.message = Message(str(part), can_wait=part.page == 1 and not part.is_anew)
        self.is_anew = part.is_anew
        self.is_trimmed = False  # whether its message shows no more than the page, or will
        self.is_reviewed = False  # whether what follows from the loss of its message is done

    @property
    def is_over(self) -> bool:
        """Whether nothing of it is shown any more."""
        return self.message.loss is not None


class Reply(Section):
    """Shows the drafts of one perspective's answer.

    Its placeholder is queued at once, unless it was found; what was found shows about what `draft` says. `place` says
    what it is in the thread, in mrkdwn, where that is not what its side does.
    """

    def __init__(
        self,
        perspective: Perspective,
        language: Language,
        draft: Draft | None = None,
        found: Found | None = None,
        *,
        place: str = "",
        buttons: Buttons | None = None,
    ) -> None:
        super().__init__()
        self.perspective = perspective
        self._language = language
        self._place = place
        self._buttons = buttons
        self.draft = draft or Draft()
        self._note_draft()
        self.is_over = False  # whether nobody can read the rest of the answer
        self._shown: list[_Shown] = []
        self._is_cut_off = False
        while found and self._take_over(found):
            pass
        self._layout = Layout(max(1, len(self._shown)))
        if not self._shown:
            self._add(Part(perspective.key)).queue()
        if self.draft.state.is_final:
            self._finish()

    @property
    def name(self) -> str:
        """What people know it by."""
        return self._language.side(self.perspective.key).name

    @property
    def placeholder(self) -> Message:
        """Its first message."""
        return self._shown[0].message

    @property
    def is_unread(self) -> bool:
        """Whether Slack took none of it, as far as anybody knows."""
        return self.placeholder.loss in {Loss.UNKNOWN, Loss.REFUSED}

    def show(self, draft: Draft) -> bool:
        """Take a newer draft, if that changes anything; the first final one is the last."""
        if draft is self.draft or self.draft.state.is_final:
            return False
        is_another_text = draft.source is not self.draft.source and self._layout.full(1) is not None
        self.draft = draft
        self._note_draft()
        if is_another_text:
            self._lay_out_anew()
        if draft.state.is_final:
            self._finish()
        else:
            self._shown[self._layout.growing - 1].message.grow()
        return True

    def stop(self, user: str) -> bool:
        """Have it end where it is, since `user` says so; what came stands. Whether it had not ended."""
        stopped = replace(self.draft, state=State.STOPPED, reason=Reason(Code.STOPPED_BY, {"user": user}))
        return self.show(stopped)

    def cut_off(self, reason: Reason) -> None:
        """Have it say, where it stands, that it goes no further: there is no time for what waits to be posted."""
        if self.draft.state.is_final:
            return
        self._is_cut_off = True
        while len(self._shown) > 1 and self._shown[-1].message.withdraw():
            self._shown.pop()
            self._layout.drop_last()
        self.show(replace(self.draft, state=State.INTERRUPTED, reason=reason))

    def review(self) -> None:
        """Trim pages that are gone on with, and end where the rest cannot be shown."""
        for number, shown in enumerate(self._shown, 1):
            if shown.is_over and not shown.is_reviewed:
                shown.is_reviewed = True
                self._note_loss(number, shown)
            if number > 1 and (shown.message.ts or shown.is_over):
                self._trim(number - 1)

    def body(self, message: Message, *, wait: float, room: float) -> Body | None:
        """What one of its messages should show now; None where what it has is shown by another."""
        number = next(number for number, shown in enumerate(self._shown, 1) if shown.message is message)
        self._cut_smaller(room)
        page = self._layout.full(number) or self._lay_out(room)
        if number == self._layout.growing:
            return self._show_last(page, number, wait)
        cut = self._layout.full(number)
        if cut is None:
            # It stands from a longer text, whose place a shorter one has taken.
            return ends_above(self.perspective, number, self._language) if self.draft.state.is_final else None
        if not self._shown[number - 1].is_trimmed:
            return None
        if self._shown[number].is_over:
            return self._show_last(cut, number, 0.0).over(message.shown)
        return reply(self.perspective, self.draft, cut, self._language, number=number, is_last=False, place=self._place)

    def _show_last(self, page: Page, number: int, wait: float) -> Body:
        """The page in which the answer ends, with its state and its buttons."""
        controls = self._buttons.under_answer(self.perspective.key, self.draft) if self._buttons else []
        return reply(
            self.perspective,
            self.draft,
            page,
            self._language,
            number=number,
            is_last=True,
            wait=wait,
            place=self._place,
            controls=controls,
        )

    def _note_draft(self) -> None:
        if self._buttons:
            self._buttons.note(self.perspective.key, self.draft)

    def _take_over(self, found: Found) -> bool:
        """Go on with the next of the messages that were found; whether there was one."""
        for is_anew in (True, False):
            part = Part(self.perspective.key, len(self._shown) + 1, is_anew)
            if str(part) in found.posts:
                found.adopt(self._add(part), shows_text=bool(self.draft.text))
                return True
        return False

    def _add(self, part: Part) -> Message:
        shown = _Shown(part)
        self._shown.append(shown)
        self.messages.append(shown.message)
        return shown.message

    def _finish(self) -> None:
        """Have every message show the last text that it will."""
        for number in range(self._layout.growing, len(self._shown) + 1):
            self._shown[number - 1].message.finish()
        for number, shown in enumerate(self._shown, 1):
            if self._is_locked(shown):
                self._post_anew(number, shown)

    def _is_locked(self, shown: _Shown) -> bool:
        """Whether its message stands and cannot be edited; one more is posted for it, and no third."""
        return shown.message.loss is Loss.LOCKED and not shown.is_anew

    def _post_anew(self, number: int, shown: _Shown) -> None:
        """Post a page as it will stay, in place of one that cannot be edited."""
        anew = _Shown(Part(self.perspective.key, number, is_anew=True))
        anew.is_trimmed = shown.is_trimmed
        anew.message.queue()
        anew.message.finish()
        self._shown[number - 1] = anew
        self.messages.append(anew.message)

    def _note_loss(self, number: int, shown: _Shown) -> None:
        if self._is_locked(shown):
            if self.draft.state.is_final:
                self._post_anew(number, shown)
            return
        codes = {Loss.DELETED: Code.REPLY_DELETED, Loss.UNKNOWN: Code.POST_UNANSWERED}
        reason = Reason(codes.get(shown.message.loss or Loss.REFUSED, Code.POST_REFUSED))
        if self.draft.state.is_final:
            # It is whole, but nobody can see it so.
            self.draft = replace(self.draft, state=State.INTERRUPTED, reason=reason)
            self._note_draft()
        else:
            self.cut_off(reason)
        self.is_over = True

    def _lay_out_anew(self) -> None:
        """Take the pages' cuts back: another text is to be shown in the messages that stand."""
        self._layout.take_back()
        for shown in self._shown:
            shown.is_trimmed = False
            if not shown.is_over:
                shown.message.reopen()

    def _room(self, number: int, room: float) -> float:
        """How many bytes a page may have: no more than was refused, of it or another; no less than what it shows."""
        # What was refused in every size was refused for something else.
        rooms = (one.message.fitting.room for one in self._shown if one.message.fitting.form is Form.MARKDOWN)
        if number > len(self._shown):
            return min(room, *rooms, math.inf)
        message = self._shown[number - 1].message
        shown = message.shown.weight if message.shown else 0
        return min(message.fitting.room, max(min(room, *rooms, math.inf), shown))

    def _cut_smaller(self, room: float) -> None:
        """Take back the cuts from the first page on that is not shown yet and is longer than Slack takes."""

        def most(number: int) -> float:
            is_bare = self._shown[number - 1].message.fitting.form is Form.BARE
            return math.inf if is_bare else self._room(number, room)

        first = self._layout.too_long(most)
        if first is None:
            return
        self._layout.take_back(first)
        for number, shown in enumerate(self._shown[first - 1 :], first):
            shown.is_trimmed = False
            if number > first and shown.message.is_last:
                shown.message.reopen()

    def _lay_out(self, room: float) -> Page:
        """Cut the text into pages as far as it goes, with a message for each; return the page in which it ends."""
        before = self._layout.growing
        page = self._layout.lay_out(
            self.draft.text, lambda number: self._room(number, room), opens_pages=not self._is_cut_off
        )
        for number in range(before + 1, self._layout.growing + 1):
            following = self._open(number)
            if self.draft.state.is_final:
                following.finish()
            if self._shown[number - 2].message.ts is None or following.ts is not None or following.loss:
                self._trim(number - 1)
        return page

    def _open(self, number: int) -> Message:
        """The message of a page to which the text has come."""
        if number > len(self._shown):
            self._add(Part(self.perspective.key, number))
        message = self._shown[number - 1].message
        if message.is_unposted:
            message.queue()
        return message

    def _trim(self, number: int) -> None:
        """Have a page that is full cut to its length: what goes on after it stands, or never will."""
        shown = self._shown[number - 1]
        if self._layout.full(number) is not None and not shown.is_trimmed:
            shown.is_trimmed = True
            shown.message.finish()
