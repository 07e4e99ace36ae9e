"""Which kind a URL is of, and that all who ask hear the same."""

from pathlib import Path

import pytest

from bot.durable.sql.database import Database
from bot.durable.sql.kinds import Kind, find_kind
from bot.settings.reader import Reader

SQLITE = ("sqlite://", "sqlite:///{place}/a.sqlite", "sqlite+aiosqlite:///{place}/a", "jdbc:sqlite:///{place}/a.sqlite")
POSTGRESQL = ("postgres://", "postgresql://db.test/a", "postgresql+asyncpg://db.test", "jdbc:postgresql://db.test/a")
NEITHER = (
    "",
    "sqlite",
    "sqlite:a",
    "sqlite3:///a",
    "mysql://db.test",
    "jdbc:mysql://db.test",
    " sqlite://",
    "SQLITE://",
)


@pytest.mark.parametrize(
    ("url", "kind"), [*((url, Kind.SQLITE) for url in SQLITE), *((url, Kind.POSTGRESQL) for url in POSTGRESQL)]
)
async def test_whoever_asks_takes_a_url_for_the_same(url: str, kind: Kind, tmp_path: Path) -> None:
    """With a driver's name in it, or before it; the settings too take it as it is."""

    async def prepare(_: object) -> None:
        """Nothing."""

    url = url.format(place=tmp_path)
    assert find_kind(url) is kind
    assert Database(url, prepare).is_postgresql is (kind is Kind.POSTGRESQL)
    assert Reader({"DATABASE_URL": url}).database("DATABASE_URL", "sqlite://") == url


@pytest.mark.parametrize("url", NEITHER)
def test_what_is_of_neither_kind_is_none(url: str) -> None:
    """Other databases, and what is no address."""
    assert find_kind(url) is None
