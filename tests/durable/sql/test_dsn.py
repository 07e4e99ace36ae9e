import traceback

import pytest
from psycopg import pq

from bot.durable.sql.dsn import PARAMETERS, read_dsn
from bot.errors import SettingsError

PARTS: list[tuple[str, dict[str, str]]] = [
    ("postgres://me:sesame@db.test/runs", {"host": "db.test", "user": "me", "password": "sesame", "dbname": "runs"}),
    ("postgresql+asyncpg://db.test:1/runs", {"host": "db.test", "port": "1", "dbname": "runs"}),
    (
        "postgres://me:p%40ss@w%2Frd@db.test/a%20b",
        {"host": "db.test", "user": "me", "password": "p@ss@w/rd", "dbname": "a b"},
    ),
    ("postgres://me@[::1]:6543", {"host": "::1", "port": "6543", "user": "me"}),
    ("postgres://%2Frun%2FPostgres/runs", {"host": "/run/Postgres", "dbname": "runs"}),
    ("postgresql:///runs?host=/run/postgresql&user=me", {"dbname": "runs", "host": "/run/postgresql", "user": "me"}),
    ("jdbc:postgresql://db.test/runs?user=me@tenant", {"host": "db.test", "dbname": "runs", "user": "me@tenant"}),
    (
        "postgres://a.test:1,b.test/runs",
        {"host": "a.test,b.test", "port": "1,5432", "dbname": "runs", "target_session_attrs": "read-write"},
    ),
    ("postgres://", {}),
]


@pytest.mark.parametrize(("url", "parameters"), PARTS)
def test_a_url_is_read_in_libpqs_words(url: str, parameters: dict[str, str]) -> None:
    """Hosts, sockets, what people forget to quote, other drivers' schemes."""
    assert read_dsn(url).parameters == parameters


UNDERSTOOD: list[tuple[str, dict[str, str]]] = [
    ("sslmode=require&channel_binding=require", {"sslmode": "require", "channel_binding": "require"}),
    ("options=-c%20x%3Dy", {"options": "-c x=y"}),
    ("options=project%3Dblue", {"options": "project=blue"}),
    ("keepalives=1", {"keepalives": "1"}),
    ("ssl=true", {"sslmode": "require"}),
    ("ssl=1", {"sslmode": "require"}),
    ("ssl", {"sslmode": "require"}),
    ("ssl=false", {"sslmode": "prefer"}),
    ("ssl=verify-full", {"sslmode": "verify-full"}),
    ("sslmode=disable&ssl=true", {"sslmode": "disable"}),
    ("sslmode=no-verify", {"sslmode": "require"}),
    ("sslmode=", {}),
    ("sslaccept=strict", {"sslmode": "verify-full"}),
    ("sslaccept=accept_invalid_certs", {"sslmode": "require"}),
    ("ApplicationName=bot", {"application_name": "bot"}),
    ("targetServerType=primary", {"target_session_attrs": "primary"}),
    ("loadBalanceHosts=true", {"load_balance_hosts": "random"}),
    ("readOnly=false", {}),
]


@pytest.mark.parametrize(("query", "parameters"), UNDERSTOOD)
def test_what_other_drivers_call_otherwise_is_understood(query: str, parameters: dict[str, str]) -> None:
    """As is what libpq knows."""
    dsn = read_dsn(f"postgres://db.test/runs?{query}")
    assert dsn.parameters == {"host": "db.test", "dbname": "runs", **parameters}
    assert not dsn.dropped


@pytest.mark.parametrize(
    ("query", "schema"),
    [
        ("", ()),
        ("schema=public", ("public",)),
        ("currentSchema=one", ("one",)),
        ("search_path=one,%22Two%22, public", ("one", "Two", "public")),
        ("schema=", ()),
    ],
)
def test_a_schema_is_kept_apart(query: str, schema: tuple[str, ...]) -> None:
    """It is set in each transaction: a pooler would hand it to others, or refuse it."""
    assert read_dsn(f"postgres://db.test/runs?{query}").schema == schema


DROPPED = [
    "connection_limit=1",
    "pgbouncer=true",
    "pool_timeout=0",
    "socket_timeout=10",
    "connect_timeout=3",
    "statement_cache_size=0",
    "prepared_statement_cache_size=0",
    "prepareThreshold=0",
    "loginTimeout=5",
    "socketTimeout=5",
    "tcpKeepAlive=true",
    "reWriteBatchedInserts=true",
    "pool=5",
    "pool_size=5",
    "max_overflow=0",
    "pool_recycle=300",
    "reaping_frequency=10",
    "encoding=utf8",
    "prepared_statements=false",
    "uselibpqcompat=true",
    "supa=base-pooler.x",
    "workaround=supabase-pooler.vercel",
    "binary_parameters=yes",
    "default_query_exec_mode=exec",
    "pool_max_conns=4",
    "statement_timeout=5000",
    "client_encoding=utf8",
    "command_timeout=60",
    "async_fallback=true",
    "stringtype=unspecified",
    "adapter=postgis",
    "conn_max_age=600",
    "timezone=UTC",
]


@pytest.mark.parametrize("parameter", DROPPED)
def test_what_means_nothing_here_is_dropped_with_a_reason(parameter: str) -> None:
    """Prisma's, JDBC's, SQLAlchemy's, Rails', Go's, and what hosts add."""
    dsn = read_dsn(f"postgres://db.test/runs?sslmode=require&{parameter}")
    assert dsn.parameters == {"host": "db.test", "dbname": "runs", "sslmode": "require"}
    assert list(dsn.dropped) == [parameter.partition("=")[0]]
    assert all(dsn.dropped.values())


REFUSED = [
    ("postgres://db.test/runs?frobnicate=sesame", "cannot follow “frobnicate”"),
    ("postgres://db.test/runs?readOnly=true", "cannot follow “readOnly”"),
    ("postgres://db.test/runs?replication=database", "cannot follow “replication”"),
    ("postgres://db.test/runs?target_session_attrs=read-only", "target_session_attrs is not one of any,"),
    ("postgres://db.test/runs?sslmode=sesame", "sslmode is not one of allow,"),
    ("postgres://db.test/runs?ssl=sesame", "sslmode is not one of allow,"),
    ("postgres://me:1?sesame=x@db.test/runs", "one of its parameters"),
    ("postgres://me:1#sesame@db.test/runs", "stand as %2F %23 %3F"),
    ("postgres://me:se/sesame@db.test/runs", "stand as %2F %23 %3F"),
    ("postgres://me:[sesame@db.test/runs", "stand as %2F %23 %3F"),
    ("postgres://db.test:sesame/runs", "stand as %2F %23 %3F"),
    ("postgres://db.test:99999/runs", "stand as %2F %23 %3F"),
    ("postgres://[sesame]x/runs", "stand as %2F %23 %3F"),
]


@pytest.mark.parametrize(("url", "words"), REFUSED)
def test_what_cannot_be_followed_is_refused_by_its_name(url: str, words: str) -> None:
    """Without a value, nor a name that may be a piece of the password; nor do its causes quote one."""
    with pytest.raises(SettingsError, match=r"^DATABASE_URL") as caught:
        read_dsn(url)
    assert words in str(caught.value)
    assert "sesame" not in "".join(traceback.format_exception(caught.value))


def test_the_words_are_libpqs() -> None:
    """A newer libpq may know more: they are added, or stay refused by their names, once somebody has looked at them."""
    assert {option.keyword.decode() for option in pq.Conninfo.get_defaults()} == PARAMETERS | {"replication"}
