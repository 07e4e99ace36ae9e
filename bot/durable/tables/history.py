"""What was before: who asked what has ended, what was sent and learned, and how what is old is forgotten."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, delete, or_, select

from bot.durable.record import Outcome, Past
from bot.durable.sql.connection import AsyncConnection
from bot.durable.tables.claims import Claims
from bot.durable.tables.rows import is_number
from bot.durable.tables.schema import edits, is_open, learned, runs

ABANDONED = 86_400.0  # seconds since its lease after which an open run is forgotten: nobody could read it

_others = runs.alias()
_is_gone_on_with = select(_others.c.key).where(_others.c.root == runs.c.key).exists()
_has_root = select(_others.c.key).where(_others.c.key == runs.c.root).exists()


async def forget_old(connection: AsyncConnection, before: float, limit: int, now: float) -> int:
    """Forget up to `limit` runs that ended before then, or that nobody has claimed since then and for a day.

    A run is kept while one is that goes on with it, and what goes on with a run that is gone is forgotten as soon as it
    has ended: buttons of either would lead nowhere. Returns how many were forgotten.
    """
    is_abandoned = is_open & (Claims.lease_until() < min(before, now - ABANDONED))
    is_old = or_(runs.c.ended_at < before, is_abandoned)
    is_root_gone = (runs.c.root > "") & ~_has_root & ~is_open  # SQLite finds no index for what is not null
    is_alone = is_old & ~_is_gone_on_with
    count = 0
    # What is alone at first, then what is alone once that is gone. Each by itself: together no index would find them.
    for which in (is_root_gone, is_alone, is_alone):
        count += await _forget(connection, which, limit - count)
    return count


async def _forget(connection: AsyncConnection, which: ColumnElement[bool], limit: int) -> int:
    oldest = select(runs.c.key).where(which).limit(limit)
    old = delete(runs).where(runs.c.key.in_(oldest)).returning(runs.c.key)
    return len((await connection.execute(old)).all())


async def look_back(
    connection: AsyncConnection, workspaces: Collection[str], *, asked_since: float, edits_since: float
) -> dict[str, Past]:
    """What was in each of these workspaces, whichever process it was; times are in order."""
    asked: dict[str, list[tuple[str, float]]] = {}
    for workspace, user, at in await connection.execute(_asked(workspaces, asked_since)):
        if isinstance(user, str) and is_number(at):
            asked.setdefault(workspace, []).append((user, at))
    are_late = (edits.c.workspace.in_(workspaces), edits.c.at >= edits_since)
    sent: dict[str, list[float]] = {}
    for row in await connection.execute(select(edits.c.workspace, edits.c.at).where(*are_late).order_by(edits.c.at)):
        if is_number(row.at):
            sent.setdefault(row.workspace, []).append(row.at)
    lessons = select(learned.c.workspace, learned.c.what).where(learned.c.workspace.in_(workspaces))
    taught = {row.workspace: row.what for row in await connection.execute(lessons) if isinstance(row.what, str)}
    return {one: Past(asked.get(one, []), sent.get(one, []), taught.get(one, "")) for one in workspaces}


def _asked(workspaces: Collection[str], since: float) -> CompoundSelect[Any]:
    """Who asked, and when: the questions of runs that have ended, and those who had one tried again.

    What was refused does not count. Of an open run, what it was reopened for counts where it is taken up.
    """
    counts = (runs.c.workspace.in_(workspaces), runs.c.state != Outcome.REFUSED.value)
    has_ended = ~is_open | runs.c.reopened_at.is_not(None)
    asked = select(runs.c.workspace, runs.c.user, runs.c.asked_at).where(runs.c.asked_at >= since, has_ended, *counts)
    by, at = runs.c.reopened_by, runs.c.reopened_at
    again = select(runs.c.workspace, by, at).where(at >= since, ~is_open, *counts)
    return asked.union_all(again).order_by(runs.c.asked_at)
