import pytest

from bot.delivery.schedules.durations import LEAST_DOUBT, TYPICAL, Durations


def test_nothing_is_built_upon_before_an_answer_has_ended() -> None:
    """What is typical is a guess by then."""
    assert (Durations().typical, Durations().doubt) == (TYPICAL, 1.0)


def test_alike_answers_are_believed_after_some_and_never_quite() -> None:
    """A quarter of the way with each; others may come."""
    durations = Durations()
    for typical in (24.0, 28.5, 31.875):
        durations.learn(42.0)
        assert durations.typical == pytest.approx(typical)
    doubts = []
    for _ in range(20):
        durations.learn(42.0)
        doubts.append(durations.doubt)
    assert doubts == sorted(doubts, reverse=True)
    assert durations.doubt == LEAST_DOUBT
    durations.learn(2_000.0)
    assert durations.doubt == pytest.approx(0.93, abs=0.03)
