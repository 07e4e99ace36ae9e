"""A reply: the message, or the messages when it is long, that show one answer in a thread.

The text is cut into pages as it grows. A cut, once made, stays: a page that is full is never laid out again. It is
trimmed to its cut only when the message that goes on after it stands, so that no text disappears in between.
"""

from dataclasses import replace

from bot.blocks import Body, reply
from bot.draft import Draft, State
from bot.markdown import Fence, Page, fit
from bot.perspectives import Perspective
from bot.thread import Message, Thread

LOST = "Slack gave no answer when the rest of it was posted. Ask again."


class _Leaf:
    """One page of a reply, and its message."""

    __slots__ = ("fence", "is_trimmed", "message", "number", "page", "start")

    def __init__(self, number: int, start: int, fence: Fence | None) -> None:
        self.number = number
        self.start = start
        self.fence = fence
        self.page: Page | None = None  # once the text goes on in the next one
        self.is_trimmed = False  # whether the message shows `page`, or will
        self.message: Message


class Reply:
    """Shows the drafts of one perspective's answer in a thread; its placeholder is asked for at once."""

    def __init__(self, thread: Thread, perspective: Perspective) -> None:
        self.perspective = perspective
        self.draft = Draft()
        self._thread = thread
        self._leaves: list[_Leaf] = []
        self._is_cut_off = False
        self._open_leaf(0, None)

    @property
    def placeholder(self) -> Message:
        """Its first message."""
        return self._leaves[0].message

    def show(self, draft: Draft) -> None:
        """Take a newer draft. The first final one is the last."""
        if draft is self.draft or self.draft.state.is_final:
            return
        self.draft = draft
        last = self._leaves[-1].message
        if draft.state.is_final:
            last.finish()
        else:
            last.grow()

    def cut_off(self, reason: str) -> None:
        """Have it say, where it stands, that it goes no further: there is no time for what waits to be posted."""
        if self.draft.state.is_final:
            return
        self._is_cut_off = True
        while len(self._leaves) > 1 and self._thread.withdraw(self._leaves[-1].message):
            self._leaves.pop()
            self._leaves[-1].page = None
        self.show(replace(self.draft, state=State.INTERRUPTED, reason=reason))

    def _open_leaf(self, start: int, fence: Fence | None) -> None:
        before = self._leaves[-1] if self._leaves else None
        leaf = _Leaf(len(self._leaves) + 1, start, fence)
        leaf.message = Message(
            self._thread,
            lambda: self._body(leaf),
            on_placed=lambda: _trim(before) if before else None,
        )
        self._leaves.append(leaf)
        if self.draft.state.is_final:
            leaf.message.finish()
        self._thread.post(leaf.message)

    def _body(self, leaf: _Leaf) -> Body | None:
        if leaf.page is None:
            page = fit(self.draft.text, leaf.start, leaf.fence)
            if page.end == len(self.draft.text) or self._is_cut_off:
                wait = self._thread.wall.wait
                return reply(self.perspective, self.draft, page, number=leaf.number, is_last=True, wait=wait)
            leaf.page = page
            self._open_leaf(page.end, page.fence)
        if leaf.message.ts is None:
            # It is posted as it will stay.
            leaf.is_trimmed = leaf.message.is_last = True
        if not leaf.is_trimmed:
            return None
        if self._leaves[leaf.number].message.is_lost:
            draft = replace(self.draft, state=State.FAILED, reason=LOST)
            return reply(self.perspective, draft, leaf.page, number=leaf.number, is_last=True)
        return reply(self.perspective, self.draft, leaf.page, number=leaf.number, is_last=False)


def _trim(leaf: _Leaf) -> None:
    """Have a full page cut to its length, now that what goes on after it stands."""
    if not leaf.is_trimmed:
        leaf.is_trimmed = True
        leaf.message.finish()
