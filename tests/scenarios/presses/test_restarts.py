"""What was pressed outlives the process, on the virtual clock: the next one does it, once.

A process is dropped in the middle of what it does, as by two signals: it has no last words. Real kills are in
`test_kills`.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.durable.record import Conversation
from bot.playground.slack.fault import Fault
from bot.playground.slack.workspace import Message
from tests.scenarios.test_conversation import QUICK, find
from tests.scenarios.test_restarts import Host
from tests.scenarios.test_restarts import host as make_host
from tests.support.model_server import ModelServer, Script
from tests.support.world import NAMES, PatientStore, shown

REFUSED = Script(status=400, error={"message": "no"})
SLOWLY = Script(tuple(f"{number} " for number in range(200)), every=1.0)


@asynccontextmanager
async def host(directory: Path, scripts: dict[str, Any]) -> AsyncIterator[tuple[Host, ModelServer]]:
    """A host, and a model that says what a test wants."""
    async with make_host(directory) as there, ModelServer(**scripts) as model:
        yield Host(there.slack, there.settings, openai_base_url=model.url), model


def thread(there: Host) -> list[Message]:
    """The one thread that there is."""
    return [*there.workspace.messages]


async def ask(there: Host) -> list[Message]:
    """Type the command, and wait for the index; the parent and the replies."""
    await there.slack.command("Why?")
    await there.until(lambda: bool(thread(there)) and "Perspectives for" in thread(there)[0].text)
    return thread(there)


@pytest.mark.heavy
async def test_what_is_tried_again_keeps_what_has_drawn_all_together(tmp_path: Path) -> None:
    """Another process goes on with it, and does not take the index's first line away."""
    scripts = QUICK | {"Time": [REFUSED, SLOWLY, Script(("At last.",))]}
    async with host(tmp_path, scripts) as (there, model):
        async with there.process():
            parent, *replies = await ask(there)
            model.default = Script(("Do this first.",))
            await there.slack.click(parent, "together")
            await there.until(lambda: "Do this first." in shown(parent))
            await asyncio.sleep(5)
            await there.slack.click(replies[3], "again")
            await there.until(lambda: "writing" in shown(replies[3]))
        async with there.process():
            await there.until(lambda: "At last." in shown(parent))
            await asyncio.sleep(15)
        assert "Do this first." in shown(parent)
        assert find(parent, "again") == find(parent, "stop") == []
        assert [request.name for request in model.requests] == [*NAMES, "other", "Time", "Time"]


class SlowToRecall(PatientStore):
    """One that takes a second to look up a conversation."""

    async def recall(self, workspace: str, key: str) -> Conversation | None:
        await asyncio.sleep(1.0)
        return await super().recall(workspace, key)


async def test_a_stop_reaches_a_run_that_is_just_being_prepared(tmp_path: Path) -> None:
    """Its button stands from before: another process had begun it."""
    async with host(tmp_path, QUICK) as (there, model):
        async with there.process():
            parent, *_ = await ask(there)
            model.default = SLOWLY
            await there.slack.click(parent, "together")
            await there.until(lambda: len(thread(there)) == 6 and "writing" in shown(thread(there)[5]))
        bought = len(model.requests)
        async with there.process(make_store=SlowToRecall):
            await asyncio.sleep(0.5)
            await there.slack.click(thread(there)[5], "stop", user="ben")
            await there.until(lambda: "stopped by @U0BEN" in shown(thread(there)[5]))
            await asyncio.sleep(15)
        assert len(model.requests) == bought


async def test_a_thread_that_was_not_read_before_the_end_is_no_problem_without_words(tmp_path: Path) -> None:
    """A bare mention, taken up by a process that may not read the thread: the hint, and nothing bought."""
    async with host(tmp_path, QUICK) as (there, model):
        workspace = there.workspace
        first = workspace.post(workspace.channel("general").id, workspace.user("ada").id, "It is red.")
        workspace.faults.append(Fault("conversations.replies", delay=2.0))
        workspace.faults.append(Fault("conversations.replies", error="missing_scope", times=9))
        async with there.process():
            await there.slack.mention("", thread_ts=first.ts)
            await asyncio.sleep(1)
        async with there.process():
            await there.until(lambda: any("Tell me a problem" in shown(one) for one in workspace.whispers))
            await asyncio.sleep(5)
        assert model.requests == []
        assert len(workspace.messages) == 2
