import asyncio
import gc
import socket
import tracemalloc
from contextlib import suppress
from unittest.mock import Mock

import pytest

from bot.network.connections import MOST, Connection, Connections
from bot.web.http.sending import PATIENCE
from tests.support.clock import VirtualLoop
from tests.support.model_server import ModelServer, Script
from tests.support.web import ASK, PROBLEM, Site, read, serving
from tests.support.world import NAMES

HALF = b"POST /v1/perspectives HTTP/1.1\r\nHost: "


def port_of(site: Site) -> int:
    """Where it listens."""
    return int(site.url.rstrip("/").rpartition(":")[2])


def count_connections() -> int:
    """How many the process has."""
    gc.collect()
    return sum(isinstance(one, Connection) for one in gc.get_objects())


def test_the_one_that_has_said_nothing_for_longest_makes_room() -> None:
    """And where all have, the new one is turned away."""
    connections = Connections(asyncio.Protocol, most=2)
    transports = [Mock(asyncio.Transport) for _ in range(5)]
    coming = [Connection(connections) for _ in transports]
    first, second, third, fourth, fifth = coming

    def come(connection: Connection) -> None:
        connection.connection_made(transports[coming.index(connection)])

    come(first)
    come(second)
    with first.answering():
        come(third)
        assert connections.open == {first, third}  # the second had asked for nothing
        with third.answering():
            come(fourth)
            assert connections.open == {first, third}
    come(fifth)
    assert connections.open == {first, fifth}  # over the third, nothing was going on for longest
    first.connection_lost(None)
    assert connections.open == {fifth}
    assert [transport.abort.called for transport in transports] == [False, True, True, True, False]


def test_one_that_is_lost_while_it_is_answered_is_kept_no_longer() -> None:
    """Nor does it make room for others."""
    connections = Connections(asyncio.Protocol, most=1)
    first, second = Connection(connections), Connection(connections)
    first.connection_made(Mock(asyncio.Transport))
    with first.answering():
        first.connection_lost(None)
    transport = Mock(asyncio.Transport)
    second.connection_made(transport)
    assert connections.open == {second}
    assert not transport.abort.called


async def test_a_silent_connection_is_closed() -> None:
    """Whether nothing comes over it or half a request."""
    async with serving(ModelServer()) as site:
        for words_said in (b"", HALF):
            reader, writer = await asyncio.open_connection("127.0.0.1", port_of(site))
            writer.write(words_said)
            began = asyncio.get_running_loop().time()
            assert await reader.read() == b""
            assert 14 < asyncio.get_running_loop().time() - began < 17
            writer.close()


@pytest.mark.slow
async def test_ten_thousand_half_open_requests_keep_nobody_out() -> None:
    """They are dropped as they come, a question is answered among them, and no more are kept than there may be."""
    answered = 0
    async with serving(ModelServer(**{name: Script(("Yes.",)) for name in NAMES})) as site:
        open_ones: list[asyncio.StreamWriter] = []
        for number in range(10_000):
            # Many have been dropped by the time the system lets them write.
            with suppress(ConnectionError):
                _, writer = await asyncio.open_connection("127.0.0.1", port_of(site))
                writer.write(HALF)
                open_ones.append(writer)
            if len(open_ones) >= 450:
                for writer in open_ones[:100]:
                    writer.close()
                del open_ones[:100]
            if number % 2_500 == 2_499:
                async with asyncio.timeout(10):
                    answered += len((await site.ask(problem=PROBLEM)).of("done"))
        assert count_connections() <= MOST + 50  # some are being closed
        for writer in open_ones:
            writer.close()
    assert answered == 4


LONG = Script(tuple("あ" * 500 for _ in range(79)), every=1.0)  # 39,500 characters, thrice the bytes


def ask_and_read_nothing(client: socket.socket, site: Site, *headers: str) -> None:
    """Ask over a socket that takes next to nothing."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)  # what is on its way is the system's to keep
    client.connect(("127.0.0.1", port_of(site)))
    body = '{"problem": "Why?"}'
    head = (f"Host: 127.0.0.1:{port_of(site)}", "Content-Type: application/json", f"Content-Length: {len(body)}")
    client.sendall("\r\n".join((f"POST /{ASK} HTTP/1.1", *head, *headers, "", body)).encode())


async def test_a_client_that_does_not_read_is_cut_off() -> None:
    """And its streams end with it, as those of one that is gone."""
    model = ModelServer(**dict.fromkeys(NAMES, LONG))
    async with serving(model) as site:
        with socket.socket() as client:
            ask_and_read_nothing(client, site)
            await asyncio.sleep(15)
            assert model.open_streams == 4
            await asyncio.sleep(50)
            assert model.open_streams == 0
            assert all(request.is_cut_off for request in model.requests)


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_so_is_one_that_does_not_read_all_at_once(accept: str) -> None:
    """What is told in one piece, however long, is kept for it no longer than what is told as it grows."""
    model = ModelServer(**dict.fromkeys(NAMES, Script(("あ" * 40_000,))))
    async with serving(model) as site:
        with socket.socket() as client:
            ask_and_read_nothing(client, site, f"Accept: {accept}")
            await asyncio.sleep(PATIENCE + 10)
            assert count_connections() == 0


async def test_a_slow_reader_misses_nothing() -> None:
    """What came while it did something else comes in one piece."""
    model = ModelServer(**dict.fromkeys(NAMES, Script(LONG.pieces, every=0.1)))
    async with serving(model) as site, site.client.post(site.url + ASK, json={"problem": PROBLEM}) as response:
        await read(response, until="run")
        await asyncio.sleep(PATIENCE / 2)
        rest = await read(response)
    assert rest.texts == dict.fromkeys(NAMES, LONG.text)
    assert rest.states == dict.fromkeys(NAMES, "done")


@pytest.mark.slow
def test_memory_is_flat_for_a_reader_of_one_draft_a_second() -> None:
    """Answers of 40,000 characters: what it has not read is kept once, as text, however long it takes."""

    async def ask(site: Site, pause: float) -> int:
        gc.collect()
        tracemalloc.start()
        async with site.client.post(site.url + ASK, json={"problem": PROBLEM}) as response:
            async for line in response.content:
                if line.startswith(b"event: draft"):
                    await asyncio.sleep(pause)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    async def compare() -> tuple[int, int]:
        model = ModelServer(**dict.fromkeys(NAMES, Script(LONG.pieces, every=0.1)))
        async with serving(model) as site:
            await ask(site, 0.0)
            return await ask(site, 0.0), await ask(site, 1.0)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        quick, slow = runner.run(compare())
    assert slow < 1.3 * quick + 1e6, (quick, slow)
