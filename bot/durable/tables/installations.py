"""Where the bot is installed: one row for each workspace, or for an organisation as a whole, its token sealed.

Laws:

- A key that has not sealed what is there seals nothing: else two halves of the table would need two keys.
- Of what happens to an installation, the newest counts, in whatever order it is heard of: a removal that is older than
  the installation changes nothing.
- What a removed workspace has left is forgotten: with the removal is written down that it has to be.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Row, Select, case, delete, exists, or_, select, update

from bot.durable.sealing import Sealer
from bot.durable.sql import sqlite
from bot.durable.sql.connection import AsyncConnection
from bot.durable.sql.database import Database
from bot.durable.tables.schema import (
    departures,
    edits,
    installations,
    learned,
    members,
    processes,
    runs,
    signals,
    workspaces,
)
from bot.errors import SettingsError, StoreError
from bot.slack.installation import Installation

RESEALED = 200  # tokens that are sealed anew in one transaction
STRAGGLING = 60.0  # seconds after a removal in which a process that has not heard of it may still write something

_WRONG_KEY = (
    "TOKEN_KEY is not the key of the tokens in this database. Set the one that was there before; "
    "to change it, set both, the new one first, with a comma between them."
)


@dataclass(frozen=True, slots=True)
class Installed:
    """An installation as whoever runs the bot sees it: without its token."""

    team_id: str  # empty for an organisation as a whole
    enterprise_id: str
    name: str
    installed_at: float


class InstallationTable:
    """The installations in `database`. Each call raises `StoreError`; `clock` gives seconds since 1970."""

    def __init__(self, database: Database, sealer: Sealer, clock: Callable[[], float]) -> None:
        self._database = database
        self._sealer = sealer
        self._clock = clock

    async def check(self) -> None:
        """See whether the keys open what is there; what the older one has sealed is sealed anew.

        Raises:
            SettingsError: they do not.
        """
        if await self._database.do(self._has_foreign):
            raise SettingsError(_WRONG_KEY)
        while await self._database.do(self._reseal):
            pass

    async def find(self, team_id: str, enterprise_id: str | None) -> Installation | None:
        """The installation that answers in a workspace: its own, or else that of its organisation."""
        of_team = (installations.c.team == team_id) & (installations.c.team != "")
        of_organisation = (installations.c.team == "") & (installations.c.enterprise == (enterprise_id or ""))
        which = of_team | (of_organisation & (installations.c.enterprise != ""))

        async def work(connection: AsyncConnection) -> Row[tuple[str, ...]] | None:
            found = await connection.execute(select(installations).where(which).order_by(installations.c.team.desc()))
            row = found.first()
            if row and not row.team and team_id:
                member = self._database.insert(members).values(team=team_id, enterprise=row.enterprise)
                await connection.execute(member.on_conflict_do_nothing())
            return row

        row = await self._database.do(work)
        return None if row is None else self._read(row, team_id)

    async def save(self, installation: Installation, *, name: str, at: float) -> None:
        """Write an installation down that was made `at` this time, in place of the one before.

        Its `team_id` is empty where an organisation has installed it as a whole.
        """
        enterprise, team = installation.enterprise_id or "", installation.team_id
        news = {
            "name": name,
            "token": self._sealer.seal(installation.bot_token),
            "sealed_by": self._sealer.newest,
            "bot_id": installation.bot_id,
            "bot_user": installation.bot_user_id,
            "scopes": None if installation.scopes is None else ",".join(sorted(installation.scopes)),
            "installed_at": at,
        }
        row = self._database.insert(installations).values(enterprise=enterprise, team=team, **news)
        row = row.on_conflict_do_update(
            index_elements=["enterprise", "team"], set_=news, where=installations.c.installed_at <= at
        )

        async def work(connection: AsyncConnection) -> None:
            if await self._has_foreign(connection):
                raise StoreError(_WRONG_KEY)
            if team:  # one that has joined an organisation since, or left it
                moved = (installations.c.team == team) & (installations.c.enterprise != enterprise)
                await connection.execute(delete(installations).where(moved))
            await connection.execute(row)

        await self._database.do(work)

    async def remove(self, team_id: str, enterprise_id: str | None, *, at: float) -> frozenset[str]:
        """Remove the installation of a workspace, or, without one, of an organisation as a whole.

        Returns the workspaces that have thereby lost it, of which nothing is to be kept; none where it is unknown, or
        was installed after `at`, by Slack's clock.
        """
        enterprise = enterprise_id or ""
        which = installations.c.team == team_id
        if not team_id:
            which &= installations.c.enterprise == enterprise
        gone = delete(installations).where(which, installations.c.installed_at <= at).returning(installations.c.team)

        async def work(connection: AsyncConnection) -> frozenset[str]:
            if not (team_id or enterprise) or (await connection.execute(gone)).first() is None:
                return frozenset()
            of_it = members.c.enterprise == enterprise
            lost = {team_id} if team_id else await _leave(connection, of_it)
            return await self._let_go(connection, lost, at=self._clock())

        return await self._database.do(work)

    async def withdraw(self, teams: Collection[str], *, at: float) -> frozenset[str]:
        """Note that organisations' installations answer in some of their workspaces no more; which have lost it so.

        One that has its own keeps it. An organisation that has installed the bot after `at` may have let it in again.
        """
        is_its = (installations.c.team == "") & (installations.c.enterprise == members.c.enterprise)
        answers = exists().where(is_its, installations.c.installed_at <= at)

        async def work(connection: AsyncConnection) -> frozenset[str]:
            lost = await _leave(connection, members.c.team.in_(teams) & answers)
            return await self._let_go(connection, lost, at=min(at, self._clock()))

        return await self._database.do(work)

    async def forget(self, limit: int = 100) -> bool:
        """Forget up to `limit` runs of each workspace that has removed the bot; whether something is left to be done.

        Of what was kept before the removal nothing is left then: questions, answers, votes, presses, what was learned,
        who served it. A removal is remembered for as long as a process may not have heard of it, or serves it still.
        """
        now = self._clock()

        async def work(connection: AsyncConnection) -> tuple[bool, bool]:
            is_left = False
            gone_from = (await connection.execute(select(departures.c.team, departures.c.at))).all()
            for team, at in gone_from:
                is_back = (await connection.execute(_answering_in(team))).first() is not None
                until = at if is_back else at + STRAGGLING
                of_team = _is_of(runs.c.workspace, team)
                some = select(runs.c.key).where(of_team, runs.c.asked_at <= until).limit(limit)
                gone = await connection.execute(delete(runs).where(runs.c.key.in_(some)).returning(runs.c.key))
                if len(gone.all()) == limit:
                    is_left = True
                    continue
                for kept in (edits, signals):
                    await connection.execute(delete(kept).where(_is_of(kept.c.workspace, team), kept.c.at <= until))
                is_owned = False
                if not is_back:
                    await connection.execute(delete(learned).where(_is_of(learned.c.workspace, team)))
                    is_owned = await self._disown(connection, team)
                if is_back or (now > until and not is_owned):
                    await connection.execute(delete(departures).where(departures.c.team == team))
            return is_left, bool(gone_from)

        is_left, has_forgotten = await self._database.do(work)
        if has_forgotten and self._database.path:
            await self._database.do(sqlite.empty_log, in_transaction=False)  # the next look tries again
        return is_left

    async def _let_go(self, connection: AsyncConnection, teams: Collection[str], *, at: float) -> frozenset[str]:
        """Write down that nothing is to be kept of workspaces."""
        for team in teams:
            departure = self._database.insert(departures).values(team=team, at=at)
            latest = {"at": case((departures.c.at > at, departures.c.at), else_=at)}
            await connection.execute(departure.on_conflict_do_update(index_elements=["team"], set_=latest))
        return frozenset(teams)

    @staticmethod
    async def _disown(connection: AsyncConnection, team: str) -> bool:
        """Forget whose a team's workspaces were; whether a process still has one, which it gives up before long."""
        of_team = _is_of(workspaces.c.workspace, team)
        is_there = select(processes.c.owner).where(processes.c.owner == workspaces.c.owner).exists()
        await connection.execute(delete(workspaces).where(of_team, workspaces.c.owner.is_(None) | ~is_there))
        return (await connection.execute(select(workspaces.c.owner).where(of_team).limit(1))).first() is not None

    async def list_all(self) -> list[Installed]:
        """All of them, the oldest first."""
        columns = (installations.c.team, installations.c.enterprise, installations.c.name, installations.c.installed_at)

        async def work(connection: AsyncConnection) -> list[Installed]:
            found = await connection.execute(select(*columns).order_by(installations.c.installed_at))
            return [Installed(*row) for row in found]

        return await self._database.do(work)

    async def _has_foreign(self, connection: AsyncConnection) -> bool:
        """Whether another key has sealed something."""
        foreign = select(installations.c.team).where(installations.c.sealed_by.not_in(self._sealer.known)).limit(1)
        return (await connection.execute(foreign)).first() is not None

    async def _reseal(self, connection: AsyncConnection) -> bool:
        """Seal some of what the older key has sealed with the newer one; whether there was any."""
        old = select(installations).where(installations.c.sealed_by != self._sealer.newest).limit(RESEALED)
        rows = (await connection.execute(old)).all()
        for row in rows:
            own = (installations.c.enterprise == row.enterprise) & (installations.c.team == row.team)
            token = self._sealer.seal(self._sealer.open(row.token, row.sealed_by))
            await connection.execute(
                update(installations)
                .where(own, installations.c.token == row.token)
                .values(token=token, sealed_by=self._sealer.newest)
            )
        return bool(rows)

    def _read(self, row: Row[tuple[str, ...]], team_id: str) -> Installation:
        return Installation(
            team_id=row.team or team_id,
            enterprise_id=row.enterprise or None,
            bot_token=self._sealer.open(row.token, row.sealed_by),
            bot_id=row.bot_id,
            bot_user_id=row.bot_user,
            scopes=None if row.scopes is None else frozenset(filter(None, row.scopes.split(","))),
        )


async def _leave(connection: AsyncConnection, which: ColumnElement[bool]) -> set[str]:
    """Forget that workspaces are an organisation's, but for those with an installation of their own; which ones."""
    own = select(installations.c.team).where(installations.c.team != "")
    left = delete(members).where(which, members.c.team.not_in(own)).returning(members.c.team)
    return {*(await connection.execute(left)).scalars()}


def _answering_in(team: str) -> Select[tuple[str]]:
    """The installations by which the bot answers in a workspace: its own, or that of its organisation once it has."""
    its = select(members.c.enterprise).where(members.c.team == team).scalar_subquery()
    of_organisation = (installations.c.team == "") & (installations.c.enterprise == its)
    return select(installations.c.team).where((installations.c.team == team) | of_organisation)


def _is_of(workspace: ColumnElement[str], team: str) -> ColumnElement[bool]:
    """Whether what is kept is a workspace's; former versions have put the bot's id behind its own."""
    return or_(workspace == team, workspace.startswith(f"{team}/", autoescape=True))
