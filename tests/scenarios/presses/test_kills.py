"""Processes that are killed with what somebody has pressed in hand: the next one does it, once, in the same message."""

import asyncio
import statistics
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bot.playground.slack.workspace import Message
from tests.scenarios.test_conversation import find
from tests.scenarios.test_kills import (
    LONG,
    NOTED,
    PLENTY,
    Bot,
    Stage,
    is_writing,
    note,
    on_each_kind,
    opened,
    pieces,
    slowly,
    spacious,
    until_none,
)
from tests.support.databases import query
from tests.support.process import until
from tests.support.world import NAMES, body_of, shown

pytestmark = pytest.mark.slow

FURTHER = "other"  # what the model calls an answer that is no side of a problem
WORDS = {"words/words": "And what of those who stay?"}
DAY = 86_400  # seconds


async def ask_whole(stage: Stage, bot: Bot, *channels: str) -> None:
    """Ask in these channels, and wait until all is whole there."""
    for channel in channels:
        await bot.ask(stage.open_channel(channel))
    await stage.until_whole(channels)
    await bot.process.logged("run.end")
    await until(lambda: sum("run.end" in line for line in bot.process.log) == len(channels))


async def ask_and_stop(stage: Stage, bot: Bot, channel: str) -> None:
    """Ask in a channel, and stop it when there is some text."""
    ended = sum("run.end" in line for line in bot.process.log)
    await bot.ask(stage.open_channel(channel, slowly()))
    await stage.until(lambda: is_writing(stage, channel))
    await click(stage, bot, channel, "stop")
    await stage.until(lambda: shown(stage.messages(channel)[0]).count("stopped by") == len(NAMES))
    await until(lambda: sum("run.end" in line for line in bot.process.log) == ended + 1)


async def click(stage: Stage, bot: Bot, channel: str, action: str, *, user: str = "ada") -> float:
    """Press a button of the parent; how long the acknowledgement took."""
    seconds = await bot.slack.click(stage.messages(channel)[0], action, user=user)
    assert seconds is not None
    return seconds


async def go_deeper(stage: Stage, bot: Bot, channel: str) -> float:
    """Go deeper on the first answer, with words; how long the form's acknowledgement took."""
    count = len(stage.workspace.views)
    assert await bot.slack.click(stage.messages(channel)[1], "deeper") is not None
    await until(lambda: len(stage.workspace.views) > count)
    seconds = await bot.slack.submit(stage.workspace.views[-1], WORDS)
    assert seconds is not None
    assert not stage.workspace.views[-1].errors
    return seconds


async def draw_together(stage: Stage, bot: Bot, channel: str) -> float:
    """Have the four drawn together."""
    return await click(stage, bot, channel, "together")


def further(stage: Stage, channel: str) -> Message:
    """The one reply that is no side of the problem."""
    parent, *replies = stage.messages(channel)
    assert len(replies) == len(NAMES) + 1
    assert all(reply.thread_ts == parent.ts for reply in replies)
    return replies[-1]


def is_further_whole(stage: Stage, channel: str) -> bool:
    """Whether it stands, and is whole."""
    messages = stage.messages(channel)
    return len(messages) == len(NAMES) + 2 and "✅ done" in shown(messages[-1])


def are_all_whole(stage: Stage) -> bool:
    """Whether every reply that stands is, and nothing is asked."""
    return not stage.model.open_streams and all("✅" in shown(one) for one in stage.workspace.messages if one.thread_ts)


def assert_nothing_doubled(stage: Stage) -> None:
    """No message stands twice, and nobody was told of a fault."""
    marks = [str(message.metadata) for message in stage.workspace.messages if message.metadata]
    assert len(marks) == len(set(marks))
    assert not stage.workspace.whispers
    assert not stage.workspace.warnings
    assert not [call for call in stage.workspace.calls if call.error == "ratelimited"]


async def start_what_can_go_on(stage: Stage) -> Bot:
    """A process, and in three channels what can be pressed; what is pressed is answered slowly."""
    first = await stage.start(**PLENTY)
    await ask_whole(stage, first, "deeper", "together")
    await ask_and_stop(stage, first, "again")
    for channel in ("deeper", "together", "again"):
        stage.model.paces[channel] = slowly() | {FURTHER: LONG}
    return first


