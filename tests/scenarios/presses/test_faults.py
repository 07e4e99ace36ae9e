"""What people press meets what goes wrong: in Slack, in the database, and by somebody else who presses at once.

Whatever it is, whoever pressed sees something come of it or is told why not; nothing is bought twice; what stood stays;
and once the fault is over, the same button does what it says.
"""

import asyncio
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from bot.playground.slack.fault import Fault
from bot.playground.slack.workspace import BOT_SCOPES, Message, Workspace
from tests.scenarios.test_conversation import QUICK, SLOW, asked, begin, find, submit
from tests.support.model_server import ModelServer, Script
from tests.support.world import NAMES, World, body_of, running, shown

REFUSED = Script(status=400, error={"message": "no"})
AGAIN = Script(tuple(f"At last {number}. " for number in range(30)), every=0.2)
BUTTONS = frozenset({"actions", "context_actions"})
LAST = 1_000_000  # times; for ever


def failing(*names: str, then: Script = AGAIN) -> dict[str, Any]:
    """A model that fails for these at first."""
    return QUICK | {name: [REFUSED, then] for name in names}


def is_whole(message: Message) -> bool:
    """Whether it shows an answer that is."""
    return "✅" in shown(message)


async def press_as_it_goes(world: World, message: Message, action: str, *, user: str = "ada") -> None:
    """Press a button of a message that somebody deletes at the same moment."""
    async with asyncio.TaskGroup() as group:
        group.create_task(world.slack.click(message, action, user=user))
        await asyncio.sleep(0)
        world.workspace.delete(message)


async def settled(world: World) -> None:
    """Wait until nothing can come any more."""
    await world.until(lambda: not world.model.open_streams)
    await asyncio.sleep(30)
    assert not world.model.open_streams
    assert not world.workspace.warnings
    assert not [told for told in world.whispers() if "went wrong" in told]


@pytest.mark.heavy
async def test_a_press_while_an_edit_is_in_flight_lands_behind_it() -> None:
    """Stop, when each reply's edit takes five seconds: no older text lands on the last one."""
    async with running(ModelServer(**SLOW)) as world:
        parent, *replies = await begin(world)
        await asyncio.sleep(3)
        world.workspace.faults += [Fault("chat.update", where={"ts": one.ts}, delay=5.0) for one in replies]
        await world.until(lambda: not world.workspace.faults)
        await world.slack.click(parent, "stop", user="ben")
        await world.until(lambda: all("stopped by @U0BEN" in shown(reply) for reply in replies))
        await settled(world)
        assert all("stopped by @U0BEN" in shown(reply) for reply in replies)
        for reply in replies:
            texts = [body_of(version) for version in reply.versions]
            assert all(new.startswith(old) for old, new in itertools.pairwise(texts))
        assert find(parent, "stop") == []


@pytest.mark.heavy
async def test_an_edit_that_lands_late_is_not_the_last_word_on_what_was_stopped() -> None:
    """Its answer was given up: what says that it was stopped is sent once more."""
    async with running(ModelServer(**SLOW)) as world:
        parent, *replies = await begin(world)
        await asyncio.sleep(3)
        world.workspace.faults.append(Fault("chat.update", where={"ts": replies[0].ts}, delay=20.0))
        await world.until(lambda: not world.workspace.faults)
        await world.slack.click(parent, "stop", user="ben")
        await settled(world)
        assert all("stopped by @U0BEN" in shown(reply) for reply in replies)


@pytest.mark.parametrize("action", ["stop", "again", "together", "feedback", "deeper"])
@pytest.mark.heavy
async def test_two_people_press_at_once(action: str) -> None:
    """What is one's is done once, and nothing is bought twice; what is each one's is done for each."""
    scripts = SLOW if action == "stop" else failing("Time") if action == "again" else QUICK
    async with running(ModelServer(**scripts)) as world:
        parent, *replies = await begin(world) if action == "stop" else await world.ask("Why?")
        world.model.default = Script(("So it is.",))
        message = {"again": replies[3], "feedback": replies[0], "deeper": replies[0]}.get(action, parent)
        value = find(replies[0], "feedback")[0] if action == "feedback" else None
        await asyncio.gather(*(world.slack.click(message, action, user=user, value=value) for user in ("ada", "ben")))
        if action == "deeper":
            await asyncio.gather(*(world.slack.submit(view, {}, view.user) for view in [*world.workspace.views]))
        await settled(world)
        count = {"stop": 0, "again": 1, "together": 1, "feedback": 0, "deeper": 2}[action]
        assert len(asked(world)) == 4 + count
        assert len(world.thread(parent)) == 5 + (count if action in {"together", "deeper"} else 0)
        told = world.whispers_to("ada", "ben")
        assert all(one.thread_ts == parent.ts for one in world.workspace.whispers)
        assert len(told) == (1 if action in {"again", "together"} else 0)
        if action == "stop":
            assert len({shown(reply).partition("stopped by ")[2].split()[0] for reply in replies}) == 1


