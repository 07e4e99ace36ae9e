"""A server of this process: a socket that listens, and what answers on it, with bounds on what clients may hold open.

Laws:

- What listens does so before anything else is begun, so that an address which is taken ends the start.
- There are no more connections than `connections` admits; one over which nothing is asked is closed.
- What is still being answered when it is left gets `CLOSING`, and is cut off then.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from functools import partial
from http import HTTPStatus
from typing import cast

from aiohttp import web

from bot.errors import BotError
from bot.network.connections import Connection, Connections, Protocol

IDLE_LIMIT = 15.0  # seconds that a connection may be open with nothing, or half a request, asked over it
CLOSING = 1.0  # seconds that open answers have when the server stops
LINGERING = 1.0  # seconds in which the rest of a body that is not wanted is read away
BACKLOG = 256  # connections that wait to be taken
SEND_BUFFER = (
    65_536  # bytes that the system keeps for a client; by itself it takes megabytes before one is seen to be slow
)


class NotListeningError(BotError):
    """The server cannot listen where it is told to; the message says why."""


def listen(host: str, port: int) -> socket.socket:
    """Listen at an address of this machine, which `WEB_HOST` and `PORT` have named; who comes waits to be answered.

    Raises:
        NotListeningError: it is none of this machine's, or taken.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise NotListeningError(f"WEB_HOST is no address of this machine: {error.strerror}.") from error
    except UnicodeError as error:  # a part of it is empty, too long, or of halves of characters
        raise NotListeningError("WEB_HOST is no address of this machine: no host has such a name.") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        if family is socket.AF_INET6 and host == "::":
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)  # all addresses, of both kinds
        listener.bind(address)
        listener.listen(BACKLOG)  # with SO_REUSEADDR, two may be bound to one port: the second is told here
    except OSError as error:
        listener.close()
        raise NotListeningError(f"Nothing can listen at {host}, port {port}: {error.strerror}. Set PORT.") from error
    return listener


@asynccontextmanager
async def serving(
    app: web.Application,
    listener: socket.socket,
    *,
    refuse: Callable[[HTTPStatus], web.Response],
    cancels_handlers: bool = True,
) -> AsyncIterator[None]:
    """Answer with `app` whoever comes to `listener`, until the block is left.

    `refuse` makes the answer to what is no HTTP, and `cancels_handlers` is whether what is being answered ends when
    whoever has asked leaves.
    """
    runner = web.AppRunner(app, handler_cancellation=cancels_handlers, shutdown_timeout=CLOSING)
    await runner.setup()
    loop = asyncio.get_running_loop()
    try:
        options = {"loop": loop, "access_log": None, "keepalive_timeout": IDLE_LIMIT, "lingering_time": LINGERING}
        connections = Connections(partial(Protocol, cast("web.Server", runner.server), refuse, **options))
        server = await loop.create_server(connections, sock=listener, backlog=BACKLOG)
        try:
            yield
        finally:
            server.close()
    finally:
        await runner.cleanup()


def answering(request: web.Request) -> AbstractContextManager[None]:
    """Note that a request is being answered, within the block: its connection is not closed to make room."""
    protocol = request.transport.get_protocol() if request.transport else None
    return protocol.answering() if isinstance(protocol, Connection) else nullcontext()
