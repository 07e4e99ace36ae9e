import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from bot.errors import Effect, UnavailableError
from bot.slack.api import Mark, Slack, make_client
from bot.slack.body import Body
from bot.slack.wires.session import LONGEST_ANSWER, TooLongError, make_session

BODY = Body("secret problem", [{"type": "section", "text": {"type": "mrkdwn", "text": "secret problem"}}])
Give = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def server(give: Give) -> AsyncIterator[str]:
    """A server on loopback that answers every request so; its address."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", give)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(status: int) -> None:
    """A post, a command's answer and the connection's address stay where the settings send them."""
    asked: list[str] = []

    async def take(request: web.Request) -> web.Response:
        asked.append(await request.text())
        return web.json_response({"ok": True, "ts": "1.1"})

    async with server(take) as elsewhere:

        async def redirect(request: web.Request) -> web.Response:
            return web.Response(status=status, headers={"Location": elsewhere})

        async with server(redirect) as url, make_session() as session:
            slack = Slack(make_client("xoxb-secret", url, session))
            with pytest.raises(UnavailableError) as raised:
                await slack.post("C1", BODY, None, Mark("r", "p"))
            assert (raised.value.code, raised.value.effect) == ("redirected", Effect.NONE)
            assert "Check SLACK_API_URL." in raised.value.hint
            with pytest.raises(UnavailableError):
                await slack.post_ephemeral("C1", "U1", BODY, response_url=url)
            with pytest.raises(aiohttp.ClientError):
                await session.ws_connect(url)
    assert asked == []


def long_answer(compress: bool) -> Give:  # noqa: FBT001 - one of two
    """An answer without an end, or one that grows when it is decompressed."""

    async def give(request: web.Request) -> web.StreamResponse:
        if compress:
            # 100 MiB of zeros are some 100 KB.
            return web.Response(body=gzip.compress(bytes(100 * 2**20)), headers={"Content-Encoding": "gzip"})
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(1_000):
            await response.write(b"x" * 2**20)
        return response

    return give


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("at", ["api", "response_url"])
@pytest.mark.heavy
async def test_no_answer_is_read_without_end(at: str, *, compress: bool) -> None:
    """A post that is answered so may have been carried out."""
    async with server(long_answer(compress)) as url, make_session() as session:
        slack = Slack(make_client("xoxb-secret", url, session))
        with pytest.raises(UnavailableError) as raised:
            if at == "api":
                await slack.post("C1", BODY, None, Mark("r", "p"))
            else:
                await slack.post_ephemeral("C1", "U1", BODY, response_url=url)
        assert (raised.value.code, raised.value.effect) == ("TooLongError", Effect.UNKNOWN)


@pytest.mark.parametrize("piece", [b"{}", b"[]", b"1"])
async def test_no_answer_becomes_more_than_it_is(piece: bytes) -> None:
    """Four megabytes of empty objects would be a hundred, with nobody else served for a second."""

    async def give(_: web.Request) -> web.Response:
        body = b'{"ok": true, "ts": "1.1", "pad": [' + (piece + b",") * (2**20 - 100) + b"0]}"
        return web.Response(body=body, content_type="application/json")

    async with server(give) as url, make_session() as session:
        with pytest.raises(UnavailableError) as raised:
            await Slack(make_client("xoxb-secret", url, session)).post("C1", BODY, None, Mark("r", "p"))
    assert (raised.value.code, raised.value.effect) == ("TooLongError", Effect.UNKNOWN)


async def test_an_answer_of_the_greatest_length_is_read_whole() -> None:
    """And one byte more is not."""

    async def give(request: web.Request) -> web.Response:
        return web.Response(body=bytes(LONGEST_ANSWER + int(request.query["more"])))

    async with server(give) as url, make_session() as session:
        async with session.get(url, params={"more": "0"}) as answer:
            assert len(await answer.read()) == LONGEST_ANSWER
        async with session.get(url, params={"more": "1"}) as answer:
            with pytest.raises(TooLongError):
                await answer.read()


async def test_no_cookie_is_kept_and_nothing_compressed_is_asked_for() -> None:
    """What one answer sets does not go along with the next call."""
    cookies: list[object] = []

    async def give(request: web.Request) -> web.Response:
        cookies.append((dict(request.cookies), request.headers["Accept-Encoding"]))
        return web.json_response({"ok": True}, headers={"Set-Cookie": "b=1; Path=/"})

    async with server(give) as url, make_session() as session:
        for _ in range(2):
            async with session.get(url.replace("127.0.0.1", "localhost")) as answer:
                await answer.read()
    assert cookies == [({}, "identity")] * 2


async def test_a_history_without_end_is_left() -> None:
    """A cursor that always leads on; and timestamps that are none."""
    calls = 0

    async def give(request: web.Request) -> web.Response:
        nonlocal calls
        calls += 1
        return web.json_response({"ok": True, "messages": [], "response_metadata": {"next_cursor": f"c{calls}"}})

    async with server(give) as url, make_session() as session:
        assert await Slack(make_client("xoxb-secret", url, session)).find("C1", "1.1", Mark("r", "p")) is None
    assert calls == 50


@pytest.mark.parametrize("ts", ["null", "[1]", "{}", '"1\\n2"', '""', "1.5", '"' + "9" * 1_000 + '"'])
async def test_a_timestamp_that_is_none_is_not_taken_for_one(ts: str) -> None:
    """The message may stand all the same."""

    async def give(request: web.Request) -> web.Response:
        return web.Response(text=f'{{"ok": true, "ts": {ts}}}', content_type="application/json")

    async with server(give) as url, make_session() as session:
        with pytest.raises(UnavailableError) as raised:
            await Slack(make_client("xoxb-secret", url, session)).post("C1", BODY, None, Mark("r", "p"))
    assert raised.value.effect is Effect.UNKNOWN
