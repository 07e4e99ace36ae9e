"""What kept an answer from coming: read out of the exception that a request or its stream has ended with.

Nothing of what a server has said is in the reason, since it may quote the key or the problem.
"""

import aiohttp
import httpx2
import openai

from bot.engine.protocol.chunks import ReportedError, name_model
from bot.engine.protocol.payload import read_anything
from bot.engine.protocol.provider_errors import (
    SERVER_ERROR,
    Report,
    WrongAddressError,
    code_of,
    find_cause,
    find_status,
    read_report,
)
from bot.engine.protocol.sse import TooLongError
from bot.engine.reasons import ARGUMENTS, Code, Reason, Value
from bot.network.connection_failures import examine

# What a broken connection raises; aiohttp's where the SDK's transport knows no name of its own for them.
BROKEN = (httpx2.RequestError, aiohttp.ClientError, OSError)  # a TimeoutError is an OSError
# What reading a stream may raise besides the SDK's own errors; nonsense is a ValueError, or nested too deep.
UNREADABLE = (*BROKEN, ValueError, RecursionError, ReportedError, WrongAddressError, TooLongError)


def read_error(error: Exception) -> Report | None:
    """What the server said, where it did."""
    match error:
        case openai.APIStatusError():
            return read_report(error.status_code, read_anything(error.response.content))
        case ReportedError():
            return read_report(None, error.body)
        case WrongAddressError():
            return Report(is_page=True)
    return None


def diagnose(
    error: Exception, model: str, url: str, *, limit: float = 0.0, is_open: bool = False, has_text: bool = False
) -> Reason:
    """What happened, for the person who asked.

    `model` and `url` are what was asked, `limit` the time-out's seconds; by then the server had agreed to answer if
    `is_open`, and some of the answer had come if it `has_text`.
    """
    report = read_error(error)
    status = report.status if report else None
    code = find_cause(report) if report else None
    if code is None:
        match error:
            case openai.APIStatusError():
                code = code_of(error.status_code)
            case TimeoutError():
                code = Code.SILENT
            case ReportedError():
                # If there was no text yet, it is as if it had come in place of the stream.
                status = None if has_text else find_status(error.body)
                code = _code_of(status, error)
            case TooLongError():
                code = Code.OVERSIZED
            case openai.APIConnectionError():
                code = Code.BROKEN
            case _:
                code = Code.BROKEN if isinstance(error, BROKEN) else Code.NONSENSE
    # A connection that broke while it was read had come about.
    if code is Code.BROKEN and not is_open and (found := examine(error, url)):
        failure, args = found
        return Reason(Code(failure.value), args)
    values: dict[str, Value] = {"model": name_model("", model), "seconds": limit, "status": status or 0}
    return Reason(code, {name: values[name] for name in ARGUMENTS.get(code, ())})


def _code_of(status: int | None, error: ReportedError) -> Code:
    """What an error in a stream is, which gives itself a status or none."""
    if status is None or status >= SERVER_ERROR:
        return Code.REPORTED
    return find_cause(read_report(status, error.body)) or code_of(status)
