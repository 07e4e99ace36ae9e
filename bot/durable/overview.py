"""What goes on where, in all processes that share a database, for whoever runs the bot. It writes nothing."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import case, exists, func, literal, select

from bot.durable.sharing.owners import Owners
from bot.durable.sql.connection import AsyncConnection
from bot.durable.sql.database import Database
from bot.durable.tables.schema import (
    VERSION,
    installations,
    is_open,
    members,
    messages,
    processes,
    read_version,
    runs,
    workspaces,
)
from bot.errors import SettingsError
from bot.slack.installation import find_team


@dataclass(slots=True)
class Place:
    """A workspace, or, without a team, an organisation that has installed the bot as a whole.

    It is served by the process `owner`, if by any, which `is_gone` if its lease has ended. Of its open runs, those are
    `waiting` of which nothing stands in Slack yet. Where it is not known by an install, it has no `installed_at`.
    """

    team: str
    enterprise: str = ""
    name: str = ""
    installed_at: float | None = None
    owner: str = ""
    is_gone: bool = False
    running: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Overview:
    """All places, and how many processes are alive."""

    places: list[Place]
    processes: int


async def read_overview(url: str, clock: Callable[[], float]) -> Overview:
    """Read it from the database at `url`; `clock` gives seconds since 1970, for where the database has none.

    Raises:
        SettingsError: no database can be there, or its tables are another version's.
        StoreError: it cannot be read.
    """
    database = Database(url, _leave_as_it_is)
    try:
        await database.open()
        return await database.do(lambda connection: _read(connection, database, clock()))
    finally:
        await database.close()


async def _leave_as_it_is(_: AsyncConnection) -> None:
    pass


async def _read(connection: AsyncConnection, database: Database, clock: float) -> Overview:
    version, readable_by = await connection.run_sync(read_version)
    if version is None:
        return Overview([], 0)
    if version != VERSION and not (version > VERSION >= (readable_by or version)):
        raise SettingsError(
            f"DATABASE_URL: another version of this program keeps its runs there (its schema is {version}, this one "
            f"knows {VERSION}). Ask that one; or start this one, if that is the newer."
        )
    now = Owners(database, owner="", workspace=None).now(clock)
    places = await _read_installs(connection)

    alive = {*(await connection.execute(select(processes.c.owner).where(processes.c.lease_until > now))).scalars()}

    def note_owner(place: Place, owner: str | None) -> None:
        if owner:
            place.owner, place.is_gone = owner, owner not in alive

    stands = exists().where(messages.c.run == runs.c.key)
    counts = (func.count(), func.sum(case((stands, 1), else_=literal(0))), func.max(runs.c.owner))
    going_on = select(runs.c.workspace, func.max(runs.c.enterprise), *counts).where(is_open).group_by(runs.c.workspace)
    for workspace, enterprise, count, running, owner in await connection.execute(going_on):
        place = places.setdefault(find_team(workspace), Place(find_team(workspace), enterprise or ""))
        place.running += running
        place.waiting += count - running
        note_owner(place, owner)
    for workspace, owner in await connection.execute(
        select(workspaces.c.workspace, workspaces.c.owner).where(workspaces.c.owner.is_not(None))
    ):
        note_owner(places.setdefault(find_team(workspace), Place(find_team(workspace))), owner)

    unknown = [team for team, place in places.items() if place.installed_at is None and not place.enterprise]
    of = select(members.c.team, members.c.enterprise).where(members.c.team.in_(unknown))
    for team, enterprise in await connection.execute(of):
        places[team].enterprise = enterprise
    return Overview([*places.values()], len(alive))


async def _read_installs(connection: AsyncConnection) -> dict[str, Place]:
    """The installs by their team, or, where an organisation is installed as a whole, by a name that no team has."""
    columns = (installations.c.team, installations.c.enterprise, installations.c.name, installations.c.installed_at)
    found = (await connection.execute(select(*columns).order_by(installations.c.installed_at))).all()
    return {row.team or f"/{row.enterprise}": Place(*row) for row in found}
