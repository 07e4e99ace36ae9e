import asyncio
from typing import Any

import aiohttp
import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import SLACKBOT


async def test_a_command_reaches_a_bolt_app_with_all_its_fields(server: SlackServer, app: AsyncApp) -> None:
    """Text as Slack hands it over; acknowledged, it whispers nothing."""
    seen: list[dict[str, Any]] = []

    @app.command("/perspectives")
    async def listen(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        seen.append(body)

    seconds = await server.command("why, @ben, is a < b?", channel="private")
    assert seconds == pytest.approx(0.01, abs=0.005)  # Bolt looks every so often whether its listener has
    (body,) = seen
    assert body["text"] == "why, <@U0BEN|ben>, is a &lt; b?"
    assert (body["user_id"], body["user_name"], body["channel_id"]) == ("U0ADA", "ada", "C0PRIVATE")
    assert set(body) == {
        "token",
        "team_id",
        "team_domain",
        "channel_id",
        "channel_name",
        "user_id",
        "user_name",
        "command",
        "text",
        "api_app_id",
        "is_enterprise_install",
        "response_url",
        "trigger_id",
    }
    assert server.workspace.whispers == []


async def test_an_acknowledgement_can_carry_a_whisper(server: SlackServer, app: AsyncApp) -> None:
    """From the bot, for the sender."""

    @app.command("/perspectives")
    async def listen(ack: Any) -> None:
        await ack("type a problem after it")

    await server.command("", user="ben")
    (whisper,) = server.workspace.whispers
    assert (whisper.user, whisper.sender, whisper.text) == ("U0BEN", "U0PERSPECT", "type a problem after it")


async def test_an_acknowledgement_can_speak_aloud(server: SlackServer, app: AsyncApp) -> None:
    """With `response_type` it is a message, even where the bot is no member."""

    @app.command("/perspectives")
    async def listen(ack: Any) -> None:
        await ack("hello", response_type="in_channel")

    await server.command("", channel="random")
    assert [(message.channel, message.text) for message in server.workspace.messages] == [("C0RANDOM", "hello")]


async def test_a_malformed_acknowledgement_fails_before_the_sender(server: SlackServer, app: AsyncApp) -> None:
    """Slack says what was wrong with it, and shows none of it."""

    @app.command("/perspectives")
    async def listen(ack: Any) -> None:
        await ack(blocks=[{"type": "section"}])

    await server.command("why?")
    (whisper,) = server.workspace.whispers
    assert (whisper.sender, whisper.text) == (SLACKBOT, '/perspectives failed with the error "invalid_blocks"')


async def test_a_command_that_nobody_acknowledges_fails_before_the_sender(server: SlackServer, app: AsyncApp) -> None:
    """After 3 seconds, whatever the app does then."""

    @app.command("/perspectives")
    async def listen() -> None:
        pass

    started = asyncio.get_running_loop().time()
    assert await server.command("why?") is None
    (whisper,) = server.workspace.whispers
    assert (whisper.user, whisper.sender) == ("U0ADA", SLACKBOT)
    assert whisper.at - started == pytest.approx(3.0)
    assert "operation_timeout" in whisper.text


async def test_a_command_with_no_connection_times_out_too(server: SlackServer) -> None:
    """Nobody is there to acknowledge."""
    assert await server.command("why?") is None
    assert "operation_timeout" in server.workspace.whispers[0].text


async def test_without_the_scope_there_is_no_command(server: SlackServer, app: AsyncApp) -> None:
    """The app hears nothing, the person does."""
    server.workspace.scopes.remove("commands")
    assert await server.command("why?") is None
    assert server.workspace.whispers[0].text == "/perspectives is not a valid command."


async def test_a_response_url_works_five_times(
    server: SlackServer, app: AsyncApp, session: aiohttp.ClientSession
) -> None:
    """Then it is not found; malformed calls do not count."""
    urls: list[str] = []

    @app.command("/perspectives")
    async def listen(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        urls.append(body["response_url"])

    await server.command("why?", channel="private")
    respond = AsyncWebhookClient(urls[0], session=session)
    answers = [await respond.send(text=text) for text in (" ", *"abcdef")]
    assert [(answer.status_code, answer.body) for answer in answers] == [
        (400, "no_text"),
        *[(200, "ok")] * 5,
        (404, "used_url"),
    ]
    assert [whisper.text for whisper in server.workspace.whispers] == list("abcde")
    assert [call.error for call in server.workspace.calls if call.method == "response_url"] == [
        "no_text",
        *[None] * 5,
        "used_url",
    ]
    assert (await AsyncWebhookClient(f"{urls[0]}x", session=session).send(text="a")).status_code == 404
    async with session.post(urls[0], data=b"{", headers={"Content-Type": "application/json"}) as response:
        assert (response.status, await response.text()) == (400, "invalid_json")


async def test_a_mention_is_posted_and_told_to_the_app(server: SlackServer, app: AsyncApp) -> None:
    """In a thread the event says which; what is told was posted first."""
    seen: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    @app.event("app_mention")
    async def listen(event: dict[str, Any]) -> None:
        seen.put_nowait(event)

    ts = await server.mention("why?")
    first = await seen.get()
    reply = await server.mention("and @ben?", user="ben", thread_ts=ts)
    second = await seen.get()
    assert (first["ts"], first["text"], first["user"]) == (ts, "<@U0PERSPECT> why?", "U0ADA")
    assert not {"thread_ts", "edited", "bot_id"} & set(first)
    assert (second["ts"], second["thread_ts"], second["text"]) == (reply, ts, "<@U0PERSPECT> and <@U0BEN>?")
    assert [message.ts for message in server.workspace.thread("general", ts)] == [ts, reply]


async def test_an_edited_mention_says_so(server: SlackServer, app: AsyncApp) -> None:
    """Slack tells of it as of a new one, but for that."""
    seen: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    @app.event("app_mention")
    async def listen(event: dict[str, Any]) -> None:
        seen.put_nowait(event)

    await server.mention("why?", edited=True)
    assert (await seen.get())["edited"]["user"] == "U0ADA"


@pytest.mark.parametrize("channel", ["random", "private"])
async def test_a_bot_that_is_no_member_is_told_of_no_mention(server: SlackServer, channel: str) -> None:
    """The message stands all the same."""
    ts = await server.mention("why?", channel=channel)
    assert server.workspace.find(channel, ts) is not None
    assert len(server._deliveries._tasks) == 1  # it looks out for direct messages


async def test_who_is_not_in_a_channel_cannot_write_there(server: SlackServer) -> None:
    """Nor reply to what is not there: those are mistakes of the one who plays."""
    server.workspace.channel("general").members.discard("U0BEN")
    with pytest.raises(ValueError, match="ben is not in general"):
        await server.mention("why?", user="ben")
    with pytest.raises(ValueError, match="no message"):
        await server.mention("why?", thread_ts="1.000000")
