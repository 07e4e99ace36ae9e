"""What a reader of a run is told: events, from its drafts as they stand and what that reader knows already. Pure.

The form of the whole API is here (`openapi` describes it):

- `run`: its id and what is asked; then, whenever there is something new,
- `draft`: of one perspective the state, and what is appended to its text, or the text where that was replaced;
- `end`: how one answer ended, once its last text has been told; `done`: all have; or
- `error`: the run ended for a fault of the server's.

A text is told once, however often a reader is; who comes late gets what there is in one piece.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.engine.draft import Draft
from bot.engine.perspectives import Perspective
from bot.engine.reasons import Reason
from bot.markup.takeaway import takeaway
from bot.texts.language import Language
from bot.texts.web.words import Fault
from bot.web.http.refusals import write_fault
from bot.web.run import Run

Event = tuple[str, Mapping[str, Any]]
"""A name and the data."""


@dataclass(slots=True)
class _Told:
    """What the reader knows of one answer."""

    draft: Draft
    has_ended: bool = False


class Feed:
    """What one reader is still to be told of a run."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._told = [_Told(Draft()) for _ in run.perspectives]
        self._has_begun = False
        self.is_over = False

    def is_urgent(self) -> bool:
        """Whether there is something that should not wait for more: the run itself, or the first text of an answer."""
        return not self._has_begun or any(
            draft.length > 0 and told.draft.length == 0
            for draft, told in zip(self._run.drafts, self._told, strict=True)
        )

    def may_be_urgent(self) -> bool:
        """Whether what comes next may be so."""
        return not self._has_begun or any(told.draft.length == 0 and not told.has_ended for told in self._told)

    def news(self) -> Iterator[Event]:
        """The events that the reader does not know yet."""
        if not self._has_begun:
            self._has_begun = True
            yield "run", write_head(self._run)
        run = self._run
        for perspective, draft, told in zip(run.perspectives, run.drafts, self._told, strict=True):
            if draft is told.draft:
                continue
            change = _change(told.draft, draft)
            if change or (draft.state, draft.reason) != (told.draft.state, told.draft.reason):
                reason = {} if draft.state.is_final else write_reason(draft.reason, run.language)
                yield "draft", {"perspective": perspective.key, **change, "state": draft.state.value, **reason}
            told.draft = draft
            if draft.state.is_final and not told.has_ended:
                told.has_ended = True
                yield "end", write_end(perspective, draft, run.language)
        if run.is_over and not self.is_over:
            self.is_over = True
            yield ("error", write_fault(Fault.BROKEN, run.language.key)) if run.is_broken else ("done", {"id": run.id})


def write_head(run: Run) -> dict[str, Any]:
    """What is known of a run from its beginning on."""
    return {
        "id": run.id,
        "kind": run.kind.value,
        "problem": run.problem,
        "language": run.language.key,
        "perspectives": [
            {"key": one.key, "name": side.name, "emoji": one.emoji, "angle": side.angle}
            for one in run.perspectives
            for side in (run.language.side(one.key),)
        ],
        **({"root": run.root.id} if run.root else {}),
        "further": [one.id for one in run.further],
    }


def write_whole(run: Run) -> dict[str, Any]:
    """A run that has ended, for who has waited for all of it."""
    answers = zip(run.perspectives, run.drafts, strict=True)
    return write_head(run) | {
        "answers": [write_end(one, draft, run.language) | {"text": draft.text} for one, draft in answers]
    }


def write_end(perspective: Perspective, draft: Draft, language: Language) -> dict[str, Any]:
    """How an answer ended."""
    return {
        "perspective": perspective.key,
        "state": draft.state.value,
        **write_reason(draft.reason, language),
        "takeaway": takeaway(draft.text),
        "tokens": draft.tokens,
        "seconds": round(draft.seconds, 3),
        "model": draft.model,
    }


def write_reason(reason: Reason | None, language: Language) -> dict[str, Any]:
    """Why an answer stands as it does, as a code and words; nothing where there is no reason."""
    return {"reason": {"code": reason.code.value, "words": language.explain(reason)}} if reason else {}


def _change(old: Draft, new: Draft) -> dict[str, str]:
    """What is to be done to the text of `old` to have that of `new`."""
    if new.source is old.source and new.length >= old.length:
        return {"append": new.text[old.length :]} if new.length > old.length else {}
    before, after = old.text, new.text
    if after == before:
        return {}
    return {"append": after[len(before) :]} if after.startswith(before) else {"text": after}
