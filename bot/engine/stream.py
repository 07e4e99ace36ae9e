"""The stream that answers a request: bytes in, the state of an `Answer` out.

How far it has come is its `Phase`; `_TRANSITIONS` has what leads from one to the next:

    ASKING ─ agreed ─► OPEN ─ life ─► BEGUN ─ end ──► ENDED    the body broke off
                         │              └─── done ──► DONE     nothing follows, says the server
                         ├─ done ───────────────────► DONE
                         └─ end ────────────────────► EMPTY

Laws:

- Nothing that a server sends is without a bound: an event, the body, the time that an answer takes.
- No server holds the event loop: however much lies ready to be read, other tasks run in between; and of all streams
  that have read as much as they may, one goes on at a time. Were there a flood in each, a turn of the loop would last
  as long as all of them take.
- A body that is no stream of events counts as what it is: one JSON completion is an answer, a page is a wrong address.
"""

import asyncio
import logging
import math
from collections.abc import AsyncGenerator
from contextlib import aclosing
from enum import Enum
from types import TracebackType
from typing import Self

from bot.backoff import Backoff
from bot.engine.diagnosis import BROKEN, UNREADABLE
from bot.engine.draft import Draft, State
from bot.engine.idle import IdleTimer
from bot.engine.protocol.answer import Answer
from bot.engine.protocol.chunks import MalformedError, ReportedError
from bot.engine.protocol.dialect import Dialect
from bot.engine.protocol.payload import read_anything, read_payload
from bot.engine.protocol.provider_errors import WrongAddressError
from bot.engine.protocol.sse import ErrorData, EventDecoder, TooLongError
from bot.engine.reasons import Code, Reason
from bot.engine.request import Request, Send

logger = logging.getLogger(__name__)

COUNT_TIMEOUT = 5.0  # seconds without a sign, once the count of tokens has come behind the word that ends an answer
REST_TIMEOUT = 0.1  # seconds to read a body's last bytes, so that its connection can be used again
ANSWER_TIMEOUT = 1_200.0  # seconds that an answer may take, thoughts included; nobody waits for longer
BODY_LIMIT = 64 * 1_048_576  # bytes; 40,000 tokens of some 300 bytes each, thoughts several times that
FOREIGN_LIMIT = 65_536  # bytes of what says not to be a stream of events, in which there is none
FAIR_BYTES = 16_384  # that are read before other tasks run, where nothing has to be waited for
FAIR_BLOCKS = 16  # the same, in blocks


class Phase(Enum):
    """How far a stream has come."""

    ASKING = "asking"
    OPEN = "open"  # the server has agreed to answer
    BEGUN = "begun"  # the model has given a sign of life
    EMPTY = "empty"  # the body has ended before it
    ENDED = "ended"  # the body has ended behind it, and the server has not said that it would
    DONE = "done"  # the server has said that nothing follows

    is_over: bool  # whether nothing follows
    has_begun: bool

    def __init__(self, value: str) -> None:
        # Asked for each token: an attribute costs a tenth of what a set of members does.
        self.is_over = value in {"empty", "ended", "done"}
        self.has_begun = value in {"begun", "ended", "done"}


class _Sign(Enum):
    """What moves a stream on."""

    AGREED = "agreed"  # the head of a response that is no refusal
    LIFE = "life"  # something from the model: text, thoughts, a word that ends its answer
    DONE = "done"  # the protocol's mark of the end, or the count of tokens behind the last word
    END = "end"  # of the body


_TRANSITIONS = {
    (Phase.ASKING, _Sign.AGREED): Phase.OPEN,
    (Phase.OPEN, _Sign.LIFE): Phase.BEGUN,
    (Phase.OPEN, _Sign.DONE): Phase.DONE,
    (Phase.OPEN, _Sign.END): Phase.EMPTY,
    (Phase.BEGUN, _Sign.DONE): Phase.DONE,
    (Phase.BEGUN, _Sign.END): Phase.ENDED,
    (Phase.DONE, _Sign.DONE): Phase.DONE,
    (Phase.DONE, _Sign.END): Phase.DONE,
}


