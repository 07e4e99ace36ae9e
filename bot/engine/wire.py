"""The wire to a model's server: requests go out, and what comes back is made harmless before anybody reads it.

A transport for the SDK's client, on aiohttp, whose parser is in C: half the cost of a token. The SDK's own transport of
that kind leaves more to the server than is good:

- The body of an error is cut off after `ERROR_LIMIT` bytes or `ERROR_TIMEOUT` seconds: what it is about stands at its
  beginning.
- No compression is asked for; what is compressed all the same is unpacked piece by piece, so that a small body does not
  become a large one at once.
- What is read from the socket at once is little: all of it is parsed before anybody else gets a turn.
- Nor is each token read by itself: once a stream flows, a moment passes before the next look at its socket, the same
  moment for all streams. To wake up, read and parse once for several tokens halves what a token costs. Nothing comes
  later by more than `GATHER` (twice that in a process that reads many streams, four times in one that reads very many),
  the first blocks of a body as they come, and where much lies ready no time passes.
- No redirect is followed, no cookie is kept, and nothing is taken from the environment.
"""

import asyncio
import math
import socket
import ssl
import zlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import httpx2

from bot.engine.turns import Turns

CONNECT_TIMEOUT = 10.0  # seconds; the SDK's own is 5, which slow networks miss
ERROR_LIMIT = 65_536  # bytes; errors of real servers have some hundred, pages some thousand
ERROR_TIMEOUT = 5.0  # seconds for the body of an error, whose status has come
PIECE = 16_384  # bytes that are read, or unpacked, at once
GATHER = 0.05  # seconds in which tokens gather; no message is edited more often than every 0.5 s
MANY = 32  # streams, of eight questions: with more, tokens gather for twice as long, which spares a fifth of all work
VERY_MANY = 64  # streams: with more, four times as long, which spares a seventh of the rest
AT_ONCE = 4  # blocks of a body that are read as they come: the head of an answer, and its first text
MUCH = 4_096  # bytes; a stream that brings as much while tokens gather once is read on at once
RECEIVE_BUFFER = 16_384  # bytes in the kernel, which doubles it; for a stream of 30 kB/s enough from anywhere

READ = "read"  # the response's extension that reads the next block of a body; an empty one is the end
HEADERS = {"Accept-Encoding": "identity"}  # for text in small pieces nothing is gained by another

_LEAST_ERROR = 300  # the status from which on a response is not the answer
_DROPPED = {b"content-encoding", b"set-cookie"}  # headers: what is read is unpacked, and what is set is not kept
_ZLIB = {"gzip", "x-gzip", "deflate"}


class Wire(httpx2.AsyncBaseTransport):
    """The transport; `proxy` is the address of the one that is asked through, `tls` whom to trust.

    Sockets are looked at at the `moments`.
    """

    def __init__(
        self, *, max_connections: int, proxy: str | None, tls: ssl.SSLContext | None, moments: "Moments"
    ) -> None:
        self._max_connections = max_connections
        self._proxy = proxy
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None
        self._pauses = Pauses(moments)

    @property
    def heard_at(self) -> float:
        """When the last block of any body was read, by the loop's time."""
        return self._pauses.heard_at

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request, and return the response as soon as its head has come.

        Raises:
            aiohttp.ClientError, OSError: there was no response.
        """
        if self._session is None:
            self._session = self._make_session()  # it belongs to the loop that runs now
        response = await self._session.request(
            request.method,
            str(request.url),
            headers=request.headers.multi_items(),
            data=request.content or None,
            allow_redirects=False,
            proxy=self._proxy,
        )
        stream: httpx2.AsyncByteStream = _Body(response)
        plain = stream
        headers = [(name, value) for name, value in response.raw_headers if name.lower() not in _DROPPED]
        encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding not in {"identity", ""}:
            stream = _Unpacked(stream, encoding)
        if response.status >= _LEAST_ERROR:
            stream = _Beginning(stream)
        # A body that is as it comes can be read without a generator, or two, around each block.
        extensions = {READ: _Gathered(response, self._pauses).read} if stream is plain else {}
        return httpx2.Response(response.status, headers=headers, stream=stream, request=request, extensions=extensions)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session:
            await self._session.close()

    def _make_session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=self._max_connections, ssl=self._tls or True, socket_factory=_make_socket
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT),  # others are held by tokens
            skip_auto_headers={"Accept-Encoding"},
        )


def _make_socket(address: tuple[Any, ...]) -> socket.socket:
    family, kind, protocol, _, _ = address
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    return made


class _Body(httpx2.AsyncByteStream):
    """A body as it comes."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for block in self._response.content.iter_chunked(PIECE):
            yield block

    async def aclose(self) -> None:
        self._response.release()


