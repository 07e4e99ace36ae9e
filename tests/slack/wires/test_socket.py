import asyncio
import logging
import math
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest

from bot.backoff import CONNECTION_PAUSES
from bot.errors import TokenRefusedError, UnavailableError
from bot.playground.slack.fault import Fault
from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import Workspace
from bot.slack.wires.envelopes import MOST_AT_ONCE, MOST_WAITING
from bot.slack.wires.session import make_session
from bot.slack.wires.socket import CLOSE_TIMEOUT, CONNECT_TIMEOUT, HEARTBEAT, OVERLAP, Socket
from tests.support.installed import FIND
from tests.support.sockets import make_socket
from tests.support.world import shown

OPEN = "apps.connections.open"
WITHIN = 15.0  # seconds until the bot is back, once Slack is
EVER = 1_000_000  # times
SILENCE = HEARTBEAT * 1.5 + 1.0  # seconds until a half-open connection is found; aiohttp rounds up

Act = Callable[[SlackServer], object]


@dataclass(slots=True)
class World:
    """A connection that is kept, and Slack."""

    server: SlackServer
    socket: Socket
    serving: asyncio.Task[None]
    seen: list[str] = field(default_factory=list)  # the texts of the commands that came in
    acknowledge_after: float = 0.0  # seconds
    greetings: int = 0

    @property
    def requests(self) -> list[float]:
        """When Slack was asked for a connection."""
        return [call.at for call in self.server.workspace.calls if call.method == OPEN]

    async def works(self) -> bool:
        """Whether a command is acknowledged."""
        return await self.server.command("why?") is not None

    async def until_back(self) -> float:
        """Wait for a live connection, and return how many seconds that took."""
        started = now()
        await self.server.connected()
        return now() - started


def now() -> float:
    """The running loop's time."""
    return asyncio.get_running_loop().time()


def most(times: list[float], seconds: float) -> int:
    """How many there are in any `seconds`, at the most."""
    return max(sum(start <= time < start + seconds - 1e-6 for time in times) for start in times)


@asynccontextmanager
async def serving(*, is_prepared: bool = True, before: Act = lambda _: None) -> AsyncIterator[World]:
    """Keep connected until the block is left, and see that nothing is left over; `before` comes before all."""
    others = asyncio.all_tasks()
    async with SlackServer(Workspace()) as server, make_session() as session:
        before(server)
        async with make_socket(server, session, FIND) as socket:

            async def listen(ack: Any, command: dict[str, Any]) -> None:
                world.seen.append(command["text"])
                await asyncio.sleep(world.acknowledge_after)
                await ack()

            def greet() -> None:
                world.greetings += 1

            socket.app.command("/perspectives")(listen)
            if is_prepared:
                await socket.prepare()
            world = World(server, socket, asyncio.create_task(socket.serve(greet)))
            try:
                yield world
            finally:
                await socket.close()
                closed = now()
                await asyncio.wait([world.serving])
                assert now() == closed
        assert not [task for task in asyncio.all_tasks() - others if "slack/socket.py" in repr(task)]


@asynccontextmanager
async def steady() -> AsyncIterator[World]:
    """A connection that has held for a minute."""
    async with serving() as world:
        await world.server.connected()
        await asyncio.sleep(60)
        assert await world.works()
        yield world


@pytest.fixture(autouse=True)
def events(caplog: pytest.LogCaptureFixture) -> Any:
    """The bot's log, in which no test may leave a ticket, an address, a token or a problem."""
    caplog.set_level(logging.DEBUG, logger="bot")
    yield caplog
    told = "\n".join([record.getMessage() + (record.exc_text or "") for record in caplog.records])
    for secret in ("ticket", "://", Workspace.app_token, Workspace.bot_token, "why?"):
        assert secret not in told


def told(events: pytest.LogCaptureFixture) -> list[str]:
    """What the log says of the connection."""
    names = {"bot.slack.wires.socket", "bot.slack.wires.envelopes"}
    return [record.getMessage() for record in events.records if record.name in names]


