"""Where an answer's text is cut into pages, as it grows. Pure; it knows pages, and not the messages that show them.

A cut, once made, stays: a page that is full is never laid out again, unless another text takes the place of the one
that was cut, or the page turns out to be longer than it may be.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bot.markup.characters import octets
from bot.markup.fences import Fence
from bot.slack.markup.pages import Page, fit

Room = Callable[[int], float]  # how many bytes the page of a number may have, the first being 1


@dataclass(slots=True)
class _Cut:
    """A page: from where in the text, within which fence; and, once the text goes on in the next one, what it holds."""

    start: int
    fence: Fence | None
    page: Page | None = None


class Layout:
    """The pages of one answer; there is always one."""

    def __init__(self, count: int = 1) -> None:
        self._cuts = [_Cut(0, None) for _ in range(count)]

    @property
    def growing(self) -> int:
        """The number of the page in which the text ends, as far as it was laid out."""
        for number, cut in enumerate(self._cuts, 1):
            if cut.page is None:
                return number
        return len(self._cuts)

    def full(self, number: int) -> Page | None:
        """What the page of a number holds, if the text goes on in the next one."""
        return self._cuts[number - 1].page

    def lay_out(self, text: str, room: Room, *, opens_pages: bool = True) -> Page:
        """Cut a text as far as it goes; return the page in which it ends, or that is open where none may follow."""
        while True:
            number = self.growing
            cut = self._cuts[number - 1]
            page = fit(text, cut.start, cut.fence, room=room(number))
            if page.end == len(text) or not opens_pages:
                return page
            cut.page = page
            if number == len(self._cuts):
                self._cuts.append(_Cut(page.end, page.fence))
            else:
                self._cuts[number].start, self._cuts[number].fence = page.end, page.fence

    def take_back(self, number: int = 1) -> None:
        """Take the cuts back, from the page of a number on: it is to be laid out anew."""
        for cut in self._cuts[number - 1 :]:
            cut.page = None

    def drop_last(self) -> None:
        """Have the text end in the page before the last, as far as that holds it."""
        self._cuts.pop()
        self._cuts[-1].page = None

    def too_long(self, room: Room) -> int | None:
        """The number of the first full page that holds more than it may."""
        return next(
            (
                number
                for number, cut in enumerate(self._cuts, 1)
                if cut.page and octets(cut.page.markdown) > room(number)
            ),
            None,
        )
