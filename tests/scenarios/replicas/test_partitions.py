"""Processes that are cut off from the database, Slack or the model, while the others are not; and all of them at once.

Whoever cannot say that it is there any more sends nothing, and another goes on in the same messages. When it comes
back it lets go, without a word.
"""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from time import monotonic

import pytest

from bot.durable.lease import LEASE
from bot.durable.sharing.reach import WATCH
from bot.playground.slack.fault import Fault
from bot.playground.slack.payloads import describe_event, describe_mention
from bot.playground.slack.workspace import Message
from tests.scenarios.test_kills import note
from tests.support.databases import query
from tests.support.fleet import LATENCY, LONG, Fleet, fleet, on_postgresql
from tests.support.process import until
from tests.support.tcp_proxy import TcpProxy
from tests.support.world import NAMES, shown

pytestmark = [pytest.mark.slow, on_postgresql]

AWAY = 40.0  # seconds


async def test_who_is_cut_off_from_the_database_lets_go(kind: str, tmp_path: Path) -> None:
    """Whether its connections are reset or hang: it sends nothing beyond its lease, and nothing when it is back.

    What Slack carries out late of what it has sent is not the last word, and what was just being posted is posted once.
    """
    async with fleet(kind, tmp_path, teams=3) as there, AsyncExitStack() as stack:
        reset, hanging = wires = [await stack.enter_async_context(TcpProxy(there.url)) for _ in range(2)]
        *owners, third = await there.start_all(
            first={"database": reset.url}, second={"database": hanging.url}, third={}
        )
        owner_of = dict(zip(there.teams, (*owners, owners[0]), strict=True))
        *writing, posting = there.teams
        for team in writing:
            there.model.paces[team] = LONG
            assert await there.ask(owner_of[team], team) is not None
        await there.until(lambda: all(there.is_writing(team) for team in writing))
        assert await there.ask(owner_of[posting], posting) is not None
        await there.until(lambda: len(there.thread(posting)) == 2)
        there.model.paces.clear()

        reset.cut()
        hanging.hang()
        began = monotonic()
        await asyncio.sleep(1.0)
        held = [_hold_an_edit(there, team) for team in writing]
        await until(lambda: third.count("run.taken_up") == len(there.teams), within=LEASE + 8)
        note(kind, "all taken up", took := monotonic() - began)
        assert took <= 12.0
        await until(lambda: all("✅" in shown(one) for one in held))
        await until(lambda: not any("✅" in shown(one) for one in held))  # what was held back has landed
        await there.until_whole(there.teams, within=40)
        await until(lambda: all("✅" in shown(one) for one in held), within=25)
        before = {owner.name: len(there.sent(owner)) for owner in owners}
        for team, owner in owner_of.items():
            late = [call for call in there.sent(owner, team) if call.at - began > LEASE + 3 * LATENCY]
            assert len(late) == (1 if team in writing else 0), late  # what was held back

        for wire in wires:
            wire.mend()
        for owner in owners:
            await owner.process.logged("process.fenced", within=15)
        for team, owner in owner_of.items():
            there.assert_whole(team, is_in_turn=team == posting)
            assert await there.ask(owner, team) is not None
        await there.until_whole(there.teams, 1)
        assert before == {owner.name: len(there.sent(owner)) for owner in owners}


