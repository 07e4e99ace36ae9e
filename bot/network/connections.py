"""How many connections there may be, and what makes room for further ones.

A connection costs a file and some memory before anything has been asked over it, so there are no more than `MOST`.
When all are taken, the one over which nothing has been asked or answered for longest is closed; if something is being
answered over each, the new one is. What is asked for is bounded elsewhere.

What comes over one and is no HTTP is refused as the server refuses all else, and is not quoted in the log.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http import HTTPStatus
from typing import Any, cast

from aiohttp import web

from bot.errors import describe

logger = logging.getLogger(__name__)

MOST = 400  # connections; systems mostly let a process have 1,024 files, of which streams to the model take some


class Connections:
    """All that are open; `serve` makes what answers on one."""

    def __init__(self, serve: Callable[[], asyncio.Protocol], most: int = MOST) -> None:
        self.serve = serve
        self.open: set[Connection] = set()
        self._silent: dict[Connection, None] = {}  # those over which nothing is being answered, the longest first
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

    @contextmanager
    def answering(self, connection: "Connection") -> Iterator[None]:
        """Note that something is being answered, within the block."""
        self._silent.pop(connection, None)
        try:
            yield
        finally:
            if connection in self.open:
                self._silent[connection] = None

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

    def answering(self) -> AbstractContextManager[None]:
        """Note that something is being answered over it, within the block."""
        return self._connections.answering(self)

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


class Protocol(web.RequestHandler):
    """aiohttp's, with a word of ours for what is no HTTP, and without the words of others in the log.

    `refuse` makes the answer to what could not be read (status 400), or what no handler has answered for (500).
    """

    __slots__ = ("_refuse",)

    def __init__(self, server: web.Server, refuse: Callable[[HTTPStatus], web.Response], **options: Any) -> None:
        super().__init__(server, **options)
        self._refuse = refuse

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - aiohttp's signature
    ) -> web.StreamResponse:
        """Answer what could not be read, or what no handler has answered for."""
        is_ours = status == HTTPStatus.INTERNAL_SERVER_ERROR
        if is_ours:
            self.log_exception(exc_info=exc)
        else:
            logger.debug("http.unreadable error=%s", type(exc).__name__)
        if request.writer.output_size > 0:
            raise ConnectionResetError("an answer has begun: there can be no other")
        response = self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR if is_ours else HTTPStatus.BAD_REQUEST)
        response.force_close()
        return response

    def log_exception(self, *_: Any, exc_info: BaseException | None = None, **__: Any) -> None:
        """Log a fault of the server's: not that a client is gone, or that what it sent has no form."""
        if exc_info is not None and not isinstance(exc_info, ConnectionError | web.RequestPayloadError):
            logger.error("http.broken error=%s", describe(exc_info))
