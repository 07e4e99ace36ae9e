"""A stand-in for Slack on the loopback, which the real SDKs talk to without knowing.

    async with SlackServer(Workspace()) as server:
        client = AsyncWebClient(token=server.workspace.bot_token, base_url=server.url)

It listens, and it does what people do: commands and mentions. What a call does is in `methods`, what people see in
`workspace`, what apps are told in `payloads`. Every waiting is on the running loop's clock.
"""

import asyncio
import ssl
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from bot.playground.slack.arguments import RefusedError
from bot.playground.slack.interaction.response_url import answer
from bot.playground.slack.payloads import describe_command, describe_event, describe_mention, escape
from bot.playground.slack.socket_mode import SocketMode
from bot.playground.slack.web_api import WebApi
from bot.playground.slack.workspace import SLACKBOT, Channel, User, Workspace

PATIENCE = 3.0  # seconds; for an acknowledgement, documented
REDELIVERY = (0.0, 60.0, 300.0)  # seconds before each further delivery of an event; documented
SHUTDOWN = 1.0  # seconds; for calls that are being answered when the server is left


class SlackServer:
    """Slack with one workspace; listens, on any free port, inside `async with`.

    `latency`, in seconds, passes before each call of the Web API is carried out. With `tls` it speaks https and wss.
    `host` is what it calls itself in the addresses that it gives, where that is not the one that it listens on.
    """

    def __init__(
        self, workspace: Workspace, *, latency: float = 0.0, tls: ssl.SSLContext | None = None, host: str = ""
    ) -> None:
        self.workspace = workspace
        self.url = ""  # base address of the Web API, once it listens
        self.port = 0  # the one on loopback, then
        self.sockets = SocketMode(workspace.app_id)  # takes faults of connections
        self._api = WebApi(workspace, self._issue_link, latency)
        self._address = ""
        self._tls = tls
        self._host = host
        self.link = ""  # the address for every connection, in place of its own
        app = web.Application()
        app.router.add_post("/api/{method}", self._api.call)
        app.router.add_get("/api/{method}", self._api.call)
        app.router.add_post("/commands/{key}", self._api.respond)
        app.router.add_get("/link", self.sockets.accept)
        app.on_shutdown.append(self._close_sockets)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN)
        self._group = asyncio.TaskGroup()
        self._deliveries: set[asyncio.Task[float | None]] = set()

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._tls).start()
        host, self.port = self._runner.addresses[0]
        self._address = f"{self._host or host}:{self.port}"
        self.url = f"{self._scheme}://{self._address}/api/"
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for task in self._deliveries:
            task.cancel()
        try:
            # The group is not told of `error`, which it would wrap: it has only its own tasks to wait for.
            await self._group.__aexit__(None, None, None)
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

    async def command(
        self, text: str, *, command: str = "/perspectives", user: str = "ada", channel: str = "general"
    ) -> float | None:
        """Type a slash command, as a person (name or id) in a channel (name or id).

        Returns the seconds until the app acknowledged it, or None when it did not in time, or has no commands; the
        person then gets Slack's whisper about it.

        Raises:
            ValueError: the person is not in the channel.
        """
        workspace = self.workspace
        sender, place = self._find_place(user, channel)
        if "commands" not in workspace.scopes:
            workspace.whisper(place.id, sender.id, f"{command} is not a valid command.", sender=SLACKBOT)
            return None
        key = self._api.issue_response_url(place.id, sender.id)
        payload = describe_command(
            workspace,
            command=command,
            text=text,
            user=sender,
            channel=place,
            response_url=f"{self._scheme}://{self._address}/commands/{key}",
        )
        acknowledged = await self.sockets.deliver(
            "slash_commands", payload, within=PATIENCE, accepts_response_payload=True
        )
        problem = "" if acknowledged else "operation_timeout"
        if acknowledged and acknowledged.payload:
            try:
                answer(workspace, place.id, sender.id, acknowledged.payload)
            except RefusedError as refused:
                problem = refused.code
        if problem:
            words = f'{command} failed with the error "{problem}"'
            workspace.whisper(place.id, sender.id, words, sender=SLACKBOT)
        return acknowledged.seconds if acknowledged else None

    async def mention(
        self,
        text: str,
        *,
        user: str = "ada",
        channel: str = "general",
        thread_ts: str | None = None,
        edited: bool = False,
    ) -> str:
        """Post a person's message that mentions the bot, and return its ts.

        Slack tells the app, again and again until it acknowledges, while the caller goes on; where the bot is no
        member, or may not read mentions, it tells nothing. With `edited`, it is the edit of a message.

        Raises:
            ValueError: the person is not in the channel, or `thread_ts` names no message there.
        """
        workspace = self.workspace
        sender, place = self._find_place(user, channel)
        if thread_ts is not None and workspace.find(place.id, thread_ts) is None:
            raise ValueError(f"no message {thread_ts} in {channel}")
        words = f"<@{workspace.bot.id}> {escape(workspace, text, with_labels=False)}"
        message = workspace.post(place.id, sender.id, words, thread_ts=thread_ts)
        if edited:
            workspace.edit(message, words, [])
        if workspace.bot.id in place.members and "app_mentions:read" in workspace.scopes:
            task = self._group.create_task(self.event(describe_mention(workspace, message)))
            self._deliveries.add(task)
            task.add_done_callback(self._deliveries.discard)
        return message.ts

    async def event(self, event: dict[str, Any], *, event_id: str | None = None) -> float | None:
        """Tell the app of any event, again until it acknowledges.

        Returns the seconds from the delivery that was acknowledged until it was, or None when none was.
        """
        body = describe_event(self.workspace, event, event_id)
        for attempt, pause in enumerate((0.0, *REDELIVERY)):
            await asyncio.sleep(pause)
            acknowledged = await self.sockets.deliver(
                "events_api",
                body,
                within=PATIENCE,
                accepts_response_payload=False,
                retry_attempt=attempt,
                retry_reason="timeout" if attempt else "",
            )
            if acknowledged:
                return acknowledged.seconds
        return None

    def _find_place(self, user: str, channel: str) -> tuple[User, Channel]:
        sender, place = self.workspace.user(user), self.workspace.channel(channel)
        if sender.id not in place.members:
            raise ValueError(f"{user} is not in {channel}")
        return sender, place

    def _issue_link(self) -> str:
        return (
            self.link
            or f"{self._scheme.replace('http', 'ws')}://{self._address}/link?ticket={self.sockets.issue_ticket()}&app_id={self.workspace.app_id}"
        )

    async def _close_sockets(self, _app: web.Application) -> None:
        await self.sockets.close()
