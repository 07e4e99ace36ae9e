import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import pytest
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack.server import SlackServer
from bot.playground.slack.socket_mode import CONNECTIONS_LIMIT
from bot.playground.slack.workspace import Workspace

EVENT = {"type": "app_mention", "user": "U0ADA", "text": "<@U0PERSPECT> why?", "channel": "C0GENERAL", "ts": "1.000000"}


async def link(client: AsyncWebClient) -> str:
    """Return a new address for a connection."""
    response = await client.apps_connections_open(app_token=Workspace.app_token)
    url = response["url"]
    assert isinstance(url, str)
    return url


class App:
    """An app behind the SDK's client: keeps what it gets, and acknowledges from the `deaf_to`th envelope on."""

    def __init__(self, client: AsyncWebClient, *, deaf_to: int = 0) -> None:
        self.requests: list[SocketModeRequest] = []
        self.times: list[float] = []
        self._deaf_to = deaf_to
        self.sdk = SocketModeClient(Workspace.app_token, web_client=client)
        self.sdk.socket_mode_request_listeners.append(self._answer)

    async def _answer(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        self.requests.append(request)
        self.times.append(asyncio.get_running_loop().time())
        if len(self.requests) > self._deaf_to:
            await client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))


@asynccontextmanager
async def running(client: AsyncWebClient, *, deaf_to: int = 0) -> AsyncIterator[App]:
    """Run an app that is connected, and close it politely."""
    app = App(client, deaf_to=deaf_to)
    await app.sdk.connect()  # type: ignore[no-untyped-call]
    try:
        yield app
    finally:
        await app.sdk.close()  # type: ignore[no-untyped-call]


