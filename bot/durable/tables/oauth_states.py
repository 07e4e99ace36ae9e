"""The states of installs that somebody has begun: each is good once, for a while, at whatever process it comes back.

The SDK's own store looks a state up and deletes it in two steps, so that two who come back at once both pass; and only
this room knows the database, and only Slack's the SDK.
"""

from collections.abc import Callable

from sqlalchemy import delete, func, insert, select

from bot.durable.sql.connection import AsyncConnection
from bot.durable.sql.database import Database
from bot.durable.tables.schema import oauth_states

MOST = 5_000  # at once; whoever asks for more pushes the oldest out, so that nobody is kept from beginning


class OAuthStates:
    """Those in `database`. Both calls raise `StoreError`; `clock` gives seconds since 1970."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    async def add(self, state: str, lifetime: float) -> None:
        """Write a state down that is good for `lifetime` seconds, and forget those that are too old, or too many."""
        now = self._clock()

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(delete(oauth_states).where(oauth_states.c.until < now))
            excess = (await connection.execute(select(func.count()).select_from(oauth_states))).scalar_one() - MOST + 1
            if excess > 0:
                oldest = select(oauth_states.c.state).order_by(oauth_states.c.until).limit(excess)
                await connection.execute(delete(oauth_states).where(oauth_states.c.state.in_(oldest)))
            await connection.execute(insert(oauth_states).values(state=state, until=now + lifetime))

        await self._database.do(work)

    async def take(self, state: str) -> bool:
        """Use a state up; whether it was good: known, and neither used before nor too old."""
        now = self._clock()
        used = delete(oauth_states).where(oauth_states.c.state == state).returning(oauth_states.c.until)

        async def work(connection: AsyncConnection) -> bool:
            until = (await connection.execute(used)).scalar()
            return isinstance(until, float) and now < until

        return await self._database.do(work)
