import asyncio
import socket
import traceback
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web

from bot.errors import (
    ChannelClosedError,
    Effect,
    FormRefusedError,
    MessageGoneError,
    MessageLockedError,
    NoThreadsError,
    RateLimitedError,
    SizeRefusedError,
    SlackError,
    TokenRefusedError,
    UnavailableError,
)
from bot.playground.slack.fault import Fault
from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import Workspace
from bot.slack.api import Identity, Mark, Slack, make_client
from bot.slack.body import Body
from bot.slack.wires.session import make_session
from tests.support.sockets import make_socket

BODY = Body("hello", [{"type": "markdown", "text": "**hello**"}])
MARK = Mark("run", "part")
SECRET = "xoxb-1-secret"


@dataclass(slots=True)
class Office:
    """The bot's door to Slack, with the stand-in behind it."""

    slack: Slack
    workspace: Workspace
    server: SlackServer

    @property
    def calls(self) -> list[tuple[str, str | None]]:
        """What arrived there: the method of each call and how it was refused."""
        return [(call.method, call.error) for call in self.workspace.calls]

    def response_url(self, channel: str) -> str:
        """The address that comes with a command of ada's in `channel`."""
        key = self.server._api.issue_response_url(channel, "U0ADA")
        return self.server.url.replace("/api/", f"/commands/{key}")


@asynccontextmanager
async def office(*faults: Fault) -> AsyncIterator[Office]:
    """The stand-in, with `faults`."""
    workspace = Workspace()
    workspace.faults += faults
    async with SlackServer(workspace) as server, make_session() as session:
        yield Office(Slack(make_client(workspace.bot_token, server.url, session)), workspace, server)


@dataclass(slots=True)
class Answer:
    """A server that gives every call the same answer, for what the stand-in never says; it counts the calls."""

    status: int
    text: str | bytes
    kind: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    calls: int = 0
    host: str = ""  # and port, as it was asked

    async def give(self, request: web.Request) -> web.Response:
        self.calls += 1
        self.host = request.host
        body = self.text.encode() if isinstance(self.text, str) else self.text
        return web.Response(status=self.status, body=body, headers={"Content-Type": self.kind, **self.headers})


async def post_to(answer: Answer) -> BaseException | str:
    """Post a message to a server that answers so: what is raised, or the timestamp."""
    app = web.Application()
    app.router.add_post("/api/{method}", answer.give)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
        async with make_session() as session:
            return await Slack(make_client(SECRET, url, session)).post("C0GENERAL", BODY, None, MARK)
    except Exception as error:  # noqa: BLE001 - what it is, is the test
        return error
    finally:
        await runner.cleanup()


async def test_says_who_it_is() -> None:
    """In Slack's ids."""
    async with office() as one:
        assert await one.slack.identify() == Identity(
            "U0PERSPECT",
            "B0PERSPECT",
            "T0PLAYGRND",
            "playground",
            one.workspace.bot.name,
            frozenset(one.workspace.scopes),
        )


async def test_posts_and_edits_what_it_is_given_and_opens_no_previews() -> None:
    """Blocks and text arrive as they are; a link in an answer does not unfurl; an edit leaves no mark."""
    async with office() as one:
        parent = await one.slack.post("C0GENERAL", BODY, None, MARK)
        reply = await one.slack.post("C0GENERAL", BODY, parent, MARK)
        await one.slack.edit("C0GENERAL", reply, Body("new", [{"type": "markdown", "text": "new"}]))
        message = one.workspace.thread("general", parent)[1]
        assert (message.ts, message.thread_ts, message.edited) == (reply, parent, False)
        assert [version.blocks[0]["text"] for version in message.versions] == ["**hello**", "new"]
        assert {name: one.workspace.calls[1].args[name] for name in ("unfurl_links", "unfurl_media")} == {
            "unfurl_links": False,
            "unfurl_media": False,
        }


REFUSALS: list[tuple[str, type[SlackError]]] = [
    ("channel_not_found", ChannelClosedError),
    ("is_archived", ChannelClosedError),
    ("not_in_channel", ChannelClosedError),
    ("messages_tab_disabled", ChannelClosedError),
    ("restricted_action", ChannelClosedError),
    ("restricted_action_some_new_kind", ChannelClosedError),
    ("restricted_action_non_threadable_channel", NoThreadsError),
    ("restricted_action_thread_locked", NoThreadsError),
    ("cannot_reply_to_message", NoThreadsError),
    ("message_not_found", MessageGoneError),
    ("cant_update_message", MessageLockedError),
    ("edit_window_closed", MessageLockedError),
    ("invalid_blocks", FormRefusedError),
    ("invalid_blocks_format", FormRefusedError),
    ("msg_blocks_too_long", SizeRefusedError),
    ("msg_too_long", SizeRefusedError),
    ("no_text", FormRefusedError),
    ("some_new_error", SlackError),
]


