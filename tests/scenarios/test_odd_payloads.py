"""What Slack never sends: fields of other types, missing, huge, nested deep; through a real connection."""

import asyncio
import copy
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.playground.slack.payloads import describe_command, describe_event, describe_mention
from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import Message, Version, Workspace
from bot.slack.api import Slack, make_client
from bot.slack.forms import DEEPER_FORM, PROBLEM_FORM
from bot.slack.listeners import register
from bot.slack.question import Press, Question
from bot.slack.wires.session import make_session
from tests.support.installed import FIND, TestedDesk
from tests.support.interactive import choose_message, press, silenced, submit_to, write_to_bot
from tests.support.sockets import make_socket

WITHIN = 3.0  # seconds; Slack waits no longer for an acknowledgement
DEEP = 10_000  # levels; Python's own JSON reader gives up at some thousand
WORKSPACE = Workspace(clock=lambda: 1_800_000_000.0)
ADA, GENERAL = WORKSPACE.user("ada"), WORKSPACE.channel("general")
COMMAND = describe_command(
    WORKSPACE, command="/perspectives", text="why?", user=ADA, channel=GENERAL, response_url="http://127.0.0.1:9/x"
)
MENTION = describe_mention(
    WORKSPACE,
    Message(GENERAL.id, "1800000000.000001", ADA.id, None, None, [Version(0.0, f"<@{WORKSPACE.bot.id}> why?", [])]),
)
EVENT = describe_event(WORKSPACE, MENTION | {"thread_ts": MENTION["ts"], "edited": None, "bot_id": None}, "Ev1")
DIRECT = write_to_bot(WORKSPACE, "why?", thread_ts=MENTION["ts"], subtype=None, hidden=False, bot_id=None)
PLACE = {"channel": GENERAL.id, "thread_ts": MENTION["ts"], "response_url": "http://127.0.0.1:9/x"}
ROOT = {"root": "1.1.x", "side": "Depth", "language": "en"}
PAYLOADS = [
    press("stop", "en - 1.1.x"),
    press("deeper", "ja Depth 1.1.x"),
    press("feedback", "-en Depth 1.1.x"),
    press("former", "en - 1.1.x"),
    choose_message("why?"),
    submit_to(PROBLEM_FORM, PLACE),
    submit_to(DEEPER_FORM, PLACE | ROOT),
    submit_to("former", PLACE),
]
ENVELOPES: list[dict[str, Any]] = [
    {"type": "slash_commands", "accepts_response_payload": True, "payload": COMMAND},
    {"type": "events_api", "accepts_response_payload": False, "retry_attempt": 0, "retry_reason": "", "payload": EVENT},
    {"type": "events_api", "accepts_response_payload": False, "payload": DIRECT},
    *({"type": "interactive", "accepts_response_payload": True, "payload": payload} for payload in PAYLOADS),
]


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in an envelope, on every level."""
    if at:
        yield at
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from paths(inner, (*at, key))


PLACES = [(number, at) for number, envelope in enumerate(ENVELOPES) for at in paths(envelope)]
MISSING = object()
ODD: list[Any] = [
    *[MISSING, None, True, 0, -1, 1.5, 10**30, "", " ", "x" * 100_000, "a\nb", "\u202ereversed", "\x00", "\ud800"],
    *[[], {}, [None], ["U0ADA"], {"id": "U0ADA"}, [[]], {"type": "app_mention"}, {"": {"": {}}}, "[" * 1_000],
]


def changed(envelope: dict[str, Any], at: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """The envelope with something else at one place."""
    envelope = copy.deepcopy(envelope)
    *way, last = at
    place: Any = envelope
    for key in way:
        place = place[key]
    if value is MISSING:
        del place[last]
    else:
        place[last] = value
    return envelope


@pytest.fixture(autouse=True)
def _silence() -> Iterator[None]:
    """As in the bot."""
    with silenced():
        yield


class World:
    """The bot's connection and its listeners, and Slack."""

    def __init__(self, server: SlackServer) -> None:
        self.received: list[Question] = []
        self.pressed: list[Press] = []
        self.failure: Exception | None = None  # of whoever receives questions
        self.server = server
        self._number = 0

    async def receive(self, question: Question) -> None:
        """Take a question, as the bot would."""
        if self.failure:
            raise self.failure
        self.received.append(question)

    async def press(self, press: Press) -> None:
        """Take a press, as the bot would."""
        if self.failure:
            raise self.failure
        self.pressed.append(press)

    async def consider(self, question: Question) -> str | None:
        """Have nothing against a question."""
        check(question)
        return None

    async def send(self, text: str, envelope_id: str) -> bool:
        """Send a message as it is; whether it is acknowledged in time."""
        sockets = self.server.sockets
        await sockets.connected()
        waiting = sockets._waiting[envelope_id] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(WITHIN):
                await next(iter(sockets._lines)).send_str(text)
                await waiting
        except TimeoutError:
            return False
        finally:
            del sockets._waiting[envelope_id]
        return True

    async def is_acknowledged(self, envelope: dict[str, Any]) -> bool:
        """Send an envelope with an id of its own."""
        self._number += 1
        envelope_id = f"envelope-{self._number}"
        return await self.send(json.dumps({"envelope_id": envelope_id, **envelope}), envelope_id)

    async def works(self) -> bool:
        """Whether a question that makes sense is received."""
        before = len(self.received)
        command = {**COMMAND, "trigger_id": f"works.{self._number}"}
        return await self.is_acknowledged({**ENVELOPES[0], "payload": command}) and len(self.received) == before + 1


