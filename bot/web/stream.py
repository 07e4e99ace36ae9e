"""A run to one client's socket: as server-sent events, as lines of JSON, or all at once when it has ended.

Laws:

- What is new is sent at most once in `FRAME`, the first text of an answer at once. Between two frames newer
  drafts replace older ones, and for as long as the client has not taken what was sent: no backlog.
- A client that does not take what was sent is cut off, in each form (`http.sending`).

When the client goes away, aiohttp cancels the handler, and with it all that is here.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from enum import Enum
from itertools import starmap
from typing import Any

from aiohttp import web

from bot.texts.preferences import read_preferences
from bot.web.events import Feed, write_whole
from bot.web.http.sending import (
    COMMENT,
    JSON,
    NDJSON,
    SSE,
    dump,
    make_stream,
    send,
    wait_for_news,
    write_event,
    write_json,
)
from bot.web.run import Run

FRAME = 0.025  # seconds; nobody sees forty changes a second


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
    response = web.StreamResponse() if whole else make_stream(form.value)
    if whole:
        response.headers.update({"Content-Type": JSON, "Content-Length": str(len(whole))})
    with suppress(ConnectionError):  # the client is gone, or was cut off: nobody is there to be told
        await response.prepare(request)
        if whole:
            await send(request, response, whole)
        else:
            await _stream(request, response, Feed(run), news, form)
        await response.write_eof()
    return response


async def _wait_for_all(run: Run, news: asyncio.Event) -> bytes:
    """A run as JSON, once it has ended."""
    while not run.is_over:
        news.clear()
        await news.wait()
    return write_json(write_whole(run))


async def _stream(
    request: web.Request, response: web.StreamResponse, feed: Feed, news: asyncio.Event, form: Form
) -> None:
    encode = write_event if form is Form.SSE else _write_line
    heartbeat = COMMENT if form is Form.SSE else b'{"event":"heartbeat"}\n'
    loop = asyncio.get_running_loop()
    sent_at = loop.time() - FRAME
    while not feed.is_over:
        await _let_pass(sent_at + FRAME, feed, news)
        news.clear()
        if events := b"".join(starmap(encode, feed.news())):
            sent_at = loop.time()
            await send(request, response, events)
        if not feed.is_over:
            await wait_for_news(request, response, news, heartbeat)


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


def _write_line(name: str, data: Mapping[str, Any]) -> bytes:
    return f"{dump({'event': name, **data})}\n".encode("utf-8", "replace")
