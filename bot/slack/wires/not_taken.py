"""What becomes of a payload that nobody takes: it comes again where a listener fails, and not where none can read it.

It comes again where Slack gets no acknowledgement. Bolt's own words would quote the whole request.
"""

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TypeVar

from slack_bolt.response import BoltResponse

from bot.errors import StoreError, describe
from bot.slack.payloads.fields import OddFieldError

logger = logging.getLogger(__name__)

T = TypeVar("T")


class NotTakenError(Exception):
    """Whoever is to receive a question or a press has failed, which is the cause."""


async def taken(work: Awaitable[T]) -> T:
    """What receives a question or a press.

    Raises:
        NotTakenError: it has failed.
    """
    try:
        return await work
    except Exception as error:
        raise NotTakenError from error


async def on_error(error: Exception) -> BoltResponse | None:
    """What a listener raised."""
    if isinstance(error, NotTakenError | StoreError):  # the latter, where it is not known whose installation it is for
        logger.error("listener.broken error=%s", describe(error.__cause__ or error))
        return None  # it is not acknowledged: Slack delivers it again, or says so to whoever pressed
    logger.warning("listener.odd error=%s", type(error).__name__)
    return BoltResponse(status=HTTPStatus.OK)  # Bolt cannot read it, the next time neither


def try_reading(kind: str, read: Callable[[], T | None]) -> T | None:
    """What `read` finds; nothing, and a line in the log, where the payload makes no sense."""
    try:
        return read()
    except OddFieldError as odd:
        logger.warning("listener.odd kind=%s field=%s", kind, odd)
        return None
