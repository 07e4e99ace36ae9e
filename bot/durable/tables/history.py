"""What has ended: who asked it, and how it is forgotten once it is old."""

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.durable.record import Outcome
from bot.durable.tables.claims import Claims
from bot.durable.tables.rows import is_number
from bot.durable.tables.schema import is_open, runs

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


async def read_asked(connection: AsyncConnection, at: float, workspace: str) -> list[tuple[str, float]]:
    """Who asked, and when, since `at`: the questions of runs that have ended, and those who had one tried again.

    What was refused does not count. Of an open run, what it was reopened for counts where it is taken up.
    """
    counts = (runs.c.workspace == workspace, runs.c.state != Outcome.REFUSED.value)
    has_ended = ~is_open | runs.c.reopened_at.is_not(None)
    asked = select(runs.c.user, runs.c.asked_at).where(runs.c.asked_at >= at, has_ended, *counts)
    again = select(runs.c.reopened_by, runs.c.reopened_at).where(runs.c.reopened_at >= at, ~is_open, *counts)
    found = await connection.execute(asked.union_all(again).order_by(runs.c.asked_at))
    return [(user, at) for user, at in found if isinstance(user, str) and is_number(at)]
