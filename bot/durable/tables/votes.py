"""What people think of answers. The last vote of a person on an answer counts."""

from dataclasses import dataclass

from sqlalchemy import case, func, literal, select

from bot.durable.sql.connection import AsyncConnection
from bot.durable.sql.database import Database
from bot.durable.tables.schema import answers, runs, votes
from bot.texts.en import ENGLISH


@dataclass(frozen=True, slots=True)
class Count:
    """How many votes answers of a name have, by a model and in a language."""

    name: str
    model: str
    language: str
    good: int
    bad: int


class Votes:
    """Those in `database`. Both calls raise `StoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, workspace: str, run: str, name: str, user: str, *, is_good: bool, now: float) -> bool:
        """Write down what `user` thinks of an answer; False where its run is unknown."""
        values = [runs.c.key, *map(literal, (name, user, int(is_good), now))]
        known = select(*values).where(runs.c.key == run, runs.c.workspace == workspace)
        vote = self._database.insert(votes).from_select(["run", "name", "user", "is_good", "at"], known)
        news = {"is_good": vote.excluded.is_good, "at": vote.excluded.at}
        vote = vote.on_conflict_do_update(index_elements=["run", "name", "user"], set_=news).returning(votes.c.run)

        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(vote)).first() is not None

        return await self._database.do(work)

    async def count(self) -> list[Count]:
        """How many there are, of all workspaces; in the order of names, models and languages."""
        name, model = votes.c.name, func.coalesce(answers.c.model, "")
        language = func.coalesce(runs.c.language, ENGLISH.key)  # the versions that wrote none spoke English
        good = func.sum(case((votes.c.is_good != 0, 1), else_=0))
        counts = (
            select(name, model, language, good, func.count())
            .join(runs, runs.c.key == votes.c.run)
            .outerjoin(answers, (answers.c.run == votes.c.run) & (answers.c.name == votes.c.name))
        )
        counts = counts.group_by(name, model, language).order_by(name, model, language)

        async def work(connection: AsyncConnection) -> list[Count]:
            found = (await connection.execute(counts)).all()
            return [Count(str(a), str(b), str(c), int(yes), int(of) - int(yes)) for a, b, c, yes, of in found]

        return await self._database.do(work)
