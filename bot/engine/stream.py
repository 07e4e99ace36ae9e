"""One request to a model's server, and what is read of its answer: bytes in, the state of an `Answer` out.

Laws:

- What is refused is sent again only if that can help: after a pause where the server may change its mind
  (`bot.backoff`), at once where the request's form was refused (`protocol.dialect`); a lasting cause is told at once.
- Nothing that a server sends is without a bound: an event, the body, the time that an answer takes.
- No server holds the event loop: whatever lies ready to be read, others get their turn in between; and of all streams
  that have had theirs, one goes on at a time. Were there a flood in each, every look of the loop would be that long.
- A body that is no stream of events counts as what it is: one JSON completion is an answer, a page is a wrong address.
"""

import asyncio
import json
import logging
import math
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Any, Self, cast

import aiohttp
import httpx2
import jiter
import openai

from bot.backoff import Backoff
from bot.engine.draft import Draft
from bot.engine.idle import IdleTimer
from bot.engine.protocol.answer import Answer
from bot.engine.protocol.chunks import MalformedError, ReportedError, name_model
from bot.engine.protocol.dialect import MOST_REASKS, Dialect, Form
from bot.engine.protocol.failures import (
    SERVER_ERROR,
    Report,
    WrongAddressError,
    code_of,
    find_cause,
    find_status,
    read_report,
)
from bot.engine.protocol.sse import ErrorData, EventDecoder, TooLongError
from bot.engine.reasons import ARGUMENTS, Code, Reason, Value
from bot.engine.wire import READ
from bot.network.connection_failures import classify, examine

logger = logging.getLogger(__name__)

COUNT_PATIENCE = 5.0  # seconds after the last word and the count of tokens, where the word was not the last before
REST_TIMEOUT = 0.1  # seconds to read a body's last bytes, so that its connection can be used again
ANSWER_TIMEOUT = 1_200.0  # seconds that an answer may take, thoughts included; nobody waits for longer
BODY_LIMIT = 64 * 1_048_576  # bytes; 40,000 tokens of some 300 bytes each, thoughts several times that
OBJECTS_LIMIT = 4_000  # and lists, in one event; reading half a megabyte of them takes 0.1 s, with nobody else served
VALUES_LIMIT = 20_000  # in one event
LONG_EVENT = 16_384  # bytes from which on that is looked at
FOREIGN_LIMIT = 65_536  # bytes of what says not to be a stream of events, in which there is none
TURN_BYTES = 16_384  # that are read before others get their turn, if nothing has to be waited for
TURN_BLOCKS = 16  # the same, in blocks

# What a broken connection raises; aiohttp's where the SDK's transport knows no name of its own for them.
BROKEN = (httpx2.RequestError, aiohttp.ClientError, OSError)  # a TimeoutError is an OSError
# What reading a stream may raise besides the SDK's own errors; nonsense is a ValueError, or nested too deep.
UNREADABLE = (*BROKEN, ValueError, RecursionError, ReportedError, WrongAddressError, TooLongError)

Ask = Callable[[Form], AbstractAsyncContextManager[Any]]


