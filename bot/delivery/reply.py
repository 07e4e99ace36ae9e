"""A reply: the message, or the messages when it is long, that show one answer in a thread.

The text is cut into pages as it grows. A cut, once made, stays: a page that is full is never laid out again, unless
another text takes the place of the one that was cut, or Slack refuses it for its size. It is trimmed to its cut only
when the message that goes on after it stands, so that no text disappears in between.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from bot.delivery.thread import Form, Loss, Message, Thread
from bot.engine.draft import Draft, State
from bot.engine.perspectives import Perspective
from bot.engine.reasons import Code, Reason
from bot.slack.blocks import Body, ends_above, reply
from bot.slack.fences import Fence
from bot.slack.markdown import Page, fit, octets

ANEW = " anew"  # the end of the part of a message that stands for one which could be edited no more


class _Leaf:
    """One page of a reply, and its message."""

    __slots__ = ("fence", "is_locked", "is_trimmed", "message", "number", "page", "start")

    def __init__(self, number: int, start: int, fence: Fence | None) -> None:
        self.number = number
        self.start = start
        self.fence = fence
        self.page: Page | None = None  # once the text goes on in the next one
        self.is_trimmed = False  # whether the message shows `page`, or will
        self.is_locked = False  # whether its message cannot be edited: the last text goes into a new one
        self.message: Message


class Reply:
    """Shows the drafts of one perspective's answer in a thread.

    Its placeholder is asked for at once, unless `posts` has it: those of its messages that another process has posted,
    by their parts, with their timestamps, None where nobody knows whether one was; they show about what `draft` says.
    `on_over` is called when nobody can read the rest of the answer.
    """

    def __init__(
        self,
        thread: Thread,
        perspective: Perspective,
        *,
        draft: Draft | None = None,
        posts: Mapping[str, str | None] | None = None,
        on_over: Callable[[], None] = lambda: None,
    ) -> None:
        self.perspective = perspective
        self.draft = draft or Draft()
        self.on_over = on_over
        self._thread = thread
        self._leaves: list[_Leaf] = []
        self._is_cut_off = False
        for part, ts in _own(perspective, posts or {}):
            leaf = self._add_leaf()
            leaf.message.part = part
            thread.adopt(leaf.message, ts, shows_text=bool(self.draft.text))
        if not self._leaves:
            thread.post(self._add_leaf().message)
        if self.draft.state.is_final:
            self._finish()

    @property
    def placeholder(self) -> Message:
        """Its first message."""
        return self._leaves[0].message

    @property
    def is_lost(self) -> bool:
        """Whether Slack took none of it, as far as anybody knows."""
        return self.placeholder.loss in {Loss.UNKNOWN, Loss.REFUSED}

    def show(self, draft: Draft) -> None:
        """Take a newer draft. The first final one is the last."""
        if draft is self.draft or self.draft.state.is_final:
            return
        is_another_text = draft.source is not self.draft.source and self._leaves[0].page is not None
        self.draft = draft
        if is_another_text:
            self._lay_out_anew()
        if draft.state.is_final:
            self._finish()
        else:
            self._growing.message.grow()

    def cut_off(self, reason: Reason) -> None:
        """Have it say, where it stands, that it goes no further: there is no time for what waits to be posted."""
        if self.draft.state.is_final:
            return
        self._is_cut_off = True
        while len(self._leaves) > 1 and self._thread.withdraw(self._leaves[-1].message):
            self._leaves.pop()
            self._leaves[-1].page = None
        self.show(replace(self.draft, state=State.INTERRUPTED, reason=reason))

    @property
    def _growing(self) -> _Leaf:
        """The leaf in which the text ends, as far as it was laid out."""
        return next((leaf for leaf in self._leaves if leaf.page is None), self._leaves[-1])

    def _finish(self) -> None:
        """Have every message show the last text that it will."""
        growing = self._growing
        for leaf in self._leaves:
            if leaf.number >= growing.number or leaf.is_locked:
                self._finish_leaf(leaf)

    def _finish_leaf(self, leaf: _Leaf) -> None:
        if leaf.is_locked:
            # One more, in which the last text stands; it is posted as it will stay.
            leaf.is_locked = False
            part = leaf.message.part + ANEW
            leaf.message = self._message(leaf, part)
            self._thread.post(leaf.message)
        leaf.message.finish()

    def _add_leaf(self, start: int = 0, fence: Fence | None = None) -> _Leaf:
        leaf = _Leaf(len(self._leaves) + 1, start, fence)
        leaf.message = self._message(leaf, _part(self.perspective, leaf.number))
        self._leaves.append(leaf)
        return leaf

    def _message(self, leaf: _Leaf, part: str) -> Message:
        def on_lost(loss: Loss) -> None:
            if leaf.message is message:
                self._note_loss(leaf, loss)

        message = Message(
            self._thread, part, lambda: self._body(leaf), on_placed=lambda: self._trim_before(leaf), on_lost=on_lost
        )
        return message

    def _note_loss(self, leaf: _Leaf, loss: Loss) -> None:
        if loss is Loss.LOCKED and not leaf.message.part.endswith(ANEW):
            leaf.is_locked = True
            if self.draft.state.is_final:
                self._finish_leaf(leaf)
            return
        code = {Loss.DELETED: Code.REPLY_DELETED, Loss.UNKNOWN: Code.POST_UNANSWERED}.get(loss, Code.POST_REFUSED)
        reason = Reason(code)
        if self.draft.state.is_final:
            # It is whole, but nobody can see it so.
            self.draft = replace(self.draft, state=State.INTERRUPTED, reason=reason)
        else:
            self.cut_off(reason)
        self._trim_before(leaf)
        self.on_over()

    def _lay_out_anew(self) -> None:
        """Take the pages' cuts back: another text is to be shown in the messages that stand."""
        for leaf in self._leaves:
            leaf.page = None
            leaf.is_trimmed = False
            if not leaf.message.is_lost:
                leaf.message.reopen()

    def _room(self, leaf: _Leaf) -> float:
        """How many bytes a page may have: no more than was refused, of it or another; no less than what it shows."""
        # What was refused in every size was refused for something else.
        rooms = (one.message.room for one in self._leaves if one.message.form is Form.MARKDOWN)
        shown = leaf.message.shown.weight if leaf.message.shown else 0
        return min(leaf.message.room, max(min(self._thread.wall.room, *rooms, math.inf), shown))

    def _cut_smaller(self) -> None:
        """Take back the cuts from the first page on that is not shown yet and is longer than Slack takes."""
        for leaf in self._leaves:
            if leaf.page and leaf.message.form is not Form.BARE and octets(leaf.page.markdown) > self._room(leaf):
                for later in self._leaves[leaf.number - 1 :]:
                    later.page = None
                    later.is_trimmed = False
                    if later is not leaf and later.message.is_last:
                        later.message.reopen()
                return

    def _lay_out(self) -> Page:
        """Cut the text into pages as far as it goes, with a message for each; return the page in which it ends."""
        while True:
            leaf = self._growing
            page = fit(self.draft.text, leaf.start, leaf.fence, room=self._room(leaf))
            if page.end == len(self.draft.text) or self._is_cut_off:
                return page
            leaf.page = page
            if leaf.number == len(self._leaves):
                following = self._add_leaf(page.end, page.fence)
                self._thread.post(following.message)
            else:
                following = self._leaves[leaf.number]
                following.start, following.fence = page.end, page.fence
            if self.draft.state.is_final:
                self._finish_leaf(following)
            if leaf.message.ts is None or following.message.ts is not None or following.message.is_lost:
                _trim(leaf)

    def _body(self, leaf: _Leaf) -> Body | None:
        self._cut_smaller()
        page = self._lay_out() if leaf.page is None else leaf.page
        if leaf is self._growing:
            wait = self._thread.wall.wait
            return reply(self.perspective, self.draft, page, number=leaf.number, is_last=True, wait=wait)
        if leaf.page is None:
            # It stands from a longer text, whose place a shorter one has taken.
            return ends_above(self.perspective, leaf.number) if self.draft.state.is_final else None
        if not leaf.is_trimmed:
            return None
        if self._leaves[leaf.number].message.is_lost:
            body = reply(self.perspective, self.draft, leaf.page, number=leaf.number, is_last=True)
            return body.over(leaf.message.shown)
        return reply(self.perspective, self.draft, leaf.page, number=leaf.number, is_last=False)

    def _trim_before(self, leaf: _Leaf) -> None:
        """Have the page before cut to its length, now that what goes on after it stands, or never will."""
        if leaf.number > 1 and not self._leaves[leaf.number - 2].is_trimmed:
            _trim(self._leaves[leaf.number - 2])


def _trim(leaf: _Leaf) -> None:
    leaf.is_trimmed = True
    leaf.message.finish()


def _part(perspective: Perspective, number: int) -> str:
    return perspective.name if number == 1 else f"{perspective.name} {number}"


def _own(perspective: Perspective, posts: Mapping[str, str | None]) -> Iterator[tuple[str, str | None]]:
    """Those of a run's messages that show a perspective's pages, in their order: part and timestamp."""
    for number in itertools.count(1):
        part = _part(perspective, number)
        found = next((name for name in (part + ANEW, part) if name in posts), None)
        if found is None:
            return
        yield found, posts[found]
