"""Databases that a former version of this program has made, and left with a run that is open."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.durable.lease import LEASE
from bot.durable.record import Changes, Outcome
from bot.durable.store import Store
from bot.durable.tables.schema import STEPS, VERSION, tables
from bot.engine.draft import Draft, State
from bot.texts.en import ENGLISH
from tests.support.databases import KINDS, claim, database, query

pytestmark = pytest.mark.slow

NOW = 1_800_000_000.0
# As version 1 had SQLAlchemy make them, in both kinds of databases.
VERSION_1 = """
CREATE TABLE edits (workspace TEXT NOT NULL, owner TEXT NOT NULL, at DOUBLE PRECISION NOT NULL);
CREATE INDEX ix_edits_at ON edits (at);
CREATE TABLE perspectives_schema (version INTEGER NOT NULL);
CREATE TABLE runs (
    "key" TEXT NOT NULL, workspace TEXT NOT NULL, problem TEXT NOT NULL, "user" TEXT NOT NULL, channel TEXT NOT NULL,
    thread_ts TEXT, whisper_ts TEXT, response_url TEXT, state TEXT NOT NULL, owner TEXT,
    lease_until DOUBLE PRECISION NOT NULL, asked_at DOUBLE PRECISION NOT NULL, ended_at DOUBLE PRECISION,
    PRIMARY KEY ("key")
);
CREATE INDEX ix_runs_asked_at ON runs (asked_at);
CREATE INDEX ix_runs_ended_at ON runs (ended_at);
CREATE TABLE answers (
    run TEXT NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL, text TEXT NOT NULL,
    model TEXT NOT NULL, seconds DOUBLE PRECISION NOT NULL, tokens INTEGER NOT NULL,
    PRIMARY KEY (run, name), FOREIGN KEY(run) REFERENCES runs ("key") ON DELETE CASCADE
);
CREATE TABLE messages (
    run TEXT NOT NULL, part TEXT NOT NULL, place INTEGER NOT NULL, intended_at DOUBLE PRECISION NOT NULL, ts TEXT,
    PRIMARY KEY (run, part), FOREIGN KEY(run) REFERENCES runs ("key") ON DELETE CASCADE
);
INSERT INTO perspectives_schema VALUES (1);
INSERT INTO runs VALUES
    ('open', '', 'Why?', 'U', 'C', NULL, NULL, NULL, 'open', 'former', 1800000000, 1799999990, NULL),
    ('refused', '', 'Why?', 'U', 'C', NULL, NULL, NULL, 'refused', NULL, 1799999000, 1799999000, 1799999100),
    ('done', '', 'Why?', 'U', 'C', NULL, NULL, NULL, 'done', NULL, 1799999000, 1799999200, 1799999300);
INSERT INTO messages VALUES ('open', 'parent', 1, 0, '1.0'), ('open', 'Depth', 2, 1799999995, NULL);
INSERT INTO answers VALUES
    ('open', 'Depth', 'stopped', 'too long.', 'It ends', 'm', 2.5, 7),
    ('open', 'Time', 'writing', '', 'So far', '', 0, 0);
"""


@pytest.fixture(params=KINDS)
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """A database of version 1."""
    async with database(request.param, tmp_path) as url:
        for statement in VERSION_1.split(";\n"):
            await query(url, statement)
        yield url


async def test_a_database_of_the_version_before_is_taken_over_with_its_open_runs(url: str) -> None:
    """As its process has left them, once that process is gone. It is done once."""
    now = [NOW - 1]
    async with Store(url, owner="one", clock=lambda: now[0]) as store:
        await store.open()
        await store.open()
        assert await query(url, "SELECT version FROM perspectives_schema") == [(VERSION,)]
        assert await claim(store) == []
        now[0] = NOW
        [record] = await claim(store)
        assert (record.question.key, record.asked_at, record.left_at) == ("open", NOW - 10, NOW - 5)
        assert record.question.language is ENGLISH
        assert record.posts == {"parent": "1.0", "Depth": None}
        assert (record.answers["Depth"].text, record.answers["Depth"].state) == ("It ends", State.CUT)
        assert record.answers["Time"] == Draft.of("So far", State.WRITING)
        assert await store.asked_since(NOW - 3_600) == [("U", 1_799_999_200.0)]
        assert (await store.save(Changes(ends={"open": Outcome.DONE}))).held == {"open"}


async def test_what_is_missing_in_a_former_version_is_made(url: str) -> None:
    """Somebody has dropped a table, before the program was renewed."""
    for table in ("answers", "edits", "perspectives_schema"):
        await query(url, f"DROP TABLE {table}")
    async with Store(url, owner="one", clock=lambda: NOW + LEASE) as store:
        await store.open()
        [record] = await claim(store)
        assert record.answers == {}
        assert await query(url, "SELECT version FROM perspectives_schema") == [(VERSION,)]


async def test_a_database_that_has_lost_its_version_is_what_it_was(url: str) -> None:
    """It is taken for the oldest, and no step does harm to what is new already."""
    for _ in range(2):
        async with Store(url, owner="one", clock=lambda: NOW) as store:
            await store.open()
            assert await query(url, "SELECT version FROM perspectives_schema") == [(VERSION,)]
        await query(url, "DROP TABLE perspectives_schema")


async def test_a_former_version_is_what_a_new_database_is_once_it_has_been_taken_over(url: str, tmp_path: Path) -> None:
    """Each step has done all that is to be done."""
    (tmp_path / "new").mkdir()
    kind = "sqlite" if url.startswith("sqlite") else "postgresql"
    async with database(kind, tmp_path / "new") as new:
        for one in (url, new):
            async with Store(one, owner="one", clock=lambda: NOW) as store:
                await store.open()
        shape = await query(url, SHAPE[kind])
        assert len(shape) > len(tables.tables)
        assert shape == await query(new, SHAPE[kind])


SHAPE = {
    "sqlite": (
        'SELECT made.name, tbl_name, part.name, "notnull", pk FROM sqlite_master AS made'
        " LEFT JOIN pragma_table_info(made.name) AS part ORDER BY made.name, part.name"
    ),
    "postgresql": (
        "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns"
        " WHERE table_schema = 'public' UNION SELECT tablename, indexname, indexdef, '' FROM pg_indexes"
        " WHERE schemaname = 'public' ORDER BY 1, 2"
    ),
}


def test_every_version_has_its_step() -> None:
    """From the one before it."""
    assert len(STEPS) == VERSION - 1
