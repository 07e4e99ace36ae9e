"""What is written of runs, as statements and their rows. Pure."""

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from typing import Any, cast

from sqlalchemy import Delete, Insert, Table, Update, bindparam, delete, func, select, update

from bot.durable.record import WITHDRAWN, Begun, Changes
from bot.durable.tables.claims import UNKNOWN
from bot.durable.tables.rows import write_reason
from bot.durable.tables.schema import answers, learned, messages, runs

Statement = Insert | Update | Delete
Rows = Sequence[dict[str, Any]]


def run_row(begun: Begun, now: float, *, owner: str) -> dict[str, Any]:
    """A run, as a process's."""
    question = begun.question
    return {
        "key": question.key,
        "workspace": question.workspace,
        "enterprise": question.enterprise or None,
        "problem": question.problem,
        "user": question.user,
        "channel": question.channel,
        "thread_ts": question.thread_ts,
        "whisper_ts": question.ephemeral_ts,
        "language": question.language.key,
        "response_url": question.response_url,
        "state": "open",
        "owner": owner,
        "lease_until": now + UNKNOWN,
        "asked_at": begun.asked_at,
        "kind": question.kind.value,
        "root": question.root or None,
        "side": question.side or None,
        "reads_thread": int(question.reads_thread),
        "material": begun.material or None,
        "stopped_by": begun.stopped_by or None,
        "reopened_at": begun.reopened_at or None,
        "reopened_by": begun.reopened_by or None,
    }


def changed(
    insert: Callable[[Table], Any], ours: AbstractSet[str], changes: Changes, now: float
) -> Iterator[tuple[Statement, Rows]]:
    """What is written of changes of the runs that are `ours`, in this order; `insert` is the dialect's."""
    yield _withdrawals(ours, changes)
    yield _posts(insert, ours, changes, now)
    yield _calls(ours, changes)
    yield _answers(insert, ours, changes)
    yield _materials(ours, changes)
    yield _languages(ours, changes)
    yield _stops(ours, changes)
    yield _ends(ours, changes, now)


def _withdrawals(ours: AbstractSet[str], changes: Changes) -> tuple[Statement, Rows]:
    rows = [
        {"_run": run, "_part": part} for (run, part), ts in changes.posts.items() if run in ours and ts is WITHDRAWN
    ]
    return _WITHDRAW, rows


def _posts(
    insert: Callable[[Table], Any], ours: AbstractSet[str], changes: Changes, now: float
) -> tuple[Statement, Rows]:
    rows = [
        {"_run": run, "_part": part, "_ts": ts, "_at": now if ts is None else 0.0}
        for (run, part), ts in changes.posts.items()
        if run in ours and ts is not WITHDRAWN
    ]
    return _write_post(insert), rows


def _calls(ours: AbstractSet[str], changes: Changes) -> tuple[Statement, Rows]:
    rows = [{"_run": run, "_part": part, "_at": at or 0.0} for (run, part), at in changes.calls.items() if run in ours]
    return _NOTE_CALL, rows


def _answers(insert: Callable[[Table], Any], ours: AbstractSet[str], changes: Changes) -> tuple[Statement, Rows]:
    rows = [
        {
            "run": run,
            "name": name,
            "state": draft.state.value,
            "reason": write_reason(draft.reason),
            "text": draft.text,
            "model": draft.model,
            "seconds": draft.seconds,
            "tokens": draft.tokens,
        }
        for (run, name), draft in changes.answers.items()
        if run in ours
    ]
    return _write_answer(insert), rows


def _languages(ours: AbstractSet[str], changes: Changes) -> tuple[Statement, Rows]:
    rows = [{"_key": key, "_language": language} for key, language in changes.languages.items() if key in ours]
    return _NOTE_LANGUAGE, rows


def _materials(ours: AbstractSet[str], changes: Changes) -> tuple[Statement, Rows]:
    rows = [{"_key": key, "_material": material} for key, material in changes.materials.items() if key in ours]
    return _NOTE_MATERIAL, rows


def _stops(ours: AbstractSet[str], changes: Changes) -> tuple[Statement, Rows]:
    rows = [{"_key": key, "_user": user} for key, user in changes.stops.items() if key in ours]
    return _STOP, rows


def _ends(ours: AbstractSet[str], changes: Changes, now: float) -> tuple[Statement, Rows]:
    rows = [{"_key": key, "_state": outcome.value, "_at": now} for key, outcome in changes.ends.items() if key in ours]
    return _END, rows


# Each is put together once: that takes longer than to carry it out.

_IS_MESSAGE = (messages.c.run == bindparam("_run"), messages.c.part == bindparam("_part"))
_WITHDRAW = delete(messages).where(*_IS_MESSAGE)
_NOTE_CALL = update(messages).where(*_IS_MESSAGE, messages.c.ts.is_not(None)).values(intended_at=bindparam("_at"))
_IS_RUN = runs.c.key == bindparam("_key")
_NOTE_LANGUAGE = update(runs).where(_IS_RUN).values(language=bindparam("_language"))
_NOTE_MATERIAL = update(runs).where(_IS_RUN).values(material=bindparam("_material"))
# Whoever pressed first has stopped it.
_STOP = update(runs).where(_IS_RUN, runs.c.stopped_by.is_(None)).values(stopped_by=bindparam("_user"))
_END = (
    update(runs)
    .where(_IS_RUN)
    # Whoever has the response URL can write in the bot's name; nobody needs it any more.
    .values(state=bindparam("_state"), ended_at=bindparam("_at"), owner=None, response_url=None)
)


@cache
def begin_runs(insert: Callable[[Table], Any]) -> Insert:
    """Runs that were begun, but for those that are known; `insert` is the dialect's."""
    return cast("Insert", insert(runs).on_conflict_do_nothing())


@cache
def write_lesson(insert: Callable[[Table], Any]) -> Insert:
    """What a workspace has taught, in place of what it had taught before; `insert` is the dialect's."""
    statement = insert(learned)
    news = {"what": statement.excluded.what}
    return cast("Insert", statement.on_conflict_do_update(index_elements=["workspace"], set_=news))


@cache
def _write_post(insert: Callable[[Table], Any]) -> Insert:
    others = messages.alias()
    last = select(func.coalesce(func.max(others.c.place), 0) + 1).where(others.c.run == bindparam("_run"))
    row = {
        "run": bindparam("_run"),
        "part": bindparam("_part"),
        "place": last.scalar_subquery(),
        "intended_at": bindparam("_at"),
        "ts": bindparam("_ts"),
    }
    statement = insert(messages).values(row)
    # A part that is intended once more is in doubt from now on: its second call may still be carried out.
    news = {"ts": statement.excluded.ts, "intended_at": statement.excluded.intended_at}
    return cast("Insert", statement.on_conflict_do_update(index_elements=["run", "part"], set_=news))


@cache
def _write_answer(insert: Callable[[Table], Any]) -> Insert:
    statement = insert(answers)
    news = {column.name: column for column in statement.excluded if not column.primary_key}
    return cast("Insert", statement.on_conflict_do_update(index_elements=["run", "name"], set_=news))
