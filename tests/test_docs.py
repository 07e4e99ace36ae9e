"""What the pages list, held to the code: the events of the log, and the tables that are kept."""

import ast
import re
from pathlib import Path

from bot.durable.tables.schema import schema, tables

ROOT = Path(__file__).parent.parent
EVENT = re.compile(r"([a-z]+(?:[._][a-z_]+)*\.[a-z_]+)(?= |:|$)")


def section(page: str, title: str) -> str:
    """What stands under a title of a page."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def find_events() -> set[str]:
    """What the bot's own loggers are told, all of which has to be an event."""
    events = set()
    for path in (ROOT / "bot").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name("logger"), attr=level), args=arguments):
                    message = ast.literal_eval(arguments[level == "log"])
                    found = EVENT.match(message)
                    assert found, f"{path}:{node.lineno}: {message}"
                    events.add(found[1])
    return events


def test_the_events_of_the_log_are_listed() -> None:
    """Each that there is, and no other, once."""
    listed = re.findall(r"`([a-z_]+(?:\.[a-z_]+)+)`", section("reliability.md", "The log"))
    assert sorted(listed) == sorted(find_events())


def test_the_tables_that_are_kept_are_listed() -> None:
    """Each but the one that has the schema's version."""
    listed = re.findall(r"^\| `([a-z_]+)` \|", section("security.md", "What is kept"), re.MULTILINE)
    assert sorted(listed) == sorted(tables.tables.keys() - {schema.name})
