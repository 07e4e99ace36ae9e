"""What is counted: plain numbers, which do not grow in kind."""

from bot.tally import LONGEST_MODEL, MOST_MODELS, OTHER, Histogram, Tally


def test_a_histogram_counts_each_value_once() -> None:
    """In the first bound that it does not exceed; beyond all, in the last."""
    found = Histogram((1.0, 2.0))
    for value in (0.0, 1.0, 1.5, 2.0, 2.1, 100.0):
        found.observe(value)
    assert (found.counts, found.total) == ([2, 2, 2], 106.6)


def test_a_server_that_makes_up_names_fills_nothing() -> None:
    """The first names are told apart, and what is beyond them is one; no name is longer than a line."""
    tally = Tally()
    for number in range(1_000):
        tally.count_answer("done", f"model-{number}", 2)
    tally.count_answer("done", "model-0", 5)
    tally.count_answer("failed", "", 0)
    assert tally.answers == {"done": 1_001, "failed": 1}
    assert len(tally.tokens) == MOST_MODELS + 1
    assert (tally.tokens["model-0"], tally.tokens[OTHER]) == (7, 2 * (1_000 - MOST_MODELS))
    long = Tally()
    long.count_answer("done", "m" * 1_000, 1)
    long.count_answer("done", "", 1)
    assert [*long.tokens] == ["m" * LONGEST_MODEL, OTHER]


def test_what_may_come_stands_at_zero() -> None:
    """The first broken run is a rise from nothing, which a query sees."""
    tally = Tally()
    tally.expect(["perspectives", "deeper"], ["done", "broken"], ["failed"])
    assert tally.runs["deeper", "broken"] == 0
    assert len(tally.runs) == 4
    assert ("failed" in tally.answers, "shown" in tally.edits) == (True, True)
