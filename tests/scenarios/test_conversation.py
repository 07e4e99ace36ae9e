"""The whole bot in conversation: stopped, tried again, taken deeper, drawn together, called into a thread."""

import asyncio

import pytest

from bot.engine.conversation.followups import TOGETHER
from bot.playground.slack.fault import Fault
from bot.playground.slack.records import View
from bot.playground.slack.workspace import BOT_SCOPES, Message, Workspace
from tests.support.model_server import ModelServer, Script, words
from tests.support.world import NAMES, World, body_of, running, shown

QUICK = {name: Script((f"{name} says", " so."), every=0.1) for name in NAMES}
SLOW = dict.fromkeys(NAMES, words(200, 10))


def find(message: Message, action: str) -> list[str]:
    """The values of the buttons of an action under a message."""
    elements = [one for block in message.blocks for one in block.get("elements", [])]
    found = [one.get("value") or one["positive_button"]["value"] for one in elements if one.get("action_id") == action]
    return [str(value) for value in found]


def asked(world: World) -> list[str]:
    """For what the model was asked, in its order; what is no side of a problem is `other`."""
    return [request.name for request in world.model.requests]


async def begin(world: World) -> list[Message]:
    """Ask, and wait until all four answers grow; the thread."""
    before = len(world.workspace.messages)
    await world.slack.command("Why?")
    await world.until(lambda: sum("writing" in shown(one) for one in world.workspace.messages[before:]) == 4)
    return world.thread(world.workspace.messages[before])


async def submit(world: World, texts: dict[str, str] | None = None) -> View:
    """Send the newest form."""
    view = world.workspace.views[-1]
    await world.slack.submit(view, texts or {})
    return view


async def test_stop_ends_all_streams_within_half_a_second_and_keeps_what_came() -> None:
    """Anybody may; every reply and the index say who it was, and the button goes."""
    async with running(ModelServer(**SLOW)) as world:
        parent, *replies = await begin(world)
        await asyncio.sleep(3)
        came = [body_of(reply) for reply in replies]
        now = asyncio.get_running_loop().time
        pressed = now()
        acknowledged = await world.slack.click(parent, "stop", user="ben")
        assert acknowledged is not None
        assert acknowledged <= 0.15
        await world.until(lambda: not any(request.ended_at is None for request in world.model.requests))
        assert all((request.ended_at or 0.0) - pressed <= 0.5 for request in world.model.requests)
        await world.until(lambda: all("stopped by @U0BEN" in shown(reply) for reply in replies))
        assert now() - pressed <= 3.0
        assert all(body_of(reply).startswith(text) for reply, text in zip(replies, came, strict=True))
        await world.until(lambda: shown(parent).count("stopped by @U0BEN") == 4)
        assert find(parent, "stop") == []
        assert len(find(parent, "again")) == 1
        assert all(len(find(reply, "again")) == 1 for reply in replies)


@pytest.mark.heavy
async def test_a_mentions_stop_stands_on_the_first_answer_that_goes_on() -> None:
    """There is no message of ours above; drawing together stands on the answer that lands last."""
    scripts = {"Depth": words(10, 20), "Breadth": words(150, 20), "Structure": words(60, 20), "Time": words(60, 20)}
    async with running(ModelServer(**scripts)) as world:
        ts = await world.slack.mention("Why?")
        await world.until(lambda: len(world.workspace.messages) == 5)
        replies = [one for one in world.workspace.messages if one.thread_ts == ts]
        assert [len(find(reply, "stop")) for reply in replies] == [1, 0, 0, 0]
        await world.until(lambda: "✅" in shown(replies[0]) and len(find(replies[1], "stop")) == 1)
        await world.until(lambda: all("✅" in shown(reply) for reply in replies))
        await asyncio.sleep(10)
        assert [len(find(reply, "stop")) for reply in replies] == [0, 0, 0, 0]
        assert [len(find(reply, "together")) for reply in replies] == [0, 1, 0, 0]


async def test_buttons_cost_no_edit() -> None:
    """Of a run that nobody touches: each reply's last edit is its last text, and the parent is edited once."""
    async with running(ModelServer(**QUICK)) as world:
        parent, *replies = await world.ask("Why?")
        await asyncio.sleep(30)
        assert len(parent.versions) == 2
        for reply in replies:
            assert len({body_of(version) for version in reply.versions}) >= len(reply.versions) - 1
            assert len(find(reply, "deeper")) == len(find(reply, "feedback")) == 1
        assert len(find(parent, "together")) == 1
        assert find(parent, "again") == []