class Stream:
    """One request, the events of its body, and the answer that they make. An async context manager, which closes it.

    `ask` sends a request in a form, for `model` to the server at `url`, which has a `dialect`; `old` is what is to be
    seen until the answer is longer. All streams share a `gate`.
    """

    def __init__(
        self, ask: Ask, old: Draft, began: float, *, model: str, url: str, dialect: Dialect, gate: asyncio.Lock
    ) -> None:
        self.answer = Answer(model, began, omits_opening_tag=dialect.omits_opening_tag)
        self.old = old
        self.is_open = False  # whether the server has agreed to answer
        self.has_begun = False  # whether there was a sign of life from the model
        self.is_over = False  # whether nothing follows
        self.is_done = False  # whether the server has said so
        self._model = model
        self._url = url
        self._dialect = dialect
        self._ask_in = ask
        self._stack = AsyncExitStack()
        self._time = asyncio.get_running_loop().time
        self._timer = IdleTimer()
        self._is_foreign = False  # whether the server says that it is no stream of events
        self._has_choices = False
        self._ends_by = math.inf  # the loop's time
        self._read: Callable[[], Awaitable[bytes]]  # the next block of the body, once it is open; an empty one ends it
        self._events = EventDecoder()
        self._size = 0
        self._gate = gate
        self._turn = 0  # what may be read before others get theirs
        self._told = old.length
        self._has_told_of_thoughts = bool(old.length)
        self._has_told_of_beginning_anew = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._timer.close()
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
        form = self._dialect.form
        reasks = 0
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    await self._ask(form)
            except (openai.APIError, httpx2.RequestError, aiohttp.ClientError) as error:
                report = read_error(error)
                other = form.without_what_is_refused(report) if report and reasks < MOST_REASKS else None
                if other:
                    form = other
                    reasks += 1
                    continue
                pause = self._pause(error, report, backoff, deadline - _now())
                if pause is None:
                    raise
                logger.info("completion.wait status=%s pause=%.1f", report and report.status, pause)
                cause = explain_error(error, self._model, self._url)
            else:
                if form != self._dialect.form and reasks:
                    logger.info("completion.dialect %s", form)
                    self._dialect.form = form
                self.is_open = True
                self._ends_by = _now() + ANSWER_TIMEOUT
                return
            yield replace(self.old, reason=Reason(Code.RETRYING, {"cause": cause, "seconds": math.ceil(pause)}))
            await asyncio.sleep(pause)
            yield self.old

    def loss(self, failure: Exception | None) -> Reason | None:
        """What befell a stream that is worth to be started over; None where it is not, or is whole."""
        answer = self.answer
        if answer.has_final_word or answer.has_ended or not self.is_open or self.is_late:
            return None
        if isinstance(failure, TimeoutError):
            return Reason(Code.FELL_SILENT) if self.has_begun and not answer.has_finished else None
        if failure is None:
            return None if self.is_done or answer.has_finished else Reason(Code.CONNECTION_LOST)
        return Reason(Code.CONNECTION_LOST) if isinstance(failure, BROKEN) else None

    def news(self) -> Draft | None:
        """What there is more to be seen than when this was last asked."""
        answer = self.answer
        if answer.length > self._told:
            self._told = answer.length
            return answer.draft()
        if answer.has_begun_anew and not self._has_told_of_beginning_anew:  # what was seen were thoughts
            self._has_told_of_beginning_anew = True
            self._told = max(answer.length, self.old.length)
            return answer.draft() if answer.length >= self.old.length else self.old
        if answer.is_thinking and not self._has_told_of_thoughts:
            self._has_told_of_thoughts = True
            return answer.draft()
        return None

    @property
    def is_late(self) -> bool:
        """Whether the answer has taken all the time that one may."""
        return self._time() >= self._ends_by

    def deadline(self, idle_timeout: float) -> float:
        """Until when to wait for the next sign of life."""
        if self.answer.is_counted:
            idle_timeout = min(idle_timeout, COUNT_PATIENCE)
        return min(self._time() + idle_timeout, self._ends_by)

    async def read(self, deadline: float) -> None:
        """Read until there is a sign of life from the model, or nothing follows.

        Raises:
            TimeoutError: the deadline has passed.
            ReportedError: an event is an error.
            WrongAddressError: what answers is no model.
            TooLongError: there is no end to it.
            ValueError, RecursionError: an event makes no sense.
            httpx2.RequestError, aiohttp.ClientError, OSError: the connection broke.
        """
        is_alive = False
        while not (is_alive or self.is_over or self.answer.has_ended):
            if self._turn <= 0:
                await self._give_turn()
                if self._time() >= deadline:
                    raise TimeoutError
            block = await self._timer.wait(self._read(), deadline)
            if not block:
                self._finish()
                return
            is_alive = self._read_block(block)
            self._turn -= len(block) + TURN_BYTES // TURN_BLOCKS

    async def read_rest(self) -> None:
        """Read an answer's body to its end, if that is near: then its connection can be used again."""
        if not self.is_over:
            return
        size = 0
        try:
            async with asyncio.timeout(REST_TIMEOUT):
                while size < TURN_BYTES and (block := await self._read()):
                    size += len(block)
        except UNREADABLE as error:
            logger.debug("completion.unfinished error=%s", type(error).__name__)

    def _pause(self, error: Exception, report: Report | None, backoff: Backoff, left: float) -> float | None:
        """How many seconds to wait before the next try, of the `left` that there are; None if there is to be none."""
        connection = classify(error)
        if (report and find_cause(report)) or (connection and connection.is_lasting):
            return None  # no quota, say, comes with the status of too many requests
        response = error.response if isinstance(error, openai.APIStatusError) else None
        headers = response.headers if response else {}
        return backoff.pause(report.status if report else None, headers, left=left, wall=time.time())

    async def _ask(self, form: Form) -> None:
        """Send the request; what the server answers can then be read, in the blocks in which it comes."""
        response = await self._stack.enter_async_context(self._ask_in(form))
        body = response.http_response
        kind = body.headers.get("content-type", "")
        self._is_foreign = "event-stream" not in kind
        if READ in body.extensions:
            self._read = body.extensions[READ]
            return
        blocks = await self._stack.enter_async_context(aclosing(cast("AsyncGenerator[bytes]", body.aiter_bytes())))
        self._read = partial(anext, blocks, b"")

    def _read_block(self, block: bytes) -> bool:
        """Take what came next; whether there is a sign of life in it."""
        self._size += len(block)
        is_alive = False
        for data in self._events.feed(block):
            is_alive = self._take(data) or is_alive
            if self.is_over or self.answer.has_ended:
                return is_alive
        if self._is_foreign and not self._has_choices:
            self._check_address(block)
        return is_alive

    async def _give_turn(self) -> None:
        """Let others have theirs, also where nothing has to be waited for."""
        self._turn = TURN_BYTES
        if self._size > BODY_LIMIT:
            raise TooLongError(f"more than {BODY_LIMIT} bytes")
        async with self._gate:
            await asyncio.sleep(0)

    def _finish(self) -> None:
        """Note that the body has ended."""
        for data in self._events.finish():
            self._take(data)
        self.is_over = True
        if self._is_foreign and not self._has_choices:
            raise WrongAddressError

    def _take(self, data: bytes) -> bool:
        """Take an event's data; whether there is a sign of life in it."""
        if data[:1] != b"{":
            data = _strip(data)
            if data[:6].upper() == b"[DONE]":
                self.is_over = self.is_done = True
                return True
        if data.__class__ is ErrorData:
            raise ReportedError(_parse_anything(data))
        chunk = _parse(data)
        now = self._time()
        is_alive = False
        for one in chunk if isinstance(chunk, list) else (chunk,):
            if not isinstance(one, dict):
                raise MalformedError(f"{type(one).__name__} in place of dict")
            if not one:
                continue
            if "choices" in one:
                self._has_choices = True
            is_alive = self.answer.take(one, now) or is_alive
        # The count of tokens comes last, in a chunk of its own.
        if self.answer.is_counted and self.answer.has_final_word:
            self.is_over = True
        return is_alive

    def _check_address(self, block: bytes) -> None:
        """What is no stream of events, and has said nothing yet of completions: is it a page?"""
        if self._size > FOREIGN_LIMIT or (self._size == len(block) and block.lstrip()[:1] == b"<"):
            raise WrongAddressError


