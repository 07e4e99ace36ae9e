"""A run to one client's socket: as server-sent events, as lines of JSON, or all at once when it has ended.

Laws:

- What is new is sent at most once in `FRAME`, the first text of an answer at once. Between two frames newer
  drafts replace older ones, and for as long as the client has not taken what was sent: no backlog.
- A client that has not taken what was sent within `PATIENCE` is cut off.
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

from bot.web.events import Event, Feed, write_whole
from bot.web.run import Run

FRAME = 0.025  # seconds; nobody sees forty changes a second
HEARTBEAT = 15.0  # seconds; proxies give a silent connection up after 30 or 60
PATIENCE = 30.0  # seconds in which a client has to take what was sent
LOOK = 0.1  # seconds between two looks at whether a slow one has
MOST_UNTAKEN = 16_384  # bytes that may wait in this process for a client to take them

SSE, NDJSON, JSON = "text/event-stream", "application/x-ndjson", "application/json"

dump: Callable[[object], str] = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Form(Enum):
    """How a run is told, by the media type; see `choose_form`."""

    SSE = SSE
    NDJSON = NDJSON
    JSON = JSON


def choose_form(accept: str) -> Form:
    """The form that a client likes best, by its Accept header; events where it likes none, or all the same."""
    liked: dict[Form, float] = {}
    for part in accept.split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        form = next((one for one in Form if one.value == kind), None)
        if form is not None and form not in liked:
            liked[form] = next((_read_quality(one[2:]) for one in parameters if one.startswith("q=")), 1.0)
    best = max(liked, key=lambda form: liked[form], default=Form.SSE)
    return best if liked.get(best) else Form.SSE


async def tell(request: web.Request, run: Run, news: asyncio.Event, form: Form) -> web.StreamResponse:
    """Answer a request with a run, from where it is until it ends; `news` is set when there is something newer."""
    if form is Form.JSON:
        while not run.is_over:
            news.clear()
            await news.wait()
        return web.Response(body=write_json(write_whole(run)), content_type=JSON)
    response = web.StreamResponse(
        headers={"Content-Type": f"{form.value}; charset=utf-8", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )
    await response.prepare(request)
    with suppress(ConnectionError):  # the client is gone, or was cut off: nobody is there to be told
        await _send(request, response, Feed(run), news, form)
    return response


async def _send(
    request: web.Request, response: web.StreamResponse, feed: Feed, news: asyncio.Event, form: Form
) -> None:
    encode = _write_sse if form is Form.SSE else _write_line
    loop = asyncio.get_running_loop()
    sent_at = loop.time() - FRAME
    while not feed.is_over:
        await _let_pass(sent_at + FRAME, feed, news)
        news.clear()
        if events := b"".join(map(encode, feed.news())):
            await response.write(events)
            sent_at = loop.time()
            await _until_taken(request)
        if not feed.is_over:
            await _wait(news, response, form)
    await response.write_eof()


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


async def _wait(news: asyncio.Event, response: web.StreamResponse, form: Form) -> None:
    """Wait for news, with a heartbeat in each long silence."""
    while not news.is_set():
        try:
            async with asyncio.timeout(HEARTBEAT):
                await news.wait()
        except TimeoutError:
            await response.write(b":\n\n" if form is Form.SSE else b'{"event":"heartbeat"}\n')


async def _until_taken(request: web.Request) -> None:
    """Wait until the client has taken most of what was sent; one that does not is cut off.

    Raises:
        ConnectionResetError: it was, or is gone.
    """
    transport = request.transport
    waited = 0.0
    while transport is not None and transport.get_write_buffer_size() > MOST_UNTAKEN:
        if waited >= PATIENCE:
            transport.abort()
            raise ConnectionResetError("the client does not read")
        await asyncio.sleep(LOOK)
        waited += LOOK
    if transport is None or transport.is_closing():
        raise ConnectionResetError("the client is gone")


def _write_sse(event: Event) -> bytes:
    name, data = event
    return f"event: {name}\ndata: {dump(data)}\n\n".encode("utf-8", "replace")


def _write_line(event: Event) -> bytes:
    name, data = event
    return f"{dump({'event': name, **data})}\n".encode("utf-8", "replace")


def _read_quality(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0


def write_json(data: Mapping[str, Any]) -> bytes:
    """Data as JSON."""
    return dump(data).encode("utf-8", "replace")
