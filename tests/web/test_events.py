from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.draft import Draft, State, Transcript
from bot.engine.perspectives import PERSPECTIVES
from bot.engine.reasons import Code, Reason
from bot.texts.en import ENGLISH
from bot.web.events import Feed
from bot.web.run import Run


def make_run(number: int = 1) -> Run:
    """A run of so many perspectives."""
    return Run(id="r", problem="Why?", language=ENGLISH, perspectives=PERSPECTIVES[:number], party="p", begun_at=0.0)


def drafts(feed: Feed) -> list[dict[str, Any]]:
    """The data of the drafts that are news."""
    return [{**data} for name, data in feed.news() if name == "draft"]


def test_only_what_is_new_is_told() -> None:
    """Text that grew, however many drafts it was; then nothing."""
    run, text = make_run(), Transcript()
    feed = Feed(run)
    assert [name for name, _ in feed.news()] == ["run"]
    for piece in ("One ", "two ", "three"):
        text.add(piece)
        run.note([Draft(text, text.length, State.WRITING)])
    assert drafts(feed) == [{"perspective": "Depth", "append": "One two three", "state": "writing"}]
    assert drafts(feed) == []
    text.add(".")
    run.note([Draft(text, text.length, State.WRITING)])
    assert drafts(feed) == [{"perspective": "Depth", "append": ".", "state": "writing"}]


def test_a_text_that_was_replaced_is_told_whole() -> None:
    """One of another stream that begins with the same is appended to."""
    run = make_run()
    feed = Feed(run)
    for told, change in (("Ask", {"append": "Ask"}), ("Ask why", {"append": " why"}), ("No", {"text": "No"})):
        list(feed.news()) if told == "Ask" else None
        run.note([Draft.of(told, State.WRITING)])
        assert drafts(feed) == [{"perspective": "Depth", **change, "state": "writing"}]
    run.note([Draft.of("No", State.WRITING)])
    assert drafts(feed) == []
    run.note([replace(run.drafts[0], length=1)])
    assert drafts(feed) == [{"perspective": "Depth", "text": "N", "state": "writing"}]


def test_why_an_answer_is_waited_for_is_told_without_a_text() -> None:
    """And that it is no longer."""
    run = make_run()
    feed = Feed(run)
    run.note([Draft(reason=Reason(Code.QUEUED))])
    (told,) = drafts(feed)
    assert (told["state"], told["reason"]["code"]) == ("waiting", "queued")
    run.note([Draft()])
    assert drafts(feed) == [{"perspective": "Depth", "state": "waiting"}]


def test_an_end_is_told_once_and_after_the_last_text() -> None:
    """Then that all are done."""
    run = make_run()
    feed = Feed(run)
    run.note([Draft.of("All of it. More.", State.CUT, reason=Reason(Code.CUT), tokens=7, seconds=1.23456, model="m")])
    names = [name for name, _ in feed.news()]
    assert names == ["run", "draft", "end"]
    run.end(2.0, State.STOPPED, None)
    assert [(name, data) for name, data in feed.news()] == [("done", {"id": "r"})]
    assert feed.is_over
    assert list(feed.news()) == []


def test_a_fault_of_the_servers_is_told() -> None:
    """In place of that all are done."""
    run = make_run()
    feed = Feed(run)
    run.is_broken = True
    run.end(1.0, State.INTERRUPTED, Reason(Code.BOT_BROKEN))
    names = [name for name, _ in feed.news()]
    assert names == ["run", "draft", "end", "error"]


def test_what_should_not_wait_for_more() -> None:
    """The run itself and first texts; not what follows a text."""
    run, text = make_run(2), Transcript("One")
    feed = Feed(run)
    assert feed.is_urgent()
    list(feed.news())
    assert not feed.is_urgent()
    assert feed.may_be_urgent()
    run.note([Draft(text, 3, State.WRITING), None])
    assert feed.is_urgent()
    list(feed.news())
    text.add(" two")
    run.note([Draft(text, 7, State.WRITING), Draft(state=State.THINKING)])
    assert not feed.is_urgent()
    run.note([Draft(text, 7, State.DONE), Draft.of("Two", State.WRITING)])
    assert feed.is_urgent()
    list(feed.news())
    assert not feed.may_be_urgent()


@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.sampled_from(["grow", "replace", "read"]), st.text("ab \ud800😀", max_size=3)),
        max_size=40,
    )
)
def test_whatever_is_read_when_comes_to_the_last_text(steps: list[tuple[int, str, str]]) -> None:
    """A reader may be as slow as they like: what they were told is what stands."""
    run = make_run(2)
    feed = Feed(run)
    texts = [Transcript(), Transcript()]
    seen = {one.key: "" for one in run.perspectives}

    def read() -> None:
        for told in drafts(feed):
            key = told["perspective"]
            seen[key] = told["text"] if "text" in told else seen[key] + told.get("append", "")

    for place, step, piece in steps:
        if step == "read":
            read()
            continue
        if step == "replace":
            texts[place] = Transcript(piece)
        else:
            texts[place].add(piece)
        newest: list[Draft | None] = [None, None]
        newest[place] = Draft(texts[place], texts[place].length, State.WRITING)
        run.note(newest)
    run.end(1.0, State.STOPPED, None)
    read()
    assert seen == {one.key: text.read(text.length) for one, text in zip(run.perspectives, texts, strict=True)}


@pytest.mark.parametrize("state", [State.WAITING, State.DONE])
def test_what_is_whole_when_a_run_is_ended_stays_so(state: State) -> None:
    """Only the others are stopped."""
    run = make_run()
    run.note([Draft.of("Text.", state)])
    run.end(5.0, State.STOPPED, None)
    assert run.drafts[0].state is (State.DONE if state is State.DONE else State.STOPPED)
    assert run.drafts[0].text == "Text."
