"""Socket Mode's other end: tickets, connections, and envelopes that wait for their acknowledgement.

Laws: a ticket is good once and for `TICKET_LIFETIME`; a payload goes down one of the live connections, each in turn;
an acknowledgement is taken from any of them. Times are of the running loop's clock.
"""

import asyncio
import json
import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

TICKET_LIFETIME = 30.0  # seconds
CONNECTIONS_LIMIT = 10  # of an app; one more is told to go
CLOSE_WITHIN = 1.0  # seconds; for an app that does not answer a close
HOST = "applink-playground"


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """An app's answer to an envelope: after how many seconds, and with what payload, if any."""

    seconds: float
    payload: dict[str, Any] | None


class SocketMode:
    """The connections of one app."""

    def __init__(self, app_id: str) -> None:
        self._app_id = app_id
        self._tickets: dict[str, float] = {}  # until when each is good
        self._lines: list[web.WebSocketResponse] = []  # the one whose turn it is first
        self._is_up = asyncio.Event()
        self._waiting: dict[str, asyncio.Future[dict[str, Any] | None]] = {}

    @property
    def connections(self) -> int:
        """How many are live: hello was said, and no close."""
        return len(self._lines)

    async def connected(self) -> None:
        """Return once a connection is live."""
        await self._is_up.wait()

    def issue_ticket(self) -> str:
        """Return a new ticket for one connection."""
        ticket = str(uuid.uuid4())
        self._tickets[ticket] = asyncio.get_running_loop().time() + TICKET_LIFETIME
        return ticket

    async def accept(self, request: web.Request) -> web.WebSocketResponse:
        """Hold one connection, from its upgrade until its end.

        Raises:
            HTTPForbidden: the ticket is unknown, used or too old.
        """
        good_until = self._tickets.pop(request.query.get("ticket", ""), 0.0)
        if asyncio.get_running_loop().time() >= good_until:
            raise web.HTTPForbidden(text="invalid_ticket")
        line = web.WebSocketResponse(timeout=CLOSE_WITHIN)
        await line.prepare(request)
        await line.send_json(
            {
                "type": "hello",
                "num_connections": len(self._lines) + 1,
                "debug_info": {"host": HOST, "build_number": 1, "approximate_connection_time": 18060},
                "connection_info": {"app_id": self._app_id},
            }
        )
        if len(self._lines) >= CONNECTIONS_LIMIT:
            await _dismiss(line, "too_many_websockets")
            return line
        self._lines.append(line)
        self._is_up.set()
        try:
            async for message in line:
                if message.type is WSMsgType.TEXT:
                    self._acknowledge(message.data)
        finally:
            self._drop(line)
        return line

    async def deliver(
        self, kind: str, payload: dict[str, Any], *, within: float, **fields: Any
    ) -> Acknowledgement | None:
        """Send an envelope and return its acknowledgement, or None when none came `within` so many seconds.

        With no live connection it waits for one, within the same time.
        """
        loop = asyncio.get_running_loop()
        started = loop.time()
        envelope_id = str(uuid.uuid4())
        answer = self._waiting[envelope_id] = loop.create_future()
        try:
            async with asyncio.timeout(within):
                await self._send({"envelope_id": envelope_id, "type": kind, "payload": payload, **fields})
                return Acknowledgement(loop.time() - started, await answer)
        except TimeoutError:
            return None
        finally:
            del self._waiting[envelope_id]

    async def disconnect(self, reason: str) -> None:
        """Tell every connection to go, and close it."""
        for line in list(self._lines):
            self._drop(line)
            await _dismiss(line, reason)

    async def close(self) -> None:
        """Close every connection politely."""
        for line in list(self._lines):
            self._drop(line)
            await line.close(code=WSCloseCode.GOING_AWAY)

    async def _send(self, envelope: dict[str, Any]) -> None:
        while True:
            await self.connected()
            line = self._lines.pop(0)
            self._lines.append(line)
            try:
                await line.send_json(envelope)
            except ConnectionError:
                self._drop(line)  # the app has left, and its handler has not noticed yet
            else:
                return

    def _acknowledge(self, data: str) -> None:
        try:
            answer = json.loads(data)
            waiting = self._waiting.get(answer["envelope_id"])
            payload = answer.get("payload")
        except (ValueError, TypeError, KeyError):
            return  # Slack leaves such a message unanswered too, and the envelope times out
        if waiting is not None and not waiting.done():
            waiting.set_result(payload if isinstance(payload, dict) else None)

    def _drop(self, line: web.WebSocketResponse) -> None:
        if line in self._lines:
            self._lines.remove(line)
        if not self._lines:
            self._is_up.clear()


async def _dismiss(line: web.WebSocketResponse, reason: str) -> None:
    with suppress(ConnectionError):  # it has gone by itself
        await line.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": HOST}})
    await line.close()
