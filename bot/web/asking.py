"""What a client asks, read strictly from its body. Pure; what the server does not know in it is passed over."""

import re
from dataclasses import dataclass, field
from typing import Any

from bot.texts import LANGUAGES
from bot.texts.web.words import Fault
from bot.web.http.bodies import parse
from bot.web.http.refusals import RefusedError

LONGEST_LINGER = 60.0  # seconds
MOST_BYTES = 12  # of a character in JSON: two escapes
BESIDE = 4_096  # bytes for all that stands beside the problem
_HALVES = re.compile("[\ud800-\udfff]")  # of characters, which no text can be made of


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What stands in a body: a problem, or what is `added` to an answer."""

    problem: str = field(default="", repr=False)
    added: str = field(default="", repr=False)
    language: str | None = None
    linger: float = 0.0


def body_limit(problem_limit: int) -> int:
    """The largest body that can hold a problem of that many characters."""
    return problem_limit * MOST_BYTES + BESIDE


def read_asked(body: bytes, *, needs_problem: bool) -> Asked:
    """Read a body; an empty one asks for nothing in particular.

    Raises:
        RefusedError: it is no JSON, or has a value of another form than it takes.
    """
    if not body and not needs_problem:
        return Asked()
    data = parse(body)
    if not isinstance(data, dict):
        raise RefusedError(Fault.WRONG_SHAPE, field="body", form="object")
    language = data.get("language")
    if language is not None and not (isinstance(language, str) and language in LANGUAGES):
        raise RefusedError(Fault.WRONG_SHAPE, field="language", form="|".join(LANGUAGES))
    linger = data.get("linger", 0)
    if isinstance(linger, bool) or not isinstance(linger, int | float) or not 0 <= linger <= LONGEST_LINGER:
        raise RefusedError(Fault.WRONG_SHAPE, field="linger", form=f"0…{LONGEST_LINGER:g}")
    return Asked(
        problem=_text(data, "problem", is_needed=needs_problem),
        added=_text(data, "added", is_needed=False),
        language=language,
        linger=float(linger),
    )


def _text(data: dict[str, Any], name: str, *, is_needed: bool) -> str:
    text = data.get(name, None if is_needed else "")
    if not isinstance(text, str):
        raise RefusedError(Fault.WRONG_SHAPE, field=name, form="string")
    return _HALVES.sub("\ufffd", text).strip()
