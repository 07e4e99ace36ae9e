"""How the app is told: of events again until it acknowledges, of everything else once, and people see if that fails."""

import asyncio
from types import TracebackType
from typing import Any, Self

from bot.playground.slack.distribution.requests import Requests
from bot.playground.slack.interaction.payloads import describe_direct_change
from bot.playground.slack.payloads import describe_event
from bot.playground.slack.records import User, Warned
from bot.playground.slack.socket_mode import Acknowledgement, SocketMode
from bot.playground.slack.workspace import Workspace

PATIENCE = 3.0  # seconds; for an acknowledgement, documented
REDELIVERY = (0.0, 60.0, 300.0)  # seconds before each further delivery of an event; documented


class Deliveries:
    """What is told to the app of one workspace, by sockets or requests; what is under way ends with `async with`."""

    def __init__(self, workspace: Workspace, transport: SocketMode | Requests) -> None:
        self._workspace = workspace
        self.transport = transport
        self._group = asyncio.TaskGroup()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        self._start(self._tell_of_direct_messages())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        # The group is not told of `error`, which it would wrap: it has only its own tasks to wait for.
        await self._group.__aexit__(None, None, None)

    def start(self, event: dict[str, Any]) -> None:
        """Tell of an event while the caller goes on."""
        self._start(self.event(event))

    async def event(self, event: dict[str, Any], event_id: str | None = None) -> float | None:
        """Tell of an event; returns the seconds that the delivery took which was acknowledged, or None."""
        body = describe_event(self._workspace, event, event_id)
        for attempt, pause in enumerate((0.0, *REDELIVERY)):
            await asyncio.sleep(pause)
            acknowledged = await self.transport.deliver(
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

    async def command(self, payload: dict[str, Any]) -> Acknowledgement | None:
        """Tell of a slash command; returns what the app answered, or None."""
        return await self.transport.deliver("slash_commands", payload, within=PATIENCE, accepts_response_payload=True)

    async def interaction(
        self, payload: dict[str, Any], person: User, *, takes_answer: bool = False, is_watched: bool = True
    ) -> Acknowledgement | None:
        """Tell of what somebody did with something on their screen; returns what the app answered, or None.

        They are warned when it does not, unless nothing `is_watched` any more, and when it says more than it may.
        """
        acknowledged = await self.transport.deliver(
            "interactive", payload, within=PATIENCE, accepts_response_payload=takes_answer
        )
        if is_watched and acknowledged is None:
            self.warn(person, payload["type"], "operation_timeout")
        elif acknowledged and acknowledged.payload and not takes_answer:
            self.warn(person, payload["type"], "invalid_response", "it takes no answer")
        return acknowledged

    def warn(self, person: User, kind: str, code: str, reason: str = "") -> None:
        """Tell somebody that the app has not taken what they did."""
        self._workspace.keep(Warned(self._workspace.now(), person.id, kind, code, reason))

    async def _tell_of_direct_messages(self) -> None:
        workspace = self._workspace
        while True:
            change = await workspace.direct_changes.get()
            if "message.im" in workspace.events and "im:history" in workspace.scopes:
                self.start(describe_direct_change(workspace, change))

    def _start(self, work: Any) -> None:
        task = self._group.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
