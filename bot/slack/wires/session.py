"""The HTTP session for all that is asked of Slack, and the bounds on what comes back.

Laws:

- No redirect is followed: Slack's API has none, and one that is followed takes what people wrote to another host.
- No more than `LONGEST_ANSWER` of a body is read, decompressed or not; nor longer than `CALL_TIMEOUT`. What would
  become more than `MOST_OBJECTS` or `MOST_VALUES` is not parsed: of empty objects, that takes 25 times the room.
"""

import ssl

import aiohttp
from aiohttp import hdrs

CALL_TIMEOUT = 15.0  # seconds for one call; Slack answers in well under one, or is in trouble
LONGEST_ANSWER = 4 * 2**20  # bytes; the longest is a page of 100 messages of some 13,000 bytes each, escaped
MOST_OBJECTS = 200_000  # and lists, in one answer or event; a text of 40,000 braces comes three times over
MOST_VALUES = 400_000  # in one
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class RedirectedError(aiohttp.ClientError):
    """The server wants to be asked elsewhere; nothing was done."""


class TooLongError(aiohttp.ClientError):
    """The answer is longer than any of Slack's, or would be."""


def is_swollen(json: str | bytes | bytearray) -> bool:
    """Whether a text of JSON would become more objects or values than any of Slack's."""
    if isinstance(json, str):
        return json.count("{") + json.count("[") > MOST_OBJECTS or json.count(",") > MOST_VALUES
    return json.count(b"{") + json.count(b"[") > MOST_OBJECTS or json.count(b",") > MOST_VALUES


def make_session(tls: ssl.SSLContext | None = None) -> aiohttp.ClientSession:
    """The HTTP session for all calls; the SDK's own timeout does not apply to a session that it is given."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=tls or True),
        timeout=aiohttp.ClientTimeout(total=CALL_TIMEOUT),
        # Its answers are short, and what is not compressed cannot grow.
        headers={hdrs.ACCEPT_ENCODING: "identity"},
        middlewares=(_refuse_redirects,),
        response_class=_Answer,
        # Nothing of Slack's API needs a cookie, and what one answer sets would go along with every later call.
        cookie_jar=aiohttp.DummyCookieJar(),
    )


async def _refuse_redirects(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    response = await handler(request)
    if response.status in _REDIRECTS:
        response.close()
        raise RedirectedError(response.status)
    return response


class _Answer(aiohttp.ClientResponse):
    """An answer whose body is read up to a bound."""

    async def read(self) -> bytes:
        """Read the body.

        Raises:
            TooLongError: it is longer than `LONGEST_ANSWER`, or has too much in it; its connection is closed.
        """
        if self._body is None:
            try:
                self._body = await self._read_bounded()
            except BaseException:
                self.close()
                raise
        return await super().read()

    async def _read_bounded(self) -> bytes:
        body = bytearray()
        async for block in self.content.iter_any():
            body += block
            if len(body) > LONGEST_ANSWER:
                raise TooLongError
        if is_swollen(body):
            raise TooLongError
        return bytes(body)