@asynccontextmanager
async def listening() -> AsyncIterator[World]:
    """A bot that is connected; it must be so in the end, by the same connection."""
    async with SlackServer(Workspace()) as server, make_session() as session:
        async with make_socket(server, session, FIND) as socket:
            world = World(server)
            slack = Slack(make_client(server.workspace.bot_token, server.url, session))
            desk = TestedDesk(slack, world.receive, world.press, world.consider)
            register(socket.app, find_desk=lambda _: desk, respond=slack.respond)
            serving = asyncio.create_task(socket.serve())
            await server.connected()
            yield world
            assert await world.works()
            assert not serving.done()
            assert len([call for call in server.workspace.calls if call.method == "apps.connections.open"]) == 1
        await serving


def check(question: Question) -> None:
    """What the rest of the bot may rely on."""
    names = [question.user, question.channel, question.thread_ts, question.ephemeral_ts]
    assert all(name is None or (name.isascii() and len(name) <= 210) for name in names)
    assert all(name.isprintable() and len(name) <= 710 for name in (question.key, question.root, question.side))
    assert "\x00" not in question.problem
    question.problem.encode()
    assert len(question.response_url or "") <= 2_000


@pytest.mark.parametrize("every", [pytest.param(1, marks=pytest.mark.slow), 5])
@pytest.mark.heavy
async def test_every_field_of_every_payload_may_be_of_any_type(caplog: pytest.LogCaptureFixture, every: int) -> None:
    """Each is acknowledged; none ends the bot, none is quoted in the log, and what is handed on makes sense.

    The quick look has each value in every fifth place, and a fifth of the values in each place.
    """
    caplog.set_level(logging.INFO)
    async with listening() as world:
        for turn, (number, at) in enumerate(PLACES):
            for odd in ODD[turn % every :: every]:
                assert await world.is_acknowledged(changed(ENVELOPES[number], at, odd)), (at, odd)
    for question in world.received:
        check(question)
    for pressed in world.pressed:
        assert all(name.isprintable() and len(name) <= 500 for name in (pressed.run, pressed.side))
        assert all(name.isascii() and len(name) <= 100 for name in (pressed.user, pressed.channel, pressed.ts))
    ours = [record for record in caplog.records if record.name.startswith("bot")]
    assert all("\n" not in record.getMessage() and len(record.getMessage()) < 300 for record in ours)
    assert not [record for record in ours if record.levelno >= logging.ERROR]
    assert any(record.getMessage() == "listener.odd kind=command field=user_id" for record in ours)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(PLACES), JSON), min_size=1, max_size=20))
