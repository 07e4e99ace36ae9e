"""The laws of who may know whom, held against the imports of the code."""

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "bot"
MODULES = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in ROOT.rglob("*.py")}

# The rooms: folders, and the files beside them. Each may import those that stand behind it, and none else.
ROOMS = {
    "__init__": "",
    "errors": "",
    "printable": "",
    "backoff": "",
    "logs": "errors",
    "network": "errors",
    "engine": "network backoff printable",
    "texts": "engine network",
    "markup": "",
    "quotas": "",
    "tally": "",
    "metrics": "tally",
    "slack": "markup texts engine network printable errors backoff",
    "durable": "slack texts engine errors",
    "delivery": "tally slack markup texts engine errors backoff",
    "runs": "tally quotas markup durable delivery slack texts engine errors backoff",
    "settings": "durable texts network printable errors",
    "check": "settings durable slack texts engine network printable errors",
    "votes": "settings durable printable errors",
    "overview": "settings durable markup printable errors",
    "entrance": "settings durable slack network errors",
    "app": "metrics tally settings entrance quotas runs durable delivery slack texts engine network errors backoff",
    "web": "settings quotas markup texts engine network errors",
    "playground": "web app settings texts engine network errors",
    "commands": "web playground app check votes overview settings logs errors",
    "__main__": "commands errors",
}
# The doors: where a library may be imported. All others are Python's own.
DOORS = {
    "cryptography": "durable.sealing",
    "aiohttp": "engine slack network entrance metrics playground check web",
    "dotenv": "settings.environment",
    "httpx2": "engine network",
    "jiter": "engine",
    "markdown_it": "markup.prose",
    "openai": "engine.completions engine.request engine.diagnosis",
    "prometheus_client": "metrics",
    "psycopg": "durable.sql.database",
    "rich": "playground",
    "slack_bolt": "slack entrance.registry",
    "slack_sdk": "slack",
    "sqlalchemy": "durable",
    "sqlite3": "durable.sql.sqlite",
    "xllamacpp": "playground.model",
}
# The Protocols: what a room needs of another that it may not know, and two for which whoever has its own may stand in.
# Elsewhere a class is named, or a function is handed over: a Protocol hides that something below calls something above.
PROTOCOLS = {
    ("delivery.needs", "Ledger"),
    ("delivery.needs", "SlackCalls"),
    ("engine.__init__", "Model"),
    ("slack.listeners", "Desk"),
}
# What does no I/O, reads no clock and knows no event loop: whole folders, but for the files that are named.
PURE = {
    "printable": "",
    "backoff": "",
    "errors": "",
    "tally": "",
    "metrics": "page",
    "network": "tls connection_failures connections listening",
    "engine": "completions request stream idle wire turns merge",
    "texts": "",
    "markup": "",
    "quotas": "",
    "slack": "listeners removals seen http.events http.health http.installs http.server http.turns"
    " wires.not_taken wires.remembered wires.socket wires.envelopes wires.websocket api wires.session",
    "delivery": "board holding",
    "durable": "journal holdings turns recovery store sql.database sql.connection sql.sqlite"
    " sql.postgresql tables.questions tables.claims tables.conversations tables.votes tables.history"
    " tables.installations tables.oauth_states tables.rows tables.schema"
    " tables.saves sharing.owners sharing.signals sharing.bell sharing.reach",
    "web": "run runs stream api page server http.bodies http.files http.responses http.sending http.sessions",
    "runs": "run desk workspaces supervisor teller workspace preparing presses reception outline",
}
IMPURE = re.compile(
    r"(asyncio|time|datetime|os|socket|select|random|secrets|threading|logging|pathlib|subprocess|concurrent|urllib\.request)\b"
)
ENVIRONMENT = re.compile(r"\b(environb?|getenvb?|getproxies\w*|proxy_bypass\w*|expandvars|expanduser|Path\.home)\b")
STANDARD = {"bot", *sys.stdlib_module_names} - {"sqlite3"}
MOST_LINES = 300  # of a file: past that, ask what second noun is hiding in it
MOST_FILES = 12  # in a folder: the list of its files is its architecture


@cache
def parsed(path: Path) -> ast.Module:
    """A file, as Python reads it."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports(path: Path) -> tuple[str, ...]:
    """The modules that a file imports, wherever in it; of `from x import y` both x and x.y."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "an import says whence"
            yield from (f"{node.module}.{name.name}" for name in node.names)
            yield str(node.module)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("bot."):
            yield node.value  # for `import_module`


