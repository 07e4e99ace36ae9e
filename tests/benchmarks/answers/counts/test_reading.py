import pytest

from tests.benchmarks.answers.counts.form import (
    count_bold_inside,
    count_bold_unlabelled,
    has_label,
    is_question,
    measure_analysis,
)
from tests.benchmarks.answers.counts.reading import Item, Reading
from tests.benchmarks.answers.counts.words import Script


def read(text: str) -> Reading:
    """An answer with this text."""
    return Reading(text, "Time", (Script.LATIN,))


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("**Check**: ask three.", "Check: ask three."),
        ("**Check:** ask three.", "Check: ask three."),
        ("__Check__ : ask.", "Check : ask."),
        ("Check (this week): ask.", "Check (this week): ask."),
        ("**確認**：三人に聞いてください。", "確認：三人に聞いてください。"),
        ("兆し：四月です。", "兆し：四月です。"),
        ("要：四月です。", "要：四月です。"),
        ("Check: ask three.\n  ", "Check: ask three."),
        ("**Check**: ", ""),
        ("**Check** ask three.", ""),
        ("- **Check**: ask three.", ""),
        ("9. Why? Because: nobody asks.", ""),
        ("https://example.org says so.", ""),
        ("Ask at 10:30 sharp.", ""),
        ("That is all. And so: ask.", ""),
        ("What a team does in its first week when it is new: it asks.", ""),
        ("## Check: ask", ""),
    ],
)
def test_the_last_line_is_one_with_a_label(line: str, shown: str) -> None:
    """In bold or not, the colon within or without; a sentence with a colon in it is none."""
    assert read(f"A takeaway.\n\nAn analysis.\n\n{line}\n\n").last_line == shown


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ("**Takeaway:** Nobody owns it.", True),
        ("**Anything**: nobody owns it.", True),
        ("**The lever**", True),
        ("**Nobody owns it.**", False),
        ("**Nobody** owns it.", False),
        ("Takeaway: nobody owns it.", True),
        ("Root cause: nobody owns it.", True),
        ("TL;DR: nobody owns it.", True),
        ("**結論：** 期初です。", True),
        ("要点", True),
        ("Time heals nothing here.", False),
        ("Ship less: it works.", False),
        ("根は招待の仕組みです。", False),
        ("# A heading\n\nTakeaway: nobody owns it.", True),
    ],
)
def test_a_label_before_the_takeaway_is_seen(line: str, *, is_one: bool) -> None:
    """Any in bold; of plain ones those that models use, since a takeaway may have a colon."""
    assert has_label(read(f"{line}\n\nMore.")) is is_one


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ("What if it were wanted?", True),
        ("**What if?**", True),
        ("会議は多いのでしょうか。", True),
        ("本当に必要か？", True),
        ("Not yet: measure first.", False),
        ("Ask “why?” each time.", False),
        ("静かな会議です。", False),
    ],
)
def test_a_takeaway_that_asks_is_seen(line: str, *, is_one: bool) -> None:
    """By its end."""
    assert is_question(read(f"{line}\n\nMore.")) is is_one


@pytest.mark.parametrize(
    ("text", "inside", "unlabelled"),
    [
        ("**Move**: block two mornings.", 0, 0),
        ("**一手**：上限を入れます。", 0, 0),
        ("- **Move**: block.\n- **Sign**: watch.", 0, 0),
        ("First.\n**Move**: block.", 0, 0),
        ("**Move:** block.", 0, 1),
        ("**Move** the lever.", 0, 1),
        ("Move the **lever** and **wait**: it pays.", 2, 0),
        ("Of `**kwargs**` nothing is bold.", 0, 0),
    ],
)
def test_bold_is_for_labels_at_the_beginning_of_a_line(text: str, inside: int, unlabelled: int) -> None:
    """The colon stands outside."""
    answer = read(text)
    assert (count_bold_inside(answer), count_bold_unlabelled(answer)) == (inside, unlabelled)


def test_lists_are_read_with_their_items() -> None:
    """What is in a list within an item is not the item's; the inner list ends first."""
    answer = read("1. one\n2. two\n   - a\n     b\n3. three\n\n   more\n\n- other")
    inner = [Item(["a", "b"], 2)]
    outer = [Item(["one"], 1), Item(["two"], 1), Item(["three", "more"], 1)]
    assert answer.lists == [inner, outer, [Item(["other"], 1)]]


def test_lines_are_what_a_reader_sees() -> None:
    """With code, without marks and without what the bot puts into a text to keep it from being a link."""
    answer = read("A **b** &lt; `c`.\n\n| d | e |\n|---|---|\n| [f]: | <g> |\n\n```\nh\n```")
    assert answer.lines == ["A b < c.", "d", "e", "[f]:", "<g>", "h"]


def test_the_analysis_is_what_is_neither_takeaway_nor_last_line() -> None:
    """Whatever stands on the takeaway's line behind it belongs to it."""
    behind = "Four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen."
    assert measure_analysis(read(f"One two three. {behind}\n\n- a b\n\n**Eight**: nine ten.")) == 15
    assert measure_analysis(read("One two three.")) == 0


def test_an_answer_of_several_pages_is_read_to_its_end() -> None:
    """What Slack would get in two messages."""
    text = "A takeaway.\n\n" + "word " * 4_000 + "\n\n## End\n\n**Sign**: watch."
    answer = read(text)
    assert measure_analysis(answer) == 4_001
    assert answer.last_line == "Sign: watch."


@pytest.mark.parametrize(
    ("text", "takeaway"),
    [
        ("Nobody owns it.\n\nMore.", "Nobody owns it."),
        ("## Head\n\n**Nobody** owns it, *yet*.\n\nMore.", "Nobody owns it, yet."),
        ("**Takeaway**\n\nNobody owns it.", "Nobody owns it."),
        ("**Takeaway:** Nobody owns it.", "Takeaway: Nobody owns it."),
        ("No. Kill only the trial.", "No. Kill only the trial."),
        ("Nobody owns it. " + "So it goes on. " * 4, "Nobody owns it."),
        ("Nobody owns it.\nMore.", "Nobody owns it."),
        ("根は招待です。次の文です。", "根は招待です。次の文です。"),
        ("根は招待です。" + "かな" * 20, "根は招待です。"),
        ("- Nobody owns it.", "Nobody owns it."),
        ("## Head", ""),
        ("", ""),
    ],
)
def test_the_takeaway_is_the_first_line_or_its_first_sentence(text: str, takeaway: str) -> None:
    """As the model wrote it, whatever the bot's index makes of it."""
    assert read(text).takeaway == takeaway
