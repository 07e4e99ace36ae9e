"""One streaming completion as an async iterator of drafts: the whole text so far, each time it has grown.

A completion never raises what OpenAI, the network or the model do: it ends with a draft whose state and reason say
so, in words for the person who asked. The only module that knows the SDK.

The SDK does authentication, time-outs, errors, and tries again before the first token; nothing is started over after
it. The events are read from the bytes of its response, and not through its typed stream: that builds several objects
for each token, which costs more than all the rest of the bot.
"""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from typing import Any, Self, cast

import httpx2
import jiter
import openai
from openai import AsyncOpenAI

from bot.answer import Answer, MalformedError
from bot.draft import Draft
from bot.perspectives import Perspective
from bot.sse import EventDecoder

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT = 10.0  # seconds; the SDK's own is 5, which slow networks miss
FIRST_TOKEN_TIMEOUT = 90.0  # seconds, retries included; nobody looks at a placeholder for longer
LAST_WORDS = 0.2  # seconds in which text, on some servers, and the count of tokens may come behind the finish reason
REST_TIMEOUT = 0.1  # seconds to read a body's last bytes, so that its connection can be used again

# What reading a stream may raise besides the SDK's own errors; nonsense is a ValueError, or nested too deep.
UNREADABLE = (httpx2.RequestError, OSError, TimeoutError, ValueError, RecursionError)

ASK_THE_OWNER = "Whoever runs this bot should check"


class Completions:
    """Asks one model on one server. An async context manager, which closes the connections.

    `idle_timeout` is how many seconds an answer that has begun may be without a token.
    """

    def __init__(self, *, api_key: str, base_url: str, model: str, idle_timeout: float) -> None:
        self.model = model
        self._idle_timeout = idle_timeout
        self._client = AsyncOpenAI(
            api_key=api_key,
            base_url=base_url,
            timeout=openai.Timeout(None, connect=CONNECT_TIMEOUT),  # the others are held here, by tokens and not bytes
            http_client=openai.DefaultAioHttpClient(),  # its parser is in C: half the cost of a token
        )
        # The SDK loads the module of a resource when it is first used: half a second that no first question should pay.
        _ = self._client.chat.completions.with_streaming_response

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def stream(self, perspective: Perspective, problem: str) -> AsyncGenerator[Draft]:
        """Ask for `perspective` on `problem`, and yield drafts: the whole text so far, and at the end a final one.

        Cancelling it, or closing the generator, closes the stream at the server.
        """
        stream = _Stream(Answer(self.model, _now()))
        answer = stream.answer
        limit = max(FIRST_TOKEN_TIMEOUT, self._idle_timeout)
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(limit):
                    blocks = await self._open(perspective, problem, stack)
                    await stream.read(blocks)
                while not (stream.is_over or answer.has_ended):
                    if stream.has_news():
                        yield answer.draft()
                    limit = LAST_WORDS if answer.has_finished else self._idle_timeout
                    async with asyncio.timeout(limit):
                        await stream.read(blocks)
                answer.end(_now(), is_orderly=stream.is_done)
            except (openai.OpenAIError, *UNREADABLE) as error:
                if not answer.has_finished:
                    logger.warning("completion.failed error=%s status=%s", type(error).__name__, _status(error))
                answer.end(_now(), failure="" if answer.has_finished else _explain(error, self.model, limit))
            yield answer.draft()
            if stream.is_over:
                await stream.read_rest(blocks)

    async def _open(self, perspective: Perspective, problem: str, stack: AsyncExitStack) -> AsyncGenerator[bytes]:
        """Ask, and return the body of the server's answer, in the blocks in which it comes."""
        response = await stack.enter_async_context(
            self._client.chat.completions.with_streaming_response.create(
                model=self.model,
                messages=[
                    {"role": "system", "content": perspective.instruction},
                    {"role": "user", "content": problem},
                ],
                stream=True,
                stream_options={"include_usage": True},
            )
        )
        body = response.http_response
        # As it is on the wire, where nothing is to be decoded: two generators less for each block.
        wire = cast("httpx2.AsyncByteStream", body.stream)
        blocks = body.aiter_bytes() if "content-encoding" in body.headers else aiter(wire)
        return await stack.enter_async_context(aclosing(cast("AsyncGenerator[bytes]", blocks)))