@on_each_kind
async def test_killed_between_a_press_and_its_first_token(kind: str, tmp_path: Path) -> None:
    """Acknowledged, and dead: the next one asks what was pressed, and buys nothing else."""
    async with opened(kind, tmp_path, spacious()) as stage:
        first = await start_what_can_go_on(stage)
        stood = [message.ts for message in stage.messages("again")]
        async with asyncio.TaskGroup() as presses:
            presses.create_task(go_deeper(stage, first, "deeper"))
            presses.create_task(draw_together(stage, first, "together"))
            presses.create_task(click(stage, first, "again", "again", user="ben"))
        await first.process.kill()
        bought = {channel: len(stage.model.asked(channel, FURTHER)) for channel in ("deeper", "together")}
        await stage.lapse()
        stage.model.paces.clear()
        second = await stage.start(**PLENTY)
        await second.process.logged("run.taken_up", within=15)
        for channel in ("deeper", "together"):
            await stage.until(lambda channel=channel: is_further_whole(stage, channel))  # type: ignore[misc]
            assert body_of(further(stage, channel)) == "".join(pieces(FURTHER))
            assert len(stage.model.asked(channel, FURTHER)) == bought[channel] + 1
            assert len(stage.model.asked(channel, "Depth")) == 1
        assert "And what of those who stay?" in shown(further(stage, "deeper"))
        await stage.until(lambda: all("✅ done" in shown(reply) for reply in stage.messages("again")[1:]))
        assert [message.ts for message in stage.messages("again")] == stood
        for name in NAMES:
            assert body_of(stage.reply("again", name)) == "".join(pieces(name))
            assert len(stage.model.asked("again", name)) <= 3  # the one that was stopped, too
        await stage.until(lambda: find(stage.messages("again")[0], "together") != [])
        assert_nothing_doubled(stage)


@on_each_kind
async def test_killed_in_the_middle_of_what_goes_on_with_a_run(kind: str, tmp_path: Path) -> None:
    """A follow-up, a synthesis, an answer that is tried again: each is finished in the same message."""
    async with opened(kind, tmp_path, spacious()) as stage:
        first = await start_what_can_go_on(stage)
        await go_deeper(stage, first, "deeper")
        await draw_together(stage, first, "together")
        await click(stage, first, "again", "again")
        for channel in ("deeper", "together"):
            await stage.until(lambda channel=channel: "✍️" in shown(stage.messages(channel)[-1]))  # type: ignore[misc]
        await stage.until(lambda: is_writing(stage, "again"))
        await asyncio.sleep(NOTED)
        stood = {message.ts for message in stage.workspace.messages}
        await first.process.kill()
        await stage.lapse()
        stage.model.paces.clear()
        second = await stage.start(**PLENTY)
        await second.process.logged("run.taken_up", within=15)
        for channel in ("deeper", "together"):
            await stage.until(lambda channel=channel: is_further_whole(stage, channel))  # type: ignore[misc]
            assert body_of(further(stage, channel)) == "".join(pieces(FURTHER))
            assert len(stage.model.asked(channel, FURTHER)) == 2
        await stage.until(lambda: shown(stage.messages("together")[0]).count("begins") == len(NAMES) + 1)
        await stage.until(lambda: all("✅ done" in shown(reply) for reply in stage.messages("again")[1:]))
        assert [len(stage.model.asked("again", name)) for name in NAMES] == [3] * len(NAMES)
        assert {message.ts for message in stage.workspace.messages} == stood
        await stage.until(lambda: find(stage.messages("again")[0], "together") != [])
        assert find(stage.messages("again")[0], "again") == []
        assert_nothing_doubled(stage)