@pytest.mark.parametrize("code", ["expired_trigger_id", "exchanged_trigger_id", "internal_error", "invalid_arguments"])
@pytest.mark.heavy
async def test_a_form_that_slack_does_not_open_is_told_and_opens_when_pressed_again(code: str) -> None:
    """Also where it takes too long."""
    async with running(ModelServer(**QUICK)) as world:
        parent, *replies = await world.ask("Why?")
        world.workspace.faults.append(Fault("views.open", error=code))
        assert await world.slack.click(replies[0], "deeper") is not None
        await world.until(lambda: any("did not open" in told for told in world.whispers()))
        await world.slack.click(replies[0], "deeper")
        world.model.default = Script(("So it is.",))
        await submit(world)
        await world.until(lambda: len(world.thread(parent)) == 6 and is_whole(world.thread(parent)[5]))


@pytest.mark.heavy
async def test_a_form_that_takes_too_long_to_open_is_acknowledged_in_time() -> None:
    """Slack waits for three seconds; whoever pressed is told within them."""
    async with running(ModelServer(**QUICK)) as world:
        _, *replies = await world.ask("Why?")
        world.workspace.faults.append(Fault("views.open", delay=20.0, breaks=True))
        seconds = await world.slack.click(replies[0], "deeper")
        assert seconds is not None
        assert seconds < 2.5
        assert any("did not open" in told for told in world.whispers())


@pytest.mark.heavy
async def test_a_parent_that_is_deleted_takes_nothing_with_it() -> None:
    """Deleted as Stop is pressed on it: the replies say that they were stopped, and are tried again from there."""
    async with running(ModelServer(**SLOW)) as world:
        parent, *replies = await begin(world)
        await press_as_it_goes(world, parent, "stop", user="ben")
        await world.until(lambda: all("stopped by @U0BEN" in shown(reply) for reply in replies))
        await settled(world)
        world.model.scripts = {}
        world.model.default = Script(("Whole.",))
        await world.slack.click(replies[1], "again")
        await world.until(lambda: is_whole(replies[1]))
        assert asked(world)[4:] == ["Breadth"]
        await settled(world)
        assert world.whispers() == []


async def test_a_parent_that_is_deleted_as_its_answers_are_drawn_together() -> None:
    """Slack takes no more replies: whoever pressed is told so, in words that fit a press, and nothing is bought."""
    async with running(ModelServer(**QUICK)) as world:
        parent, *_ = await world.ask("Why?")
        await press_as_it_goes(world, parent, "together", user="ben")
        await world.until(lambda: bool(world.workspace.whispers or world.calls("response_url")))
        await settled(world)
        assert len(asked(world)) == 4
        [told] = world.whispers_to("ben")
        assert "is gone" in told
        assert "problem" not in told


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.heavy
async def test_an_answer_whose_reply_is_deleted_is_not_asked_again_for_nobody(when: str) -> None:
    """While it is tried again: the stream is closed, and the index says so. Nor is it bought when all are tried."""
    async with running(ModelServer(**failing("Time", "Depth"))) as world:
        parent, *replies = await world.ask("Why?")
        if when == "before":
            await press_as_it_goes(world, replies[3], "again")
        else:
            await world.slack.click(replies[3], "again")
            await world.until(lambda: "writing" in shown(replies[3]))
            world.workspace.delete(replies[3])
        await world.until(lambda: "somebody deleted its reply" in shown(parent))
        await settled(world)
        assert world.model.requests[-1].is_cut_off
        assert find(parent, "stop") == []
        bought = len(asked(world))
        await world.slack.click(parent, "again")
        await world.until(lambda: is_whole(replies[0]))
        await settled(world)
        assert asked(world)[bought:] == ["Depth"]
        assert "somebody deleted its reply" in shown(parent)
        assert find(parent, "stop") == find(parent, "again") == []
        assert len(world.thread(parent)) == 4


