"""What is looked for and when, in literal times; what is told of it."""

import pytest

from bot.durable.events import Asked, Event, Spent, Taught
from bot.durable.holdings import Holdings
from bot.durable.record import Record, Saved, Search
from bot.durable.recovery import BATCH, BEHIND, DOUBT, HOUR, MINUTE, SEARCH, TIDY, TIMEOUT, Recovery
from bot.durable.unsaved import Unsaved
from bot.errors import StoreError
from bot.slack.question import Question
from tests.durable.test_journal import Database, now

RECORD = Record(Question("k", "Why?", "U", "C"), 0.0, {}, {})


def recovery_of(database: Database, *, history: float = 100.0) -> Recovery:
    """A recovery on the loop's time, of a process that serves the workspace W."""
    recovery = Recovery(database, clock=now, history=history)
    recovery.attend("W")
    return recovery


async def look_back(recovery: Recovery) -> list[Event]:
    """What it tells of what was before."""
    news: list[Event] = []
    await recovery.look_back(news, Holdings(Unsaved(), now))
    return news


async def test_it_looks_once_in_a_while() -> None:
    """A look that failed is made again at once; one that was made counts from its end."""
    recovery = recovery_of(Database())
    search = recovery.search(100.0)
    assert search == Search(frozenset(), now() - MINUTE, may_fence=True)
    assert recovery.search(100.1) == search
    recovery.note(search, Saved(frozenset()), 101.0)
    assert recovery.search(101.0 + SEARCH - 0.1) is None
    assert recovery.search(101.0 + SEARCH) is not None
    assert recovery.wait(102.0) == SEARCH - 1.0


async def test_who_is_about_to_end_looks_for_nothing() -> None:
    """It renews its lease as often as before."""
    recovery = recovery_of(Database())
    recovery.rest()
    assert recovery.search(100.0) is None
    assert recovery.wait(100.0) == SEARCH


async def test_who_is_about_to_end_takes_what_is_asked_in_its_own_workspaces() -> None:
    """Others hand it over for as long as they are its: it claims no more of them, and looks as often as before."""
    recovery = recovery_of(Database())
    recovery.rest()
    search = recovery.search(100.0, frozenset({"W"}))
    assert search
    assert not search.may_claim
    recovery.note(search, Saved(frozenset()), 100.0)
    assert recovery.search(101.0, frozenset({"W"})) is None
    assert recovery.wait(101.0) == SEARCH - 1.0


async def test_how_long_something_has_been_out_of_reach_is_told() -> None:
    """Since all was reached last, once a look has failed; where nobody looks, it says nothing."""
    recovery = recovery_of(Database())

    def reached_ago() -> float | None:
        search = recovery.search(150.0)
        assert search
        return search.reached_ago

    assert reached_ago() is None
    recovery.note_reach(100.0, is_reached=True)
    assert reached_ago() == 0.0
    recovery.note_reach(100.0, is_reached=False)
    assert reached_ago() == 50.0
    recovery.note_reach(140.0, is_reached=True)
    assert reached_ago() == 0.0
    recovery.note_reach(0.0, is_reached=False)
    assert reached_ago() == 150.0


async def test_it_looks_again_when_the_lease_of_another_ends() -> None:
    """Unless it is renewed, as most are long before."""
    recovery = recovery_of(Database())
    search = recovery.search(100.0)
    assert search
    for ends_in, again in ((0.5, 0.5 + BEHIND), (8.0, SEARCH)):
        recovery.note(search, Saved(frozenset(), ends_in=ends_in), 100.0)
        assert recovery.wait(100.0) == pytest.approx(again)


async def test_strays_are_released_with_the_next_look() -> None:
    """Once: those that were found meanwhile wait for the one after."""
    recovery = recovery_of(Database())
    recovery.note_strays({"a", "b"})
    search = recovery.search(100.0)
    assert search
    assert search.strays == {"a", "b"}
    recovery.note_strays({"c"})
    recovery.note(search, Saved(frozenset()), 100.0)
    again = recovery.search(200.0)
    assert again
    assert again.strays == {"c"}


async def test_each_edit_of_another_process_is_counted_once() -> None:
    """Late rather than early; one of the same moment is another, and one that is written late counts too."""
    recovery = recovery_of(Database())
    await look_back(recovery)
    search = Search(frozenset(), 0.0, workspaces=frozenset({"W"}))
    at = now() - 10.0
    each = ([at], [at, at], [at - 5, at, at])
    spent = [recovery.note(search, Saved(frozenset(), (), {"W": edits}), 0.0) for edits in each]
    assert spent == [[Spent("W", [10 - DOUBT])], [Spent("W", [10 - DOUBT])], [Spent("W", [15 - DOUBT])]]
    assert recovery.note(search, Saved(frozenset(), (), {"W": [now()]}), 0.0) == [Spent("W", [0.0])]


