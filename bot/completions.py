"""One streaming completion as an async iterator of drafts: the whole text so far, each time it has grown.

A completion never raises what OpenAI, the network or the model do: it ends with a draft whose state and reason say
so, in words for the person who asked. The only module that knows the SDK.

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
import itertools
import json
import logging
import math
import ssl
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Any, Self, cast

import aiohttp
import httpx2
import jiter
import openai
from openai import AsyncOpenAI

from bot.answer import Answer, MalformedError
from bot.backoff import Backoff
from bot.draft import Draft, State
from bot.perspectives import Perspective
from bot.reasons import Failure, explain, is_lasting, split
from bot.sse import EventDecoder
from bot.turns import Turns

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT = 10.0  # seconds; the SDK's own is 5, which slow networks miss
FIRST_TOKEN_TIMEOUT = 90.0  # seconds, pauses included; nobody looks at a placeholder for longer
LAST_WORDS = 0.2  # seconds in which text, on some servers, and the count of tokens may come behind the finish reason
REST_TIMEOUT = 0.1  # seconds to read a body's last bytes, so that its connection can be used again

# What a broken connection raises; aiohttp's where the SDK's transport knows no name of its own for them.
BROKEN = (httpx2.RequestError, aiohttp.ClientError, OSError)  # a TimeoutError is an OSError
# What reading a stream may raise besides the SDK's own errors; nonsense is a ValueError, or nested too deep.
UNREADABLE = (*BROKEN, ValueError, RecursionError)


_QUEUED = "many are asked at the moment, and its turn comes."
_INTERRUPTED = "it was interrupted; it starts over."
_BROKE = "the connection to the model broke; it starts over."
_SILENT = "the model fell silent; it starts over."


class Completions:
    """Asks one model on one server. An async context manager, which closes the connections.

    `idle_timeout` is how many seconds an answer that has begun may be without a token; no more than `max_streams` are
    open at once. `proxy` is the address of the one that the server is asked through, `tls` whom to trust.
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
    ) -> None:
        self.model = model
        self._idle_timeout = idle_timeout
        self._first_timeout = max(FIRST_TOKEN_TIMEOUT, idle_timeout)
        self._turns = Turns(max_streams)
        self._numbers = itertools.count()
        self._client = AsyncOpenAI(
            api_key=api_key,
            base_url=base_url,
            timeout=openai.Timeout(None, connect=CONNECT_TIMEOUT),  # the others are held here, by tokens and not bytes
            max_retries=0,
            # Its parser is in C: half the cost of a token. Whoever has a turn finds a connection free.
            # Proxies and certificates are those of `bot.proxies` and `bot.tls`, and not looked for in the environment.
            http_client=openai.DefaultAioHttpClient(
                limits=httpx2.Limits(max_connections=max_streams), proxy=proxy, verify=tls or True, trust_env=False
            ),
        )
        # The SDK loads the module of a resource when it is first used: half a second that no first question should pay.
        _ = self._client.chat.completions.with_streaming_response

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def stream(
        self, perspective: Perspective, problem: str, *, standing: str = "", party: str = ""
    ) -> AsyncGenerator[Draft]:
        """Ask for `perspective` on `problem`, and yield drafts: the whole text so far, and at the end a final one.

        `standing` is a text that can be seen already, of a stream that was lost with its process; this one starts it
        over. Where streams have to wait for each other, they go round by `party`. Cancelling it, or closing the
        generator, closes the stream at the server and gives its turn back.
        """
        began = _now()
        number = next(self._numbers)
        request = self._request(perspective, problem)
        # What is to be seen until there is more.
        old = Draft(standing, State.WRITING, _INTERRUPTED, length=len(standing)) if standing else Draft()
        async with AsyncExitStack() as turn:
            async with aclosing(self._take_turn(old, party, turn)) as news:
                async for draft in news:
                    yield draft
            deadline = _now() + self._first_timeout
            for is_last in (False, True):
                async with _Stream(self.model, request, began, old) as stream:
                    answer = stream.answer
                    failure: Exception | None = None
                    try:
                        async with aclosing(stream.open(Backoff(number), deadline)) as news:
                            async for draft in news:
                                yield draft
                        async with asyncio.timeout_at(deadline):
                            await stream.read()
                        stream.has_begun = not stream.is_over
                        while not (stream.is_over or answer.has_ended):
                            if stream.has_news():
                                yield answer.draft()
                            async with asyncio.timeout(LAST_WORDS if answer.has_finished else self._idle_timeout):
                                await stream.read()
                    except (openai.OpenAIError, *UNREADABLE) as error:
                        failure = error
                    loss = "" if is_last else stream.loss(failure)
                    if not loss:
                        yield self._conclude(stream, failure)
                        await stream.read_rest()
                        return
                logger.info("completion.restart error=%s", type(failure).__name__)
                old = replace(_longer(old, answer.draft()), reason=loss)
                yield old
                if stream.has_begun:
                    deadline = _now() + self._first_timeout

    def _request(self, perspective: Perspective, problem: str) -> "_Request":
        return partial(
            self._client.chat.completions.with_streaming_response.create,
            model=self.model,
            messages=[
                {"role": "system", "content": perspective.instruction},
                {"role": "user", "content": problem},
            ],
            stream=True,
            stream_options={"include_usage": True},
        )

    async def _take_turn(self, old: Draft, party: str, turn: AsyncExitStack) -> AsyncGenerator[Draft]:
        """Wait until one more stream may be open; yield what is to be seen meanwhile."""
        if old.reason:
            yield old
        if is_queued := self._turns.are_taken:
            yield replace(old, reason=_QUEUED)
        await turn.enter_async_context(self._turns.take(party))
        if is_queued:
            yield old

    def _conclude(self, stream: "_Stream", failure: Exception | None) -> Draft:
        """The last draft; `failure` is what came in place of the end."""
        answer = stream.answer
        words = ""
        if failure and not answer.has_finished:
            logger.warning("completion.failed error=%s status=%s", type(failure).__name__, _status(failure))
            words = _explain(failure, self.model, self._idle_timeout if stream.has_begun else self._first_timeout)
        answer.end(_now(), failure=words, is_orderly=stream.is_done)
        last = answer.draft()
        if last.state is not State.FAILED or not stream.old.reason:
            return last
        # It had been started over already. What people have seen is not taken from them.
        longer = _longer(last, stream.old)
        cause, advice = split(last.reason)
        end = "this is as far as it came" if longer.length else "nothing came"
        reason = f"{cause}; it was started over, and {end}. {advice}"
        return replace(last, source=longer.source, length=longer.length, reason=reason)


