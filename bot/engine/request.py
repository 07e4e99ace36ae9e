"""One request to a model's server: sent until the server agrees to answer, or refuses for good.

What is refused is sent again only if that can help: after a pause where the server may change its mind
(`bot.backoff`), at once where the request's form was refused (`protocol.dialect`); a lasting cause is told at once.
"""

import asyncio
import logging
import math
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Self

import aiohttp
import httpx2
import openai

from bot.backoff import Backoff
from bot.engine.diagnosis import BROKEN, diagnose, read_error
from bot.engine.draft import Draft
from bot.engine.protocol.dialect import MOST_REASKS, Dialect, Form
from bot.engine.protocol.provider_errors import Report, find_cause
from bot.engine.reasons import Code, Reason
from bot.engine.wire import READ
from bot.network.connection_failures import classify

logger = logging.getLogger(__name__)

Send = Callable[[Form], AbstractAsyncContextManager[httpx2.Response]]


class Request:
    """Sends a request with `send`, in a form that the server at `url` takes, for `model`.

    An async context manager, which closes the response.
    """

    def __init__(self, send: Send, *, model: str, url: str, dialect: Dialect) -> None:
        self.read: Callable[[], Awaitable[bytes]]  # the next block of the body, once there is one; an empty one ends it
        self.is_foreign = False  # whether the server says that the body is no stream of events
        self._send_in = send
        self._model = model
        self._url = url
        self._dialect = dialect
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            await self._stack.__aexit__(kind, error, traceback)
        except BROKEN as failure:
            logger.debug("completion.unclosed error=%s", type(failure).__name__)  # it was broken; nothing is left open

    async def open(self, old: Draft, backoff: Backoff, deadline: float) -> AsyncGenerator[Draft]:
        """Ask until the server agrees; yield in each pause why it is made, over `old`, and `old` again behind it.

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
                    await self._send(form)
            except (openai.APIError, httpx2.RequestError, aiohttp.ClientError) as error:
                report = read_error(error)
                other = form.without_what_is_refused(report) if report and reasks < MOST_REASKS else None
                if other:
                    form = other
                    reasks += 1
                    continue
                pause = _pause(error, report, backoff, deadline - _now())
                if pause is None:
                    raise
                logger.info("completion.wait status=%s pause=%.1f", report and report.status, pause)
                cause = diagnose(error, self._model, self._url)
            else:
                if form != self._dialect.form and reasks:
                    logger.info(
                        "completion.dialect options=%s stream=%s system=%s",
                        *(form.has_options, form.has_stream, form.has_system_role),
                    )
                    self._dialect.keep_to(form)
                return
            yield replace(old, reason=Reason(Code.RETRYING, {"cause": cause, "seconds": math.ceil(pause)}))
            await asyncio.sleep(pause)
            yield old

    async def _send(self, form: Form) -> None:
        """Send the request; what the server answers can then be read, in the blocks in which it comes."""
        response = await self._stack.enter_async_context(self._send_in(form))
        self.is_foreign = "event-stream" not in response.headers.get("content-type", "")
        if READ in response.extensions:
            self.read = response.extensions[READ]
            return
        blocks = await self._stack.enter_async_context(aclosing(response.aiter_bytes()))
        self.read = partial(anext, blocks, b"")


def _pause(error: Exception, report: Report | None, backoff: Backoff, left: float) -> float | None:
    """How many seconds to wait before the next try, of the `left` that there are; None if there is to be none."""
    connection = classify(error)
    if (report and find_cause(report)) or (connection and connection.is_lasting):
        return None  # no quota, say, comes with the status of too many requests
    response = error.response if isinstance(error, openai.APIStatusError) else None
    headers = response.headers if response else {}
    return backoff.pause(report.status if report else None, headers, left=left, wall=time.time())


def _now() -> float:
    return asyncio.get_running_loop().time()
