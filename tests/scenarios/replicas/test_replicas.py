"""Several processes on one PostgreSQL: whatever each is asked, one serves a workspace, and when it is gone another.

Each process has a door of its own into the workspace, so that it is known who sent what. They end, or
hear nothing of each other.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import pytest

from bot.playground.slack.payloads import describe_command, describe_mention
from bot.playground.slack.workspace import Workspace
from tests.scenarios.test_kills import (
    PLENTY,
    Bot,
    Stage,
    assert_whole,
    is_writing,
    opened,
    slowly,
    spacious,
)
from tests.support.databases import query
from tests.support.fleet import on_postgresql
from tests.support.process import until
from tests.support.world import NAMES

pytestmark = [pytest.mark.slow, on_postgresql]

LISTENERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"


@asynccontextmanager
async def three(
    kind: str, directory: Path, workspace: Workspace | None = None, **settings: str
) -> AsyncIterator[tuple[Stage, list[Bot]]]:
    """Three processes, the first of which serves the workspace."""
    async with opened(kind, directory, workspace or spacious()) as stage:
        yield stage, await start_three(stage, **(PLENTY | settings))


async def start_three(stage: Stage, **settings: str) -> list[Bot]:
    """One, and then two more at once."""
    first = await stage.start(**settings)
    async with asyncio.TaskGroup() as group:
        others = [group.create_task(stage.start(**settings)) for _ in range(2)]
    return [first, *(one.result() for one in others)]


async def starts(bot: Bot) -> int:
    """How many runs a process has begun or taken up."""
    return sum("run.start" in line for line in bot.process.log)


async def test_the_owners_end_is_made_good_by_another(kind: str, tmp_path: Path) -> None:
    """Within 12 s of the kill, in the same messages; questions go on after that, at whichever process."""
    async with three(kind, tmp_path) as (stage, (first, second, third)):
        channels = [stage.open_channel(f"long{number}", slowly()) for number in range(3)]
        for channel in channels:
            await first.ask(channel)
        await stage.until(lambda: all(is_writing(stage, channel) for channel in channels))
        for channel in channels:
            stage.model.paces[channel] = dict.fromkeys(NAMES, 1.0)
        await first.process.kill()
        killed = monotonic()
        others = (second, third)
        await until(lambda: any("run.taken_up" in line for bot in others for line in bot.process.log), within=15)
        assert monotonic() - killed <= 12.0
        await stage.until_whole(channels)
        for channel in channels:
            assert_whole(stage, channel)
        await second.ask(stage.open_channel("after"))
        await third.ask(stage.open_channel("later"))
        await stage.until_whole(["after", "later"])
        assert [sum(bot.sent(channel) != [] for bot in others) for channel in (*channels, "after", "later")] == [1] * 5
        assert not (second.sent("after") and second.sent("later") and third.sent("after"))


async def test_what_two_are_asked_at_once_one_answers_within_the_budget(kind: str, tmp_path: Path) -> None:
    """Slack sees no more edits than it allows, all from one process; each question is answered once."""
    async with three(kind, tmp_path, Workspace(), SLACK_EDITS_PER_MINUTE="50") as (stage, bots):
        channels = [stage.open_channel(f"channel{number}", dict.fromkeys(NAMES, 3.0)) for number in range(6)]
        async with asyncio.TaskGroup() as group:
            for number, channel in enumerate(channels):
                group.create_task(bots[number % 3].ask(channel))
        await stage.until_whole(channels, within=120)  # of a budget that is a minute's
        for channel in channels:
            assert_whole(stage, channel)
        assert [any(bot.sent(channel) for channel in channels) for bot in bots] == [True, False, False]
        edits = [call.at for call in stage.workspace.calls if call.method == "chat.update"]
        assert all(sum(at <= other < at + 60 for other in edits) <= 50 for at in edits)


async def test_what_another_is_asked_is_soon_with_the_owner(kind: str, tmp_path: Path) -> None:
    """By the bell; and where that is dead, by the next look, until it is heard again."""
    async with three(kind, tmp_path) as (stage, (first, second, _)):
        took = [await _hand_off(stage, first, second, f"rung{number}") for number in range(5)]
        assert sorted(took)[2] <= 0.3, took
        await query(stage.url, LISTENERS)
        began = monotonic()
        await first.process.logged("bell.lost")
        took = [await _hand_off(stage, first, second, f"after{number}") for number in range(3)]
        assert max(took) <= 2.5, took
        await asyncio.sleep(began + 5 - monotonic())
        assert min([await _hand_off(stage, first, second, f"again{number}") for number in range(3)]) <= 0.3
        await stage.until_whole([f"after{number}" for number in range(3)])


async def _hand_off(stage: Stage, owner: Bot, other: Bot, channel: str) -> float:
    """Ask `other`; seconds from its acknowledgement until the owner begins the run."""
    before = await starts(owner)
    await other.ask(stage.open_channel(channel))
    began = monotonic()
    while await starts(owner) == before:
        await asyncio.sleep(0.01)
        assert monotonic() - began < 10
    return monotonic() - began


async def test_a_stop_reaches_the_owner_whoever_takes_it(kind: str, tmp_path: Path) -> None:
    """Its streams are closed within half a second; what is tried again after that is tried once."""
    async with three(kind, tmp_path) as (stage, (first, second, third)):
        channel = stage.open_channel("stopped", slowly())
        await first.ask(channel)
        await stage.until(lambda: is_writing(stage, channel))
        parent = stage.messages(channel)[0]
        began = monotonic()
        await second.slack.click(parent, "stop")
        await until(lambda: all(one.ended_at for name in NAMES for one in stage.model.asked(channel, name)), within=5)
        assert monotonic() - began <= 0.5 + 0.5  # the click itself, and its acknowledgement
        await stage.until_whole([channel])
        stage.model.paces[channel] = {}
        await third.slack.click(stage.messages(channel)[0], "again")
        await stage.until(lambda: sum("✅" in str(one.blocks) for one in stage.messages(channel)[1:]) == len(NAMES))
        assert [len(stage.model.asked(channel, name)) for name in NAMES] == [2] * len(NAMES)
        assert not second.sent(channel)
        assert not third.sent(channel)


async def test_what_slack_repeats_to_another_is_one_run(kind: str, tmp_path: Path) -> None:
    """A mention, delivered to all three."""
    async with three(kind, tmp_path) as (stage, bots):
        channel = stage.open_channel("repeated")
        message = stage.workspace.post(channel, "U0ADA", "<@U0PERSPECT> What is amiss in #repeated?")
        event = describe_mention(stage.workspace, message)
        async with asyncio.TaskGroup() as group:
            for bot in bots:
                group.create_task(bot.slack.event(event, event_id="Ev0REPEATED"))
        await stage.until(lambda: sum("✅" in str(one.blocks) for one in stage.messages(channel)) == len(NAMES))
        assert len(stage.messages(channel)) == 1 + len(NAMES)
        assert [len(stage.model.asked(channel, name)) for name in NAMES] == [1] * len(NAMES)


async def test_a_command_that_comes_to_each_is_one_run(kind: str, tmp_path: Path) -> None:
    """Slack has no word for it, but whoever stands between may send a request twice."""
    async with three(kind, tmp_path) as (stage, bots):
        channel = stage.open_channel("twice")
        command = describe_command(
            stage.workspace,
            command="/perspectives",
            text="What is amiss in #twice?",
            user=stage.workspace.user("ada"),
            channel=stage.workspace.channel(channel),
            response_url="http://127.0.0.1:9/",
            trigger_id="1.1.ffff",
        )
        async with asyncio.TaskGroup() as group:
            told = [group.create_task(bot.slack._deliveries.command(command)) for bot in bots]
        assert all(one.result() is not None for one in told)
        await stage.until(lambda: sum("✅" in str(one.blocks) for one in stage.messages(channel)) == len(NAMES))
        await asyncio.sleep(2.0)  # a second run would have been begun by now
        assert len(stage.messages(channel)) == 1 + len(NAMES)
        assert [len(stage.model.asked(channel, name)) for name in NAMES] == [1] * len(NAMES)


async def test_how_much_a_person_may_ask_is_counted_by_the_owner(kind: str, tmp_path: Path) -> None:
    """Whichever process takes the question: the third at once is refused."""
    async with opened(kind, tmp_path, spacious()) as stage:
        bots = await start_three(stage)
        channels = [stage.open_channel(f"channel{number}", slowly()) for number in range(3)]
        for bot, channel in zip((bots[1], bots[0], bots[2]), channels, strict=True):
            await bot.ask(channel)
            await asyncio.sleep(0.5)
        await stage.until(lambda: len(stage.workspace.whispers) == 1)
        assert "#channel2?" in str(stage.workspace.whispers[0].blocks)
        assert stage.messages("channel2") == []
