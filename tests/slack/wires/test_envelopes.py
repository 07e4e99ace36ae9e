import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any, cast

import pytest
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient

from bot.slack.wires import envelopes
from bot.slack.wires.envelopes import Envelopes, find_person

if TYPE_CHECKING:
    from bot.slack.wires.websocket import Connection


class Line(AsyncBaseSocketModeClient):
    """A connection, as far as an acknowledgement needs one: those that it was sent, in their order."""

    is_closed = False

    def __init__(self) -> None:
        self.logger = logging.getLogger(__name__)
        self.acknowledged: list[str] = []
        self.sent = asyncio.Event()

    async def send_message(self, message: str) -> None:
        self.acknowledged.append(json.loads(message)["envelope_id"])
        self.sent.set()


def make() -> Envelopes:
    """Envelopes of an app that has no listeners: it acknowledges everything."""

    async def authorize(**_: Any) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id="", team_id="")

    return Envelopes(AsyncApp(name="test", authorize=authorize))


async def put(group: asyncio.TaskGroup, there: Envelopes, line: Line, *names: str) -> None:
    """Have envelopes come in, each of the person that its name begins with."""
    for name in names:
        envelope = {"envelope_id": name, "type": "slash_commands", "payload": {"user_id": name[0]}}
        await there.take(group, cast("Connection", line), envelope)


@pytest.mark.parametrize("moments", range(12))
async def test_what_comes_as_the_last_is_answered_is_answered(moments: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """At whichever moment: it does not wait for whatever comes next."""
    monkeypatch.setattr(envelopes, "MOST_AT_ONCE", 1)
    there, line = make(), Line()
    async with asyncio.TaskGroup() as group:
        await put(group, there, line, "a1")
        await line.sent.wait()
        for _ in range(moments):
            await asyncio.sleep(0)
        await put(group, there, line, "b1")
        await asyncio.sleep(1)
        assert line.acknowledged == ["a1", "b1"]


async def test_what_was_answered_counts_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who had much answered before is not behind others for that."""
    monkeypatch.setattr(envelopes, "MOST_AT_ONCE", 1)
    there, line = make(), Line()
    async with asyncio.TaskGroup() as group:
        await put(group, there, line, "a1", "a2", "a3")
        await asyncio.sleep(1)
        await put(group, there, line, "a4", "b1", "b2")
    assert line.acknowledged == ["a1", "a2", "a3", "a4", "b1", "b2"]


def test_whose_turn_it_is_is_read_of_each_kind_of_envelope() -> None:
    """A mention and a button are somebody's, as a command is; what is odd is nobody's."""
    ours = [{"user_id": "U1"}, {"event": {"user": "U1"}}, {"user": {"id": "U1"}}]
    assert [find_person({"payload": payload}) for payload in ours] == ["U1"] * 3
    odd: list[object] = [None, [], "U1", {}, {"user_id": ["U1"]}, {"event": "U1"}, {"event": {"user": {}}}]
    assert [find_person({"payload": payload}) for payload in odd] == [""] * len(odd)