async def test_what_nobody_could_end_is_no_longer_said_to_go_on() -> None:
    """A reply is deleted in a run; when another answer is tried again, the index keeps what it said of that one."""
    scripts: dict[str, Any] = QUICK | {
        "Depth": Script(tuple("abcdefgh"), every=2.0),
        "Time": [REFUSED, Script(("Whole.",))],
    }
    async with running(ModelServer(**scripts)) as world:
        await world.slack.command("Why?")
        await world.until(lambda: any("writing" in shown(one) for one in world.workspace.messages))
        parent = world.workspace.messages[0]
        await world.until(lambda: body_of(world.thread(parent)[1]) != "")
        world.workspace.delete(world.thread(parent)[1])
        await world.until(lambda: "somebody deleted its reply" in shown(parent))
        await settled(world)
        await world.slack.click(world.thread(parent)[3], "again")
        await world.until(lambda: "Whole." in shown(parent))
        await settled(world)
        assert "somebody deleted its reply" in shown(parent)
        assert find(parent, "stop") == find(parent, "again") == []
        assert len(find(parent, "together")) == 1


@pytest.mark.parametrize(("first", "pause"), [("again", 0.0), ("together", 0.0), ("together", 1.0)])
@pytest.mark.heavy
async def test_what_draws_together_leads_the_index_also_where_one_is_tried_again_beside(
    first: str, pause: float
) -> None:
    """Both write the index: whichever was pressed first, in the end it has what both say."""
    async with running(ModelServer(**failing("Time"))) as world:
        parent, *replies = await world.ask("Why?")
        world.model.default = Script(("Do this first.",), first=5.0)
        presses = {"again": (replies[3], "ben"), "together": (parent, "ada")}
        second = "again" if first == "together" else "together"
        async with asyncio.TaskGroup() as group:
            for action in (first, second):
                message, user = presses[action]
                group.create_task(world.slack.click(message, action, user=user))
                await asyncio.sleep(pause)
        await settled(world)
        assert ["just now" in told for told in world.whispers_to("ada", "ben")] == [True]
        # Of two at the very same time, either may come first.
        refused = second if pause else next(one for one, (_, user) in presses.items() if world.whispers_to(user))
        message, user = presses[refused]
        assert len(world.whispers_to(user)) == 1
        await world.slack.click(message, refused, user=user)
        await settled(world)
        assert "At last" in shown(parent)
        assert "Do this first." in shown(parent)
        assert find(parent, "again") == []


@pytest.mark.heavy
async def test_what_was_not_drawn_together_whole_can_be_drawn_again() -> None:
    """The model failed, and somebody has deleted the reply with its button."""
    async with running(ModelServer(**QUICK)) as world:
        parent, *_ = await world.ask("Why?")
        world.model.default = REFUSED
        await world.slack.click(parent, "together")
        await world.until(lambda: len(world.thread(parent)) == 6 and "failed" in shown(world.thread(parent)[5]))
        await settled(world)
        world.workspace.delete(world.thread(parent)[5])
        world.model.default = Script(("Do this first.",))
        await asyncio.gather(*(world.slack.click(parent, "together", user=user) for user in ("ada", "ben")))
        await world.until(lambda: "Do this first." in shown(parent))
        await settled(world)
        assert asked(world)[4:] == ["other", "other"]
        await world.slack.click(parent, "together")
        await settled(world)
        assert asked(world)[4:] == ["other", "other"]


class ButtonsRefused(Fault):
    """Slack takes no message with buttons of some kind."""

    def __init__(self, kinds: frozenset[str]) -> None:
        super().__init__("", times=LAST, error="invalid_blocks")
        self.kinds = kinds

    def befalls(self, method: str, args: Mapping[str, Any]) -> bool:
        """Whether a call posts or edits such a message."""
        blocks = args.get("blocks") or []
        return method in {"chat.postMessage", "chat.update"} and any(one["type"] in self.kinds for one in blocks)


