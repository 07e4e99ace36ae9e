"""A proxy on loopback for tests: CONNECT tunnels and absolute-form requests, counted."""

import asyncio
import base64
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

HEAD = b"\r\n\r\n"


class ProxyServer:
    """Speaks HTTP as proxies do (RFC 9110, 9.3.6; RFC 9112, 3.2.2). An async context manager.

    `hosts` says where the names lead that only the proxy knows; `password` is `user:password`, if it asks for one.
    """

    def __init__(self, hosts: Mapping[str, tuple[str, int]], *, password: str = "") -> None:
        self.asked: list[str] = []  # `CONNECT host:port`, or `POST http://host/path`, in their order
        self._hosts = hosts
        self._password = password
        self._server: asyncio.Server
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        """Its host and port."""
        return f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        try:
            await self._forward(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # either end has gone
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(HEAD)
        line, *fields = head.decode().removesuffix("\r\n\r\n").split("\r\n")
        method, target, version = line.split(" ")
        self.asked.append(f"{method} {target}")
        password = base64.b64encode(self._password.encode()).decode()
        if self._password and f"Proxy-Authorization: Basic {password}" not in fields:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        parts = urlsplit(f"//{target}" if method == "CONNECT" else target)
        host, port = self._hosts.get(parts.hostname or "", (parts.hostname, parts.port or 80))
        there, back = await asyncio.open_connection(host, port)
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            kept = [field for field in fields if not field.lower().startswith(("proxy-", "connection:"))]
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            # One request a connection, but for an upgrade, which needs the field.
            is_upgrade = any(field.lower().startswith("upgrade:") for field in fields)
            kept.append("Connection: upgrade" if is_upgrade else "Connection: close")
            back.write("\r\n".join([f"{method} {path} {version}", *kept, "", ""]).encode())
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_pump(reader, back))
                group.create_task(_pump(there, writer))
        finally:
            back.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while block := await reader.read(65_536):
        writer.write(block)
        await writer.drain()
    if writer.can_write_eof():
        with suppress(OSError):  # it has gone meanwhile
            writer.write_eof()
