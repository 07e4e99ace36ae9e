"""What a conversation needs of Slack's API: a thread that is read, a form that is opened, a press that is answered."""

import asyncio
import json
from typing import Any

import pytest
from aiohttp import web

from bot.errors import ChannelClosedError, SlackError, TokenRefusedError, UnavailableError
from bot.playground.slack.fault import Fault
from bot.playground.slack.workspace import Workspace
from bot.slack.api import THREAD_PAGE, Mark, Slack, make_client
from bot.slack.body import Body
from bot.slack.wires.session import make_session
from tests.slack.test_api import Office, office

BODY = Body("hello", [{"type": "markdown", "text": "hello"}])
DEPTH = Body("Depth: Hire fewer.", [{"type": "markdown", "text": "Hire fewer. And so on."}])


def speak(workspace: Workspace, count: int) -> str:
    """People speak in a thread: the ts of its parent."""
    parent = workspace.post("C0GENERAL", "U0ADA", "Why?").ts
    for number in range(1, count):
        workspace.post("C0GENERAL", "U0BOB", f"Message {number}", thread_ts=parent)
    return parent


def read_by(one: Office) -> list[Any]:
    """The calls that read threads."""
    return [call for call in one.workspace.calls if call.method == "conversations.replies"]


async def test_a_thread_is_read_up_to_the_mention() -> None:
    """With the takeaways of the bot's own answers, known by their metadata, and by its ids if it has them."""
    async with office() as one:
        one.workspace.scopes.add("channels:history")
        parent = speak(one.workspace, 3)
        await one.slack.post("C0GENERAL", DEPTH, parent, Mark("run", "Depth"))
        one.workspace.post("C0GENERAL", one.workspace.bot.id, "@ada asks: Why?", thread_ts=parent)
        mention = one.workspace.post("C0GENERAL", "U0ADA", "and now?", thread_ts=parent).ts
        one.workspace.post("C0GENERAL", "U0ADA", "later", thread_ts=parent)
        told = "Person 1: Why?\nPerson 2: Message 1\nPerson 2: Message 2\nPerspectives: Depth: Hire fewer."
        unknown = await one.slack.read_thread("C0GENERAL", parent, before_ts=mention)
        assert unknown == f"{told}\nApp 1: @ada asks: Why?"
        await one.slack.identify()
        assert await one.slack.read_thread("C0GENERAL", parent, before_ts=mention) == told
        assert (await one.slack.read_thread("C0GENERAL", parent)).endswith("Person 1: and now?\nPerson 1: later")


async def test_a_thread_of_a_thousand_messages_is_read_in_a_few_calls() -> None:
    """To its newest."""
    async with office() as one:
        one.workspace.scopes.add("channels:history")
        told = await one.slack.read_thread("C0GENERAL", speak(one.workspace, 1_000))
        assert told.startswith("Person 1: Why?\n[Here, ")
        assert told.endswith("\nPerson 2: Message 999")
        assert len(read_by(one)) == 1_000 // THREAD_PAGE


async def test_reading_a_thread_takes_three_seconds_at_the_most() -> None:
    """What is there by then is used, if anything is, and says that it is not all."""
    loop = asyncio.get_running_loop()
    async with office(Fault("conversations.replies", delay=60.0)) as one:
        one.workspace.scopes.add("channels:history")
        parent = speak(one.workspace, 400)
        began = loop.time()
        with pytest.raises(UnavailableError):
            await one.slack.read_thread("C0GENERAL", parent)
        assert loop.time() - began == pytest.approx(3.0, abs=0.01)
    async with office(Fault("conversations.replies"), Fault("conversations.replies", delay=60.0)) as one:
        one.workspace.scopes.add("channels:history")
        parent = speak(one.workspace, 400)
        began = loop.time()
        told = await one.slack.read_thread("C0GENERAL", parent)
        assert loop.time() - began == pytest.approx(3.0, abs=0.01)
        assert "\nPerson 2: Message 200\n" in told
        assert told.endswith("\n[What was said after that could not be read.]")


@pytest.mark.parametrize("error", ["ratelimited", "internal_error", "thread_not_found"])
async def test_what_was_read_of_a_thread_is_worth_more_than_nothing(error: str) -> None:
    """Whatever keeps the rest from being read."""
    async with office(Fault("conversations.replies"), Fault("conversations.replies", error=error)) as one:
        one.workspace.scopes.add("channels:history")
        told = await one.slack.read_thread("C0GENERAL", speak(one.workspace, 400))
        assert told.startswith("Person 1: Why?\nPerson 2: Message 1\n")
        assert told.endswith("\n[What was said after that could not be read.]")


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        (None, TokenRefusedError, "missing_scope"),
        ("thread_not_found", ChannelClosedError, "thread_not_found"),
        ("channel_not_found", ChannelClosedError, "channel_not_found"),
        ("ratelimited", SlackError, "ratelimited"),
    ],
)
async def test_a_thread_that_cannot_be_read_says_why(fault: str | None, kind: type[Exception], code: str) -> None:
    """The scope that is missing is told as Slack tells it: the bot can do without."""
    async with office(*([Fault("conversations.replies", error=fault)] if fault else [])) as one:
        with pytest.raises(kind) as raised:
            await one.slack.read_thread("C0GENERAL", speak(one.workspace, 2))
        assert getattr(raised.value, "code", None) == code


