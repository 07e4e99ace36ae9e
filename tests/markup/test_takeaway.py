import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.markup.characters import characters, columns, units
from bot.markup.takeaway import TAKEAWAY_LIMIT, takeaway
from tests.slack.markup.test_pages import markdown

FAMILY = "👨\u200d👩\u200d👧\u200d👦"
ENGLAND = "🏴\U000e0067\U000e0062\U000e007f"
KEYCAP = "1\ufe0f\u20e3"
CHARACTERS = [FAMILY, ENGLAND, KEYCAP, "👍🏽", "🇩🇪", "❤\ufe0f", "e\u0301", "\u1112\u1161\u11ab"]
TABLE = "| cause | share |\n|---|---|\n| onboarding | 40 % |\n\n"

FIRST_SENTENCES = [
    ("People leave because nobody expects them. Then more.", "People leave because nobody expects them."),
    ("Most hires decide by day 30. Act before then.\n\nMore.", "Most hires decide by day 30."),
    ("The lever is plan B. Start with it.", "The lever is plan B."),
    ("Free vs. Pro is the wrong question. So what?", "Free vs. Pro is the wrong question."),
    ("It takes approx. 30 days. Then stop.", "It takes approx. 30 days."),
    ("The No. 1 reason is silence. Then pay.", "The No. 1 reason is silence."),
    ("No. 1 is silence. Then pay.", "No. 1 is silence."),
    ("Ask Dr. Lee first. Then act.", "Ask Dr. Lee first."),
    ("Ask e.g. the team. Then act.", "Ask e.g. the team."),
    ("Ask the lead, i.e. Ann. Then act.", "Ask the lead, i.e. Ann."),
    ("The U.S. team owns it. The rest waits.", "The U.S. team owns it."),
    ("It began in the U.S. Then it spread.", "It began in the U.S."),
    ("Acme Inc. lost them. Then others did.", "Acme Inc. lost them."),
    ("They left Acme Inc. Then others did.", "They left Acme Inc."),
    ("Meet at St. James Park. Then talk.", "Meet at St. James Park."),
    ("Read p. 5 and Fig. 2 again. Then talk.", "Read p. 5 and Fig. 2 again."),
    ("It costs 3.5 hours a week. Or more.", "It costs 3.5 hours a week."),
    ("Go back to v2.0. It was stable.", "Go back to v2.0."),
    ("J. R. R. Tolkien waited. So can you.", "J. R. R. Tolkien waited."),
    ("Ask Robert J. Smith first. Then act.", "Ask Robert J. Smith first."),
    ("It happened in 2019. Nobody noticed.", "It happened in 2019."),
    ("Ship by 5 p.m. on Friday. Then rest.", "Ship by 5 p.m. on Friday."),
    ("Well... it depends on week one. Then?", "Well... it depends on week one."),
    ("Nobody owns week one (?). Ask them.", "Nobody owns week one (?)."),
    ("Nobody (who would?) owns week one. Ask.", "Nobody (who would?) owns week one."),
    ("It is not pay [1]. Ask them.", "It is not pay [1]."),
    ("The answer to “Why? How?” is week one. So.", "The answer to “Why? How?” is week one."),
    ('"Ship it. Then fix it." is the motto. So.', '"Ship it. Then fix it." is the motto.'),
    ("“Quoted.” Then on.", "“Quoted.”"),
    ("Es liegt z. B. am Anfang. Dann mehr.", "Es liegt z. B. am Anfang."),
    ("Am 3. Oktober ist es zu spät. Dann?", "Am 3. Oktober ist es zu spät."),
    ("Der 2. Grund zählt. Sonst keiner.", "Der 2. Grund zählt."),
    ("„Warum? Wozu?“ fragt niemand. Also.", "„Warum? Wozu?“ fragt niemand."),
    ("« Pourquoi ? » reste sans réponse. Donc.", "« Pourquoi ? » reste sans réponse."),
    ("最初の週が問題です。次に。", "最初の週が問題です。"),
    ("最初の一週間が鍵です．次に．", "最初の一週間が鍵です．"),
    ("離職は１．５倍です。次に。", "離職は１．５倍です。"),
    (
        "「本当に必要か？」と問うだけで、会議は半分になります。次に。",
        "「本当に必要か？」と問うだけで、会議は半分になります。",
    ),
    ("「急がば回れ。」がこの件の答えです。次に。", "「急がば回れ。」がこの件の答えです。"),
    ("「急がば回れ。」最初の週に人を置きます。", "「急がば回れ。」"),
    ("根は文化です（本当に？）と言えます。次に。", "根は文化です（本当に？）と言えます。"),
    ("それは……始めの一週間で決まります。次に。", "それは……始めの一週間で決まります。"),
    ("“真的需要吗？”是第一个问题。然后。", "“真的需要吗？”是第一个问题。"),
    ("关键是第一周！然后再说。", "关键是第一周！"),
    ("첫 주가 문제입니다. 다음으로.", "첫 주가 문제입니다."),
    ("पहला हफ़्ता तय करता है। फिर देखें।", "पहला हफ़्ता तय करता है।"),
    ("الأسبوع الأول هو المشكلة. ثم نرى.", "الأسبوع الأول هو المشكلة."),
    ("پہلا ہفتہ اہم ہے۔ پھر دیکھیں۔", "پہلا ہفتہ اہم ہے۔"),
    ("መጀመሪያው ሳምንት ነው። ከዚያ", "መጀመሪያው ሳምንት ነው።"),
    ("השבוע הראשון קובע. אחר כך נראה.", "השבוע הראשון קובע."),
    ("Yahoo! is no cause. Ask.", "Yahoo! is no cause."),
    ("OKです!次に進みます。そして。", "OKです!次に進みます。"),
    ("まず小さく始めます!次に進みます。", "まず小さく始めます!"),
    ("3週目が分かれ目です。次に。", "3週目が分かれ目です。"),
    ("Slackの通知が根です。次に。", "Slackの通知が根です。"),
]
WITH_AN_ANSWER = [
    ("No. Kill only the trial. Then wait.", "No. Kill only the trial."),
    ("Yes. Kill it. Then wait.", "Yes. Kill it."),
    ("Not yet. Measure first. Then wait.", "Not yet. Measure first."),
    ("It depends. Ask who pays. Then wait.", "It depends. Ask who pays."),
    ("Yes and no. Kill the trial. Then wait.", "Yes and no. Kill the trial."),
    ("Nein. Erst messen. Dann handeln.", "Nein. Erst messen."),
    ("いいえ。試用だけを終えます。次に。", "いいえ。試用だけを終えます。"),
    ("まだです。先に測ります。次に。", "まだです。先に測ります。"),
    ("不是。先测量。然后。", "不是。先测量。"),
    ("Should you kill it? Not yet: measure first. Then.", "Should you kill it? Not yet: measure first."),
    ("Should you kill it? No. Measure first. Then.", "Should you kill it? No. Measure first."),
    ("本当に必要でしょうか？半分は要りません。次に。", "本当に必要でしょうか？半分は要りません。"),
    ("هل نوقفه؟ ليس بعد، نقيس أولا. ثم", "هل نوقفه؟ ليس بعد، نقيس أولا."),
    ("**Should you kill it?**\n\nNot yet: measure first. Then.", "Should you kill it? Not yet: measure first."),
    ("No\n\nKill only the trial. Then.", "No: Kill only the trial."),
    ("いいえ\n\n試用だけを終えます。", "いいえ：試用だけを終えます。"),
    ("1. Why? Because.", "Why? Because."),
    ("Why do they leave?", "Why do they leave?"),
]
LABELLED = [
    ("**核心结论：**关键是第一周。然后", "关键是第一周。"),
    ("**Main insight:** nobody owns it. So.", "nobody owns it."),
    ("**최종 결론:** 첫 주가 문제입니다. 다음", "첫 주가 문제입니다."),
    ("**สรุป:** ทีมรอคนคนเดียวอนุมัติ", "ทีมรอคนคนเดียวอนุมัติ"),
    ("**Step 1: Why so slow.** Builds wait.", "Why so slow."),
    ("🔍 **Depth analysis**\n\nNobody owns it. So.", "Nobody owns it."),
    ("1. Causes\n   - Nobody owns it.\n2. So", "Nobody owns it."),
    ("**Takeaway:** Nobody owns week one. So.", "Nobody owns week one."),
    ("**Takeaway**: Nobody owns week one. So.", "Nobody owns week one."),
    ("**Takeaway**\n\nNobody owns week one. So.", "Nobody owns week one."),
    ("**Takeaway**\nNobody owns week one. So.", "Nobody owns week one."),
    ("Takeaway: Nobody owns week one. So.", "Nobody owns week one."),
    ("## Takeaway\n\nNobody owns week one. So.", "Nobody owns week one."),
    ("💡 **Key takeaway —** Nobody owns week one.", "Nobody owns week one."),
    ("Key takeaway — Nobody owns week one.", "Nobody owns week one."),
    ("**Takeaway (a guess):** Nobody owns week one.", "Nobody owns week one."),
    ("TL;DR: Nobody owns week one.", "Nobody owns week one."),
    ("TL;DR Nobody owns week one.", "Nobody owns week one."),
    ("TL;DR – Bottom line: Nobody owns week one.", "Nobody owns week one."),
    ("TL;DR – Summary: Answer: Nobody knows.", "Answer: Nobody knows."),
    ("Bottom line – Nobody owns week one.", "Nobody owns week one."),
    ("Bottom line - Nobody owns week one.", "Nobody owns week one."),
    ("- **Takeaway:** Nobody owns week one.\n- More", "Nobody owns week one."),
    ("> **Takeaway:** Nobody owns week one.", "Nobody owns week one."),
    ("**結論：** 最初の週が問題です。次に。", "最初の週が問題です。"),
    ("**結論**：最初の週が問題です。次に。", "最初の週が問題です。"),
    ("要点：最初の週が問題です。次に。", "最初の週が問題です。"),
    ("【結論】最初の週が問題です。次に。", "最初の週が問題です。"),
    ("**结论：**关键是第一周。然后", "关键是第一周。"),
    ("**결론:** 첫 주가 문제입니다. 다음", "첫 주가 문제입니다."),
    ("**Fazit:** Die erste Woche zählt. Dann", "Die erste Woche zählt."),
    ("Here is my view:\n\nNobody owns week one.", "Nobody owns week one."),
    ("**Why hires leave**\n\nNobody owns week one.", "Nobody owns week one."),
    ("**離職の理由**\n\n最初の週が問題です。", "最初の週が問題です。"),
    ("In one line: Nobody owns week one. So.", "Nobody owns week one."),
    ("**Depth:** Nobody owns week one. So.", "Nobody owns week one."),
    ("**Root cause**: Nobody owns week one. So.", "Nobody owns week one."),
    ("深さ：最初の週が問題です。次に。", "最初の週が問題です。"),
    ("**てこ**：最初の週が問題です。次に。", "最初の週が問題です。"),
    ("Time: that is what they lack. So.", "Time: that is what they lack."),
    ("Time — not money — is what they lack. So.", "Time — not money — is what they lack."),
    ("てこは最初の週です。次に。", "てこは最初の週です。"),
    ("Sure! Nobody owns week one. So.", "Nobody owns week one."),
    ("承知しました。最初の週が問題です。次に。", "最初の週が問題です。"),
    ("わかりました。\n\n最初の週が問題です。次に。", "最初の週が問題です。"),
    ("ご相談ありがとうございます。最初の週が問題です。次に。", "最初の週が問題です。"),
    ("以下に分析を示します。\n\n最初の週が問題です。次に。", "最初の週が問題です。"),
    ("**1. Takeaway**\nNobody owns week one. So.", "Nobody owns week one."),
    ("Depth\n\nNobody owns week one. So.", "Nobody owns week one."),
    ("Time\n\n", "Time"),
    ("The lever: weekly demos. So.", "The lever: weekly demos."),
    ("The bottom line is that nobody owns it. So.", "The bottom line is that nobody owns it."),
    ("Answers take a day. So.", "Answers take a day."),
    ("要点を絞ると半分になります。次に。", "要点を絞ると半分になります。"),
    ("**Nobody owns the first week at all**\n\nSo ask.", "Nobody owns the first week at all"),
    ("Takeaway", "Takeaway"),
    ("Here is my view:", "Here is my view:"),
]
AFTER_OTHER_THINGS = [
    ("**Nobody** owns [the start](https://a.example), `really`.\n\nMore.", "Nobody owns the start, really."),
    ("# Heading\n\n## And another\n\nIt is the first week. So.", "It is the first week."),
    ("# Only a heading", "Only a heading"),
    ("Nobody owns week one.\n---\n\n## Why\n\nMore.", "Nobody owns week one."),
    ("Week one\n===\n\nNobody owns it.", "Nobody owns it."),
    (TABLE + "Nobody owns week one. So.", "Nobody owns week one."),
    (TABLE * 200 + "Nobody owns week one. So.", "Nobody owns week one."),
    ("# Causes\n\n" + TABLE * 200 + "Nobody owns week one. So.", "Nobody owns week one."),
    (TABLE, "onboarding · 40 %"),
    ("| cause | share |\n|---|---|", "cause · share"),
    ("| [^1] | |\n|---|---|\n| | |\n\n# Causes", "Causes"),
    ("![a chart](https://a.example/b.png)\n\nNobody owns week one.", "Nobody owns week one."),
    ("![a chart](https://a.example/b.png)", "a chart"),
    ("```py\nprint(1)\n```\n\nNobody owns week one.", "Nobody owns week one."),
    ("```py\n\nprint(1)\nprint(2)\n```", "print(1)"),
    ("```\n```", ""),
    ("***\n\nNobody owns week one.", "Nobody owns week one."),
    ("- first\n- second\n\nNobody owns week one.", "Nobody owns week one."),
    ("- first point. Second.\n- third", "first point."),
    ("- one\n  - two\n- three", "one"),
    ("- [ ] Name an owner. Today.\n- [x] Done", "Name an owner."),
    ("Nobody<br>owns <b>week one</b><!-- no -->.[^1] So.\n\n[^1]: A note.", "Nobody owns week one."),
    ("Nobody owns week one.[^1] So.\n\n[^1]: https://a.example", "Nobody owns week one."),
    ("[^1]: A note that is long.\n\nNobody owns week one.", "Nobody owns week one."),
    ("Say `<br>` there. So.", "Say <br> there."),
    ("a < b and b > c. So.", "a < b and b > c."),
    ("最初の\n週が\n問題です。", "最初の週が問題です。"),
    ("Two\nlines are one. Yes", "Two lines are one."),
    ("첫 주가\n문제입니다. 다음", "첫 주가 문제입니다."),
    ("根は**「完了」の定義がない**ことです。次に。", "根は「完了」の定義がないことです。"),
    ("**「速さ」**では足りません。次に。", "「速さ」では足りません。"),
    ("根は*速さ*です。次に。", "根は速さです。"),
    ("~~Pay~~ **Week one decides. So", "Week one decides."),
    ("Use 2**8 bits, and 2 * 3. So.", "Use 2^8 bits, and 2 * 3."),
    ("Ownership", "Ownership"),
    ("no end of a sentence", "no end of a sentence"),
    ("", ""),
    (" \n\n ", ""),
    ("[" * 50 + "It ends. So.", "[" * 50 + "It ends."),
    (">" * 100 + " It ends. So.", "It ends."),
]


