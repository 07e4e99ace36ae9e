"""What comes over HTTP is Slack's or refused, bounded, acknowledged, and answered by the listeners."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bot.network.listening import listen, serving
from bot.playground.slack.distribution.requests import FORM, JSON, Requests, encode
from bot.playground.slack.payloads import describe_command, describe_event, describe_mention
from bot.playground.slack.workspace import Workspace
from bot.slack.http.events import BODY_TIMEOUT, LONGEST_BODY, OLDEST, PATH, Events
from bot.slack.http.server import make_app, refuse_unread
from bot.slack.http.turns import Turns
from tests.support.interactive import silenced
from tests.support.world import EPOCH

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"


class Listener:
    """A Bolt app that hears commands and mentions, behind our server."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.takes = 0.0
        self.fails = 0
        self.workspace = Workspace(clock=lambda: self.now)
        self.now = EPOCH

        async def authorize(team_id: str) -> AuthorizeResult:
            return AuthorizeResult(enterprise_id=None, team_id=team_id, bot_id="B", bot_user_id="U")

        self.app = AsyncApp(name="test", authorize=authorize, request_verification_enabled=False)

        async def on_command(ack: AsyncAck, command: dict[str, Any]) -> None:
            await asyncio.sleep(self.takes)
            self.heard.append(command["text"])
            await ack("taken")

        async def keep(event: dict[str, Any], next: Any) -> None:  # noqa: A002 - Bolt's
            if self.fails:
                self.fails -= 1
                raise RuntimeError
            self.heard.append(event["text"])
            await next()

        async def on_event() -> None:
            pass

        self.app.command("/perspectives")(on_command)
        self.app.event("app_mention", middleware=[keep])(on_event)
        self.events = Events(self.app, SECRET, "en", clock=lambda: self.now)
        self.slack = Requests("", SECRET, lambda: self.now)

    def command(self, text: str, user: str = "ada") -> dict[str, Any]:
        """What somebody types."""
        return describe_command(
            self.workspace,
            command="/perspectives",
            text=text,
            user=self.workspace.user(user),
            channel=self.workspace.channel("general"),
            response_url="http://127.0.0.1:9",
        )

    async def post(self, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        """A request of anybody's; its status, and what it says."""
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.slack.url, data=io.BytesIO(body), headers=headers) as response,
        ):
            return response.status, await response.text()


@pytest.fixture
async def there() -> AsyncIterator[Listener]:
    """The server, listening."""
    there = Listener()
    listener = listen("127.0.0.1", 0)
    app = make_app({}, {PATH: there.events.receive})
    with silenced():
        async with serving(app, listener, refuse=refuse_unread, cancels_handlers=False):
            there.slack.url = f"http://127.0.0.1:{listener.getsockname()[1]}{PATH}"
            yield there
            await there.slack.close()


def mention(there: Listener, text: str) -> dict[str, Any]:
    """An event."""
    message = there.workspace.post("C0GENERAL", "U0ADA", text)
    return describe_event(there.workspace, describe_mention(there.workspace, message), None)


async def test_a_command_is_answered_by_its_listener(there: Listener) -> None:
    """As a form, with what the listener says as the acknowledgement."""
    acknowledged = await there.slack.deliver("slash_commands", there.command("Why? ä & ü"), within=3.0)
    assert acknowledged
    assert acknowledged.payload == {"text": "taken"}
    assert there.heard == ["Why? ä &amp; ü"]


async def test_an_event_is_acknowledged_with_nothing(there: Listener) -> None:
    """Once it was kept."""
    acknowledged = await there.slack.deliver("events_api", mention(there, "why?"), within=3.0)
    assert acknowledged
    assert acknowledged.payload is None
    assert there.heard == ["why?"]


