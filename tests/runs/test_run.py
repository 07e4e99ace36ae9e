"""What a person sees in Slack, end to end: the real SDKs against the stand-ins, on the virtual clock."""

import asyncio
import re
import threading
import time
from typing import Any

import pytest

from bot.playground.slack.block_kit.blocks import find_mentions
from bot.playground.slack.fault import Fault
from bot.playground.slack.workspace import Message, Workspace
from bot.slack import notices
from bot.slack.body import Body
from bot.texts.language import Language
from tests.slack.markup.test_pages import open_fence
from tests.support.model_server import ModelServer, Script, words
from tests.support.world import NAMES, PROBLEM, World, body_of, running, script_of, shown


def bodies(replies: list[Message]) -> list[str]:
    """The texts of a thread's replies."""
    return [body_of(reply) for reply in replies]


def states(reply: Message) -> list[str]:
    """The states that a reply went through."""
    lines = [version.blocks[0]["elements"][0]["text"].rpartition(" · ")[2] for version in reply.versions]
    return [line for line, before in zip(lines, [None, *lines], strict=False) if line != before]


async def test_a_command_opens_a_thread_of_four_answers_that_end_whole() -> None:
    """The main job: parent, four replies in their order, each with its whole text, and the index."""
    scripts = {name: words(40 + 10 * number, 20) for number, name in enumerate(NAMES)}
    async with running(ModelServer(**scripts)) as world:
        parent, *replies = await world.ask()
        first = Message("", "", "", None, None, parent.versions[:1])
        assert shown(first).splitlines() == ["@U0ADA asks for perspectives on:", f"> {PROBLEM}", "[ Stop ]"]
        assert set(find_mentions(first)) == {"@U0ADA"}
        assert [re.sub(r"[^A-Za-z].*|^\W+", "", shown(reply).split("*")[1]) for reply in replies] == NAMES
        assert bodies(replies) == [scripts[name].text for name in NAMES]
        assert [reply.thread_ts for reply in replies] == [parent.ts] * 4


async def test_four_answers_grow_side_by_side() -> None:
    """Nobody waits for the slowest, and the quick one does not wait for the slow."""
    scripts = dict(zip(NAMES, [words(120, 60), words(120, 40), words(120, 22), words(120, 12)], strict=True))
    async with running(ModelServer(**scripts)) as world:
        _, *replies = await world.ask()
        began = world.model.requests[0].at
        assert max(request.at for request in world.model.requests) - began < 0.1
        for reply, script in zip(replies, scripts.values(), strict=True):
            seconds = reply.versions[-1].at - began
            assert seconds < script.first + 120 * script.every + 0.4
            assert len(reply.versions) >= (4 if script.every * 120 > 2.5 else 3)  # its placeholder among them
            seen = [body_of(version) for version in reply.versions]
            assert seen == sorted(seen, key=len)


async def test_replies_start_as_placeholders_within_a_second() -> None:
    """At 80 ms a call of Slack's."""
    async with running(ModelServer(**{name: words(20, 10, first=3) for name in NAMES})) as world:
        asked = world.workspace.now()
        _, *replies = await world.ask()
        assert all(reply.versions[0].at - asked < 1.0 for reply in replies)
        assert all("waiting" in shown(Message("", "", "", None, None, [reply.versions[0]])) for reply in replies)
        assert states(replies[0]) == ["💭 waiting…", "✍️ writing…", "✅ done in 5 s by test-model-2026"]


async def test_the_index_has_the_takeaways_under_the_problem() -> None:
    """So that the channel reads the result without opening the thread."""
    scripts = {name: script_of(f"**{name}** says it. And more.\n\n- list") for name in NAMES}
    scripts["Time"] = Script(status=404, error={"code": "model_not_found"})
    async with running(ModelServer(**scripts)) as world:
        parent, *_ = await world.ask()
        assert shown(parent).splitlines()[:5] == [
            "@U0ADA asks for perspectives on:",
            f"> {PROBLEM}",
            "🔍 *Depth* Depth says it.",
            "🌐 *Breadth* Breadth says it.",
            "🧩 *Structure* Structure says it.",
        ]
        assert shown(parent).splitlines()[5].startswith("⏳ *Time* failed: there is no model “test-model”")
        assert not parent.edited