async def test_an_answer_that_failed_is_tried_again_in_its_place_and_the_others_are_left() -> None:
    """Not bought, not edited; the index follows."""
    failing = QUICK | {"Time": [Script(status=400, error={"message": "no"}), Script(("At last",))]}
    async with running(ModelServer(**failing)) as world:
        parent, *replies = await world.ask("Why?")
        assert len(find(replies[3], "again")) == 1
        before = [len(reply.versions) for reply in replies]
        await world.slack.click(replies[3], "again", user="ben")
        await world.until(lambda: "At last" in shown(replies[3]) and "At last" in shown(parent))
        assert [len(reply.versions) for reply in replies[:3]] == before[:3]
        assert asked(world)[4:] == ["Time"]
        assert len(world.thread(parent)) == 5
        assert find(parent, "again") == find(replies[3], "again") == []
        assert len(find(replies[3], "deeper")) == 1


async def test_all_that_is_not_whole_is_tried_again_from_the_parent_once() -> None:
    """Two people press at the same time."""
    refused = Script(status=400, error={"message": "no"})
    scripts = QUICK | {name: [refused, Script((f"{name} now",))] for name in ("Depth", "Time")}
    async with running(ModelServer(**scripts)) as world:
        parent, *_ = await world.ask("Why?")
        await asyncio.gather(
            world.slack.click(parent, "again", user="ada"), world.slack.click(parent, "again", user="ben")
        )
        await world.until(lambda: "Depth now" in shown(parent) and "Time now" in shown(parent))
        await asyncio.sleep(30)
        assert sorted(asked(world)[4:]) == ["Depth", "Time"]
        assert any("just now" in told or "being asked already" in told for told in world.whispers_to("ben", "ada"))


@pytest.mark.parametrize("added", ["And what of those who stay?", ""])
async def test_going_deeper_opens_a_form_and_adds_a_reply_that_knows_what_was_said(added: str) -> None:
    """With words, or none; it can be followed up again."""
    async with running(ModelServer(**QUICK)) as world:
        parent, *replies = await world.ask("Why do they leave?")
        seconds = await world.slack.click(replies[1], "deeper", user="ben")
        assert seconds is not None
        assert seconds <= 0.3
        world.model.default = Script(("Deeper so.",))
        await submit(world, {"words/words": added} if added else {})
        await world.until(lambda: len(world.thread(parent)) == 6)
        further = world.thread(parent)[5]
        await world.until(lambda: "✅" in shown(further))
        head = shown(further).splitlines()[0]
        assert "*Breadth*" in head
        assert "follow-up for @U0BEN" in head
        assert (added or "the weakest point") in head
        assert body_of(further) == "Deeper so."
        told = world.model.requests[-1].body["messages"][1]["content"]
        assert all(part in told for part in ("Why do they leave?", "Breadth says so.", added))
        assert "Depth says so." not in told
        assert len(find(further, "deeper")) == len(find(further, "feedback")) == 1
        await world.slack.click(further, "deeper")
        await submit(world)
        await world.until(lambda: len(world.thread(parent)) == 7)
        await world.until(lambda: "✅" in shown(world.thread(parent)[6]))
        assert "Deeper so." in world.model.requests[-1].body["messages"][1]["content"]


async def test_the_four_are_drawn_together_once_and_lead_the_index() -> None:
    """Pressed twice, or by two: once. After a follow-up it may be drawn anew."""
    async with running(ModelServer(**QUICK)) as world:
        parent, *replies = await world.ask("Why?")
        world.model.default = Script(("Do this first.\n\nThe rest.",))
        await asyncio.gather(
            world.slack.click(parent, "together", user="ada"), world.slack.click(parent, "together", user="ben")
        )
        await world.until(lambda: "Do this first." in shown(parent))
        assert asked(world)[4:] == ["other"]
        drawn = world.thread(parent)[5:]
        assert len(drawn) == 1
        assert f"*{TOGETHER}*" in shown(drawn[0])
        lines = [line for line in shown(parent).splitlines() if "*" in line]
        assert [line.split("*")[1] for line in lines] == [TOGETHER, *NAMES]
        told = world.model.requests[-1].body["messages"][1]["content"]
        assert all(f"{name} says so." in told for name in NAMES)
        await world.slack.click(parent, "together")
        await world.until(lambda: any("together already" in told for told in world.whispers()))
        await world.slack.click(replies[0], "deeper")
        world.model.default = Script(("Deeper so.",))
        await submit(world)
        await world.until(lambda: len(world.thread(parent)) == 7 and "✅" in shown(world.thread(parent)[6]))
        world.model.default = Script(("Do that first.",))
        await world.slack.click(parent, "together")
        await world.until(lambda: "Do that first." in shown(parent))
        assert "Deeper so." in world.model.requests[-1].body["messages"][1]["content"]


