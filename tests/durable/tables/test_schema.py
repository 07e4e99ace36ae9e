"""Databases that a former version of this program has made, and left with a run that is open."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.durable.lease import LEASE
from bot.durable.record import Changes, Outcome
from bot.durable.store import Store
from bot.durable.tables.schema import STEPS, VERSION, tables
from bot.engine.conversation.followups import Kind
from bot.engine.draft import Draft, State
from bot.errors import SettingsError
from bot.slack.question import Question
from bot.texts.en import ENGLISH
from bot.texts.ja import JAPANESE
from tests.support.databases import KINDS, claim, database, disconnect, query
from tests.support.stores import serve_workspace

pytestmark = pytest.mark.slow

NOW = 1_800_000_000.0
IDS = [f"{version}-{kind}" for version in (1, 4) for kind in KINDS]
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


# As version 4 did.
VERSION_4 = """
CREATE TABLE edits (workspace TEXT NOT NULL, owner TEXT NOT NULL, at DOUBLE PRECISION NOT NULL);
CREATE INDEX ix_edits_at ON edits (at);
CREATE TABLE perspectives_schema (version INTEGER NOT NULL);
CREATE TABLE processes (owner TEXT NOT NULL, lease_until DOUBLE PRECISION NOT NULL, PRIMARY KEY (owner));
CREATE TABLE runs (
    "key" TEXT NOT NULL, workspace TEXT NOT NULL, problem TEXT NOT NULL, "user" TEXT NOT NULL, channel TEXT NOT NULL,
    thread_ts TEXT, whisper_ts TEXT, response_url TEXT, language TEXT, state TEXT NOT NULL, owner TEXT,
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
INSERT INTO perspectives_schema VALUES (4);
INSERT INTO processes VALUES ('former', 1800000000);
INSERT INTO runs VALUES
    ('open', '', 'Why?', 'U', 'C', NULL, NULL, NULL, 'en', 'open', 'former', 1800003590, 1799999990, NULL),
    ('refused', '', 'Why?', 'U', 'C', NULL, NULL, NULL, NULL, 'refused', NULL, 1799999000, 1799999000, 1799999100),
    ('done', '', 'Why?', 'U', 'C', NULL, NULL, NULL, 'ja', 'done', NULL, 1799999000, 1799999200, 1799999300);
INSERT INTO messages VALUES ('open', 'parent', 1, 0, '1.0'), ('open', 'Depth', 2, 1799999995, NULL);
INSERT INTO answers VALUES
    ('open', 'Depth', 'cut', 'too long.', 'It ends', 'm', 2.5, 7),
    ('open', 'Time', 'writing', '', 'So far', '', 0, 0),
    ('done', 'Depth', 'done', '', 'So.', 'm', 2.5, 7),
    ('done', 'Time', 'stopped', '', 'So', 'm', 2.5, 7);
"""


async def make(url: str, former: str) -> None:
    """Make a database of a former version out of an empty one."""
    for statement in former.split(";\n"):
        await query(url, statement)


@pytest.fixture(params=[(former, kind) for former in (VERSION_1, VERSION_4) for kind in KINDS], ids=IDS)
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """A database of version 1, or of the last one."""
    former, kind = request.param
    async with database(kind, tmp_path) as url:
        await make(url, former)
        yield url


@pytest.mark.parametrize("kind", KINDS)
async def test_what_has_ended_before_there_were_buttons_can_be_gone_on_with(kind: str, tmp_path: Path) -> None:
    """Nobody had it tried again or stopped it then; a step that was taken before is not taken again."""
    async with database(kind, tmp_path) as url:
        await make(url, VERSION_4)
        async with Store(url, owner="one", clock=lambda: NOW) as store:
            await store.open()
            conversation = await store.recall("", "done")
            assert conversation
            root = conversation.root
            assert (root.question.kind, root.question.root, root.question.language) == (Kind.PERSPECTIVES, "", JAPANESE)
            assert (root.outcome, root.begun_at, root.begun_by) == (Outcome.DONE, 1_799_999_200.0, "U")
            assert {name: draft.state for name, draft in root.answers.items()} == {
                "Depth": State.DONE,
                "Time": State.STOPPED,
            }
            assert await store.reopen("", "done", ["Time"], "U2")
            assert await store.vote("", "done", "Depth", "U2", is_good=True)
            assert await store.add(Question("done/1", "", "U2", "C", kind=Kind.DEEPER, root="done", side="Depth"))
            assert await store.stop("", "done", "U3")
            conversation = await store.recall("", "done")
            assert conversation
            assert (conversation.root.stopped_by, len(conversation.further)) == ("U3", 1)


async def test_a_database_of_a_former_version_is_taken_over_with_its_open_runs(url: str) -> None:
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
        assert (await serve_workspace(store, "", NOW - 3_600)).asked == [("U", 1_799_999_200.0)]
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


@pytest.mark.parametrize("kind", KINDS)
async def test_an_older_program_works_beside_a_newer_one_that_lets_it(kind: str, tmp_path: Path) -> None:
    """While a new version is deployed: it takes, keeps and claims runs, and changes nothing of the tables."""
    async with database(kind, tmp_path) as url:
        async with Store(url, owner="new", clock=lambda: NOW) as store:
            await store.open()
        newer = VERSION + 1
        await query(url, f"UPDATE perspectives_schema SET version = {newer}, readable_by = {VERSION}")  # noqa: S608
        await query(url, "ALTER TABLE runs ADD COLUMN mood TEXT")
        now = [NOW]
        for owner in ("one", "two"):
            async with Store(url, owner=owner, clock=lambda: now[0]) as store:
                await store.open()
                await disconnect(url)
                assert await store.add(Question(f"of {owner}", "Why?", "U", "C"))
                assert len(await claim(store)) == (owner == "two")
            now[0] += LEASE + 1
        assert await query(url, "SELECT version, readable_by FROM perspectives_schema") == [(newer, VERSION)]
        await query(url, f"UPDATE perspectives_schema SET readable_by = {newer}")  # noqa: S608
        async with Store(url, owner="three", clock=lambda: NOW) as store:
            with pytest.raises(SettingsError, match="a newer version of this program"):
                await store.open()


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