async def test_a_mention_is_answered_in_its_thread_without_an_index() -> None:
    """The mention is the parent; in a thread, that thread's."""
    async with running() as world:
        ts = await world.slack.mention("Why do releases slip? a &lt; b")
        await world.until(lambda: sum("done in" in shown(one) for one in world.workspace.thread("general", ts)) == 4)
        mention, *replies = world.workspace.thread("general", ts)
        assert len(mention.versions) == 1
        assert [reply.thread_ts for reply in replies] == [ts] * 4
        await world.slack.mention("And now?", thread_ts=ts)
        await world.until(lambda: sum("done in" in shown(one) for one in world.workspace.thread("general", ts)) == 8)
        asked = {request.body["messages"][1]["content"] for request in world.model.requests}
        assert asked == {"Why do releases slip? a &lt; b", "And now?"}


async def test_a_problem_reaches_the_model_as_it_was_typed() -> None:
    """Unescaped once, and as data: the whole user message, and nowhere else."""
    async with running() as world:
        await world.ask("is a < b && <!channel> @ben in #general?")
        for request in world.model.requests:
            system, user = request.body["messages"]
            assert user == {"role": "user", "content": "is a < b && <!channel> @ben in #general?"}
            assert "ben" not in system["content"]
            assert set(request.body) == {"model", "messages", "stream", "stream_options"}


@pytest.mark.parametrize("text", ["", "   "])
async def test_an_empty_command_gets_a_hint_that_only_its_sender_sees(text: str) -> None:
    """Where Slack opens no form; and nothing else happens."""
    async with running() as world:
        world.workspace.faults.append(Fault("views.open", error="expired_trigger_id"))
        await world.slack.command(text)
        await world.until(lambda: world.workspace.whispers)
        assert "`/perspectives Why do our releases slip every month?`" in world.whispers()[0]
        assert (world.workspace.messages, world.model.requests) == ([], [])


async def test_a_mention_without_a_problem_gets_the_hint() -> None:
    """Also alone, also without a run."""
    async with running() as world:
        await world.slack.mention("")
        await world.until(lambda: world.workspace.whispers)
        assert "mention me" in world.whispers()[0]
        assert world.model.requests == []


@pytest.mark.parametrize("channel", ["random", "private"])
async def test_where_it_is_no_member_it_asks_to_be_invited_and_buys_nothing(channel: str) -> None:
    """The sender alone is told how."""
    async with running() as world:
        await world.slack.command(PROBLEM, channel=channel)
        await world.until(lambda: world.workspace.whispers)
        assert "/invite" in world.whispers()[0]
        assert (world.workspace.messages, world.model.requests) == ([], [])


@pytest.mark.parametrize(("problem", "limit"), [("x" * 4001, 4_000), ("<" * 4_000, 4_000), ("long " * 7_000, 40_000)])
async def test_a_problem_too_long_is_given_back_and_no_call_is_made(problem: str, limit: int) -> None:
    """Too long for the setting, or, once escaped, for a message."""
    async with running(problem_limit=limit) as world:
        await world.slack.command(problem)
        given_back = problem.strip()
        await world.until(
            lambda: "".join(body_of(whisper) for whisper in world.workspace.whispers).strip() == given_back
        )
        assert "characters" in world.whispers()[0]
        assert (world.workspace.messages, world.model.requests) == ([], [])
        assert all(call.error is None for call in world.workspace.calls)


