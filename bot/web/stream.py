"""A run to one client's socket: as server-sent events, as lines of JSON, or all at once when it has ended.

Laws:

- What is new is sent at most once in `FRAME`, the first text of an answer at once. Between two frames newer
  drafts replace older ones, and for as long as the client has not taken what was sent: no backlog.
- A client that has not taken what was sent, `PIECE` by `PIECE`, within `PATIENCE` is cut off, in each form.
- Silence is broken by a heartbeat, so that who is gone is noticed, and nothing on the way gives the connection up.

When the client goes away, aiohttp cancels the handler, and with it all that is here.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import Enum
from typing import Any

from aiohttp import web

from bot.texts.preferences import read_preferences
from bot.web.events import Event, Feed, write_whole
from bot.web.run import Run

FRAME = 0.025  # seconds; nobody sees forty changes a second
HEARTBEAT = 15.0  # seconds; proxies give a silent connection up after 30 or 60
PATIENCE = 30.0  # seconds in which a client has to take what was sent
LOOK = 0.1  # seconds between two looks at whether a slow one has
MOST_UNTAKEN = 16_384  # bytes that may wait in this process for a client to take them
PIECE = 65_536  # bytes; a reader who comes late gets all there is, and has so long for each of its pieces

SSE, NDJSON, JSON = "text/event-stream", "application/x-ndjson", "application/json"

dump: Callable[[object], str] = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Form(Enum):
    """How a run is told, by the media type; of those that a client likes the same, the first. See `choose_form`."""

    SSE = SSE
    JSON = JSON
    NDJSON = NDJSON


def choose_form(accept: str) -> Form:
    """The form that a client likes best, by its Accept header: the one that it names, or names first, before others.

    It is events where it likes all the same, or none.
    """
    liked = read_preferences(accept)

    def rate(form: Form) -> tuple[float, int, int]:
        ranges = (form.value, f"{form.value.partition('/')[0]}/*", "*/*")
        place, name = next(((place, name) for place, name in enumerate(ranges) if name in liked), (len(ranges), ""))
        return liked.get(name, 0.0), -place, -[*liked, name].index(name)

    best = max(Form, key=rate)
    return best if rate(best)[0] else Form.SSE


async def tell(request: web.Request, run: Run, news: asyncio.Event, form: Form) -> web.StreamResponse:
    """Answer a request with a run, from where it is until it ends; `news` is set when there is something newer."""
    whole = await _wait_for_all(run, news) if form is Form.JSON else b""
    length = {"Content-Length": str(len(whole))} if whole else {"X-Accel-Buffering": "no"}
    charset = "" if whole else "; charset=utf-8"
    response = web.StreamResponse(headers={"Content-Type": form.value + charset, "Cache-Control": "no-store", **length})
    with suppress(ConnectionError):  # the client is gone, or was cut off: nobody is there to be told
        await response.prepare(request)
        if whole:
            await _write(request, response, whole)
        else:
            await _send(request, response, Feed(run), news, form)
        await response.write_eof()
    return response


async def _wait_for_all(run: Run, news: asyncio.Event) -> bytes:
    """A run as JSON, once it has ended."""
    while not run.is_over:
        news.clear()
        await news.wait()
    return write_json(write_whole(run))


async def _send(
    request: web.Request, response: web.StreamResponse, feed: Feed, news: asyncio.Event, form: Form
) -> None:
    encode = _write_sse if form is Form.SSE else _write_line
    heartbeat = b":\n\n" if form is Form.SSE else b'{"event":"heartbeat"}\n'
    loop = asyncio.get_running_loop()
    sent_at = loop.time() - FRAME
    while not feed.is_over:
        await _let_pass(sent_at + FRAME, feed, news)
        news.clear()
        if events := b"".join(map(encode, feed.news())):
            sent_at = loop.time()
            await _write(request, response, events)
        if not feed.is_over:
            while not await _hear(news):
                await _write(request, response, heartbeat)


async def _hear(news: asyncio.Event) -> bool:
    """Wait for news, and no longer than until a heartbeat is due."""
    try:
        async with asyncio.timeout(HEARTBEAT):
            return await news.wait()
    except TimeoutError:
        return False


async def _let_pass(frame_ends: float, feed: Feed, news: asyncio.Event) -> None:
    """Wait until a frame ends, or there is something that should not wait for that."""
    loop = asyncio.get_running_loop()
    while (rest := frame_ends - loop.time()) > 0 and not feed.is_urgent():
        if not feed.may_be_urgent():
            await asyncio.sleep(rest)  # without a look at each token
            return
        news.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout_at(frame_ends):
                await news.wait()


async def _write(request: web.Request, response: web.StreamResponse, data: bytes) -> None:
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


def _write_sse(event: Event) -> bytes:
    name, data = event
    return f"event: {name}\ndata: {dump(data)}\n\n".encode("utf-8", "replace")


def _write_line(event: Event) -> bytes:
    name, data = event
    return f"{dump({'event': name, **data})}\n".encode("utf-8", "replace")


def write_json(data: Mapping[str, Any]) -> bytes:
    """Data as JSON."""
    return dump(data).encode("utf-8", "replace")
