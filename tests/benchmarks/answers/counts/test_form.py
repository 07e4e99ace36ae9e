import pytest

from tests.benchmarks.answers.counts.form import FAULTS, examine
from tests.benchmarks.answers.counts.recorded import Recorded, load

GOOD, BAD = load("good"), load("bad")


@pytest.mark.parametrize("answer", GOOD, ids=lambda one: f"{one.problem}-{one.perspective}")
def test_a_good_answer_has_no_fault(answer: Recorded) -> None:
    """English and Japanese, all four sides: so a counter that counts what is right is found out."""
    assert examine(answer.read()).faults == {}


@pytest.mark.parametrize("answer", BAD, ids=lambda one: one.name)
def test_a_bad_answer_has_its_faults_and_no_others(answer: Recorded) -> None:
    """As often as they occur."""
    assert examine(answer.read()).faults == answer.faults


def test_each_fault_occurs_in_a_recorded_answer() -> None:
    """So a counter that finds nothing is found out."""
    assert {fault for answer in BAD for fault in answer.faults} == FAULTS.keys()
