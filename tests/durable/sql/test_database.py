"""What befalls a database while the bot runs, in real time. Each fault is said by its name, and ends with its cause."""

import asyncio
import logging
import os
import resource
import secrets
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from bot.durable.lease import LEASE
from bot.durable.record import Begun, Changes, Outcome
from bot.durable.sql.dsn import read_dsn
from bot.durable.sql.postgresql import IDLE_TIMEOUT, end_sleepers, with_authorities
from bot.durable.store import LOG_KEPT, Store
from bot.engine.draft import Draft, State
from bot.errors import ContentError, SettingsError, StoreError
from bot.slack.question import Question
from tests.support.databases import ADDRESS, KINDS, claim, database, disconnect, query, release
from tests.support.process import ROOT
from tests.support.stores import serve_workspace

pytestmark = pytest.mark.slow
on_postgresql = pytest.mark.parametrize("kind", KINDS[1:])

ASKED_AT = 1_800_000_000.0
COUNT = "SELECT COUNT(*) FROM runs"


def question(key: str = "k") -> Question:
    """A question that differs from others in its key."""
    return Question(key, "Why?", "U", "C")


@asynccontextmanager
async def opened(url: str, owner: str = "one") -> AsyncIterator[Store]:
    """A store that is open, in which one question is kept."""
    async with Store(url, owner=owner, clock=lambda: ASKED_AT) as store:
        await store.open()
        await store.add(question())
        yield store


@contextmanager
def no_room() -> Iterator[None]:
    """Let this process write into no file, as where a disk is full."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    former = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, former)


def modes(directory: Path) -> dict[str, int]:
    """What everybody may do with the files in a directory."""
    return {path.name: path.stat().st_mode & 0o777 for path in directory.iterdir()}


async def alter(url: str, setting: str) -> None:
    """Change a setting of a database, for whoever connects from now on."""
    await query(ADDRESS, f"ALTER DATABASE {urlsplit(url).path[1:]} {setting}")


SLEEPER = """
import asyncio, sys
from sqlalchemy import text
from bot.durable.sql.database import Database

async def work(connection):
    await connection.execute(text("UPDATE runs SET state = state"))
    print("locked", flush=True)
    await asyncio.sleep(60)

async def prepare(connection):
    pass

