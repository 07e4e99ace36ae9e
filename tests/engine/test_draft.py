import pytest

from bot.engine.draft import Draft, State, Transcript
from bot.engine.reasons import Code, Reason

WHY = Reason(Code.SILENT, {"seconds": 60.0})


class Counted(Transcript):
    """Counts how often it is read."""

    reads = 0

    def read(self, length: int) -> str:
        self.reads += 1
        return super().read(length)


def transcript(*pieces: str) -> Counted:
    """A growing text of `pieces`."""
    text = Counted()
    for piece in pieces:
        text.add(piece)
    return text


@pytest.mark.parametrize(
    ("state", "is_final"),
    [
        (State.WAITING, False),
        (State.THINKING, False),
        (State.WRITING, False),
        (State.DONE, True),
        (State.FAILED, True),
        (State.CUT, True),
        (State.STOPPED, True),
        (State.INTERRUPTED, True),
    ],
)
def test_all_states_but_waiting_thinking_and_writing_are_final(state: State, *, is_final: bool) -> None:
    """Nothing follows them."""
    assert state.is_final is is_final


def test_every_state_is_in_the_table() -> None:
    """A new one needs an answer to whether it is final."""
    assert len(State) == 8


def test_a_new_draft_waits_and_says_nothing() -> None:
    """What stands for an answer before there is one."""
    assert Draft() == Draft.of("", State.WAITING)
    assert Draft().text == ""


def test_the_text_is_made_when_it_is_asked_for_and_not_before() -> None:
    """Most drafts are never shown."""
    source = transcript("one ", "two")
    draft = Draft(source, source.length, State.WRITING)
    assert source.reads == 0
    assert draft.text == "one two"
    assert source.reads == 1


def test_a_draft_keeps_its_own_text_while_the_source_grows() -> None:
    """Also where it ends within a piece, or had nothing yet."""
    source = transcript()
    drafts = []
    for piece in ("", "a", "é…", "🙂", "b" * 5_000):
        source.add(piece)
        drafts.append(Draft(source, source.length, State.WRITING))
    whole = "aé…🙂" + "b" * 5_000
    assert [draft.text for draft in drafts] == ["", "a", "aé…", "aé…🙂", whole]
    assert Draft(source, 3).text == "aé…"


def test_line_ends_are_kept_as_they_are() -> None:
    """A text is no file."""
    source = transcript("a\r", "\nb\rc\n")
    assert source.read(source.length) == "a\r\nb\rc\n"
    assert source.length == 7


def test_a_transcript_goes_on_after_it_was_read() -> None:
    """Reading is not the end of it."""
    source = transcript("a")
    assert source.read(1) == "a"
    source.add("b")
    assert (source.read(2), source.read(1), source.length) == ("ab", "a", 2)


def test_drafts_that_look_the_same_are_equal_however_the_text_is_kept() -> None:
    """And have one hash, as the law is."""
    source = transcript("one ", "two")
    plain = Draft.of("one two", State.WRITING)
    for same in (Draft(source, 7, State.WRITING), Draft(transcript("one two", "!"), 7, State.WRITING)):
        assert same == plain
        assert plain == same
        assert hash(same) == hash(plain)
    assert len({plain, Draft(source, 7, State.WRITING)}) == 1


@pytest.mark.parametrize(
    "other",
    [
        Draft.of("one tw", State.DONE, reason=WHY, model="m", seconds=1.0, tokens=2),
        Draft.of("one two", State.CUT, reason=WHY, model="m", seconds=1.0, tokens=2),
        Draft.of("one two", State.DONE, reason=Reason(Code.EMPTY), model="m", seconds=1.0, tokens=2),
        Draft.of("one two", State.DONE, reason=WHY, model="n", seconds=1.0, tokens=2),
        Draft.of("one two", State.DONE, reason=WHY, model="m", seconds=1.5, tokens=2),
        Draft.of("one two", State.DONE, reason=WHY, model="m", seconds=1.0, tokens=3),
        Draft(transcript("one two"), 6, State.DONE, reason=WHY, model="m", seconds=1.0, tokens=2),
        "one two",
        None,
    ],
)
def test_drafts_that_look_different_are_not_equal(other: object) -> None:
    """Each of their fields counts, and nothing that is not a draft equals one."""
    assert Draft.of("one two", State.DONE, reason=WHY, model="m", seconds=1.0, tokens=2) != other