async def test_connected_it_takes_commands(events: pytest.LogCaptureFixture) -> None:
    """With the ticket that was asked for before, and told by one line."""
    async with serving() as world:
        assert await world.until_back() < 0.1
        assert await world.works()
        assert (world.seen, world.greetings, len(world.requests)) == (["why?"], 1, 1)
    assert told(events) == ["socket.connected connections=1"]


async def test_a_quiet_connection_is_left_alone() -> None:
    """For hours, if Slack wants nothing."""
    async with serving() as world:
        await asyncio.sleep(4 * 3600)
        assert await world.works()
        assert len(world.requests) == 1


async def test_a_ticket_that_has_waited_too_long_is_not_used() -> None:
    """Slack may have forgotten it."""
    async with SlackServer(Workspace()) as server, make_session() as session:
        async with make_socket(server, session, FIND) as socket:
            await socket.prepare()
            await asyncio.sleep(29.0)
            serving = asyncio.create_task(socket.serve())
            await server.connected()
        await serving
        assert [call.method for call in server.workspace.calls] == [OPEN, OPEN]


async def test_preparing_is_bounded() -> None:
    """Slack that does not answer holds nothing up for long."""
    async with SlackServer(Workspace()) as server, make_session() as session:
        server.workspace.faults.append(Fault(OPEN, delay=60.0, breaks=True))
        socket = make_socket(server, session, FIND)
        started = now()
        with pytest.raises(UnavailableError):
            await socket.prepare()
        assert now() - started == pytest.approx(CONNECT_TIMEOUT)


async def test_after_a_failed_preparation_it_asks_again_a_second_later() -> None:
    """However quick the failure was: nobody asks twice in a second."""
    async with serving(is_prepared=False) as world:
        with pytest.raises(UnavailableError):
            world.server.workspace.faults.append(Fault(OPEN, error="internal_error"))
            await world.socket.prepare()
        await world.server.connected()
        assert most(world.requests, 1.0) == 1


def fail(**how: Any) -> tuple[Act, Act]:
    """Slack gives no tickets."""

    def begin(server: SlackServer) -> None:
        server.workspace.faults.append(Fault(OPEN, times=EVER, **how))

    return begin, lambda server: server.workspace.faults.clear()


def switch(name: str) -> tuple[Act, Act]:
    """Slack's sockets are not well."""
    return lambda server: setattr(server.sockets, name, True), lambda server: setattr(server.sockets, name, False)


def dismiss(reason: str) -> tuple[Act, Act]:
    """Slack says hello and goodbye."""

    def begin(server: SlackServer) -> None:
        server.sockets.dismissals = [reason] * EVER

    return begin, lambda server: server.sockets.dismissals.clear()


OUTAGES = {
    "dead tickets": switch("refuses_tickets"),
    "upgrades without an answer": switch("is_stuck"),
    "no hello": switch("is_mute"),
    "too many connections": dismiss("too_many_websockets"),
    "switched off": dismiss("link_disabled"),
    "http 500": fail(http_status=500),
    "http 503": fail(http_status=503),
    "html": fail(page=True),
    "no answer": fail(delay=60.0, breaks=True),
    "broken connections": fail(breaks=True),
    "internal_error": fail(error="internal_error"),
    "an error that nobody knows": fail(error="the_moon_is_full"),
    "a slow answer, too late": fail(delay=20.0),
}


@pytest.mark.parametrize("seconds", [3.0, 61.9, 600.4])
@pytest.mark.parametrize("outage", OUTAGES)
@pytest.mark.heavy
async def test_back_soon_after_slack_is(outage: str, seconds: float) -> None:
    """Whatever was wrong, however long; and Slack was not besieged meanwhile."""
    begin, end = OUTAGES[outage]
    async with steady() as world:
        begin(world.server)
        world.server.sockets.cut()
        await asyncio.sleep(seconds)
        assert not world.server.connections
        end(world.server)
        assert await world.until_back() <= WITHIN
        assert await world.works()
        assert most(world.requests, 1.0) == 1
        assert most(world.requests, 10.0) <= 5
        assert world.greetings == 1


