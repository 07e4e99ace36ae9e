import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx2
import pytest

from bot.engine.turns import Turns
from bot.engine.wire import AT_ONCE, ERROR_LIMIT, GATHER, HEADERS, MANY, PIECE, READ, VERY_MANY, Moments, Pauses, Wire

OK = b"HTTP/1.1 200 OK\r\n"
NO = b"HTTP/1.1 500 No\r\n"
LAST = b"Connection: close\r\n\r\n"


@asynccontextmanager
async def asking(
    *blocks: bytes | float, streams: int = 0
) -> AsyncIterator[tuple[httpx2.AsyncClient, str, list[bytes]]]:
    """A client, and a server that answers with these blocks, pauses between them; and the heads that it got.

    So many other `streams` are open at the same time.
    """
    heads: list[bytes] = []
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        for block in blocks:
            if isinstance(block, bytes):
                writer.write(block)
            else:
                await asyncio.sleep(block)
        writer.close()

    turns = Turns(VERY_MANY + 4)
    wire = Wire(max_connections=4, proxy=None, tls=None, moments=Moments(turns))
    async with (
        AsyncExitStack() as others,
        await asyncio.start_server(serve, "127.0.0.1", 0) as server,
        httpx2.AsyncClient(transport=wire, timeout=None) as client,
    ):
        for _ in range(streams):
            await others.enter_async_context(turns.take(()))
        yield client, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", heads
        for writer in writers:
            writer.transport.abort()


async def blocks_of(*blocks: bytes | float) -> list[bytes]:
    """The body that a server sends, in the blocks in which it is read."""
    async with (
        asking(*blocks) as (client, url, _),
        client.stream("POST", url, headers=HEADERS) as response,
    ):
        return [block async for block in response.aiter_raw()]


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "GZIP"])
async def test_what_is_compressed_is_unpacked_piece_by_piece(encoding: str) -> None:
    """A small body does not become a large one at once."""
    body = b"a word and another; " * 100_000
    packed = zlib.compress(body, 9) if encoding == "deflate" else gzip.compress(body, 9)
    assert len(packed) < 10_000
    blocks = await blocks_of(OK + b"Content-Encoding: " + encoding.encode() + b"\r\n" + LAST + packed)
    assert b"".join(blocks) == body
    assert max(map(len, blocks)) <= PIECE


@pytest.mark.parametrize("encoding", [b"br", b"zstd", b"gzip, gzip", b"nonsense"])
async def test_what_nobody_asked_for_is_not_unpacked(encoding: bytes) -> None:
    """No compression was asked for at all."""
    with pytest.raises(httpx2.DecodingError):
        await blocks_of(OK + b"Content-Encoding: " + encoding + b"\r\n" + LAST + b"x")
    with pytest.raises(httpx2.DecodingError):
        await blocks_of(OK + b"Content-Encoding: gzip\r\n" + LAST + b"no gzip")


async def test_of_an_error_the_beginning_is_read() -> None:
    """It says what it is about."""
    assert b"".join(await blocks_of(NO + LAST + b"x" * 1_000_000)) == b"x" * ERROR_LIMIT
    assert b"".join(await blocks_of(NO + LAST + b"no")) == b"no"
    assert b"".join(await blocks_of(NO + b"Content-Length: 9\r\n\r\nno")) == b"no"
    packed = gzip.compress(b"x" * 10_000_000)
    assert b"".join(await blocks_of(NO + b"Content-Encoding: gzip\r\n" + LAST + packed)) == b"x" * ERROR_LIMIT


async def test_the_rest_of_an_error_is_not_waited_for() -> None:
    """Its status has come, and that is most of it."""
    began = asyncio.get_running_loop().time()
    assert b"".join(await blocks_of(NO + LAST + b"no", 1_000.0)) == b"no"
    assert asyncio.get_running_loop().time() - began == pytest.approx(5.0)


async def test_no_cookie_is_kept_and_no_redirect_followed() -> None:
    """What a server wants to be told again and again could grow without end."""
    head = b"HTTP/1.1 307 Elsewhere\r\nLocation: http://127.0.0.1:9/\r\nSet-Cookie: a=b\r\n"
    async with asking(head + LAST) as (client, url, heads):
        for _ in range(2):
            assert (await client.post(url)).status_code == 307
    assert len(heads) == 2
    assert not any(b"cookie" in head.lower() for head in heads)


async def times_of(*blocks: bytes | float, streams: int = 0) -> list[tuple[float, bytes]]:
    """The blocks of a body that are read from the wire itself, and when each came, from the first on."""
    now = asyncio.get_running_loop().time
    async with (
        asking(*blocks, streams=streams) as (client, url, _),
        client.stream("POST", url, headers=HEADERS) as response,
    ):
        read = response.extensions[READ]
        came = []
        while block := await read():
            came.append((now(), block))
        return [(at - came[0][0], block) for at, block in came]


