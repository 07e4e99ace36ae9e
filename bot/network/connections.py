"""How many connections there may be, and what makes room for further ones.

A connection costs a file and some memory before anything has been asked over it, so there are no more than `MOST`.
When all are taken, the one that has been open for longest without a request is closed; if all have asked for
something, the new one is. What is asked for is bounded elsewhere.
"""

import asyncio
from collections.abc import Callable
from typing import cast

MOST = 400  # connections; systems mostly let a process have 1,024 files, of which streams to the model take some


class Connections:
    """All that are open; `serve` makes what answers on one."""

    def __init__(self, serve: Callable[[], asyncio.Protocol], most: int = MOST) -> None:
        self.serve = serve
        self.open: set[Connection] = set()
        self._silent: dict[Connection, None] = {}  # those without a request, in the order of their coming
        self._most = most

    def __call__(self) -> "Connection":
        """The protocol of a new connection, as an asyncio server wants one."""
        return Connection(self)

    def admit(self, connection: "Connection") -> bool:
        """Take one more, if there is room or room can be made."""
        if len(self.open) >= self._most:
            oldest = next(iter(self._silent), None)
            if oldest is None:
                return False
            oldest.abort()
            self.drop(oldest)
        self.open.add(connection)
        self._silent[connection] = None
        return True

    def note_request(self, connection: "Connection") -> None:
        """Note that something was asked."""
        self._silent.pop(connection, None)

    def drop(self, connection: "Connection") -> None:
        """Note that one is closed."""
        self.open.discard(connection)
        self._silent.pop(connection, None)


class Connection(asyncio.Protocol):
    """One connection: hands all that happens on to what answers on it."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._inner: asyncio.Protocol | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        self._transport = cast("asyncio.Transport", transport)
        if not self._connections.admit(self):
            self._transport.abort()
            return
        self._inner = self._connections.serve()
        self._inner.connection_made(transport)

    def note_request(self) -> None:
        """Note that something was asked over it."""
        self._connections.note_request(self)

    def abort(self) -> None:
        """Close it at once."""
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        if self._inner is not None:
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """See `asyncio.Protocol`."""
        return self._inner.eof_received() if self._inner is not None else None

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._connections.drop(self)
        if self._inner is not None:
            self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """See `asyncio.Protocol`."""
        if self._inner is not None:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        """See `asyncio.Protocol`."""
        if self._inner is not None:
            self._inner.resume_writing()
