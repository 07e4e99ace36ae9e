"""Where Slack's payloads come in, by what the settings say: sockets, HTTP, or both; and the pages for installs.

Laws:

- What listens over HTTP does so from the beginning, and says how the bot is; it takes nothing in before the database
  is open (or known to be out of reach), and nothing after the bot is to stop.
- Further pages, such as that of metrics, are handed in: what they tell is none of its business.
- The listeners are registered once, with `app`: they do not know which way a payload has come.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Self

import aiohttp
from aiohttp import web

from bot.errors import BotError, SlackError, StoreError, UnavailableError
from bot.network.listening import listen, serving
from bot.settings import Settings
from bot.slack.api import Slack, make_client
from bot.slack.http.events import PATH, Events
from bot.slack.http.health import LIVE, READY, Health
from bot.slack.http.installs import INSTALL, REDIRECT, Installs
from bot.slack.http.server import Handler, make_app, refuse_unread
from bot.slack.installation import Find, Installation
from bot.slack.wires.authorization import make_bolt
from bot.slack.wires.socket import Socket

if TYPE_CHECKING:
    from bot.durable.sharing.company import Company
    from bot.durable.store import Store

LOOK = 10.0  # seconds between two looks whether a socket is left

logger = logging.getLogger(__name__)


class Doors:
    """All of them; `pages` are further ones, by their paths. An async context manager.

    `clock` gives seconds since 1970.
    """

    def __init__(
        self,
        settings: Settings,
        session: aiohttp.ClientSession,
        *,
        pages: Mapping[str, Handler] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        api_url, proxies, language = settings.slack_api_url, settings.proxies, settings.bot_language
        self.app = make_bolt(self._find, api_url=api_url, session=session, proxies=proxies)
        self.port: int | None = None  # where it listens, once it does
        self._http = settings.http
        self._pages = pages or {}
        self._slack = Slack(make_client(None, api_url, session, proxies), proxies)
        self._socket: Socket | None = None
        if token := settings.slack_app_token:
            self._socket = Socket(
                self.app, app_token=token, api_url=api_url, session=session, proxies=proxies, language=language
            )
        self._is_helping = False  # it waits for a socket, and does what others hand over
        self._events: Events | None = None
        if self._http and self._http.signing_secret:
            self._events = Events(self.app, self._http.signing_secret, language, clock)
            self._events.close()  # until there is something to write it down in
        self._health = Health({"store": self._look_at_store, "slack": self._look_at_slack})
        self._installs: Installs | None = None
        self._look_up: Find | None = None
        self._store: Store | None = None
        self._closing = asyncio.Event()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        if self._http:
            listener = self._stack.enter_context(listen(self._http.host, self._http.port))
            self.port = listener.getsockname()[1]
            app = make_app(self._gets(), {PATH: self._events.receive} if self._events else {})
            # What a person waits for is carried out, though Slack has given it up.
            await self._stack.enter_async_context(serving(app, listener, refuse=refuse_unread, cancels_handlers=False))
            logger.info("http.start host=%s port=%d", self._http.host, self.port)
        if self._socket:
            await self._stack.enter_async_context(self._socket)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._stack.__aexit__(kind, error, traceback)

    async def prepare(self) -> None:
        """Ask Slack for what saves time later; whether that works is seen when it is needed."""
        if self._socket:
            try:
                await self._socket.prepare()
            except SlackError as error:
                logger.warning("socket.unprepared error=%s", error.code)  # it asks again when it connects

    def find_store(self, store: "Store", installs: Installs | None = None) -> None:
        """Look at this database when somebody asks how the bot is, and let people install it."""
        self._store, self._installs = store, installs

    async def serve(self, find: Find, company: "Company", on_open: Callable[[], None]) -> None:
        """Let in what is for where `find` finds the bot, until `close`; `on_open` is called when something may come.

        Slack lets an app have few sockets, so a process of many may wait until there is one for it: meanwhile it does
        what the others hand over.

        Raises:
            TokenRefusedError: Slack knows the token of the sockets no more.
        """
        self._look_up = find
        if self._events:
            self._events.open()
            on_open()
        elif not self._socket:
            on_open()
        if self._socket:
            while not await company.take_socket():
                if not self._is_helping:
                    logger.warning("socket.none_left: other processes have as many as there may be; it helps them")
                    self._is_helping = True
                    on_open()
                    on_open = _do_nothing
                await asyncio.sleep(LOOK)
            self._is_helping = False
            await self._socket.serve(on_open if not self._events else _do_nothing)
        await self._closing.wait()

    async def close(self) -> None:
        """Let nothing in any more; what came in is acknowledged, if that does not take long."""
        self._closing.set()
        self._health.stop()
        if self._events:
            self._events.close()
        if self._socket:
            await self._socket.close()

    def _gets(self) -> dict[str, Handler]:
        return {
            LIVE: self._health.tell_live,
            READY: self._health.tell_ready,
            INSTALL: self._begin_install,
            REDIRECT: self._end_install,
            **self._pages,
        }

    async def _begin_install(self, request: web.Request) -> web.Response:
        return await self._find_installs().begin(request)

    async def _end_install(self, request: web.Request) -> web.Response:
        return await self._find_installs().end(request)

    def _find_installs(self) -> Installs:
        if self._installs is None:
            raise web.HTTPNotFound  # it is one workspace's, or there is no database yet
        return self._installs

    async def _find(self, team_id: str, enterprise_id: str | None) -> Installation | None:
        if self._look_up is None:
            raise StoreError("The bot has just begun.")
        return await self._look_up(team_id, enterprise_id)

    async def reaches_slack(self) -> bool:
        """Whether Slack is within reach, whatever it says."""
        try:
            await self._greet_slack()
        except UnavailableError:
            return False
        return True

    async def _look_at_store(self) -> None:
        if self._store is None:
            raise StoreError("The bot has just begun.")
        await self._store.try_out()

    async def _look_at_slack(self) -> None:
        if self._socket and not (self._events or self._is_helping or self._socket.is_connected):
            raise NotConnectedError
        await self._greet_slack()

    async def _greet_slack(self) -> None:
        try:
            await self._slack.greet()
        except UnavailableError:
            raise
        except BotError:
            pass  # whatever it says, it is there


class NotConnectedError(BotError):
    """There is no socket: Slack can send nothing."""


def _do_nothing() -> None:
    pass
