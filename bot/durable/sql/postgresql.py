"""A server of PostgreSQL's: how it is connected to, and how a transaction begins there."""

import ssl
from pathlib import Path

from bot.durable.sql.dsn import Dsn

STATEMENT_TIMEOUT = 1.5  # seconds for one statement, a wait for a row's lock included
IDLE_TIMEOUT = 5.0  # seconds until the server undoes a transaction that sleeps: half a lease
CONNECT_TIMEOUT = 4.0  # seconds for one address; a hosted database may have to wake up, and nobody waits for it

# Where systems keep the certificates of authorities, for where Python's own OpenSSL only knows a directory of them.
_AUTHORITIES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/ssl/cert.pem",  # macOS
)


def parameters(dsn: Dsn) -> dict[str, str]:
    """What libpq is told."""
    return {
        "gssencmode": "disable",  # it would ask each server for Kerberos first
        "application_name": "perspectives",
        **with_authorities(dsn.parameters),
        "connect_timeout": f"{CONNECT_TIMEOUT:.0f}",
    }


def begin(dsn: Dsn) -> str:
    """What begins a transaction, in one message."""
    # A statement has to see what was committed while it waited for a lock: claims, say. Servers may default to else.
    statements = "BEGIN ISOLATION LEVEL READ COMMITTED"
    statements += f"; SET LOCAL statement_timeout = {STATEMENT_TIMEOUT * 1_000:.0f}"
    # What it has locked nobody else could renew or claim, for as long as it sleeps.
    statements += f"; SET LOCAL idle_in_transaction_session_timeout = {IDLE_TIMEOUT * 1_000:.0f}"
    if dsn.schema:
        schemas = ", ".join('"' + name.replace('"', '""') + '"' for name in dsn.schema)
        statements += f"; SET LOCAL search_path = {schemas}"
    return statements


def end_sleepers(table: str) -> str:
    """What ends transactions that have written to a table, and wait for a process of this user longer than they may.

    The server's own limit does not count where the driver has sent several statements at once, as it does for many
    rows: with these goes a message behind which the server waits for more, and no clock runs.
    """
    return f"""SELECT count(pg_terminate_backend(activity.pid)) FROM pg_stat_activity AS activity
        WHERE activity.datname = current_database() AND activity.usename = current_user
        AND activity.wait_event = 'ClientRead' AND activity.state <> 'idle'
        AND activity.state_change < clock_timestamp() - interval '{IDLE_TIMEOUT:.0f} seconds'
        AND activity.pid IN (SELECT pid FROM pg_locks WHERE relation = to_regclass('{table}')
            AND granted AND mode = 'RowExclusiveLock')"""  # noqa: S608 - ours


def with_authorities(parameters: dict[str, str]) -> dict[str, str]:
    """Parameters of libpq, which trust the authorities that this system trusts where no others are named.

    libpq looks for a file of its user's, and its wheel knows no system's.
    """
    found = (ssl.get_default_verify_paths().cafile, *_AUTHORITIES)
    every = next((path for path in found if path and Path(path).is_file()), None)
    named = parameters.get("sslrootcert")
    own = Path("~/.postgresql/root.crt").expanduser()
    is_checked = parameters.get("sslmode", "").startswith("verify-")
    if not every or named not in {None, "system"} or (named is None and (not is_checked or own.exists())):
        return parameters
    return {**parameters, "sslrootcert": every, "sslmode": parameters.get("sslmode", "verify-full")}