async def test_what_could_not_be_kept_comes_again_and_is_taken_then(
    there: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    """A retry is no reason to drop it: the first was not taken."""
    caplog.set_level("INFO", "bot")
    there.fails = 1
    event = mention(there, "why?")
    assert await there.slack.deliver("events_api", event, within=3.0) is None
    assert there.slack.sent[-1].status == 500
    again = await there.slack.deliver("events_api", event, within=3.0, retry_attempt=1, retry_reason="http_error")
    assert again
    assert there.heard == ["why?"]
    assert "http.retry number=1 reason=http_error" in caplog.text


async def test_slack_s_question_whose_address_it_is_is_answered(there: Listener) -> None:
    """With what it asks for, when somebody saves the address in the app's settings."""
    challenge = {
        "type": "url_verification",
        "token": "x",
        "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P",
    }
    acknowledged = await there.slack.deliver("url_verification", challenge, within=3.0)
    assert acknowledged
    assert acknowledged.payload == {"challenge": challenge["challenge"]}


@pytest.mark.parametrize(
    "change",
    [
        {"X-Slack-Signature": "v0=" + "0" * 64},
        {"X-Slack-Signature": "v0=ä"},
        {"X-Slack-Signature": ""},
        {"X-Slack-Signature": None},
        {"X-Slack-Request-Timestamp": "soon"},
        {"X-Slack-Request-Timestamp": "9" * 100},
        {"X-Slack-Request-Timestamp": None},
    ],
)
async def test_what_is_not_signed_is_refused(there: Listener, change: dict[str, str | None]) -> None:
    """And no listener hears of it."""
    body, kind = encode("slash_commands", there.command("Why?"))
    headers = {"Content-Type": kind, **there.slack.sign(body), **change}
    assert (await there.post(body, {name: value for name, value in headers.items() if value is not None}))[0] == 401
    assert there.heard == []


async def test_what_is_changed_on_its_way_is_refused(there: Listener) -> None:
    """Be it one character, or a body that is no text."""
    body, kind = encode("slash_commands", there.command("Why?"))
    headers = {"Content-Type": kind, **there.slack.sign(body)}
    assert (await there.post(body.replace(b"Why", b"Who"), headers))[0] == 401
    assert (await there.post(b"\xff\xfe", headers))[0] == 401
    assert (await there.post(body, headers))[0] == 200


@pytest.mark.parametrize(("age", "status"), [(OLDEST, 200), (OLDEST + 1, 401), (-OLDEST, 200), (-OLDEST - 1, 401)])
async def test_what_was_sent_long_ago_is_refused(there: Listener, age: int, status: int) -> None:
    """Somebody who has heard it says it again; or clocks are minutes apart, which is the same to us."""
    body, kind = encode("slash_commands", there.command("Why?"))
    headers = {"Content-Type": kind, **there.slack.sign(body)}
    there.now += age
    assert (await there.post(body, headers))[0] == status


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (JSON, b"{"),
        (JSON, b"[" * 100_000),
        (JSON, b"\xff"),
        (FORM, b"payload={"),
        (JSON, b"[1]"),
        (JSON, b"null"),
        (JSON, b""),
    ],
)
async def test_what_is_signed_and_makes_no_sense_ends_nothing(there: Listener, kind: str, body: bytes) -> None:
    """It is no payload, or one for no listener."""
    status, _ = await there.post(body, {"Content-Type": kind, **there.slack.sign(body)})
    assert status in {200, 400, 401}
    assert await there.slack.deliver("slash_commands", there.command("Why?"), within=3.0)


async def test_an_event_that_nobody_listens_to_is_acknowledged(there: Listener) -> None:
    """Else Slack would send it three times more, and switch events off in the end."""
    event = describe_event(there.workspace, {"type": "reaction_added", "user": "U0ADA"}, None)
    assert await there.slack.deliver("events_api", event, within=3.0)


async def test_no_more_is_read_than_slack_would_send(there: Listener) -> None:
    """However it is announced."""
    body = b"x" * (LONGEST_BODY + 1)
    assert (await there.post(body, {"Content-Type": JSON, **there.slack.sign(body)}))[0] == 413

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 65_536

    async with aiohttp.ClientSession() as session:
        try:
            async with session.post(there.slack.url, data=endless()) as response:
                assert response.status == 413
        except aiohttp.ClientError:
            pass  # it was cut off while it still sent


async def test_nobody_may_take_long_to_say_it(there: Listener) -> None:
    """Slack has given up by then."""

    async def slow() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(BODY_TIMEOUT + 1)

    async with aiohttp.ClientSession() as session:
        began = asyncio.get_running_loop().time()
        try:
            async with session.post(there.slack.url, data=slow()) as response:
                assert response.status == 408
        except aiohttp.ClientError:
            pass  # it was cut off while it still sent
        assert asyncio.get_running_loop().time() - began <= BODY_TIMEOUT + 1.5


async def test_where_there_is_no_room_a_command_is_told_so(there: Listener) -> None:
    """With its words; an event is left, for it comes again."""
    there.events._turns = Turns(most_at_once=1, most_waiting=0)
    acknowledged = await there.slack.deliver("slash_commands", there.command("Why?"), within=3.0)
    assert acknowledged
    assert acknowledged.payload
    assert "busy" in acknowledged.payload["text"]
    assert "Why?" in json.dumps(acknowledged.payload["blocks"])
    assert await there.slack.deliver("events_api", mention(there, "why?"), within=3.0) is None
    assert there.slack.sent[-1].status == 503


async def test_one_that_stops_takes_nothing_more(there: Listener) -> None:
    """Slack asks another, or says so."""
    there.events.close()
    assert await there.slack.deliver("slash_commands", there.command("Why?"), within=3.0) is None
    assert there.slack.sent[-1].status == 503
    assert there.heard == []


async def test_other_paths_and_methods_are_none(there: Listener) -> None:
    """And every answer has the headers that keep a browser from making anything of it."""
    base = there.slack.url.removesuffix(PATH)
    async with aiohttp.ClientSession() as session:
        for path, status in ((PATH, 405), ("/", 404), ("/slack/install", 404)):
            async with session.get(f"{base}{path}") as response:
                assert response.status == status
                assert response.headers["X-Content-Type-Options"] == "nosniff"
                assert response.headers["Server"] == "perspectives"