FAILURES: list[tuple[Script, str]] = [
    (Script(status=401, error={"code": "invalid_api_key"}), "refused the key"),
    (Script(status=403, error={"code": "x"}), "may not use the model"),
    (Script(status=404, error={"code": "model_not_found"}), "no model “test-model”"),
    (Script(status=429, error={"code": "insufficient_quota"}, retry_after="0"), "no quota left"),
    (Script(status=429, error={"code": "rate_limit_exceeded"}, retry_after="0"), "too many requests"),
    (Script(status=400, error={"code": "context_length_exceeded"}), "too long for the model"),
    (Script(status=400, error={"code": 400, "type": "exceed_context_size_error"}), "too long for the model"),
    (Script(status=400, error={"code": "content_filter"}), "content filter refused"),
    (Script(status=418, error={"code": "x"}), "refused the request (418)"),
    (Script(status=500, error={"code": "x"}, retry_after="0"), "failure of its own (500)"),
    (Script(("Half",), finish="content_filter"), "content filter withheld the rest"),
    (Script(("Half",), finish="length"), "longest answer"),
    (Script(("Half",), breaks=True, finish=None), "connection to the model"),
    (Script(("Half",), finish=None), "ended before the answer did"),
    (Script(()), "empty answer"),
    (Script(("Half", {"error": {"message": "overloaded"}}), finish=None), "in the middle of the answer"),
    (Script(("Half", "rest"), every=90.0), "silent for 60 seconds"),
]


@pytest.mark.parametrize(("script", "reason"), FAILURES)
@pytest.mark.heavy
async def test_one_failure_stays_one_and_has_its_own_words(script: Script, reason: str) -> None:
    """The other three go on; what had come stays on the screen."""
    async with running(ModelServer(Structure=script)) as world:
        _, *replies = await world.ask()
        depth, breadth, structure, time = map(shown, replies)
        assert reason in structure
        assert "⚠️ failed" in structure or "✂️ stopped" in structure
        assert all("✅ done" in reply for reply in (depth, breadth, time))
        assert ("Half" in structure) == ("Half" in script.text)
    assert world.model.open_streams == 0


async def test_an_answer_that_the_model_declines_is_told_as_such() -> None:
    """Its own words are the answer's text."""
    declined = {"choices": [{"index": 0, "delta": {"refusal": "I will not."}, "finish_reason": None}], "model": "m"}
    async with running(ModelServer(Depth=Script((declined,)))) as world:
        _, depth, *_ = await world.ask()
        assert "declined" in shown(depth)
        assert body_of(depth) == "I will not."


LONG = "\n\n".join(
    [f"## Part {number}\n\n" + " ".join(f"word-{number}-{place}" for place in range(40)) for number in range(30)]
    + ["```py\n" + "".join(f"value = compute_{number}(<x>)\n" for number in range(400)) + "```"]
    + [f"- point {number} <@U0BEN> & so on" for number in range(300)]
)


async def test_a_long_answer_goes_on_in_further_replies_and_loses_nothing() -> None:
    """In order, in the same thread, fences closed and reopened."""
    async with running(ModelServer(Depth=script_of(LONG, every=0.025))) as world:
        parent, *replies = await world.ask()
        pages = [reply for reply in replies if "*Depth*" in shown(reply)]
        lines = [shown(page).splitlines()[0].split(" · ")[1:] for page in pages]
        assert lines[0] == ["why, nine times", "⤵️ goes on below"]
        assert lines[1:-1] == [[f"continued ({number})", "⤵️ goes on below"] for number in range(2, len(pages))]
        assert lines[-1] == [f"continued ({len(pages)})", "✅ done in 15 s by test-model-2026"]
        assert sum(body_of(page).startswith("```py\n") for page in pages) == 1
        assert "".join(bodies(pages)).replace("(<x>)\n``````py\n", "(<x>)\n") == LONG
        for page in pages:
            for version in page.versions:
                assert open_fence(body_of(version)) == ""
        assert find_mentions(pages[-1]) == []
        assert not any(reply.edited for reply in [parent, *replies])


@pytest.mark.heavy
async def test_no_text_disappears_while_a_page_is_opened() -> None:
    """A page is cut to its length only when the text behind the cut stands in the next."""
    async with running(ModelServer(Depth=script_of(LONG, every=0.025))) as world:
        _, *replies = await world.ask()
        pages = [reply for reply in replies if "*Depth*" in shown(reply)]
        moments = sorted(version.at for page in pages for version in page.versions)
        ends = [
            LONG.find(end_of(next(filter(None, reversed([text_at(page, at) for page in pages])), ""))) for at in moments
        ]
        assert ends == sorted(ends)
        assert len(set(ends)) > 8


def end_of(text: str) -> str:
    """Its last words, without an added fence."""
    return text.removesuffix("```").rstrip()[-30:]


