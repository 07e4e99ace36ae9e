"""One connection of Socket Mode: what comes down it, why it ends, and how an acknowledgement goes up.

To Bolt it is the client that an acknowledgement goes through.
"""

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import aiohttp
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient

from bot.printable import as_code, is_code
from bot.slack.wires.session import is_swollen

PARTING = 0.4  # seconds of `socket.CLOSE_TIMEOUT`, for Slack to answer a close
LONGEST_ID = 100  # characters of an envelope's id, which is a UUID

FAIR_TIME = 0.01  # seconds for which what lies ready is read, before others get their turn

_ENVELOPE_ID = re.compile(r'"envelope_id"\s*:\s*"([0-9A-Za-z_-]{1,100})"')
_BEGINNING = 10_000  # characters in which it is looked for, from either end


class Connection(AsyncBaseSocketModeClient):
    """One connection, from its upgrade to its end; to Bolt, the client that an acknowledgement goes through.

    `hello` has how many connections there are, once Slack has greeted this one; `over` has the reason once another one
    is needed, which may be before this one ends.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, sdk_logger: logging.Logger) -> None:
        loop = asyncio.get_running_loop()
        self.logger = sdk_logger
        self.hello: asyncio.Future[str] = loop.create_future()
        self.over: asyncio.Future[str] = loop.create_future()
        self._socket = socket
        self._reading: asyncio.Task[None] | None = None

    @property
    def is_closed(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._socket.closed

    async def send_message(self, message: str) -> None:
        """Send a text. Raises `ConnectionError`."""
        await self._socket.send_str(message)

    def read(self, tasks: asyncio.TaskGroup, take: Callable[[dict[str, Any]], Awaitable[None]]) -> asyncio.Task[None]:
        """Begin to hand every envelope to `take`, in a task of `tasks`, which ends with the connection.

        What comes next is read when it has been taken.
        """
        self._reading = tasks.create_task(self._read_all(take))
        return self._reading

    def leave(self) -> None:
        """End the reading, and with it the connection."""
        if self._reading:
            self._reading.cancel()

    async def _read_all(self, take: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        now = asyncio.get_running_loop().time
        began = now()
        try:
            async for message in self._socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    await self._read(message.data, take)
                if now() - began >= FAIR_TIME:
                    await asyncio.sleep(0)
                    began = now()
        finally:
            self._end(_reason(self._socket))
            await self.close()

    async def close(self) -> None:
        """Close the connection, in `PARTING` at the most."""
        with suppress(TimeoutError):  # a peer that has gone answers nothing
            async with asyncio.timeout(PARTING):
                await self._socket.close()

    async def _read(self, text: str, take: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        message = _parse(text)
        match message.get("type"):
            case "hello" if not self.hello.done():
                self.hello.set_result(as_code(message.get("num_connections")))
            case "disconnect":
                self._end(as_code(message.get("reason")) or "unnamed")
            case _ if is_code(message.get("envelope_id"), LONGEST_ID):
                await take(message)

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


def _reason(socket: aiohttp.ClientWebSocketResponse) -> str:
    """Why a connection ended that Slack did not announce to end."""
    if isinstance(socket.exception(), TimeoutError):
        return "silent"
    code = socket.close_code
    return "broken" if code in {None, aiohttp.WSCloseCode.ABNORMAL_CLOSURE} else f"closed_{code:d}"
