import pytest

from bot.slack.markup.asterisks import Run, flanks, pair, surely_flanks


@pytest.mark.parametrize(
    ("outside", "inside", "sees", "always_sees"),
    [
        (" ", "a", True, True),
        ("あ", "a", True, True),
        ("あ", "「", False, False),
        ("。", "「", True, True),
        (" ", "「", True, True),
        ("→", "「", True, False),  # a symbol is punctuation to the newest version only
        ("+", "「", True, True),
        ("あ", "🚀", False, False),
        ("a", " ", False, False),
        ("→", "a", True, True),
        ("→", " ", False, False),
    ],
)
def test_asterisks_are_an_edge_as_commonmark_has_it(outside: str, inside: str, sees: bool, always_sees: bool) -> None:  # noqa: FBT001 - a table's columns
    """By what stands on both sides of them."""
    assert flanks(outside, inside) == sees
    assert surely_flanks(outside, inside) == always_sees


def run(start: int, length: int, before: str = " ", after: str = "a") -> Run:
    """Some asterisks."""
    return Run(start, start + length, before, after)


def test_asterisks_are_paired_with_the_nearest_that_are_open() -> None:
    """What is left over is told in its order."""
    one, two, three, four = run(0, 2), run(3, 2), run(6, 2, "a", " "), run(9, 2, " ", " ")
    assert pair([one, two, three, four], Run.may_open, Run.may_close) == ([(two, three)], [one, four])
    assert pair([one, run(3, 3, "a", " ")], Run.may_open, Run.may_close) is None
    assert pair([run(0, 4)], Run.may_open, Run.may_close) is None
    assert run(0, 3).marks == "***"
