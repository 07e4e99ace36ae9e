"""What comes over the wire as no page sends it, and windows that are slow, or gone, or listen when the server ends."""

import asyncio
import json
import socket
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from bot.network.listening import CLOSING
from bot.playground.browser.server import serving_page
from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import Workspace
from bot.web.http.sending import PATIENCE
from tests.network.test_connections import count_connections
from tests.support.playground import Place, Window, playing

MANY, LONG = 100, "あ" * 3_000  # bytes that fill what systems keep for a client


def listen_slowly(client: socket.socket, place: Place, window: Window) -> None:
    """Listen as a window does, over a socket that takes next to nothing by itself."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    address = place.url.split("/")[2]
    client.connect(("127.0.0.1", int(address.partition(":")[2])))
    cookies = "; ".join(f"{one.key}={one.value}" for one in place.client.cookie_jar)
    head = (f"GET /events?window={window.key} HTTP/1.0", f"Host: {address}", f"Cookie: {cookies}")
    client.sendall("\r\n".join((*head, "", "")).encode())


def write_much(place: Place) -> None:
    """Have ada write more than a window that does not read can be sent."""
    workspace = place.world.workspace
    for _ in range(MANY):
        workspace.post("C0GENERAL", workspace.user("ada").id, LONG)


def items_of(stream: bytes) -> Iterator[dict[str, Any]]:
    """The items that came with each event."""
    for line in stream.split(b"\n"):
        if line.startswith(b"data: "):
            yield json.loads(line.removeprefix(b"data: "))["items"]


@pytest.mark.parametrize("words", ["marmalade", "PRI * HTTP/2.0\r\nHost: x", "GET / HTTP/1.1\r\nX-A: " + "a" * 9_000])
async def test_what_is_no_http_is_refused_as_all_else_is(words: str) -> None:
    """As JSON, with the headers of all answers."""
    async with playing() as place:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(place.url.rstrip("/").rpartition(":")[2]))
        writer.write(f"{words}\r\n\r\n".encode())
        head, _, told = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
    assert head.split()[1] == b"400"
    assert b"X-Content-Type-Options: nosniff" in head
    assert json.loads(told)["error"]["code"] == "not_http"


@pytest.mark.heavy
async def test_a_window_that_takes_nothing_is_cut_off() -> None:
    """It begins anew if it is there after all."""
    async with playing() as place:
        window = await place.window()
        await place.client.close()
        with socket.socket() as client:
            listen_slowly(client, place, window)
            write_much(place)
            await asyncio.sleep(PATIENCE / 2)
            assert count_connections() == 1
            await asyncio.sleep(PATIENCE)
            assert count_connections() == 0


async def test_a_slow_window_misses_nothing() -> None:
    """Not what happens while it is being sent something else, either."""
    async with playing() as place:
        window = await place.window()
        with socket.socket() as client:
            listen_slowly(client, place, window)
            write_much(place)
            await asyncio.sleep(1.0)
            place.world.workspace.post("C0GENERAL", place.world.workspace.user("ada").id, "The last.")
            await asyncio.sleep(1.0)
            client.settimeout(0.0)  # as the loop wants it
            stream, loop = b"", asyncio.get_running_loop()
            async with asyncio.timeout(PATIENCE):
                while b"The last." not in stream:
                    stream += await loop.sock_recv(client, 65_536)
    names = {name for items in items_of(stream) for name in items if name.startswith("message ")}
    assert len(names) >= MANY


async def test_the_server_ends_at_once_though_windows_listen() -> None:
    """They are told by the end of what they listen to, and nobody waits for them."""
    jar, loop = aiohttp.CookieJar(unsafe=True), asyncio.get_running_loop()
    async with SlackServer(Workspace()) as slack, aiohttp.ClientSession(cookie_jar=jar) as client:
        async with serving_page(slack) as address:
            await client.get(address)
            url = address.partition("?")[0]
            window = await Window(url, client).open()
            response = await client.get(f"{url}events", params={"window": window.key})
            await response.content.readuntil(b"\n\n")
            left_at = loop.time()
        assert loop.time() - left_at < CLOSING / 2
        await response.read()
