from bot.limits import HOUR, Limits, Refusal


def test_a_person_has_so_many_runs_at_once() -> None:
    """Others have theirs; one that ends makes room."""
    limits = Limits(at_once=2, per_hour=20)
    assert limits.begin("ann", 0) is None
    assert limits.begin("ann", 1) is None
    assert limits.begin("ann", 2) == Refusal(2)
    assert limits.begin("ben", 2) is None
    limits.end("ann")
    assert limits.begin("ann", 3) is None


def test_a_person_has_so_many_runs_in_an_hour() -> None:
    """In any hour; a refusal says how long it lasts, and does not count."""
    limits = Limits(at_once=9, per_hour=3)
    for now in (0, 10, 20):
        assert limits.begin("ann", now) is None
        limits.end("ann")
    assert limits.begin("ann", 30) == Refusal(3, HOUR - 30)
    assert limits.begin("ann", HOUR - 1) == Refusal(3, 1)
    assert limits.begin("ann", HOUR) is None
    assert limits.begin("ann", HOUR + 1) == Refusal(3, 9)


def test_what_was_begun_before_this_process_counts() -> None:
    """In whatever order it is learned; what goes on counts as going on."""
    limits = Limits(at_once=1, per_hour=2)
    limits.recall("ann", -10)
    limits.recall("ann", -100)
    assert limits.begin("ann", 0) == Refusal(2, HOUR - 100)
    limits.resume("ben")
    assert limits.begin("ben", 0) == Refusal(1)


def test_nothing_is_kept_of_who_asked_an_hour_ago() -> None:
    """Memory holds those who ask, not all who ever did."""
    limits = Limits(at_once=1, per_hour=2)
    limits.begin("ann", 0)
    limits.end("ann")
    limits.begin("ben", HOUR)
    assert (list(limits._begun), list(limits._running)) == (["ben"], ["ben"])
