"""What is to be written, and when, without a database and without a loop."""

from typing import Any

import pytest

from bot.durable.record import WITHDRAWN, Begun, Changes, Conversation, Outcome, Record
from bot.durable.unsaved import MINUTE, MOST_LATE, Unsaved
from bot.engine.draft import Draft, State
from bot.slack.question import Question
from bot.texts.ja import JAPANESE

QUESTION = Question("k", "Why?", "U", "C")
KNOWN = frozenset({"k", "other"})


@pytest.fixture
def unsaved() -> Unsaved:
    """With one run, begun at 100."""
    unsaved = Unsaved()
    unsaved.begin(QUESTION, 100)
    return unsaved


def test_a_run_that_the_database_does_not_know_is_written_whole(unsaved: Unsaved) -> None:
    """Each time, until it does: its question, its messages in the order of their intents, its drafts."""
    for part in ("parent", "Depth", "Time"):
        unsaved.note_post("k", part, None)
    unsaved.note_post("k", "parent", "1.0")
    unsaved.note_draft("k", "Depth", Draft.of("so far", State.WRITING))
    unsaved.take(frozenset())
    unsaved.note_post("k", "Time", "3.0")
    unsaved.note_post("k", "Depth", WITHDRAWN)
    changes, _ = unsaved.take(frozenset())
    assert changes.begins == {"k": Begun(QUESTION, 100)}
    assert list(changes.posts.items()) == [
        (("k", "parent"), "1.0"),
        (("k", "Time"), "3.0"),
        (("k", "Depth"), WITHDRAWN),
    ]
    assert changes.answers == {("k", "Depth"): Draft.of("so far", State.WRITING)}
    assert unsaved.take(KNOWN) == (Changes(), set())


def test_a_run_that_was_claimed_is_written_anew_as_it_was_left(unsaved: Unsaved) -> None:
    """What is new of it does not change what was read of it."""
    record = Record(Question("other", "Why?", "U", "C"), 5.0, {"parent": "1.0"}, {"Depth": Draft.of("a")})
    unsaved.claim(record)
    unsaved.note_post("other", "Depth", "2.0")
    unsaved.note_draft("other", "Depth", Draft.of("ab"))
    changes, _ = unsaved.take(frozenset({"k"}))
    assert changes.begins == {"other": Begun(record.question, 5.0)}
    assert changes.posts == {("other", "parent"): "1.0", ("other", "Depth"): "2.0"}
    assert changes.answers == {("other", "Depth"): Draft.of("ab")}
    assert (record.posts, record.answers) == ({"parent": "1.0"}, {"Depth": Draft.of("a")})


def test_a_run_that_was_reopened_is_written_anew_as_such(unsaved: Unsaved) -> None:
    """With what was read for it, by whom it was reopened, and who has stopped it since."""
    asked = Question("other", "Why?", "U", "C")
    unsaved.claim(Record(asked, 5.0, {}, {}, material="old", reopened_at=7.0, reopened_by="U3"))
    unsaved.note_material("other", "Person 1: no.")
    unsaved.note_stop("other", "U2")
    changes, _ = unsaved.take(frozenset({"k"}))
    assert changes.begins == {"other": Begun(asked, 5.0, "Person 1: no.", "U2", 7.0, "U3")}
    assert (changes.materials, changes.stops) == ({"other": "Person 1: no."}, {"other": "U2"})
    assert unsaved.take(KNOWN) == (Changes(), set())


def test_who_stops_a_run_first_has_stopped_it(unsaved: Unsaved) -> None:
    """Here or elsewhere; of a run that is not worked on nothing is written."""
    unsaved.note_stop("k", "U2")
    unsaved.note_stop("k", "U3")
    unsaved.note_stop("unknown", "U3")
    assert not unsaved.learn_of_stop("k", "U4")
    assert not unsaved.learn_of_stop("unknown", "U4")
    assert unsaved.take(KNOWN)[0].stops == {"k": "U2"}
    unsaved.begin(Question("other", "Why?", "U", "C"), 100)
    assert unsaved.learn_of_stop("other", "U4")
    assert not unsaved.learn_of_stop("other", "U4")
    unsaved.note_stop("other", "U5")
    assert unsaved.take(KNOWN)[0].stops == {}


