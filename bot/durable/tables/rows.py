"""The store's rows, read into records. Pure.

A row that makes no sense is put aside, and keeps nobody from reading the others: somebody has changed it by hand, or a
newer version of this program has written what this one does not know.
"""

import json
import logging
import math
from collections.abc import Iterable
from typing import Any, TypeGuard

from bot.durable.record import Outcome, Record
from bot.engine.conversation.followups import Kind
from bot.engine.draft import Draft, State
from bot.engine.reasons import ARGUMENTS, Code, Reason, Value
from bot.slack.question import Question
from bot.texts import find

logger = logging.getLogger(__name__)

ASKED = "asked"  # the state of a run that its workspace's owner has not admitted yet


def read_records(
    runs: Iterable[Any], messages: Iterable[Any], answers: Iterable[Any]
) -> tuple[list[Record], set[object]]:
    """Read rows of runs with those of their messages, which are in the order of their intents, and their answers.

    Returns the records, and the keys of the runs that cannot be read. An answer that cannot be read is left out, and so
    asked for again. A run is not read without a message: that could be posted twice.
    """
    records: list[Record] = []
    unreadable: set[object] = set()
    posts: dict[str, list[Any]] = {}
    drafts: dict[str, list[Any]] = {}
    for row in messages:
        posts.setdefault(row.run, []).append(row)
    for row in answers:
        drafts.setdefault(row.run, []).append(row)
    for run in runs:
        try:
            records.append(_read(run, posts.get(run.key, []), drafts.get(run.key, [])))
        except ValueError:
            unreadable.add(run.key)
    return records, unreadable


def _read(run: Any, messages: Iterable[Any], answers: Iterable[Any]) -> Record:
    """One run. Raises `ValueError`."""
    posts: dict[str, str | None] = {}
    drafts: dict[str, Draft] = {}
    calls: dict[str, float] = {}
    left_at = 0.0
    for row in messages:
        part, ts, at = _text(row.part), _text_or_none(row.ts), _number(row.intended_at)
        posts[part] = ts
        if ts is None:
            left_at = max(left_at, at)
        elif at:
            calls[part] = at
    for row in answers:
        try:
            drafts[_text(row.name)] = Draft.of(
                _text(row.text),
                State(row.state),
                reason=read_reason(_text(row.reason)),
                model=_text(row.model),
                seconds=_number(row.seconds),
                tokens=int(_number(row.tokens)),
            )
        except ValueError:
            logger.warning("store.unreadable kind=answers run=%s", run.key)
    question = Question(
        _text(run.key),
        _text(run.problem),
        _text(run.user),
        _text(run.channel),
        _text_or_none(run.thread_ts),
        _text_or_none(run.whisper_ts),
        _text_or_none(run.response_url),
        find(_text_or_none(run.language)),
        Kind.PERSPECTIVES if run.kind is None else Kind(run.kind),
        _text_or_none(run.root) or "",
        _text_or_none(run.side) or "",
        bool(_number_or_zero(run.reads_thread)),
        _text(run.workspace),
        _text_or_none(run.enterprise) or "",
    )
    return Record(
        question,
        _number(run.asked_at),
        posts,
        drafts,
        left_at,
        calls,
        material=_text_or_none(run.material) or "",
        stopped_by=_text_or_none(run.stopped_by) or "",
        reopened_at=_number_or_zero(run.reopened_at),
        reopened_by=_text_or_none(run.reopened_by) or "",
        outcome=None if run.ended_at is None else Outcome(run.state),
        is_admitted=run.state != ASKED or bool(posts),
    )


def write_reason(reason: Reason | None) -> str:
    """A reason as it is written down: JSON, or nothing."""
    return "" if reason is None else json.dumps(_plain(reason))


def read_reason(text: str) -> Reason | None:
    """A reason that was written down; the last version wrote sentences. Raises `ValueError`."""
    if not text.startswith("{"):
        return Reason(Code.TOLD, {"words": text}) if text else None
    return _reason(json.loads(text))


def _plain(reason: Reason) -> dict[str, Any]:
    args = {name: _plain(value) if isinstance(value, Reason) else value for name, value in reason.args.items()}
    return {"code": reason.code.value, "args": args}


def _reason(value: Any) -> Reason:
    match value:
        case {"code": str(code), "args": dict(args)} if args.keys() == set(ARGUMENTS.get(Code(code), ())):
            return Reason(Code(code), {name: _argument(one) for name, one in args.items()})
    raise ValueError


def _argument(value: Any) -> Value:
    if isinstance(value, dict):
        return _reason(value)
    return _text(value) if isinstance(value, str) else _number(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError  # noqa: TRY004 - SQLite's columns have no types that it holds to
    return value


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)


def _number(value: object) -> float:
    if not is_number(value):
        raise ValueError
    return value


def _number_or_zero(value: object) -> float:
    return 0.0 if value is None else _number(value)


def is_number(value: object) -> TypeGuard[float]:
    """Whether it can be counted with."""
    return isinstance(value, int | float) and math.isfinite(value)
