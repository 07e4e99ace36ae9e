"""One streaming completion as an async iterator of drafts: the whole text so far, each time it has grown.

A completion never raises what OpenAI, the network or the model do: it ends with a draft whose state and reason say
so, as a code for which `bot.texts` has words. With the modules that send its requests and read its failures (`request`
and `diagnosis`), this is the only one that knows OpenAI's SDK.

Laws:

- No more than so many streams are open at once; further ones wait for their turn, and go round by who asked.
- What is refused before the first token is tried again (`bot.backoff`), within the time that the first token has.
- A stream that breaks, or falls silent, is closed and started over, once. Its text stands until the new one is longer,
  or is whole: no text that is not the last is ever shorter than what was shown before.
- Whatever is waited for, the drafts say so.

The SDK does authentication and errors. It would try again by itself, but nobody would see that it does. The events are
read from the bytes of its response, and not through its typed stream: that builds several objects for each token,
which costs more than all the rest of the bot.
"""

import asyncio
import base64
import itertools
import logging
import ssl
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any, Self
from urllib.parse import unquote, urlsplit

import httpx2
import openai
from openai import AsyncOpenAI, RequestOptions

from bot.backoff import Backoff
from bot.engine.diagnosis import UNREADABLE, diagnose, read_error
from bot.engine.draft import Draft, State
from bot.engine.perspectives import Perspective
from bot.engine.protocol.dialect import Dialect, Form
from bot.engine.reasons import Code, Reason
from bot.engine.request import Send
from bot.engine.stream import ANSWER_TIMEOUT, Phase, Stream
from bot.engine.turns import Party, Turns
from bot.engine.wire import HEADERS, Moments, Wire

logger = logging.getLogger(__name__)

HEARD = 10.0  # seconds for which a server is held to be within reach that a stream has brought something from
FIRST_TOKEN_TIMEOUT = 90.0  # seconds, pauses included; nobody looks at a placeholder for longer


