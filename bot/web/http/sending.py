"""What is sent to a client: JSON, and streams that go on for as long as it listens.

Laws:

- A client that has not taken what was sent, `PIECE` by `PIECE`, within `PATIENCE` is cut off.
- Silence is broken by a heartbeat, so that who is gone is noticed, and nothing on the way gives the connection up.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

HEARTBEAT = 15.0  # seconds; proxies give a silent connection up after 30 or 60
PATIENCE = 30.0  # seconds in which a client has to take what was sent
LOOK = 0.1  # seconds between two looks at whether a slow one has
MOST_UNTAKEN = 16_384  # bytes that may wait in this process for a client to take them
PIECE = 65_536  # bytes; a reader who comes late gets all there is, and has so long for each of its pieces

SSE, NDJSON, JSON = "text/event-stream", "application/x-ndjson", "application/json"
COMMENT = b":\n\n"  # of server-sent events: clients pass it over

dump: Callable[[object], str] = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def write_json(data: Mapping[str, Any]) -> bytes:
    """Data as JSON."""
    return dump(data).encode("utf-8", "replace")


def write_event(name: str, data: Mapping[str, Any]) -> bytes:
    """Data as a server-sent event."""
    return f"event: {name}\ndata: {dump(data)}\n\n".encode("utf-8", "replace")


def make_stream(kind: str) -> web.StreamResponse:
    """An answer of text that grows, which nothing on the way is to keep; it is still to be prepared."""
    headers = {"Content-Type": f"{kind}; charset=utf-8", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return web.StreamResponse(headers=headers)


async def send(request: web.Request, response: web.StreamResponse, data: bytes) -> None:
    """Send, and wait until the client has taken most of it; one that does not is cut off.

    Raises:
        ConnectionResetError: it was, or is gone.
    """
    transport = request.transport
    try:
        for start in range(0, len(data), PIECE):
            async with asyncio.timeout(PATIENCE):
                await response.write(data[start : start + PIECE])
                while transport is not None and transport.get_write_buffer_size() > MOST_UNTAKEN:  # noqa: ASYNC110 - nothing tells
                    await asyncio.sleep(LOOK)
    except TimeoutError:
        if transport is not None:
            transport.abort()
        raise ConnectionResetError("the client does not read") from None
    if transport is None or transport.is_closing():
        raise ConnectionResetError("the client is gone")


async def wait_for_news(
    request: web.Request, response: web.StreamResponse, news: asyncio.Event, heartbeat: bytes = COMMENT
) -> None:
    """Wait until there are news for the client of a stream, which gets heartbeats meanwhile.

    Raises:
        ConnectionResetError: it does not take them, or is gone.
    """
    while not await _hear(news):
        await send(request, response, heartbeat)


async def _hear(news: asyncio.Event) -> bool:
    """Wait for news, and no longer than until a heartbeat is due."""
    try:
        async with asyncio.timeout(HEARTBEAT):
            return await news.wait()
    except TimeoutError:
        return False
