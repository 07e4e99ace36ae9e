"""The tables in which runs are kept, in SQLite and in PostgreSQL, and the steps from one version to the next."""

import logging
import math
import re
from itertools import chain
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    delete,
    func,
    insert,
    inspect,
    null,
    select,
    text,
)

from bot.durable.sql.connection import AsyncConnection
from bot.errors import SettingsError

logger = logging.getLogger(__name__)

MAKING = 0x70657273  # the advisory lock of processes that make the schema in PostgreSQL; any number

MOST = 2**31 - 1  # PostgreSQL's INTEGER
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # by PostgreSQL
LONGEST = 1_000_000  # characters of one text; no answer that Slack can show comes near, and a write has to be brief


class _Words(TypeDecorator[str]):
    """Text; what PostgreSQL cannot store of a string becomes U+FFFD, in SQLite too. More than `LONGEST` is cut off."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        if value is None:
            return None
        words = value[:LONGEST]
        if words.isascii() and "\0" not in words:  # as most are: looking at each character would take longer
            return words
        return _UNSTORABLE.sub("\ufffd", words)


class _Count(TypeDecorator[int]):
    """A whole number from 0 on; what PostgreSQL cannot store becomes the largest that it can, in SQLite too."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's
        return None if value is None else min(max(value, 0), MOST)


class _Seconds(TypeDecorator[float]):
    """A number; what is none, or has no end, becomes 0."""

    impl = Double
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Dialect) -> float | None:  # noqa: ARG002 - SQLAlchemy's
        return None if value is None else value if math.isfinite(value) else 0.0


tables = MetaData()
schema = Table(
    "perspectives_schema",
    tables,
    Column("version", Integer, nullable=False),
    Column("readable_by", Integer),  # the oldest version of the program that can work beside this one
)
processes = Table(
    "processes",
    tables,
    Column("owner", _Words, primary_key=True),
    Column("lease_until", Double, nullable=False),
    Column("since", Double),  # when it began
    Column("slack_ok_at", Double),  # when it has reached Slack and the model last, where it looks whether it does
    Column("sockets", Integer),  # how many of the connections that Slack sends things down it has
)
runs = Table(
    "runs",
    tables,
    Column("key", _Words, primary_key=True),
    Column("workspace", _Words, nullable=False),  # its team and the bot's own id there, with a slash between
    Column("enterprise", _Words),
    Column("problem", _Words, nullable=False),
    Column("user", _Words, nullable=False),
    Column("channel", _Words, nullable=False),
    Column("thread_ts", _Words),
    Column("whisper_ts", _Words),
    Column("response_url", _Words),
    Column("language", _Words),
    Column("kind", _Words),
    Column("root", _Words, index=True),  # the run that it goes on with; no foreign key, for it may be written before
    Column("side", _Words),
    Column("reads_thread", Integer),  # 0 or 1
    Column("material", _Words),
    Column("stopped_by", _Words),
    Column("reopened_at", Double, index=True),
    Column("reopened_by", _Words),
    Column("state", _Words, nullable=False),
    Column("owner", _Words),
    Column("lease_until", Double, nullable=False),  # counts where no row of `processes` is its owner's
    Column("asked_at", Double, nullable=False, index=True),
    Column("ended_at", Double, index=True),  # an open run has none: the index finds these, and the old ones
)
messages = Table(
    "messages",
    tables,
    Column("run", _Words, ForeignKey(runs.c.key, ondelete="CASCADE"), primary_key=True),
    Column("part", _Words, primary_key=True),
    Column("place", Integer, nullable=False),  # among the run's: a clock may show the same time twice
    # When the newest call for it was sent whose answer is not known: its post, or, once it stands, an edit; else 0.
    Column("intended_at", Double, nullable=False),
    Column("ts", _Words),
)
answers = Table(
    "answers",
    tables,
    Column("run", _Words, ForeignKey(runs.c.key, ondelete="CASCADE"), primary_key=True),
    Column("name", _Words, primary_key=True),
    Column("state", _Words, nullable=False),
    Column("reason", _Words, nullable=False),
    Column("text", _Words, nullable=False),
    Column("model", _Words, nullable=False),
    Column("seconds", _Seconds, nullable=False),
    Column("tokens", _Count, nullable=False),
)
votes = Table(
    "votes",
    tables,
    Column("run", _Words, ForeignKey(runs.c.key, ondelete="CASCADE"), primary_key=True),
    Column("name", _Words, primary_key=True),  # the answer's
    Column("user", _Words, primary_key=True),
    Column("is_good", Integer, nullable=False),  # 0 or 1
    Column("at", Double, nullable=False),
)
edits = Table(
    "edits",
    tables,
    Column("workspace", _Words, nullable=False),
    Column("owner", _Words, nullable=False),
    Column("at", Double, nullable=False),
)
Index("ix_edits_at", edits.c.at)
Index("ix_edits_workspace", edits.c.workspace, edits.c.at)
Index("ix_runs_workspace", runs.c.workspace, runs.c.asked_at)
learned = Table(
    "learned",
    tables,
    Column("workspace", _Words, primary_key=True),
    Column("what", _Words, nullable=False),  # as `delivery.schedules.learned` writes it
)

