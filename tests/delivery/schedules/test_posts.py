import math

from bot.delivery.schedules.posts import PostSchedule
from bot.delivery.schedules.turn import Turn


def drain(posts: PostSchedule, now: float) -> tuple[list[object], float]:
    """Who posts now, and when to ask again."""
    who: list[object] = []
    while True:
        turn = posts.next(now)
        if turn.key is None:
            return who, turn.at
        posts.start(turn.key, now)
        who.append(turn.key)


def test_a_channel_takes_a_burst_and_then_one_a_second() -> None:
    """Other channels have their own."""
    posts = PostSchedule()
    for number in range(7):
        posts.queue(number, 0.1 * number, "C", is_parent=False)
    posts.queue("elsewhere", 0.9, "D", is_parent=False)
    assert drain(posts, 1.0) == ([0, 1, 2, 3, 4, "elsewhere"], 2.0)
    assert drain(posts, 2.0) == ([5], 3.0)
    assert drain(posts, 3.0) == ([6], math.inf)


def test_posts_of_another_process_count_in_their_channel() -> None:
    """What is left of a burst goes at once, the rest as if this one had sent those."""
    posts = PostSchedule()
    posts.note_spent("C", 10.0, [0.5, 2.0, 1.0, 1.5, 600.0])
    for number in range(4):
        posts.queue(number, 10.0, "C", is_parent=False)
    posts.queue("elsewhere", 10.0, "D", is_parent=False)
    assert drain(posts, 10.0) == ([0, 1, 2, "elsewhere"], 11.0)
    assert drain(posts, 11.0) == ([3], math.inf)


def test_parents_go_first_and_then_who_has_waited_longest() -> None:
    """A person waits for a sign."""
    posts = PostSchedule()
    posts.queue("late", 2, "C", is_parent=False)
    posts.queue("early", 1, "C", is_parent=False)
    posts.queue("parent", 3, "C", is_parent=True)
    assert drain(posts, 3.0)[0] == ["parent", "early", "late"]


def test_who_had_the_fewest_posts_of_late_goes_first() -> None:
    """A person's first question does not wait behind all that somebody else asks; later it is as it was."""
    posts = PostSchedule()
    for number in range(5):
        posts.queue(f"ann {number}", 0.1 * number, "C", is_parent=False, person="ann")
    assert drain(posts, 1.0)[0] == [f"ann {number}" for number in range(5)]
    posts.queue("ann again", 1.1, "C", is_parent=True, person="ann")
    posts.queue("ben", 1.2, "C", is_parent=True, person="ben")
    assert drain(posts, 2.0)[0] == ["ben"]
    posts.queue("ben", 2.1, "C", is_parent=False, person="ben")
    assert drain(posts, 3.0)[0] == ["ben"]
    posts.queue("ben", 20.0, "C", is_parent=False, person="ben")
    assert drain(posts, 20.0)[0] == ["ann again", "ben"]
    for now, first in ((29.9, "ben"), (30.0, "ann")):  # ten seconds after both have posted once
        posts = PostSchedule()
        posts.queue("x", 20, "C", is_parent=False, person="ann")
        drain(posts, 20.0)
        posts.queue("ann", 21, "C", is_parent=False, person="ann")
        posts.queue("ben", 22, "C", is_parent=False, person="ben")
        assert posts.next(now) == Turn(first)


def test_nobody_posts_while_slack_takes_nothing() -> None:
    """Until the latest time that it named."""
    posts = PostSchedule()
    posts.queue("a", 0, "C", is_parent=True)
    posts.hold(5)
    posts.hold(3)
    assert drain(posts, 1.0) == ([], 5)
    assert drain(posts, 5.0) == (["a"], math.inf)


def test_a_thread_that_has_to_wait_holds_up_no_other() -> None:
    """It has something to find out first."""
    posts = PostSchedule()
    posts.queue("a", 0, "C", is_parent=True, not_before=4)
    posts.queue("b", 0, "C", is_parent=False)
    assert drain(posts, 1.0) == (["b"], 4)


def test_a_thread_waits_once_and_is_forgotten() -> None:
    """However often it says so; and nothing is kept of channels that may have a whole burst again."""
    posts = PostSchedule()
    posts.queue("a", 0, "C", is_parent=True)
    posts.queue("a", 9, "C", is_parent=False)
    posts.queue("b", 0, "C", is_parent=True)
    posts.forget("b")
    posts.forget("b")
    assert drain(posts, 0.0) == (["a"], math.inf)
    assert drain(posts, 60.0) == ([], math.inf)
    assert not posts._buckets
    posts.queue("c", 60, "C", is_parent=True)
    assert drain(posts, 60.0) == (["c"], math.inf)
    posts.queue("d", 60, "D", is_parent=True, not_before=900)
    assert drain(posts, 60.1) == ([], 900)
    assert [*posts._buckets] == ["C"]
    assert drain(posts, 120.0) == ([], 900)
    assert not posts._buckets