@pytest.mark.parametrize("outage", ["upgrades without an answer", "no hello", "no answer"])
async def test_back_soon_at_the_worst_moment(outage: str) -> None:
    """Slack comes back when an attempt has just got stuck, and the longest pause is still to come."""
    begin, end = OUTAGES[outage]
    async with steady() as world:
        begin(world.server)
        world.server.sockets.cut()
        await asyncio.sleep(64.1)  # attempts begin at 0, 7, 15, 25, 38, 51, 64 s
        end(world.server)
        assert CONNECT_TIMEOUT + CONNECTION_PAUSES[-1] - 0.3 < await world.until_back() <= WITHIN


@pytest.mark.parametrize("outage", OUTAGES)
async def test_slack_out_of_reach_at_the_start_is_no_reason_to_end(
    outage: str, events: pytest.LogCaptureFixture
) -> None:
    """It tries on, says so, and starts when Slack is there."""
    begin, end = OUTAGES[outage]
    async with serving(is_prepared=False, before=begin) as world:
        await asyncio.sleep(90)
        assert not world.server.connections
        assert any(re.match(r"socket\.(unavailable error=\w+ pause=7|lost reason=\w+)", line) for line in told(events))
        end(world.server)
        assert await world.until_back() <= WITHIN
        assert await world.works()
        assert world.greetings == 1


async def test_pauses_grow_and_are_told(events: pytest.LogCaptureFixture) -> None:
    """One, two, four, seven seconds, and seven again; once per event."""
    async with steady() as world:
        world.server.sockets.refuses_tickets = True
        world.server.sockets.cut()
        started = now()
        await asyncio.sleep(29)
        assert [time - started for time in world.requests[1:]] == pytest.approx([0, 1, 3, 7, 14, 21, 28], abs=0.1)
    assert told(events)[:3] == [
        "socket.connected connections=1",
        "socket.lost reason=broken",
        "socket.unavailable error=upgrade_403 pause=1",
    ]


async def test_a_connection_that_has_held_makes_pauses_short_again() -> None:
    """Each trouble begins with a second."""
    async with steady() as world:
        for _ in range(2):
            world.server.sockets.refuses_tickets = True
            world.server.sockets.cut()
            await asyncio.sleep(10)
            world.server.sockets.refuses_tickets = False
            await world.server.connected()
            await asyncio.sleep(60)
        waits = [later - sooner for sooner, later in pairwise(world.requests[-5:])]
        assert waits == pytest.approx([1, 2, 4, 7], abs=0.1)


async def test_bounced_connections_do_not_make_it_spin(events: pytest.LogCaptureFixture) -> None:
    """Each is told, and no more than five requests are made in ten seconds."""
    async with serving(before=dismiss("too_many_websockets")[0]) as world:
        await asyncio.sleep(60)
        assert most(world.requests, 10.0) == 4
        assert world.requests[-1] - world.requests[-2] == pytest.approx(CONNECTION_PAUSES[-1], abs=0.1)
        assert len(world.requests) == len(world.server.sockets.accepted)
    assert told(events)[:2] == ["socket.connected connections=1", "socket.lost reason=too_many_websockets"]


async def test_socket_mode_switched_off_is_told_in_words(events: pytest.LogCaptureFixture) -> None:
    """Whoever runs the bot can switch it on again."""
    async with steady() as world:
        await world.server.disconnect("link_disabled")
        assert await world.until_back() < 1.0
    (warning,) = [record for record in events.records if "link_disabled" in record.getMessage()]
    assert warning.levelno == logging.WARNING
    assert warning.getMessage().endswith("Socket Mode is switched off in the app's settings.")