asyncio.run(Database(sys.argv[1], prepare).do(work))
"""


@on_postgresql
async def test_what_a_suspended_process_has_locked_can_be_taken_up(kind: str, tmp_path: Path) -> None:
    """Its transaction is undone when half a lease has passed: so it keeps nobody waiting for longer than a dead one."""
    async with database(kind, tmp_path) as url, opened(url) as first:
        await release(first, "k")
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", SLEEPER, url, cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        try:
            assert child.stdout is not None
            assert await child.stdout.readline() == b"locked\n"
            child.send_signal(signal.SIGSTOP)
            async with Store(url, owner="two", clock=lambda: ASKED_AT + 1) as second:
                await second.open()
                assert await claim(second) == []
                await asyncio.sleep(IDLE_TIMEOUT + 0.5)
                assert [record.question.key for record in await claim(second)] == ["k"]
        finally:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()


@on_postgresql
async def test_a_server_that_has_become_read_only_is_said_and_left_as_soon_as_it_can_be(
    kind: str, tmp_path: Path
) -> None:
    """A failover leaves connections to what is a standby now; a new one leads to the primary."""
    async with database(kind, tmp_path) as url, opened(url) as store:
        await alter(url, "SET default_transaction_read_only = on")
        await disconnect(url)
        for call in (store.save(Changes()), store.try_out(), store.add(question("other"))):
            with pytest.raises(StoreError, match=r"it is read-only; ReadOnlySqlTransaction 25006\)"):
                await call
        await alter(url, "RESET default_transaction_read_only")
        assert (await store.save(Changes())).held == {"k"}
        await store.try_out()


@on_postgresql
async def test_a_connection_on_which_everything_fails_is_left_at_once(kind: str, tmp_path: Path) -> None:
    """Nobody notices, where a new one works."""
    async with database(kind, tmp_path) as url, opened(url) as store:
        for poison in (
            b"SET default_transaction_read_only = on",
            b"SET search_path = nowhere",
            b"SET ROLE pg_monitor",
            b"SELECT pg_terminate_backend(pg_backend_pid())",
        ):
            with suppress(Exception):  # the last one ends it in the middle of the statement
                await store._database._driver.execute(poison)
            assert (await store.save(Changes())).held == {"k"}, poison


class Pipe:
    """Forwards to a server, until it is told to be silent: connections stand, and nothing goes through any more."""

    def __init__(self) -> None:
        self.is_silent = False
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def to(self, url: str) -> AsyncIterator[str]:
        """The URL of the same database through here."""
        address = urlsplit(url)

        async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            there, back = await asyncio.open_connection(address.hostname, address.port)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._copy(reader, back))
                group.create_task(self._copy(there, writer))

        server = await asyncio.start_server(forward, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            yield address._replace(netloc=f"{address.username}:{address.password}@127.0.0.1:{port}").geturl()
        finally:
            server.close()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                while self.is_silent:  # noqa: ASYNC110 - it may be for ever
                    await asyncio.sleep(0.02)
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()


@on_postgresql
async def test_a_server_that_says_nothing_is_held_to_be_gone(kind: str, tmp_path: Path) -> None:
    """Within three seconds, so that a new connection is made when it is back; no statement of the old one lands."""
    pipe = Pipe()
    async with database(kind, tmp_path) as direct, pipe.to(direct) as url, opened(url) as store:
        pipe.is_silent, began = True, time.perf_counter()
        with pytest.raises(StoreError):
            await store.add(question("lost"))
        assert 2.5 < time.perf_counter() - began < 4.5
        pipe.is_silent = False
        assert (await store.save(Changes())).held == {"k"}
        assert time.perf_counter() - began < 5


@pytest.mark.parametrize("kind", KINDS)
async def test_tables_that_somebody_has_dropped_are_made_anew(kind: str, tmp_path: Path) -> None:
    """As in a database that was restored: what is live is then written anew, with all that stands of it."""
    async with database(kind, tmp_path) as url, opened(url) as store:
        for table in ("votes", "answers", "messages", "edits", "runs", "perspectives_schema"):
            await query(url, f"DROP TABLE {table}")
        assert (await store.save(Changes())).held == set()
        begins = {"k": Begun(question(), ASKED_AT - 5)}
        assert (await store.save(Changes(begins=begins, posts={("k", "parent"): "1.1"}))).held == {"k"}
        assert await query(url, "SELECT key, asked_at, owner FROM runs") == [("k", ASKED_AT - 5, "one")]
        assert await query(url, "SELECT part, ts FROM messages") == [("parent", "1.1")]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_run_is_written_anew_only_where_nothing_is_known_of_it(kind: str, tmp_path: Path) -> None:
    """What another process holds, and what has ended, stays as it is; what is its own is written on."""
    async with database(kind, tmp_path) as url, opened(url) as one, opened(url, "two") as two:
        await two.add(question("others"))
        await one.add(question("ended"))
        await one.save(Changes(ends={"ended": Outcome.DONE}))
        keys = ("k", "others", "ended", "new")
        begins = {key: Begun(Question(key, "Something else?", "U", "C"), 1.0) for key in keys}
        posts = {(key, "parent"): "1.1" for key in keys}
        assert (await one.save(Changes(begins=begins, posts={**posts}))).held == {"k", "new"}
        assert await query(url, "SELECT problem FROM runs ORDER BY key") == [
            ("Why?",), ("Why?",), ("Something else?",), ("Why?",)
        ]  # fmt: skip
        assert await query(url, "SELECT run FROM messages ORDER BY run") == [("k",), ("new",)]


def remove_file(path: Path) -> None:
    """And leave its log."""
    path.unlink()


def remove_all(path: Path) -> None:
    """With its log."""
    for one in path.parent.iterdir():
        one.unlink()


def move(path: Path) -> None:
    """Elsewhere, so that it is there still."""
    path.rename(path.with_name("elsewhere"))


def replace_by_copy(path: Path) -> None:
    """Without what is in the log only."""
    Path(shutil.copy(path, path.with_name("copy"))).rename(path)


def replace_by_nothing(path: Path) -> None:
    """By an empty file."""
    path.with_name("empty").touch()
    path.with_name("empty").rename(path)


@pytest.mark.parametrize("remove", [remove_file, remove_all, move, replace_by_copy, replace_by_nothing])
async def test_a_file_that_somebody_has_removed_or_replaced_is_said_and_made_anew(
    remove: Callable[[Path], None], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The next write goes into the file that is there; two processes that share it agree."""
    url, path = f"sqlite:///{tmp_path / 'runs.sqlite'}", tmp_path / "runs.sqlite"
    async with opened(url) as store, opened(url, "two") as two:
        for number in range(20):
            await store.add(question(f"before {number}"))
        remove(path)
        assert await store.add(question("after"))
        assert await two.add(question("of another"))
        assert await store.add(question("once more"))
        keys = {key for (key,) in await query(url, "SELECT key FROM runs")}
        assert {"after", "of another", "once more"} <= keys
        assert await query(url, "PRAGMA integrity_check") == [("ok",)]
        assert caplog.text.count("store.moved") == 2
        assert {mode & 0o77 for name, mode in modes(tmp_path).items() if name.startswith("runs")} == {0}


