import itertools
from collections.abc import Mapping
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.backoff import SHORTER, TRIES, TRIES_UNHEARD, Backoff
from bot.durable.recovery import SEARCH_SHARED
from bot.durable.sharing.ownership import CUT_OFF

WALL = 1_796_119_200.0  # 1 December 2026, 10:00 UTC
NO_HEADERS: Mapping[str, str] = MappingProxyType({})
SEVEN = "Tue, 01 Dec 2026 10:00:07 GMT"


def pauses(
    status: int | None,
    headers: Mapping[str, str] = NO_HEADERS,
    *,
    number: int = 0,
    left: float = 90.0,
    is_alone: bool = True,
) -> list[float | None]:
    """All that one request is given, refused again and again in the same way."""
    backoff, tries = Backoff(number, is_alone=is_alone), TRIES if status or is_alone else TRIES_UNHEARD
    return [backoff.pause(status, headers, left=left, wall=WALL) for _ in range(tries + 1)]


@pytest.mark.parametrize("status", [None, 408, 409, 429, 498, 500, 502, 503, 504, 529, 599])
def test_pauses_grow_until_it_has_been_tried_eight_times(status: int | None) -> None:
    """Where the server says nothing on it."""
    assert pauses(status) == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0, None, None]


def test_where_nothing_is_heard_of_the_server_it_is_tried_until_others_would_have_taken_over() -> None:
    """They may reach it: what has failed by then would have failed for nothing."""
    *tried, last, after = pauses(None, is_alone=False)
    assert (tried, last, after) == ([0.5, 1.0, 2.0, 4.0, *[8.0] * 6], None, None)
    assert sum(pause or 0.0 for pause in tried) * (1 - SHORTER) > CUT_OFF + 2 * SEARCH_SHARED + 5.0


def test_a_server_that_is_heard_of_at_last_is_not_left_at_its_first_word() -> None:
    """It is starting: whoever has waited for it goes on as if there had been no sign."""
    backoff = Backoff(0, is_alone=False)
    statuses = [None] * TRIES + [503] * 3
    pauses = [backoff.pause(status, NO_HEADERS, left=90.0, wall=WALL) for status in statuses]
    assert pauses == [0.5, 1.0, 2.0, 4.0, *[8.0] * 6, None]


@pytest.mark.parametrize("status", [300, 400, 401, 402, 403, 404, 410, 413, 422, 499])
def test_what_will_not_get_better_has_no_pause(status: int) -> None:
    """Also where the server says when to come again."""
    assert pauses(status, {"retry-after": "1"}) == [None] * 9


@pytest.mark.parametrize(
    ("status", "word", "is_tried"),
    [(400, "true", True), (429, "true", True), (429, "false", False), (500, "false", False), (500, "no", True)],
)
def test_the_servers_word_goes_before_its_status(status: int, word: str, *, is_tried: bool) -> None:
    """If it is one of the two that are known."""
    assert (pauses(status, {"x-should-retry": word})[0] is not None) is is_tried


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after": "89.9"}, 89.9),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after-ms": "1500", "retry-after": "7"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "7"}, 7.0),
        ({"retry-after": SEVEN}, 7.0),
        ({"retry-after": SEVEN, "date": "Tue, 01 Dec 2026 10:00:02 GMT"}, 5.0),
        ({"retry-after": SEVEN, "date": "today"}, 7.0),
        ({"retry-after": "Tue, 01 Dec 2026 09:59:59 GMT"}, 0.5),
        ({"retry-after": "Tue, 41 Dec 2026 09:59:59 GMT"}, 0.5),
        ({"retry-after": "Tue, 01 Dec 99999 09:59:59 GMT"}, 0.5),
        *[({"retry-after": text}, 0.5) for text in ("", "0", "-1", "nan", "inf", "1e999", "soon")],
        *[({"retry-after": text}, None) for text in ("90", "3600")],
    ],
)
def test_the_servers_delay_counts_if_it_makes_sense(headers: dict[str, str], pause: float | None) -> None:
    """In milliseconds, seconds, or as a date held against the server's own clock; if it is too long, there is none."""
    assert pauses(429, headers)[0] == (None if pause is None else pytest.approx(pause))


@pytest.mark.parametrize(("left", "expected"), [(4.1, 4.0), (4.0, None), (0.0, None), (-1.0, None)])
def test_no_pause_ends_after_the_time_is_over(left: float, expected: float | None) -> None:
    """There would be none left to ask in."""
    assert pauses(500, left=left)[3] == expected


@given(number=st.integers(0, 10_000), seconds=st.integers(1, 80))
def test_nobody_comes_sooner_than_asked_and_neighbours_not_together(number: int, seconds: int) -> None:
    """Four in a row are the answers of one run; a seventh of a second lies between them at the least."""
    asked = [pauses(429, {"retry-after": str(seconds)}, number=number + place)[0] for place in range(4)]
    at = sorted(pause for pause in asked if pause is not None)
    assert len(at) == 4
    assert at[0] >= seconds
    assert at[-1] <= seconds + 1
    assert min(after - before for before, after in itertools.pairwise(at)) > 0.14


@given(st.integers(0, 10_000))
def test_own_pauses_are_shorter_by_a_quarter_at_most(number: int) -> None:
    """As the SDK has it."""
    for pause, longest in zip(pauses(None, number=number), pauses(None), strict=True):
        assert (pause is None) is (longest is None)
        assert pause is None or longest is None or 0.75 * longest <= pause <= longest