async def test_a_vote_costs_no_edit_and_the_last_one_counts() -> None:
    """Slack sends each press again."""
    async with running(ModelServer(**QUICK)) as world:
        _, *replies = await world.ask("Why?")
        before = len(world.calls("chat.update"))
        for sign in ("+", "-", "+"):
            value = f"{sign}{find(replies[2], 'feedback')[0].lstrip('+')}"
            assert await world.slack.click(replies[2], "feedback", value=value) is not None
        await asyncio.sleep(5)
        assert len(world.calls("chat.update")) == before
        assert world.whispers() == []


async def test_a_press_on_what_was_forgotten_is_told_to_whoever_pressed() -> None:
    """Nothing that is pressed is silent."""
    async with running(ModelServer(**QUICK)) as world:
        message = world.workspace.post(
            world.workspace.channel("general").id,
            world.workspace.bot.id,
            "old",
            blocks=[
                {
                    "type": "actions",
                    "elements": [
                        {
                            "type": "button",
                            "action_id": action,
                            "value": "en Depth forgotten",
                            "text": {"type": "plain_text", "text": "x"},
                        }
                        for action in ("again", "together", "stop", "deeper", "of a former version")
                    ],
                }
            ],
        )
        for count, action in enumerate(("again", "together", "stop", "of a former version"), 1):
            assert await world.slack.click(message, action) is not None
            await world.until(lambda count=count: len(world.whispers()) == count)
        await world.slack.click(message, "deeper")
        view = await submit(world)
        assert "do not remember" in str(view.errors)  # what was typed stays in the form
        assert world.model.requests == []


async def test_who_presses_where_the_bot_is_no_member_any_more_is_told_and_may_press_again() -> None:
    """Also where there are no words to be given back; once it is invited, the same press does its work."""
    async with running(ModelServer(**QUICK)) as world:
        parent, *replies = await world.ask("Why?")
        members = world.workspace.channel("general").members
        members.discard(world.workspace.bot.id)
        for count, words in enumerate(({}, {"words/words": "And now?"}), 1):
            await world.slack.click(replies[0], "deeper", user="ben")
            await submit(world, words)
            await world.until(lambda count=count: len(world.whispers_to("ben")) == count)
        await world.slack.click(parent, "together", user="ben")
        await world.until(lambda: len(world.whispers_to("ben")) == 3)
        bare, with_words, together = world.whispers_to("ben")
        assert "not in this channel" in bare
        assert "press again" in bare
        assert bare == together
        assert with_words == f"{bare} Here is your problem back:\nAnd now?"
        assert asked(world)[4:] == []
        members.add(world.workspace.bot.id)
        world.model.default = Script(("Ask them.",))
        await world.slack.click(parent, "together", user="ben")
        await world.until(lambda: "🧭 *Together* Ask them." in shown(parent))
        await world.slack.click(parent, "together", user="ben")
        await world.until(lambda: len(world.whispers_to("ben")) == 4)
        assert "drawn together already" in world.whispers_to("ben")[3]
        assert asked(world)[4:] == ["other"]


async def test_a_mention_in_a_thread_reads_the_thread() -> None:
    """What people said, as material; without words, the thread is the problem."""
    workspace = Workspace(scopes=(*BOT_SCOPES, "channels:history"))
    async with running(ModelServer(**QUICK), workspace=workspace) as world:
        place, ada = workspace.channel("general").id, workspace.user("ada").id
        first = workspace.post(place, ada, "The build is red since Monday.")
        workspace.post(place, workspace.user("ben").id, "Only on the second runner.", thread_ts=first.ts)
        await world.slack.mention("", thread_ts=first.ts)
        await world.until(lambda: sum("✅" in shown(one) for one in workspace.messages) == 4)
        told = world.model.requests[0].body["messages"][1]["content"]
        assert "<thread>" in told
        assert "The build is red since Monday." in told
        assert "Only on the second runner." in told
        assert "ada" not in told
        assert "Person 1" in told
        assert "Person 2" in told


