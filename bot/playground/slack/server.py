"""A stand-in for Slack on the loopback, which the real SDKs talk to without knowing.

    async with SlackServer(Workspace()) as server:
        client = AsyncWebClient(token=server.workspace.bot_token, base_url=server.url)

It listens, and it does what people do (`interaction.people`). What a call does is in `methods`, what people see in
`workspace`, what apps are told in `payloads`. Every waiting is on the running loop's clock.
"""

import ssl
from types import TracebackType
from typing import Self

from aiohttp import web

from bot.playground.slack.interaction.deliveries import Deliveries
from bot.playground.slack.interaction.people import People
from bot.playground.slack.interaction.response_url import Source
from bot.playground.slack.records import Channel, User
from bot.playground.slack.socket_mode import SocketMode
from bot.playground.slack.web_api import WebApi
from bot.playground.slack.workspace import Workspace

SHUTDOWN = 1.0  # seconds; for calls that are being answered when the server is left


class SlackServer(People):
    """Slack with one workspace and its people; listens, on any free port, inside `async with`.

    `latency`, in seconds, passes before each call of the Web API is carried out. With `tls` it speaks https and wss.
    `host` is what it calls itself in the addresses that it gives, where that is not the one that it listens on.
    """

    def __init__(
        self, workspace: Workspace, *, latency: float = 0.0, tls: ssl.SSLContext | None = None, host: str = ""
    ) -> None:
        self.sockets = SocketMode(workspace.app_id)  # takes faults of connections
        super().__init__(workspace, Deliveries(workspace, self.sockets), self._name_response_url)
        self.url = ""  # base address of the Web API, once it listens
        self.port = 0  # the one on loopback, then
        self._api = WebApi(workspace, self._issue_link, latency)
        self._address = ""
        self._tls = tls
        self._host = host
        self.link = ""  # the address for every connection, in place of its own
        app = web.Application()
        app.router.add_post("/api/{method}", self._api.call)
        app.router.add_get("/api/{method}", self._api.call)
        app.router.add_post("/commands/{key}", self._api.respond)
        app.router.add_post("/actions/{key}", self._api.respond)
        app.router.add_get("/link", self.sockets.accept)
        app.on_shutdown.append(self._close_sockets)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._tls).start()
        host, self.port = self._runner.addresses[0]
        self._address = f"{self._host or host}:{self.port}"
        self.url = f"{self._scheme}://{self._address}/api/"
        await self._deliveries.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            await self._deliveries.__aexit__(kind, error, traceback)
        finally:
            await self._runner.cleanup()

    @property
    def _scheme(self) -> str:
        return "https" if self._tls else "http"

    @property
    def connections(self) -> int:
        """How many Socket Mode connections are live."""
        return self.sockets.connections

    async def connected(self) -> None:
        """Return once a Socket Mode connection is live: hello was sent."""
        await self.sockets.connected()

    async def disconnect(self, reason: str = "refresh_requested", *, notice: float = 0.0) -> None:
        """Send every connection a `disconnect` message, then close it, `notice` seconds later."""
        await self.sockets.disconnect(reason, notice=notice)

    def _name_response_url(self, channel: Channel, user: User, source: Source) -> str:
        kind = "actions" if source else "commands"
        return f"{self._scheme}://{self._address}/{kind}/{self._api.issue_response_url(channel.id, user.id, source)}"

    def _issue_link(self) -> str:
        return (
            self.link
            or f"{self._scheme.replace('http', 'ws')}://{self._address}/link?ticket={self.sockets.issue_ticket()}&app_id={self.workspace.app_id}"
        )

    async def _close_sockets(self, _app: web.Application) -> None:
        await self.sockets.close()
