import pytest

from tests.benchmarks.answers.counts.overlap import Overlap, compare, find_content
from tests.benchmarks.answers.counts.recorded import load
from tests.benchmarks.answers.problems import PROBLEMS, Problem

PROBLEM = "Why do our releases slip?"
APPLES = "Farmers harvest crisp apples every autumn morning."
RIVERS = "Quiet rivers carve deep canyons through soft limestone."
PARTLY = "Farmers harvest crisp melons from distant villages."


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("The releases were released, and releasing them hurts.", {"releas", "hurt"}),
        ("A team's goals: don't go", {"team", "goal", "don't"}),
        ("会議の招待が減る。サーバー", {"会議", "招待", "減", "サー", "ーバ", "バー"}),
        ("", set()),
    ],
)
def test_content_is_words_without_endings_and_pairs_of_characters(text: str, content: set[str]) -> None:
    """Neither the commonest words nor hiragana."""
    assert find_content(text) == content


@pytest.mark.parametrize(
    ("texts", "shares", "retold"),
    [
        ([[APPLES], [RIVERS]], [0.0, 0.0], [0, 0]),
        ([[APPLES], [APPLES]], [1.0, 1.0], [1, 1]),
        ([[APPLES], [PARTLY]], [0.5, 0.5], [1, 1]),  # three of six words
        ([[APPLES + " " + RIVERS], [APPLES]], [6 / 13, 1.0], [1, 1]),
        ([[APPLES, RIVERS], [RIVERS], [APPLES]], [1.0, 1.0, 1.0], [2, 1, 1]),
        ([[APPLES]], [0.0], [0]),
        ([[], [APPLES]], [0.0, 0.0], [0, 0]),
    ],
)
def test_overlap_is_the_part_that_the_likest_sentence_has(
    texts: list[list[str]], shares: list[float], retold: list[int]
) -> None:
    """Of texts whose overlap is known."""
    found = compare(PROBLEM, texts)
    assert [one.share for one in found] == pytest.approx(shares)
    assert [one.retold for one in found] == retold


def test_words_that_are_strewn_over_a_text_are_no_retelling() -> None:
    """One sentence has to have them."""
    strewn = ["Farmers bought seven wooden ladders.", "Crisp snow covered seven wooden roofs."]
    assert compare(PROBLEM, [[APPLES], strewn])[0] == Overlap(content=6, shared=1, sentences=1, retold=0)


def test_what_stands_in_the_problem_is_no_overlap() -> None:
    """All four have to speak of it."""
    ours = "Farmers harvest crisp apples while releases slip."
    theirs = "Releases slip where quiet rivers carve canyons."
    assert [one.shared for one in compare(PROBLEM, [[ours], [theirs]])] == [0, 0]
    assert [one.shared for one in compare("Why?", [[ours], [theirs]])] == [2, 2]


def test_short_sentences_are_left_out() -> None:
    """Two words in common are chance; but a question counts with its answer."""
    assert compare(PROBLEM, [["Farmers harvest apples."], [APPLES]])[0].sentences == 0
    question = "Why do farmers wait? Because crisp apples ripen. Farmers sleep."
    assert compare(PROBLEM, [[question], [RIVERS]])[0] == Overlap(content=5, shared=0, sentences=1, retold=0)


def test_japanese_overlaps_by_pairs_of_characters() -> None:
    """Whatever the endings are."""
    ours, theirs = "主催者が費用を負わないのが原因です。", "費用は主催者ではなく総務が持ちます。"
    assert [(one.content, one.shared) for one in compare("なぜ？", [[ours], [theirs]])] == [(5, 3), (5, 3)]


@pytest.mark.parametrize("problem", PROBLEMS[:3], ids=lambda one: one.key)
def test_good_answers_overlap_by_chance_only(problem: Problem) -> None:
    """They have nothing in common but the subject and the form."""
    texts = [one.read().lines for one in load("good") if one.problem == problem.key]
    found = compare(problem.text, texts)
    assert [one.retold for one in found] == [0, 0, 0, 0]
    assert all(0.1 < one.share < 0.22 for one in found)


def test_an_answer_that_retells_the_others_is_found_out() -> None:
    """Recorded: a Structure that tells what Depth and Time had told."""
    texts = [one.read().lines for one in load("overlapping")]
    found = compare(PROBLEMS[0].text, texts)
    assert [one.retold for one in found] == [3, 0, 5, 1]