def text_at(page: Message, moment: float) -> str:
    """What a message showed at a moment; nothing before it was posted."""
    return next((body_of(one) for one in reversed(page.versions) if one.at <= moment), "")


async def test_an_answer_without_end_is_stopped_with_a_mark() -> None:
    """At 40,000 characters, and its stream is closed."""
    async with running(ModelServer(Time=script_of("word " * 12_000, every=0.025))) as world:
        _, *replies = await world.ask()
        pages = [reply for reply in replies if "*Time*" in shown(reply)]
        assert "".join(bodies(pages)) == ("word " * 12_000)[:40_000]
        assert "✂️ stopped: it went on beyond 40,000 characters" in shown(pages[-1])
        assert [one.is_cut_off for one in world.model.requests if one.name == "Time"] == [True]


async def test_what_people_and_models_write_rings_nobody_and_reads_as_written() -> None:
    """In no block, no notification, no index line."""
    hostile = "<!channel> **<@U0BEN>** [x](https://a.example/?a=1&b=2) `a < b` <https://evil.example|here>."
    async with running(ModelServer(**{name: script_of(hostile) for name in NAMES})) as world:
        parent, *replies = await world.ask(hostile)
        assert (
            bodies(replies)
            == [hostile.replace("[x](https://a.example/?a=1&b=2)", "x (https://a.example/?a=1&b=2)")] * 4
        )
        for message in [parent, *replies]:
            for version in message.versions:
                mentions = set(find_mentions(Message("", "", "", None, None, [version])))
                assert mentions <= {"@U0ADA"}
                assert "<!" not in version.text


async def starts_nothing(world: World, event: dict[str, Any], **how: Any) -> None:
    """Send an event and see that no question comes of it."""
    asked, posted = len(world.model.requests), len(world.workspace.messages)
    assert await world.slack.event(event, **how) is not None
    await asyncio.sleep(30)
    assert (len(world.model.requests), len(world.workspace.messages)) == (asked, posted)


@pytest.mark.heavy
async def test_what_starts_nothing() -> None:
    """Edits of a mention, redelivered events, other bots, the bot itself."""
    async with running() as world:
        bot = world.workspace.bot.id
        said = world.workspace.post("C0GENERAL", "U0ADA", f"<@{bot}> why?")
        base = {"type": "app_mention", "user": "U0ADA", "text": said.text, "channel": said.channel, "ts": said.ts}
        await starts_nothing(world, {**base, "edited": {"user": "U0ADA", "ts": "2.0"}})
        await starts_nothing(world, {**base, "bot_id": "B0OTHER"})
        await starts_nothing(world, {**base, "user": bot, "bot_id": world.workspace.bot_id})
        await starts_nothing(world, {**base, "user": bot})
        ts = await world.slack.mention("why?")
        await world.until(lambda: sum("done in" in shown(one) for one in world.workspace.thread("general", ts)) == 4)
        await starts_nothing(world, {**base, "ts": ts})


@pytest.mark.heavy
async def test_a_redelivery_that_is_the_only_delivery_is_answered() -> None:
    """And the same id is answered once, within ten minutes."""
    async with running() as world:
        parent = world.workspace.post("C0GENERAL", "U0ADA", "<@B> why?")
        event = {"type": "app_mention", "user": "U0ADA", "text": "why?", "channel": "C0GENERAL", "ts": parent.ts}
        await world.slack.event(event, event_id="Ev1")
        await world.until(lambda: sum("done in" in shown(one) for one in world.thread(parent)) == 4)
        await starts_nothing(world, event, event_id="Ev1")
        await asyncio.sleep(600)
        again = world.workspace.post("C0GENERAL", "U0ADA", "<@B> why?")
        await world.slack.event({**event, "ts": again.ts}, event_id="Ev1")
        await world.until(lambda: sum("done in" in shown(one) for one in world.thread(again)) == 4)


