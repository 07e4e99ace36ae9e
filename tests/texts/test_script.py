import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.texts.script import is_japanese

JAPANESE = [
    "なぜ新入社員はすぐ辞めるのか？",
    "会議が多すぎて開発が進みません。どうすればいいですか。",
    "ミーティング",
    "ﾘｰﾄﾞﾀｲﾑが長い",
    # Foreign words in it.
    "Slackが遅い原因はAPI?",
    "deployがfailする",
    "API の p95 が 3 秒。なぜ?",
    "Google Cloud Platformが遅い",
    # Somebody else's words beside it.
    "デプロイが毎週失敗する\nERROR 2026-11-01 connection refused at host db-1\nINFO retry",
    "2026-11-01 12:00:01 ERROR [main] c.a.b - 500\nこのエラーが毎朝出て困っています",
    "ユーザーが「Why is it slow?」と言う。どう答える？",
    "```\nWhy is it so? Because it is.\n```\nこれは何が悪い？",
    "離職率が高いのはなぜか。 The HR data: 12 % churn, 30 people left. Most in sales.",
    # Nothing beside a quotation.
    "「本当に必要か？」",
    # No kana, and characters that are written so in Japan only.
    "会議",
    "離職率増加、売上減少",
    "残業時間 30%",
]
OTHERS = [
    "Why do our hires leave?",
    "meetings",
    "",
    "!!!",
    "会议太多，怎么办？",
    # Nothing but characters that are Chinese, or may be.
    "会议",
    "會議",
    "離職",
    "人手不足",
    "会議 or 会议",
    "왜 신입사원은 떠나는가?",
    # Japanese in it.
    "Why do people say 懐かしい so often?",
    "What does お世話になっております mean in practice?",
    "Warum sagt man 懐かしい so oft?",
    "Is `の` wrong here",
    "How should we localize the button 「送信する」?",
    'Customers say "使いにくい" and leave. What should we do?',
    "Our Japanese customers complain: 使いにくい",
    "The feedback below, find the causes.\n使いにくい\n遅い",
    "Should we kill the free tier? 日本チームの意見は反対です。でも売上は伸びません。 Should we?",
]


@pytest.mark.parametrize("text", JAPANESE)
def test_a_question_in_japanese_is_known_whatever_stands_beside_it(text: str) -> None:
    """The sentence that asks is Japanese."""
    assert is_japanese(text)


@pytest.mark.parametrize("text", OTHERS)
def test_a_question_in_another_language_may_have_japanese_in_it(text: str) -> None:
    """Quoted, or as a term."""
    assert not is_japanese(text)


@given(st.text(st.sampled_from('aé é。.?？かア漢`"「」“” \n1')))
def test_any_text_is_one_or_the_other(text: str) -> None:
    """Whatever it consists of; only one with kana can be Japanese."""
    assert not is_japanese(text) or any(character in text for character in "かア")


@pytest.mark.parametrize("piece", ["`", "```", "「", "“a", '"', "あ", "a あ", "か?", "あ.", "a'"])
def test_a_long_text_takes_no_time(piece: str) -> None:
    """Whoever asks much, or oddly: only its beginning is looked at."""
    began = time.process_time()
    is_japanese("あ" + piece * 40_000)
    assert time.process_time() - began < 0.05