@pytest.mark.parametrize(("code", "kind"), REFUSALS)
async def test_a_refusal_becomes_the_error_of_who_can_act(code: str, kind: type[SlackError]) -> None:
    """Of exactly that class, with Slack's word and its cause; posts and edits alike; asked once."""
    async with office(Fault("chat.postMessage", error=code), Fault("chat.update", error=code)) as one:
        with pytest.raises(SlackError) as posting:
            await one.slack.post("C0GENERAL", BODY, None, MARK)
        with pytest.raises(SlackError) as editing:
            await one.slack.edit("C0GENERAL", "1.0", BODY)
        assert [type(caught.value) for caught in (posting, editing)] == [kind, kind]
        assert (posting.value.code, str(posting.value)) == (code, f"Slack answered: {code}")
        assert posting.value.__cause__ is not None
        assert one.calls == [("chat.postMessage", code), ("chat.update", code)]


async def test_blocks_that_are_too_long_are_told_from_blocks_that_are_wrong() -> None:
    """Slack has one code for both, and says beside it which."""
    long = Body("x", [{"type": "markdown", "text": "x" * 12_001}])
    many = Body("x", [{"type": "divider"}] * 51)
    wrong = Body("x", [{"type": "marquee"}])
    async with office() as one:
        for body, kind in ((long, SizeRefusedError), (many, SizeRefusedError), (wrong, FormRefusedError)):
            with pytest.raises(SlackError) as refused:
                await one.slack.post("C0GENERAL", body, None, MARK)
            assert type(refused.value) is kind


TOKEN_ERRORS = [
    "account_inactive",
    "invalid_auth",
    "missing_scope",
    "not_allowed_token_type",
    "not_authed",
    "org_login_required",
    "token_expired",
    "token_revoked",
]


@pytest.mark.parametrize("code", TOKEN_ERRORS)
async def test_a_refused_token_is_told_by_the_name_of_its_variable(code: str) -> None:
    """The right one of the two, on one line, without the token, in the chain of causes neither."""
    faults = [Fault("auth.test", error=code), Fault("apps.connections.open", error=code)]
    async with office(*faults) as one, aiohttp.ClientSession() as session:
        line = make_socket(one.server, session)
        with pytest.raises(TokenRefusedError) as bot:
            await one.slack.identify()
        with pytest.raises(TokenRefusedError) as app:
            await line.prepare()
        told = "Your app's page at api.slack.com/apps shows which is valid."
        assert str(bot.value) == f"Slack refuses the token of SLACK_BOT_TOKEN ({code}). {told}"
        assert str(app.value) == f"Slack refuses the token of SLACK_APP_TOKEN ({code}). {told}"
        for error in (bot.value, app.value):
            shown = "".join(traceback.format_exception(error))
            assert one.workspace.bot_token not in shown
            assert one.workspace.app_token not in shown
        assert one.calls == [("auth.test", code), ("apps.connections.open", code)]


async def test_tokens_that_are_swapped_or_unknown_are_refused_by_slack() -> None:
    """Without a fault: what the stand-in itself says of them."""
    async with SlackServer(Workspace()) as server, make_session() as session:
        for token, code in ((server.workspace.app_token, "not_allowed_token_type"), (SECRET, "invalid_auth")):
            with pytest.raises(TokenRefusedError, match=f"SLACK_BOT_TOKEN \\({code}\\)") as caught:
                await Slack(make_client(token, server.url, session)).identify()
            assert token not in str(caught.value)


RATE_LIMITS = [
    ({"Retry-After": "30"}, 30.0),
    ({"Retry-After": "2.5"}, 2.5),
    ({"Retry-After": "0"}, 0.0),
    ({"Retry-After": "-5"}, 0.0),
    ({"Retry-After": "90"}, 60.0),
    ({"Retry-After": "1000000000"}, 60.0),
    ({"Retry-After": "9" * 400}, 10.0),
    ({}, 10.0),
    ({"Retry-After": ""}, 10.0),
    ({"Retry-After": "soon"}, 10.0),
    ({"Retry-After": "Sun, 22 Nov 2026 15:00:00 GMT"}, 10.0),
]


