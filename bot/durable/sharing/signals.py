"""What was pressed in one process and is carried out by another: written down, read, and taken away when it is done."""

import json
import logging
from collections.abc import Collection
from functools import partial
from typing import Any

from sqlalchemy import delete, insert, select

from bot.durable.record import Signal
from bot.durable.sharing.owners import Owners
from bot.durable.sql.connection import AsyncConnection
from bot.durable.sql.database import Database
from bot.durable.tables.rows import is_number
from bot.durable.tables.schema import signals
from bot.slack.question import Action, Press
from bot.texts import find

UNREADABLE_KEPT = 60.0  # seconds; a newer version that can read it may take its workspace over meanwhile

logger = logging.getLogger(__name__)

_PLAIN = ("run", "side", "user", "channel", "ts", "thread_ts", "response_url", "is_good", "workspace", "enterprise")


class Signals:
    """Those in `database`; `owners` says whose each is."""

    def __init__(self, database: Database, owners: Owners) -> None:
        self._database = database
        self._owners = owners

    async def add(self, signal: Signal, now: float) -> str | None:
        """Write one down; whose it is to carry it out, None where that is nobody yet."""
        return await self._database.do(partial(self._add, signal, now))

    async def _add(self, signal: Signal, now: float, connection: AsyncConnection) -> str | None:
        workspace = signal.press.workspace
        owners = await self._owners.claim(connection, [workspace])
        row = {"id": signal.id, "workspace": workspace, "at": now, "press": write_press(signal.press)}
        await connection.execute(insert(signals).values(row))
        return owners[workspace]


async def read_signals(connection: AsyncConnection, workspaces: Collection[str], now: float) -> list[Signal]:
    """Those of some workspaces, the oldest first.

    What cannot be read is taken away after a while: it would hold its workspace for ever.
    """
    found: list[Signal] = []
    unreadable: list[str] = []
    for row in await connection.execute(
        select(signals).where(signals.c.workspace.in_(workspaces)).order_by(signals.c.at)
    ):
        try:
            found.append(Signal(row.id, read_press(row.press)))
        except (ValueError, TypeError, KeyError):
            if not is_number(row.at) or abs(now - row.at) > UNREADABLE_KEPT:
                logger.warning("store.unreadable kind=signals workspace=%s", row.workspace)
                unreadable.append(row.id)
    await forget_signals(connection, unreadable)
    return found


async def forget_signals(connection: AsyncConnection, ids: Collection[str]) -> None:
    """Take those away that are done, or never will be."""
    if ids:
        await connection.execute(delete(signals).where(signals.c.id.in_(ids)))


def write_press(press: Press) -> str:
    """A press as JSON."""
    values: dict[str, Any] = {name: getattr(press, name) for name in _PLAIN}
    return json.dumps({**values, "action": press.action.value, "language": press.language.key})


def read_press(text: str) -> Press:
    """A press that was written down. Raises `ValueError`, `TypeError` or `KeyError` where it makes no sense."""
    values = json.loads(text)
    return Press(
        **{name: values[name] for name in _PLAIN}, action=Action(values["action"]), language=find(values["language"])
    )
