"""The API: what is asked of it, and what it answers. Its form is in `events`, its description in `openapi`."""

from collections.abc import Iterator

from aiohttp import web

from bot.texts import choose
from bot.texts.web.words import Fault
from bot.web.asking import Asked, body_limit, read_asked
from bot.web.http.bodies import let_wait, read_body
from bot.web.http.guard import find_party
from bot.web.http.refusals import RefusedError
from bot.web.http.responses import LANGUAGE
from bot.web.http.sending import JSON, write_json
from bot.web.openapi import describe_api
from bot.web.run import Run
from bot.web.runs import Runs
from bot.web.stream import choose_form, tell


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
