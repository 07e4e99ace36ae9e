"""What the pages list, held to the code: the tables that are kept. The log's events are in `test_operations`."""

import re
from pathlib import Path

from bot.durable.tables.schema import schema, tables

ROOT = Path(__file__).parent.parent


def section(page: str, title: str) -> str:
    """What stands under a title of a page."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_the_tables_that_are_kept_are_listed() -> None:
    """Each but the one that has the schema's version."""
    listed = re.findall(r"^\| `([a-z_]+)` \|", section("security.md", "What is kept"), re.MULTILINE)
    assert sorted(listed) == sorted(tables.tables.keys() - {schema.name})