@pytest.mark.parametrize(("headers", "seconds"), RATE_LIMITS)
@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"ok": false, "error": "ratelimited"}', "application/json"),
        ("Too many requests", "text/plain"),
        ("<!DOCTYPE html><title>429</title>", "text/html"),
    ],
)
async def test_a_429_says_after_how_many_seconds_to_come_again(
    headers: dict[str, str], seconds: float, text: str, kind: str
) -> None:
    """Ten where it names none that can be read, whatever its body is; it is not repeated."""
    answer = Answer(429, text, kind, headers)
    error = await post_to(answer)
    assert type(error) is RateLimitedError
    assert (error.retry_after, error.code, answer.calls) == (seconds, "ratelimited", 1)


@pytest.mark.parametrize("code", ["ratelimited", "rate_limited"])
async def test_a_rate_limit_without_its_status_is_one_too(code: str) -> None:
    """Slack has said it with 200."""
    error = await post_to(Answer(200, f'{{"ok": false, "error": "{code}"}}'))
    assert type(error) is RateLimitedError
    assert error.retry_after == 10.0


@pytest.mark.parametrize("code", ["fatal_error", "internal_error", "request_timeout", "service_unavailable"])
@pytest.mark.parametrize("status", [200, 500, 503])
async def test_a_failure_of_slacks_own_was_not_done(code: str, status: int) -> None:
    """It said so, with `ok: false`; of two of them its documentation says that something may have been."""
    async with office(Fault("chat.postMessage", error=code, http_status=status)) as one:
        with pytest.raises(UnavailableError) as caught:
            await one.slack.post("C0GENERAL", BODY, None, MARK)
        is_doubtful = code in {"fatal_error", "internal_error"}
        assert (caught.value.code, caught.value.effect) == (code, Effect.DENIED if is_doubtful else Effect.NONE)
        assert str(caught.value) == f"Slack cannot be reached, or does not work: {code}"
        assert one.calls == [("chat.postMessage", code)]


NONSENSE = [
    (500, "<!DOCTYPE html><title>Server Error</title>", "text/html", "http_500"),
    (503, "", "text/html", "http_503"),
    (502, "Bad Gateway", "text/plain", "http_502"),
    (404, "<html>", "text/html", "http_404"),
    (200, "<!DOCTYPE html><title>Sign in to the hotel's network</title>", "text/html", "http_200"),
    (200, "<!DOCTYPE html>", "application/json", "http_200"),
    (200, "", "application/json", "http_200"),
    (200, "null", "application/json", "http_200"),
    (500, "[1]", "application/json", "http_500"),
    (200, '{"ok": false}', "application/json", "http_200"),
    (200, '{"ok": false, "error": null}', "application/json", "http_200"),
]


@pytest.mark.parametrize(("status", "text", "kind", "code"), NONSENSE)
async def test_a_page_that_is_no_answer_says_nothing_of_what_was_done(
    status: int, text: str, kind: str, code: str
) -> None:
    """So a post is not to be repeated; and nothing of the page is quoted."""
    answer = Answer(status, text, kind)
    error = await post_to(answer)
    assert type(error) is UnavailableError
    assert (error.code, error.effect, answer.calls) == (code, Effect.UNKNOWN, 1)
    hint = f": what answers at {answer.host} is not Slack's API. Check SLACK_API_URL." if status < 500 else ""
    assert str(error) == f"Slack cannot be reached, or does not work: {code}{hint}"


@pytest.mark.parametrize(("after", "posted"), [(False, 0), (True, 1)])
async def test_a_broken_connection_leaves_open_what_was_done(after: bool, posted: int) -> None:  # noqa: FBT001
    """Before or after: it looks the same from here, and the SDK sends no second one, on a kept connection neither."""
    async with office(Fault("chat.postMessage", breaks=True, after=after)) as one:
        await one.slack.identify()
        with pytest.raises(UnavailableError) as caught:
            await one.slack.post("C0GENERAL", BODY, None, MARK)
        assert (caught.value.code, caught.value.effect) == ("ServerDisconnectedError", Effect.UNKNOWN)
        assert len(one.workspace.messages) == posted
        assert [method for method, _ in one.calls] == ["auth.test", "chat.postMessage"]


