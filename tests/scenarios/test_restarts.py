"""Restarts on the virtual clock: what a process has left is answered by the next one, all of it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.app import serve
from bot.delivery.schedules.learned import Learned
from bot.durable.sharing.ownership import Arrival
from bot.durable.store import Store
from bot.engine.perspectives import PERSPECTIVES, Perspective
from bot.errors import StoreError
from bot.playground.slack.fault import Fault
from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import BOT_SCOPES, Workspace
from bot.settings import Settings
from bot.slack.question import Question
from tests.support.model_server import KEY, MODEL, ModelServer, Script
from tests.support.stores import serve_workspace
from tests.support.world import NAMES, WORLDLY, PatientStore, shown, wall_clock

PROBLEM = "Why does the confidential gearbox rattle?"
PLACE = f"{Workspace.team_id}/{Workspace.bot_id}"
MOST_AT_ONCE = 20  # runs that a process takes up with one look
STEADY = {name: Script(tuple(f"{name} says {number}. " for number in range(5)), every=1.0) for name in NAMES}
SLOW = {name: Script((f"{name} says", " so."), first=5.0) for name in NAMES}


class Host:
    """Where the bot runs: one process after another, with one database."""

    def __init__(self, slack: SlackServer, settings: Settings, **changed: Any) -> None:
        self.slack = slack
        self.workspace = slack.workspace
        self.settings = replace(settings, **changed)

    @asynccontextmanager
    async def process(
        self,
        *,
        perspectives: Sequence[Perspective] = PERSPECTIVES,
        make_store: type[PatientStore] = PatientStore,
        clock: Callable[[], float] = wall_clock,
        is_hurried: bool = True,
        **changed: Any,
    ) -> AsyncIterator[None]:
        """A process, which a signal ends when the block is left; or two do, at once; `changed` are settings."""
        stop, hurry = asyncio.Event(), asyncio.Event()
        how: dict[str, Any] = {"perspectives": perspectives, "make_store": make_store, "clock": clock}
        bot = asyncio.create_task(serve(replace(self.settings, **changed), stop=stop, hurry=hurry, **how))
        await self.slack.connected()
        try:
            yield
        finally:
            stop.set()
            if is_hurried:
                hurry.set()
            await bot

    async def ask(self, problem: str = PROBLEM) -> str:
        """Mention the bot; the message's ts."""
        return await self.slack.mention(problem)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for what the workspace should come to show."""
        async with asyncio.timeout(600):
            await self.workspace.until(condition)

    async def until_answered(self, *asked: str) -> None:
        """Wait until all answers stand under these messages, whole."""
        for ts in asked:
            await self.until(partial(self._is_answered, ts))

    def _is_answered(self, ts: str) -> bool:
        return ["✅ done" in text for text in self.replies(ts)] == [True] * len(NAMES)

    def replies(self, ts: str) -> list[str]:
        """What stands under a message."""
        return [shown(one) for one in self.workspace.messages if one.thread_ts == ts]


@asynccontextmanager
async def host(directory: Path, scripts: Mapping[str, Script] = SLOW) -> AsyncIterator[Host]:
    """A host, Slack, and a model that takes its time."""
    workspace = Workspace(scopes=(*BOT_SCOPES, "channels:history"), edits_per_minute=600, clock=wall_clock)
    async with SlackServer(workspace, latency=0.08) as slack, ModelServer(**scripts) as model:
        settings = replace(
            Settings(workspace.bot_token, workspace.app_token, KEY, model.url, MODEL, slack_api_url=slack.url),
            **(WORLDLY | {"database_url": f"sqlite:///{directory / 'runs.sqlite'}"}),
            slack_edits_per_minute=600,
        )
        yield Host(slack, settings)


@pytest.mark.heavy
async def test_all_questions_outlive_a_process_that_had_many(tmp_path: Path) -> None:
    """More of them than the next one takes up with one look: nothing of the others is forgotten meanwhile."""
    async with host(tmp_path) as there:
        async with there.process():
            asked = [await there.ask() for _ in range(MOST_AT_ONCE + 2)]
            await asyncio.sleep(2)
        async with there.process():
            await there.until_answered(*asked)


@pytest.mark.parametrize("ahead", [0.0, 300.0, -300.0], ids=["together", "ahead", "behind"])
async def test_what_a_process_has_posted_the_next_one_counts(tmp_path: Path, ahead: float) -> None:
    """It does not begin with a burst of its own, of which Slack would refuse a part; wherever the host's clock is."""

    def clock() -> float:
        return wall_clock() + ahead

    async with host(tmp_path) as there:
        async with there.process(clock=clock):
            asked = [await there.ask() for _ in range(3)]
            await there.until(lambda: len(there.workspace.messages) == len(asked) + 5)
        async with there.process(clock=clock):
            await there.until_answered(*asked)
        posts = [call for call in there.workspace.calls if call.method == "chat.postMessage"]
        assert [call.error for call in posts] == [None] * (len(asked) * len(NAMES))


