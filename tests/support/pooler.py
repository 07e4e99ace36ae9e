"""pgbouncer in transaction mode, before the server on which tests make their databases, where it is installed."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from tests.support.ports import free_port

PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")


@asynccontextmanager
async def pooled(url: str) -> AsyncIterator[str]:
    """The address of the same database by way of it."""
    assert PROGRAM
    parts = urlsplit(url)
    port = free_port()
    with TemporaryDirectory() as directory:
        settings = Path(directory) / "pgbouncer.ini"
        server = f"host={parts.hostname} port={parts.port} user={parts.username} password={parts.password}"
        settings.write_text(
            f"[databases]\n* = {server}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
            "auth_type = any\npool_mode = transaction\ndefault_pool_size = 20\n"
        )
        user = ["--user=nobody"] if os.getuid() == 0 else []  # it refuses to run as root
        child = await asyncio.create_subprocess_exec(PROGRAM, "--quiet", *user, str(settings))
        try:
            yield parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{port}").geturl()
        finally:
            child.kill()
            await child.wait()