async def test_what_was_begun_and_spent_is_told_when_a_workspace_is_served() -> None:
    """And is not counted once more; until then nothing is told of it."""
    database = Database()
    database.spent, database.asked = [now() - 30, now() - 70], [("U", now() - 100)]
    recovery = recovery_of(database)
    database.lesson = "what was learned"
    assert recovery.search(0.0) == Search(frozenset(), now() - MINUTE, may_fence=True)
    assert await look_back(recovery) == [
        Spent("W", [30 - DOUBT]),
        Asked("W", "U", 100),
        Taught("W", "what was learned"),
    ]
    assert database.asked_from == now() - HOUR
    search = recovery.search(0.0)
    assert search
    assert search.workspaces == {"W"}
    assert recovery.note(search, Saved(frozenset(), (), {"W": [now() - 30]}), 0.0) == [Spent("W", [])]
    assert await look_back(recovery) == []


async def test_however_many_workspaces_are_looked_back_on_at_once() -> None:
    """Who waits for an edit to be written down waits for this too: a process that takes many over asks once."""
    database = Database()
    recovery = recovery_of(database)
    for workspace in ("V", "X"):
        recovery.attend(workspace)
    database.spent = [now() - 30]
    assert await look_back(recovery) == [Spent(one, [30 - DOUBT]) for one in ("V", "W", "X")]
    assert await look_back(recovery) == []
    assert database.served == [["V", "W", "X"]]


async def test_what_is_served_no_more_is_not_looked_at() -> None:
    """What was found meanwhile is nobody's business any more; served anew, it is looked back on anew."""
    database = Database()
    database.spent = [now() - 30]
    recovery = recovery_of(database)
    await look_back(recovery)
    search = recovery.search(0.0)
    assert search
    recovery.leave("W")
    assert recovery.note(search, Saved(frozenset(), (), {"W": [now() - 20]}), 0.0) == []
    assert recovery.search(100.0) == Search(frozenset(), now() - MINUTE, may_fence=True)
    recovery.attend("W")
    assert await look_back(recovery) == [Spent("W", [30 - DOUBT])]


async def test_what_is_old_is_forgotten_once_all_is_claimed(caplog: pytest.LogCaptureFixture) -> None:
    """Once an hour, sooner where there is more of it; never while there may be orphaned runs among it."""
    caplog.set_level("INFO")
    database, search = Database(), Search(frozenset(), 0.0)
    recovery = recovery_of(database, history=100.0)
    await recovery.tidy(0.0)
    recovery.note(search, Saved(frozenset(), [RECORD]), 0.0)
    await recovery.tidy(0.0)
    assert database.clears == []
    recovery.note(search, Saved(frozenset()), 0.0)
    database.old = BATCH + 3
    for at in (10.0, 10.0 + SEARCH - 0.1, 10.0 + SEARCH, 10.0 + SEARCH + TIDY - 0.1, 10.0 + SEARCH + TIDY):
        await recovery.tidy(at)
    assert database.clears == [(now() - 100.0, BATCH)] * 3
    assert [record.message for record in caplog.records] == ["store.cleared runs=100", "store.cleared runs=3"]
    recovery.rest()
    await recovery.tidy(1e9)
    assert len(database.clears) == 3


async def test_a_failure_to_tidy_up_waits_for_its_turn(caplog: pytest.LogCaptureFixture) -> None:
    """It is said, and nobody waits longer for it than for a write."""
    database = Database()
    recovery = recovery_of(database)
    recovery.note(Search(frozenset(), 0.0), Saved(frozenset()), 0.0)
    database.failure = StoreError("away")
    await recovery.tidy(0.0)
    database.failure, database.takes = None, 100.0
    began = now()
    await recovery.tidy(TIDY)
    assert now() - began == pytest.approx(TIMEOUT)
    await recovery.tidy(TIDY + SEARCH)
    assert now() - began == pytest.approx(TIMEOUT)
    assert [record.message for record in caplog.records] == ["store.untidy error=away", "store.untidy error=no answer"]


async def test_it_looks_again_at_once_where_it_took_as_much_as_it_may() -> None:
    """A process that died may have left more than that, and each waits for somebody."""
    recovery = recovery_of(Database())
    search = Search(frozenset(), 0.0, limit=2)
    recovery.note(search, Saved(frozenset(), [RECORD, RECORD]), 100.0)
    assert recovery.search(100.0) is not None
    recovery.note(search, Saved(frozenset(), [RECORD]), 100.0)
    assert recovery.search(100.1) is None
