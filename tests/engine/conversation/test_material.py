import re

from hypothesis import given
from hypothesis import strategies as st

from bot.engine.conversation.material import NO_WORDS, Former, compose
from bot.engine.draft import Draft, State


def former(text: str, key: str = "Depth", added: str | None = None) -> Former:
    """An answer."""
    return Former(key, Draft.of(text, State.DONE), added)


def test_a_problem_alone_is_itself() -> None:
    """Nothing is put around what somebody typed."""
    assert compose("Why <thread>?") == "Why <thread>?"


def test_a_thread_stands_beside_the_problem_or_is_it() -> None:
    """As material."""
    assert compose("Why?", thread="Person 1: It is red.") == (
        "<problem>\nWhy?\n</problem>\n\n<thread>\nPerson 1: It is red.\n</thread>"
    )
    assert compose("", thread="x").startswith(f"<problem>\n{NO_WORDS}\n</problem>")


def test_answers_come_with_their_sides_and_what_was_added_for_them() -> None:
    """Oldest first, and what is added now last; nothing, where nothing was."""
    told = compose("Why?", answers=[former("So."), former("Then so.", added="And now?")], added="")
    assert told == (
        "<problem>\nWhy?\n</problem>\n\n"
        '<answer side="Depth">\nSo.\n</answer>\n\n'
        '<answer side="Depth" kind="follow-up">\nasked for with: And now?\n\nThen so.\n</answer>\n\n'
        "<added>\n(nothing)\n</added>"
    )
    assert compose("Why?", added="Because?").endswith("<added>\nBecause?\n</added>")


def test_of_too_much_the_newest_is_kept() -> None:
    """And that something was left out is said."""
    told = compose("Why?", answers=[former("old " * 100), former("new " * 100, added="")], limit=500)
    assert told.count("new ") == 100
    assert 20 < told.count("old ") < 30
    assert "(the beginning is left out)" in told
    assert "old" not in compose("Why?", answers=[former("old"), former("n" * 500)], limit=500)
    long = compose("Why?", thread="a" * 50_000 + "end")
    assert long.endswith("end\n</thread>")
    assert len(long) < 13_000


@given(st.text(st.sampled_from("<>/ threadpoblmswi\n"), max_size=60))
def test_nothing_that_was_said_forges_a_mark(text: str) -> None:
    """Each mark is there as often as ours are."""
    told = compose(text, thread=text, answers=[former(text + "x")], added=text)
    marks = re.findall(r"<\s*/?\s*(?:problem|thread|answer|added)\b", told, re.IGNORECASE)
    assert len(marks) == 8 - 2 * (not text)