async def test_a_call_that_is_not_answered_in_15_seconds_is_given_up() -> None:
    """It may still be carried out, as it is here; it is not repeated."""
    async with office(Fault("chat.postMessage", delay=20.0)) as one:
        began = one.workspace.now()
        with pytest.raises(UnavailableError) as caught:
            await one.slack.post("C0GENERAL", BODY, None, MARK)
        assert one.workspace.now() - began == pytest.approx(15.0, abs=0.01)
        assert (caught.value.code, caught.value.effect) == ("TimeoutError", Effect.PENDING)
        await asyncio.sleep(30.0)
        assert one.calls == [("chat.postMessage", None)]


async def test_a_refused_connection_has_sent_nothing() -> None:
    """So whatever it was, it may be tried again."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/api/"
        async with make_session() as session:
            with pytest.raises(UnavailableError) as caught:
                await Slack(make_client(SECRET, url, session)).post("C0GENERAL", BODY, None, MARK)
    assert (caught.value.code, caught.value.effect) == ("refused", Effect.NONE)


async def test_a_cancelled_call_stays_cancelled() -> None:
    """It is not taken for a time-out of Slack's."""
    async with office(Fault("chat.update", delay=10.0)) as one:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.0):
                await one.slack.edit("C0GENERAL", "1.0", BODY)


async def test_a_whisper_takes_the_commands_address() -> None:
    """Where the bot is no member, too, and shows it to the sender only."""
    async with office() as one:
        await one.slack.post_ephemeral("C0PRIVATE", "U0ADA", BODY, response_url=one.response_url("C0PRIVATE"))
        (whisper,) = one.workspace.whispers
        assert (whisper.channel, whisper.user, whisper.text, whisper.blocks) == (
            "C0PRIVATE",
            "U0ADA",
            "hello",
            BODY.blocks,
        )
        assert one.calls == [("response_url", None)]
        assert one.workspace.messages == []


async def test_a_whisper_without_an_address_goes_to_the_person_in_the_thread() -> None:
    """A mention has none."""
    async with office() as one:
        parent = await one.slack.post("C0GENERAL", BODY, None, MARK)
        await one.slack.post_ephemeral("C0GENERAL", "U0BEN", BODY, thread_ts=parent)
        (whisper,) = one.workspace.whispers
        assert (whisper.user, whisper.thread_ts, whisper.blocks) == ("U0BEN", parent, BODY.blocks)


@pytest.mark.parametrize(
    ("faults", "wait", "uses", "refusal"),
    [
        ([], 0.0, 5, "used_url"),
        ([], 1_800.0, 0, "expired_url"),
        ([Fault("response_url", error="ratelimited", retry_after=30)], 0.0, 0, "ratelimited"),
        ([Fault("response_url", http_status=500)], 0.0, 0, "http_500"),
    ],
)
async def test_a_whisper_falls_back_to_the_channel(faults: list[Fault], wait: float, uses: int, refusal: str) -> None:
    """When the address is used up, too old, or out of order: each is asked once."""
    async with office(*faults) as one:
        url = one.response_url("C0GENERAL")
        for _ in range(uses):
            await one.slack.post_ephemeral("C0GENERAL", "U0ADA", BODY, response_url=url)
        await asyncio.sleep(wait)
        await one.slack.post_ephemeral("C0GENERAL", "U0ADA", BODY, response_url=url)
        assert one.calls[uses:] == [("response_url", refusal), ("chat.postEphemeral", None)]
        assert [whisper.user for whisper in one.workspace.whispers] == ["U0ADA"] * (uses + 1)


async def test_a_whisper_that_cannot_fall_back_says_why() -> None:
    """The channel's refusal is the one that is told."""
    async with office(Fault("response_url", http_status=500)) as one:
        with pytest.raises(ChannelClosedError) as caught:
            await one.slack.post_ephemeral("C0PRIVATE", "U0ADA", BODY, response_url=one.response_url("C0PRIVATE"))
        assert caught.value.code == "channel_not_found"


async def test_a_whisper_whose_address_breaks_off_is_not_said_twice() -> None:
    """It may have been shown, as it is here."""
    async with office(Fault("response_url", breaks=True, after=True)) as one:
        with pytest.raises(UnavailableError) as caught:
            await one.slack.post_ephemeral("C0GENERAL", "U0ADA", BODY, response_url=one.response_url("C0GENERAL"))
        assert caught.value.effect is Effect.UNKNOWN
        assert one.calls == [("response_url", None)]
        assert len(one.workspace.whispers) == 1
