"""One streaming completion as an async iterator of drafts: the whole text so far, each time it has grown.

A completion never raises what OpenAI, the network or the model do: it ends with a draft whose state and reason say
so, in words for the person who asked. The only module that knows the SDK.

The SDK tries again before the first token (and honours the server's delay); nothing is started over after it.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from typing import Any, Self

import openai
from openai import AsyncOpenAI, AsyncStream
from openai.types.chat import ChatCompletionChunk

from bot.draft import Draft, State
from bot.perspectives import Perspective

logger = logging.getLogger(__name__)

TEXT_LIMIT = 40_000  # characters; four messages. An answer that is asked to stay under 350 words does not end by itself
CONNECT_TIMEOUT = 10.0  # seconds; the SDK's own is 5, which slow networks miss
USAGE_TIMEOUT = 2.0  # seconds that the count of tokens may come after the end of the text

ASK_THE_OWNER = "Whoever runs this bot should check"


class Completions:
    """Asks one model on one server. An async context manager, which closes the connections."""

    def __init__(self, *, api_key: str, base_url: str, model: str, idle_timeout: float) -> None:
        self.model = model
        self._idle_timeout = idle_timeout
        self._client = AsyncOpenAI(
            api_key=api_key,
            base_url=base_url,
            timeout=openai.Timeout(idle_timeout, connect=CONNECT_TIMEOUT),
        )
        # The SDK loads the module of a resource when it is first used: half a second that no first question should pay.
        _ = self._client.chat.completions

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def stream(self, perspective: Perspective, problem: str) -> AsyncGenerator[Draft]:
        """Ask for `perspective` on `problem`, and yield drafts: the whole text so far, and at the end a final one.

        The final draft comes with the last of the text. A second one follows it when the server still says how many
        tokens were used. Cancelling it, or closing the generator, closes the stream at the server.
        """
        answer = _Answer(self.model)
        async with AsyncExitStack() as stack:
            try:
                chunks = await self._open(perspective, problem)
                await stack.enter_async_context(chunks)
                async for chunk in chunks:
                    if answer.take(chunk) and not answer.has_ended:
                        yield answer.draft()
                    if answer.has_ended:
                        break
                answer.end_of_stream()
            except (openai.OpenAIError, ValueError) as error:  # a malformed event is a ValueError
                answer.end(State.FAILED, _explain(error, self.model, self._idle_timeout))
                logger.warning("completion.failed error=%s status=%s", type(error).__name__, _status(error))
            yield answer.draft()
            if answer.is_whole and await _count(answer, chunks):
                yield answer.draft()

    async def _open(self, perspective: Perspective, problem: str) -> AsyncStream[ChatCompletionChunk]:
        return await self._client.chat.completions.create(
            model=self.model,
            messages=[
                {"role": "system", "content": perspective.instruction},
                {"role": "user", "content": problem},
            ],
            stream=True,
            stream_options={"include_usage": True},
        )


class _Answer:
    """What has come of one completion so far."""

    def __init__(self, model: str) -> None:
        self.state = State.WAITING
        self.has_ended = False
        self.is_whole = False  # whether the model has said that it ended
        self._text = ""
        self._reason = ""
        self._model = model
        self._tokens = 0
        self._clock = asyncio.get_running_loop().time
        self._began = self._clock()
        self._seconds = 0.0

    def take(self, chunk: ChatCompletionChunk) -> bool:
        """Add a chunk; whether the text has grown."""
        self._model = chunk.model or self._model
        self.take_usage(chunk)
        if not chunk.choices:
            return False
        choice = chunk.choices[0]
        refusal = choice.delta.refusal or ""
        piece = (choice.delta.content or "") + refusal
        if piece:
            self._text += piece
            self.state = State.WRITING
        if len(self._text) > TEXT_LIMIT:
            self._text = self._text[:TEXT_LIMIT]
            self.end(State.STOPPED, f"it went on beyond {TEXT_LIMIT:,} characters; this is its beginning.")
        elif choice.finish_reason:
            self._finish(choice.finish_reason)
        elif refusal:
            self._reason = "the model declined to answer. Putting the problem in other words may help."
        return bool(piece)

    def take_usage(self, chunk: ChatCompletionChunk) -> bool:
        """Note the count of tokens, if the chunk has it."""
        if chunk.usage:
            self._tokens = chunk.usage.total_tokens
        return bool(chunk.usage)

    def end_of_stream(self) -> None:
        """Note that nothing more comes."""
        if not self.has_ended:
            self.end(State.FAILED, "the connection to the model ended before the answer did. Ask again.")

    def end(self, state: State, reason: str = "") -> None:
        """Note how it ended; the first end counts."""
        if not self.has_ended:
            self.has_ended = True
            self.state = state
            self._reason = reason
            self._seconds = self._clock() - self._began

    def draft(self) -> Draft:
        """The answer as it stands."""
        if not self.has_ended:
            return Draft(self._text, self.state)
        return Draft(self._text, self.state, self._reason, self._model, self._seconds, self._tokens)

    def _finish(self, finish_reason: str) -> None:
        self.is_whole = True
        if finish_reason == "length":
            self.end(State.STOPPED, "the model reached the longest answer that it may give.")
        elif finish_reason == "content_filter":
            self.end(State.FAILED, "the provider's content filter withheld the rest. Put the problem in other words.")
        elif self._reason:
            self.end(State.FAILED, self._reason)
        elif not self._text.strip():
            self.end(State.FAILED, "the model gave an empty answer. Ask again.")
        else:
            self.end(State.DONE)


async def _count(answer: _Answer, chunks: AsyncStream[ChatCompletionChunk]) -> bool:
    """Wait a little for the count of tokens, which comes after the text; whether it came."""
    try:
        async with asyncio.timeout(USAGE_TIMEOUT):
            async for chunk in chunks:
                if answer.take_usage(chunk):
                    return True
    except (openai.OpenAIError, ValueError, TimeoutError) as error:
        logger.debug("completion.uncounted error=%s", type(error).__name__)
    return False


def _status(error: Exception) -> int | None:
    return error.status_code if isinstance(error, openai.APIStatusError) else None


def _explain(error: Exception, model: str, idle_timeout: float) -> str:
    """The words for the person who asked; they quote nothing that the server said, which may quote the key."""
    # OpenAI has its word for an error in `code`, llama.cpp in `type`.
    names = (error.code, error.type) if isinstance(error, openai.APIError) else ()
    by_name = (_WORDS_BY_NAME[name] for name in names if name in _WORDS_BY_NAME)
    words = next(by_name, None) or next(words for kind, words in _WORDS_BY_KIND if isinstance(error, kind))
    return words.format(model=model, seconds=idle_timeout, status=_status(error))


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

_WORDS_BY_KIND: tuple[tuple[type[Exception], str], ...] = (
    (openai.AuthenticationError, f"the model's provider refused the key. {ASK_THE_OWNER} OPENAI_API_KEY."),
    (openai.PermissionDeniedError, f"the key may not use the model “{{model}}”. {ASK_THE_OWNER} OPENAI_API_KEY."),
    (openai.NotFoundError, f"there is no model “{{model}}” there. {ASK_THE_OWNER} OPENAI_MODEL and OPENAI_BASE_URL."),
    (openai.RateLimitError, "the model's provider has too many requests at the moment. Ask again in a minute."),
    (openai.InternalServerError, "the model's provider has a failure of its own ({status}). Ask again later."),
    (openai.APIStatusError, f"the model's provider refused the request ({{status}}). {ASK_THE_OWNER} OPENAI_MODEL."),
    (openai.APITimeoutError, "the model was silent for {seconds:.0f} seconds. Ask again."),
    (openai.APIConnectionError, "the connection to the model broke. Ask again in a moment."),
    (openai.APIError, "the model's provider reported an error in the middle of the answer. Ask again."),
    (Exception, "the model's provider sent something that makes no sense. Ask again."),
)