@pytest.mark.parametrize(
    "answer",
    [
        {"ok": True},
        {"ok": True, "messages": None},
        {"ok": True, "messages": {"a": 1}},
        {"ok": True, "messages": [], "response_metadata": [7]},
        [],
    ],
)
async def test_an_answer_that_makes_no_sense_is_none(answer: Any) -> None:
    """Whatever is in it."""
    with pytest.raises(UnavailableError):
        await ask(answer, lambda slack: slack.read_thread("C1", "1.0"))


@pytest.mark.parametrize("cursor", [7, "", None, ["x"], {}])
async def test_a_cursor_that_is_none_ends_the_thread(cursor: Any) -> None:
    """As no cursor does."""
    message = {"ts": "1.0", "user": "U1", "text": "Why?"}
    page = {"ok": True, "messages": [message, 7, None], "response_metadata": {"next_cursor": cursor}}
    told, calls = await ask(page, lambda slack: slack.read_thread("C1", "1.0"))
    assert (told, len(calls)) == ("Person 1: Why?", 1)


async def test_a_cursor_that_leads_on_for_ever_is_not_followed_for_ever() -> None:
    """There is a bound to what is looked at."""
    page = {
        "ok": True,
        "messages": [{"ts": "1.0", "user": "U1", "text": "Why?"}] * 1_000,
        "response_metadata": {"next_cursor": "on"},
    }
    told, calls = await ask(page, lambda slack: slack.read_thread("C1", "1.0"))
    assert told == "Person 1: Why?\n[What was said after that could not be read.]"
    assert len(calls) == 5


async def ask(answer: Any, work: Any) -> tuple[Any, list[Any]]:
    """Call a server that gives every call the same answer: what comes of it, and what was sent."""
    calls: list[Any] = []

    async def give(request: web.Request) -> web.Response:
        calls.append((request.path, await request.text()))
        return web.json_response(answer)

    app = web.Application()
    app.router.add_route("*", "/{way:.*}", give)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
        async with make_session() as session:
            return await work(Slack(make_client("xoxb-1", url, session))), calls
    finally:
        await runner.cleanup()


async def test_a_form_is_opened_by_its_trigger() -> None:
    """As an object, for a form of HTTP would need it twice encoded."""
    _, ((path, text),) = await ask({"ok": True, "view": {}}, lambda slack: slack.open_form("1.2.x", {"type": "modal"}))
    assert path == "/api/views.open"
    assert json.loads(text) == {"trigger_id": "1.2.x", "view": {"type": "modal"}}


async def test_a_trigger_that_is_too_old_is_a_refusal() -> None:
    """With Slack's word."""
    with pytest.raises(SlackError, match="expired_trigger_id"):
        await ask({"ok": False, "error": "expired_trigger_id"}, lambda slack: slack.open_form("1.2.x", {}))


async def test_who_pressed_is_told_in_the_thread() -> None:
    """The address that came with the press is not used where that works."""
    async with office() as one:
        parent = speak(one.workspace, 2)
        address = one.response_url("C0GENERAL")
        await one.slack.answer_press("C0GENERAL", "U0ADA", BODY, thread_ts=parent, response_url=address)
        (told,) = one.workspace.whispers
        assert (told.user, told.text, told.thread_ts) == ("U0ADA", "hello", parent)
        assert one.calls == [("chat.postEphemeral", None)]


async def test_where_the_bot_is_no_member_any_more_who_pressed_is_told_by_the_address() -> None:
    """Which leaves the message with the button as it is."""
    async with office() as one:
        one.workspace.channel("general").members.remove(one.workspace.bot.id)
        address = one.response_url("C0GENERAL")
        await one.slack.answer_press("C0GENERAL", "U0ADA", BODY, thread_ts=None, response_url=address)
        assert [told.text for told in one.workspace.whispers] == ["hello"]
        assert one.calls == [("chat.postEphemeral", "not_in_channel"), ("response_url", None)]
        assert one.workspace.calls[-1].args["replace_original"] is False
        for useless in (None, "", "https://elsewhere.example/x", one.server.url.replace("/api/", "/commands/none")):
            with pytest.raises(ChannelClosedError):
                await one.slack.answer_press("C0GENERAL", "U0ADA", BODY, thread_ts=None, response_url=useless)


async def test_without_a_token_a_press_is_answered_at_its_address_alone() -> None:
    """Where the bot is not installed, there is no other way; of what is not taken there, it says so."""
    async with office() as one:
        address = one.response_url("C0GENERAL")
        one.slack.renew("")
        await one.slack.respond(address, BODY)
        assert [told.text for told in one.workspace.whispers] == ["hello"]
        assert one.workspace.calls[-1].args["replace_original"] is False
        for useless in ("https://elsewhere.example/x", one.server.url.replace("/api/", "/commands/none")):
            with pytest.raises(SlackError, match="no_response"):
                await one.slack.respond(useless, BODY)
        assert [method for method, _ in one.calls] == ["response_url"]
