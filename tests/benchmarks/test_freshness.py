import pytest

from tests.benchmarks.foresight import bound
from tests.benchmarks.freshness import NAMES, measure
from tests.benchmarks.loads import LOADS


@pytest.mark.parametrize(
    ("world", "load", "age", "late", "refused"),
    [
        ("any 60 s", "one run, 18 s", 1.25, 0.3, 0),
        ("any 60 s", "one run, 90 s", 3.8, 0.5, 0),
        ("any 60 s", "another after 25 s", 3.0, 0.5, 0),
        ("any 60 s", "three, 2 s apart", 4.0, 0.6, 1),
        ("any 60 s", "six, 1 s apart", 7.0, 2.0, 3),
        ("burst 5", "one run, 18 s", 4.0, 1.5, 4),
        ("half", "one run, 18 s", 5.5, 2.0, 3),
        ("half", "one run, 90 s", 5.4, 0.5, 2),
        ("half", "another after 25 s", 4.9, 2.0, 2),
        ("any 60 s", "one run, 6 s", 0.7, 0.2, 0),
        ("any 60 s", "five in a minute", 2.2, 0.5, 0),
        ("any 60 s", "eight in a minute", 2.6, 1.0, 0),
        ("any 60 s", "ten in a minute", 2.8, 1.0, 0),
        ("burst 5", "six, one a minute", 2.0, 2.0, 1),
        ("burst 5", "ten in a minute", 3.0, 2.0, 1),
        ("burst 5", "four in 3 min, 18 s", 2.6, 0.6, 1),
        ("burst 5", "three, 2 s apart", 5.7, 2.5, 1),
    ],
)
@pytest.mark.heavy
def test_the_bot_is_as_fresh_as_it_promises(world: str, load: str, age: float, late: float, refused: int) -> None:
    """Whatever shape Slack's limit has, with no tuning."""
    ours = measure("ours", world, load)
    assert (ours.age <= age, ours.late <= late, ours.refused <= refused) == (True, True, True), ours


@pytest.mark.parametrize("load", ["one run, 6 s", "three, 10 s apart", "eight in a minute", "random, 1 in 2 min"])
@pytest.mark.heavy
def test_a_bucket_that_is_known_refuses_nothing(load: str) -> None:
    """And is used nearly as well as by who knows the future."""
    ours, oracle = measure("ours, learned", "burst 5", load), measure("oracle", "burst 5", load)
    assert (ours.refused, ours.late < 1, ours.age < 1.4 * oracle.age) == (0, True, True), ours


@pytest.mark.parametrize(
    "load",
    [
        "another after 25 s",
        "three, 2 s apart",
        "six, one a minute",
        "three, 10 s apart",
        "five in a minute",
        "eight in a minute",
        "ten in a minute",
    ],
)
@pytest.mark.heavy
def test_rows_are_fresh_once_they_are_known(load: str) -> None:
    """No last text is late, and the mean age is at most half more than the oracle's, or less than a timer's of 1 s."""
    ours, oracle = measure("ours, learned", "any 60 s", load), measure("oracle", "any 60 s", load)
    assert (ours.late < 0.5, ours.age < max(0.5, 1.5 * oracle.age)) == (True, True), ours


@pytest.mark.heavy
def test_no_timer_is_fresher_than_the_bot_that_has_learned() -> None:
    """Where timers do best: seldom asked, and at an even pace."""
    for load in ("one run, 6 s", "four in 3 min, 18 s"):
        timers = [measure(timer, "any 60 s", load).age for timer in ("timer 1 s", "timer 3 s")]
        assert measure("ours, learned", "any 60 s", load).age < 1.05 * min(timers), load


@pytest.mark.heavy
def test_half_of_what_is_told_is_used_well_once_it_is_known() -> None:
    """What was granted is not forgotten when refusals contradict each other: last texts are not late."""
    ours, oracle = measure("ours, learned", "half", "one run, 90 s"), measure("oracle", "half", "one run, 90 s")
    assert (ours.late < 0.5, ours.age < 1.15 * oracle.age) == (True, True), ours


@pytest.mark.heavy
def test_who_is_not_told_whether_more_come_is_no_oracle() -> None:
    """Nobody is near it both in a run alone and in a row: the bot that knows nothing is not far from what can be."""
    least = bound(LOADS["three, 10 s apart"])
    assert 1.4 < least.times < 1.6
    assert least.in_row < measure("ours", "any 60 s", "three, 10 s apart").age < 1.4 * least.in_row


@pytest.mark.heavy
def test_no_answer_stands_still_for_long() -> None:
    """Up to three runs at once where the limit is the one that is documented, and one where it is not."""
    loads = ("one run, 18 s", "one run, 90 s", "another after 25 s", "three, 2 s apart")
    assert max(measure("ours", "any 60 s", load).freeze for load in loads) <= 12
    assert max(measure("ours", world, "one run, 18 s").freeze for world in ("burst 5", "half")) <= 12


@pytest.mark.parametrize("world", ["any 60 s", "burst 5", "half"])
def test_nothing_is_fresher_than_the_oracle(world: str) -> None:
    """It knows the future, and it is never refused."""
    results = {name: measure(name, world, "one run, 18 s") for name in NAMES}
    assert sorted(results, key=lambda name: results[name].age)[:2] == ["oracle, posts", "oracle"]
    assert (results["oracle"].refused, results["oracle, posts"].refused) == (0, 0)


@pytest.mark.parametrize("load", ["six, one a minute", "ten in a minute", "with follow-ups", "random, 1 in 2 min"])
@pytest.mark.heavy
def test_no_last_text_of_the_oracle_is_late_while_there_are_slots(load: str) -> None:
    """In rows and on random days too; its posts may then wait until an answer is half written."""
    oracle, with_posts = (measure(name, "any 60 s", load) for name in ("oracle", "oracle, posts"))
    assert (oracle.late < 0.1, with_posts.age < oracle.age) == (True, True)


def test_timers_of_their_own_freeze_where_runs_share_the_budget() -> None:
    """Three runs at once: what other bots do comes five times as old, and three quarters of a minute late."""
    ours = measure("ours", "any 60 s", "three, 2 s apart")
    for timer in ("timer 1 s", "timer 3 s"):
        other = measure(timer, "any 60 s", "three, 2 s apart")
        assert other.age > 5 * ours.age
        assert other.late > 40
        assert other.refused > 25
