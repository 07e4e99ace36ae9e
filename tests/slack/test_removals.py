"""What Slack tells of removals, handed on by the real Bolt before it is acknowledged."""

import json
from collections.abc import Collection
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.removals import register_removals
from bot.slack.wires.authorization import authorize_by, find_none


class Departures:
    """Notes who has left, and when."""

    def __init__(self) -> None:
        self.left: list[Any] = []

    async def leave(self, team_id: str, enterprise_id: str | None, at: float) -> None:
        self.left.append((team_id, enterprise_id, at))

    async def withdraw(self, teams: Collection[str], at: float) -> None:
        self.left.append((sorted(teams), at))


async def tell(event: dict[str, Any], **fields: Any) -> list[Any]:
    """Have Slack tell something; who has left."""
    departures = Departures()
    app = AsyncApp(name="test", client=AsyncWebClient(), authorize=authorize_by(find_none))
    register_removals(app, departures.leave, departures.withdraw)
    body = {"type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event_time": 100, "event": event, **fields}
    answer = await app.async_dispatch(AsyncBoltRequest(body=json.dumps(body), mode="socket_mode"))
    assert answer.status == 200
    return departures.left


OF_ORGANISATION = {"authorizations": [{"enterprise_id": "E1", "team_id": None, "is_enterprise_install": True}]}


@pytest.mark.parametrize(
    ("event", "fields", "left"),
    [
        ({"type": "app_uninstalled"}, {}, [("T1", None, 100.0)]),
        ({"type": "app_uninstalled"}, OF_ORGANISATION, [("", "E1", 100.0)]),
        ({"type": "tokens_revoked", "tokens": {"bot": ["U1"]}}, {}, [("T1", None, 100.0)]),
        ({"type": "tokens_revoked", "tokens": {"oauth": ["U1"]}}, {}, []),
        ({"type": "tokens_revoked", "tokens": "bot"}, {}, []),
        ({"type": "team_access_revoked", "team_ids": ["T2", "T3"]}, OF_ORGANISATION, [(["T2", "T3"], 100.0)]),
        ({"type": "team_access_revoked", "team_ids": ["T2"]}, {"team_id": None}, [(["T2"], 100.0)]),
        ({"type": "team_access_revoked", "team_ids": ["T2", 3, None, "a b"]}, {}, [(["T2"], 100.0)]),
        ({"type": "team_access_revoked", "team_ids": {"T2": 1}}, {}, []),
        ({"type": "team_access_revoked", "team_ids": []}, {}, []),
        ({"type": "team_access_revoked", "team_ids": ["T2"]}, {"event_time": "now"}, []),
    ],
)
async def test_who_has_left_is_told_with_the_time(
    event: dict[str, Any], fields: dict[str, Any], left: list[Any]
) -> None:
    """A workspace, an organisation, or some workspaces of one; nothing where it makes no sense, or is not the bot's."""
    assert await tell(event, **fields) == left
