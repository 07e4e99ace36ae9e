"""A stand-in for Slack on the loopback, which the real SDKs talk to without knowing.

    async with SlackServer(Workspace()) as server:
        client = AsyncWebClient(token=server.workspace.bot_token, base_url=server.url)

It listens, and it does what people do (`interaction.people`). What a call does is in `methods`, what people see in
`workspace`, what apps are told in `payloads`. Every waiting is on the running loop's clock.
"""

import ssl
from collections.abc import Callable, Iterable
from email.utils import formatdate
from types import TracebackType
from typing import Self

from aiohttp import web

from bot.playground.slack.arguments import RefusedError
from bot.playground.slack.distribution.oauth import OAuth
from bot.playground.slack.distribution.requests import Requests
from bot.playground.slack.interaction.deliveries import Deliveries
from bot.playground.slack.interaction.people import People
from bot.playground.slack.interaction.response_url import Source
from bot.playground.slack.records import Channel, User
from bot.playground.slack.socket_mode import SocketMode
from bot.playground.slack.web_api import WebApi
from bot.playground.slack.workspace import Workspace

SIGNING_SECRET = "playground-signing-secret"  # noqa: S105 - opens nothing
SHUTDOWN = 1.0  # seconds; for calls that are being answered when the server is left


class SlackServer(People):
    """Slack with one workspace and its people; listens, on any free port, inside `async with`.

    With `others` there are more workspaces that one app is installed in: `people` has those of each. Payloads go down
    the app's sockets, or to the address that `send_to` names.

    `latency`, in seconds, passes before each call of the Web API is carried out. With `tls` it speaks https and wss.
    `host` is what it calls itself in the addresses that it gives, where that is not the one that it listens on.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        latency: float = 0.0,
        tls: ssl.SSLContext | None = None,
        host: str = "",
        others: Iterable[Workspace] = (),
    ) -> None:
        self.sockets = SocketMode(workspace.app_id)  # takes faults of connections
        self.requests = Requests("", SIGNING_SECRET, workspace.clock)  # once `send_to` was called
        self._apis = {one.team_id: WebApi(one, self._issue_link, latency) for one in (workspace, *others)}
        self._api = self._apis[workspace.team_id]
        super().__init__(workspace, Deliveries(workspace, self.sockets), self._name_response_urls(workspace))
        self.people: dict[str, People] = {workspace.team_id: self}
        self._all_deliveries = [self._deliveries]
        for one in others:
            deliveries = Deliveries(one, self.sockets)
            self._all_deliveries.append(deliveries)
            self.people[one.team_id] = People(one, deliveries, self._name_response_urls(one))
        self.oauth = OAuth({team: people.workspace for team, people in self.people.items()}, workspace.now)
        self.url = ""  # base address of the Web API, once it listens
        self.port = 0  # the one on loopback, then
        self._address = ""
        self._tls = tls
        self._host = host
        self.link = ""  # the address for every connection, in place of its own
        app = web.Application()
        for path in ("/api/{method}", "/as/{process}/api/{method}"):
            app.router.add_post(path, self._call)
            app.router.add_get(path, self._call)
        app.router.add_post("/commands/{key}", self._respond)
        app.router.add_post("/actions/{key}", self._respond)
        app.router.add_get("/oauth/v2/authorize", self.oauth.authorize)
        app.router.add_get("/link", self.sockets.accept)
        app.on_shutdown.append(self._close_sockets)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._tls).start()
        host, self.port = self._runner.addresses[0]
        self._address = f"{self._host or host}:{self.port}"
        self.url = f"{self._scheme}://{self._address}/api/"
        for deliveries in self._all_deliveries:
            await deliveries.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            for deliveries in self._all_deliveries:
                await deliveries.__aexit__(kind, error, traceback)
        finally:
            await self.requests.close()
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

    def address_for(self, process: str) -> str:
        """The base address of the Web API for one process: its calls are recorded with its name."""
        return self.url.replace("/api/", f"/as/{process}/api/")

    def send_to(self, url: str, signing_secret: str = SIGNING_SECRET) -> None:
        """Send what people do to an address of the app's from now on, in place of its sockets."""
        self.requests.url, self.requests.signing_secret = url, signing_secret
        for deliveries in self._all_deliveries:
            deliveries.transport = self.requests

    async def _call(self, request: web.Request) -> web.StreamResponse:
        """Have a call answered by the workspace whose token it comes with; by the first where it is nobody's."""
        authorization = request.headers.get("Authorization", "")
        if request.match_info["method"] == "oauth.v2.access":
            try:
                done = self.oauth.exchange(authorization, {**await request.post()})
                # The same clock as that of events, which say when something has happened.
                return web.json_response(done, headers={"Date": formatdate(self.workspace.clock(), usegmt=True)})
            except RefusedError as refused:
                return web.json_response({"ok": False, "error": refused.code})
        token = authorization.partition(" ")[2]
        if not token and request.content_type == "application/x-www-form-urlencoded":
            token = str((await request.post()).get("token", ""))
        team = next((team for team, one in self.people.items() if one.workspace.bot_token == token), "")
        return await self._apis.get(team, self._api).call(request)

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        key = request.match_info["key"]
        whose = next((api for api in self._apis.values() if api.has_response_url(key)), None)
        if whose is None:
            raise web.HTTPNotFound(text="no_service")
        return await whose.respond(request)

    def _name_response_urls(self, workspace: Workspace) -> Callable[[Channel, User, Source], str]:
        def name(channel: Channel, user: User, source: Source) -> str:
            kind, api = "actions" if source else "commands", self._apis[workspace.team_id]
            return f"{self._scheme}://{self._address}/{kind}/{api.issue_response_url(channel.id, user.id, source)}"

        return name

    def _issue_link(self) -> str:
        return (
            self.link
            or f"{self._scheme.replace('http', 'ws')}://{self._address}/link?ticket={self.sockets.issue_ticket()}&app_id={self.workspace.app_id}"
        )

    async def _close_sockets(self, _app: web.Application) -> None:
        await self.sockets.close()