async def test_a_file_that_an_older_copy_replaces_is_not_mixed_with_its_log(tmp_path: Path) -> None:
    """What the log beside it holds belongs to the file that was there."""
    url, path = f"sqlite:///{tmp_path / 'runs.sqlite'}", tmp_path / "runs.sqlite"
    async with opened(url) as store, opened(url, "two") as two:
        await query(url, f"VACUUM INTO '{path.with_name('older')}'")
        for number in range(200):
            await store.add(Question(f"lost {number}", "Why? " * 1_000, "U", "C"))
        path.with_name("older").rename(path)
        assert await store.add(question("after"))
        assert await two.add(question("of another"))
        assert await query(url, "SELECT key FROM runs ORDER BY key") == [("after",), ("k",), ("of another",)]
        assert await query(url, "PRAGMA integrity_check") == [("ok",)]


async def test_a_directory_that_is_gone_for_a_while_is_said(tmp_path: Path) -> None:
    """As where a volume was unmounted; what was in it is there again afterwards."""
    (tmp_path / "data").mkdir()
    async with opened(f"sqlite:///{tmp_path / 'data/runs.sqlite'}") as store:
        (tmp_path / "data").rename(tmp_path / "away")
        with pytest.raises(StoreError, match="FileNotFoundError"):
            await store.save(Changes())
        (tmp_path / "away").rename(tmp_path / "data")
        assert (await store.save(Changes())).held == {"k"}


async def test_a_full_disk_is_said_and_written_to_when_there_is_room_again(tmp_path: Path) -> None:
    """Whatever was half written is undone."""
    url = f"sqlite:///{tmp_path / 'runs.sqlite'}"
    async with opened(url) as store:
        with no_room():
            for call in (store.add(question("lost")), store.try_out()):
                with pytest.raises(StoreError, match=r"the disk (is full|cannot be (read or )?written)"):
                    await call
        assert await store.add(question("other"))
        assert await query(url, f"{COUNT} WHERE key <> 'k'") == [(1,)]


