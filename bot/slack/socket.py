"""The Socket Mode connection: what Slack sends comes in here and goes to Bolt's listeners.

Laws:

- One place decides to connect again: `Socket.serve`. The SDK's own client has three, which try a used ticket for ever,
  spin when Slack sends a connection away, and connect twice after a refresh; so a connection is ours, and what goes
  through it stays the SDK's and Bolt's.
- Slack is back, and so are we within 15 s, whatever was wrong: an attempt takes `CONNECT_TIMEOUT` at most, a pause no
  longer than the last of `PAUSES`, and a connection that has gone silent is found out in 1.5 times `HEARTBEAT`.
- Slack is asked for a connection once in `ASK_EVERY` at the most.
- Only a token that Slack refuses ends it.
- What comes is taken in turns that go round by person, so that whoever floods the bot waits behind themselves. What
  Slack has given up by the time of its turn is left: the person was told so, or it comes again.
- Every task has an owner: connections and envelopes are tasks of `serve`, and gone when it returns.

Where Slack says that it is about to end a connection, the old one is read until the new one is greeted, and
for `OVERLAP` after that.
"""

import asyncio
import json
import logging
import math
import re
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.engine.turns import Turns
from bot.errors import Effect, RateLimitedError, SlackError, TokenRefusedError, UnavailableError
from bot.network.proxies import DIRECT, Proxies
from bot.printable import as_code, is_code
from bot.slack.api import Identity, make_client, translated
from bot.slack.session import is_swollen

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT = 6.0  # seconds from asking for a ticket to Slack's hello; it takes well under one
PAUSES = (1.0, 2.0, 4.0, 7.0)  # seconds before each further attempt, the last one again and again
ASK_EVERY = 1.0  # seconds between two requests; Slack counts them, and a bot that spins is shut out
TICKET_LIFETIME = 20.0  # seconds; Slack's is about 30, and the connection has to stand by then
HEARTBEAT = 5.0  # seconds of silence before a ping; its answer is due in half as many
STEADY = 30.0  # seconds; a connection that held so long is made again at once
CLOSE_TIMEOUT = 1.0  # seconds; running answers wait behind it, and hosts kill after 30
PARTING = 0.4  # seconds of those, for Slack to answer a close

MOST_AT_ONCE = 100  # envelopes that are answered at once; a question that waits for the database takes 1.5 s
GIVEN_UP = 2.8  # seconds after which an acknowledgement would come too late: Slack waits for 3

LONGEST_MESSAGE = 4 * 2**20  # bytes; Slack's texts have 40,000 characters at most, and come some three times over
LONGEST_ID = 100  # characters of an envelope's id, which is a UUID

OVERLAP = 2.0  # seconds for which an old connection is read beside the new one

_ENVELOPE_ID = re.compile(r'"envelope_id"\s*:\s*"([0-9A-Za-z_-]{1,100})"')
_BEGINNING = 10_000  # characters in which it is looked for, from either end

ORDERLY = {"warning", "refresh_requested"}  # reasons that Slack gives every few hours
LINK_DISABLED = "link_disabled"