_Request = Callable[[], AbstractAsyncContextManager[Any]]


class _Stream:
    """One request, the events of its body, and the answer that they make. An async context manager, which closes it.

    `old` is what is to be seen until the answer is longer.
    """

    def __init__(self, model: str, request: _Request, began: float, old: Draft) -> None:
        self.answer = Answer(model, began)
        self.old = old
        self.has_begun = False  # whether there was a sign of life from the model
        self.is_over = False  # whether nothing follows
        self.is_done = False  # whether the server has said so
        self._model = model
        self._request = request
        self._stack = AsyncExitStack()
        self._is_open = False
        self._blocks: AsyncGenerator[bytes]  # of the body, once it is open
        self._events = EventDecoder()
        self._told = old.length

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            await self._stack.__aexit__(kind, error, traceback)
        except BROKEN as failure:
            logger.debug("completion.unclosed error=%s", type(failure).__name__)  # it was broken; nothing is left open

    async def open(self, backoff: Backoff, deadline: float) -> AsyncGenerator[Draft]:
        """Ask until the server agrees; yield what is to be seen in the pauses.

        Raises:
            openai.APIError, httpx2.RequestError, aiohttp.ClientError: the server refuses for good, or for longer than
                there is time.
            TimeoutError: the deadline has passed.
        """
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    self._blocks = await self._ask()
            except (openai.APIError, httpx2.RequestError, aiohttp.ClientError) as error:
                pause = _pause(error, backoff, deadline - _now())
                if pause is None:
                    raise
                logger.info("completion.wait status=%s pause=%.1f", _status(error), pause)
                cause, _ = split(_explain(error, self._model))
            else:
                self._is_open = True
                return
            yield replace(self.old, reason=f"{cause}; trying again in {math.ceil(pause)} s.")
            await asyncio.sleep(pause)
            yield self.old

    def loss(self, failure: Exception | None) -> str:
        """What befell a stream that is worth to be started over, in words; none where it is not, or is whole."""
        if self.answer.has_finished or self.answer.has_ended or not self._is_open:
            return ""
        if isinstance(failure, TimeoutError):
            return _SILENT if self.has_begun else ""
        if failure is None:
            return "" if self.is_done else _BROKE
        return _BROKE if isinstance(failure, BROKEN) else ""

    def has_news(self) -> bool:
        """Whether there is more to be seen than when this was last asked."""
        if self.answer.length <= self._told:
            return False
        self._told = self.answer.length
        return True

    async def read(self) -> None:
        """Read until there is a sign of life from the model, or nothing follows.

        Raises:
            openai.APIError: an event is an error.
            ValueError, RecursionError: an event makes no sense.
            httpx2.RequestError, aiohttp.ClientError, OSError: the connection broke.
        """
        while not (self.is_over or self.answer.has_ended):
            if await self._read_block():
                return

    async def read_rest(self) -> None:
        """Read an answer's body to its end, if that is near: then its connection can be used again."""
        if not self.is_over:
            return
        try:
            async with asyncio.timeout(REST_TIMEOUT):
                async for _ in self._blocks:
                    pass
        except UNREADABLE as error:
            logger.debug("completion.unfinished error=%s", type(error).__name__)

    async def _ask(self) -> AsyncGenerator[bytes]:
        """Send the request, and return the body of what the server answers, in the blocks in which it comes."""
        response = await self._stack.enter_async_context(self._request())
        body = response.http_response
        # As it is on the wire, where nothing is to be decoded: two generators less for each block.
        wire = cast("httpx2.AsyncByteStream", body.stream)
        blocks = body.aiter_bytes() if "content-encoding" in body.headers else aiter(wire)
        return await self._stack.enter_async_context(aclosing(cast("AsyncGenerator[bytes]", blocks)))

    async def _read_block(self) -> bool:
        """Read what comes next; whether there is a sign of life in it."""
        block = await anext(self._blocks, None)
        self.is_over = block is None
        is_alive = False
        for data in self._events.feed(block or b""):
            if data.startswith(b"[DONE]"):
                self.is_over = self.is_done = True
                break
            is_alive = self._take(data) or is_alive
        return is_alive

    def _take(self, data: bytes) -> bool:
        chunk = _parse(data)
        if not isinstance(chunk, dict):
            raise MalformedError(f"{type(chunk).__name__} in place of dict")
        if error := chunk.get("error"):
            raise openai.APIError("error in the stream", httpx2.Request("POST", "/"), body=error)
        is_alive = self.answer.take(chunk, _now())
        # The count of tokens comes last, in a chunk of its own.
        if self.answer.has_finished and self.answer.has_usage and not chunk.get("choices"):
            self.is_over = True
        return is_alive or self.is_over


