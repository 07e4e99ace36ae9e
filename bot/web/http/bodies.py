"""What a client sends with a request, read within bounds of size and time."""

import asyncio
import json
from typing import Any

from aiohttp import HttpVersion11, web

from bot.texts.web.words import Fault
from bot.web.http.refusals import RefusedError

BODY_TIMEOUT = 10.0  # seconds in which a body has to come


async def let_wait(_: web.Request) -> None:
    """Let who asks before sending a body wait: aiohttp would call for it before anybody has looked at the request."""


async def read_body(request: web.Request, limit: int) -> bytes:
    """Read the body of a request whose route has `let_wait`; `limit` in bytes is that of the application as well.

    Raises:
        RefusedError: it is too large, does not come, or is cut off.
    """
    if (request.content_length or 0) > limit:
        raise RefusedError(Fault.TOO_LARGE, limit=limit)
    try:
        async with asyncio.timeout(BODY_TIMEOUT):
            await _call_for_body(request)
            return await request.read()
    except TimeoutError:
        raise RefusedError(Fault.TOO_SLOW) from None
    except web.HTTPRequestEntityTooLarge:
        raise RefusedError(Fault.TOO_LARGE, limit=limit) from None
    except web.RequestPayloadError:  # its pieces, or what they are packed in, have no form
        raise RefusedError(Fault.NOT_JSON) from None


def parse(body: bytes) -> Any:
    """Read JSON, whatever letters it is said to be in: JSON has one way to be written.

    Raises:
        RefusedError: it is none.
    """
    try:
        return json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):  # brackets within one another, by the thousand
        raise RefusedError(Fault.NOT_JSON) from None


async def _call_for_body(request: web.Request) -> None:
    """Tell a client that waits for it that its body is wanted."""
    if request.headers.get("Expect", "").lower() == "100-continue" and request.version >= HttpVersion11:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # of the answer, which is still to come