@pytest.mark.heavy
async def test_whatever_stands_in_a_field_is_acknowledged(changes: list[tuple[tuple[int, Any], Any]]) -> None:
    """Values that nobody has thought of."""
    async with listening() as world:
        for (number, at), value in changes:
            assert await world.is_acknowledged(changed(ENVELOPES[number], at, value))
    for question in world.received:
        check(question)
    for pressed in world.pressed:
        assert all(name.isprintable() and len(name) <= 500 for name in (pressed.run, pressed.side))
        assert all(name.isascii() and len(name) <= 100 for name in (pressed.user, pressed.channel, pressed.ts))


@pytest.mark.parametrize("brackets", ["[]", '{"a":}'])
@pytest.mark.parametrize("place", ["payload", "text", "after"])
async def test_a_body_that_is_nested_too_deep_is_acknowledged(brackets: str, place: str) -> None:
    """By its envelope's id, the only thing in it that is looked for then."""
    opening, closing = (brackets[:-1], brackets[-1]) if brackets == "[]" else ('{"a":', "}")
    deep = opening * DEEP + "1" + closing * DEEP
    payload = deep if place == "payload" else json.dumps({**COMMAND, "text": "@"}).replace('"@"', deep)
    first = f'"envelope_id":"deep","type":"slash_commands","payload":{payload}'
    last = f'"type":"slash_commands","payload":{payload},"envelope_id":"deep"'
    async with listening() as world:
        assert await world.send(f"{{{last if place == 'after' else first}}}", "deep")
    assert [question.problem for question in world.received] == ["why?"]


async def test_what_would_become_too_much_is_acknowledged_and_not_read() -> None:
    """Three megabytes of empty objects would be seventy; a text of braces is one text."""
    async with listening() as world:
        assert await world.is_acknowledged({**ENVELOPES[0], "payload": {**COMMAND, "pad": [{}] * 1_000_000}})
        braces = {**COMMAND, "trigger_id": "1.2.braces", "text": "{" * 40_000, "a": "[" * 40_000, "b": "," * 80_000}
        assert await world.is_acknowledged({**ENVELOPES[0], "payload": braces})
    assert [question.problem for question in world.received] == ["{" * 40_000, "why?"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "1" * 10_000,
        "\ufeff{}",
        '{"envelope_id": ["x"]}',
        '{"envelope_id": null}',
        '{"envelope_id": "a\\nb", "type": "slash_commands"}',
        '{"type": "hello", "num_connections": {"a": "b\\nc"}}',
        '{"type": "hello"}',
        '{"type": ["disconnect"]}',
        '{"type": {"a": 1}, "envelope_id": 7}',
        '{"envelope_id": "' + "x" * 1_000 + '"}',
    ],
)
async def test_what_cannot_be_acknowledged_is_passed_over(text: str) -> None:
    """No id, no acknowledgement; and the connection stands."""
    async with listening() as world:
        assert not await world.send(text, "nobody")


async def test_a_reason_to_disconnect_is_one_word_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Else it could forge a line."""
    caplog.set_level(logging.INFO)
    reason = "bye\n2026-11-25 00:00:00 ERROR bot.app forged \u202e" + "x" * 10_000
    async with SlackServer(Workspace()) as server, make_session() as session:
        async with make_socket(server, session, FIND) as socket:
            serving = asyncio.create_task(socket.serve())
            await server.connected()
            await server.disconnect(reason)
            await asyncio.sleep(5)
            await server.connected()
        await serving
    (line,) = [record.getMessage() for record in caplog.records if "socket.lost" in record.getMessage()]
    assert line.startswith("socket.lost reason=bye_2026-11-25_00:00:00_ERROR_bot.app_forged_")
    assert len(line) < 120


async def test_a_question_that_is_not_taken_is_not_acknowledged(caplog: pytest.LogCaptureFixture) -> None:
    """Slack delivers it again, then it may be."""
    async with listening() as world:
        world.failure = RuntimeError("secret")
        taken = [ENVELOPES[number] for number in (0, 1, 2, 3, 5, 8, 9)]  # all that is handed on
        for envelope in taken:
            assert not await world.is_acknowledged(envelope)
        world.failure = None
    lines = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(lines) == len(taken)
    assert all(line.startswith("listener.broken error=RuntimeError at=") for line in lines)
    assert "secret" not in caplog.text
