"""What is looked for and when, in literal times; what is told of it."""

import pytest

from bot.durable.events import Asked, Spent, Taught
from bot.durable.record import Record, Saved, Search
from bot.durable.recovery import BATCH, DOUBT, HOUR, MINUTE, SEARCH, TIDY, TIMEOUT, Recovery
from bot.errors import StoreError
from bot.slack.question import Question
from tests.durable.test_journal import Database, now

RECORD = Record(Question("k", "Why?", "U", "C"), 0.0, {}, {})


def recovery_of(database: Database, *, history: float = 100.0) -> Recovery:
    """A recovery on the loop's time."""
    return Recovery(database, clock=now, history=history)


async def test_it_looks_once_in_a_while() -> None:
    """A look that failed is made again at once; one that was made counts from its end."""
    recovery = recovery_of(Database())
    search = recovery.search(100.0)
    assert search == Search(frozenset(), now() - MINUTE)
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
    search = Search(frozenset(), 0.0)
    at = now() - 10.0
    spent = [recovery.note(search, Saved(frozenset(), (), edits), 0.0) for edits in ([at], [at, at], [at - 5, at, at])]
    assert spent == [[Spent([10 - DOUBT])], [Spent([10 - DOUBT])], [Spent([15 - DOUBT])]]
    assert recovery.note(search, Saved(frozenset(), (), [now()]), 0.0) == [Spent([0.0])]


async def test_what_was_begun_and_spent_is_told_when_it_opens() -> None:
    """And is not counted once more."""
    database = Database()
    database.spent, database.asked = [now() - 30, now() - 70], [("U", now() - 100)]
    recovery = recovery_of(database)
    database.lesson = "what was learned"
    assert await recovery.open() == [Spent([30 - DOUBT]), Asked("U", 100), Taught("what was learned")]
    assert database.asked_from == now() - HOUR
    found = recovery.note(Search(frozenset(), 0.0), Saved(frozenset(), (), [now() - 30]), 0.0)
    assert found == [Spent([])]


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