def known(name: str) -> set[str]:
    """The modules of ours that a module imports."""
    found = {imported.removeprefix("bot.") for imported in imports(MODULES[name]) if imported.startswith("bot.")}
    return {one if one in MODULES else f"{one}.__init__" for one in found} & MODULES.keys() - {name}


def room(name: str) -> str:
    """The folder that a module is in, or the module beside the folders."""
    return name.partition(".")[0]


def is_in(name: str, places: str) -> bool:
    """Whether a module is one of some places, or in one."""
    return any(name == place or name.startswith(f"{place}.") for place in places.split())


def test_rooms_stand_in_order() -> None:
    """Each knows rooms that are named before it: there is no circle."""
    names = list(ROOMS)
    for place, name in enumerate(names):
        assert set(ROOMS[name].split()) <= set(names[:place]), name


def test_arrows_point_one_way() -> None:
    """A module imports of its own room, and of those that its room may know."""
    rooms = {name: {room(one) for one in known(name)} - {room(name)} for name in MODULES}
    assert {(name, one) for name, found in rooms.items() for one in found - set(ROOMS[room(name)].split())} == set()


def test_no_files_know_each_other_in_a_circle() -> None:
    """Not within a room either, however many there are in the circle."""
    TopologicalSorter({name: known(name) for name in MODULES}).prepare()


def test_each_library_has_its_door() -> None:
    """Who else wants something of it asks there; and none is used that is not named here."""
    ours = {(name, library) for name, path in MODULES.items() for library in map(room, imports(path))}
    used = {(name, library) for name, library in ours if library not in STANDARD}
    assert used
    assert {(name, library) for name, library in used if not is_in(name, DOORS.get(library, ""))} == set()


@pytest.mark.parametrize("folder", PURE)
def test_the_core_is_pure(folder: str) -> None:
    """No clock, no input or output, no event loop."""
    modules = {name for name in MODULES if is_in(name, folder) and not is_in(name, _within(folder))}
    assert modules
    assert [(name, one) for name in modules for one in imports(MODULES[name]) if IMPURE.match(one)] == []


def test_there_are_few_protocols() -> None:
    """Each is named above, with those that stay for a reason."""
    found = set()
    for name, path in MODULES.items():
        classes = [one for one in ast.walk(parsed(path)) if isinstance(one, ast.ClassDef)]
        bases = [(one.name, ast.unparse(base)) for one in classes for base in one.bases]
        found |= {(name, one) for one, base in bases if base.startswith("Protocol")}
    assert found == PROTOCOLS


def test_merge_knows_asyncio_only() -> None:
    """What it is asked to merge is none of its business."""
    assert {one for one in imports(MODULES["engine.merge"]) if IMPURE.match(one)} == {"asyncio"}
    assert known("engine.merge") == set()


def test_only_settings_reads_the_environment() -> None:
    """What cannot be found in one place cannot be documented in one. Of the database, it is where libpq looks."""
    users = {name for name, path in MODULES.items() if ENVIRONMENT.search(path.read_text(encoding="utf-8"))}
    assert users == {"settings.environment", "durable.sql.postgresql"}
    assert len(ENVIRONMENT.findall(MODULES["durable.sql.postgresql"].read_text(encoding="utf-8"))) == 1


def test_a_folder_can_be_read_at_a_glance() -> None:
    """It says in a line or two what it is, and has no more files than that."""
    for folder in {path.parent for path in MODULES.values()}:
        assert len([path for path in folder.glob("*.py") if path.stem != "__init__"]) <= MOST_FILES, folder
        assert ast.get_docstring(parsed(folder / "__init__.py")), folder


def test_a_file_holds_one_noun() -> None:
    """Of which this is a rough measure."""
    written = [path for path in ROOT.rglob("*") if path.suffix in {".py", ".js", ".css", ".html"}]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in written}
    assert {path: length for path, length in lengths.items() if length > MOST_LINES} == {}


def _within(folder: str) -> str:
    return " ".join(f"{folder}.{name}" for name in PURE[folder].split())


def test_the_tests_that_the_documentation_names_are_there() -> None:
    """Whoever doubts a promise finds what shows it."""
    root = Path(__file__).parent.parent
    named = {name for page in (root / "docs").glob("*.md") for name in re.findall(r"`(test_\w+)`", page.read_text())}
    assert named
    assert named - {path.stem for path in (root / "tests").rglob("test_*.py")} == set()