FAULTS = [
    [Fault("chat.update", times=3, error="ratelimited", retry_after=5)],
    [Fault("chat.update", times=4, error="internal_error")],
    [Fault("chat.update", times=4, http_status=503)],
    [Fault("chat.update", times=4, breaks=True)],
    [Fault("chat.update", times=4, breaks=True, after=True)],
    [Fault("chat.postMessage", times=2, error="ratelimited", retry_after=3)],
    [Fault("chat.postMessage", times=2, error="internal_error")],
    [Fault("chat.update", times=1, error="invalid_blocks")],
    [Fault("chat.update", delay=10.0, times=2)],
]


@pytest.mark.parametrize("faults", FAULTS)
@pytest.mark.heavy
async def test_the_last_text_lands_whatever_slack_answers(faults: list[Fault]) -> None:
    """Exactly four replies, each with the model's whole text, and the index."""
    workspace = Workspace()
    workspace.faults += faults
    scripts = {name: words(60, 20) for name in NAMES}
    async with running(ModelServer(**scripts), workspace=workspace) as world:
        parent, *replies = await world.ask()
        assert len(replies) == 4
        for reply in replies:
            visible = body_of(reply) or "".join(b["text"]["text"] for b in reply.blocks if b["type"] == "section")
            assert visible.strip() == scripts["Time"].text.strip()
            assert "✅ done" in shown(reply)
        assert "*Time*" in shown(parent)
        assert not faults[0].times or not workspace.faults


@pytest.mark.heavy
async def test_replies_tell_when_the_budget_cannot_keep_them_fresh() -> None:
    """Six runs at once are more than Slack's limit can show."""
    async with running(ModelServer(**{name: words(400, 20) for name in NAMES})) as world:
        async with asyncio.TaskGroup() as group:
            for number in range(6):
                group.create_task(world.slack.command(f"problem {number}?"))
        await world.until(lambda: sum("Perspectives for" in one.text for one in world.workspace.messages) == 6)
        lines = [states(reply) for reply in world.workspace.messages if reply.thread_ts]
        assert any("Slack lets me show more every" in line for each in lines for line in each)
        assert all("✅ done" in each[-1] for each in lines)
        assert [call.error for call in world.workspace.calls if call.error] == []


async def test_a_channel_that_closes_ends_the_run_and_its_streams() -> None:
    """Tokens that nobody can read are not paid for; whoever asked is told."""
    async with running(ModelServer(**{name: words(400, 20) for name in NAMES})) as world:
        await world.slack.command(PROBLEM)
        await world.until(lambda: sum("writing" in shown(one) for one in world.workspace.messages) == 4)
        world.workspace.channel("general").is_archived = True
        await world.until(lambda: world.workspace.whispers)
        await asyncio.sleep(1)
        assert world.model.open_streams == 0
        assert all(request.is_cut_off for request in world.model.requests)


async def test_in_a_channel_without_threads_nothing_is_bought_and_nothing_left_behind() -> None:
    """Whoever asked is told once, with the problem; the parent, under which nothing may stand, is taken away again."""
    async with running() as world:
        world.workspace.channel("general").takes_threads = False
        await world.slack.command(PROBLEM)
        await world.until(lambda: world.workspace.whispers)
        await asyncio.sleep(60)
        assert (world.model.requests, world.workspace.messages) == ([], [])
        assert len(world.whispers()) == 1
        assert "takes none" in world.whispers()[0]
        assert PROBLEM in world.whispers()[0]
        world.workspace.channel("general").takes_threads = True
        assert len(await world.ask()) == 5


@pytest.mark.heavy
async def test_a_channel_that_took_a_thread_is_not_asked_again() -> None:
    """Later runs there need only the parent to stand: their streams begin a call of Slack's sooner."""
    async with running() as world:
        started = []
        for number in range(2):
            await world.ask(f"{PROBLEM} {number}")
            parent = next(one for one in world.workspace.messages if str(number) in one.text)
            asked = [one.at for one in world.model.requests if str(number) in str(one.body["messages"][1])]
            started.append(min(asked) - parent.versions[0].at)
            await asyncio.sleep(60)
        assert started[0] - started[1] == pytest.approx(0.08, abs=0.03)


