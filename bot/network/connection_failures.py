"""Why no connection came about: read out of what a client has raised, whichever client it was.

aiohttp, httpx2, openai and slack_sdk each wrap what happened in errors of their own (openai calls a certificate that
nobody trusts a time-out). The standard library's error, which says what it was, is always among the causes: so it is
looked for there, and the wrappers do not matter.
"""

import errno
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

import aiohttp

from bot.network.causes import CAUSES, ConnectionFailure

# The name is not known, or has no address; not every system has the second number.
_NO_HOST = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}

LONGEST_CHAIN = 20  # errors; the clients' are four deep
# OpenSSL's words, as Python gives them in `reason`, for an answer that is no TLS record.
_NOT_TLS_REASONS = frozenset(
    {"HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL"}
    | {"WRONG_VERSION_NUMBER"}
)
_BY_ERRNO = {
    errno.ECONNREFUSED: ConnectionFailure.REFUSED,
    errno.EHOSTUNREACH: ConnectionFailure.NO_ROUTE,
    errno.ENETUNREACH: ConnectionFailure.NO_ROUTE,
    errno.EADDRNOTAVAIL: ConnectionFailure.NO_ROUTE,
}


def classify(error: BaseException) -> ConnectionFailure | None:
    """What kept the client that raised `error` from connecting; None where it was something else, or is not known."""
    return next((failure for one in _chain(error) if (failure := _classify(one))), None)


def examine(error: BaseException, url: str) -> tuple[ConnectionFailure, Mapping[str, str]] | None:
    """What kept a client from connecting to `url`, and the arguments of the words for that: `host` and `detail`.

    Nothing of the address is shown but its host and port. What else is quoted is OpenSSL's word for what is wrong with
    a certificate, or a status of HTTP.
    """
    found = next(((failure, one) for one in _chain(error) if (failure := _classify(one))), None)
    if found is None:
        return None
    failure, cause = found
    wrapper = next((one for one in _chain(error) if isinstance(one, aiohttp.ClientConnectorError)), None)
    if failure is ConnectionFailure.NO_SUCH_HOST and wrapper and wrapper.host != urlsplit(url).hostname:
        failure = ConnectionFailure.NO_SUCH_PROXY
    return failure, {"host": host_of(url), "detail": _detail(cause)}


def explain(error: BaseException, url: str) -> str:
    """The cause as a part of a sentence, for whoever runs the bot; empty where `examine` knows none."""
    found = examine(error, url)
    return CAUSES[found[0]].format_map(found[1]) if found else ""


def advise(failure: ConnectionFailure, variable: str) -> str:
    """What whoever runs the bot can do about it, as a sentence; `variable` is the one that names the server."""
    match failure:
        case ConnectionFailure.CERTIFICATE:
            return f"Check {variable}; if the certificate is your own organization's, name its issuer in SSL_CERT_FILE."
        case ConnectionFailure.PROXY_AWAY | ConnectionFailure.PROXY_REFUSED:
            return "Check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY."
        case ConnectionFailure.NO_NAME_SERVICE | ConnectionFailure.NO_ROUTE:
            return f"Check this machine's network, and {variable}."
        case _:
            return f"Check {variable}."


def _classify(error: BaseException) -> ConnectionFailure | None:
    failure = None
    match error:
        case aiohttp.ClientHttpProxyError():
            failure = _classify_proxy(error.status)
        case aiohttp.ClientProxyConnectionError():
            failure = ConnectionFailure.PROXY_AWAY
        case aiohttp.ClientConnectorError():
            pass  # an OSError too, but what it wraps says more
        case aiohttp.http_exceptions.HttpProcessingError():
            failure = ConnectionFailure.NOT_HTTP
        case ssl.SSLError():
            failure = _classify_tls(error)
        case socket.gaierror():
            is_known = error.errno in _NO_HOST
            failure = ConnectionFailure.NO_SUCH_HOST if is_known else ConnectionFailure.NO_NAME_SERVICE
        case OSError():
            failure = _classify_system(error)
    return failure


def _classify_proxy(status: int) -> ConnectionFailure:
    is_refusal = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    is_passing = status in {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
    return ConnectionFailure.PROXY_REFUSED if is_refusal and not is_passing else ConnectionFailure.PROXY_AWAY


def _classify_tls(error: ssl.SSLError) -> ConnectionFailure | None:
    if isinstance(error, ssl.SSLCertVerificationError):
        return ConnectionFailure.CERTIFICATE
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return None  # the connection broke
    return ConnectionFailure.NOT_TLS if error.reason in _NOT_TLS_REASONS else ConnectionFailure.HANDSHAKE


def _classify_system(error: OSError) -> ConnectionFailure | None:
    # A host with several addresses: where they fail differently, the numbers stand in the text only.
    numbers = [error.errno] if error.errno else [int(number) for number in re.findall(r"\[Errno (\d+)\]", str(error))]
    found = {_BY_ERRNO[number] for number in numbers if number in _BY_ERRNO}
    return ConnectionFailure.REFUSED if ConnectionFailure.REFUSED in found else next(iter(found), None)


def _detail(error: BaseException) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return f" ({getattr(error, 'verify_message', '') or 'it cannot be verified'})"
        case ssl.SSLError():
            return f" ({error.reason})" if error.reason else ""
        case aiohttp.ClientHttpProxyError():
            return f" (HTTP {error.status})"
    return ""


def host_of(url: str) -> str:
    """An address's host and port, without the user and the password that it may hold."""
    return urlsplit(url).netloc.rpartition("@")[2]


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error, its cause, the cause of that, and so on."""
    for _ in range(LONGEST_CHAIN):  # a chain may be a ring
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__
