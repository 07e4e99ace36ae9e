"""What a model's server sends, made harmless before anybody reads it: bounded, and not compressed.

A hook on each response (`tame`). The body of an error is cut off after `ERROR_LIMIT` bytes or `ERROR_TIMEOUT` seconds:
what it is about stands at its beginning. No compression is asked for; what is compressed all the same is unpacked piece
by piece, so that a small body does not become a large one at once.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import cast

import httpx2

ERROR_LIMIT = 65_536  # bytes; errors of real servers have some hundred, pages some thousand
ERROR_TIMEOUT = 5.0  # seconds for the body of an error, whose status has come
PIECE = 16_384  # bytes that are unpacked at once; what the transport reads at once

HEADERS = {"Accept-Encoding": "identity"}  # for text in small pieces nothing is gained by another

_LEAST_ERROR = 300  # the status from which on a response is not the answer
_ZLIB = {"gzip", "x-gzip", "deflate"}


async def tame(response: httpx2.Response) -> None:
    """Let the body of `response` be read within bounds."""
    stream: httpx2.AsyncByteStream = cast("httpx2.AsyncByteStream", response.stream)
    encoding = response.headers.pop("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", ""}:
        stream = _Unpacked(stream, encoding)
    if response.status_code >= _LEAST_ERROR:
        stream = _Beginning(stream)
    response.stream = stream


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
        async with aclosing(aiter(self._stream)) as blocks:  # type: ignore[type-var]
            while size < ERROR_LIMIT:
                try:
                    async with asyncio.timeout_at(deadline):
                        block = await anext(blocks, None)
                except (TimeoutError, httpx2.RequestError):
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
