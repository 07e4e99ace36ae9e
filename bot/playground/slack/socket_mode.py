"""Socket Mode's other end: tickets, connections, and envelopes that wait for their acknowledgement.

Laws: a ticket is good once and for `TICKET_LIFETIME`; a payload goes down one of the live connections, each in turn;
an acknowledgement is taken from any of them. Times are of the running loop's clock.

What goes wrong with connections is put in by hand: what befalls new ones is an attribute, what befalls live ones a
method.
"""

import asyncio
import json
import socket
import struct
import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

TICKET_LIFETIME = 30.0  # seconds
CONNECTIONS_LIMIT = 10  # of an app; one more is told to go
CLOSE_WITHIN = 1.0  # seconds; for an app that does not answer a close
HOST = "applink-playground"
NO_LINGERING = struct.pack("ii", 1, 0)  # closing a socket then sends a reset


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """An app's answer to an envelope: after how many seconds, and with what payload, if any."""

    seconds: float
    payload: dict[str, Any] | None


class SocketMode:
    """The connections of one app."""

    def __init__(self, app_id: str) -> None:
        self.refuses_tickets = False  # new and old alike: status 403 at the upgrade
        self.is_stuck = False  # an upgrade gets no answer
        self.is_mute = False  # what is connected hears no hello, and nothing else
        self.dismissals: list[str] = []  # the reasons with which the next connections are told to go, after their hello
        self.accepted: list[float] = []  # when each upgrade went well
        self.close_codes: list[int | None] = []  # of the connections that were live, in the order of their ends
        self._app_id = app_id
        self._tickets: dict[str, float] = {}  # until when each is good
        self._lines: dict[web.WebSocketResponse, asyncio.Transport] = {}  # the one whose turn it is first
        self._frozen: list[asyncio.Transport] = []
        self._is_up = asyncio.Event()
        self._is_closed = asyncio.Event()
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
        now = asyncio.get_running_loop().time()
        good_until = self._tickets.pop(request.query.get("ticket", ""), 0.0)
        if self.refuses_tickets or now >= good_until:
            raise web.HTTPForbidden(text="invalid_ticket")
        if self.is_stuck:
            await self._is_closed.wait()
            raise web.HTTPServiceUnavailable
        transport = request.transport
        line = web.WebSocketResponse(timeout=CLOSE_WITHIN)
        await line.prepare(request)
        self.accepted.append(now)
        if self.is_mute or transport is None:
            async for _ in line:
                pass
            return line
        await line.send_json(
            {
                "type": "hello",
                "num_connections": len(self._lines) + 1,
                "debug_info": {"host": HOST, "build_number": 1, "approximate_connection_time": 18060},
                "connection_info": {"app_id": self._app_id},
            }
        )
        if self.dismissals:
            await _dismiss(line, self.dismissals.pop(0))
            return line
        if len(self._lines) >= CONNECTIONS_LIMIT:
            await _dismiss(line, "too_many_websockets")
            return line
        self._lines[line] = transport
        self._is_up.set()
        try:
            async for message in line:
                if message.type is WSMsgType.TEXT:
                    self._acknowledge(message.data)
        finally:
            self._drop(line)
            self.close_codes.append(line.close_code)
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
                content = await answer
                return Acknowledgement(loop.time() - started, content)
        except TimeoutError:
            return None
        finally:
            del self._waiting[envelope_id]

    async def disconnect(self, reason: str, *, notice: float = 0.0) -> None:
        """Tell every connection to go, and close it `notice` seconds later: till then it gets payloads."""
        lines = list(self._lines)
        for line in lines:
            await _tell_to_go(line, reason)
        await asyncio.sleep(notice)
        for line in lines:
            self._drop(line)
            await line.close()

    def freeze(self) -> None:
        """Leave every connection half open: nothing is read any more, no ping answered, nothing sent or closed."""
        for line, transport in list(self._lines.items()):
            self._drop(line)
            transport.pause_reading()
            self._frozen.append(transport)

    def cut(self, *, reset: bool = False) -> None:
        """End every connection with no word of goodbye, or with a `reset` of TCP."""
        for line, transport in list(self._lines.items()):
            self._drop(line)
            if reset:
                transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGERING)
                transport.abort()
            else:
                transport.close()

    def bury(self) -> None:
        """End the connections that were frozen: the other side has left them long ago, and nobody told this one."""
        for transport in self._frozen:
            transport.abort()
        self._frozen.clear()

    async def close(self) -> None:
        """Close every connection politely."""
        self._is_closed.set()
        self.bury()
        for line in list(self._lines):
            self._drop(line)
            await line.close(code=WSCloseCode.GOING_AWAY)

    async def _send(self, envelope: dict[str, Any]) -> None:
        while True:
            await self.connected()
            line = next(iter(self._lines))
            self._lines[line] = self._lines.pop(line)
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
        self._lines.pop(line, None)
        if not self._lines:
            self._is_up.clear()


async def _dismiss(line: web.WebSocketResponse, reason: str) -> None:
    await _tell_to_go(line, reason)
    await line.close()


async def _tell_to_go(line: web.WebSocketResponse, reason: str) -> None:
    with suppress(ConnectionError):  # it has gone by itself
        await line.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": HOST}})