async def test_a_mention_in_a_channel_without_threads_stays_and_is_told() -> None:
    """It is a person's message: nobody takes it away."""
    async with running() as world:
        world.workspace.channel("general").takes_threads = False
        ts = await world.slack.mention(PROBLEM)
        await world.until(lambda: world.workspace.whispers)
        await asyncio.sleep(60)
        assert world.model.requests == []
        assert [one.ts for one in world.workspace.messages] == [ts]
        assert [call for call in world.workspace.calls if call.method == "chat.delete"] == []


async def test_a_parent_that_cannot_be_taken_away_ends_nothing_else() -> None:
    """Slack may refuse that too; the person is told all the same."""
    async with running() as world:
        world.workspace.channel("general").takes_threads = False
        world.workspace.faults.append(Fault("chat.delete", error="cant_delete_message"))
        await world.slack.command(PROBLEM)
        await world.until(lambda: world.workspace.whispers)
        assert (len(world.workspace.messages), world.model.requests) == (1, [])


async def test_where_no_placeholder_is_taken_nothing_is_bought() -> None:
    """For a reason that nobody knows: the run ends, and says so."""
    async with running() as world:
        for name in NAMES:
            fault = Fault("chat.postMessage", where={"text": f"{name}: waiting"}, error="some_new_policy")
            world.workspace.faults.append(fault)
        await world.slack.command(PROBLEM)
        await world.until(lambda: world.workspace.whispers)
        await asyncio.sleep(60)
        assert world.model.requests == []
        assert "cannot be shown" in world.whispers()[0]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("chat.postEphemeral", error="invalid_blocks"),
        Fault("chat.postEphemeral", error="ratelimited", retry_after=50),
        Fault("chat.postEphemeral", http_status=503, times=3),
    ],
    ids=["form", "rate", "outage"],
)
async def test_who_is_to_be_told_is_told_whatever_slack_answers(fault: Fault) -> None:
    """Plainer, when Slack takes it, once it is back; with the problem."""
    async with running() as world:
        world.workspace.channel("general").takes_threads = False
        world.workspace.faults.append(fault)
        await world.slack.mention(PROBLEM)
        await world.until(lambda: world.workspace.whispers)
        assert PROBLEM in world.whispers()[0]
        assert len(world.whispers()) == 1


async def test_who_is_to_be_told_is_told_without_what_slack_does_not_take() -> None:
    """That something went wrong is worth more than what was asked."""
    async with running() as world:
        world.workspace.channel("general").takes_threads = False
        world.workspace.faults.append(Fault("chat.postEphemeral", error="invalid_blocks", times=2))
        await world.slack.mention(PROBLEM)
        await world.until(lambda: world.workspace.whispers)
        assert "takes none" in world.whispers()[0]
        world.workspace.faults.append(Fault("chat.postEphemeral", error="invalid_blocks", times=100))
        await world.slack.mention(PROBLEM)
        await asyncio.sleep(60)
        assert (len(world.whispers()), len(world.calls("chat.postEphemeral"))) == (1, 6)


async def test_links_are_not_unfolded() -> None:
    """Previews of pages that a model names would bury the thread."""
    async with running() as world:
        await world.ask("https://a.example")
        for call in world.calls("chat.postMessage"):
            assert (call.args["unfurl_links"], call.args["unfurl_media"]) == (False, False)


async def test_runs_do_not_disturb_each_other() -> None:
    """Two at once in one channel, sharing budgets."""
    async with running(ModelServer(**{name: words(60, 20) for name in NAMES})) as world:
        async with asyncio.TaskGroup() as group:
            group.create_task(world.slack.command("one?"))
            group.create_task(world.slack.command("two?", user="ben"))
        await world.until(lambda: sum("Perspectives for" in one.text for one in world.workspace.messages) == 2)
        assert len(world.workspace.messages) == 10
        assert not [call for call in world.workspace.calls if call.error]


@pytest.mark.heavy
async def test_a_deleted_reply_is_left_alone() -> None:
    """Nothing is posted again, and the run ends."""
    async with running(ModelServer(**{name: words(100, 20) for name in NAMES})) as world:
        task = asyncio.create_task(world.ask())
        await world.until(lambda: sum("writing" in shown(one) for one in world.workspace.messages) == 4)
        world.workspace.delete(world.workspace.messages[2])
        thread = await task
        assert len(thread) == 4


