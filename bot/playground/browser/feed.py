"""What happens in the workspace, told to every window that listens: at most twenty times a second, and never a backlog.

While a window has not taken what was sent, newer states replace older ones; then it is sent what is newest. One that
was cut off says up to which revision it has seen everything, and goes on from there. Whoever begins to listen is sent
something at once, if only that there is nothing new: a window knows by it that it is answered.
"""

import asyncio
import secrets
from contextlib import suppress

from aiohttp import web

from bot.playground.browser.items import Items
from bot.playground.browser.revisions import Revisions
from bot.playground.slack.records import User
from bot.playground.slack.workspace import Workspace
from bot.web.http.sending import SSE, dump

FRAME = 0.05  # seconds; edits come some fifty times a minute
TICK = 1.0  # seconds; ages and the edits of the last minute change by themselves
HEARTBEAT = 15.0  # seconds; an answer to nobody is noticed by it


class Feed:
    """Looks at a workspace for as long as `run` runs, and answers windows from there."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._items = Items(workspace)
        self._revisions = Revisions()
        self._name = secrets.token_hex(4)  # of this process: another counts its own revisions
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Look at the workspace whenever it has changed, until cancelled."""
        while True:
            self._look()
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK):
                    await self._workspace.changed()
            await asyncio.sleep(FRAME)

    async def tell(self, request: web.Request, person: User, since: str) -> web.StreamResponse:
        """Answer a request with all that `person` sees, from a revision on, for as long as they listen."""
        name, _, number = since.partition("-")
        seen = int(number) if name == self._name and number.isdecimal() else 0
        response = web.StreamResponse(headers={"Content-Type": f"{SSE}; charset=utf-8", "X-Accel-Buffering": "no"})
        await response.prepare(request)
        self._look()
        with suppress(ConnectionError):  # the window is gone
            is_first = True
            while True:
                news = self._news
                changes = self._revisions.since(seen, person.id)
                if changes or is_first:
                    told = {
                        "revision": f"{self._name}-{self._revisions.number}",
                        "is_whole": not seen,
                        "items": changes,
                    }
                    await response.write(f"event: items\ndata: {dump(told)}\n\n".encode("utf-8", "replace"))
                seen, is_first = self._revisions.number, False
                await self._wait(news, response)
        return response

    async def _wait(self, news: asyncio.Event, response: web.StreamResponse) -> None:
        while not news.is_set():
            try:
                async with asyncio.timeout(HEARTBEAT):
                    await news.wait()
            except TimeoutError:
                await response.write(b":\n\n")

    def _look(self) -> None:
        if self._revisions.take(self._items.list(self._workspace.now())):
            self._news.set()
            self._news = asyncio.Event()