def test_what_comes_late_of_a_run_is_written_all_the_same(unsaved: Unsaved) -> None:
    """The database says whose the run is by then."""
    unsaved.drop("k")
    unsaved.note_post("k", "parent", "1.0")
    unsaved.note_material("k", "Person 1: no.")
    changes, _ = unsaved.take(KNOWN)
    assert changes == Changes(posts={("k", "parent"): "1.0"}, materials={"k": "Person 1: no."})


def test_of_a_stop_or_of_what_was_read_that_could_not_be_written_the_last_word_counts(unsaved: Unsaved) -> None:
    """As of all else; and nothing is left of a run that is forgotten."""
    unsaved.note_material("k", "old")
    unsaved.note_stop("k", "U2")
    taken = unsaved.take(KNOWN)
    unsaved.note_material("k", "new")
    unsaved.note_language("k", JAPANESE)
    unsaved.put_back(*taken, now=0.0)
    changes, _ = unsaved.take(KNOWN)
    assert (changes.materials, changes.stops, changes.languages) == ({"k": "new"}, {"k": "U2"}, {"k": "ja"})
    changes.forget("k")
    assert changes == Changes()


def test_a_conversation_has_what_is_newest_of_each_run(unsaved: Unsaved) -> None:
    """What is worked on here as it stands here, what is not as it was found, what was not found too; oldest first."""
    found = Question("k/2", "", "U", "C", root="k")
    unknown = [Question(key, "", "U", "C", root="k") for key in ("k/3", "k/1")]
    for asked in (*unknown, Question("other", "Why?", "U", "C"), Question("other/1", "", "U", "C", root="other")):
        unsaved.begin(asked, 102)
    unsaved.note_post("k", "parent", "1.0")
    unsaved.note_draft("k", "Depth", Draft.of("newest"))
    stale = Record(QUESTION, 100, {"parent": None}, {"Depth": Draft.of("old")})
    kept = Record(found, 101, {"Depth": "2.0"}, {})
    conversation = unsaved.recall("", "k", Conversation(stale, [kept, Record(unknown[0], 102, {"Depth": "3.0"}, {})]))
    assert conversation == Conversation(
        Record(QUESTION, 100, {"parent": "1.0"}, {"Depth": Draft.of("newest")}),
        [kept, *(Record(asked, 102, {}, {}) for asked in reversed(unknown))],
    )
    assert unsaved.recall("", "k/2", Conversation(kept)) == Conversation(kept, [])
    alone = unsaved.recall("", "other", None)
    assert alone
    assert [one.question.key for one in (alone.root, *alone.further)] == ["other", "other/1"]
    assert unsaved.recall("", "unknown", None) is None


def test_drafts_wait_for_what_shows_them(unsaved: Unsaved) -> None:
    """An edit or a post of their own run; the last one of an answer, and those of a run that has ended, do not."""
    growing, whole = Draft.of("a", State.WRITING), Draft.of("a", State.DONE)
    shows: list[Any] = [
        lambda: unsaved.note_edit("k", "Depth", 1.0),
        lambda: unsaved.note_post("k", "Depth 2", None),
        lambda: unsaved.note_draft("k", "Time", whole),
        lambda: unsaved.end("k", Outcome.DONE, is_saved=True),
    ]
    for show in shows:
        unsaved.note_draft("k", "Depth", growing)
        unsaved.note_draft("other", "Depth", growing)
        unsaved.note_edit_answered("k", "Depth")
        assert unsaved.take(KNOWN)[0].answers == {}
        show()
        changes, due = unsaved.take(KNOWN)
        assert changes.answers[("k", "Depth")] == growing
        assert ("other", "Depth") not in changes.answers
        assert due <= {"k"}
    changes, _ = unsaved.take(KNOWN, is_last=True)
    assert changes.answers == {("other", "Depth"): growing}
    assert unsaved.is_empty


