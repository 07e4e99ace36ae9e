import time

import pytest

from bot.markup.preambles import MOST_PREAMBLES, without_preamble
from bot.markup.takeaway import takeaway

POINT = "Nobody owns week one."
SORRY = "I'm sorry to hear that. "
JAPANESE_POINT = "最初の週が問題です。"

BEFORE_THE_POINT = """Hi! Thanks for sharing this.
That's a really tough situation.
I'm sorry to hear that.
I'd be happy to help you with this.
Certainly. Let's look at this from the perspective of depth.
Of course — here is the analysis you asked for.
Sure, here are some thoughts:
Below is a structured analysis of your problem.
To answer this, we need to look at several causes.
From a structural point of view.
You asked why people leave so soon.
Your problem is that people leave so soon.
Problem: people leave so soon.
As an AI language model, I cannot know your team.
I don't have access to your data.
Natürlich! Hier ist meine Analyse:
Lass uns das der Reihe nach ansehen.
Bien sûr ! Voici l'analyse :
¡Claro! A continuación te presento el análisis:
Конечно! Вот мой анализ:
네, 구조적인 관점에서 분석해 보겠습니다.
好的，以下是分析：
这是一个很好的问题！我们可以从时间的角度来看。
בהחלט! הנה הניתוח:
ज़रूर! आइए इसका विश्लेषण देखें।"""
BEFORE_THE_POINT_IN_JAPANESE = """はい、承知しました。以下に分析します。
ご相談いただきありがとうございます。構造の視点から整理いたしました。
とても重要なテーマですね。
ご質問の件、以下のように考えます。
離職についてお答えします。
次のとおりです：
新人が辞める理由についてのご質問ですね。
AIなので実情は分かりません。"""

POINTS = """Here is the thing: nobody owns it.
Here the lever is trust, not tooling.
Let's not hire.
Let's start at the handover.
Let me close tickets alone, say the newcomers.
Certainly.
Of course people leave.
Sure signs of a stuck queue are three readers.
This is a scheduling problem.
I don't trust the average.
As an AI, I cannot know your team, but nobody seems to own it.
From the first week on nobody owns it.
You want an owner before a tool.
The problem is the handover.
Hier ist niemand zuständig.
まず三人で読むのをやめてみます。
構造を変える前に、担当者を決めます。
当然のことを誰も書いていません。
AIなので実情は分かりませんが、承認が多すぎるようです。
다음 주에 담당자를 정하세요."""


@pytest.mark.parametrize("said", BEFORE_THE_POINT.split("\n"))
@pytest.mark.parametrize("between", [" ", "\n\n"])
def test_what_is_said_before_the_point_is_no_takeaway(said: str, between: str) -> None:
    """In its paragraph, or in one of its own; nor if only a list comes behind it."""
    behind = "\n" if said.startswith("Problem") and between == " " else between
    assert takeaway(f"{said}{behind}{POINT} So.") == POINT
    assert takeaway(f"{said}\n\n1. {POINT}\n2. So.") == POINT


@pytest.mark.parametrize("said", BEFORE_THE_POINT_IN_JAPANESE.split("\n"))
@pytest.mark.parametrize("between", ["", "\n", "\n\n"])
def test_nor_is_it_in_japanese(said: str, between: str) -> None:
    """Which has no blanks between its sentences."""
    assert takeaway(f"{said}{between}{JAPANESE_POINT}次に。") == JAPANESE_POINT


@pytest.mark.parametrize("point", POINTS.split("\n"))
def test_a_point_that_begins_like_a_preamble_is_none(point: str) -> None:
    """It is told by what it is about."""
    assert without_preamble(point) == point


def test_an_answer_of_nothing_but_preambles_still_has_a_line() -> None:
    """It may be cut behind it."""
    assert takeaway("Sure! Here is my analysis:") == "Sure! Here is my analysis:"
    assert takeaway("以下に分析します。") == "以下に分析します。"


def test_looking_for_preambles_costs_little() -> None:
    """Whatever a text is made of: all in all some milliseconds, for what an index reads of an answer."""
    for said in (
        "here is analysis ",
        "i don't know but access ",
        "について",
        "観点から分析",
        "to answer this, looking, ",
    ):
        for text in (said * 100, f"{said}\n\n" * 100, f"{said * 9}\n\n" * 100):
            began = time.thread_time()
            takeaway(text)
            assert time.thread_time() - began < 0.2


def test_what_is_behind_too_many_courtesies_is_said_as_it_is() -> None:
    """A model that goes on like that has said nothing else yet."""
    assert without_preamble(SORRY * MOST_PREAMBLES + POINT) == POINT
    assert without_preamble(SORRY * (MOST_PREAMBLES + 1) + POINT) == SORRY + POINT
