"""Several workspaces in one process, on a virtual clock: what is theirs alone, what ends them, when they are let go."""

import asyncio
from pathlib import Path

import pytest

from bot.durable.sharing.signals import write_press
from bot.playground.slack.fault import Fault
from bot.runs.desk import LINGER, LINGER_REFUSED, Desk
from bot.runs.workspaces import LOOK
from bot.slack.markup import emphasis, mending
from bot.slack.question import Action, Press
from tests.support.databases import query
from tests.support.model_server import ModelServer, Script, words
from tests.support.vendor import few, vendor
from tests.support.world import NAMES, shown

QUICK = {name: words(20, 20) for name in NAMES}
SLOW = {name: words(100, 5) for name in NAMES}  # 20 s


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A file of the test's own."""
    return f"sqlite:///{tmp_path / 'runs.sqlite'}"


async def test_each_workspace_is_answered_in_its_own_slack(url: str) -> None:
    """At the same time, with a client of its own; its runs, its edits and what it taught are kept as its."""
    async with vendor(ModelServer(**QUICK), teams=3, url=url) as world, world.process() as process:
        await asyncio.gather(*(process.ask(team, f"Why {team}?") for team in range(3)))
        for team in range(3):
            parent, *replies = await world.until_answered(team)
            assert f"Why {team}?" in parent.text
            assert ["✅" in shown(reply) for reply in replies] == [True] * len(NAMES)
            assert all(call.error is None for call in world.teams[team].workspace.calls)
        await asyncio.sleep(5)
        places = [(f"T{team}/B0PERSPECT",) for team in range(3)]
        assert await query(url, "SELECT workspace FROM runs ORDER BY workspace") == places
        assert await query(url, "SELECT DISTINCT workspace FROM edits ORDER BY workspace") == places
        assert await query(url, "SELECT workspace FROM learned ORDER BY workspace") == places


@pytest.mark.heavy
async def test_a_workspace_is_let_go_a_minute_after_its_last_run() -> None:
    """Its desk, not what it has taught; one in which somebody goes on stays."""
    async with vendor(ModelServer(**QUICK)) as world, world.process() as process:
        await process.ask(0)
        await process.ask(1)
        first, second = process.desk(0), process.desk(1)
        await world.until_answered(0)
        await world.until_answered(1)
        learned = first.board.edits.learned.durations
        assert len(learned) == len(NAMES)
        await asyncio.sleep(LINGER / 2)
        await process.ask(1)
        await asyncio.sleep(LINGER / 2 + LOOK + 1)
        assert process.desk(0) is not first
        assert process.desk(1) is second
        await process.ask(0)
        assert process.desk(0).board.edits.learned.durations == learned


@pytest.mark.heavy
async def test_a_workspace_stays_longer_where_slack_has_refused_an_edit() -> None:
    """How fast one may go is just being found out then."""
    async with vendor(ModelServer(**QUICK)) as world, world.process() as process:
        world.teams[0].workspace.faults.append(Fault("chat.update", error="ratelimited", retry_after=3))
        await process.ask(0)
        desk = process.desk(0)
        await world.until_answered(0)
        await asyncio.sleep(LINGER_REFUSED - LOOK)
        assert process.workspaces._desks == {desk.workspace: desk}
        await asyncio.sleep(2 * LOOK)
        assert process.workspaces._desks == {}


async def test_nothing_of_a_text_is_held_where_a_workspace_is_let_go() -> None:
    """What is remembered of lines and paragraphs so that they need not be looked at again, too."""
    async with (
        vendor(ModelServer(**QUICK | {"Depth": Script(("それは**「こう」**です。\nは\n\nend",))})) as world,
        world.process() as process,
    ):
        await process.ask(0)
        await world.until_answered(0)
        caches = mending._mend_ended, emphasis._mend_line
        assert all(cache.cache_info().currsize for cache in caches)
        await asyncio.sleep(LINGER + LOOK + 1)
        assert not any(cache.cache_info().currsize for cache in caches)


async def test_what_is_asked_where_nothing_goes_on_is_begun_while_others_runs_are_waited_for() -> None:
    """The process is about to end; the workspace is still its own, and nobody else would begin it meanwhile."""
    async with vendor(ModelServer(**SLOW)) as world, world.process() as process:
        await process.ask(0)
        await process.ask(1)
        await world.until_answered(1)
        await process.ask(0)
        ending = asyncio.create_task(process.workspaces.end(20.0))
        await asyncio.sleep(1)
        before = len(world.model.requests)
        await process.ask(1)
        await asyncio.sleep(2)
        assert len(world.model.requests) == before + len(NAMES)
        began = asyncio.get_running_loop().time()
        await ending
        assert asyncio.get_running_loop().time() - began == pytest.approx(17.0, abs=1.0)