class _Gathered:
    """A body in blocks of what has gathered."""

    def __init__(self, response: aiohttp.ClientResponse, pauses: "Pauses") -> None:
        self._response = response
        self._content = response.content
        self._pauses = pauses
        self._blocks = 0
        self._size = 0

    async def read(self) -> bytes:
        """Read what comes next; nothing at the end. Raises what aiohttp does."""
        if self._content.total_bytes == self._size and self._blocks >= AT_ONCE and not self._content.is_eof():
            self._let_gather()
        block = await self._content.read(PIECE)
        self._size += len(block)
        self._pauses.heard_at = asyncio.get_running_loop().time()
        self._blocks = self._blocks + 1 if len(block) < self._pauses.much else 0
        return block

    def _let_gather(self) -> None:
        """Leave the socket alone until the next of the moments at which all of them are looked at."""
        connection = self._response.connection
        if connection and (transport := connection.transport):
            self._pauses.add(transport)


class Moments:
    """The moments at which sockets are looked at, the same for all streams; `turns` know how many of them are open."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns

    @property
    def folds(self) -> int:
        """How many times `GATHER` they are apart."""
        streams = self._turns.held
        return 1 if streams <= MANY else 2 if streams <= VERY_MANY else 4

    def next(self, now: float) -> float:
        """The next of them; by the loop's time, as `now` is."""
        apart = GATHER * self.folds
        # What is a hair before such a moment has just been read at it.
        return ((now + GATHER / 50) // apart + 1) * apart


class Pauses:
    """The sockets that nobody looks at until the next moment. All share a timer: one for each costs half a read."""

    def __init__(self, moments: Moments) -> None:
        self._moments = moments
        self._paused: list[asyncio.Transport] = []
        self.heard_at = -math.inf  # when the last block of any body was read, by the loop's time

    @property
    def much(self) -> int:
        """Bytes from which on a block is of a stream that is read on at once."""
        return MUCH * self._moments.folds

    def add(self, transport: asyncio.Transport) -> None:
        """Leave a socket alone until then."""
        transport.pause_reading()
        if not self._paused:
            loop = asyncio.get_running_loop()
            loop.call_at(self._moments.next(loop.time()), self._end)
        self._paused.append(transport)

    def _end(self) -> None:
        paused, self._paused = self._paused, []
        try:
            while paused:
                paused.pop().resume_reading()
        finally:
            if paused:  # one has failed, which is no matter of the others
                self._paused = paused
                asyncio.get_running_loop().call_soon(self._end)


class _Wrapped(httpx2.AsyncByteStream):
    """A body that is made of another one."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Beginning(_Wrapped):
    """The beginning of a body."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        deadline = asyncio.get_running_loop().time() + ERROR_TIMEOUT
        blocks = aiter(self._stream)
        while size < ERROR_LIMIT:
            try:
                async with asyncio.timeout_at(deadline):
                    block = await anext(blocks, None)
            except (OSError, aiohttp.ClientError, httpx2.RequestError):  # a TimeoutError is an OSError
                return
            if block is None:
                return
            yield block[: ERROR_LIMIT - size]
            size += len(block)


class _Unpacked(_Wrapped):
    """A body as it was before it was compressed."""

    def __init__(self, stream: httpx2.AsyncByteStream, encoding: str) -> None:
        super().__init__(stream)
        self._encoding = encoding

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._encoding not in _ZLIB:
            raise httpx2.DecodingError("compressed in a way that nobody asked for")
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)  # 32: gzip's header or zlib's
        async for packed in self._stream:
            rest = packed
            while rest:
                try:
                    yield unpacker.decompress(rest, PIECE)
                except zlib.error as error:
                    raise httpx2.DecodingError("compressed wrongly") from error
                rest = unpacker.unconsumed_tail
