from bot.durable.sharing.clock import MOST_APART, SharedClock


def test_it_goes_by_the_databases_clock_once_that_was_heard() -> None:
    """As long as the two are apart; what a look takes puts nothing right."""
    own = [1_000.0]
    clock = SharedClock(lambda: own[0])
    assert clock() == 1_000.0
    assert clock.hear(1_000.0 + MOST_APART) == 0.0
    assert clock() == 1_000.0
    assert clock.hear(700.0) == -300.0
    own[0] += 10
    assert clock() == 710.0
    own[0] -= 600.0  # somebody puts the host's right
    assert clock.hear(711.0) == 601.0
    assert clock() == 711.0