@pytest.mark.parametrize("kinds", [BUTTONS, frozenset({"context_actions"}), frozenset({"actions"})])
@pytest.mark.parametrize("is_mention", [True, False])
@pytest.mark.heavy
async def test_where_slack_refuses_buttons_the_text_stays_as_it_is(kinds: frozenset[str], *, is_mention: bool) -> None:
    """In Markdown, whole, in one message; without the buttons."""
    long = {name: Script((f"{name}. " * 60, "**And** so on. " * 40), every=1.0) for name in NAMES}
    workspace = Workspace(scopes=BOT_SCOPES)
    workspace.faults.append(ButtonsRefused(kinds))
    async with running(ModelServer(**long), workspace=workspace) as world:
        if is_mention:
            await world.slack.mention("Why?")
        else:
            await world.slack.command("Why?")
        await world.until(lambda: sum(map(is_whole, workspace.messages)) == 4)
        await asyncio.sleep(20)
        assert len(workspace.messages) == 5
        for name, message in zip(NAMES, workspace.messages[1:], strict=True):
            assert body_of(message).rstrip() == long[name].text.rstrip()
            assert not [block for block in message.blocks if block["type"] in kinds]
        if not is_mention:
            assert "Perspectives for" in workspace.messages[0].text
        assert world.whispers() == []


@dataclass(frozen=True)
class Said:
    """A thread that somebody calls the bot into."""

    count: int
    length: int
    delay: float = 0.0  # seconds that each page of it takes


@pytest.mark.parametrize("said", [Said(1_000, 80), Said(1, 40_000), Said(40, 40_000), Said(1_000, 80, 1.2)])
@pytest.mark.heavy
async def test_a_thread_of_any_length_is_read_and_answered(said: Said) -> None:
    """Its newest part, within three seconds; where Slack is slow, what has come by then."""
    workspace = Workspace(scopes=(*BOT_SCOPES, "channels:history"))
    async with running(ModelServer(**QUICK), workspace=workspace) as world:
        place, ada = workspace.channel("general").id, workspace.user("ada").id
        first = workspace.post(place, ada, "The build is red since Monday.")
        for number in range(said.count):
            workspace.post(place, ada, f"({number}) {'x ' * (said.length // 2)}", thread_ts=first.ts)
        if said.delay:
            workspace.faults.append(Fault("conversations.replies", delay=said.delay, times=LAST))
        began = asyncio.get_running_loop().time()
        await world.slack.mention("", thread_ts=first.ts)
        await world.until(lambda: len(world.model.requests) == 4)
        assert asyncio.get_running_loop().time() - began < 5.0
        await world.until(lambda: sum(map(is_whole, workspace.messages)) == 4)
        told = str(world.model.requests[0].body["messages"][1]["content"])
        assert "<thread>" in told
        assert len(told) < 14_000
        if not said.delay:
            assert f"({said.count - 1}) x x x" in told
        assert world.whispers() == []


async def test_who_tries_again_is_told_what_comes_of_it_and_not_whoever_asked() -> None:
    """The channel was archived meanwhile."""
    async with running(ModelServer(**failing("Time"))) as world:
        _, *replies = await world.ask("Why?", user="ada")
        world.workspace.faults += [Fault(f"chat.{method}", error="is_archived", times=9) for method in ("update",)]
        await world.slack.click(replies[3], "again", user="ben")
        await world.until(lambda: any("is archived" in told for told in world.whispers_to("ben")))
        await settled(world)
        assert world.whispers_to("ada") == []


@pytest.mark.heavy
async def test_what_stood_is_not_lost_to_a_try_that_fails() -> None:
    """An answer was cut after much text, and is tried again in vain."""
    cut = Script(tuple(f"part {number}. " for number in range(40)), finish="length")
    scripts: dict[str, Any] = QUICK | {"Time": [cut, REFUSED, Script(("Whole.",))]}
    async with running(ModelServer(**scripts)) as world:
        parent, *replies = await world.ask("Why?")
        stood = body_of(replies[3])
        await world.slack.click(replies[3], "again")
        await world.until(lambda: len(asked(world)) == 5)
        await settled(world)
        assert all(body_of(version).startswith(stood) for version in replies[3].versions[-2:])
        await world.slack.click(replies[3], "again")
        await world.until(lambda: "Whole." in shown(parent))
        await settled(world)
        assert body_of(replies[3]) == "Whole."
