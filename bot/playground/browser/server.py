"""The server of the playground's page: on loopback, for whoever has the address that the terminal shows.

Laws:

- The address has a token. Who gives it gets a cookie; without one there is nothing but the files of the page, in which
  nothing is secret. By another name than loopback's, or for another site's page, there is nothing at all (`web.guard`).
- Each window acts as its person and no other: by the key that it was given when it was opened.
- All that a page runs or shows is loaded from here (`web.responses`).
"""

import asyncio
import secrets
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import hdrs, web

from bot.playground.browser.deeds import Deeds, NotPossibleError
from bot.playground.browser.feed import Feed
from bot.playground.browser.windows import NobodyLeftError, Windows
from bot.playground.slack.records import User
from bot.playground.slack.server import SlackServer
from bot.texts.web.words import Fault
from bot.web.http.bodies import let_wait, parse, read_body
from bot.web.http.guard import SESSION, Failures, Guard, find_party, own_names
from bot.web.http.refusals import RefusedError
from bot.web.http.responses import Handler, add_headers, tell_refusals
from bot.web.http.sending import JSON, write_json
from bot.web.page import FILES as ENGINE_FILES

HOST = "127.0.0.1"
FILES = Path(__file__).parent / "static"
SHARED = ("markdown.js", "stream.js", "icon.svg")  # files of the engine's page
OWN = ("page.html", "page.css", "page.js", "wire.js", "panes.js", "messages.js", "composer.js", "forms.js")
TYPES = {".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".svg": "image/svg+xml"}
LONGEST_DEED = 400_000  # bytes: 40,000 characters of a message, as JSON may have them
SHUTDOWN = 0.5  # seconds for what is being answered when the server is left


class PlaygroundServer:
    """Serves one stand-in's workspace inside `async with`; `address` is what a browser is to open.

    `problem` stands in the first window's composer to begin with.
    """

    def __init__(self, slack: SlackServer, *, problem: str = "", port: int = 0) -> None:
        self.address = ""
        self._port = port
        self._problem = problem
        self._windows = Windows(slack)
        self._deeds = Deeds(slack)
        self._feed = Feed(slack.workspace)
        self._failures = Failures()
        self._guard = Guard(frozenset(), secrets.token_urlsafe(24))
        self._cookie = ""
        folders = dict.fromkeys(OWN, FILES) | dict.fromkeys(SHARED, ENGINE_FILES)
        self._files = {name: (folder / name).read_bytes() for name, folder in folders.items()}
        app = web.Application(middlewares=[tell_refusals, self._watch], client_max_size=LONGEST_DEED)
        app.router.add_get("/", self._show, allow_head=False)
        app.router.add_get("/events", self._tell, allow_head=False)
        app.router.add_post("/windows", self._open, expect_handler=let_wait)
        app.router.add_post("/deeds", self._do, expect_handler=let_wait)
        for name in self._files.keys() - {"page.html"}:
            app.router.add_get(f"/{name}", self._send, allow_head=False)
        app.on_response_prepare.append(add_headers)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN)
        self._group = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, self._port).start()
        port = self._runner.addresses[0][1]
        self._guard = Guard(own_names(HOST, port), self._guard.token)
        self._cookie = f"playground-{port}"  # browsers send the cookies of all ports
        self.address = f"http://{HOST}:{port}/?token={self._guard.token}"
        await self._group.__aenter__()
        self._task = self._group.create_task(self._feed.run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._task.cancel()
        try:
            await self._group.__aexit__(None, None, None)
        finally:
            await self._runner.cleanup()

    @web.middleware
    async def _watch(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a request pass, or refuse it."""
        is_page = request.path == "/" and request.method == hdrs.METH_GET
        self._guard.check_source(request.headers, is_page=is_page)
        is_file = request.path[1:] in self._files
        if not (is_page or is_file or self._guard.is_session(request.cookies.get(self._cookie, ""), time.time())):
            raise RefusedError(Fault.UNAUTHORIZED)
        return await handler(request)

    async def _show(self, request: web.Request) -> web.Response:
        given = request.query.get("token")
        if given is not None:
            return self._sign_in(find_party(request.remote or ""), given)
        if not self._guard.is_session(request.cookies.get(self._cookie, ""), time.time()):
            return web.Response(status=401, text="Open the address that the terminal shows.")
        return web.Response(body=self._files["page.html"], content_type="text/html", charset="utf-8")

    def _sign_in(self, party: str, given: str) -> web.Response:
        now = asyncio.get_running_loop().time()
        self._failures.check(party, now)
        if not self._guard.is_token(given):
            self._failures.note(party, now)
            raise RefusedError(Fault.UNAUTHORIZED)
        response = web.Response(status=303, headers={"Location": "/"})
        session = self._guard.make_session(time.time())
        response.set_cookie(self._cookie, session, max_age=int(SESSION), httponly=True, samesite="Strict")
        return response

    async def _send(self, request: web.Request) -> web.Response:
        name = request.path[1:]
        return web.Response(body=self._files[name], content_type=TYPES[Path(name).suffix], charset="utf-8")

    async def _open(self, request: web.Request) -> web.Response:
        """Answer with who sits before a window: as before, if it is known, or somebody who has none."""
        key = str((await _read(request)).get("window", ""))
        problem = ""
        if self._windows.find(key) is None:
            try:
                key = self._windows.open()
            except NobodyLeftError:
                raise RefusedError(Fault.CROWDED) from None
            problem, self._problem = self._problem, ""
        told = {"window": key, "person": self._find_person(key).id, "problem": problem}
        return web.Response(body=write_json(told), content_type=JSON)

    async def _tell(self, request: web.Request) -> web.StreamResponse:
        person = self._find_person(request.query.get("window", ""))
        return await self._feed.tell(request, person, request.query.get("since", ""))

    async def _do(self, request: web.Request) -> web.Response:
        deed = await _read(request)
        person = self._find_person(str(deed.get("window", "")))
        try:
            await self._deeds.do(person, deed)
        except NotPossibleError as error:
            told = {"error": {"code": "not_possible", "words": str(error)}}
            return web.Response(body=write_json(told), status=409, content_type=JSON)
        return web.Response(status=204)

    def _find_person(self, key: str) -> User:
        person = self._windows.find(key)
        if person is None:
            raise RefusedError(Fault.NOT_FOUND)
        return person


async def _read(request: web.Request) -> dict[str, Any]:
    if request.content_type != JSON:
        raise RefusedError(Fault.NOT_DECLARED)
    body = parse(await read_body(request, LONGEST_DEED))
    if not isinstance(body, dict):
        raise RefusedError(Fault.NOT_JSON)
    return body
