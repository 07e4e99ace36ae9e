import asyncio
from typing import Any

import pytest

from bot.playground.slack.arguments import RefusedError
from bot.playground.slack.interaction.response_url import LIFETIME, ResponseUrl
from bot.playground.slack.records import Message, Whisper
from bot.playground.slack.workspace import Workspace
from tests.playground.slack.pressed import actions, button

BLOCKS = [actions(button("stop"))]


def address(workspace: Workspace) -> ResponseUrl:
    """Return the address of a command that ada sends from a channel without the bot."""
    return ResponseUrl("C0PRIVATE", "U0ADA", workspace.now() + LIFETIME)


async def test_it_works_five_times_where_the_bot_is_no_member(workspace: Workspace) -> None:
    """The first four whisper, the fifth speaks aloud, the sixth is refused."""
    url = address(workspace)
    for _ in range(4):
        url.use(workspace, {"text": "psst", "replace_original": False})
    url.use(workspace, {"text": "hello", "response_type": "in_channel"})
    with pytest.raises(RefusedError, match="used_url"):
        url.use(workspace, {"text": "one more"})
    assert [(whisper.channel, whisper.user) for whisper in workspace.whispers] == [("C0PRIVATE", "U0ADA")] * 4
    assert [(message.channel, message.text) for message in workspace.messages] == [("C0PRIVATE", "hello")]


async def test_it_expires(workspace: Workspace) -> None:
    """Half an hour after the command, to the second."""
    url = address(workspace)
    await asyncio.sleep(1_799.0)
    url.use(workspace, {"text": "just in time"})
    await asyncio.sleep(1.0)
    with pytest.raises(RefusedError, match="expired_url"):
        url.use(workspace, {"text": "late"})
    assert len(workspace.whispers) == 1


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({}, "no_text"),
        ({"text": "a", "channel": "C0GENERAL"}, "invalid_arguments"),
        ({"text": "a", "response_type": "loud"}, "invalid_payload"),
        ({"text": "a", "blocks": [{"type": "section"}]}, "invalid_blocks"),
    ],
)
async def test_what_it_refuses_is_no_use(workspace: Workspace, args: dict[str, Any], error: str) -> None:
    """Nothing is shown and nothing spent."""
    url = address(workspace)
    with pytest.raises(RefusedError, match=error):
        url.use(workspace, args)
    assert (workspace.whispers, url.uses_left) == ([], 5)


def pressed(workspace: Workspace, source: Message | Whisper) -> ResponseUrl:
    """Return the address that comes with ada's press of a button in `source`."""
    return ResponseUrl(source.channel, "U0ADA", workspace.now() + LIFETIME, source=source)


async def test_a_press_is_answered_beside_the_message(workspace: Workspace) -> None:
    """For whoever pressed, or for all; in its thread only if that is named."""
    message = workspace.post("C0GENERAL", workspace.bot.id, "a", BLOCKS)
    url = pressed(workspace, message)
    url.use(workspace, {"text": "psst", "replace_original": False})
    url.use(workspace, {"text": "psst", "replace_original": False, "thread_ts": message.ts})
    aloud = {"replace_original": False, "response_type": "in_channel"}
    url.use(workspace, {"text": "hello", **aloud})
    url.use(workspace, {"text": "there", **aloud, "thread_ts": message.ts})
    assert [(one.text, one.user, one.thread_ts) for one in workspace.whispers] == [
        ("psst", "U0ADA", None),
        ("psst", "U0ADA", message.ts),
    ]
    assert [(one.text, one.thread_ts) for one in workspace.messages] == [
        ("a", None),
        ("hello", None),
        ("there", message.ts),
    ]
    assert (message.blocks, url.uses_left) == (BLOCKS, 1)


async def test_a_press_is_answered_in_the_place_of_the_message(workspace: Workspace) -> None:
    """By another, or by none; then there is nothing left to answer in the place of."""
    message = workspace.post("C0GENERAL", workspace.bot.id, "a", BLOCKS)
    url = pressed(workspace, message)
    assert url.use(workspace, {"text": "b", "replace_original": True}) == message.ts
    assert ([version.text for version in message.versions], message.blocks) == (["a", "b"], [])
    url.use(workspace, {"delete_original": True})
    assert workspace.messages == []
    for args in ({"delete_original": True}, {"text": "c", "replace_original": True}):
        with pytest.raises(RefusedError, match="message_not_found"):
            url.use(workspace, args)
    assert url.uses_left == 3


async def test_a_whisper_can_be_replaced_too(workspace: Workspace) -> None:
    """Which nothing else can do; the others stay."""
    first, second = [workspace.whisper("C0GENERAL", "U0ADA", text, BLOCKS) for text in "ab"]
    url = pressed(workspace, first)
    for text in ("interim", "c"):
        url.use(workspace, {"text": text, "replace_original": True})
    assert [(one.text, one.ts) for one in workspace.whispers] == [("c", first.ts), ("b", second.ts)]
    url = pressed(workspace, second)
    url.use(workspace, {"delete_original": True})
    assert [one.text for one in workspace.whispers] == ["c"]
    with pytest.raises(RefusedError, match="message_not_found"):
        url.use(workspace, {"delete_original": True})


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"text": "a"}, "invalid_payload"),
        ({"text": "a", "replace_original": True, "delete_original": True}, "invalid_payload"),
        ({"text": "a", "replace_original": "yes"}, "invalid_arguments"),
        ({"replace_original": True}, "no_text"),
        ({"text": "a", "replace_original": False, "thread_ts": "1.000000"}, "thread_not_found"),
        ({"text": "a", "replace_original": False, "channel": "C0GENERAL"}, "invalid_arguments"),
    ],
)
async def test_an_answer_to_a_press_says_what_becomes_of_the_message(
    workspace: Workspace, args: dict[str, Any], error: str
) -> None:
    """Left out, it could be either; nothing is shown then, and nothing spent."""
    message = workspace.post("C0GENERAL", workspace.bot.id, "a", BLOCKS)
    url = pressed(workspace, message)
    with pytest.raises(RefusedError, match=error):
        url.use(workspace, args)
    assert (len(message.versions), workspace.whispers, url.uses_left) == (1, [], 5)