class Completions:
    """Asks one model on one server. An async context manager, which closes the connections.

    `idle_timeout` is how many seconds an answer that has begun may be without a token; no more than `max_streams` are
    open at once. `proxy` is the address of the one that the server is asked through, `tls` whom to trust. Where the
    process is not the only one (`is_alone`), another may reach the server when this one does not.
    """

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str,
        model: str,
        idle_timeout: float,
        max_streams: int = 64,
        proxy: str | None = None,
        tls: ssl.SSLContext | None = None,
        is_alone: bool = True,
    ) -> None:
        self.model = model
        self._is_alone = is_alone
        self._idle_timeout = idle_timeout
        self._first_timeout = max(FIRST_TOKEN_TIMEOUT, idle_timeout)
        self.turns = Turns(max_streams)
        self._moments = Moments(self.turns)
        self._numbers = itertools.count()
        self._url, authorization = _take_out_credentials(base_url)
        self._dialect = Dialect()
        self._gate = asyncio.Lock()
        # Whoever has a turn finds a connection free, and so does who looks whether the server is there.
        self._wire = Wire(max_connections=max_streams + 1, proxy=proxy, tls=tls, moments=self._moments)
        self._headers = {"Authorization": f"Bearer {api_key}", **HEADERS, **authorization}
        self._client = AsyncOpenAI(
            api_key=api_key,
            base_url=self._url,
            default_headers={**HEADERS, **authorization},
            timeout=None,  # they are held here, by tokens and not bytes
            max_retries=0,
            http_client=httpx2.AsyncClient(
                transport=self._wire,
                trust_env=False,
                follow_redirects=False,  # the problem is for the host that the settings name
            ),
        )

    async def __aenter__(self) -> Self:
        await self._warm_up()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def stream(
        self, perspective: Perspective, problem: str, *, previous: str = "", party: Party = ()
    ) -> AsyncGenerator[Draft]:
        """Ask for `perspective` on `problem`, and yield drafts: the whole text so far, and at the end a final one.

        `previous` is a text that people see already, of a stream that was lost with its process: this one starts over.
        Where streams have to wait for each other, they go round by `party`. Cancelling it, or closing the
        generator, closes the stream at the server and gives its turn back.
        """
        began = _now()
        number = next(self._numbers)
        send = partial(self._send, perspective, problem)
        # What is to be seen until there is more.
        old = Draft.of(previous, State.WRITING, reason=Reason(Code.RESUMED)) if previous else Draft()
        async with AsyncExitStack() as turn:
            async with aclosing(self._take_turn(old, party, turn)) as news:
                async for draft in news:
                    yield draft
            deadline = _now() + self._first_timeout
            for is_last in (False, True):
                async with self._stream(send, old, began) as stream:
                    answer = stream.answer
                    failure: Exception | None = None
                    try:
                        async with aclosing(stream.open(Backoff(number, is_alone=self._is_alone), deadline)) as news:
                            async for draft in news:
                                yield draft
                        await stream.read(deadline)
                        while not (stream.phase.is_over or answer.state.is_final):
                            if newer := stream.news():
                                yield newer
                            await stream.read(stream.deadline(self._idle_timeout))
                    except (openai.OpenAIError, *UNREADABLE) as error:
                        failure = error
                    reason = None if is_last else stream.restart_reason(failure)
                    if reason is None:
                        yield self._conclude(stream, failure)
                        await stream.read_rest()
                        return
                logger.info("completion.restart error=%s", type(failure).__name__)
                old = replace(_longer(old, answer.draft()), reason=reason)
                yield old
                if stream.phase.has_begun:
                    deadline = _now() + self._first_timeout

    async def reaches_server(self) -> bool:
        """Whether the server is within reach, whatever it answers: no model is asked for anything.

        Where streams flow they say so; a server that has too much to do is slow to say anything else.
        """
        if _now() - self._wire.heard_at < HEARD:
            return True
        try:
            request = httpx2.Request("HEAD", f"{self._url.rstrip('/')}/models", headers=self._headers)
            response = await self._wire.handle_async_request(request)
        except UNREADABLE:
            return False
        await response.aclose()
        return True

    def next_moment(self, now: float) -> float:
        """When more is read of the streams that flow: they are read together."""
        return self._moments.next(now)

    def _stream(self, send: Send, old: Draft, began: float) -> Stream:
        return Stream(send, old, began, model=self.model, url=self._url, dialect=self._dialect, gate=self._gate)

    @asynccontextmanager
    async def _send(self, perspective: Perspective, problem: str, form: Form) -> AsyncGenerator[httpx2.Response]:
        response = await _post(self._client, form.write(self.model, perspective.instruction, problem))
        try:
            yield response
        finally:
            await response.aclose()

    async def _warm_up(self) -> None:
        """Send one request nowhere: the SDK looks once at where it runs, in a thread."""
        nowhere = httpx2.MockTransport(lambda _: httpx2.Response(400))
        async with httpx2.AsyncClient(transport=nowhere, trust_env=False) as client:
            with suppress(openai.BadRequestError):
                await _post(self._client.with_options(http_client=client), self._dialect.form.write(self.model, "", ""))

    async def _take_turn(self, old: Draft, party: Party, turn: AsyncExitStack) -> AsyncGenerator[Draft]:
        """Wait until one more stream may be open; yield what is to be seen meanwhile."""
        if old.reason:
            yield old
        if is_queued := self.turns.are_taken:
            yield replace(old, reason=Reason(Code.QUEUED))
        await turn.enter_async_context(self.turns.take(party))
        if is_queued:
            yield old

    def _conclude(self, stream: Stream, failure: Exception | None) -> Draft:
        """The last draft; `failure` is what came in place of the end."""
        answer = stream.answer
        reason = None
        if stream.is_late and not answer.has_final_word:
            answer.cut(_now(), Reason(Code.ENDLESS, {"minutes": round(ANSWER_TIMEOUT / 60)}))
        elif failure and not answer.has_final_word and not (answer.has_finished and isinstance(failure, TimeoutError)):
            limit = self._idle_timeout if stream.phase.has_begun else self._first_timeout
            reason = diagnose(
                failure,
                self.model,
                self._url,
                limit=limit,
                is_open=stream.phase is not Phase.ASKING,
                has_text=answer.length > 0,
            )
            report = read_error(failure)
            logger.warning(
                "completion.failed error=%s status=%s setting=%s",
                type(failure).__name__,
                report.status if report else None,
                reason.setting,
            )
        answer.end(_now(), failure=reason, is_orderly=stream.phase is Phase.DONE)
        self._dialect.note_thoughts(answer.thoughts)
        last = answer.draft()
        if last.state is not State.FAILED or not (last.reason and stream.old.reason):
            return last
        # It had been started over already. What people have seen is not taken from them.
        longer = _longer(last, stream.old)
        code = Code.FAILED_AGAIN if longer.length else Code.FAILED_AGAIN_EMPTY
        return replace(last, source=longer.source, length=longer.length, reason=Reason(code, {"cause": last.reason}))


async def _post(client: AsyncOpenAI, request: dict[str, Any]) -> httpx2.Response:
    """Send a request; the response as soon as its head has come.

    By the resource's own method it would take 2 ms more each time, to look for what needs another form in JSON.
    """
    # The SDK would else take an administrator's key too, if the environment had one.
    options: RequestOptions = {"security": {"bearer_auth": True}}
    return await client.post("/chat/completions", cast_to=httpx2.Response, body=request, options=options, stream=True)


def _longer(one: Draft, other: Draft) -> Draft:
    """The one with the longer text; the first, where both are as long."""
    return other if other.length > one.length else one


def _now() -> float:
    return asyncio.get_running_loop().time()


def _take_out_credentials(url: str) -> tuple[str, dict[str, str]]:
    """The address without a user and a password, and the header that says them instead.

    There is one header for both: where the address has them, the key is not sent.
    """
    parts = urlsplit(url)
    credentials, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, {}
    user, _, password = credentials.partition(":")
    said = base64.b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
    return parts._replace(netloc=host).geturl(), {"Authorization": f"Basic {said}"}