@on_each_kind
async def test_what_was_stopped_stays_so_though_the_process_is_killed(kind: str, tmp_path: Path) -> None:
    """Acknowledged, and dead: it is taken up as stopped, and nothing is bought."""
    async with opened(kind, tmp_path, spacious()) as stage:
        first = await stage.start(**PLENTY)
        await first.ask(stage.open_channel("stopped", slowly()))
        await stage.until(lambda: is_writing(stage, "stopped"))
        # Nothing of its end comes to the screen.
        for message in stage.messages("stopped"):
            stage.befall("chat.update", "stopped", {"breaks": True, "delay": LONG}, ts=message.ts)
        await click(stage, first, "stopped", "stop", user="ben")
        await first.process.kill()
        stage.workspace.faults.clear()
        bought = len(stage.model.requests)
        await stage.lapse()
        await stage.start(**PLENTY)
        await stage.until(lambda: shown(stage.messages("stopped")[0]).count("stopped by @U0BEN") == len(NAMES))
        for reply in stage.messages("stopped")[1:]:
            assert "stopped by @U0BEN" in shown(reply)
            assert body_of(reply)
        assert find(stage.messages("stopped")[0], "stop") == []
        assert len(stage.model.requests) == bought
        assert_nothing_doubled(stage)


@on_each_kind
async def test_a_run_of_a_dead_process_is_stopped_before_another_takes_it_up(kind: str, tmp_path: Path) -> None:
    """Its button is pressed in the seconds between: written down by whoever is there, and heeded."""
    async with opened(kind, tmp_path, spacious()) as stage:
        first, second = await stage.start(**PLENTY), await stage.start(**PLENTY)
        await first.ask(stage.open_channel("orphaned", slowly()))
        await stage.until(lambda: is_writing(stage, "orphaned"))
        await first.process.kill()
        await click(stage, second, "orphaned", "stop", user="ben")
        bought = len(stage.model.requests)
        await stage.lapse()
        await stage.until(lambda: shown(stage.messages("orphaned")[0]).count("stopped by @U0BEN") == len(NAMES))
        for reply in stage.messages("orphaned")[1:]:
            assert "stopped by @U0BEN" in shown(reply)
            assert body_of(reply)
        assert len(stage.model.requests) == bought
        assert_nothing_doubled(stage)


@on_each_kind
async def test_yesterdays_buttons_work_in_a_process_that_starts_today(kind: str, tmp_path: Path) -> None:
    """All that they need is in the database."""
    async with opened(kind, tmp_path, spacious()) as stage:
        first = await stage.start(**PLENTY)
        await ask_whole(stage, first, "whole")
        await ask_and_stop(stage, first, "stopped")
        await until_none(stage.url, "SELECT COUNT(*) FROM runs WHERE ended_at IS NULL")
        await first.process.kill()
        await query(stage.url, f"UPDATE runs SET asked_at = asked_at - {DAY}, ended_at = ended_at - {DAY}")  # noqa: S608 - ours
        await query(stage.url, f"UPDATE processes SET lease_until = lease_until - {DAY}")  # noqa: S608 - ours
        await query(stage.url, f"UPDATE edits SET at = at - {DAY}")  # noqa: S608 - ours
        stage.model.paces.clear()
        second = await stage.start(**PLENTY)
        parent, *replies = stage.messages("whole")
        assert await second.slack.click(replies[0], "feedback", value=find(replies[0], "feedback")[0]) is not None
        assert await query(stage.url, "SELECT COUNT(*) FROM votes") == [(1,)]
        await go_deeper(stage, second, "whole")
        await stage.until(lambda: is_further_whole(stage, "whole"))
        await draw_together(stage, second, "whole")
        await stage.until(lambda: shown(parent).count("begins") == len(NAMES) + 1)
        assert len(stage.messages("whole")) == len(NAMES) + 3
        told = stage.model.requests[-1].body["messages"][-1]["content"]
        assert all(f"{name} begins." in told for name in NAMES)
        await click(stage, second, "stopped", "again")
        await stage.until(lambda: all("✅ done" in shown(reply) for reply in stage.messages("stopped")[1:]))
        for name in NAMES:
            assert body_of(stage.reply("stopped", name)) == "".join(pieces(name))
        assert_nothing_doubled(stage)


