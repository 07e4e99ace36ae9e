import json
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import Workspace
from tests.playground.slack.pressed import actions, button, field, form

STOP = actions(button("stop", "Stop", value="7", style="danger"))
LONG = actions(button("stop", "a" * 76))


@pytest.mark.parametrize("what", [{"blocks": [STOP]}, {"message": {"text": "a", "blocks": [STOP]}}, {"view": form()}])
async def test_what_slack_would_show_is_valid(client: AsyncWebClient, workspace: Workspace, what: Any) -> None:
    """Blocks, a message or a form, with no scope; nobody sees it."""
    workspace.scopes.clear()
    assert (await client.blocks_validate(**what)).data == {"ok": True}
    assert (workspace.messages, workspace.views) == ([], [])


@pytest.mark.parametrize(
    ("what", "error", "pointer"),
    [
        ({"blocks": [LONG]}, "invalid_blocks", "/0/elements/0/text/text"),
        ({"blocks": [field()]}, "invalid_blocks", "/0/type"),
        ({"message": {"text": "a", "blocks": [LONG]}}, "invalid_message", "/blocks/0/elements/0/text/text"),
        ({"message": {"text": "a", "colour": "red"}}, "invalid_message", ""),
        ({"message": "[]"}, "invalid_message", ""),
        ({"view": form(submit=None)}, "invalid_view", "/submit"),
        ({"view": form(LONG)}, "invalid_view", "/blocks/0/elements/0/text/text"),
    ],
)
async def test_what_it_would_not_show_is_said_with_its_place(
    client: AsyncWebClient, what: Any, error: str, pointer: str
) -> None:
    """As seen from what was sent: blocks alone begin at the root."""
    with pytest.raises(SlackApiError) as caught:
        await client.blocks_validate(**what)
    (problem,) = caught.value.response["errors"]
    assert caught.value.response["error"] == error
    assert (problem["pointer"], problem["code"]) == (pointer, "failed_constraint")
    assert problem["message"]
    assert "json-pointer" not in problem["message"]


@pytest.mark.parametrize(
    "args",
    [{}, {"blocks": "[]", "view": "{}"}, {"blocks": "["}, {"text": "a"}],
    ids=["nothing", "two", "no JSON", "something else"],
)
async def test_it_takes_one_thing_at_a_time(client: AsyncWebClient, args: Any) -> None:
    """And that as a string of JSON."""
    with pytest.raises(SlackApiError) as caught:
        await client.api_call("blocks.validate", params=args)
    assert caught.value.response["error"] == "invalid_arguments"


async def test_blocks_that_are_no_string_are_not_taken(client: AsyncWebClient) -> None:
    """Its arguments are documented as strings, and one that is not was refused in the field."""
    with pytest.raises(SlackApiError) as caught:
        await client.api_call("blocks.validate", json={"blocks": [STOP]})
    assert caught.value.response["error"] == "invalid_arguments"


async def test_it_asks_for_no_token(server: SlackServer, session: aiohttp.ClientSession) -> None:
    """But one that is no good is refused; other methods ask for one."""
    for token, method, expected in [
        (None, "blocks.validate", True),
        ("xoxb-other", "blocks.validate", False),
        (None, "auth.test", False),
    ]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        form = {"blocks": json.dumps([STOP])}
        async with session.post(f"{server.url}{method}", data=form, headers=headers) as response:
            assert (await response.json())["ok"] is expected
