import math

import pytest

from bot.delivery.schedules.track import Track


@pytest.mark.parametrize(
    ("started_before", "started", "is_last", "is_long", "not_before", "at"),
    [
        (-math.inf, -math.inf, False, False, -math.inf, -math.inf),
        (-math.inf, 10.0, False, False, -math.inf, 10.8),
        (-math.inf, 10.0, False, True, -math.inf, 13.0),
        (-math.inf, 10.0, True, True, -math.inf, -math.inf),  # a last text waits for no interval
        (10.0, 10.1, True, False, -math.inf, 11.0),  # but for the one that holds two edits at the most
        (10.0, 10.8, False, False, 20.0, 20.0),
    ],
)
def test_a_message_is_edited_no_sooner(
    *, started_before: float, started: float, is_last: bool, is_long: bool, not_before: float, at: float
) -> None:
    """For the reader's sake, and after a failure."""
    track = Track(
        is_index=False,
        since=0.0,
        shows_text=True,
        is_last=is_last,
        is_long=is_long,
        started=started,
        started_before=started_before,
        not_before=not_before,
    )
    assert track.may_start() == pytest.approx(at)
