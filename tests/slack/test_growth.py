"""What a text costs grows with its length and no faster, whatever it is made of."""

import math
import re
from collections.abc import Callable

import pytest

from bot.markup.characters import is_blank
from bot.markup.takeaway import takeaway
from bot.quotas import Limits
from bot.runs.admission import Admission
from bot.slack import blocks, notices
from bot.slack.markup.links import make_safe
from bot.slack.markup.mending import mend
from bot.slack.markup.mrkdwn import escape_markdown, unescape, without_mention
from bot.slack.markup.pages import fit, has_too_many_items, pages, stretches
from bot.texts.en import ENGLISH
from tests.benchmarks.layout import measure
from tests.support.pathological import PATHOLOGICAL, generated

SIZES = (12_000, 24_000, 48_000)  # characters
QUICK = 4.0  # milliseconds; what takes no more, however long, is nothing that anybody waits for
WORST = 3.2  # times; twice as much text takes twice as long, and four times where time grows with the square
SEEDS = 60


def _plainer(text: str) -> None:
    list(stretches(text, limit=3_000))


def _fits(text: str) -> None:
    Admission(Limits(1, 1), problem_limit=40_000, fits=blocks.fits_parent).admit(text, "ann", 0, opens_thread=True)


WORKS: list[Callable[[str], object]] = [
    *(fit, pages, takeaway, mend, make_safe, escape_markdown, unescape, is_blank, has_too_many_items, _plainer, _fits),
    lambda text: without_mention(text, "B1"),
    lambda text: fit(text, room=2_000),
    lambda text: notices.too_long(text, 1, ENGLISH),
    lambda text: blocks.parent(text, "U1", ENGLISH, below=3_000),
]


def growth(do: Callable[[str], object], make: Callable[[int], str]) -> float:
    """How many times longer it takes with twice as much text; 0 where it takes no time.

    Each time that the text is doubled: another page, or another way to cut it, costs something once. So the longest
    text, which takes more than the others together, is tried only where the step before grew too much.
    """
    least = 0.0
    for repeats in (1, 3, 10):  # what is slow only for what else the machine does is not slow again and again
        least, before = math.inf, max(measure(do, make(SIZES[0]), repeats), QUICK / 8)
        for size in SIZES[1:]:
            after = max(measure(do, make(size), repeats), QUICK / 8)
            least, before = min(least, after / before), after
            if least < WORST:
                return least
        if before < QUICK:
            return 0.0
    return least


@pytest.mark.parametrize("name", PATHOLOGICAL)
@pytest.mark.heavy
def test_time_grows_with_the_length_of_a_text(name: str) -> None:
    """For all that is ever done with one, and each text that is known to be hard."""
    for do in WORKS:
        assert growth(do, PATHOLOGICAL[name]) < WORST, do


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(SEEDS))
def test_time_grows_with_the_length_of_what_a_grammar_makes(seed: int) -> None:
    """And for others that nobody thought of."""
    for do in WORKS:
        assert growth(do, lambda size: generated(seed, size)) < WORST, do


@pytest.mark.heavy
def test_growth_is_found_where_there_is_some() -> None:
    """Each place is a beginning from which the rest is looked through, from each place in it: eight times the time.

    Where it is four times, a busy machine hides it now and then.
    """
    pattern = re.compile("a*a*b")
    assert growth(pattern.search, lambda size: "a" * (size // 90)) > WORST
