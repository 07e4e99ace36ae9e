"""Where the bot is installed and what goes on there, as `python -m bot workspaces` prints it."""

import asyncio
import time
from pathlib import Path

import pytest

from bot.durable.overview import Overview, Place, read_overview
from bot.durable.record import Changes
from bot.durable.sealing import Sealer
from bot.durable.store import Store
from bot.durable.tables.schema import VERSION
from bot.errors import SettingsError
from bot.markup.characters import columns
from bot.overview import MOST, NONE, STORE_TIMEOUT, find_places, tell
from bot.slack.installation import Installation
from bot.slack.question import Question
from tests.support.databases import KINDS, database, query
from tests.support.stores import serve_workspace
from tests.test_boundary import run

slow = pytest.mark.slow

KEY = "0123456789abcdef0123456789abcdef0123456789A="
SECRET = "xoxb-1-secret"
PLACES = [
    Place("T0ACME", "", "Acme", 1_764_374_400.0, "1a2b3c4d5e6f", running=3, waiting=1),
    Place("", "E0GROUP", "グループ株式会社の本社と支社とその他の会社", 1_764_374_400.0 + 86_400),
    Place("T0GONE", "E0GROUP", "", None, "feedbeef", is_gone=True, waiting=12),
    Place("T0BIDI", "", "a\u202eb\nc", float("inf")),
]


def test_eighty_columns_hold_a_line_for_each() -> None:
    """Where something goes on first, then the newest; what is too long is cut, wide characters count as two."""
    lines = [*tell(Overview(PLACES, 2), width=80)]
    assert lines == [
        "name           workspace  organisation  since       served by  going on  waiting",
        "-              T0GONE     E0GROUP       -           gone              0       12",
        "Acme           T0ACME     -             2025-11-29  1a2b3c4d          3        1",
        "ab c           T0BIDI     -             -           -                 0        0",
        "グループ株式…  -          E0GROUP       2025-11-30  -                 0        0",
        "",
        "workspaces 4, processes 2",
        "going on 3, waiting 13",
    ]


def test_forty_columns_hold_some_lines_for_each() -> None:
    """With what there is to say, and none is longer."""
    lines = [*tell(Overview(PLACES, 2), width=40)]
    assert lines == [
        "T0GONE",
        "  workspace T0GONE, organisation E0GROUP",
        "  served by gone, going on 0, waiting 12",
        "Acme",
        "  workspace T0ACME, since 2025-11-29",
        "  served by 1a2b3c4d, going on 3",
        "  waiting 1",
        "ab c",
        "  workspace T0BIDI, going on 0",
        "  waiting 0",
        "グループ株式会社の本社と支社とその他の…",
        "  organisation E0GROUP, since 2025-11-30",
        "  going on 0, waiting 0",
        "",
        "workspaces 4, processes 2",
        "going on 3, waiting 13",
    ]


@pytest.mark.parametrize("width", [0, 1, 20, 30, 40, 60, 79, 80, 120, 500])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    """However narrow, down to what nobody has."""
    lines = [*tell(Overview(PLACES, 2), width=width)]
    assert max(map(columns, lines)) <= max(width, 20)
    assert all(line.isprintable() for line in lines)


def test_thousands_are_not_all_shown() -> None:
    """Unless somebody wants them."""
    many = Overview([Place(f"T{number}", name="x", installed_at=1.0) for number in range(12_345)], 1)
    lines = [*tell(many, width=80)]
    assert f"… and {12_345 - MOST:,} more: --all" in lines
    assert "workspaces 12,345, processes 1" in lines
    assert len(lines) < MOST + 10
    assert len([*tell(many, width=80, is_whole=True)]) > 12_345


def test_where_there_are_none_it_says_so() -> None:
    """A heading alone would look like a fault."""
    assert [*tell(Overview([], 0), width=80)] == [NONE]


async def fill(url: str) -> None:
    """Two workspaces and an organisation that have installed it, and two processes of which one is dead."""
    is_shared = url.startswith("postgresql")
    async with Store(url, owner="processone", clock=time.time, is_shared=is_shared) as store:
        await store.open()
        table = store.installations(Sealer([KEY]))
        for at, (team, enterprise) in enumerate([("T1", None), ("T2", "E1"), ("", "E2")], 1):
            made = Installation(team, enterprise, SECRET, "B1", "U1")
            await table.save(made, name=f"Name {at}", at=86_400.0 * at)
        for team, key in (("T1", "a"), ("T1", "b"), ("T3", "c")):
            await serve_workspace(store, f"{team}/B1")
            asked = Question(
                key, "A secret problem?", "U", "C", workspace=f"{team}/B1", enterprise="E2" * (team == "T3")
            )
            await store.add(asked)
        await store.save(Changes(posts={("a", "parent"): "1.0"}))
        await store.add(Question("d", "Why?", "U", "C", workspace="T2/B1"))
        if not is_shared:
            return
        # As a kill leaves it.
        await query(url, "INSERT INTO processes VALUES ('dead', 1.0)")
        await query(url, "UPDATE workspaces SET owner = 'dead' WHERE workspace = 'T2/B1'")
        await query(url, "UPDATE runs SET owner = 'dead' WHERE workspace = 'T2/B1'")


