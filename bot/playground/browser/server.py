"""The server of the playground's page: on loopback, for whoever has the address that the terminal shows.

Laws:

- The address has a token. Who gives it gets a cookie; without one there is nothing but the files of the page, in which
  nothing is secret. By another name than loopback's, or for another site's page, there is nothing (`web.http.guard`).
- Each window acts as its person and no other: by the key that it was given when it was opened.
- All that a page runs or shows is loaded from here (`web.http.responses`).
"""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import hdrs, web

from bot.network.listening import answering, listen, serving
from bot.playground.browser.deeds import Deeds, NotPossibleError
from bot.playground.browser.feed import Feed
from bot.playground.browser.windows import NobodyLeftError, Windows
from bot.playground.slack.records import User
from bot.playground.slack.server import SlackServer
from bot.texts.web.words import Fault
from bot.web.http.bodies import let_wait, parse, read_body
from bot.web.http.files import Files
from bot.web.http.guard import Guard, own_names
from bot.web.http.refusals import RefusedError
from bot.web.http.responses import Handler, add_headers, refuse_unread, tell_refusals
from bot.web.http.sending import JSON, write_json
from bot.web.http.sessions import Sessions
from bot.web.page import FILES as ENGINE_FILES

HOST = "127.0.0.1"
FILES = Path(__file__).parent / "static"
OWN = ("page.css", "page.js", "wire.js", "panes.js", "messages.js", "composer.js", "forms.js")
SHARED = ("markdown.js", "stream.js", "icon.svg")  # files of the engine's page
LONGEST_DEED = 400_000  # bytes: 40,000 characters of a message, as JSON may have them


@asynccontextmanager
async def serving_page(slack: SlackServer, *, problem: str = "") -> AsyncIterator[str]:
    """Serve one stand-in's workspace within the block, which gets the address that a browser is to open.

    `problem` stands in the first window's composer to begin with.
    """
    with listen(HOST, 0) as listener:
        port = listener.getsockname()[1]
        guard = Guard(own_names(HOST, port), secrets.token_urlsafe(24))
        sessions = Sessions(guard, f"playground-{port}")  # browsers send the cookies of all ports
        feed = Feed(slack.workspace)
        app = _Page(slack, sessions, feed, problem).make_app()
        # What somebody does is done, though their window is gone before it is. The feed ends before the server does.
        async with serving(app, listener, refuse=refuse_unread, cancels_handlers=False), feed:
            yield f"http://{HOST}:{port}/?token={guard.token}"


class _Page:
    """The handlers."""

    def __init__(self, slack: SlackServer, sessions: Sessions, feed: Feed, problem: str) -> None:
        self._sessions = sessions
        self._feed = feed
        self._problem = problem
        self._windows = Windows(slack)
        self._deeds = Deeds(slack)
        self._page = (FILES / "page.html").read_bytes()
        folders = dict.fromkeys(OWN, FILES) | dict.fromkeys(SHARED, ENGINE_FILES)
        self._files = Files({f"/{name}": folder / name for name, folder in folders.items()})

    def make_app(self) -> web.Application:
        """All that the server answers."""
        app = web.Application(middlewares=[tell_refusals, self._watch], client_max_size=LONGEST_DEED)
        app.add_routes(self._files.routes())
        app.router.add_get("/", self._show, allow_head=False)
        app.router.add_get("/events", self._tell, allow_head=False)
        app.router.add_post("/windows", self._open, expect_handler=let_wait)
        app.router.add_post("/deeds", self._do, expect_handler=let_wait)
        app.on_response_prepare.append(add_headers)
        return app

    @web.middleware
    async def _watch(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a request pass, or refuse it."""
        with answering(request):
            is_page = request.path == "/" and request.method == hdrs.METH_GET
            self._sessions.guard.check_source(request.headers, is_page=is_page)
            if not (is_page or request.path in self._files or self._sessions.has(request)):
                raise RefusedError(Fault.UNAUTHORIZED)
            return await handler(request)

    async def _show(self, request: web.Request) -> web.Response:
        given = request.query.get("token")
        if given is not None:
            if not self._sessions.is_token(request, given):
                raise RefusedError(Fault.UNAUTHORIZED)
            return self._sessions.open(request)
        if not self._sessions.has(request):
            return web.Response(status=401, text="Open the address that the terminal shows.")
        return web.Response(body=self._page, content_type="text/html", charset="utf-8")

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
