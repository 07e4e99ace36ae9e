"""What happens in the workspace, told to every window that listens: at most twenty times a second, and never a backlog.

While a window has not taken what was sent, newer states replace older ones; then it is sent what is newest. One that
was cut off says up to which revision it has seen everything, and goes on from there. Whoever begins to listen is sent
something at once, if only that there is nothing new: a window knows by it that it is answered. A window that takes
nothing at all is cut off (`web.http.sending`).
"""

import asyncio
import secrets
from contextlib import suppress
from typing import Self

from aiohttp import web

from bot.playground.browser.items import Items
from bot.playground.browser.revisions import Revisions
from bot.playground.slack.records import User
from bot.playground.slack.workspace import Workspace
from bot.web.http.sending import SSE, make_stream, send, wait_for_news, write_event

FRAME = 0.05  # seconds; edits come some fifty times a minute
TICK = 1.0  # seconds; ages and the edits of the last minute change by themselves


class Feed:
    """Looks at a workspace inside `async with`, and answers windows from there; they are told when it is left."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._items = Items(workspace)
        self._revisions = Revisions()
        self._name = secrets.token_hex(4)  # of this process: another counts its own revisions
        self._news = asyncio.Event()
        self._is_over = False
        self._group = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        self._watching = self._group.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._is_over = True
        self._news.set()
        self._watching.cancel()
        await self._group.__aexit__(None, None, None)

    async def tell(self, request: web.Request, person: User, since: str) -> web.StreamResponse:
        """Answer a request with all that `person` sees, from a revision on, for as long as they listen."""
        name, _, digits = since.partition("-")
        seen = int(digits) if name == self._name and digits.isdecimal() else 0
        response = make_stream(SSE)
        self._look()
        with suppress(ConnectionError):  # the window is gone, or takes nothing
            await response.prepare(request)
            is_first = True
            while not self._is_over:
                # Before anything is awaited: what happens while this is sent is newer than it.
                news, number = self._news, self._revisions.number
                changes = self._revisions.since(seen, person.id)
                if changes or is_first:
                    told = {
                        "revision": f"{self._name}-{number}",
                        "is_whole": not seen,
                        "items": changes,
                    }
                    await send(request, response, write_event("items", told))
                seen, is_first = number, False
                await wait_for_news(request, response, news)
        return response

    async def _watch(self) -> None:
        """Look at the workspace whenever it has changed, until cancelled."""
        while True:
            self._look()
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK):
                    await self._workspace.changed()
            await asyncio.sleep(FRAME)

    def _look(self) -> None:
        if self._revisions.take(self._items.list(self._workspace.now())):
            self._news.set()
            self._news = asyncio.Event()
