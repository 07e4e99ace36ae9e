"""What follows from one thing that a person did: which answers come of it, and when they have ended. Pure.

All of it is judged by what stands in the thread: as long as there is a button to stop something, it goes on.
"""

from collections.abc import Iterator, Sequence

from bot.engine.conversation.followups import TOGETHER
from bot.playground.answers import Shown, find_growth, has_button
from bot.playground.keys import STOP
from bot.playground.slack.workspace import Message


class Episode:
    """What follows from a deed at `began`, when `thread` and its `answers` were there.

    Its answers are those of the run `run`, where that is asked again or stopped; else those of a run that begins.
    """

    def __init__(self, began: float, thread: Sequence[Message], answers: Sequence[Shown], *, run: str = "") -> None:
        self.began = began
        self._run = run
        self._known = {answer.run for answer in answers}
        self._versions = len(thread[0].versions) if thread else 1

    def choose(self, answers: Sequence[Shown]) -> list[Shown]:
        """Those answers of a thread that come of it."""
        if self._run:
            return [answer for answer in answers if answer.run == self._run]
        return [answer for answer in answers if answer.run not in self._known]

    def choose_changed(self, answers: Sequence[Shown]) -> list[Shown]:
        """Those of them that have changed since."""
        return [one for one in self.choose(answers) if self._has_changed(one)]

    def changes_head(self, answers: Sequence[Shown]) -> bool:
        """Whether the message that opens the thread changes with its `answers` in the end: it is their index."""
        return any(answer.number or (answer.part == TOGETHER and answer.is_whole) for answer in answers)

    def is_over(self, thread: Sequence[Message], answers: Sequence[Shown]) -> bool:
        """Whether nothing more comes of it, as far as the thread shows."""
        mine = self.choose(answers)
        if not mine or any(answer.is_growing for answer in mine) or any(has_button(one, STOP) for one in thread):
            return False
        if self.changes_head(mine):
            return len(thread[0].versions) > self._versions
        return any(self._has_changed(answer) for answer in mine)

    def time(self, answers: Sequence[Shown]) -> Iterator[str]:
        """When each of these answers had its first text and its last, in words."""
        for answer in answers:
            times = [at - self.began for at in find_growth(answer, self.began)]
            if times:
                yield f"{answer.name:9} first text after {times[0]:4.1f} s, whole after {times[-1]:4.1f} s"

    def _has_changed(self, answer: Shown) -> bool:
        return any(message.versions[-1].at >= self.began for message in answer.messages)
