"""Every pause before something is tried again: Slack's calls and connections, and the model's requests.

Pure: the time comes in, the pause goes out. Of a model's request that was refused the laws are:

- What will not get better by itself is not sent again: that is told by the status, or by the server's own word
  (`x-should-retry`).
- The server's delay counts; where it asks for none, pauses grow. What cannot be waited for is not waited for: no pause
  ends after the time is over.
- Requests that are refused together do not come back together: each has a place of its own, which draws out the
  server's delay (nobody comes sooner than asked) and shortens our own pauses.
"""

import math
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime

TRIES = 8  # requests in all; ours are then over within 32 s, and it is for the person to ask again
# The same where nothing is heard of the server, and other processes may hear of it: they take 41 s at the least. By
# then one that alone does not reach it has left its runs to those (`durable.sharing.ownership`).
TRIES_UNHEARD = 11
MODEL_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)  # seconds; the SDK's
SHORTER = 0.25  # the part of a pause that may be taken off it; the SDK's
LONGER = 1.0  # seconds that may be added to the server's delay
GOLDEN = (5**0.5 - 1) / 2  # multiples of it, without their whole part, are as far from each other as can be

# Seconds before each further try, the last one again and again.
CALL_PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0)  # of a call about a message; Slack's outages last minutes
CONNECTION_PAUSES = (1.0, 2.0, 4.0, 7.0)  # of a connection to Slack, and of the question who the bot is

EPHEMERAL_PAUSES = (2.0, 10.0, 30.0)  # seconds before each further try to tell a person something; there is no fourth

PASSING = {408, 409, 429, 498}  # statuses that may pass, besides those from 500 on; the SDK's, and Groq's capacity


def nth(pauses: Sequence[float], number: int) -> float:
    """The pause before the further try of a number, the first being 1; the last pause holds for all that follow."""
    return pauses[min(number, len(pauses)) - 1]


class Backoff:
    """The pauses of one request; `number` is its place among all. Where it `is_alone`, no other process may do it."""

    def __init__(self, number: int, *, is_alone: bool = True) -> None:
        self._place = number * GOLDEN % 1
        self._tries_unheard = TRIES if is_alone else TRIES_UNHEARD
        self._tries = 0

    def pause(self, status: int | None, headers: Mapping[str, str], *, left: float, wall: float) -> float | None:
        """How many seconds to wait before the next try, of the `left` that there are; None if there is to be none.

        `status` and `headers` are the refusal's, the names in lower case; None where the connection failed. `wall` is
        the time of day in seconds since 1970, for a delay that is one too.
        """
        self._tries += 1
        # Who has waited for a sign of the server is not told to go at the first one.
        most = TRIES if status and self._tries <= TRIES else self._tries_unheard
        if self._tries >= most or not _may_pass(status, headers):
            return None
        asked = _asked_delay(headers, wall)
        if asked is not None:
            asked += self._place * LONGER
            return asked if asked < left else None
        own = nth(MODEL_PAUSES, self._tries) * (1 - SHORTER * self._place)
        return own if own < left else None


def _may_pass(status: int | None, headers: Mapping[str, str]) -> bool:
    said = headers.get("x-should-retry")
    if said in {"true", "false"}:
        return said == "true"
    return status is None or status in PASSING or status >= 500  # noqa: PLR2004 - the server's own failures


def _asked_delay(headers: Mapping[str, str], wall: float) -> float | None:
    """The server's delay in seconds, above 0; None where it asks for none that makes sense."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            delay = float(headers.get(name, "")) * unit
        except ValueError:
            continue
        return delay if math.isfinite(delay) and delay > 0 else None
    moment = _moment(headers.get("retry-after", ""))
    if moment is None:
        return None
    # Against the server's own clock, where it tells it: ours may be wrong.
    delay = moment - (_moment(headers.get("date", "")) or wall)
    return delay if delay > 0 else None


def _moment(date: str) -> float | None:
    """An HTTP date in seconds since 1970."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError, OSError):
        return None
