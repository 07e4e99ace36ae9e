import asyncio
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack.workspace import Workspace
from tests.playground.slack.pressed import field, form, words


def trigger(workspace: Workspace, user: str = "U0ADA") -> str:
    """Return a trigger id that is as good as any."""
    return workspace.triggers.issue(user, workspace.now())


async def refusal(call: Any) -> Any:
    """Return Slack's answer to a call that it has to refuse."""
    with pytest.raises(SlackApiError) as caught:
        await call
    return caught.value.response


async def test_a_form_opens_for_whoever_did_something(client: AsyncWebClient, workspace: Workspace) -> None:
    """The answer is the form as Slack knows it, which names what had no name."""
    unnamed = field(initial_value="Why?")
    del unnamed["block_id"], unnamed["element"]["action_id"]
    answer = await client.views_open(trigger_id=trigger(workspace), view=form(unnamed, private_metadata="C0GENERAL"))
    (view,) = workspace.views
    told = answer["view"]
    assert (view.user, view.is_open, view.at) == ("U0ADA", True, workspace.now())
    assert told == view.content | {"state": {"values": {}}}
    assert (view.id, told["root_view_id"], told["previous_view_id"]) == (told["id"], told["id"], None)
    assert (told["callback_id"], told["private_metadata"], told["external_id"]) == ("ask", "C0GENERAL", "")
    assert (told["notify_on_close"], told["clear_on_close"], told["close"]) == (False, False, None)
    assert (told["app_id"], told["bot_id"], told["team_id"]) == ("A0PERSPECT", "B0PERSPECT", "T0PLAYGRND")
    (block,) = told["blocks"]
    assert block["block_id"]
    assert block["element"]["action_id"]
    assert block["element"]["initial_value"] == "Why?"


async def test_a_form_that_slack_would_not_show_is_refused(client: AsyncWebClient, workspace: Workspace) -> None:
    """With the place; its trigger is still good then."""
    trigger_id = trigger(workspace)
    answer = await refusal(client.views_open(trigger_id=trigger_id, view=form(title=words("a" * 25))))
    assert answer["error"] == "invalid_arguments"
    (message,) = answer["response_metadata"]["messages"]
    assert message == "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]"
    assert (await refusal(client.api_call("views.open", json={"view": form()})))["error"] == "invalid_arguments"
    for bad in ("{", "7"):
        answer = await refusal(client.api_call("views.open", json={"trigger_id": trigger_id, "view": bad}))
        assert answer["error"] == "invalid_arguments"
    long = [{"type": "section", "text": words("a" * 3_000)}] * 90
    assert (await refusal(client.views_open(trigger_id=trigger_id, view=form(*long))))["error"] == "view_too_large"
    assert workspace.views == []
    await client.views_open(trigger_id=trigger_id, view=form())


async def test_a_trigger_is_good_once_and_for_three_seconds(client: AsyncWebClient, workspace: Workspace) -> None:
    """One that nobody was given, never."""
    early, late = trigger(workspace), trigger(workspace)
    await asyncio.sleep(2.99)
    await client.views_open(trigger_id=early, view=form())
    assert (await refusal(client.views_open(trigger_id=early, view=form())))["error"] == "exchanged_trigger_id"
    await asyncio.sleep(0.02)
    assert (await refusal(client.views_open(trigger_id=late, view=form())))["error"] == "expired_trigger_id"
    assert (await refusal(client.views_open(trigger_id="1.2.3", view=form())))["error"] == "invalid_trigger_id"
    assert len(workspace.views) == 1


async def test_an_external_id_names_one_open_form(client: AsyncWebClient, workspace: Workspace) -> None:
    """Of the whole team."""
    await client.views_open(trigger_id=trigger(workspace), view=form(external_id="mine"))
    again = client.views_open(trigger_id=trigger(workspace, "U0BEN"), view=form(external_id="mine"))
    assert (await refusal(again))["error"] == "duplicate_external_id"
    workspace.views[0].is_open = False
    await client.views_open(trigger_id=trigger(workspace), view=form(external_id="mine"))


async def test_a_form_can_be_changed_while_it_stands(client: AsyncWebClient, workspace: Workspace) -> None:
    """By its id or its external id, and only as the one that the app believes to be there."""
    opened = (await client.views_open(trigger_id=trigger(workspace), view=form(external_id="mine")))["view"]
    (view,) = workspace.views
    changed = form(title=words("Again"), external_id="mine")
    answer = await client.views_update(view_id=view.id, hash=opened["hash"], view=changed)
    assert (answer["view"]["id"], view.content["title"]["text"]) == (opened["id"], "Again")
    stale = client.views_update(view_id=view.id, hash=opened["hash"], view=form())
    assert (await refusal(stale))["error"] == "hash_conflict"
    bad = client.views_update(view_id=view.id, view=form(title=words("")))
    assert (await refusal(bad))["error"] == "invalid_arguments"
    assert view.content["title"]["text"] == "Again"
    await client.views_update(external_id="mine", view=form())
    assert (await refusal(client.views_update(external_id="mine", view=form())))["error"] == "not_found"
    both = {"view_id": view.id, "external_id": "mine", "view": form()}
    for args in (both, {"view": form()}):
        assert (await refusal(client.api_call("views.update", json=args)))["error"] == "invalid_arguments"
    view.is_open = False
    assert (await refusal(client.views_update(view_id=view.id, view=form())))["error"] == "not_found"