@pytest.mark.parametrize("kind", KINDS)
async def test_trying_it_out_leaves_nothing(kind: str, tmp_path: Path) -> None:
    """What was written is deleted again."""
    async with database(kind, tmp_path) as url, opened(url) as store:
        await store.try_out()
        assert await query(url, "SELECT COUNT(*) FROM edits") == [(0,)]


@on_postgresql
async def test_addresses_as_hosts_give_them_lead_to_the_database(kind: str, tmp_path: Path) -> None:
    """With what other programs understand by them; a schema holds the tables."""
    async with database(kind, tmp_path) as url:
        await query(url, 'CREATE SCHEMA "Other one"')
        for parameters in (
            "schema=public",
            "connection_limit=1&pgbouncer=true&pool_timeout=0&sslmode=prefer",
            "ssl=false&prepareThreshold=0&ApplicationName=bot",
            "sslmode=disable&connect_timeout=10&application_name=%25s",
            "options=-c%20geqo%3Doff",
        ):
            async with Store(f"{url}?{parameters}", owner=parameters, clock=lambda: ASKED_AT) as store:
                await store.open()
                assert await store.add(question(parameters))
        assert await query(url, COUNT) == [(5,)]
        async with Store(f"{url}?schema=Other%20one", owner="one", clock=lambda: ASKED_AT) as store:
            await store.open()
            assert await store.add(question("schema=public"))
        assert await query(url, 'SELECT COUNT(*) FROM "Other one".runs') == [(1,)]
        async with Store(f"{url}?schema=missing", owner="one", clock=lambda: ASKED_AT) as store:
            with pytest.raises(StoreError, match="there is no such schema"):
                await store.open()


@on_postgresql
async def test_what_keeps_it_from_connecting_is_said(kind: str, tmp_path: Path) -> None:
    """In words for whoever runs the bot, without user or password."""
    parts = urlsplit(ADDRESS)
    here = f"{parts.hostname}:{parts.port}"
    for url, words in {
        f"postgresql://{parts.username}:sesame@{here}/postgres": "it does not know this user or password",
        f"postgresql://nobody_sesame:x@{here}/postgres": "it does not know this user or password",
        f"postgresql://{parts.username}:{parts.password}@{here}/sesame": "there is no such database",
        f"postgresql://{parts.username}:{parts.password}@{here}/postgres?sslmode=require": "no agreement on TLS",
        "postgresql://me:sesame@127.0.0.1:1/runs": "nobody listens there",
        "postgresql://me:sesame@nowhere.invalid/runs": "there is no such host",
    }.items():
        async with Store(url, owner="one", clock=lambda: ASKED_AT) as store:
            with pytest.raises(StoreError, match=words) as caught:
                await store.open()
            assert "sesame" not in str(caught.value).replace("/sesame:", "")
            assert str(parts.password) not in str(caught.value)


AUTHORITIES: list[tuple[str, tuple[str | None, str | None]]] = [
    ("", (None, None)),
    ("?sslmode=require", ("require", None)),
    ("?sslmode=verify-full", ("verify-full", "system's")),
    ("?sslrootcert=system", ("verify-full", "system's")),
    ("?sslmode=verify-ca&sslrootcert=/mine.pem", ("verify-ca", "/mine.pem")),
    ("?sslaccept=strict", ("verify-full", "system's")),
]