async def test_a_run_goes_on_in_the_language_in_which_it_was_begun(tmp_path: Path) -> None:
    """Also in a process that is set to another."""
    async with host(tmp_path) as there:
        async with there.process():
            ts = await there.ask("なぜ変速機は音を立てるのか？")
            await asyncio.sleep(2)
        async with there.process(bot_language="en"):
            await there.until(lambda: ["✅" in text for text in there.replies(ts)] == [True] * len(NAMES))
        assert all("秒で完了" in text and "done" not in text for text in there.replies(ts))


async def test_what_a_process_has_learned_the_next_one_goes_on_from(tmp_path: Path) -> None:
    """How long answers take, and what Slack's limit is in truth: neither is found out anew."""
    async with host(tmp_path) as there:
        lengths = []
        for _ in range(2):
            async with there.process():
                await there.until_answered(await there.ask())
                await asyncio.sleep(5)
            url = f"sqlite:///{tmp_path / 'runs.sqlite'}"
            async with Store(url, owner="test", clock=wall_clock) as store:
                await store.open()
                lengths.append(len(Learned.from_text((await serve_workspace(store, PLACE)).learned).durations))
        assert lengths == [4, 8]


async def test_an_edit_that_lands_late_lands_on_nothing_though_two_processes_have_ended(tmp_path: Path) -> None:
    """Of a dead process, after another has shown all, and has ended before it was safe."""
    async with host(tmp_path, STEADY) as there:
        async with there.process():
            ts = await there.ask()
            await there.until(lambda: any("writing" in text for text in there.replies(ts)))
            there.workspace.faults.append(Fault("chat.update", delay=20.0))
            await there.until(lambda: not there.workspace.faults)
            late = asyncio.get_running_loop().time() + 20.0
        async with there.process():
            await there.until_answered(ts)
            assert asyncio.get_running_loop().time() < late - 5
        async with there.process():
            await asyncio.sleep(late - asyncio.get_running_loop().time() + 15.0)
            assert there._is_answered(ts), there.replies(ts)


class Bug(str):
    """Words that cannot be shown, for a fault in the bot."""

    __slots__ = ()

    def __format__(self, _: str) -> str:
        raise ZeroDivisionError


BROKEN = [replace(one, emoji=Bug()) for one in PERSPECTIVES]


async def test_who_asked_is_told_of_a_fault_in_the_bot_with_the_problem(tmp_path: Path) -> None:
    """There is no thread in which it could be read."""
    async with host(tmp_path) as there:
        async with there.process(perspectives=BROKEN):
            await there.ask()
            await there.until(lambda: bool(there.workspace.whispers))
        assert "went wrong" in shown(there.workspace.whispers[0])
        assert PROBLEM in shown(there.workspace.whispers[0])


async def test_a_run_has_not_ended_before_who_asked_is_told_why(tmp_path: Path) -> None:
    """A process that ends before leaves it to the next one."""
    async with host(tmp_path) as there:
        there.workspace.faults.append(Fault("chat.postEphemeral", http_status=503, times=3))
        async with there.process(perspectives=BROKEN):
            ts = await there.ask()
            await there.until(lambda: len(there.workspace.faults) == 0 or there.workspace.faults[0].times < 3)
        assert not there.workspace.whispers
        async with there.process():
            await there.until_answered(ts)


class AwayStore(PatientStore):
    """One whose database does not answer."""

    def __init__(self, *how: Any, **more: Any) -> None:
        super().__init__(*how, **more)

        async def fail(*_: Any, **__: Any) -> Any:
            raise StoreError

        self._database.do = fail  # type: ignore[method-assign]


async def test_whose_question_ends_with_the_process_is_told_where_no_reply_can_say_so(tmp_path: Path) -> None:
    """No database has it, and Slack takes no posts."""
    async with host(tmp_path) as there:
        there.workspace.faults.append(Fault("chat.postMessage", error="ratelimited", retry_after=60))
        async with there.process(make_store=AwayStore, is_hurried=False):
            await there.ask()
            await asyncio.sleep(2)
        [whisper] = there.workspace.whispers
        assert "interrupted" in shown(whisper)
        assert PROBLEM in shown(whisper)


class FaultyStore(PatientStore):
    """One with a fault, which shows once."""

    has_failed = False

    async def add(self, question: Question, *, is_admitted: bool = True) -> Arrival:
        if not self.has_failed:
            self.has_failed = True
            raise ZeroDivisionError
        return await super().add(question, is_admitted=is_admitted)


async def test_what_a_fault_in_the_bot_has_kept_from_being_taken_is_taken_when_it_comes_again(tmp_path: Path) -> None:
    """It is not acknowledged, and Slack delivers it once more, as the same event."""
    async with host(tmp_path) as there, there.process(make_store=FaultyStore):
        await there.until_answered(await there.ask())