@pytest.mark.heavy
async def test_a_refused_token_ends_that_workspace_and_no_other(url: str) -> None:
    """Its runs are over; the next question goes through the token that it was installed with since."""
    async with vendor(ModelServer(**SLOW), url=url) as world, world.process() as process:
        await process.ask(0)
        await process.ask(1)
        await asyncio.sleep(5)
        world.teams[0].workspace.bot_token = "xoxb-newer"
        [*_, last] = await world.until_answered(1)
        assert "✅" in shown(last)
        assert world.thread(0)[1].versions[-1].at < last.versions[-1].at - 10
        await asyncio.sleep(3)
        assert await query(url, "SELECT workspace, state, owner FROM runs ORDER BY key") == [
            ("T0/B0PERSPECT", "interrupted", None),
            ("T1/B0PERSPECT", "done", None),
        ]
        was = world.table.known["T0"]
        world.table.known["T0"] = type(was)(was.team_id, None, "xoxb-newer", was.bot_id, was.bot_user_id)
        await process.ask(0, "Why now?")
        parent, *_ = await world.until_answered(0)
        assert "Why now?" in parent.text


@pytest.mark.heavy
async def test_runs_go_on_with_a_newer_token(url: str) -> None:
    """It was installed anew while they went on: the same messages end, and nothing is asked twice."""
    async with vendor(ModelServer(**SLOW), url=url) as world, world.process() as process:
        await process.ask(0)
        await asyncio.sleep(5)
        before = world.thread(0)
        was = world.table.known["T0"]
        world.table.known["T0"] = type(was)(was.team_id, None, "xoxb-newer", was.bot_id, was.bot_user_id)
        world.teams[0].workspace.bot_token = "xoxb-newer"
        after = await world.until_answered(0)
        assert [message.ts for message in after] == [message.ts for message in before]
        assert ["✅" in shown(reply) for reply in after[1:]] == [True] * len(NAMES)


@pytest.mark.heavy
async def test_what_a_process_has_left_is_taken_up_in_each_workspace(url: str) -> None:
    """By its installation; where the bot is not installed any more, nobody can be told, and the run is over."""
    async with vendor(ModelServer(**SLOW), teams=3, url=url) as world:
        async with world.process() as process:
            for team in range(3):
                await process.ask(team)
            await asyncio.sleep(5)
        before = [[message.ts for message in world.thread(team)] for team in range(2)]
        del world.table.known["T2"]
        async with world.process():
            for team in range(2):
                assert [message.ts for message in await world.until_answered(team)] == before[team]
            await asyncio.sleep(3)
        states = [("done",), ("done",), ("interrupted",)]
        assert await query(url, "SELECT state FROM runs ORDER BY key") == states


@pytest.mark.heavy
async def test_further_runs_wait_in_order_and_their_people_are_told(url: str) -> None:
    """They begin when others end, as they came; another workspace's do not wait for them."""
    async with vendor(ModelServer(**QUICK), url=url) as world, world.process(few(2)) as process:
        for number in range(4):
            await process.ask(0, f"Why {number}?", user="U0BEN" if number == 3 else "U0ADA")
        await process.ask(1)
        await asyncio.sleep(1)
        workspace = world.teams[0].workspace
        told = {one.user: ("next in line" in one.text, "number 2" in one.text) for one in workspace.whispers}
        assert told == {"U0ADA": (True, False), "U0BEN": (False, True)}
        assert world.teams[1].workspace.whispers == []
        assert await query(url, "SELECT count(*) FROM runs WHERE ended_at IS NULL") == [(5,)]
        async with asyncio.timeout(600):
            await workspace.until(lambda: sum("Perspectives for" in one.text for one in workspace.messages) == 4)
        parents = [one.text for one in workspace.messages if one.thread_ts is None]
        assert [text.count(f"Why {number}?") > 0 for number, text in enumerate(parents)] == [True] * 4


@pytest.mark.heavy
async def test_a_run_that_waits_outlives_its_process(url: str) -> None:
    """It is on disk like any other, and waits again, without a word, where there is still no place."""
    async with vendor(ModelServer(**SLOW), url=url) as world:
        async with world.process(few(1)) as process:
            await process.ask(0, "Why first?")
            await process.ask(0, "Why second?")
            await asyncio.sleep(5)
            assert len([one for one in world.teams[0].workspace.messages if one.thread_ts is None]) == 1
        async with world.process(few(1)):
            await asyncio.sleep(5)
            assert len([one for one in world.teams[0].workspace.messages if one.thread_ts is None]) == 1
            workspace = world.teams[0].workspace
            async with asyncio.timeout(600):
                await workspace.until(lambda: sum("Perspectives for" in one.text for one in workspace.messages) == 2)
        assert len(world.teams[0].workspace.whispers) == 1


@pytest.mark.heavy
async def test_a_press_of_another_process_that_breaks_something_breaks_nothing_else(
    url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is tried once, here and by whoever comes next; all else goes on."""

    async def fail(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    async with vendor(ModelServer(**SLOW), url=url) as world, world.process(is_shared=True) as process:
        question = await process.ask(0)
        monkeypatch.setattr(Desk, "press", fail)
        press = Press(Action.AGAIN, question.key, "Depth", "U", "C", "1.0", "0.9", "", workspace=question.workspace)
        row = f"'one', '{question.workspace}', 1, '{write_press(press)}'"
        await query(url, f"INSERT INTO signals (id, workspace, at, press) VALUES ({row})")  # noqa: S608 - ours
        _, *replies = await world.until_answered(0)
        assert ["✅" in shown(reply) for reply in replies] == [True] * len(NAMES)
        assert await query(url, "SELECT id FROM signals") == []
    [told] = [record.getMessage() for record in caplog.records if "press.broken" in record.getMessage()]
    assert f"action=again run={question.key} error=RuntimeError at=" in told
