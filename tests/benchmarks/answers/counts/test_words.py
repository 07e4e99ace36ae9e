import pytest

from tests.benchmarks.answers.counts.words import (
    Script,
    count_characters,
    count_columns,
    count_words,
    find_script,
    measure,
    split_sentences,
)
from tests.benchmarks.answers.problems import PROBLEMS, Problem


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Why do our releases slip?", Script.LATIN),
        ("Pourquoi pas ? Weil wir müde sind.", Script.LATIN),
        ("Our 朝会 takes 45 minutes.", Script.LATIN),
        ("churn rateは六%です。", Script.LATIN),
        ("先月のchurn rateは六パーセントでした。", Script.JAPANESE),
        ("なぜ？", Script.JAPANESE),
        ("サーバー", Script.JAPANESE),
        ("残業時間削減計画の見直し", Script.JAPANESE),
        ("残業", Script.CHINESE),
        ("我们的客服每次都会漏掉一些客户的问题。", Script.CHINESE),
        ("Почему релизы опаздывают?", Script.OTHER),
        ("왜 회의가 줄지 않을까요?", Script.OTHER),
        ("Почему app опаздывает?", Script.OTHER),
        ("Почему релизы опаздывают? They slip a lot.", Script.OTHER),
        ("Why do our релизы slip?", Script.LATIN),
        ("6 %", Script.OTHER),
        ("", Script.OTHER),
    ],
)
def test_the_letters_tell_the_script(text: str, script: Script) -> None:
    """Where two are mixed, the greater part; a word or two of another language change nothing."""
    assert find_script(text) is script


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda one: one.key)
def test_a_problem_is_in_a_script_that_its_answer_may_be_in(problem: Problem) -> None:
    """So that an answer in the problem's own words has no fault."""
    assert find_script(problem.text) in problem.scripts


@pytest.mark.parametrize(
    ("text", "words", "characters", "columns"),
    [
        ("Exit → cover – less.", 3, 16, 20),
        ("don't 9-to-5", 2, 11, 12),
        ("会議が 減る。", 2, 6, 13),
        ("e\u0301a", 1, 3, 2),
        ("", 0, 0, 0),
    ],
)
def test_a_text_is_counted_in_three_ways(text: str, words: int, characters: int, columns: int) -> None:
    """Signs alone are no words, blanks no characters, and East Asian ones are two columns wide."""
    assert (count_words(text), count_characters(text), count_columns(text)) == (words, characters, columns)


def test_a_script_is_measured_in_its_own_unit() -> None:
    """Words where blanks stand between them."""
    text = "会議が 減る"
    assert [measure(text, script) for script in Script] == [2, 5, 5, 2]


@pytest.mark.parametrize(
    ("line", "sentences"),
    [
        ("One. Two? Three", ["One.", "Two?", "Three"]),
        ('He said "no." Then 4.5 left!', ['He said "no.', "Then 4.5 left!"]),
        ("一つです。二つですか？三つ", ["一つです。", "二つですか？", "三つ"]),
        ("「はい。」と言います。次です。", ["「はい。」と言います。", "次です。"]),
        ("", []),
    ],
)
def test_a_line_is_split_after_its_sentences(line: str, sentences: list[str]) -> None:
    """Japanese ones have no blank between them, and what is quoted does not end one."""
    assert split_sentences(line) == sentences
