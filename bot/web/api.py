"""The API: what is asked of it, and what it answers. Its form is in `events`, its description in `openapi`."""

import asyncio
from collections.abc import Iterator

from aiohttp import HttpVersion11, web

from bot.texts import choose
from bot.texts.web.words import Fault
from bot.web.asking import Asked, body_limit, read_asked
from bot.web.guard import find_party
from bot.web.openapi import describe_api
from bot.web.refusals import RefusedError
from bot.web.responses import LANGUAGE
from bot.web.run import Run
from bot.web.runs import Runs
from bot.web.stream import JSON, choose_form, tell, write_json

BODY_TIMEOUT = 10.0  # seconds in which a body has to come


class Api:
    """The handlers. `language` is the one in which the bot speaks, as settings have it."""

    def __init__(self, runs: Runs, language: str) -> None:
        self._runs = runs
        self._language = language
        self._limit = body_limit(runs.problem_limit)
        self._description = write_json(describe_api(runs.problem_limit))

    def routes(self) -> Iterator[web.RouteDef]:
        """What is asked where."""
        yield web.get("/openapi.json", self._describe)
        yield web.post("/v1/perspectives", self._ask, expect_handler=let_wait)
        yield web.get("/v1/perspectives/{id}", self._read, allow_head=False)
        yield web.post("/v1/perspectives/{id}/stop", self._stop, expect_handler=let_wait)
        yield web.post("/v1/perspectives/{id}/together", self._draw_together, expect_handler=let_wait)
        yield web.post("/v1/perspectives/{id}/{key}/deeper", self._go_deeper, expect_handler=let_wait)

    async def _describe(self, _: web.Request) -> web.Response:
        return web.Response(body=self._description, content_type=JSON)

    async def _ask(self, request: web.Request) -> web.StreamResponse:
        asked = await self._read_body(request, needs_problem=True)
        language = choose(asked.problem, asked.language or self._language)
        return await self._tell(
            request, self._runs.begin(asked.problem, language, _party(request), linger=asked.linger)
        )

    async def _read(self, request: web.Request) -> web.StreamResponse:
        return await self._tell(request, self._find(request))

    async def _stop(self, request: web.Request) -> web.Response:
        await self._read_body(request, needs_problem=False)
        self._runs.stop(self._find(request))
        return web.Response(status=204)

    async def _draw_together(self, request: web.Request) -> web.StreamResponse:
        asked = await self._read_body(request, needs_problem=False)
        root = self._find_root(request)
        return await self._tell(request, self._runs.draw_together(root, _party(request), linger=asked.linger))

    async def _go_deeper(self, request: web.Request) -> web.StreamResponse:
        asked = await self._read_body(request, needs_problem=False)
        root, key = self._find_root(request), request.match_info["key"]
        return await self._tell(
            request, self._runs.go_deeper(root, key, asked.added, _party(request), linger=asked.linger)
        )

    def _find(self, request: web.Request) -> Run:
        return self._runs.find(request.match_info["id"])

    def _find_root(self, request: web.Request) -> Run:
        """The run that is gone on with: of one that goes on with another itself, that one."""
        run = self._find(request)
        return run.root or run

    async def _tell(self, request: web.Request, run: Run) -> web.StreamResponse:
        with self._runs.reading(run) as news:
            return await tell(request, run, news, choose_form(",".join(request.headers.getall("Accept", ()))))

    async def _read_body(self, request: web.Request, *, needs_problem: bool) -> Asked:
        if request.content_type != JSON and (needs_problem or request.body_exists):
            raise RefusedError(Fault.NOT_DECLARED)
        body = await read_body(request, self._limit)
        asked = read_asked(body, needs_problem=needs_problem)
        if asked.language:
            request[LANGUAGE] = asked.language
        return asked


def _party(request: web.Request) -> str:
    return find_party(request.remote or "")


async def let_wait(_: web.Request) -> None:
    """Let who asks before sending a body wait: aiohttp would call for it before anybody has looked at the request."""


async def read_body(request: web.Request, limit: int) -> bytes:
    """Read the body of a request whose route has `let_wait`; `limit` in bytes is that of the application as well.

    Raises:
        RefusedError: it is too large, does not come, or is cut off.
    """
    if (request.content_length or 0) > limit:
        raise RefusedError(Fault.TOO_LARGE, limit=limit)
    try:
        async with asyncio.timeout(BODY_TIMEOUT):
            await _call_for_body(request)
            return await request.read()
    except TimeoutError:
        raise RefusedError(Fault.TOO_SLOW) from None
    except web.HTTPRequestEntityTooLarge:
        raise RefusedError(Fault.TOO_LARGE, limit=limit) from None
    except web.RequestPayloadError:  # its pieces, or what they are packed in, have no form
        raise RefusedError(Fault.NOT_JSON) from None


async def _call_for_body(request: web.Request) -> None:
    """Tell a client that waits for it that its body is wanted."""
    if request.headers.get("Expect", "").lower() == "100-continue" and request.version >= HttpVersion11:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # of the answer, which is still to come