class Socket:
    """Keeps connected to Slack. An async context manager, which closes the connection so that Slack sees it closed."""

    def __init__(
        self, *, app_token: str, api_url: str, session: aiohttp.ClientSession, proxies: Proxies = DIRECT
    ) -> None:
        # This client has no token: Bolt would ask Slack who its owner is when the first command waits.
        client = make_client(None, api_url, session, proxies)

        async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
            return self._authorize(enterprise_id, team_id)

        # Named, since Bolt would look up who calls it, by a way that takes 15 ms.
        self.app = AsyncApp(name="perspectives", client=client, authorize=authorize, logger=client.logger)
        self._app_token = app_token
        self._session = session
        self._proxies = proxies
        self._web = client
        self._identity: Identity | None = None
        self._ticket = ""
        self._asked_at = -math.inf
        self._line: _Line | None = None  # the newest that was greeted
        self._reading: set[asyncio.Task[None]] = set()
        self._turns = Turns(MOST_AT_ONCE)
        self._answering: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()
        self._ended = asyncio.Event()
        self._ended.set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def probe(self) -> None:
        """See whether the host of the connection can be reached, without connecting: Slack would send things there.

        Raises:
            UnavailableError: it cannot; the error's hint says why.
        """
        parts = urlsplit(self._ticket)
        origin = f"{parts.scheme.replace('ws', 'http')}://{parts.netloc}/"
        try:
            async with (
                self._translated(self._ticket),
                asyncio.timeout(CONNECT_TIMEOUT),
                self._session.get(origin, proxy=self._proxies.find(origin), allow_redirects=False),
            ):
                pass  # whatever it answers, it is there
        except UnavailableError as error:
            if error.hint or error.effect is not Effect.UNKNOWN:
                raise

    async def prepare(self) -> None:
        """Ask for the ticket of the first connection, to save time. Raises `SlackError` or `TokenRefusedError`."""
        async with self._translated(self._web.base_url), asyncio.timeout(CONNECT_TIMEOUT):
            self._ticket = await self._ask()

    async def serve(self, identity: Identity, on_connected: Callable[[], None] = lambda: None) -> None:
        """Keep connected, and have the listeners of `app` called in the name of `identity`, until `close`.

        `on_connected` is called when Slack has greeted the first connection. Cancelled, it closes the connection too.

        Raises:
            TokenRefusedError: Slack knows the token no more.
        """
        self._identity = identity
        self._ended.clear()
        try:
            async with asyncio.TaskGroup() as tasks:
                keeping = tasks.create_task(self._keep_connected(tasks, on_connected))
                closing = tasks.create_task(self._closing.wait())
                await asyncio.wait((keeping, closing), return_when=asyncio.FIRST_COMPLETED)
                keeping.cancel()
                closing.cancel()
                if self._answering:  # what was taken is acknowledged, if that does not take long
                    await asyncio.wait(self._answering, timeout=CLOSE_TIMEOUT - PARTING)
                for task in self._answering | self._reading:
                    task.cancel()
        finally:
            self._ended.set()
        if not keeping.cancelled():
            raise keeping.result()

    async def close(self) -> None:
        """Take nothing more, acknowledge what was taken, and close the connection, in `CLOSE_TIMEOUT` at the most."""
        self._closing.set()
        await self._ended.wait()

    async def _keep_connected(self, tasks: asyncio.TaskGroup, on_connected: Callable[[], None]) -> TokenRefusedError:
        """Connect, again and again. Returns why there is no sense in it any more."""
        setbacks = 0
        while True:
            pause = PAUSES[min(setbacks, len(PAUSES) - 1)]
            try:
                line = await self._connect(tasks)
            except TokenRefusedError as refused:
                return refused
            except SlackError as error:
                if isinstance(error, RateLimitedError):
                    pause = max(pause, error.retry_after)
                _note_failure(error, pause)
            else:
                began = _now()
                if line.hello.done():
                    logger.info("socket.connected connections=%s", line.hello.result())
                    if self._line is None:
                        on_connected()
                    else:
                        # What Slack has still sent down the old one is read before it is left.
                        asyncio.get_running_loop().call_later(OVERLAP, self._line.leave)
                    self._line = line
                _note_loss(await line.over)
                if _now() - began >= STEADY:
                    setbacks = 0
                    continue
            setbacks += 1
            await asyncio.sleep(pause)

    async def _connect(self, tasks: asyncio.TaskGroup) -> "_Line":
        """Make one connection: greeted, or over before that."""
        async with self._translated(self._web.base_url), asyncio.timeout(CONNECT_TIMEOUT):
            ticket, self._ticket = self._ticket, ""
            if not ticket or _now() - self._asked_at > TICKET_LIFETIME:
                ticket = await self._ask()
            try:
                async with self._translated(ticket):
                    socket = await self._session.ws_connect(
                        ticket, heartbeat=HEARTBEAT, max_msg_size=LONGEST_MESSAGE, proxy=self._proxies.find(ticket)
                    )
            except UnavailableError as error:
                if isinstance(refused := error.__cause__, aiohttp.WSServerHandshakeError):
                    raise UnavailableError(f"upgrade_{refused.status}", Effect.NONE) from refused
                raise
            line = _Line(socket, self._web.logger)
            reading = tasks.create_task(line.read(lambda envelope: self._take(tasks, line, envelope)))
            line.leave = reading.cancel
            self._reading.add(reading)
            reading.add_done_callback(self._reading.discard)
            try:
                await asyncio.wait((line.hello, line.over), return_when=asyncio.FIRST_COMPLETED)
            except asyncio.CancelledError:
                await line.close()  # its task does not: it may be cancelled before it has begun
                raise
        return line

    async def _ask(self) -> str:
        """Ask for a ticket: an address that is good for one connection."""
        await asyncio.sleep(self._asked_at + ASK_EVERY - _now())
        self._asked_at = _now()
        answer = await self._web.apps_connections_open(app_token=self._app_token)
        ticket = answer["url"]
        if not isinstance(ticket, str) or not re.match(r"wss?://[^/]", ticket):
            raise TypeError("the ticket is no address")
        return ticket

    def _take(self, tasks: asyncio.TaskGroup, line: "_Line", envelope: dict[str, Any]) -> None:
        if not self._closing.is_set():
            answering = tasks.create_task(self._answer(line, envelope, _now()))
            self._answering.add(answering)
            answering.add_done_callback(self._answering.discard)

    async def _answer(self, line: "_Line", envelope: dict[str, Any], came: float) -> None:
        """Call the listeners when it is its person's turn, and acknowledge when they say so."""
        try:
            async with self._turns.take(_person(envelope)):
                if _now() - came > GIVEN_UP:
                    logger.warning("socket.late type=%s", as_code(envelope.get("type")))
                    return
                request, response = await self._call(envelope)
            # Where its own connection has ended meanwhile, Slack takes it from another one.
            way = self._line if line.is_closed and self._line else line
            await send_async_response(way, request, response, time.time())
        except ConnectionError:
            # Slack delivers it again, and it is known by its id.
            logger.warning("socket.unacknowledged")
        except Exception as error:  # noqa: BLE001 - the boundary: one envelope is lost, the others go on
            # Not the exception's own words, which may quote what somebody wrote.
            logger.error("socket.broken error=%s", type(error).__name__)  # noqa: TRY400

    async def _call(self, envelope: dict[str, Any]) -> tuple[SocketModeRequest, BoltResponse]:
        """Have Bolt call the listeners, and return what to answer.

        What makes no sense, or is for none of them, is acknowledged too: it would make no more sense a second time.
        """
        kind, envelope_id = as_code(envelope.get("type")), envelope["envelope_id"]
        try:
            request = SocketModeRequest.from_dict({"type": kind, "payload": None} | envelope)
            assert request is not None  # noqa: S101 - it has all three
            response = await run_async_bolt_app(self.app, request)
        except Exception as error:  # noqa: BLE001 - what Bolt makes of a payload of odd types is anything
            logger.warning("socket.odd type=%s error=%s", kind, type(error).__name__)
        else:
            if response.status != HTTPStatus.NOT_FOUND:
                return request, response
            logger.info("socket.unwanted type=%s", kind)
        return SocketModeRequest(kind, envelope_id, {}), BoltResponse(status=HTTPStatus.OK)

    def _translated(self, url: str) -> AbstractAsyncContextManager[None]:
        return translated(url, token="SLACK_APP_TOKEN")  # noqa: S106 - a variable's name

    def _authorize(self, enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        assert self._identity is not None, "events come after serve() has begun"  # noqa: S101 - a law of this class
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_id=self._identity.bot_id,
            bot_user_id=self._identity.user_id,
        )


