import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import BOT_SCOPES, HISTORY_SCOPES, Workspace


@pytest.fixture
def workspace() -> Workspace:
    """A workspace whose app may read what was said."""
    return Workspace(scopes=(*BOT_SCOPES, *HISTORY_SCOPES))


@pytest.fixture
async def hear(server: SlackServer, client: AsyncWebClient) -> Any:
    """Return what waits for the next event; nothing that Bolt would keep from a listener is kept back."""
    events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def listen(connection: Any, request: Any) -> None:
        await connection.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))
        events.put_nowait(request.payload["event"])

    sdk = SocketModeClient(Workspace.app_token, web_client=client)
    sdk.socket_mode_request_listeners.append(listen)
    await sdk.connect()  # type: ignore[no-untyped-call]
    await server.connected()

    async def next_event(within: float = 60.0) -> dict[str, Any] | None:
        try:
            async with asyncio.timeout(within):
                return await events.get()
        except TimeoutError:
            return None

    yield next_event
    await sdk.close()  # type: ignore[no-untyped-call]


Hear = Callable[..., Any]


async def test_a_direct_message_is_told_to_the_app(server: SlackServer, workspace: Workspace, hear: Hear) -> None:
    """In a thread the event says which; each person has a channel with the bot."""
    ts = await server.direct_message("why is a < b?")
    first = await hear()
    reply = await server.direct_message("and @ben?", thread_ts=ts)
    second = await hear()
    await server.direct_message("me too", user="ben")
    third = await hear()
    assert (first["type"], first["channel_type"], first["channel"]) == ("message", "im", "D0ADA")
    assert (first["user"], first["ts"], first["event_ts"], first["text"]) == ("U0ADA", ts, ts, "why is a &lt; b?")
    assert not {"subtype", "thread_ts", "bot_id", "edited"} & set(first)
    assert (second["ts"], second["thread_ts"], second["text"]) == (reply, ts, "and <@U0BEN>?")
    assert (third["channel"], third["user"]) == ("D0BEN", "U0BEN")
    assert [message.ts for message in workspace.thread("D0ADA", ts)] == [ts, reply]
    with pytest.raises(ValueError, match="no message"):
        await server.direct_message("there", thread_ts="1.000000")


async def test_what_changes_there_is_told_too(server: SlackServer, workspace: Workspace, hear: Hear) -> None:
    """As it was before and is now, though it has changed again when the app hears of it."""
    ts = await server.direct_message("why?")
    message = workspace.find("D0ADA", ts)
    assert message is not None
    workspace.edit(message, "why not?", [])
    workspace.edit(message, "or what?", [])
    workspace.delete(message)
    written, changed, again, deleted = [await hear() for _ in range(4)]
    assert (written["text"], "subtype" in written) == ("why?", False)
    assert (changed["subtype"], changed["hidden"], changed["channel"]) == ("message_changed", True, "D0ADA")
    assert (changed["message"]["text"], changed["previous_message"]["text"]) == ("why not?", "why?")
    assert changed["message"]["edited"]["user"] == "U0ADA"
    assert changed["ts"] != changed["message"]["ts"] == ts
    assert again["message"]["text"] == "or what?"
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", ts)
    assert deleted["previous_message"]["text"] == "or what?"
    assert "message" not in deleted
    assert len({event["ts"] for event in (written, changed, again, deleted)}) == 4


async def test_what_the_bot_writes_there_comes_back_to_it(
    client: AsyncWebClient, server: SlackServer, hear: Hear
) -> None:
    """With its bot_id; its edits too. It needs no other call to post there."""
    parent = await server.direct_message("why?")
    await hear()
    blocks = [{"type": "markdown", "text": "**why**"}]
    ts = (await client.chat_postMessage(channel="D0ADA", text="a", blocks=blocks, thread_ts=parent))["ts"]
    posted = await hear()
    assert (posted["ts"], posted["bot_id"], posted["user"]) == (ts, "B0PERSPECT", "U0PERSPECT")
    assert (posted["channel_type"], posted["thread_ts"]) == ("im", parent)
    assert posted["blocks"][0]["type"] == "rich_text"
    await client.chat_update(channel="D0ADA", ts=ts, text="b", blocks=blocks)
    changed = await hear()
    assert (changed["subtype"], changed["message"]["bot_id"]) == ("message_changed", "B0PERSPECT")