async def test_a_thread_that_cannot_be_read_is_said_small_and_the_words_are_answered() -> None:
    """Without the scope; a bare mention gets the hint."""
    async with running(ModelServer(**QUICK)) as world:
        workspace = world.workspace
        first = workspace.post(workspace.channel("general").id, workspace.user("ada").id, "It is red.")
        await world.slack.mention("Why?", thread_ts=first.ts)
        await world.until(lambda: sum("✅" in shown(one) for one in workspace.messages) == 4)
        assert world.model.requests[0].body["messages"][1]["content"] == "Why?"
        assert any("could not read" in told for told in world.whispers())
        count = len(world.whispers())
        await world.slack.mention("", thread_ts=first.ts)
        await world.until(lambda: len(world.whispers()) == count + 2)
        assert {told[:9] for told in world.whispers()[count:]} == {"I could n", "Tell me a"}
        assert len(world.model.requests) == 4


async def test_an_empty_command_opens_a_form_whose_problem_is_asked() -> None:
    """Errors stand in the form."""
    async with running(ModelServer(**QUICK), problem_limit=50) as world:
        await world.slack.command("")
        view = await submit(world, {"words/words": "x" * 51})
        assert view.errors == {"words": "This has 51 characters, and I take up to 50. Make it shorter."}
        view = await submit(world, {"words/words": " "})
        assert view.errors == {"words": "Write what the problem is. / 問題を書いてください。"}
        await submit(world, {"words/words": "Why is it so?"})
        await world.until(lambda: sum("✅" in shown(one) for one in world.workspace.messages) == 4)
        assert world.workspace.views[-1].is_open is False


async def test_a_message_that_was_chosen_is_answered_under_it() -> None:
    """Its text stands in the form."""
    async with running(ModelServer(**QUICK)) as world:
        workspace = world.workspace
        said = workspace.post(workspace.channel("general").id, workspace.user("ben").id, "Our churn is 6 %.")
        await world.slack.shortcut(said.ts, "perspectives_on_message")
        assert "Our churn is 6 %." in str(workspace.views[-1].content)
        await submit(world)
        await world.until(lambda: sum("✅" in shown(one) for one in world.thread(said)) == 4)
        assert world.model.requests[0].body["messages"][1]["content"] == "Our churn is 6 %."


async def test_a_direct_message_is_answered_in_its_thread() -> None:
    """A reply there is a new question with the thread read."""
    workspace = Workspace(scopes=(*BOT_SCOPES, "im:history"))
    async with running(ModelServer(**QUICK), workspace=workspace) as world:
        ts = await world.slack.direct_message("Why me?")
        await world.until(lambda: sum("✅" in shown(one) for one in workspace.messages if one.thread_ts == ts) == 4)
        await world.slack.direct_message("And now?", thread_ts=ts)
        await world.until(lambda: sum("✅" in shown(one) for one in workspace.messages if one.thread_ts == ts) == 8)
        told = world.model.requests[-1].body["messages"][1]["content"]
        assert "And now?" in told
        assert "Why me?" in told


async def test_whoever_may_begin_nothing_more_is_told_so_when_they_press() -> None:
    """A press counts against the presser's own limits."""
    async with running(ModelServer(**QUICK), runs_per_person_per_hour=1) as world:
        parent, *replies = await world.ask("Why?")
        await world.slack.click(parent, "together", user="ada")
        await world.until(lambda: any("within the hour" in told for told in world.whispers()))
        await world.slack.click(replies[0], "deeper", user="ada")
        view = await submit(world)
        assert "within the hour" in str(view.errors)
        world.model.default = Script(("Together.",))
        await world.slack.click(parent, "together", user="ben")
        await world.until(lambda: "Together." in shown(parent))


async def test_a_fault_of_slacks_while_a_form_is_opened_is_told() -> None:
    """Where the trigger has expired."""
    async with running(ModelServer(**QUICK)) as world:
        _, *replies = await world.ask("Why?")
        world.workspace.faults.append(Fault("views.open", error="expired_trigger_id"))
        await world.slack.click(replies[0], "deeper")
        await world.until(lambda: bool(world.whispers()))
        assert world.workspace.views == []