@asynccontextmanager
async def connected(session: aiohttp.ClientSession, url: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Hold a connection by hand, after its hello."""
    async with session.ws_connect(url) as line:
        assert (await line.receive_json())["type"] == "hello"
        yield line


async def test_hello_says_how_many_connections_there_are(
    server: SlackServer, client: AsyncWebClient, session: aiohttp.ClientSession
) -> None:
    """And whose they are."""
    async with connected(session, await link(client)), session.ws_connect(await link(client)) as line:
        hello = await line.receive_json()
        assert (hello["type"], hello["num_connections"]) == ("hello", 2)
        assert hello["connection_info"] == {"app_id": "A0PERSPECT"}
        assert server.connections == 2


async def test_a_ticket_is_good_once(client: AsyncWebClient, session: aiohttp.ClientSession) -> None:
    """Used, made up, or none: the upgrade is refused."""
    url = await link(client)
    async with connected(session, url):
        for bad in (url, f"{url}x", url.partition("?")[0]):
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await session.ws_connect(bad)
            assert caught.value.status == 403


async def test_a_ticket_expires(client: AsyncWebClient, session: aiohttp.ClientSession) -> None:
    """Unused, it is worth nothing after 30 seconds."""
    early, late = await link(client), await link(client)
    await asyncio.sleep(29.9)
    async with connected(session, early):
        await asyncio.sleep(0.1)
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(late)


async def test_pings_are_answered_with_what_they_carry(client: AsyncWebClient, session: aiohttp.ClientSession) -> None:
    """The SDK takes a connection for dead that does not give back its `sdk-ping-pong:…`."""
    async with session.ws_connect(await link(client), autoping=False) as line:
        assert (await line.receive_json())["type"] == "hello"
        await line.ping(b"sdk-ping-pong:1700000000.25")
        pong = await line.receive()
        assert (pong.type, pong.data) == (aiohttp.WSMsgType.PONG, b"sdk-ping-pong:1700000000.25")


async def test_a_payload_goes_down_one_connection_each_in_turn(client: AsyncWebClient, server: SlackServer) -> None:
    """Two apps share four events."""
    async with running(client) as one, running(client) as other:
        for number in range(4):
            assert await server.event(EVENT, event_id=f"Ev{number}") is not None
        assert [request.payload["event_id"] for request in one.requests] == ["Ev0", "Ev2"]
        assert [request.payload["event_id"] for request in other.requests] == ["Ev1", "Ev3"]


async def test_an_event_is_delivered_until_it_is_acknowledged(client: AsyncWebClient, server: SlackServer) -> None:
    """The same event in a new envelope, with the number of the attempt and its reason."""
    async with running(client, deaf_to=2) as app:
        assert await server.event(EVENT) is not None
        assert [(request.retry_attempt, request.retry_reason) for request in app.requests] == [
            (0, ""),
            (1, "timeout"),
            (2, "timeout"),
        ]
        assert len({request.envelope_id for request in app.requests}) == 3
        assert len({request.payload["event_id"] for request in app.requests}) == 1
        assert not any(request.accepts_response_payload for request in app.requests)


async def test_an_event_is_given_up_after_three_redeliveries(client: AsyncWebClient, server: SlackServer) -> None:
    """At once, after a minute, after five, each when the one before has waited its 3 seconds."""
    started = asyncio.get_running_loop().time()
    async with running(client, deaf_to=9) as app:
        assert await server.event(EVENT) is None
        assert [time - started for time in app.times] == pytest.approx([0.0, 3.0, 66.0, 369.0])


async def test_the_body_of_an_event_is_slacks(client: AsyncWebClient, server: SlackServer) -> None:
    """With the bot's authorization."""
    async with running(client) as app:
        await server.event(EVENT)
        (request,) = app.requests
        body: dict[str, Any] = request.payload
        assert (request.type, body["type"], body["event"]) == ("events_api", "event_callback", EVENT)
        assert (body["team_id"], body["api_app_id"]) == ("T0PLAYGRND", "A0PERSPECT")
        assert body["authorizations"][0]["user_id"] == "U0PERSPECT"
        assert isinstance(body["event_time"], int)


async def test_what_is_no_acknowledgement_is_left_alone(
    client: AsyncWebClient, server: SlackServer, session: aiohttp.ClientSession
) -> None:
    """Nonsense, other envelopes' and repeated answers: only the right one counts."""
    async with connected(session, await link(client)) as line, asyncio.TaskGroup() as group:
        told = group.create_task(server.event(EVENT))
        envelope = await line.receive_json()
        for nonsense in ("{", "[]", "{}", '{"envelope_id": "other"}', '{"envelope_id": []}'):
            await line.send_str(nonsense)
        for _ in range(2):
            await line.send_json({"envelope_id": envelope["envelope_id"]})
        assert await told is not None


async def test_a_connection_that_has_gone_gets_nothing(
    client: AsyncWebClient, server: SlackServer, session: aiohttp.ClientSession
) -> None:
    """Its payload waits for the next connection, or goes down another."""
    async with connected(session, await link(client)):
        pass
    async with running(client) as app:
        assert await server.event(EVENT) is not None
        assert server.connections == len(app.requests) == 1


async def test_after_a_disconnect_the_sdk_comes_back(client: AsyncWebClient, server: SlackServer) -> None:
    """With a new ticket, once for the message and perhaps once more for the close."""
    async with running(client) as app:
        await server.disconnect()
        assert server.connections == 0
        await server.connected()
        assert await server.event(EVENT) is not None
        assert app.requests


async def test_one_connection_too_many_is_told_to_go(
    client: AsyncWebClient, server: SlackServer, session: aiohttp.ClientSession
) -> None:
    """Right after its hello; the others stay."""
    lines = [await session.ws_connect(await link(client)) for _ in range(CONNECTIONS_LIMIT)]
    async with connected(session, await link(client)) as line:
        message = await line.receive_json()
        assert (message["type"], message["reason"]) == ("disconnect", "too_many_websockets")
        assert (await line.receive()).type is aiohttp.WSMsgType.CLOSE
        assert server.connections == CONNECTIONS_LIMIT
    for line in lines:
        await line.close()


async def test_tickets_can_be_refused(
    client: AsyncWebClient, server: SlackServer, session: aiohttp.ClientSession
) -> None:
    """Good ones too, for as long as somebody says so."""
    server.sockets.refuses_tickets = True
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await session.ws_connect(await link(client))
    assert (caught.value.status, server.sockets.accepted) == (403, [])
    server.sockets.refuses_tickets = False
    async with connected(session, await link(client)):
        assert server.sockets.accepted == [asyncio.get_running_loop().time()]


async def test_an_upgrade_can_get_stuck(
    client: AsyncWebClient, server: SlackServer, session: aiohttp.ClientSession
) -> None:
    """It gets no answer at all; the next one does."""
    server.sockets.is_stuck = True
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(60):
            await session.ws_connect(await link(client))
    server.sockets.is_stuck = False
    async with connected(session, await link(client)):
        assert server.connections == 1


async def test_a_connection_can_stay_without_a_hello(
    client: AsyncWebClient, server: SlackServer, session: aiohttp.ClientSession
) -> None:
    """It stands, and nothing comes through it."""
    server.sockets.is_mute = True
    async with session.ws_connect(await link(client)) as line:
        with pytest.raises(TimeoutError):
            await line.receive(60)
        assert (server.connections, len(server.sockets.accepted)) == (0, 1)


async def test_the_next_connections_can_be_sent_away(
    client: AsyncWebClient, server: SlackServer, session: aiohttp.ClientSession
) -> None:
    """After their hello, each with its reason; the one after them stays."""
    server.sockets.dismissals = ["too_many_websockets", "link_disabled"]
    for reason in list(server.sockets.dismissals):
        async with connected(session, await link(client)) as line:
            assert (await line.receive_json())["reason"] == reason
            assert (await line.receive()).type is aiohttp.WSMsgType.CLOSE
    async with connected(session, await link(client)):
        assert server.connections == 1


async def test_a_disconnect_can_come_with_notice(
    client: AsyncWebClient, server: SlackServer, session: aiohttp.ClientSession
) -> None:
    """Till the close, payloads come."""
    async with connected(session, await link(client)) as line, asyncio.TaskGroup() as group:
        told = asyncio.get_running_loop().time()
        group.create_task(server.disconnect("warning", notice=10.0))
        assert (await line.receive_json())["reason"] == "warning"
        event = group.create_task(server.event(EVENT))
        await line.send_json({"envelope_id": (await line.receive_json())["envelope_id"]})
        assert await event is not None
        assert (await line.receive()).type is aiohttp.WSMsgType.CLOSE
        assert asyncio.get_running_loop().time() - told == pytest.approx(10.0)


async def test_a_frozen_connection_answers_no_ping(
    client: AsyncWebClient, server: SlackServer, session: aiohttp.ClientSession
) -> None:
    """It is not closed, what comes next waits for another, and it keeps nobody from leaving."""
    async with session.ws_connect(await link(client), autoping=False) as line:
        await line.receive_json()
        server.sockets.freeze()
        await line.ping(b"here?")
        event = asyncio.create_task(server.event(EVENT))
        with pytest.raises(TimeoutError):
            await line.receive(2)
        assert server.connections == 0
        async with connected(session, await link(client)) as other:
            await other.send_json({"envelope_id": (await other.receive_json())["envelope_id"]})
            assert await event is not None
        await server.sockets.close()
        assert (await line.receive()).type is aiohttp.WSMsgType.CLOSED


@pytest.mark.parametrize("reset", [True, False], ids=["with a reset", "without"])
async def test_a_connection_can_be_cut(
    reset: Any, client: AsyncWebClient, server: SlackServer, session: aiohttp.ClientSession
) -> None:
    """No close frame comes."""
    async with connected(session, await link(client)) as line:
        server.sockets.cut(reset=reset)
        assert (await line.receive()).type is aiohttp.WSMsgType.CLOSED
        assert line.close_code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE
        assert server.connections == 0


async def test_how_connections_were_closed_is_known(
    client: AsyncWebClient, server: SlackServer, session: aiohttp.ClientSession
) -> None:
    """Politely, or not."""
    async with connected(session, await link(client)):
        pass
    async with connected(session, await link(client)):
        server.sockets.cut()
    assert server.sockets.close_codes == [aiohttp.WSCloseCode.OK, aiohttp.WSCloseCode.ABNORMAL_CLOSURE]


async def test_leaving_closes_what_is_open(workspace: Workspace, session: aiohttp.ClientSession) -> None:
    """Connections get a close, and deliveries that nobody acknowledges end."""
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        server = await stack.enter_async_context(SlackServer(workspace))
        client = AsyncWebClient(workspace.bot_token, base_url=server.url, session=session, retry_handlers=[])
        line = await session.ws_connect(await link(client))
        await line.receive_json()
        await server.mention("why?")
        assert (await line.receive_json())["type"] == "events_api"
        group.create_task(stack.aclose())
        closing = await line.receive()
        assert (closing.type, closing.data) == (aiohttp.WSMsgType.CLOSE, aiohttp.WSCloseCode.GOING_AWAY)
    with pytest.raises(aiohttp.ClientConnectorError):
        await link(client)
