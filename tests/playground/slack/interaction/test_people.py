import asyncio
from typing import Any

import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.playground.slack.block_kit.stored import store
from bot.playground.slack.payloads import name_version
from bot.playground.slack.records import Message, Press, Warned
from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import Workspace
from tests.playground.slack.pressed import actions, button, context_actions, feedback, form, icon, words

MARKDOWN = {"type": "markdown", "text": "**bold**"}
ANSWERED: Any = pytest.approx(0.01, abs=0.005)  # seconds; Bolt looks every so often whether its listener has


@pytest.fixture
def heard(app: AsyncApp) -> list[dict[str, Any]]:
    """Return what the app hears of presses; it acknowledges each at once."""
    bodies: list[dict[str, Any]] = []

    async def listen(ack: Any, body: dict[str, Any]) -> None:
        bodies.append(body)
        await ack()

    for action_id in ("stop", "vote", "drop"):
        app.action(action_id)(listen)
    return bodies


def post(workspace: Workspace, *blocks: Any, **more: Any) -> Message:
    """Post a message of the bot's into `general`."""
    return workspace.post("C0GENERAL", workspace.bot.id, "a", list(blocks), **more)


async def test_a_press_reaches_the_app_with_the_message_as_slack_keeps_it(
    server: SlackServer, workspace: Workspace, heard: list[dict[str, Any]]
) -> None:
    """Markdown is rich text by then; the block that was pressed is named as it is there."""
    parent = workspace.post("C0GENERAL", "U0BEN", "why?")
    row = actions(button("stop", "Stop", value="run-7", style="danger"))
    message = post(workspace, MARKDOWN, row, thread_ts=parent.ts)
    assert await server.click(message, "stop", user="ben") == ANSWERED
    (body,) = heard
    (action,) = body["actions"]
    rich, pressed = body["message"]["blocks"]
    assert (body["type"], body["team"]["id"]) == ("block_actions", "T0PLAYGRND")
    assert body["user"] == {"id": "U0BEN", "username": "ben", "name": "ben", "team_id": "T0PLAYGRND"}
    assert body["channel"] == {"id": "C0GENERAL", "name": "general"}
    assert body["container"] == {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": "C0GENERAL",
        "is_ephemeral": False,
        "thread_ts": parent.ts,
    }
    assert (body["message"]["ts"], body["message"]["thread_ts"], body["message"]["bot_id"]) == (
        message.ts,
        parent.ts,
        "B0PERSPECT",
    )
    assert rich["type"] == "rich_text"
    assert body["message"]["blocks"] == store(message.blocks, name_version(message))
    assert action == {
        "type": "button",
        "action_id": "stop",
        "block_id": pressed["block_id"],
        "text": words("Stop") | {"emoji": True},
        "value": "run-7",
        "style": "danger",
        "action_ts": action["action_ts"],
    }
    assert "/actions/" in body["response_url"]
    assert workspace.presses == [Press(workspace.presses[0].at, "U0BEN", message.ts, "stop", "run-7", ANSWERED)]
    assert workspace.warnings == []


async def test_a_button_with_no_value_sends_none(
    server: SlackServer, workspace: Workspace, heard: list[dict[str, Any]]
) -> None:
    """Nor a style that it does not have; a message at the top is in no thread."""
    await server.click(post(workspace, actions(button("stop"))), "stop")
    assert not {"value", "style"} & set(heard[0]["actions"][0])
    assert not {"thread_ts"} & {*heard[0]["container"], *heard[0]["message"]}


async def test_a_press_in_a_whisper_comes_without_the_message(
    server: SlackServer, workspace: Workspace, heard: list[dict[str, Any]]
) -> None:
    """It stands in no channel; and nobody else sees its button."""
    whisper = workspace.whisper("C0GENERAL", "U0ADA", "a", [actions(button("stop", value="7"))])
    await server.click(whisper, "stop")
    (body,) = heard
    assert (body["container"]["is_ephemeral"], body["container"]["message_ts"]) == (True, whisper.ts)
    assert "message" not in body
    with pytest.raises(ValueError, match="ben sees no message"):
        await server.click(whisper, "stop", user="ben")


async def test_feedback_can_be_given_again_and_again(
    server: SlackServer, workspace: Workspace, heard: list[dict[str, Any]]
) -> None:
    """Each press is sent, also of the one that is marked already."""
    message = post(workspace, context_actions(feedback()))
    for value in ("good", "bad", "bad"):
        await server.click(message, "vote", value=value)
    sent = [(body["actions"][0]["type"], body["actions"][0]["value"]) for body in heard]
    assert sent == [("feedback_buttons", value) for value in ("good", "bad", "bad")]
    assert heard[1]["actions"][0]["text"]["text"] == "Bad"
    assert [press.value for press in workspace.presses] == ["good", "bad", "bad"]


async def test_only_a_button_that_stands_there_can_be_pressed(
    server: SlackServer, workspace: Workspace, heard: list[dict[str, Any]]
) -> None:
    """By somebody who sees it: all else is a mistake of the one who plays."""
    message = post(workspace, actions(button("stop", value="1")), actions(button("stop", value="2")))
    for how in ({"action_id": "go"}, {"action_id": "stop"}, {"action_id": "stop", "value": "3"}):
        with pytest.raises(ValueError, match="buttons"):
            await server.click(message, **how)
    await server.click(message, "stop", value="2")
    workspace.edit(message, "a", [context_actions(icon("drop", visible_to_user_ids=["U0BEN"]))])
    with pytest.raises(ValueError, match="0 buttons stop"):
        await server.click(message, "stop", value="2")
    with pytest.raises(ValueError, match="0 buttons drop"):
        await server.click(message, "drop")
    await server.click(message, "drop", user="ben")
    assert [body["actions"][0]["type"] for body in heard] == ["button", "icon_button"]
    assert heard[0]["message"]["blocks"][0]["block_id"] != heard[1]["message"]["blocks"][0]["block_id"]
    workspace.delete(message)
    with pytest.raises(ValueError, match="sees no message"):
        await server.click(message, "drop", user="ben")
    workspace.channel("general").members.discard("U0BEN")
    with pytest.raises(ValueError, match="ben is not in general"):
        await server.click(post(workspace, actions(button("stop"))), "stop", user="ben")
    assert len(workspace.presses) == 2


