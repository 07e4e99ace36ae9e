import math

from bot.delivery.schedules.window import Window


def test_a_slot_is_taken_from_the_start_of_an_edit_until_a_minute_after_its_end() -> None:
    """Somewhere between the two Slack has counted it."""
    window = Window(2)
    window.start()
    assert window.free(0) == 1
    window.end(5)
    assert (window.free(64), window.free(65)) == (1, 2)


def test_an_edit_that_was_refused_counts_for_nothing() -> None:
    """Slack has not carried it out."""
    window = Window(2)
    window.start()
    window.end(5, counts=False)
    assert window.free(5) == 2


def test_the_next_slot_is_that_of_the_oldest_edit_that_nobody_waits_for() -> None:
    """Those that are in flight still have to end."""
    window = Window(3)
    window.note_spent(100, [50, 20])
    window.start()
    assert window.slot_at(100, window.free(100) + 1) == 100
    assert window.slot_at(100, window.free(100)) == 110
    assert window.slot_at(100, window.free(100) - 1) == 140
    assert window.slot_at(100, window.free(100) - 2) == math.inf


def test_what_comes_back_until_a_moment_can_be_spent_until_then() -> None:
    """As far as a minute ahead, at some dozen moments."""
    window = Window(50)
    window.note_spent(100, [50, 20, 10])
    assert list(window.returns(100, 4)) == [(10, 4), (40, 5), (50, 6), (60, 7)]
    assert window.back_by(140) == 2
    window.note_spent(100, range(40))
    assert len(list(window.returns(100, 4))) <= 16