async def test_tokens_are_read_together_once_a_stream_flows() -> None:
    """The first as they come, so that nobody waits for them; of the others none comes later than `GATHER`."""
    tokens = [b"%03d" % number for number in range(100)]
    sent: list[bytes | float] = [part for token in tokens for part in (token, 0.01)]
    came = await times_of(OK + LAST, *sent)
    assert b"".join(block for _, block in came) == b"".join(tokens)
    assert [block for _, block in came[:AT_ONCE]] == tokens[:AT_ONCE]
    assert len(came) <= AT_ONCE + 1 + 1.0 / GATHER
    for at, block in came:
        oldest = int(block[:3]) * 0.01
        assert oldest - 1e-6 <= at <= oldest + GATHER * 1.02 + 1e-6


class Paused(asyncio.Transport):
    """A socket that tells when it is looked at again, by the loop's time; with `is_broken` it cannot be."""

    def __init__(self, resumed: list[float], *, is_broken: bool = False) -> None:
        super().__init__()
        self._resumed = resumed
        self._is_broken = is_broken

    def pause_reading(self) -> None:
        """Nothing to do."""

    def resume_reading(self) -> None:
        """Tell."""
        if self._is_broken:
            raise OSError
        self._resumed.append(asyncio.get_running_loop().time())


async def test_sockets_that_gather_are_looked_at_together_whatever_becomes_of_one() -> None:
    """At the same moment, whenever each was left alone; the next time at the next one."""
    loop = asyncio.get_running_loop()
    failures: list[object] = []
    loop.set_exception_handler(lambda _, context: failures.append(context.get("exception")))
    resumed: list[float] = []
    pauses = Pauses(Moments(Turns(4)))
    for is_broken in (False, True, False):
        pauses.add(Paused(resumed, is_broken=is_broken))
        await asyncio.sleep(GATHER / 8)
    await asyncio.sleep(GATHER)
    assert len(resumed) == 2
    assert resumed[1] - resumed[0] < 1e-3
    assert [type(failure) for failure in failures] == [OSError]
    pauses.add(Paused(resumed))
    await asyncio.sleep(GATHER)
    rounds = (resumed[2] - resumed[0]) / GATHER
    assert rounds == pytest.approx(round(rounds), abs=0.02)


async def test_many_streams_are_read_less_often() -> None:
    """To read them is most of what a busy process does. Their moments are moments of few streams too."""
    turns = Turns(VERY_MANY + 1)
    moments = Moments(turns)
    seen = []
    async with AsyncExitStack() as stack:
        for streams in range(VERY_MANY + 2):
            seen.append([moments.next(now / 100) for now in range(100)])
            if streams <= VERY_MANY:
                await stack.enter_async_context(turns.take(()))
    few, many, very_many = seen[0], seen[MANY + 1], seen[VERY_MANY + 1]
    assert seen == [few] * (MANY + 1) + [many] * (VERY_MANY - MANY) + [very_many]
    for often, moments_of in ((1, few), (2, many), (4, very_many)):
        assert len(set(moments_of)) == 1.0 / GATHER / often
        assert {round(moment, 6) for moment in moments_of} <= {round(moment, 6) for moment in few}
        assert all(0 < moment - now / 100 <= often * GATHER * 1.02 for now, moment in enumerate(moments_of))


@pytest.mark.parametrize("rate", [25, 50, 75, 100, 150, 200])
async def test_a_fast_stream_is_read_less_often_too(rate: int) -> None:
    """What gathers for longer is more, and still no sign of a server that floods."""
    sent: list[bytes | float] = [part for _ in range(2 * rate) for part in (b"x" * 300, 1 / rate)]
    reads = [len(await times_of(OK + LAST, *sent, streams=streams)) for streams in (1, MANY + 1, VERY_MANY + 1)]
    assert reads[0] <= AT_ONCE + 1 + 2 / GATHER
    assert reads[1] <= AT_ONCE + 1 + 2 / GATHER / 2
    assert reads[2] <= AT_ONCE + 1 + 2 / GATHER / 4


async def test_what_lies_ready_is_read_at_once() -> None:
    """A server that sends much is read as fast as it sends."""
    came = await times_of(OK + LAST, *[b"x" * 8_192] * 100, 0.5, b"y")
    assert max(at for at, block in came if b"x" in block) < 0.01


async def test_a_stream_that_is_left_while_it_gathers_leaves_nothing() -> None:
    """Its connection is closed; the moment at which it would be read again passes."""
    sent: list[bytes | float] = [b"x", 0.01]
    async with asking(OK + LAST, *sent * 10, 60.0) as (client, url, _):
        async with client.stream("POST", url, headers=HEADERS) as response:
            for _ in range(AT_ONCE):
                await response.extensions[READ]()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(GATHER / 10):
                    await response.extensions[READ]()
        await asyncio.sleep(1.0)
