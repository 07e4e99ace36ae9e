"""Which buttons stand under the messages of one run. Pure.

Laws:

- Buttons cost no edit: they ride on those that are due anyway. So what stands under an answer is decided when its last
  text is laid out, and Stop stands where an edit will take it away.
- Stop stands on the parent, where there is one of ours; else on the first answer that goes on.
- What draws all together stands on the parent too; else on the answer whose last text is laid out last.
"""

from collections.abc import Sequence

from bot.engine.conversation.followups import LEAST_TOGETHER, Kind
from bot.engine.draft import Draft, State
from bot.engine.reasons import Code
from bot.slack.body import Block
from bot.slack.controls import buttons, votes
from bot.slack.question import Action
from bot.texts.language import Language


def is_lacking(draft: Draft) -> bool:
    """Whether an answer can be tried again: it is not whole, and its reply is not one that somebody has deleted."""
    is_unwanted = draft.reason is not None and draft.reason.code is Code.REPLY_DELETED
    return draft.state is not State.DONE and not is_unwanted


class Buttons:
    """Those of the run `run`, of answers with these `keys`, in their order.

    `root` is the run of which the answers are, where this one goes on with it. `has_parent` is whether a message of
    ours opens the thread and belongs to this run.
    """

    def __init__(
        self,
        run: str,
        language: Language,
        keys: Sequence[str] = (),
        *,
        kind: Kind = Kind.PERSPECTIVES,
        root: str = "",
        has_parent: bool = True,
    ) -> None:
        self._run = run
        self._root = root or run
        self._language = language
        self._kind = kind
        self._has_parent = has_parent
        self._states = dict.fromkeys(keys, State.WAITING)
        self._lacking = set(keys)
        self._laid_out: set[str] = set()  # whose last text was

    def note(self, key: str, draft: Draft) -> None:
        """Note an answer's newest draft."""
        self._states[key] = draft.state
        if is_lacking(draft):
            self._lacking.add(key)
        else:
            self._lacking.discard(key)

    def under_answer(self, key: str, draft: Draft) -> list[Block]:
        """Under the page in which an answer ends, or grows; what is final is laid out by this."""
        if not draft.state.is_final:
            is_here = not self._has_parent and key == self._first_open
            return buttons([Action.STOP] if is_here else [], self._run, self._language)
        self._laid_out.add(key)
        if draft.reason is not None and draft.reason.code is Code.BOT_RESTARTS:
            return []  # it goes on by itself
        together = [Action.TOGETHER] if self._is_last and not self._has_parent else []
        if draft.state is not State.DONE:
            again = buttons([Action.AGAIN], self._run, self._language, side=key)
            return _join(again, buttons(together, self._root, self._language))
        deeper = [] if self._kind is Kind.TOGETHER else [Action.DEEPER]
        row = _join(
            buttons(deeper, self._root, self._language, side=key), buttons(together, self._root, self._language)
        )
        return [*row, *votes(self._run, key, self._language)]

    def under_parent(self) -> list[Block]:
        """Under the message that opens the thread."""
        if self._first_open is not None:
            return buttons([Action.STOP], self._run, self._language)
        actions = [Action.TOGETHER] * self._may_be_drawn
        if self._lacking:
            actions.append(Action.AGAIN)
        return buttons(actions, self._run, self._language)

    @property
    def _first_open(self) -> str | None:
        return next((key for key, state in self._states.items() if not state.is_final), None)

    @property
    def _may_be_drawn(self) -> bool:
        whole = sum(state is State.DONE for state in self._states.values())
        return self._kind is Kind.PERSPECTIVES and whole >= LEAST_TOGETHER

    @property
    def _is_last(self) -> bool:
        return self._may_be_drawn and self._laid_out >= self._states.keys()


def _join(row: list[Block], other: list[Block]) -> list[Block]:
    """Two rows of buttons as one."""
    if not (row and other):
        return row or other
    return [{**row[0], "elements": [*row[0]["elements"], *other[0]["elements"]]}]