async def bow_out(server: SlackServer) -> None:
    """Slack closes its connections, and has not said that it would."""
    for line in list(server.sockets._lines):
        await line.close(code=1001)


ENDS: dict[str, tuple[Callable[[SlackServer], Any], str]] = {
    "no goodbye": (lambda server: server.sockets.cut(), "broken"),
    "a reset": (lambda server: server.sockets.cut(reset=True), "broken"),
    "a close": (bow_out, "closed_1001"),
}


@pytest.mark.parametrize("end", ENDS)
async def test_a_lost_connection_that_has_held_is_made_again_at_once(
    end: str, events: pytest.LogCaptureFixture
) -> None:
    """However it ended."""
    act, reason = ENDS[end]
    async with steady() as world:
        if ending := act(world.server):
            await ending
        assert await world.until_back() < 0.1
        assert await world.works()
    assert f"socket.lost reason={reason}" in told(events)


async def test_a_connection_that_is_lost_early_is_waited_for() -> None:
    """It may be the connection that is not well."""
    async with serving() as world:
        await world.server.connected()
        await asyncio.sleep(29)
        world.server.sockets.cut()
        assert await world.until_back() == pytest.approx(1.0, abs=0.1)


async def test_a_connection_that_has_gone_silent_is_found_out(events: pytest.LogCaptureFixture) -> None:
    """It is half open: nothing comes, no ping is answered, nobody closes it."""
    async with steady() as world:
        world.server.sockets.freeze()
        assert await world.until_back() <= SILENCE
        assert await world.works()
    assert "socket.lost reason=silent" in told(events)


async def test_a_refresh_is_one_new_connection_and_no_gap(events: pytest.LogCaptureFixture) -> None:
    """The new one stands before the old one is left; what comes meanwhile is acknowledged."""
    async with steady() as world, asyncio.TaskGroup() as group:
        world.acknowledge_after = 0.1
        group.create_task(world.server.disconnect("warning", notice=10.0))
        answers = [group.create_task(world.works()) for _ in range(4)]
        await asyncio.wait(answers)
        assert all(answer.result() for answer in answers)
        await asyncio.sleep(OVERLAP + 1)
        assert (len(world.requests), len(world.server.sockets.accepted), world.server.connections) == (2, 2, 1)
        assert world.server.sockets.close_codes == [1000]
        assert world.greetings == 1
    assert told(events) == [
        "socket.connected connections=1",
        "socket.lost reason=warning",
        "socket.connected connections=2",
    ]
    assert {record.levelno for record in events.records if record.name == "bot.slack.wires.socket"} == {logging.INFO}


async def test_a_connection_that_is_to_end_is_used_until_there_is_another() -> None:
    """Slack gives some notice, and no new connection yet."""
    async with steady() as world, asyncio.TaskGroup() as group:
        world.server.sockets.refuses_tickets = True
        group.create_task(world.server.disconnect("warning", notice=10.0))
        await asyncio.sleep(5)
        assert await world.works()
        world.server.sockets.refuses_tickets = False
        await asyncio.sleep(10)
        assert world.server.connections == 1
        assert await world.works()


@pytest.mark.parametrize("seconds", [7, 45])
async def test_being_told_when_to_come_again_is_honoured(seconds: int) -> None:
    """No request before that, and one soon after."""
    async with steady() as world:
        world.server.workspace.faults.append(Fault(OPEN, error="ratelimited", retry_after=seconds))
        world.server.sockets.cut()
        assert seconds <= await world.until_back() < seconds + 1
        assert len(world.requests) == 3


@pytest.mark.parametrize("code", ["invalid_auth", "account_inactive", "token_revoked"])
async def test_a_token_that_slack_knows_no_more_ends_it(code: str) -> None:
    """With the error itself, in no group."""
    async with steady() as world:
        world.server.workspace.faults.append(Fault(OPEN, error=code))
        world.server.sockets.cut()
        with pytest.raises(TokenRefusedError, match=code):
            await world.serving