@pytest.mark.parametrize(
    ("text", "line"),
    [*FIRST_SENTENCES, *WITH_AN_ANSWER, *LABELLED, *AFTER_OTHER_THINGS],
    ids=lambda text: text[:50],
)
def test_the_takeaway_is_what_a_person_would_pick(text: str, line: str) -> None:
    """The first sentence that is one, of the first words that are prose, without what only announces it."""
    assert takeaway(text) == line


KEPT = [
    "New colleagues leave because nobody at all has promised them anything for their first week.",
    "Underestimated onboarding responsibilities, particularly documentation, consistently destroy newcomers' trust.",
    "Neue Mitarbeiterinnen kündigen, weil für ihre ersten Arbeitstage niemand eine verbindliche Zusage gegeben hat.",
    "最初の一週間に誰も責任を持たないことが、半年以内に新人が辞めていく本当の理由です。",
    "第一周没有人负责带新人，这才是他们半年之内接连离开团队的真正原因，而不是薪酬。",
    "첫 주에 아무도 책임지지 않는 것이 새로 온 사람들이 여섯 달 안에 떠나는 진짜 이유입니다.",
]


@pytest.mark.parametrize("sentence", KEPT)
def test_a_takeaway_of_fifteen_words_is_never_cut(sentence: str) -> None:
    """Nor one of forty Japanese characters, whatever follows."""
    assert takeaway(f"{sentence} And there is more.") == sentence


