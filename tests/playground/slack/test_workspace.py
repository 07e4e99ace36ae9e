import asyncio

import pytest

from bot.playground.slack.fault import Fault, take_fault
from bot.playground.slack.workspace import Workspace


async def test_timestamps_are_unique_and_increase_on_a_clock_that_stands() -> None:
    """A microsecond is all that two messages at one time differ by."""
    workspace = Workspace(clock=lambda: 1_700_000_000.25)
    stamps = [workspace.post("C0GENERAL", "U0ADA", "hi").ts for _ in range(3)]
    assert stamps == ["1700000000.250000", "1700000000.250001", "1700000000.250002"]


async def test_timestamps_follow_the_loops_time(workspace: Workspace) -> None:
    """So that a virtual clock moves them too."""
    first = workspace.post("C0GENERAL", "U0ADA", "hi")
    await asyncio.sleep(90.0)
    second = workspace.post("C0GENERAL", "U0ADA", "hi")
    assert second.versions[0].at - first.versions[0].at == pytest.approx(90.0)
    assert float(second.ts) - float(first.ts) == pytest.approx(90.0, abs=1e-5)


async def test_a_thread_is_its_parent_and_the_replies_in_order(workspace: Workspace) -> None:
    """Other messages of the channel are not in it; channels go by name or id."""
    parent = workspace.post("C0GENERAL", "U0ADA", "why?")
    replies = [workspace.post("C0GENERAL", "U0PERSPECT", text, thread_ts=parent.ts) for text in "ab"]
    workspace.post("C0GENERAL", "U0BEN", "lunch?")
    assert workspace.thread("general", parent.ts) == [parent, *replies]
    assert workspace.find("C0GENERAL", replies[1].ts) is replies[1]


async def test_a_message_keeps_its_versions(workspace: Workspace) -> None:
    """Text and blocks are the newest ones; an edit with blocks shows no "(edited)", one without does, and stays so."""
    blocks = [{"type": "divider"}]
    message = workspace.post("C0GENERAL", "U0PERSPECT", "one", blocks)
    workspace.edit(message, "two", blocks)
    assert (message.text, message.blocks, message.edited) == ("two", blocks, False)
    workspace.edit(message, "three", [])
    assert (message.text, message.blocks, message.edited) == ("three", [], True)
    workspace.edit(message, "four", blocks)
    assert message.edited
    assert [version.text for version in message.versions] == ["one", "two", "three", "four"]


async def test_metadata_stay_until_an_edit_brings_others(workspace: Workspace) -> None:
    """They belong to the message, and not to one of its versions."""
    message = workspace.post("C0GENERAL", "U0PERSPECT", "one", metadata={"event_type": "a"})
    workspace.edit(message, "two", [])
    assert message.metadata == {"event_type": "a"}
    workspace.edit(message, "three", [], metadata={"event_type": "b"})
    assert message.metadata == {"event_type": "b"}


async def test_a_deleted_message_is_gone(workspace: Workspace) -> None:
    """It is found no more."""
    message = workspace.post("C0GENERAL", "U0ADA", "oops")
    workspace.delete(message)
    assert workspace.find("general", message.ts) is None


async def test_until_returns_when_its_condition_holds(workspace: Workspace) -> None:
    """It is woken by each change, and by nothing else."""
    asked = 0

    def has_two() -> bool:
        nonlocal asked
        asked += 1
        return len(workspace.messages) == 2

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(workspace.until(has_two))
        await asyncio.sleep(0)
        for _ in range(2):
            workspace.post("C0GENERAL", "U0ADA", "hi")
            await asyncio.sleep(0)
    assert asked == 3


@pytest.mark.parametrize("key", ["nobody", "U0NOBODY"])
def test_who_is_not_there_is_not_found(workspace: Workspace, key: str) -> None:
    """By name or by id."""
    with pytest.raises(KeyError):
        workspace.user(key)
    with pytest.raises(KeyError):
        workspace.channel(key)


def test_a_fault_befalls_as_many_calls_as_it_says_and_no_others(workspace: Workspace) -> None:
    """The method and the arguments that it names must match."""
    fault = Fault("chat.update", times=2, where={"ts": "1"}, error="internal_error")
    workspace.faults.append(fault)
    assert take_fault(workspace.faults, "chat.postMessage", {"ts": "1"}) is None
    assert take_fault(workspace.faults, "chat.update", {"ts": "2"}) is None
    assert take_fault(workspace.faults, "chat.update", {"ts": "1", "text": "a"}) is fault
    assert take_fault(workspace.faults, "chat.update", {"ts": "1"}) is fault
    assert take_fault(workspace.faults, "chat.update", {"ts": "1"}) is None