async def test_a_mention_there_is_a_message_like_any_other(server: SlackServer, hear: Hear) -> None:
    """Slack sends no app_mention from a direct channel."""
    await server.direct_message("<@U0PERSPECT> why?")
    await server.mention("why?", channel="@ada")
    assert [(await hear())["type"], (await hear())["type"], await hear()] == ["message", "message", None]


@pytest.mark.parametrize(
    "how", [{"scopes": BOT_SCOPES}, {"scopes": (*BOT_SCOPES, *HISTORY_SCOPES), "events": ["app_mention"]}]
)
async def test_nothing_is_told_without_scope_or_subscription(
    server: SlackServer, workspace: Workspace, hear: Hear, how: Any
) -> None:
    """The message stands all the same, and so does one in a channel, of which Slack tells in another way."""
    other = Workspace(**how)
    workspace.scopes, workspace.events = other.scopes, other.events
    ts = await server.direct_message("why?")
    assert await hear() is None
    assert workspace.find("D0ADA", ts) is not None
    await server.mention("why?")
    assert (await hear())["type"] == "app_mention"


async def test_nothing_is_told_of_mentions_without_subscription(
    server: SlackServer, workspace: Workspace, hear: Hear
) -> None:
    """The scope alone is not enough."""
    workspace.events.discard("app_mention")
    await server.mention("why?")
    assert await hear() is None


async def test_a_direct_message_is_told_until_it_is_acknowledged(
    server: SlackServer, client: AsyncWebClient, workspace: Workspace
) -> None:
    """As every event is."""
    times: list[float] = []

    async def listen(connection: Any, request: Any) -> None:
        times.append(workspace.now())
        if len(times) > 1:
            await connection.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))

    sdk = SocketModeClient(Workspace.app_token, web_client=client)
    sdk.socket_mode_request_listeners.append(listen)
    await sdk.connect()  # type: ignore[no-untyped-call]
    await server.connected()
    await server.direct_message("why?")
    await asyncio.sleep(600)
    await sdk.close()  # type: ignore[no-untyped-call]
    first, second = times
    assert second - first == pytest.approx(3.0)


async def test_what_was_said_there_is_read_with_a_scope_of_its_own(
    client: AsyncWebClient, server: SlackServer, workspace: Workspace
) -> None:
    """As in private channels: by kind of channel, and missing_scope says which."""
    ts = await server.direct_message("why?")
    await server.direct_message("really", thread_ts=ts)
    workspace.channel("private").members.add(workspace.bot.id)
    there = workspace.post("C0PRIVATE", "U0ADA", "why?").ts
    places = {"im:history": ("D0ADA", ts), "groups:history": ("C0PRIVATE", there)}
    answer = await client.conversations_replies(channel="D0ADA", ts=ts)
    assert [message["text"] for message in answer["messages"]] == ["why?", "really"]
    for scope, (channel, parent) in places.items():
        await client.conversations_replies(channel=channel, ts=parent)
        workspace.scopes.discard(scope)
        with pytest.raises(SlackApiError) as caught:
            await client.conversations_replies(channel=channel, ts=parent)
        assert (caught.value.response["error"], caught.value.response["needed"]) == ("missing_scope", scope)


async def test_a_command_can_be_typed_there(
    server: SlackServer, app: AsyncApp, client: AsyncWebClient, workspace: Workspace
) -> None:
    """The channel has no name of its own; a person's is theirs and the bot's alone."""
    bodies: list[dict[str, Any]] = []

    @app.command("/perspectives")
    async def listen(ack: Any, body: dict[str, Any]) -> None:
        bodies.append(body)
        await ack("here")

    await server.command("why?", channel=workspace.direct_channel("ada").name)
    assert (bodies[0]["channel_id"], bodies[0]["channel_name"]) == ("D0ADA", "directmessage")
    assert [(whisper.channel, whisper.text) for whisper in workspace.whispers] == [("D0ADA", "here")]
    with pytest.raises(ValueError, match="ben is not in @ada"):
        await server.command("why?", user="ben", channel=workspace.direct_channel("ada").name)
    assert workspace.direct_channel("U0ADA") is workspace.direct_channel("ada")
    with pytest.raises(KeyError):
        workspace.direct_channel("nobody")