def test_a_long_takeaway_is_cut_at_a_word() -> None:
    """With a mark, within the limit."""
    assert takeaway("every word " * 40) == "every word " * 11 + "every…"
    assert takeaway("every, word; " * 40) == "every, word; " * 9 + "every, word…"
    assert takeaway("x" * 130) == "x" * 130
    assert takeaway("x" * 2_000) == "x" * 129 + "…"
    assert takeaway("word " * 3 + "x" * 2_000) == "word " * 3 + "x" * 114 + "…"


def test_a_long_takeaway_without_blanks_is_cut_behind_a_comma_or_a_particle() -> None:
    """Else at a character."""
    clause = "会議の前に決めることを書いておくと、"
    assert takeaway(clause * 10) == clause * 3 + "会議の前に…"
    assert takeaway("第一周没有人负责，" * 20) == ("第一周没有人负责，" * 7)[:-1] + "…"
    assert takeaway("あ" * 200) == "あ" * 64 + "…"
    assert takeaway("カー" * 100) == "カー" * 32 + "…"


@pytest.mark.parametrize("character", CHARACTERS)
@pytest.mark.parametrize("before", ["", "x", "xx", "最"])
def test_no_character_is_cut_apart(character: str, before: str) -> None:
    """However many code points there are in it; but for one that has no end."""
    cut = takeaway(before + character * 300)
    assert cut.endswith("…")
    rest = cut.removeprefix(before).removesuffix("…")
    assert rest == character * (len(rest) // len(character))
    assert 60 <= columns(cut) <= TAKEAWAY_LIMIT


def test_a_character_without_an_end_is_no_takeaway() -> None:
    """There is room for so much in an index."""
    assert units(takeaway("It is e" + "\u0301" * 5_000)) <= 6 * TAKEAWAY_LIMIT
    assert units(takeaway("&" * 5_000)) == TAKEAWAY_LIMIT


BITS = [
    *("**", "*", "`", "**「", "」**", "<br>", "[^1]", "No. ", "。", "？", "」", "「", "最初の", "です", "속도", "速度"),
    *("🇩🇪", "[a](https://b.c)", "**結論：**", "Takeaway:", "e.g. ", "?", "مرحبا ", "؟ ", "\\*\\*", "2**3", "_", "\\"),
    *("\n", "\n\n", "- ", "| a | b |\n|-|-|\n", "# ", "---\n", "> ", "```\n", "- [ ] ", "word ", "\r", "\u2028"),
    *CHARACTERS,
]
texts = st.lists(st.one_of(st.sampled_from(BITS), st.text(max_size=8)), max_size=60).map("".join)


@given(st.one_of(texts, markdown, st.text()), st.integers(10, 140))
@example("`a**b`", 130)
@example("\\*\\*a\\*\\*", 130)
@example("*" * 9 + "a", 130)
@example("```\n**", 130)
@example("![a**b c**](u)", 130)
def test_a_takeaway_is_one_short_line_without_raw_markdown(text: str, limit: int) -> None:
    """Whatever the model wrote."""
    line = takeaway(text, limit=limit)
    assert columns(line) <= limit
    assert "**" not in line
    assert len(line.splitlines()) <= 1
    assert line == line.strip()


@given(texts)
def test_the_takeaway_of_a_takeaway_is_as_wide_at_the_most(text: str) -> None:
    """A line that fits is not cut again."""
    line = takeaway(text)
    assert columns(takeaway(line)) <= columns(line) + 1


def test_a_line_of_an_index_has_room_for_it() -> None:
    """An emoji, a bold name of fourteen letters, and the takeaway: 150 columns."""
    line = f"🔭 *{'n' * 14}* {takeaway('最' * 200)}"
    assert columns(line) <= 150
    assert not re.search(r"\s\s", line)
    assert max(width for _, width in characters(line)) == 2