installations = Table(
    "installations",
    tables,
    Column("enterprise", _Words, primary_key=True),  # empty where the workspace has none
    Column("team", _Words, primary_key=True),  # empty where the organisation has installed it as a whole
    Column("name", _Words, nullable=False),  # the workspace's, for whoever runs the bot
    Column("token", _Words, nullable=False),  # sealed: see `durable.sealing`
    Column("sealed_by", _Words, nullable=False),
    Column("bot_id", _Words, nullable=False),
    Column("bot_user", _Words, nullable=False),
    Column("scopes", _Words),
    Column("installed_at", Double, nullable=False),  # by Slack's clock, where it tells the time
)
Index("ix_installations_team", installations.c.team)
members = Table(  # the workspaces of organisations that have installed it as a whole, as far as they were heard of
    "members",
    tables,
    Column("team", _Words, primary_key=True),
    Column("enterprise", _Words, nullable=False, index=True),
)
departures = Table(  # the workspaces that have removed it, of which something may still be kept
    "departures",
    tables,
    Column("team", _Words, primary_key=True),
    Column("at", Double, nullable=False),
)
oauth_states = Table(
    "oauth_states",
    tables,
    Column("state", _Words, primary_key=True),
    Column("until", Double, nullable=False),
)
# Where several processes share a database: who serves a workspace (see `durable.sharing`), and what was pressed
# elsewhere, for its owner to carry out.
workspaces = Table(
    "workspaces",
    tables,
    Column("workspace", _Words, primary_key=True),
    Column("owner", _Words, index=True),
    Column("epoch", Integer, nullable=False),  # of how many owners it is the latest
    Column("heir", _Words),  # to whom the last one has left it, which has ended in an orderly way
)
signals = Table(
    "signals",
    tables,
    Column("id", _Words, primary_key=True),
    Column("workspace", _Words, nullable=False, index=True),
    Column("at", Double, nullable=False),
    Column("press", _Words, nullable=False),  # as JSON
)

is_open = runs.c.ended_at.is_(None)
begun_at = func.coalesce(runs.c.reopened_at, runs.c.asked_at)

# `STEPS[0]` makes a database of version 1 one of version 2, and so on. Tables that are new, or missing, have been made
# before, as they are above. Each statement has to do nothing where all is done; a column is added where it is missing,
# and may be null. An older process may go on beside this one until its connection ends, so that a step takes nothing
# away which the version before it writes to.
STEPS: tuple[tuple[str | Column[Any], ...], ...] = (
    ("UPDATE answers SET state = 'cut' WHERE state = 'stopped'",),  # `stopped` is a person's word from now on
    (),  # Leases are processes' from now on. Until then each run had one.
    (runs.c.language,),  # Until then the bot spoke English.
    (  # Until then a run had four answers, nobody could stop it, and once it had ended it was never gone on with.
        *(runs.c.kind, runs.c.root, runs.c.side, runs.c.reads_thread, runs.c.material),
        *(runs.c.stopped_by, runs.c.reopened_at, runs.c.reopened_by),
        "CREATE INDEX IF NOT EXISTS ix_runs_root ON runs (root)",
        "CREATE INDEX IF NOT EXISTS ix_runs_reopened_at ON runs (reopened_at)",
    ),
    (),  # What was learned of a workspace is kept from now on.
    (  # Until then a process served one workspace, and looked at all rows for its own.
        runs.c.enterprise,
        "CREATE INDEX IF NOT EXISTS ix_edits_workspace ON edits (workspace, at)",
        "CREATE INDEX IF NOT EXISTS ix_runs_workspace ON runs (workspace, asked_at)",
    ),
    (),  # Installations are kept from now on.
    # Until then an older program stopped at newer tables.
    (schema.c.readable_by, processes.c.since, processes.c.slack_ok_at, processes.c.sockets, workspaces.c.heir),
)
VERSION = 1 + len(STEPS)
# The oldest version that works on tables of this one: while a new program is deployed, both work side by side.
READABLE_BY = 8


async def make(connection: AsyncConnection, *, is_postgresql: bool) -> None:
    """Make what is missing, and a database of this version out of one of an older one.

    One of a newer version is left as it is, if it says that this program can work on it.

    Raises:
        SettingsError: it is of a newer one, and does not.
    """
    if is_postgresql:
        await connection.execute(select(func.pg_advisory_xact_lock(MAKING)))
    version, readable_by = await connection.run_sync(read_version)
    if version is not None and version > VERSION:
        if readable_by is not None and readable_by <= VERSION:
            return
        raise SettingsError(
            f"DATABASE_URL: a newer version of this program has used this database (its schema is {version}, "
            f"this one knows {VERSION}). Run the newer program, or name another database."
        )
    await connection.run_sync(tables.create_all)
    if version == VERSION:
        return
    if version is not None:
        for step in chain.from_iterable(STEPS[version - 1 :]):
            if isinstance(step, str):
                await connection.execute(text(step))
            else:
                await connection.run_sync(_add_column, step)
        logger.info("store.upgraded from=%s to=%s", version, VERSION)
    await connection.execute(delete(schema))
    await connection.execute(insert(schema).values(version=VERSION, readable_by=READABLE_BY))


def _add_column(connection: Connection, column: Column[Any]) -> None:
    if column.name in {there["name"] for there in inspect(connection).get_columns(column.table.name)}:
        return
    dialect = connection.dialect
    name, kind = dialect.identifier_preparer.format_column(column), column.type.compile(dialect)
    connection.execute(text(f"ALTER TABLE {column.table.name} ADD COLUMN {name} {kind}"))


def read_version(connection: Connection) -> tuple[int | None, int | None]:
    """The version of the schema that is there, None where there is none yet; and by which it can be read."""
    there = inspect(connection)
    version, readable_by = None, None
    if there.has_table(schema.name):
        is_told = any(column["name"] == "readable_by" for column in there.get_columns(schema.name))
        columns = (schema.c.version, schema.c.readable_by) if is_told else (schema.c.version, null())
        version, readable_by = connection.execute(select(*columns)).first() or (None, None)
    # Whoever has lost what says so is taken for the oldest: its steps do nothing to what is new already.
    return (1 if version is None and there.has_table(runs.name) else version), readable_by
