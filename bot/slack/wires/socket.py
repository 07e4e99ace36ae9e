"""The Socket Mode connection: what Slack sends comes in here.

Laws:

- One place decides to connect again: `Socket.serve`. The SDK's own client has three, which try a used ticket for ever,
  spin when Slack sends a connection away, and connect twice after a refresh; so a connection is ours, and what goes
  through it stays the SDK's and Bolt's.
- Slack is back, and so are we within 15 s, whatever was wrong: an attempt takes `CONNECT_TIMEOUT` at most, a pause no
  longer than the last of `CONNECTION_PAUSES`; a connection that has gone silent is found out in 1.5 times `HEARTBEAT`.
- Slack is asked for a connection once in `ASK_EVERY` at the most.
- Only a token that Slack refuses ends it.
- Every task has an owner: connections and envelopes are tasks of `serve`, and gone when it returns.

What comes down a connection is for `envelopes` to answer.

Where Slack says that it is about to end a connection, the old one is read until the new one is greeted, and
for `OVERLAP` after that.
"""

import asyncio
import logging
import math
import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp
from slack_bolt.async_app import AsyncApp

from bot.backoff import CONNECTION_PAUSES, nth
from bot.errors import Effect, RateLimitedError, SlackError, TokenRefusedError, UnavailableError
from bot.network.proxies import DIRECT, Proxies
from bot.slack.api import make_client
from bot.slack.wires.call_failures import translated
from bot.slack.wires.envelopes import Envelopes
from bot.slack.wires.websocket import PARTING, Connection
from bot.texts import AUTO

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT = 6.0  # seconds from asking for a ticket to Slack's hello; it takes well under one
ASK_EVERY = 1.0  # seconds between two requests; Slack counts them, and a bot that spins is shut out
TICKET_LIFETIME = 20.0  # seconds; Slack's is about 30, and the connection has to stand by then
HEARTBEAT = 5.0  # seconds of silence before a ping; its answer is due in half as many
STEADY = 30.0  # seconds; a connection that held so long is made again at once
CLOSE_TIMEOUT = 1.0  # seconds; running answers wait behind it, and hosts kill after 30

LONGEST_MESSAGE = 4 * 2**20  # bytes; Slack's texts have 40,000 characters at most, and come some three times over

OVERLAP = 2.0  # seconds for which an old connection is read beside the new one

ORDERLY = {"warning", "refresh_requested"}  # reasons that Slack gives every few hours
LINK_DISABLED = "link_disabled"


class Socket:
    """Keeps connected to Slack. An async context manager, which closes the connection so that Slack sees it closed."""

    def __init__(
        self,
        app: AsyncApp,
        *,
        app_token: str,
        api_url: str,
        session: aiohttp.ClientSession,
        proxies: Proxies = DIRECT,
        language: str = AUTO,
    ) -> None:
        self.app = app
        self._app_token = app_token
        self._session = session
        self._proxies = proxies
        self._web = make_client(None, api_url, session, proxies)
        self._ticket = ""
        self._asked_at = -math.inf
        self._newest: Connection | None = None  # that was greeted
        self._reading: set[asyncio.Task[None]] = set()
        self._envelopes = Envelopes(app, language)
        self._closing = asyncio.Event()
        self._ended = asyncio.Event()
        self._ended.set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
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

    @property
    def is_connected(self) -> bool:
        """Whether Slack has greeted the newest connection, and it still stands."""
        return self._newest is not None and not self._newest.is_closed

    async def serve(self, on_connected: Callable[[], None] = lambda: None) -> None:
        """Keep connected, and have the listeners of `app` called, until `close`.

        `on_connected` is called when Slack has greeted the first connection. Cancelled, it closes the connection too.

        Raises:
            TokenRefusedError: Slack knows the token no more.
        """
        self._ended.clear()
        try:
            async with asyncio.TaskGroup() as tasks:
                keeping = tasks.create_task(self._keep_connected(tasks, on_connected))
                closing = tasks.create_task(self._closing.wait())
                await asyncio.wait((keeping, closing), return_when=asyncio.FIRST_COMPLETED)
                keeping.cancel()
                closing.cancel()
                if answering := self._envelopes.answering:  # what was taken is acknowledged, if that does not take long
                    await asyncio.wait(answering, timeout=CLOSE_TIMEOUT - PARTING)
                for task in self._envelopes.answering | self._reading:
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
            pause = nth(CONNECTION_PAUSES, setbacks + 1)
            try:
                connection = await self._connect(tasks)
            except TokenRefusedError as refused:
                return refused
            except SlackError as error:
                if isinstance(error, RateLimitedError):
                    pause = max(pause, error.retry_after)
                _note_failure(error, pause)
            else:
                began = _now()
                if connection.hello.done():
                    logger.info("socket.connected connections=%s", connection.hello.result())
                    if self._newest is None:
                        on_connected()
                    else:
                        # What Slack has still sent down the old one is read before it is left.
                        asyncio.get_running_loop().call_later(OVERLAP, self._newest.leave)
                    self._newest = connection
                    self._envelopes.prefer(connection)
                _note_loss(await connection.over)
                if _now() - began >= STEADY:
                    setbacks = 0
                    continue
            setbacks += 1
            await asyncio.sleep(pause)

    async def _connect(self, tasks: asyncio.TaskGroup) -> Connection:
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
            connection = Connection(socket, self._web.logger)
            reading = connection.read(tasks, lambda envelope: self._take(tasks, connection, envelope))
            self._reading.add(reading)
            reading.add_done_callback(self._reading.discard)
            try:
                await asyncio.wait((connection.hello, connection.over), return_when=asyncio.FIRST_COMPLETED)
            except asyncio.CancelledError:
                await connection.close()  # its task does not: it may be cancelled before it has begun
                raise
        return connection

    async def _ask(self) -> str:
        """Ask for a ticket: an address that is good for one connection."""
        await asyncio.sleep(self._asked_at + ASK_EVERY - _now())
        self._asked_at = _now()
        answer = await self._web.apps_connections_open(app_token=self._app_token)
        ticket = answer["url"]
        if not isinstance(ticket, str) or not re.match(r"wss?://[^/]", ticket):
            raise TypeError("the ticket is no address")
        return ticket

    async def _take(self, tasks: asyncio.TaskGroup, connection: Connection, envelope: dict[str, Any]) -> None:
        if not self._closing.is_set():
            await self._envelopes.take(tasks, connection, envelope)

    def _translated(self, url: str) -> AbstractAsyncContextManager[None]:
        return translated(url, token="SLACK_APP_TOKEN")  # noqa: S106 - a variable's name


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
