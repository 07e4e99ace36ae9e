"""The whole bot, asked in Japanese: whatever it says by itself is Japanese, from the first word to the last."""

import json
import re
from typing import Any

import pytest

from bot.playground.slack.fault import Fault
from bot.playground.slack.workspace import BOT_SCOPES, Message, Workspace
from bot.slack.markup.mrkdwn import JOINER
from tests.support.model_server import MODEL, ModelServer, Script
from tests.support.world import NAMES, World, body_of, running, shown

PROBLEM = "なぜ新入社員は半年で辞めてしまうのでしょうか？"
ANSWER = "最初の一週間が根です。ここから始めます。"
ANSWERS = dict.fromkeys(NAMES, Script((ANSWER[:6], ANSWER[6:])))
HEADS = ["🔍 *深さ*", "🌐 *広さ*", "🧩 *構造*", "⏳ *時間*"]
# What may stand in Latin letters: names of models and settings, Slack's mentions, commands.
NAMED = re.compile(rf"{MODEL}|OPENAI_\w+|Slack|<[@#]\w+>|@\w+|/invite|/perspectives|https?|TLS|HTTP|API|{JOINER}")


async def ask(world: World, problem: str = PROBLEM) -> list[Message]:
    """Ask, and wait for the index; the thread."""
    before = len(world.workspace.messages)
    await world.slack.command(problem)
    await world.until(lambda: len(world.workspace.messages) > before)
    parent = world.workspace.messages[before]
    await world.until(lambda: "そろいました" in parent.text)
    return world.thread(parent)


def latin(text: str) -> list[str]:
    """The words of another language in it."""
    return re.findall(r"[A-Za-z]{2,}", NAMED.sub(" ", text))


async def test_a_thread_on_a_japanese_problem_is_japanese_in_all_its_states() -> None:
    """Every version of every message, and its notification."""
    async with running(ModelServer(**ANSWERS)) as world:
        parent, *replies = await ask(world)
        said = [(version.text, shown(version)) for message in [parent, *replies] for version in message.versions]
        assert [words for pair in said for one in pair if (words := latin(one))] == []
        assert [shown(reply).split(" · ")[0] for reply in replies] == HEADS
        assert [body_of(reply) for reply in replies] == [ANSWER] * 4
        lines = shown(parent).splitlines()
        assert lines[-6:-2] == [f"{head} 最初の一週間が根です。" for head in HEADS]
        assert lines[-2].startswith("この文章だけをもとに")
        assert lines[-1] == "[ まとめる ]"


@pytest.mark.parametrize(("setting", "is_japanese"), [("auto", True), ("en", False)])
async def test_a_thread_without_words_beside_the_mention_has_its_own_language(
    setting: str, *, is_japanese: bool
) -> None:
    """It is the problem; and what goes on with it, which reads the run from the database, speaks the same."""
    workspace = Workspace(scopes=(*BOT_SCOPES, "channels:history"))
    async with running(ModelServer(**ANSWERS), workspace=workspace, bot_language=setting) as world:
        place, ben = workspace.channel("general").id, workspace.user("ben").id
        said = workspace.post(place, ben, PROBLEM)
        await world.slack.mention("", thread_ts=said.ts)
        await world.until(lambda: sum("✅" in shown(one) for one in workspace.messages) == 4)
        world.model.default = Script((ANSWER,))
        last = next(one for one in workspace.messages if '"together"' in json.dumps(one.blocks))
        await world.slack.click(last, "together")
        await world.until(lambda: "🧭" in shown(workspace.messages[-1]) and "✅" in shown(workspace.messages[-1]))
        replies = [one for one in workspace.messages if one.user == workspace.bot.id]
        assert len(replies) == 5
        versions = [version for reply in replies for version in reply.versions]
        assert [not latin(shown(version)) for version in versions] == [is_japanese] * len(versions)


FAILURES = [
    Script(status=401, error={"code": "invalid_api_key"}),
    Script(status=404, error={"code": "model_not_found"}),
    Script(status=500, error={"message": "no"}),
    Script(("途中", {"error": {"message": "no"}}), finish=None),
    Script(("途中",), finish="length"),
    Script(("途中",), finish=None, breaks=True),
    Script((), finish="content_filter"),
]


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.heavy
async def test_what_goes_wrong_is_told_in_japanese(failure: Script) -> None:
    """In the reply and in the index."""
    async with running(ModelServer(**ANSWERS | {"Time": failure})) as world:
        parent, *replies = await ask(world)
        assert [latin(shown(version)) for version in replies[-1].versions if latin(shown(version))] == []
        assert latin(shown(parent)) == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"problem_limit": 5}, "文字あります"),
        ({"runs_per_person": 1}, "同時に質問"),
        ({"runs_per_person_per_hour": 1}, "一時間に"),
    ],
)
async def test_a_refusal_is_told_in_the_language_of_what_was_asked(changed: dict[str, Any], words: str) -> None:
    """With the problem."""
    async with running(ModelServer(**ANSWERS), **changed) as world:
        for _ in range(2):
            await world.slack.command(PROBLEM)
        await world.until(lambda: any(words in told for told in world.whispers()))
        assert [latin(told) for told in world.whispers() if latin(told)] == []


async def test_who_asks_nothing_is_told_how_in_both_languages() -> None:
    """There is no problem yet whose language could be known; where one is set, it is that one."""
    for setting, is_english, is_japanese in (("auto", True, True), ("en", True, False), ("ja", False, True)):
        async with running(bot_language=setting) as world:
            world.workspace.faults.append(Fault("views.open", error="internal_error"))  # else a form would be opened
            await world.slack.command("")
            await world.until(lambda world=world: bool(world.whispers()))
            (told,) = world.whispers()
            assert ("Tell me a problem" in told, "問題を書いてください" in told) == (is_english, is_japanese)


async def test_a_language_that_is_set_is_spoken_whatever_is_asked() -> None:
    """The answer's own language is the model's affair."""
    async with running(ModelServer(**ANSWERS), bot_language="en") as world:
        thread = await world.ask(PROBLEM)
        assert "Depth" in shown(thread[1])
    async with running(bot_language="ja") as world:
        thread = await ask(world, "Why do our hires leave?")
        assert "深さ" in shown(thread[1])
