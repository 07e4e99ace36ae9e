"""What processes take of this machine, and transactions of the database; Linux and PostgreSQL tell."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.databases import ADDRESS, query

TICKS = os.sysconf("SC_CLK_TCK")  # a second


def cpu_of(*pids: int) -> float:
    """Seconds of the processor's time that processes have taken so far; those that have ended took none."""
    spent = 0
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            spent += int(fields[11]) + int(fields[12])
    return spent / TICKS


def memory_of(pid: int) -> float:
    """How much of a process is in memory, in MiB."""
    return int(Path(f"/proc/{pid}/status").read_text().partition("VmRSS:")[2].split()[0]) / 1024


def load() -> str:
    """How many processes want a processor, over the last minute, and how many processors there are."""
    return f"{os.getloadavg()[0]:.1f} on {os.cpu_count()}"


async def count_transactions(url: str) -> int:
    """Those that a database has carried out so far; asked of another, so that this counts none."""
    name = urlsplit(url).path[1:]
    counted = f"SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = '{name}'"  # noqa: S608 - ours
    return int((await query(ADDRESS, counted))[0][0])


async def count_rows(url: str, table: str) -> int:
    """How many rows of a table were written so far."""
    written = f"SELECT n_tup_ins + n_tup_upd FROM pg_stat_user_tables WHERE relname = '{table}'"  # noqa: S608 - ours
    return int((await query(url, written))[0][0])


async def find_backends(url: str) -> list[int]:
    """The server's processes that work for a database, where the server is on this machine; else none."""
    if urlsplit(url).hostname not in {"127.0.0.1", "localhost", "::1"}:
        return []
    name = urlsplit(url).path[1:]
    working = f"SELECT pid FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608 - ours
    return [int(pid) for (pid,) in await query(ADDRESS, working)]


class Watch:
    """What passes from now on: of a process's, of the database's, and of time, which `now` tells."""

    def __init__(self, url: str, pids: Iterable[int], backends: Iterable[int], transactions: int, now: float) -> None:
        self._url = url
        self._pids, self._backends = [*pids], [*backends]
        self._before = (cpu_of(*self._pids), cpu_of(*self._backends), transactions, now)

    @property
    def cpu(self) -> float:
        """Seconds of the processor's time that the processes have taken since."""
        return cpu_of(*self._pids) - self._before[0]

    @property
    def server_cpu(self) -> float:
        """The same of the database's server; 0 where it is on another machine."""
        return cpu_of(*self._backends) - self._before[1]

    async def transactions(self) -> int:
        """How many there were since."""
        return await count_transactions(self._url) - self._before[2]

    def seconds(self, now: float) -> float:
        """How much time has passed since."""
        return now - self._before[3]


async def watch(url: str, *pids: int, now: float) -> Watch:
    """Watch some processes and a database from now on."""
    return Watch(url, pids, await find_backends(url), await count_transactions(url), now)
