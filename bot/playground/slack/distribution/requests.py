"""Payloads that go to the app's own address, each in a request that is signed, as Slack's documentation has it.

An event that is not acknowledged comes again with the headers `x-slack-retry-num` and `x-slack-retry-reason`.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import aiohttp

from bot.playground.slack.socket_mode import Acknowledgement

FORM, JSON = "application/x-www-form-urlencoded", "application/json"


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it was sent, and the status that it was answered with; None where nothing came in time."""

    at: float
    headers: dict[str, str]
    body: bytes = field(repr=False)
    status: int | None


class Requests:
    """Sends payloads to `url`, signed with `signing_secret`; `clock` gives seconds since 1970."""

    def __init__(self, url: str, signing_secret: str, clock: Callable[[], float]) -> None:
        self.url = url
        self.signing_secret = signing_secret
        self.sent: list[Sent] = []
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close what is open."""
        if self._session:
            await self._session.close()

    async def deliver(
        self,
        kind: str,
        payload: dict[str, Any],
        *,
        within: float,
        retry_attempt: int = 0,
        retry_reason: str = "",
        **_: Any,
    ) -> Acknowledgement | None:
        """Send a payload and return its acknowledgement, or None where there was none `within` so many seconds."""
        body, content_type = encode(kind, payload)
        headers = {"Content-Type": content_type, "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)"}
        if retry_attempt:
            reason = "http_timeout" if retry_reason == "timeout" else retry_reason
            headers |= {"X-Slack-Retry-Num": str(retry_attempt), "X-Slack-Retry-Reason": reason}
        return await self.send(body, headers | self.sign(body), within=within)

    def sign(self, body: bytes) -> dict[str, str]:
        """The headers by which a body is known to be Slack's."""
        at = str(int(self._clock()))
        signed = hmac.new(self.signing_secret.encode(), b"v0:" + at.encode() + b":" + body, hashlib.sha256)
        return {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={signed.hexdigest()}"}

    async def send(self, body: bytes, headers: dict[str, str], *, within: float = 3.0) -> Acknowledgement | None:
        """Send a request as it is given, and return the acknowledgement, if it was one."""
        loop = asyncio.get_running_loop()
        self._session = self._session or aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None))
        began, status, answer = loop.time(), None, b""
        content_type = ""
        try:
            async with (
                asyncio.timeout(within),
                self._session.post(self.url, data=body, headers=headers, allow_redirects=False) as response,
            ):
                answer, status, content_type = await response.read(), response.status, response.content_type
        except (TimeoutError, aiohttp.ClientError):
            pass
        finally:
            self.sent.append(Sent(began, headers, body, status))
        if status != HTTPStatus.OK:
            return None
        return Acknowledgement(loop.time() - began, _decode(answer, content_type))


def encode(kind: str, payload: dict[str, Any]) -> tuple[bytes, str]:
    """The body of a request, and its type: commands come as a form, interactions as one field of a form."""
    match kind:
        case "slash_commands":
            return urlencode(payload).encode(), FORM
        case "interactive":
            return urlencode({"payload": json.dumps(payload)}).encode(), FORM
        case _:
            return json.dumps(payload).encode(), JSON


def _decode(answer: bytes, content_type: str) -> dict[str, Any] | None:
    """What an acknowledgement says: an object of JSON, or words, or nothing."""
    if not answer.strip():
        return None
    if content_type == JSON:
        said = json.loads(answer)
        return said if isinstance(said, dict) else None
    return {"text": answer.decode()}