async def test_a_press_that_nobody_takes_is_not_told_again(
    server: SlackServer, workspace: Workspace, heard: list[dict[str, Any]]
) -> None:
    """After three seconds, who pressed is warned; Bolt has no answer for an action that it does not know."""
    message = post(workspace, actions(button("unknown")))
    assert await server.click(message, "unknown") is None
    (warned,), (press,) = workspace.warnings, workspace.presses
    assert warned == Warned(press.at + 3.0, "U0ADA", "block_actions", "operation_timeout")
    assert press.seconds is None
    await asyncio.sleep(600)
    assert heard == []


async def test_a_press_takes_no_answer_but_its_acknowledgement(
    server: SlackServer, app: AsyncApp, workspace: Workspace
) -> None:
    """What an app says there reaches nobody."""

    @app.action("stop")
    async def listen(ack: Any) -> None:
        await ack({"text": "stopped"})

    assert await server.click(post(workspace, actions(button("stop"))), "stop") == ANSWERED
    (warned,) = workspace.warnings
    assert (warned.kind, warned.code) == ("block_actions", "invalid_response")


@pytest.mark.parametrize("how", ["command", "click", "shortcut"])
async def test_each_of_them_can_open_a_form(
    server: SlackServer, app: AsyncApp, client: AsyncWebClient, workspace: Workspace, how: str
) -> None:
    """Before whoever did it, with the trigger that came along; three seconds later no more."""
    bodies: list[dict[str, Any]] = []

    async def listen(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        bodies.append(body)
        if len(bodies) > 1:
            await asyncio.sleep(3.0)
        await client.views_open(trigger_id=body["trigger_id"], view=form())

    app.command("/perspectives")(listen)
    app.action("deeper")(listen)
    app.shortcut("ask")(listen)
    message = post(workspace, actions(button("deeper")))
    for _ in range(2):
        if how == "command":
            await server.command("", user="ben")
        elif how == "click":
            await server.click(message, "deeper", user="ben")
        else:
            await server.shortcut(message.ts, "ask", user="ben")
        await asyncio.sleep(60)
    assert [view.user for view in workspace.views] == ["U0BEN"]
    opened = [call.error for call in workspace.calls if call.method == "views.open"]
    assert opened == [None, "expired_trigger_id"]
    assert bodies[0]["trigger_id"] != bodies[1]["trigger_id"]


@pytest.mark.parametrize("channel", ["general", "private"])
async def test_a_shortcut_hands_over_the_whole_message(
    server: SlackServer, app: AsyncApp, workspace: Workspace, channel: str
) -> None:
    """Whoever wrote it, and where the bot is no member too."""
    bodies: list[dict[str, Any]] = []

    @app.shortcut("ask")
    async def listen(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        bodies.append(body)

    place = workspace.channel(channel)
    parent = workspace.post(place.id, "U0BEN", "first")
    message = workspace.post(place.id, "U0BEN", "why &lt; that?", thread_ts=parent.ts)
    assert await server.shortcut(message.ts, "ask", channel=channel) == ANSWERED
    (body,) = bodies
    assert (body["type"], body["callback_id"], body["user"]["id"]) == ("message_action", "ask", "U0ADA")
    assert (body["message_ts"], body["channel"]["id"]) == (message.ts, place.id)
    assert body["channel"]["name"] == ("privategroup" if place.is_private else "general")
    told = body["message"]
    assert (told["user"], told["text"], told["ts"], told["thread_ts"]) == (
        "U0BEN",
        "why &lt; that?",
        message.ts,
        parent.ts,
    )
    assert "bot_id" not in told
    assert told["blocks"][0]["type"] == "rich_text"


async def test_a_shortcut_that_nobody_takes_is_said_to_be_lost(server: SlackServer, workspace: Workspace) -> None:
    """To whoever chose it; what is not there cannot be chosen on, and an app without commands has no shortcuts."""
    message = post(workspace)
    assert await server.shortcut(message.ts, "ask") is None
    assert [(warned.kind, warned.code) for warned in workspace.warnings] == [("message_action", "operation_timeout")]
    with pytest.raises(ValueError, match="no message"):
        await server.shortcut("1.000000", "ask")
    workspace.scopes.discard("commands")
    with pytest.raises(ValueError, match="no shortcut"):
        await server.shortcut(message.ts, "ask")


async def test_a_press_can_be_answered_where_the_message_stands(
    server: SlackServer, client: AsyncWebClient, workspace: Workspace, heard: list[dict[str, Any]]
) -> None:
    """At the address that comes with it, with the SDK's own client for that."""
    await server.click(post(workspace, actions(button("stop"))), "stop")
    hook = AsyncWebhookClient(heard[0]["response_url"], session=client.session)
    assert (await hook.send(text="stopped", replace_original=True)).status_code == 200
    assert workspace.messages[0].text == "stopped"
