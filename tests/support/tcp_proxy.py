"""A wire that can fail: a proxy on loopback between a process and a server.

It passes all that comes, until it is told otherwise. Where it `is_cut`, connections are reset, the next ones too. Where
it hangs, it is half open: nothing passes, and nothing is closed. What was on its way then passes late.
"""

import asyncio
import socket
import struct
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

NO_LINGERING = struct.pack("ii", 1, 0)  # a socket that is closed with this sends a reset


class TcpProxy:
    """Before the server of `target`, an address; `url` is the same by way of this. An async context manager."""

    def __init__(self, target: str) -> None:
        self._parts = urlsplit(target)
        self.url = ""
        self._is_cut = False
        self._passing = asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None] | None] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._passing.set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        user, at, _ = self._parts.netloc.rpartition("@")
        port = self._server.sockets[0].getsockname()[1]
        self.url = self._parts._replace(netloc=f"{user}{at}127.0.0.1:{port}").geturl()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._server:
            self._server.close()
        self.cut()
        self._passing.set()
        if tasks := [task for task in self._tasks if task]:
            await asyncio.wait(tasks)

    def cut(self) -> None:
        """Reset all connections, and each that comes."""
        self._is_cut = True
        for writer in self._writers:
            _reset(writer)

    def hang(self) -> None:
        """Let nothing pass any more, and close nothing."""
        self._passing.clear()

    def mend(self) -> None:
        """Let all pass again."""
        self._is_cut = False
        self._passing.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = [writer]
        self._writers.add(writer)
        self._tasks.add(asyncio.current_task())
        try:
            await self._passing.wait()
            if self._is_cut:
                _reset(writer)
                return
            there, back = await asyncio.open_connection(self._parts.hostname, self._parts.port)
            ends.append(back)
            self._writers.add(back)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass_on(reader, back))
                group.create_task(self._pass_on(there, writer))
        finally:
            for one in ends:
                self._writers.discard(one)
                one.close()
            self._tasks.discard(asyncio.current_task())

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while block := await reader.read(65_536):
                await self._passing.wait()
                writer.write(block)
                await writer.drain()
            await self._passing.wait()
        writer.close()


def _reset(writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGERING)
    writer.transport.abort()