def test_what_stands_of_a_run_says_which_edits_are_under_way(unsaved: Unsaved) -> None:
    """Whoever goes on with it here, with a newer token, has to know as much as another process."""
    unsaved.note_edit("k", "Depth", 50.0)
    unsaved.note_edit("k", "Time", 60.0)
    unsaved.note_edit_answered("k", "Depth")
    [record] = unsaved.records(QUESTION.workspace)
    assert record.calls == {"Time": 60.0}
    unsaved.claim(record)
    unsaved.note_edit("k", "Depth", 70.0)
    assert record.calls == {"Time": 60.0}
    assert unsaved.records(QUESTION.workspace)[0].calls == {"Time": 60.0, "Depth": 70.0}


def test_the_last_word_on_each_counts(unsaved: Unsaved) -> None:
    """Of what could not be written, and what came since; edits that count no more are left out."""
    unsaved.note_post("k", "parent", None)
    unsaved.note_edit("k", "Depth", 50.0)
    unsaved.note_edit("k", "Time", 60.0)
    unsaved.note_draft("k", "Depth", Draft.of("old"))
    unsaved.end("other", Outcome.DONE, is_saved=True)
    taken = unsaved.take(KNOWN)
    unsaved.note_post("k", "parent", "1.0")
    unsaved.note_edit("k", "Breadth", 100.0)
    unsaved.note_edit_answered("k", "Depth")
    unsaved.note_draft("k", "Depth", Draft.of("new"))
    unsaved.end("late", Outcome.BROKEN, is_saved=True)
    unsaved.begin(Question("k2", "Why?", "U", "C"), 90)
    unsaved.end("k2", Outcome.DONE, is_saved=False)
    unsaved.put_back(*taken, now=50.0 + MINUTE)
    assert unsaved.ended == {"other", "late", "k2"}
    changes, due = unsaved.take(KNOWN)
    assert changes.posts == {("k", "parent"): "1.0"}
    assert changes.calls == {("k", "Depth"): None, ("k", "Time"): 60.0, ("k", "Breadth"): 100.0}
    assert changes.answers == {("k", "Depth"): Draft.of("new")}
    assert changes.ends == {"other": Outcome.DONE, "late": Outcome.BROKEN, "k2": Outcome.DONE}
    assert list(changes.begins) == ["k2"]
    assert changes.edits == [("", 60.0), ("", 100.0)]
    assert due == {"k"}


def test_what_was_due_is_due_when_it_is_put_back(unsaved: Unsaved) -> None:
    """Else the drafts that people have seen would wait for another edit."""
    unsaved.note_edit("k", "Depth", 1.0)
    unsaved.note_draft("k", "Depth", Draft.of("seen"))
    taken = unsaved.take(KNOWN)
    unsaved.put_back(*taken, now=1.0)
    assert unsaved.take(KNOWN)[0].answers == {("k", "Depth"): Draft.of("seen")}


def test_a_run_that_ends_is_worked_on_no_more(unsaved: Unsaved) -> None:
    """Nor is one that is dropped; one that the database never knew is written with its end."""
    unsaved.begin(Question("other", "Why?", "U", "C"), 100)
    unsaved.begin(Question("third", "Why?", "U", "C"), 100)
    unsaved.end("k", Outcome.DONE, is_saved=False)
    unsaved.end("other", Outcome.REFUSED, is_saved=True)
    unsaved.drop("third")
    unsaved.drop("third")
    assert unsaved.live == set()
    changes, _ = unsaved.take(frozenset())
    assert changes == Changes(begins={"k": Begun(QUESTION, 100)}, ends={"k": Outcome.DONE, "other": Outcome.REFUSED})


def test_of_runs_that_are_written_late_the_oldest_are_forgotten(unsaved: Unsaved) -> None:
    """With all that is theirs; a few more than a thousand would else be ever more."""
    for number in range(MOST_LATE + 2):
        key = f"k{number}"
        unsaved.begin(Question(key, "Why?", "U", "C"), 100)
        unsaved.note_post(key, "parent", "1.0")
        unsaved.note_edit(key, "parent", 1.0)
        unsaved.note_draft(key, "Depth", Draft.of("a"))
        unsaved.end(key, Outcome.DONE, is_saved=False)
    changes, _ = unsaved.take(KNOWN)
    kept = [f"k{number}" for number in range(2, MOST_LATE + 2)]
    assert list(changes.begins) == list(changes.ends) == kept
    for what in (changes.posts, changes.calls, changes.answers):
        assert [key for key, _ in what] == kept