async def test_closing_is_polite() -> None:
    """Slack sees a close, and `serve` returns."""
    async with steady() as world:
        await world.socket.close()
        await world.serving
        assert world.server.connections == 0
        assert world.server.sockets.close_codes == [1000]


async def test_cancelling_is_polite_too() -> None:
    """Whoever owns `serve` may be in trouble; Slack sees a close all the same."""
    async with steady() as world:
        world.serving.cancel()
        await asyncio.wait([world.serving])
        assert world.serving.cancelled()
        assert world.server.sockets.close_codes == [1000]


async def test_closing_waits_for_an_acknowledgement_under_way() -> None:
    """And takes nothing new meanwhile."""
    async with steady() as world, asyncio.TaskGroup() as group:
        world.acknowledge_after = 0.4
        under_way = group.create_task(world.works())
        await asyncio.sleep(0.1)
        group.create_task(world.socket.close())
        await asyncio.sleep(0)
        too_late = group.create_task(world.works())
        assert await under_way
        assert not await too_late
        assert world.seen == ["why?", "why?"]


async def test_closing_does_not_wait_for_ever() -> None:
    """For a listener that takes its time."""
    async with steady() as world, asyncio.TaskGroup() as group:
        world.acknowledge_after = 2.5
        group.create_task(world.works())
        await asyncio.sleep(0.1)
        started = now()
        await world.socket.close()
        assert now() - started <= CLOSE_TIMEOUT
        assert world.server.connections == 0


async def test_closing_a_half_open_connection_is_bounded() -> None:
    """Nobody answers the close."""
    async with steady() as world:
        world.server.sockets.freeze()
        started = now()
        await world.socket.close()
        assert now() - started <= CLOSE_TIMEOUT


@pytest.mark.parametrize("seconds", [0.0, 0.5, 30.0, 95.0])
@pytest.mark.parametrize("outage", OUTAGES)
@pytest.mark.heavy
async def test_closing_while_it_tries_to_connect_is_quick(outage: str, seconds: float) -> None:
    """Within an attempt, or within a pause."""
    async with serving(is_prepared=False, before=OUTAGES[outage][0]) as world:
        await asyncio.sleep(seconds)
        started = now()
        await world.socket.close()
        assert now() - started <= CLOSE_TIMEOUT
        await world.serving


@pytest.mark.heavy
async def test_closing_at_any_moment_of_connecting_leaves_nothing() -> None:
    """A turn of the loop later each time, from before the first step until it stands."""
    for turns in range(60):
        async with serving() as world:
            for _ in range(turns):
                await asyncio.sleep(0)
            await world.socket.close()
            await asyncio.sleep(0.1)
            assert world.server.connections == 0
    assert world.greetings == 1


async def test_what_is_closed_before_it_serves_serves_no_more() -> None:
    """A signal may come at any moment."""
    async with SlackServer(Workspace()) as server, make_session() as session:
        socket = make_socket(server, session, FIND)
        await socket.close()
        await socket.serve()
        assert server.workspace.calls == []


async def test_an_acknowledgement_takes_another_connection_when_its_own_has_ended() -> None:
    """Slack takes it from any."""
    async with steady() as world, asyncio.TaskGroup() as group:
        world.acknowledge_after = 1.0
        answer = group.create_task(world.works())
        await asyncio.sleep(0.5)
        world.server.sockets.cut(reset=True)
        assert await answer


async def test_an_acknowledgement_that_finds_no_connection_is_told(events: pytest.LogCaptureFixture) -> None:
    """Slack delivers again."""
    async with steady() as world, asyncio.TaskGroup() as group:
        world.acknowledge_after = 1.0
        answer = group.create_task(world.works())
        await asyncio.sleep(0.5)
        world.server.sockets.refuses_tickets = True
        world.server.sockets.cut(reset=True)
        assert not await answer
        assert told(events).count("socket.unacknowledged") == 1
        world.server.sockets.refuses_tickets = False
        assert await world.until_back() <= WITHIN
        assert await world.works()


