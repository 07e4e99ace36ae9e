"""What people think of the answers, as `python -m bot votes` prints it."""

import asyncio
import time
from pathlib import Path

import pytest

from bot.durable.record import Changes
from bot.durable.store import Store
from bot.durable.tables.votes import Count
from bot.engine.draft import Draft, State
from bot.errors import SettingsError, StoreError
from bot.slack.question import Question
from bot.texts.ja import JAPANESE
from bot.votes import NONE, STORE_TIMEOUT, read_votes, table
from tests.support.databases import KINDS, database, locked, query
from tests.test_boundary import run

slow = pytest.mark.slow


def test_the_table_is_aligned() -> None:
    """Names to the left, numbers to the right; what has no name has a dash, and one of many lines is one."""
    counts = [
        Count("Depth", "gpt-5.4-mini", "en", 1_234, 5),
        Count("Together", "", "ja", 7, 89),
        Count("a\nb", "m", "en", 0, 0),
    ]
    assert [*table(counts)] == [
        "perspective  model         language   good  bad",
        "Depth        gpt-5.4-mini  en        1,234    5",
        "Together     -             ja            7   89",
        "a b          m             en            0    0",
    ]


def test_where_there_are_none_it_says_so() -> None:
    """A heading alone would look like a fault."""
    assert [*table([])] == [NONE]


async def fill(url: str) -> None:
    """Answers in two languages, and votes on them."""
    async with Store(url, owner="one", clock=time.time, workspace="T1/B1") as store:
        await store.open()
        await store.add(Question("en", "Why?", "U", "C"))
        await store.add(Question("ja", "なぜ", "U", "C", language=JAPANESE))
        whole = {(key, "Depth"): Draft.of("So.", State.DONE, model="m") for key in ("en", "ja")}
        await store.save(Changes(answers=whole))
        for key, user, is_good in (("en", "U1", True), ("en", "U2", False), ("en", "U2", True), ("ja", "U1", False)):
            assert await store.vote("", key, "Depth", user, is_good=is_good)


@slow
@pytest.mark.parametrize("kind", KINDS)
async def test_the_command_prints_what_the_database_has(kind: str, tmp_path: Path) -> None:
    """With its address and nothing else set; it leaves nothing of its own there."""
    async with database(kind, tmp_path) as url:
        code, out, err = await asyncio.to_thread(run, tmp_path, "votes", DATABASE_URL=url)
        assert (code, out, err) == (0, f"{NONE}\n", "")
        await fill(url)
        code, out, err = await asyncio.to_thread(run, tmp_path, "votes", DATABASE_URL=url)
        assert (code, err) == (0, "")
        assert out.splitlines()[1:] == [
            "Depth        m      en           2    0",
            "Depth        m      ja           0    1",
        ]
        assert await query(url, "SELECT owner FROM processes") == [("one",)]


UNREADABLE = [
    ("mysql://me:secret@db.test/a", 2, "DATABASE_URL is not an address"),
    ("sqlite:///missing/runs.sqlite", 2, "DATABASE_URL: there is no directory"),
    ("postgresql://me:secret@127.0.0.1:9/a", 1, ""),
]


@slow
@pytest.mark.parametrize(("url", "expected", "told"), UNREADABLE)
def test_a_database_that_cannot_be_read_is_one_line(url: str, expected: int, told: str, tmp_path: Path) -> None:
    """With the code that other commands have for it, and no password."""
    code, out, err = run(tmp_path, "votes", DATABASE_URL=url)
    assert (code, out, err.count("\n")) == (expected, "", 1)
    assert err.startswith(told)
    assert "secret" not in err
    assert "fault of the bot's own" not in err


async def test_a_database_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sits at the terminal is told after some seconds."""

    async def hang(_: Store) -> None:
        await asyncio.sleep(3_600)

    monkeypatch.setattr(Store, "open", hang)
    began = asyncio.get_running_loop().time()
    with pytest.raises(StoreError, match="no answer within 10 s"):
        await read_votes({"DATABASE_URL": "sqlite:///:memory:"})
    assert asyncio.get_running_loop().time() - began == pytest.approx(STORE_TIMEOUT)
    with pytest.raises(SettingsError):
        await read_votes({"DATABASE_URL": "nowhere"})


@slow
async def test_a_file_that_somebody_has_locked_is_an_error(tmp_path: Path) -> None:
    """Of the database's, and no traceback."""
    url = f"sqlite:///{tmp_path}/runs.sqlite"
    await fill(url)
    async with locked(url):
        with pytest.raises(StoreError):
            await read_votes({"DATABASE_URL": url})
