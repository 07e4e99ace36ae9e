"""Processes that are cut off from the database, or from Slack, while the others are not; and all of them at once.

Whoever cannot say that it is there any more sends nothing, and another goes on in the same messages. When it comes
back it lets go, without a word.
"""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from time import monotonic

import pytest

from bot.durable.lease import LEASE
from bot.playground.slack.fault import Fault
from bot.playground.slack.workspace import Message
from tests.scenarios.test_kills import note
from tests.support.fleet import LATENCY, LONG, Fleet, fleet, on_postgresql
from tests.support.process import until
from tests.support.tcp_proxy import TcpProxy
from tests.support.world import shown

pytestmark = [pytest.mark.slow, on_postgresql]


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
        assert took <= LEASE + 2.5
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


def _hold_an_edit(there: Fleet, team: str) -> Message:
    """Have Slack sit on the next edit of an answer for longer than it takes another to finish it; the answer."""
    message = there.thread(team)[1]
    there.workspace(team).faults.append(Fault("chat.update", where={"ts": message.ts}, delay=14.0))
    return message
