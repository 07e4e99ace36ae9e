"""What Slack sends over HTTP: known to be Slack's by its signature, and handed to the listeners of Bolt's app.

Laws:

- Nothing is looked at before its signature has been, and no more of it is read than Slack would send, for no longer
  than it would take. What is older than five minutes was sent before, by somebody who has heard it.
- Slack waits three seconds. What it has given up by the time of its turn is left: the person was told so, or it comes
  again. So does what could not be written down.
- What comes a second time (`x-slack-retry-num`) is treated as what comes first: the first may never have arrived. The
  listeners know what they have had.
- What makes no sense, or is for no listener, is acknowledged: it would make no more sense a second time.
"""

import asyncio
import hmac
import logging
import math
import re
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

from bot.errors import describe
from bot.printable import as_code
from bot.slack import notices
from bot.slack.http.turns import CrowdedError, Turns
from bot.slack.markup.mrkdwn import unescape
from bot.slack.wires.envelopes import GIVEN_UP, SAY_EVERY, find_person
from bot.slack.wires.session import is_swollen
from bot.texts import AUTO, choose

logger = logging.getLogger(__name__)

PATH = "/slack/events"
LONGEST_BODY = 2**20  # bytes; a message of 40,000 characters comes some three times over, in escapes of six bytes
BODY_TIMEOUT = 3.0  # seconds; Slack has given up by then
OLDEST = 300  # seconds; Slack's own advice

_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")


class Events:
    """Answers what Slack sends, which is signed with `signing_secret`, by the listeners of `app`.

    `language` is the one that is set, or `AUTO`, for the word that the bot is busy; `clock` gives seconds since 1970.
    """

    def __init__(
        self, app: AsyncApp, signing_secret: str, language: str = AUTO, clock: Callable[[], float] = time.time
    ) -> None:
        self._app = app
        self._verifier = SignatureVerifier(signing_secret)
        self._language = language
        self._clock = clock
        self._turns = Turns()
        self._is_closed = False
        self._said_at = -math.inf

    def open(self) -> None:
        """Take what comes."""
        self._is_closed = False

    def close(self) -> None:
        """Take nothing, or nothing more: Slack sends it again, to whoever is there then, or tells the person."""
        self._is_closed = True

    async def receive(self, request: web.Request) -> web.Response:
        """Answer one request."""
        began = _now()
        try:
            async with asyncio.timeout(BODY_TIMEOUT):
                body = await request.read()
        except TimeoutError:
            return _refuse(HTTPStatus.REQUEST_TIMEOUT, "too slow")
        except web.HTTPRequestEntityTooLarge:
            return _refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too large")
        if not self._is_signed(request, body):
            return _refuse(HTTPStatus.UNAUTHORIZED, "not signed, or long ago")
        if self._is_closed:
            return _refuse(HTTPStatus.SERVICE_UNAVAILABLE, "not now")
        if "x-slack-retry-num" in request.headers:
            number, reason = (as_code(request.headers.get(f"x-slack-retry-{name}", "")) for name in ("num", "reason"))
            logger.info("http.retry number=%s reason=%s", number, reason)
        try:
            if is_swollen(body):
                raise ValueError("more than Slack would send")  # noqa: TRY301 - as one that cannot be read
            asked = AsyncBoltRequest(body=body.decode(), query=request.query_string, headers=dict(request.headers))
        except (ValueError, RecursionError, TypeError, AttributeError, LookupError) as error:
            logger.warning("http.odd error=%s", type(error).__name__)
            return _refuse(HTTPStatus.BAD_REQUEST, "no payload")
        return await self._answer(asked, began)

    async def _answer(self, asked: AsyncBoltRequest, began: float) -> web.Response:
        body: Any = asked.body  # an object, if Slack has sent it
        payload: dict[str, Any] = body if isinstance(body, dict) else {}
        try:
            async with self._turns.turn(find_person({"payload": payload})):
                if _now() - began > GIVEN_UP:
                    logger.warning("http.late")
                    return _refuse(HTTPStatus.SERVICE_UNAVAILABLE, "late")
                answer = await self._app.async_dispatch(asked)
        except CrowdedError:
            return self._turn_away(payload)
        except Exception as error:  # noqa: BLE001 - what Bolt makes of a payload of odd types is anything
            # Not the exception's own words, which may quote what somebody wrote.
            logger.warning("http.odd error=%s", describe(error))
            return web.Response()
        if answer.status == HTTPStatus.NOT_FOUND:
            logger.info("http.unwanted type=%s", as_code(payload.get("type")))
            return web.Response()
        return await to_aiohttp_response(answer)

    def _is_signed(self, request: web.Request, body: bytes) -> bool:
        at = request.headers.get("x-slack-request-timestamp", "")
        signature = request.headers.get("x-slack-signature", "")
        # The SDK's verifier raises where these are none.
        if not _TIMESTAMP.fullmatch(at) or not _SIGNATURE.fullmatch(signature):
            return False
        try:
            expected = self._verifier.generate_signature(timestamp=at, body=body)
        except UnicodeDecodeError:
            return False
        is_recent = abs(self._clock() - int(at)) <= OLDEST
        return is_recent and expected is not None and hmac.compare_digest(expected, signature)

    def _turn_away(self, payload: dict[str, Any]) -> web.Response:
        if _now() >= self._said_at + SAY_EVERY:
            self._said_at = _now()
            logger.warning("http.busy")
        text = payload.get("text")
        if "command" not in payload or not isinstance(text, str):
            return _refuse(HTTPStatus.SERVICE_UNAVAILABLE, "busy")
        problem = unescape(text[: 2 * notices.SAMPLE])[: notices.SAMPLE]
        words = notices.crowded(problem, choose(problem, self._language))[0]
        return web.json_response({"text": words.text, "blocks": words.blocks, "response_type": "ephemeral"})


def _refuse(status: HTTPStatus, why: str) -> web.Response:
    return web.Response(status=status, text=f"{why}\n")


def _now() -> float:
    return asyncio.get_running_loop().time()
