"""Payloads over HTTP as Slack sends them: the SDK's own adapter takes them, and events come again."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack.server import SIGNING_SECRET, SlackServer
from bot.playground.slack.workspace import Workspace
from tests.support.interactive import silenced
from tests.support.process import until
from tests.support.world import wall_clock


class Address:
    """An app of Bolt's behind a server, which checks signatures by the SDK; it can be told to do nothing."""

    def __init__(self, client: AsyncWebClient) -> None:
        self.app = AsyncApp(client=client, signing_secret=SIGNING_SECRET)
        self.headers: list[dict[str, str]] = []
        self.delays: list[float] = []
        self.statuses: list[int] = []

    async def receive(self, request: web.Request) -> web.Response:
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        if self.delays:
            await asyncio.sleep(self.delays.pop(0))
        if self.statuses:
            return web.Response(status=self.statuses.pop(0))
        return await to_aiohttp_response(await self.app.async_dispatch(await to_bolt_request(request)))


@pytest.fixture
async def address(server: SlackServer, client: AsyncWebClient) -> AsyncIterator[Address]:
    """Where Slack sends what people do."""
    address = Address(client)
    app = web.Application()
    app.router.add_post("/slack/events", address.receive)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.send_to(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
    with silenced():
        yield address
    await runner.cleanup()


@pytest.fixture
def workspace() -> Workspace:
    """One whose clock is the machine's, for the SDK looks at that."""
    return Workspace()


@pytest.mark.slow
async def test_what_people_do_arrives_and_is_known_to_be_slack_s(address: Address, server: SlackServer) -> None:
    """A command, a mention and a press, each in its form."""
    told: list[Any] = []

    async def on_command(ack: Any, body: dict[str, Any]) -> None:
        told.append(body["text"])
        await ack("So.")

    async def on_mention(event: dict[str, Any]) -> None:
        told.append(event["type"])

    async def on_press(ack: Any, body: dict[str, Any]) -> None:
        told.append(body["actions"][0]["value"])
        await ack()

    address.app.command("/perspectives")(on_command)
    address.app.event("app_mention")(on_mention)
    address.app.action("stop")(on_press)
    assert await server.command("why?") is not None
    assert server.workspace.whispers[-1].text == "So."
    await server.mention("why?")
    button = {"type": "button", "text": {"type": "plain_text", "text": "Stop"}, "action_id": "stop", "value": "v"}
    blocks = [{"type": "actions", "elements": [button]}]
    message = server.workspace.post("C0GENERAL", server.workspace.bot.id, "A run", blocks)
    assert await server.click(message, "stop") is not None
    await until(lambda: len(told) == 3)
    assert sorted(told) == ["app_mention", "v", "why?"]


async def test_an_event_comes_again_at_once_after_a_minute_and_after_five(
    address: Address, server: SlackServer
) -> None:
    """Until it is acknowledged; each time it says which, and why."""
    address.delays, address.statuses = [3.5], [500, 500, 500, 200]
    began = wall_clock()
    assert await server.event({"type": "app_home_opened"}) is not None
    assert wall_clock() - began == pytest.approx(3 + 60 + 300, abs=0.5)
    told = [(one.get("x-slack-retry-num"), one.get("x-slack-retry-reason")) for one in address.headers]
    assert told == [(None, None), *((str(number), "http_timeout") for number in (1, 2, 3))]


async def test_each_of_several_workspaces_has_its_own(session: aiohttp.ClientSession) -> None:
    """Its ids, its channels, its token, its limits and what it keeps; and a call says which process has made it."""
    one, other = Workspace(edits_per_minute=6), Workspace(team="acme", edits_per_minute=6)
    async with SlackServer(one, others=[other]) as server:
        for workspace in (one, other):
            base = server.address_for(f"of-{workspace.domain}")
            client = AsyncWebClient(workspace.bot_token, base_url=base, session=session, retry_handlers=[])
            assert (await client.auth_test())["team_id"] == workspace.team_id
            channel = workspace.channel("general").id
            ts = (await client.chat_postMessage(channel=channel, text="one"))["ts"]
            for number in range(6):
                await client.chat_update(channel=channel, ts=ts, text=f"{number}")
            assert {call.process for call in workspace.calls} == {f"of-{workspace.domain}"}
            assert len(workspace.messages) == 1
        assert server.people[other.team_id].workspace is other
        assert one.channel("general").id != other.channel("general").id
        other.is_installed = False
        with pytest.raises(Exception, match="account_inactive"):
            await client.auth_test()