@pytest.mark.parametrize(("query", "expected"), AUTHORITIES)
def test_authorities_are_the_systems_where_no_others_are_named(
    query: str, expected: tuple[str | None, str | None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By itself libpq looks for a file of its user's, and its wheel knows no system's."""
    system = tmp_path / "authorities.pem"
    system.touch()
    monkeypatch.setenv("SSL_CERT_FILE", str(system))
    monkeypatch.setenv("HOME", str(tmp_path))
    parameters = with_authorities(read_dsn(f"postgres://db.test/runs{query}").parameters)
    root = parameters.get("sslrootcert")
    assert (parameters.get("sslmode"), "system's" if root == str(system) else root) == expected
    (tmp_path / ".postgresql").mkdir()
    (tmp_path / ".postgresql/root.crt").touch()
    parameters = read_dsn(f"postgres://db.test/runs{query}").parameters
    assert with_authorities(parameters) == parameters or parameters.get("sslrootcert") == "system"


@on_postgresql
async def test_nothing_is_left_on_a_connection_that_a_pooler_shares(kind: str, tmp_path: Path) -> None:
    """No prepared statement, and no setting beyond its transaction."""
    async with database(kind, tmp_path) as url, opened(f"{url}?schema=public") as store:
        for number in range(10):
            await store.add(question(f"{number}"))
        line = store._database._driver
        for show, value in ((b"SHOW statement_timeout", "0"), (b"SHOW search_path", '"$user", public')):
            assert await (await line.execute(show)).fetchone() == (value,)
        assert await (await line.execute(b"SELECT COUNT(*) FROM pg_prepared_statements")).fetchone() == (0,)


async def test_a_file_that_others_may_read_is_closed_to_them(tmp_path: Path) -> None:
    """And what stands beside it, from the first moment on."""
    path = tmp_path / "runs.sqlite"
    former = os.umask(0)
    try:
        path.touch(0o644)
        (tmp_path / "runs.sqlite-wal").touch(0o644)
        (tmp_path / "runs.sqlite-shm").touch(0o644)
        async with opened(f"sqlite:///{path}") as store:
            assert modes(tmp_path) == {
                "runs.sqlite": 0o600,
                "runs.sqlite-wal": 0o600,
                "runs.sqlite-shm": 0o600,
            }
            path.chmod(0o644)
            await store.save(Changes())
            assert path.stat().st_mode & 0o777 == 0o600
    finally:
        os.umask(former)


async def test_a_newer_programs_schema_is_an_error_while_the_bot_runs(tmp_path: Path) -> None:
    """It ends the start; later, on a new connection, it is a database that does not do what it is asked."""
    url = f"sqlite:///{tmp_path / 'runs.sqlite'}"
    async with opened(url) as store:
        await query(url, "UPDATE perspectives_schema SET version = version + 1, readable_by = version + 1")
        await query(url, "ALTER TABLE runs RENAME TO former")
        with pytest.raises(StoreError, match="a newer version of this program"):
            await store.save(Changes())
        with pytest.raises(SettingsError):
            await store.open()


async def test_nothing_is_logged_of_what_was_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """At any level, while a file is replaced too."""
    caplog.set_level(logging.DEBUG)
    async with opened(f"sqlite:///{tmp_path / 'runs.sqlite'}") as store:
        (tmp_path / "runs.sqlite").unlink()
        await store.add(Question("other", "Why does the marmalade factory fail?", "U", "C"))
    assert "marmalade" not in caplog.text


ODD = Draft.of("so far", State.DONE, seconds=float("nan"), tokens=10**31)


@pytest.mark.parametrize("kind", KINDS)
async def test_numbers_that_no_database_holds_are_kept_as_far_as_they_can_be(kind: str, tmp_path: Path) -> None:
    """Nothing fails for them, now or after a restart."""
    async with database(kind, tmp_path) as url, opened(url) as store:
        drafts = {
            "Depth": ODD,
            "Time": replace(ODD, seconds=float("inf"), tokens=2**31),
            "Breadth": replace(ODD, tokens=-1),
        }
        assert (await store.save(Changes(answers={("k", name): draft for name, draft in drafts.items()}))).held == {"k"}
        await release(store, "k")
        async with opened(url, "two") as two:
            [record] = await claim(two)
        assert sorted(draft.tokens for draft in record.answers.values()) == [0, 2**31 - 1, 2**31 - 1]
        assert {draft.seconds for draft in record.answers.values()} == {0.0}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_text_without_end_is_cut_off(kind: str, tmp_path: Path) -> None:
    """A write has to be brief, since all others wait behind it."""
    async with database(kind, tmp_path) as url, opened(url) as store:
        began = time.perf_counter()
        assert (await store.save(Changes(answers={("k", "Depth"): Draft.of("x" * 100_000_000)}))).held == {"k"}
        assert time.perf_counter() - began < 1.5
        assert await query(url, "SELECT LENGTH(text) FROM answers") == [(1_000_000,)]


@pytest.mark.parametrize("kind", KINDS)
async def test_what_cannot_be_stored_is_put_aside_and_the_rest_is_written(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Once, and said by its kind; the next write is none the worse for it."""
    async with database(kind, tmp_path) as url, opened(url) as store:
        # A constraint that one row of each kind breaks, as an index breaks for a key of a megabyte in PostgreSQL.
        bad = "bad"
        if kind == "sqlite":
            for table, column in (("runs", "key"), ("messages", "part"), ("answers", "name")):
                rule = f"WHEN NEW.{column} = 'bad' BEGIN SELECT RAISE(ABORT, 'marmalade'); END"
                await query(url, f"CREATE TRIGGER no_{table} BEFORE INSERT ON {table} {rule}")
        else:
            bad = secrets.token_hex(500_000)
        changes = Changes(
            begins={key: Begun(question(key), ASKED_AT) for key in ("one", bad, "two")},
            posts={("k", part): "1.1" for part in ("parent", bad, "Depth")},
            calls={("k", "Depth"): ASKED_AT},
            answers={("k", name): Draft.of("text") for name in ("Breadth", bad, "Time")},
            ends={"two": Outcome.DONE},
            edits=[("", ASKED_AT)],
        )
        assert (await store.save(changes)).held == {"k", "one", "two"}
        assert list(changes.begins) == ["one", "two"]
        assert sorted(line.split(" error=")[0] for line in caplog.messages) == [
            f"store.put_aside kind={table}" for table in ("answers", "messages", "runs")
        ]
        assert await query(url, "SELECT part FROM messages ORDER BY place") == [("parent",), ("Depth",)]
        assert await query(url, "SELECT name FROM answers ORDER BY name") == [("Breadth",), ("Time",)]
        assert await query(url, "SELECT key, state FROM runs ORDER BY key") == [
            ("k", "open"), ("one", "open"), ("two", "done")
        ]  # fmt: skip
        caplog.clear()
        again = Changes(begins={bad: Begun(question(bad), ASKED_AT)})
        assert (await store.save(again)).held == {"k", "one"}
        assert (again.begins, caplog.messages) == ({}, [])
        with pytest.raises(ContentError):
            await store.add(question(bad))


@pytest.mark.parametrize("kind", KINDS)
async def test_what_cannot_be_read_is_left_alone_and_stops_nobody(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """However many such runs there are; whoever can read them takes them up. In the end they are forgotten."""
    now = ASKED_AT + LEASE
    async with database(kind, tmp_path) as url, opened(url) as one, Store(url, owner="two", clock=lambda: now) as two:
        for number in range(25):
            await one.add(question(f"odd {number}"))
        await one.save(Changes(answers={("k", "Depth"): Draft.of("text")}))
        nonsense = "infinity" if kind == "postgresql" else "soon"
        await query(url, f"UPDATE runs SET asked_at = '{nonsense}' WHERE key <> 'k'")  # noqa: S608 - ours
        await query(url, "UPDATE answers SET state = 'pondering'")
        await two.open()
        found = [*await claim(two), *await claim(two), *await claim(two)]
        assert [record.question.key for record in found] == ["k"]
        assert found[0].answers == {}
        assert caplog.text.count("store.unreadable kind=runs") == 25
        assert await query(url, f"{COUNT} WHERE owner = 'one'") == [(25,)]
        assert (await serve_workspace(two, "", 0.0)).asked == []
        now += 86_000.0
        assert await two.clear(now, 100) == 0
        await two.save(Changes())
        now += 1_000.0
        assert await two.clear(now, 100) == 25
        assert await query(url, "SELECT key FROM runs") == [("k",)]


async def test_text_that_is_none_is_read_all_the_same(tmp_path: Path) -> None:
    """Bytes that no UTF-8 has would keep all rows from being read."""
    url = f"sqlite:///{tmp_path / 'runs.sqlite'}"
    async with opened(url) as store, opened(url, "two") as two:
        await query(url, "UPDATE runs SET problem = CAST(x'61ff62' AS TEXT)")
        await release(store, "k")
        [record] = await claim(two)
        assert record.question.problem == "a\ufffdb"


async def test_what_a_run_leaves_behind_is_gone_soon(tmp_path: Path) -> None:
    """Its response URL, and all of it once it is forgotten: from the file, its free pages, and the log."""
    now = ASKED_AT
    secret, text = "https://hooks.example.test/secret", "Why does the marmalade factory fail? " * 500

    def found(words: str) -> list[str]:
        return [path.name for path in tmp_path.iterdir() if words.encode() in path.read_bytes()]

    async with Store(f"sqlite:///{tmp_path / 'runs.sqlite'}", owner="one", clock=lambda: now) as store:
        await store.open()
        await store.save(Changes())
        await store.add(Question("k", text, "U", "C", response_url=secret))
        await store.add(Question("other", text, "U", "C"))
        assert found(secret)
        await store.save(Changes(ends={"k": Outcome.DONE}))
        now += LOG_KEPT
        await store.save(Changes())
        assert found(secret) == []
        assert store._clean_at is None
        await store.save(Changes(ends={"other": Outcome.DONE}))
        now += LOG_KEPT
        assert await store.clear(now + 1, 100) == 2
        assert found("marmalade") == []


async def test_emptying_the_log_waits_for_nobody(tmp_path: Path) -> None:
    """While another process reads, it is left for later."""
    now = ASKED_AT
    path = tmp_path / "runs.sqlite"
    async with Store(f"sqlite:///{path}", owner="one", clock=lambda: now) as store:
        await store.open()
        await store.add(question())
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute(COUNT).fetchall()
            await store.save(Changes(ends={"k": Outcome.DONE}))
            now += LOG_KEPT
            began = time.perf_counter()
            await store.save(Changes())
            assert time.perf_counter() - began < 0.3
            assert (tmp_path / "runs.sqlite-wal").stat().st_size > 0
        now += LOG_KEPT
        await store.save(Changes())
        assert (tmp_path / "runs.sqlite-wal").stat().st_size == 0


@on_postgresql
async def test_only_what_the_bot_itself_has_written_and_sleeps_on_is_ended(kind: str, tmp_path: Path) -> None:
    """By its user, under whatever name; not who reads, as a backup does."""
    async with database(kind, tmp_path) as url, AsyncExitStack() as stack:
        await query(url, "CREATE TABLE processes (owner text)")

        async def sleeper(statement: str, name: str = "perspectives") -> psycopg.AsyncConnection:
            connection = await psycopg.AsyncConnection.connect(url, application_name=name)
            await stack.enter_async_context(connection)
            await connection.execute(statement)
            return connection

        reads = await sleeper("SELECT * FROM processes")
        writes = await sleeper("INSERT INTO processes VALUES ('one')")
        named = await sleeper("INSERT INTO processes VALUES ('two')", "another of its processes")
        await asyncio.sleep(IDLE_TIMEOUT + 0.5)
        asks = await psycopg.AsyncConnection.connect(url, autocommit=True, application_name="perspectives")
        async with asks:
            found = await (await asks.execute(end_sleepers("processes").encode())).fetchone()
        assert found == (2,)
        await reads.execute("SELECT 1")
        for one in (writes, named):
            with pytest.raises(psycopg.OperationalError):
                await one.execute("SELECT 1")
            await one.close()