@pytest.mark.parametrize(
    "nonsense",
    ["{", "[]", "null", "[" * 100_000, '{"type": "hello"}', '{"type": [], "envelope_id": {}, "payload": 7}', "{}"],
)
async def test_nonsense_from_slack_does_no_harm(nonsense: str, events: pytest.LogCaptureFixture) -> None:
    """It is passed over; what makes sense is taken."""
    async with steady() as world:
        (line,) = world.server.sockets._lines
        await line.send_str(nonsense)
        assert await world.works()
        assert len(world.requests) == 1
    assert all(line.startswith(("socket.connected", "socket.broken")) for line in told(events))


async def test_a_flood_by_one_person_has_others_wait_for_one_turn(caplog: pytest.LogCaptureFixture) -> None:
    """What finds no room is turned away at once, of the one who has the most waiting; all that is taken is answered."""
    caplog.set_level(logging.INFO)
    many = MOST_AT_ONCE + MOST_WAITING
    async with steady() as world:
        world.acknowledge_after = 0.2
        world.server.workspace.channel("random").members.add("U0BEN")
        world.seen.clear()
        async with asyncio.TaskGroup() as group:
            floods = [group.create_task(world.server.command(f"flood {number} &c?")) for number in range(2 * many)]
            await asyncio.sleep(0.1)
            acknowledged = await world.server.command("me too", user="ben", channel="random")
        assert acknowledged == pytest.approx(0.3, abs=0.05)
        assert world.seen.index("me too") <= MOST_AT_ONCE + 1
        assert len(world.seen) == many
        seconds = [math.inf if (taken := await one) is None else taken for one in floods]
        assert sum(one < 0.05 for one in seconds) == many
        assert sum(one == pytest.approx(0.1, abs=0.05) for one in seconds) == 1  # the one that went for ben's
        busy = [one for one in world.server.workspace.whispers if "I am busy" in shown(one)]
        assert len(busy) == many + 1
        assert re.search(r"flood \d+ &c\?", shown(busy[0]))  # with what they asked, to be asked again
    told = [record.getMessage() for record in caplog.records if record.name == "bot.slack.wires.envelopes"]
    assert told == [f"socket.busy waiting={MOST_WAITING}"]


async def test_what_slack_has_given_up_by_its_turn_is_left(caplog: pytest.LogCaptureFixture) -> None:
    """Its person was told that it failed; an answer would come to nothing."""
    caplog.set_level(logging.INFO)
    async with steady() as world:
        world.acknowledge_after = 1.5
        world.seen.clear()
        async with asyncio.TaskGroup() as group:
            for number in range(2 * MOST_AT_ONCE + 7):
                group.create_task(world.server.command(f"flood {number}"))
        await asyncio.sleep(1.0)
        assert len(world.seen) == 2 * MOST_AT_ONCE
    late = [record.getMessage() for record in caplog.records if "socket.late" in record.getMessage()]
    assert late == ["socket.late type=slash_commands"] * 7


async def test_an_event_that_finds_no_room_comes_again() -> None:
    """Its acknowledgement could say nothing: it is not acknowledged, and Slack delivers it once more."""
    async with steady() as world:
        world.acknowledge_after = 1.0
        async with asyncio.TaskGroup() as group:
            for number in range(MOST_AT_ONCE + MOST_WAITING):
                group.create_task(world.server.command(f"flood {number}", user="ada"))
            await asyncio.sleep(0.1)
            deliver = world.server.sockets.deliver
            event = {"event": {"type": "app_mention", "user": "U0ADA"}}
            assert await deliver("events_api", event, within=0.5) is None
            await asyncio.sleep(2.5)
            assert await deliver("events_api", event, within=0.5) is not None
