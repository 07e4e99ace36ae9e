import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.markup.sentences import needs_next, sentences
from bot.markup.takeaway import takeaway

SENTENCES = [
    ["It ends.", " So does this."],
    ["Ask J. Smith.", " Then act."],
    ["So did I.", " Others stayed."],
    ["Choose A.", " Then B."],
    ["f(x) is x.", " The rest is noise."],
    ["It was World War II.", " Everybody left."],
    ["See figs. 2 and 3, and No. #4.", " Then act."],
    ["Jan. left; the Ph.D. Programme stayed."],
    ["It is „so. Really.“ they say.", " Then more."],
    ["He said “a. B. C.” and left.", " Then more."],
    ["(It ends. It does.)", " Then more."],
    ["An open ( bracket. Is none.)", " Then more."],
    ["An open ( bracket.", " Then more."],
    ["A closed ) bracket.", " Then more."],
    ["Nested (one [two. Three) four] five.", " Then more."],
    ["“One ‘two.’ Three.”", " Four."],
    ["この件は（以上。）です。", "次に。"],
    ["本当か？と問います。", "次に。"],
    ["「そうか！」 ", "次に。"],
    ["終わり！？", "次に。"],
    ["«هل؟» سأل.", " ثم"],
    ["1. First things.", " Then more."],
    ["Version 3.5.", " Then more."],
    ["A . dot.", " Then more."],
    ["No end"],
]


@pytest.mark.parametrize("said", SENTENCES, ids=lambda said: said[0])
def test_a_text_is_taken_apart_where_its_sentences_end(said: list[str]) -> None:
    """And nowhere else."""
    assert [part.strip() for part in sentences("".join(said))] == [part.strip() for part in said]


SHORT = """No.|Yes!|Not yet.|It depends.|Yes and no.|Nein.|Noch nicht.|いいえ。|まだです。|是的。|아니요.|
Why?|なぜ？|“Why?”|لماذا؟|Ownership"""
WHOLE = """Measure first.|No one knows why.|Not all of them.|根は文化です。|先测量。|“Quoted.”|첫 주가 문제입니다."""


@pytest.mark.parametrize("sentence", SHORT.split("|"))
def test_a_question_and_an_answer_of_a_word_need_the_next_sentence(sentence: str) -> None:
    """They say nothing without it."""
    assert needs_next(sentence)


@pytest.mark.parametrize("sentence", WHOLE.split("|"))
def test_a_sentence_stands_for_itself(sentence: str) -> None:
    """However short."""
    assert not needs_next(sentence)


@given(st.text(max_size=300))
@example("“)”(")
@example("(「)」.")
@example('("(")".')
def test_sentences_join_back_to_the_text(text: str) -> None:
    """Nothing is lost but blanks at the end."""
    joined = "".join(sentences(text))
    assert text.startswith(joined)
    assert not text[len(joined) :].strip()


ASKED_WITHOUT_A_MARK = [
    ("なぜ辞めるのか。誰も待っていないからです。次に。", "なぜ辞めるのか。誰も待っていないからです。"),
    ("なぜ出ないのでしょうか。損だからです。次に。", "なぜ出ないのでしょうか。損だからです。"),
    ("是人不够吗。不是，是排班太碎。然后。", "是人不够吗。不是，是排班太碎。"),
    ("The question is whether to pay. Pay them. Then.", "The question is whether to pay. Pay them."),
    ("The question is not whom to hire but whom to free. So.", "The question is not whom to hire but whom to free."),
    ("根は引き継ぎではないでしょうか。次に。", "根は引き継ぎではないでしょうか。"),
    ("一つの課で試してはどうでしょうか？次に。", "一つの課で試してはどうでしょうか？"),
    ("The symptom. Builds are slow. So.", "The symptom. Builds are slow."),
    ("ทีมรอคนคนเดียวอนุมัติ\n\nตั้งคนที่สอง", "ทีมรอคนคนเดียวอนุมัติ"),
    ("It jams at 3 p.m. Tickets wait. So.", "It jams at 3 p.m."),
    ("It jams at 3 p.m. Friday at the latest. So.", "It jams at 3 p.m. Friday at the latest."),
]


@pytest.mark.parametrize(("text", "line"), ASKED_WITHOUT_A_MARK, ids=lambda text: text[:30])
def test_what_asks_without_a_mark_gets_its_answer(text: str, line: str) -> None:
    """But not what proposes something as politely; nor is a time of day an abbreviation of what comes."""
    assert takeaway(text) == line
