import asyncio
from typing import Any

import pytest

from bot.playground.slack.arguments import RefusedError
from bot.playground.slack.interaction.response_url import LIFETIME, ResponseUrl
from bot.playground.slack.workspace import Workspace


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