class Stream:
    """One request, the events of its body, and the answer that they make. An async context manager, which closes it.

    `send` sends the request in a form, for `model` to the server at `url`, which has a `dialect`; `old` is what is to
    be seen until the answer is longer. All streams share a `gate`.
    """

    def __init__(
        self, send: Send, old: Draft, began: float, *, model: str, url: str, dialect: Dialect, gate: asyncio.Lock
    ) -> None:
        self.phase = Phase.ASKING
        self.answer = Answer(model, began, omits_opening_tag=dialect.omits_opening_tag)
        self.old = old
        self._request = Request(send, model=model, url=url, dialect=dialect)
        self._time = asyncio.get_running_loop().time
        self._timer = IdleTimer()
        self._has_choices = False
        self._ends_by = math.inf  # the loop's time
        self._events = EventDecoder()
        self._size = 0
        self._gate = gate
        self._allowance = 0  # bytes that may still be read before other tasks run
        self._told = old.length
        self._has_told_of_thoughts = bool(old.length)
        self._has_told_of_beginning_anew = False

    async def __aenter__(self) -> Self:
        await self._request.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._timer.close()
        await self._request.__aexit__(kind, error, traceback)

    async def open(self, backoff: Backoff, deadline: float) -> AsyncGenerator[Draft]:
        """Ask until the server agrees; yield what is to be seen in the pauses. Raises what `Request.open` does."""
        async with aclosing(self._request.open(self.old, backoff, deadline)) as news:
            async for draft in news:
                yield draft
        self._note(_Sign.AGREED)
        self._ends_by = self._time() + ANSWER_TIMEOUT

    def restart_reason(self, failure: Exception | None) -> Reason | None:
        """Why a stream is worth being started over; None where it is not, or where the answer is whole."""
        answer = self.answer
        if answer.has_final_word or answer.state.is_final or self.phase is Phase.ASKING or self.is_late:
            return None
        if isinstance(failure, TimeoutError):
            return Reason(Code.FELL_SILENT) if self.phase.has_begun and not answer.has_finished else None
        if failure is None:
            return None if self.phase is Phase.DONE or answer.has_finished else Reason(Code.CONNECTION_LOST)
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
        if answer.state is State.THINKING and not self._has_told_of_thoughts:
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
            idle_timeout = min(idle_timeout, COUNT_TIMEOUT)
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
        while not (is_alive or self.phase.is_over or self.answer.state.is_final):
            if self._allowance <= 0:
                await self._let_others_run()
                if self._time() >= deadline:
                    raise TimeoutError
            block = await self._timer.wait(self._request.read(), deadline)
            if not block:
                self._finish()
                return
            is_alive = self._read_block(block)
            self._allowance -= len(block) + FAIR_BYTES // FAIR_BLOCKS
        if not self.phase.has_begun:
            self._note(_Sign.LIFE)

    async def read_rest(self) -> None:
        """Read an answer's body to its end, if that is near: then its connection can be used again."""
        if not self.phase.is_over:
            return
        size = 0
        try:
            async with asyncio.timeout(REST_TIMEOUT):
                while size < FAIR_BYTES and (block := await self._request.read()):
                    size += len(block)
        except UNREADABLE as error:
            logger.debug("completion.unfinished error=%s", type(error).__name__)

    def _note(self, sign: _Sign) -> None:
        self.phase = _TRANSITIONS[self.phase, sign]

    def _read_block(self, block: bytes) -> bool:
        """Take what came next; whether there is a sign of life in it."""
        self._size += len(block)
        is_alive = False
        for data in self._events.feed(block):
            is_alive = self._take(data) or is_alive
            if self.phase.is_over or self.answer.state.is_final:
                return is_alive
        if not self._has_choices and self._request.is_foreign:
            self._check_address(block)
        return is_alive

    async def _let_others_run(self) -> None:
        """Give other tasks their turn, although nothing has to be waited for."""
        self._allowance = FAIR_BYTES
        if self._size > BODY_LIMIT:
            raise TooLongError(f"more than {BODY_LIMIT} bytes")
        async with self._gate:
            await asyncio.sleep(0)

    def _finish(self) -> None:
        """Note that the body has ended."""
        for data in self._events.finish():
            self._take(data)
        self._note(_Sign.END)
        if self._request.is_foreign and not self._has_choices:
            raise WrongAddressError

    def _take(self, data: bytes) -> bool:
        """Take an event's data; whether there is a sign of life in it."""
        if data[:1] != b"{":
            data = _strip(data)
            if data[:6].upper() == b"[DONE]":
                self._note(_Sign.DONE)
                return True
        if data.__class__ is ErrorData:
            raise ReportedError(read_anything(data))
        chunk = read_payload(data)
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
            self._note(_Sign.DONE)
        return is_alive

    def _check_address(self, block: bytes) -> None:
        """What is no stream of events, and has said nothing yet of completions: is it a page?"""
        if self._size > FOREIGN_LIMIT or (self._size == len(block) and block.lstrip()[:1] == b"<"):
            raise WrongAddressError


def _strip(data: bytes) -> bytes:
    return data if data.__class__ is ErrorData else data.strip()
