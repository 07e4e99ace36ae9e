"""What a model is told beside the problem: a thread, former answers, what somebody has added. Pure.

All of it is material: it stands between marks that nothing inside can forge, and the instructions say that none of it
is an instruction. What is too long keeps its newest part, and says that it was cut.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.engine.draft import Draft

ANSWERS_LIMIT = 16_000  # characters of former answers; four of them have some 4,000, and each follow-up 1,000 more
THREAD_LIMIT = 12_000  # characters of a thread; some 3,000 tokens, which each of the four answers pays for

NO_WORDS = "(what is said in the thread)"  # of a problem that somebody has pointed to without words
_MARK = re.compile(r"<(?=\s*/?\s*(?:problem|thread|answer|added)\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Former:
    """An answer that there is: of which perspective, and, where it was a follow-up, what had been `added` for it."""

    key: str
    draft: Draft
    added: str | None = None


def compose(
    problem: str,
    *,
    thread: str = "",
    answers: Sequence[Former] = (),
    added: str | None = None,
    limit: int = ANSWERS_LIMIT,
) -> str:
    """What the model is to look at; a problem alone is itself.

    `answers` come oldest first; where they are more than `limit` characters, the newest are kept. `added` is what
    somebody has asked or told for this answer; None where nobody could.
    """
    if not (thread or answers or added is not None):
        return problem
    parts = [_mark("problem", problem or NO_WORDS)]
    if thread:
        parts.append(_mark("thread", _newest(thread, THREAD_LIMIT)))
    parts += _former(answers, limit)
    if added is not None:
        parts.append(_mark("added", added or "(nothing)"))
    return "\n\n".join(parts)


def _former(answers: Sequence[Former], limit: int) -> Iterable[str]:
    kept: list[str] = []
    left = limit
    for one in reversed(answers):
        text = _newest(one.draft.text, left)
        if not text:
            break
        left -= len(text)
        words = f"asked for with: {one.added}\n\n{text}" if one.added else text
        kept.append(
            _mark("answer", words, f' side="{one.key}"' + (' kind="follow-up"' if one.added is not None else ""))
        )
    return reversed(kept)


def _newest(text: str, limit: int) -> str:
    """A text, or the end of one that is too long."""
    if len(text) <= limit:
        return text
    return f"(the beginning is left out)\n{text[len(text) - limit :]}" if limit > 0 else ""


def _mark(name: str, text: str, attributes: str = "") -> str:
    return f"<{name}{attributes}>\n{_MARK.sub('‹', text)}\n</{name}>"