async def test_a_database_that_is_away_for_all_is_waited_for(kind: str, tmp_path: Path) -> None:
    """Nobody is declared dead for it: each goes on with its own as soon as it is back, and no question is lost.

    A command is given back, and an event is left, which Slack tells of again.
    """
    async with fleet(kind, tmp_path) as there, TcpProxy(there.url) as wire:
        [team] = there.teams
        owner, other = await there.start_all(owner={"database": wire.url}, other={"database": wire.url})
        there.model.paces[team] = AWAY + 10
        assert await there.ask(owner, team) is not None
        await there.until(lambda: there.is_writing(team))
        assert await there.ask(other, team, place="before") is not None
        await there.until_whole([team], 1)
        there.model.paces.clear()

        wire.cut()
        await asyncio.sleep(AWAY / 2)
        workspace = there.workspace(team)
        message = workspace.post(
            workspace.channel("general").id, workspace.user("ada").id, f"<@{workspace.bot.id}> What is amiss in #event?"
        )
        event = describe_event(workspace, describe_mention(workspace, message), "Ev1")
        for one in (owner, other):
            assert await there.ask(one, team, place="command") is not None
            assert await one.requests.deliver("events_api", event, within=3.0) is None
        assert ["#command?" in shown(whisper) for whisper in workspace.whispers] == [True, True]
        await asyncio.sleep(AWAY / 2)
        assert all(monotonic() - call.at > AWAY - LEASE for call in there.sent(owner))

        wire.mend()
        back = monotonic()
        await until(lambda: there.sent(owner)[-1].at > back)
        note(kind, "from back to the next edit", took := there.sent(owner)[-1].at - back)
        assert took <= 2.0
        assert await other.requests.deliver("events_api", event, within=3.0) is not None
        await there.until_whole([team])
        there.assert_whole(team)
        await until(
            lambda: sum("✅" in str(one.blocks) for one in workspace.thread("general", message.ts)) == len(NAMES)
        )
        assert [one.count("process.fenced") for one in (owner, other)] == [0, 0]
        assert other.count("run.taken_up") == 0
        assert await query(there.url, "SELECT max(epoch) FROM workspaces") == [(1,)]


async def test_who_is_cut_off_from_slack_leaves_all_to_others(kind: str, tmp_path: Path) -> None:
    """Within 45 s; what it hears meanwhile it hands over, and it serves workspaces again when it is back."""
    async with (
        fleet(kind, tmp_path, teams=2) as there,
        TcpProxy(there.slack.address_for("owner")) as wire,
    ):
        team, next_team = there.teams
        owner, other = await there.start_all(owner={"slack": wire.url}, other={})
        there.model.paces[team] = 2 * LONG
        assert await there.ask(owner, team) is not None
        await there.until(lambda: there.is_writing(team))
        there.model.paces.clear()
        await asyncio.sleep(WATCH)  # it is known by then that both reach Slack

        wire.cut()
        began = monotonic()
        await until(lambda: other.count("run.taken_up") == 1, within=50)
        note(kind, "moved", took := monotonic() - began)
        assert took <= 45.0
        await there.until_whole([team])
        there.assert_whole(team)
        assert await there.ask(owner, next_team) is not None
        await there.until_whole([next_team])
        assert there.sent(owner, next_team) == []
        assert owner.count("process.cut_off") == 1

        wire.mend()
        await owner.process.logged("process.back", within=20)
        assert await there.ask(owner, team) is not None
        await there.until_whole([team], 1)
        assert {call.process for call in there.calls(team, 1)} == {"other"}


async def test_who_is_cut_off_from_the_model_leaves_all_to_others(kind: str, tmp_path: Path) -> None:
    """Within 45 s, before any answer has failed; also what is asked meanwhile, and what it hears when it has let go."""
    async with fleet(kind, tmp_path, teams=3) as there, TcpProxy(there.model.url) as wire:
        writing, meanwhile, then = there.teams
        owner, other = await there.start_all(owner={"OPENAI_BASE_URL": wire.url}, other={})
        there.model.paces[writing] = LONG
        assert await there.ask(owner, writing) is not None
        await there.until(lambda: there.is_writing(writing))
        there.model.paces.clear()

        wire.cut()
        began = monotonic()
        assert await there.ask(owner, meanwhile) is not None
        await owner.process.logged("process.cut_off", within=50)
        assert await there.ask(owner, then) is not None
        await until(lambda: other.count("run.taken_up") == len(there.teams), within=10)
        note(kind, "moved", took := monotonic() - began)
        assert took <= 45.0
        await there.until_whole(there.teams)
        for team in there.teams:
            there.assert_whole(team)
        assert owner.count("reach.lost what=model") == 1
        assert owner.count("completion.failed") == 0
        assert {call.process for call in there.calls(then)} == {"other"}


def _hold_an_edit(there: Fleet, team: str) -> Message:
    """Have Slack sit on the next edit of an answer for longer than it takes another to finish it; the answer."""
    message = there.thread(team)[1]
    there.workspace(team).faults.append(Fault("chat.update", where={"ts": message.ts}, delay=14.0))
    return message