def read_error(error: Exception) -> Report | None:
    """What the server said, where it did."""
    match error:
        case openai.APIStatusError():
            return read_report(error.status_code, _parse_anything(error.response.content))
        case ReportedError():
            return read_report(None, error.body)
        case WrongAddressError():
            return Report(is_page=True)
    return None


def explain_error(error: Exception, model: str, url: str, limit: float = 0.0, stream: Stream | None = None) -> Reason:
    """What happened, for the person who asked.

    `model` and `url` are what was asked, `limit` the time-out's seconds; `stream` is the one that was open by then.
    """
    report = read_error(error)
    status = report.status if report else None
    code = find_cause(report) if report else None
    if code is None:
        match error:
            case openai.APIStatusError():
                code = code_of(error.status_code)
            case TimeoutError():
                code = Code.SILENT
            case ReportedError():
                # If there was no text yet, it is as if it had come in place of the stream.
                status = None if stream and stream.answer.length else find_status(error.body)
                code = _code_of(status, error)
            case TooLongError():
                code = Code.OVERSIZED
            case openai.APIConnectionError():
                code = Code.BROKEN
            case _:
                code = Code.BROKEN if isinstance(error, BROKEN) else Code.NONSENSE
    # A connection that broke while it was read had come about.
    if code is Code.BROKEN and not (stream and stream.is_open) and (found := examine(error, url)):
        failure, args = found
        return Reason(Code(failure.value), args)
    values: dict[str, Value] = {"model": name_model("", model), "seconds": limit, "status": status or 0}
    return Reason(code, {name: values[name] for name in ARGUMENTS.get(code, ())})


def _code_of(status: int | None, error: ReportedError) -> Code:
    """What an error in a stream is, which gives itself a status or none."""
    if status is None or status >= SERVER_ERROR:
        return Code.REPORTED
    return find_cause(read_report(status, error.body)) or code_of(status)


def _strip(data: bytes) -> bytes:
    return data if data.__class__ is ErrorData else data.strip()


def _parse(data: bytes) -> Any:
    if len(data) > LONG_EVENT and (
        data.count(b"{") + data.count(b"[") > OBJECTS_LIMIT or data.count(b",") > VALUES_LIMIT
    ):
        raise TooLongError(f"more than {OBJECTS_LIMIT} objects or {VALUES_LIMIT} values in an event")
    try:
        return jiter.from_json(data)
    except ValueError:
        # Slower, but it knows halves of characters; and of a text in which some bytes are wrong, the rest can be read.
        return json.loads(data.decode(errors="replace"))


def _parse_anything(data: bytes) -> Any:
    """JSON, or else the text that it is."""
    try:
        return _parse(data.strip())
    except (ValueError, RecursionError, TooLongError):
        return data.decode(errors="replace").strip()


def _now() -> float:
    return asyncio.get_running_loop().time()