class _Stream:
    """The events of one completion's body, and the answer that they make."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.is_over = False  # whether nothing follows
        self.is_done = False  # whether the server has said so
        self._events = EventDecoder()
        self._told = 0

    def has_news(self) -> bool:
        """Whether the text has grown since this was last asked."""
        told, self._told = self._told, self.answer.length
        return self._told > told

    async def read(self, blocks: AsyncGenerator[bytes]) -> None:
        """Read until there is a sign of life from the model, or nothing follows.

        Raises:
            openai.APIError: an event is an error.
            ValueError, RecursionError: an event makes no sense.
            httpx2.RequestError: the connection broke.
        """
        while not (self.is_over or self.answer.has_ended):
            if await self._read_block(blocks):
                return

    async def read_rest(self, blocks: AsyncGenerator[bytes]) -> None:
        """Read the body to its end, if that is near: then its connection can be used again."""
        try:
            async with asyncio.timeout(REST_TIMEOUT):
                async for _ in blocks:
                    pass
        except UNREADABLE as error:
            logger.debug("completion.unfinished error=%s", type(error).__name__)

    async def _read_block(self, blocks: AsyncGenerator[bytes]) -> bool:
        """Read what comes next; whether there is a sign of life in it."""
        block = await anext(blocks, None)
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
        return json.loads(data)  # slower, but it knows halves of characters


def _now() -> float:
    return asyncio.get_running_loop().time()


def _status(error: Exception) -> int | None:
    return error.status_code if isinstance(error, openai.APIStatusError) else None


def _explain(error: Exception, model: str, limit: float) -> str:
    """The words for the person who asked; they quote nothing that the server said, which may quote the key."""
    # OpenAI has its word for an error in `code`, llama.cpp in `type`.
    names = (error.code, error.type) if isinstance(error, openai.APIError) else ()
    by_name = (_WORDS_BY_NAME[name] for name in names if name in _WORDS_BY_NAME)
    words = next(by_name, None) or next(words for kind, words in _WORDS_BY_KIND if isinstance(error, kind))
    return words.format(model=model, seconds=limit, status=_status(error))


_NO_QUOTA = f"the account with the model's provider has no quota left. {ASK_THE_OWNER} its plan and billing."
_TOO_LONG = "the problem is too long for the model. Ask again with a shorter one."
_FILTERED = "the provider's content filter refused the problem. Put it in other words."

_WORDS_BY_NAME: dict[Any, str] = {
    "insufficient_quota": _NO_QUOTA,
    "billing_hard_limit_reached": _NO_QUOTA,
    "context_length_exceeded": _TOO_LONG,
    "exceed_context_size_error": _TOO_LONG,
    "content_filter": _FILTERED,
    "content_policy_violation": _FILTERED,
    "model_not_found": f"there is no model “{{model}}” for this key. {ASK_THE_OWNER} OPENAI_MODEL.",
}

_WORDS_BY_KIND: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    (openai.AuthenticationError, f"the model's provider refused the key. {ASK_THE_OWNER} OPENAI_API_KEY."),
    (openai.PermissionDeniedError, f"the key may not use the model “{{model}}”. {ASK_THE_OWNER} OPENAI_API_KEY."),
    (openai.NotFoundError, f"there is no model “{{model}}” there. {ASK_THE_OWNER} OPENAI_MODEL and OPENAI_BASE_URL."),
    (openai.RateLimitError, "the model's provider has too many requests at the moment. Ask again in a minute."),
    (openai.InternalServerError, "the model's provider has a failure of its own ({status}). Ask again later."),
    (openai.APIStatusError, f"the model's provider refused the request ({{status}}). {ASK_THE_OWNER} OPENAI_MODEL."),
    (TimeoutError, "the model was silent for {seconds:.0f} seconds. Ask again."),
    (
        (openai.APIConnectionError, httpx2.RequestError, OSError),
        "the connection to the model broke. Ask again in a moment.",
    ),
    (openai.APIError, "the model's provider reported an error in the middle of the answer. Ask again."),
    (Exception, "the model's provider sent something that makes no sense. Ask again."),
)