def _parse(data: bytes) -> Any:
    try:
        return jiter.from_json(data)
    except ValueError:
        # Slower, but it knows halves of characters; and of a text in which some bytes are wrong, the rest can be read.
        return json.loads(data.decode(errors="replace"))


def _longer(one: Draft, other: Draft) -> Draft:
    """The one with the longer text; the first, where both are as long."""
    return other if other.length > one.length else one


def _now() -> float:
    return asyncio.get_running_loop().time()


def _status(error: Exception) -> int | None:
    return error.status_code if isinstance(error, openai.APIStatusError) else None


def _pause(error: Exception, backoff: Backoff, left: float) -> float | None:
    """How many seconds to wait before the next try, of the `left` that there are; None if there is to be none."""
    if _name(error):
        return None  # no quota, say, comes with the status of too many requests
    response = error.response if isinstance(error, openai.APIStatusError) else None
    headers = response.headers if response else {}
    return backoff.pause(_status(error), headers, left=left, wall=time.time())


def _explain(error: Exception, model: str, limit: float = 0.0) -> str:
    """The words for the person who asked; `limit` is the time-out's, in seconds."""
    failure: Failure | int
    match error:
        case openai.APIStatusError():
            failure = error.status_code
        case TimeoutError():
            failure = Failure.SILENT
        case openai.APIConnectionError():
            failure = Failure.BROKEN
        case openai.APIError():
            failure = Failure.REPORTED
        case _:
            failure = Failure.BROKEN if isinstance(error, BROKEN) else Failure.NONSENSE
    return explain(_name(error), failure, model, limit)


def _name(error: Exception) -> object:
    """What the server calls it, if that says that it will not pass: OpenAI in `code`, llama.cpp in `type`."""
    names = (error.code, error.type) if isinstance(error, openai.APIError) else ()
    return next((name for name in names if is_lasting(name)), None)