class _Line(AsyncBaseSocketModeClient):
    """One connection, from its upgrade to its end; to Bolt, the client that an acknowledgement goes through.

    `hello` has how many connections there are, once Slack has greeted this one; `over` has the reason once another one
    is needed, which may be before this one ends.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, sdk_logger: logging.Logger) -> None:
        loop = asyncio.get_running_loop()
        self.logger = sdk_logger
        self.hello: asyncio.Future[str] = loop.create_future()
        self.over: asyncio.Future[str] = loop.create_future()
        self.leave: Callable[[], object] = lambda: None  # end the reading, and with it the connection
        self._socket = socket

    @property
    def is_closed(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._socket.closed

    async def send_message(self, message: str) -> None:
        """Send a text. Raises `ConnectionError`."""
        await self._socket.send_str(message)

    async def read(self, take: Callable[[dict[str, Any]], None]) -> None:
        """Hand every envelope to `take` until the connection ends, and close it."""
        try:
            async for message in self._socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._read(message.data, take)
        finally:
            self._end(_reason(self._socket))
            await self.close()

    async def close(self) -> None:
        """Close the connection, in `PARTING` at the most."""
        with suppress(TimeoutError):  # a peer that has gone answers nothing
            async with asyncio.timeout(PARTING):
                await self._socket.close()

    def _read(self, text: str, take: Callable[[dict[str, Any]], None]) -> None:
        message = _parse(text)
        match message.get("type"):
            case "hello" if not self.hello.done():
                self.hello.set_result(as_code(message.get("num_connections")))
            case "disconnect":
                self._end(as_code(message.get("reason")) or "unnamed")
            case _ if is_code(message.get("envelope_id"), LONGEST_ID):
                take(message)

    def _end(self, reason: str) -> None:
        if not self.over.done():
            self.over.set_result(reason)


def _parse(text: str) -> dict[str, Any]:
    """The message, or as much of it as an acknowledgement needs: it may be nested too deep to be read, or too full."""
    try:
        message = None if is_swollen(text) else json.loads(text)
    except (ValueError, RecursionError):
        message = None
    if message is None:
        found = _ENVELOPE_ID.search(text[:_BEGINNING]) or _ENVELOPE_ID.search(text[-_BEGINNING:])
        return {"envelope_id": found[1]} if found else {}
    return message if isinstance(message, dict) else {}


def _person(envelope: dict[str, Any]) -> str:
    """Whose turn an envelope takes: who typed the command, wrote the message or clicked; nobody's is a party too."""
    payload = _object(envelope.get("payload"))
    user = payload.get("user_id") or _object(payload.get("event")).get("user") or _object(payload.get("user")).get("id")
    return user if isinstance(user, str) else ""


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _reason(socket: aiohttp.ClientWebSocketResponse) -> str:
    """Why a connection ended that Slack did not announce to end."""
    if isinstance(socket.exception(), TimeoutError):
        return "silent"
    code = socket.close_code
    return "broken" if code in {None, aiohttp.WSCloseCode.ABNORMAL_CLOSURE} else f"closed_{code:d}"


def _note_failure(error: SlackError, pause: float) -> None:
    hint = error.hint if isinstance(error, UnavailableError) else ""
    level = logging.ERROR if isinstance(error, UnavailableError) and error.is_lasting else logging.WARNING
    logger.log(level, "socket.unavailable error=%s pause=%.0f%s", error.code, pause, f": {hint}" if hint else "")


def _note_loss(reason: str) -> None:
    if reason == LINK_DISABLED:
        logger.warning("socket.lost reason=%s: Socket Mode is switched off in the app's settings.", reason)
    else:
        logger.log(logging.INFO if reason in ORDERLY else logging.WARNING, "socket.lost reason=%s", reason)


def _now() -> float:
    return asyncio.get_running_loop().time()
