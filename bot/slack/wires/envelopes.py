"""What Slack sends down its connections: answered in turn by Bolt's listeners, or turned away at once.

Laws:

- Turns go round by person, and there is room for what is soon worked off (`backlog`): a flood costs others a moment,
  and its own people most.
- What has no room is acknowledged without Bolt, with the word that the bot is busy, before more is read. An event's
  acknowledgement can say nothing, so an event is left: Slack delivers it again.
- What Slack has given up by the time of its turn is left: the person was told so, or it comes again.
- Tasks are tasks of the group that the connection is read in.
"""

import asyncio
import json
import logging
import math
import time
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast

from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.printable import as_code
from bot.slack import notices
from bot.slack.markup.mrkdwn import unescape
from bot.slack.wires.backlog import Backlog
from bot.slack.wires.websocket import Connection
from bot.texts import AUTO, choose

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 20  # envelopes that are answered at once: each turn of the loop is as long as all of them take
MOST_WAITING = 200  # envelopes; at 2 ms each, where the machine has others to serve, the last waits for 0.4 s
GIVEN_UP = 2.8  # seconds after which an acknowledgement would come too late: Slack waits for 3
SAY_EVERY = 5.0  # seconds between two lines of the log about a flood


@dataclass(frozen=True, slots=True)
class _Arrival:
    """An envelope, the connection that it came down, and when."""

    envelope: dict[str, Any]
    connection: Connection
    at: float

    @property
    def kind(self) -> str:
        return as_code(self.envelope.get("type"))


class Envelopes:
    """Those that wait and those that are being answered, by the listeners of `app`.

    `language` is the one that is set, or `AUTO`, for the word that the bot is busy.
    """

    def __init__(self, app: AsyncApp, language: str = AUTO) -> None:
        self._app = app
        self._language = language
        self._backlog: Backlog[_Arrival] = Backlog(MOST_WAITING)
        self._answering: set[asyncio.Task[None]] = set()
        self._newest: Connection | None = None
        self._said_at = -math.inf

    @property
    def answering(self) -> AbstractSet[asyncio.Task[None]]:
        """The tasks that answer; they end when nothing waits any more."""
        return self._answering

    def prefer(self, connection: Connection) -> None:
        """Acknowledge on `connection` what came down one that has ended since."""
        self._newest = connection

    async def take(self, tasks: asyncio.TaskGroup, connection: Connection, envelope: dict[str, Any]) -> None:
        """Have an envelope answered in its turn, by a task of `tasks`, or turn it away, or another in its place."""
        turned_away = self._backlog.put(find_person(envelope), _Arrival(envelope, connection, _now()))
        if len(self._answering) < MOST_AT_ONCE:
            answering = tasks.create_task(self._work_off())
            self._answering.add(answering)
            answering.add_done_callback(self._answering.discard)
        if turned_away:
            await self._turn_away(turned_away)

    async def _work_off(self) -> None:
        """Answer what waits, one after another, until nothing does."""
        while turn := self._backlog.take():
            person, arrival = turn
            try:
                await self._answer(arrival)
            finally:
                self._backlog.finish(person)
            await asyncio.sleep(0)  # what makes no sense is answered without waiting for anything
        # Now, and not a moment later: what comes in that moment would count on it.
        self._answering.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    async def _answer(self, arrival: _Arrival) -> None:
        """Call the listeners, and acknowledge when they say so."""
        try:
            if _now() - arrival.at > GIVEN_UP:
                logger.warning("socket.late type=%s", arrival.kind)
                return
            request, response = await self._call(arrival)
            await send_async_response(self._way(arrival), request, response, time.time())
        except ConnectionError:
            # Slack delivers it again, and it is known by its id.
            logger.warning("socket.unacknowledged")
        except Exception as error:  # noqa: BLE001 - the boundary: one envelope is lost, the others go on
            # Not the exception's own words, which may quote what somebody wrote.
            logger.error("socket.broken error=%s", type(error).__name__)  # noqa: TRY400

    async def _turn_away(self, arrival: _Arrival) -> None:
        if _now() >= self._said_at + SAY_EVERY:
            self._said_at = _now()
            logger.warning("socket.busy waiting=%s", MOST_WAITING)
        if arrival.kind != "slash_commands":
            return
        text = _object(arrival.envelope.get("payload")).get("text")
        problem = unescape(text[: 2 * notices.SAMPLE])[: notices.SAMPLE] if isinstance(text, str) else ""
        words = notices.crowded(problem, choose(problem, self._language))[0]
        payload = {"text": words.text, "blocks": words.blocks, "response_type": "ephemeral"}
        try:
            await self._way(arrival).send_message(
                json.dumps({"envelope_id": arrival.envelope["envelope_id"], "payload": payload})
            )
        except ConnectionError:
            logger.warning("socket.unacknowledged")

    def _way(self, arrival: _Arrival) -> Connection:
        """Where an acknowledgement goes: if its own connection has ended meanwhile, Slack takes it from another one."""
        return self._newest if arrival.connection.is_closed and self._newest else arrival.connection

    async def _call(self, arrival: _Arrival) -> tuple[SocketModeRequest, BoltResponse]:
        """Have Bolt call the listeners, and return what to answer.

        What makes no sense, or is for none of them, is acknowledged too: it would make no more sense a second time.
        """
        kind, envelope_id = arrival.kind, arrival.envelope["envelope_id"]
        try:
            request = SocketModeRequest.from_dict({"type": kind, "payload": None} | arrival.envelope)
            assert request is not None  # noqa: S101 - it has all three
            response = await run_async_bolt_app(self._app, request)
        except Exception as error:  # noqa: BLE001 - what Bolt makes of a payload of odd types is anything
            logger.warning("socket.odd type=%s error=%s", kind, type(error).__name__)
        else:
            if response.status != HTTPStatus.NOT_FOUND:
                return request, response
            logger.info("socket.unwanted type=%s", kind)
        return SocketModeRequest(kind, envelope_id, {}), BoltResponse(status=HTTPStatus.OK)


def find_person(envelope: dict[str, Any]) -> str:
    """Whose turn an envelope takes: who typed the command, wrote the message or clicked; nobody's is a party too."""
    payload = _object(envelope.get("payload"))
    user = payload.get("user_id") or _object(payload.get("event")).get("user") or _object(payload.get("user")).get("id")
    return user if isinstance(user, str) else ""


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _now() -> float:
    return asyncio.get_running_loop().time()
