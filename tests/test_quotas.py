from bot.quotas import HOUR, SWEEP, Limits, Refusal


def begin(limits: Limits, user: str, now: float) -> Refusal | None:
    """Begin a run if it may begin, or say why not."""
    refusal = limits.check(user, now)
    if refusal is None:
        limits.begin(user, now)
    return refusal


def test_a_person_has_so_many_runs_at_once() -> None:
    """Others have theirs; one that ends makes room."""
    limits = Limits(at_once=2, per_hour=20)
    assert begin(limits, "ann", 0) is None
    assert begin(limits, "ann", 1) is None
    assert begin(limits, "ann", 2) == Refusal(2)
    assert begin(limits, "ben", 2) is None
    limits.end("ann")
    assert begin(limits, "ann", 3) is None


def test_a_person_has_so_many_runs_in_an_hour() -> None:
    """In any hour; a refusal says how long it lasts, and does not count."""
    limits = Limits(at_once=9, per_hour=3)
    for now in (0, 10, 20):
        assert begin(limits, "ann", now) is None
        limits.end("ann")
    assert begin(limits, "ann", 30) == Refusal(3, HOUR - 30)
    assert begin(limits, "ann", HOUR - 1) == Refusal(3, 1)
    assert begin(limits, "ann", HOUR) is None
    assert begin(limits, "ann", HOUR + 1) == Refusal(3, 9)


def test_what_was_begun_before_this_process_counts() -> None:
    """In whatever order it is learned; what goes on counts as going on."""
    limits = Limits(at_once=1, per_hour=2)
    limits.recall("ann", -10)
    limits.recall("ann", -100)
    assert begin(limits, "ann", 0) == Refusal(2, HOUR - 100)
    limits.resume("ben")
    assert begin(limits, "ben", 0) == Refusal(1)


def test_a_run_that_was_none_does_not_count() -> None:
    """Neither now nor within the hour; what was begun before it does."""
    limits = Limits(at_once=2, per_hour=2)
    assert begin(limits, "ann", 0) is None
    assert begin(limits, "ann", 10) is None
    limits.withdraw("ann")
    assert limits.running == 1
    assert begin(limits, "ann", 20) is None
    assert begin(limits, "ann", 30) == Refusal(2)
    limits.end("ann")
    assert begin(limits, "ann", 40) == Refusal(2, HOUR - 40)


def test_nothing_is_kept_of_who_asked_an_hour_ago() -> None:
    """Memory holds those who ask, not all who ever did."""
    limits = Limits(at_once=1, per_hour=2)
    begin(limits, "ann", 0)
    limits.end("ann")
    begin(limits, "ben", HOUR)
    assert (list(limits._begun), list(limits._running)) == (["ben"], ["ben"])
    limits.end("ben")
    begin(limits, "ann", 2 * HOUR - 1)
    assert list(limits._begun) == ["ben", "ann"]
    begin(limits, "cid", 2 * HOUR - 1 + SWEEP)
    assert list(limits._begun) == ["ann", "cid"]


def test_taking_back_needs_nothing_within_the_hour() -> None:
    """A run may have been going on for longer than that."""
    limits = Limits(at_once=2, per_hour=2)
    limits.resume("ann")
    limits.withdraw("ann")
    assert limits.running == 0