@pytest.mark.heavy
async def test_stopping_ends_runs_with_a_word() -> None:
    """What is cut off after the grace says so, and nothing stays in a working state."""
    async with running(ModelServer(**{name: words(2_000, 20) for name in NAMES})) as world:
        await world.slack.command(PROBLEM)
        await world.until(lambda: sum("writing" in shown(one) for one in world.workspace.messages) == 4)
        stopped = world.workspace.now()
    assert asyncio.get_running_loop().time() - stopped < 25
    assert all(
        "⏸️ interrupted: the bot is being restarted, and goes on" in shown(one) for one in world.workspace.messages[1:]
    )
    assert world.model.open_streams == 0


@pytest.mark.heavy
async def test_a_person_may_ask_so_much_and_no_more() -> None:
    """What is refused buys nothing, says why, and gives the problem back; others are not concerned."""
    scripts = {name: words(40, 20) for name in NAMES}
    async with running(ModelServer(**scripts), runs_per_person=1, runs_per_person_per_hour=2) as world:
        await world.slack.command("first?")
        await world.slack.command("second?")
        await world.slack.command("ben's?", user="ben")
        await world.until(lambda: world.whispers() and len(world.model.requests) == 8)
        assert len(world.workspace.whispers) == 1
        assert "You have one run going on already" in world.whispers()[0]
        assert "second?" in world.whispers()[0]
        await world.until(lambda: sum("Perspectives for" in one.text for one in world.workspace.messages) == 2)
        await world.ask("third?")
        await world.slack.command("fourth?")
        await world.until(lambda: len(world.workspace.whispers) == 2)
        assert "You have asked 2 times within the hour" in world.whispers()[1]
        assert "Ask again in 60 minutes" in world.whispers()[1]
        assert len(world.model.requests) == 12


@pytest.mark.heavy
async def test_where_streams_are_few_answers_wait_their_turn_and_say_so() -> None:
    """In the order in which they were asked; no more are open than may be."""
    scripts = {name: words(200, 20) for name in NAMES}
    async with running(ModelServer(**scripts), max_streams=4) as world:
        await world.slack.command("first?")
        await world.until(lambda: world.model.open_streams == 4 and len(world.workspace.messages) == 1 + len(NAMES))
        second = await world.ask("second?")
        assert all(any("waits its turn" in shown(version) for version in one.versions) for one in second[1:])
        assert max(request.others for request in world.model.requests) < 4
        assert all("done in" in shown(one) for one in second[1:])


async def test_a_long_problem_is_laid_out_beside_the_loop_when_it_is_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It takes tens of milliseconds, in which nobody else would be served; a short one is not worth a thread."""
    threads = {}

    def too_long(problem: str, limit: int, language: Language) -> list[Body]:
        threads[len(problem)] = threading.current_thread() is threading.main_thread()
        return write(problem, limit, language)

    write = notices.too_long
    monkeypatch.setattr(notices, "too_long", too_long)
    async with running(problem_limit=1_000) as world:
        for length in (1_001, 40_000):
            told = len(world.whispers())
            await world.slack.command("x" * length)
            await world.until(lambda told=told: len(world.whispers()) > told)
            await asyncio.sleep(6)
        assert threads == {1_001: True, 40_000: False}
        assert sum(whisper.count("x") for whisper in world.whispers()[1:]) >= 40_000


async def test_long_problems_are_given_back_one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each thread at work has the loop wait: a hundred people with long problems would have it wait for all."""
    at_work: list[int] = []
    write = notices.too_long

    def too_long(problem: str, limit: int, language: Language) -> list[Body]:
        at_work.append(1)
        most.append(sum(at_work))
        time.sleep(0.05)
        at_work.append(-1)
        return write(problem, limit, language)

    most: list[int] = []
    monkeypatch.setattr(notices, "too_long", too_long)
    async with running() as world:
        async with asyncio.TaskGroup() as group:
            for user in ("ada", "ben"):
                group.create_task(world.slack.command("x" * 5_000, user=user))
        await world.until(lambda: {one.user for one in world.workspace.whispers} == {"U0ADA", "U0BEN"})
    assert most == [1, 1]