@on_each_kind
async def test_a_press_is_on_disk_before_it_is_acknowledged_which_is_soon(kind: str, tmp_path: Path) -> None:
    """Each in 0.15 s, in the median; a form opens within 0.3 s; a stop closes all streams within 0.5 s of the click."""
    async with opened(kind, tmp_path, spacious()) as stage:
        stage.latency = 0.08
        bot = await stage.start(**PLENTY)
        channels = [f"c{number}" for number in range(5)]
        await ask_whole(stage, bot, *channels)
        took: dict[str, list[float]] = {}

        async def measure(what: str, press: Callable[[str], Awaitable[float | None]], written: str) -> None:
            for number, channel in enumerate(channels, 1):
                seconds = await press(channel)
                assert await query(stage.url, written) == [(number,)]
                took.setdefault(what, []).append(seconds or LONG)
                await stage.until(lambda: are_all_whole(stage))  # what it begins does not count for the next

        async def vote(channel: str) -> float | None:
            reply = stage.messages(channel)[1]
            return await bot.slack.click(reply, "feedback", value=find(reply, "feedback")[0])

        async def open_form(channel: str) -> float | None:
            began, count = stage.workspace.now(), len(stage.workspace.views)
            pressing = asyncio.create_task(bot.slack.click(stage.messages(channel)[1], "deeper"))
            while len(stage.workspace.views) == count:  # noqa: ASYNC110 - it is timed
                await asyncio.sleep(0.001)
            took.setdefault("from a click to its form", []).append(stage.workspace.now() - began)
            return await pressing

        async def submit(channel: str) -> float | None:
            return await bot.slack.submit(stage.workspace.views[channels.index(channel)], WORDS)

        await measure("a vote", vote, "SELECT COUNT(*) FROM votes")
        for channel in channels:
            took.setdefault("deeper, its form", []).append(await open_form(channel) or LONG)
        await measure("deeper, sent", submit, "SELECT COUNT(*) FROM runs WHERE kind = 'deeper'")
        await measure(
            "together",
            lambda channel: draw_together(stage, bot, channel),
            "SELECT COUNT(*) FROM runs WHERE kind = 'together'",
        )
        await until(lambda: not stage.model.open_streams)
        for number in range(3):
            channel = stage.open_channel(f"stop{number}", slowly())
            await bot.ask(channel)
            await stage.until(lambda channel=channel: is_writing(stage, channel))  # type: ignore[misc]
            began, clock = stage.workspace.now(), asyncio.get_running_loop().time
            pressed = clock()
            took.setdefault("stop", []).append(await click(stage, bot, channel, "stop"))
            streams = [one for name in NAMES for one in stage.model.asked(channel, name)]
            await until(lambda streams=streams: all(one.ended_at is not None for one in streams))  # type: ignore[misc]
            ended = max(one.ended_at or LONG for one in streams)
            took.setdefault("from stop to all streams closed", []).append(ended - pressed)
            await stage.until(
                lambda channel=channel: shown(stage.messages(channel)[0]).count("stopped by") == len(NAMES)  # type: ignore[misc]
            )
            took.setdefault("from stop to the screen, index and all", []).append(stage.workspace.now() - began)
            took.setdefault("again", []).append(await click_when_over(stage, bot, channel))
            await stage.until(lambda channel=channel: is_writing(stage, channel))  # type: ignore[misc]
            await click(stage, bot, channel, "stop")
            await until(lambda: not stage.model.open_streams)
        for what, seconds in took.items():
            note(kind, f"{what}, in the median", statistics.median(seconds))
            note(kind, f"{what}, at most", max(seconds))
        limits = {"from a click to its form": 0.3, "from stop to all streams closed": 0.5}
        limits["from stop to the screen, index and all"] = 3.0
        # A press of what opens a form is acknowledged when that is open, a call of Slack's later.
        limits["deeper, its form"] = 0.3
        assert {
            what: seconds for what, seconds in took.items() if statistics.median(seconds) > limits.get(what, 0.15)
        } == {}
        assert not stage.workspace.whispers


async def click_when_over(stage: Stage, bot: Bot, channel: str) -> float:
    """Try again all of a run that was stopped, once it has ended."""
    started = sum("run.start" in line for line in bot.process.log)
    await until(lambda: sum("run.end" in line for line in bot.process.log) == started)
    return await click(stage, bot, channel, "again")
