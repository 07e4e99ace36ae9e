"""The laws of who may know whom, held against the imports of the code."""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
MODULES = {path.stem: path for path in (ROOT / "bot").glob("*.py")}

# From what is asked to what answers: a module may import those after it, never one before it.
ORDER = [
    "__main__",
    "commands",
    "app",
    "check",
    "socket",
    "listeners",
    "runs",
    "run",
    "admission",
    "journal",
    "store",
    "database",
    "rows",
    "sqlite",
    "schema",
    "completions",
    "stream",
    "idle",
    "wire",
    "dialect",
    "reasons",
    "failures",
    "backoff",
    "answer",
    "chunks",
    "endings",
    "thoughts",
    "sse",
    "turns",
    "merge",
    "reply",
    "board",
    "thread",
    "pacing",
    "posting",
    "bucket",
    "slack",
    "slack_session",
    "response_urls",
    "connection_failures",
    "blocks",
    "markdown",
    "links",
    "mrkdwn",
    "fences",
    "limits",
    "record",
    "draft",
    "question",
    "perspectives",
    "tls",
    "settings",
    "dsn",
    "printable",
    "proxies",
    "errors",
    "__init__",
]
ONLY = {
    "openai": {"completions", "stream"},
    "slack_sdk": {"slack", "socket"},
    "slack_bolt": {"listeners", "socket"},
    "dotenv": {"settings"},
    "sqlalchemy": {"store", "schema", "database"},
    "sqlite3": {"sqlite"},
    "psycopg": {"database"},
}
PURE = {
    "admission",
    "answer",
    "backoff",
    "blocks",
    "bucket",
    "chunks",
    "dialect",
    "draft",
    "dsn",
    "endings",
    "errors",
    "failures",
    "limits",
    "links",
    "markdown",
    "mrkdwn",
    "fences",
    "pacing",
    "perspectives",
    "posting",
    "printable",
    "proxies",
    "question",
    "reasons",
    "record",
    "response_urls",
    "sse",
    "thoughts",
}
IMPURE = {
    "asyncio",
    "time",
    "datetime",
    "os",
    "socket",
    "random",
    "threading",
    "logging",
    "pathlib",
    "subprocess",
}


def imports(path: Path) -> set[str]:
    """The modules that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{name.name}" for name in node.names} | {node.module}
    return found


def test_every_module_has_its_place() -> None:
    """The order below is the architecture: whoever adds a module says where it stands."""
    assert set(ORDER) == set(MODULES)


def test_arrows_point_one_way() -> None:
    """From listeners towards errors."""
    for place, name in enumerate(ORDER):
        known = {module.split(".")[1] for module in imports(MODULES[name]) if module.startswith("bot.")}
        assert known & set(MODULES) <= set(ORDER[place + 1 :]), name


def test_each_sdk_has_one_door() -> None:
    """Who else wants something of it asks there."""
    for library, allowed in ONLY.items():
        users = {name for name, path in MODULES.items() if any(i.split(".")[0] == library for i in imports(path))}
        assert users <= allowed, library


def test_the_core_is_pure() -> None:
    """No clock, no input or output, no event loop."""
    for name in PURE:
        assert not {module.split(".")[0] for module in imports(MODULES[name])} & IMPURE, name
    assert {m.split(".")[0] for m in imports(MODULES["merge"])} & IMPURE == {"asyncio"}


def test_only_settings_reads_the_environment() -> None:
    """What cannot be found in one place cannot be documented in one."""
    for name, path in MODULES.items():
        assert name == "settings" or "environ" not in path.read_text(encoding="utf-8").replace("environment", ""), name


def test_nothing_but_main_imports_the_playground() -> None:
    """The bot works where it is not installed."""
    users = {name for name, path in MODULES.items() if any(i.startswith("bot.playground") for i in imports(path))}
    assert users <= {"commands"}
