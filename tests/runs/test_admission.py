import pytest

from bot.quotas import Limits, Refusal
from bot.runs.admission import MOST_TOLD, TELL_EVERY, Admission, Unfit


def make(*, at_once: int = 2, most_runs: int = 3) -> Admission:
    """An admission of problems of up to ten characters, of which those with a hash fit no parent."""
    return Admission(
        Limits(at_once, 20), problem_limit=10, fits=lambda problem: "wide" not in problem, most_runs=most_runs
    )


@pytest.mark.parametrize(
    ("problem", "opens_thread", "outcome"),
    [
        ("Why?", True, None),
        ("", True, Unfit.BLANK),
        ("\u3164?", True, Unfit.BLANK),
        ("x" * 10, True, None),
        ("x" * 11, False, Unfit.TOO_LONG),
        (" " * 11, False, Unfit.TOO_LONG),
        ("wide", True, Unfit.TOO_LONG),
        ("wide", False, None),
    ],
)
def test_a_problem_has_to_fit(problem: str, outcome: Unfit | None, *, opens_thread: bool) -> None:
    """What is refused for what it is does not count."""
    admission = make(at_once=1)
    assert admission.admit(problem, "ann", 0, opens_thread=opens_thread) is outcome
    again = admission.admit("Why?", "ann", 1, opens_thread=True)
    assert again == (None if outcome else Refusal(1))


def test_the_persons_limits_are_asked_before_anything_is_worked_on() -> None:
    """Laying a problem out costs more than counting."""
    worked_on = []

    def fits(problem: str) -> bool:
        worked_on.append(problem)
        return True

    admission = Admission(Limits(1, 20), problem_limit=10, fits=fits)
    assert admission.admit("one", "ann", 0, opens_thread=True) is None
    assert admission.admit("two", "ann", 1, opens_thread=True) == Refusal(1)
    assert worked_on == ["one"]


def test_all_together_have_so_many_runs() -> None:
    """A person with room of their own is told that it is the others; one that ends makes room."""
    admission = make()
    for person in ("ann", "ben", "cid"):
        assert admission.admit("Why?", person, 0, opens_thread=True) is None
    assert admission.admit("Why?", "dan", 0, opens_thread=True) is Unfit.CROWDED
    admission.end("ben")
    assert admission.admit("Why?", "dan", 0, opens_thread=True) is None


def test_what_another_process_has_admitted_is_not_refused_and_counts() -> None:
    """However many of them there are."""
    admission = make(most_runs=1)
    admission.resume("ann", -5)
    admission.resume("ann", -4)
    admission.recall("cid", -3)
    assert admission.admit("Why?", "ann", 0, opens_thread=True) == Refusal(2)
    assert admission.admit("Why?", "ben", 0, opens_thread=True) is Unfit.CROWDED


def test_a_run_that_was_asked_before_is_taken_back() -> None:
    """A redelivery costs its person nothing."""
    admission = make(at_once=1)
    assert admission.admit("Why?", "ann", 0, opens_thread=True) is None
    admission.withdraw("ann")
    assert admission.admit("Why?", "ann", 0, opens_thread=True) is None


def test_a_person_is_told_once_in_a_while_and_not_too_many_at_once() -> None:
    """Others are told beside them."""
    admission = make()
    assert admission.may_tell("ann", 0)
    assert not admission.may_tell("ann", TELL_EVERY - 0.1)
    assert admission.may_tell("ben", TELL_EVERY - 0.1)
    assert admission.may_tell("ann", TELL_EVERY)
    assert not admission.may_tell("ben", TELL_EVERY)
    assert sum(admission.may_tell(f"person {number}", TELL_EVERY) for number in range(1_000)) == MOST_TOLD - 2