@slow
@pytest.mark.parametrize("kind", KINDS)
async def test_it_reads_what_goes_on_and_writes_nothing(kind: str, tmp_path: Path) -> None:
    """Also where nothing is kept yet."""
    async with database(kind, tmp_path) as url:
        assert await read_overview(url, time.time) == Overview([], 0)
        await fill(url)
        before = await query(url, "SELECT * FROM processes ORDER BY owner")
        overview = await read_overview(url, time.time)
        assert await query(url, "SELECT * FROM processes ORDER BY owner") == before
    found = {place.team or place.enterprise: place for place in overview.places}
    assert overview.processes == 1
    assert found["T1"] == Place("T1", "", "Name 1", 86_400.0, "processone", running=1, waiting=1)
    assert found["T3"] == Place("T3", "E2", "", None, "processone", waiting=1)
    assert found["E2"] == Place("", "E2", "Name 3", 3 * 86_400.0)
    assert (found["T2"].waiting, found["T2"].is_gone) == (1, kind == "postgresql")


async def test_another_versions_tables_are_left_alone(tmp_path: Path) -> None:
    """This one would read them wrongly, or make its own of them."""
    url = f"sqlite:///{tmp_path}/runs.sqlite"
    await fill(url)
    for version in (VERSION - 1, VERSION + 1):
        await query(url, f"UPDATE perspectives_schema SET version = {version}, readable_by = {version}")  # noqa: S608
        with pytest.raises(SettingsError, match=f"its schema is {version}, this one knows {VERSION}"):
            await read_overview(url, time.time)


async def test_a_newer_versions_tables_are_read_if_they_say_that_they_can_be(tmp_path: Path) -> None:
    """While one version takes the place of the other, both are there."""
    url = f"sqlite:///{tmp_path}/runs.sqlite"
    await fill(url)
    before = await read_overview(url, time.time)
    await query(url, f"UPDATE perspectives_schema SET version = {VERSION + 1}, readable_by = {VERSION}")  # noqa: S608
    assert (await read_overview(url, time.time)).places == before.places


async def test_a_database_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sits at the terminal is told after some seconds."""

    async def hang(_: object) -> None:
        await asyncio.sleep(3_600)

    monkeypatch.setattr("bot.durable.sql.database.Database.open", hang)
    began = asyncio.get_running_loop().time()
    with pytest.raises(SettingsError, match="no answer within 10 s"):
        await find_places({"DATABASE_URL": "sqlite:///:memory:"})
    assert asyncio.get_running_loop().time() - began == pytest.approx(STORE_TIMEOUT)


@slow
@pytest.mark.parametrize("kind", KINDS)
async def test_the_command_prints_what_the_database_has(kind: str, tmp_path: Path) -> None:
    """With its address and nothing else set, in a terminal of any width; no token and no problem."""
    async with database(kind, tmp_path) as url:
        code, out, err = await asyncio.to_thread(run, tmp_path, "workspaces", DATABASE_URL=url)
        assert (code, out, err) == (0, f"{NONE}\n", "")
        await fill(url)
        for width in ("40", "80"):
            code, out, err = await asyncio.to_thread(run, tmp_path, "workspaces", DATABASE_URL=url, COLUMNS=width)
            assert (code, err) == (0, "")
            assert max(map(columns, out.splitlines())) <= int(width)
            assert "Name 1" in out
            assert "secret" not in out
            assert "gAAAA" not in out  # as what is sealed begins


UNREADABLE = [
    ("mysql://me:secret@db.test/a", "DATABASE_URL is not an address"),
    ("sqlite:///missing/runs.sqlite", "DATABASE_URL: there is no directory"),
    ("postgresql://me:secret@127.0.0.1:9/a", "DATABASE_URL: "),
]


@slow
@pytest.mark.parametrize(("url", "told"), UNREADABLE)
def test_a_database_that_cannot_be_read_is_one_line_and_code_2(url: str, told: str, tmp_path: Path) -> None:
    """There is nothing else to look at; and no password."""
    code, out, err = run(tmp_path, "workspaces", DATABASE_URL=url)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(told)
    assert "secret" not in err
