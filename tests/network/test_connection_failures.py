import asyncio
import errno
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from socket import EAI_AGAIN, EAI_FAIL, EAI_NONAME, gaierror

import aiohttp
import openai
import pytest

from bot.network.causes import ConnectionFailure
from bot.network.connection_failures import classify, explain
from tests.support.certificates import server_context


def caused(*errors: BaseException) -> BaseException:
    """The first of the errors, of which each was caused by the next."""
    for error, cause in pairwise(errors):
        error.__cause__ = cause
    return errors[0]


def tls_error(reason: str) -> ssl.SSLError:
    """What OpenSSL raises, with its word for why."""
    error = ssl.SSLError(1, f"[SSL: {reason}]")
    error.reason = reason
    return error


TABLE = [
    (ssl.SSLCertVerificationError(1, "expired"), ConnectionFailure.CERTIFICATE),
    (tls_error("WRONG_VERSION_NUMBER"), ConnectionFailure.NOT_TLS),
    (tls_error("HTTP_REQUEST"), ConnectionFailure.NOT_TLS),
    (tls_error("TLSV1_ALERT_PROTOCOL_VERSION"), ConnectionFailure.HANDSHAKE),
    (tls_error("TLSV13_ALERT_CERTIFICATE_REQUIRED"), ConnectionFailure.HANDSHAKE),
    (ssl.SSLEOFError(8, "EOF occurred in violation of protocol"), None),
    (gaierror(EAI_NONAME, "Name or service not known"), ConnectionFailure.NO_SUCH_HOST),
    (gaierror(EAI_AGAIN, "Temporary failure in name resolution"), ConnectionFailure.NO_NAME_SERVICE),
    (gaierror(EAI_FAIL, "Non-recoverable failure"), ConnectionFailure.NO_NAME_SERVICE),
    (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), ConnectionFailure.REFUSED),
    (OSError(errno.ENETUNREACH, "unreachable"), ConnectionFailure.NO_ROUTE),
    (OSError("Multiple exceptions: [Errno 101] Connect, [Errno 111] Connect"), ConnectionFailure.REFUSED),
    (ConnectionResetError(errno.ECONNRESET, "reset"), None),
    (TimeoutError(), None),
    (ValueError("no connection at all"), None),
]


@pytest.mark.parametrize(("error", "failure"), TABLE)
def test_a_failure_is_known_by_the_standard_librarys_error(
    error: BaseException, failure: ConnectionFailure | None
) -> None:
    """However deep it lies beneath the errors of clients."""
    assert classify(error) is failure
    assert classify(caused(RuntimeError("a client's"), OSError("another's"), error)) is failure


def test_only_what_waiting_cannot_mend_is_lasting() -> None:
    """A server that is started again, a network or a name service that comes back: they pass."""
    passing = {failure for failure in ConnectionFailure if not failure.is_lasting}
    assert {failure.name for failure in passing} == {"NO_NAME_SERVICE", "REFUSED", "NO_ROUTE", "PROXY_AWAY"}


def test_a_ring_of_causes_is_followed_for_a_while_only() -> None:
    """Errors that are raised again and again can cause each other."""
    one, other = RuntimeError(), RuntimeError()
    one.__cause__, other.__cause__ = other, one
    assert classify(one) is None


@asynccontextmanager
async def server(answer: bytes, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server on loopback that answers whatever comes first with these bytes, and closes; its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1_000)
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context) as listening:
        yield listening.sockets[0].getsockname()[1]


async def ask_by_aiohttp(url: str, proxy: str | None) -> BaseException:
    """What aiohttp raises, as Slack's client uses it."""
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientError) as raised:
            await session.post(url, proxy=proxy)
    return raised.value


async def ask_by_openai(url: str, proxy: str | None) -> BaseException:
    """What OpenAI's client raises."""
    transport = openai.DefaultAioHttpClient(proxy=proxy, trust_env=False)
    async with openai.AsyncOpenAI(api_key="k", base_url=url, max_retries=0, http_client=transport) as client:
        with pytest.raises(openai.APIError) as raised:
            await client.models.list()
    return raised.value


CLIENTS = pytest.mark.parametrize("ask", [ask_by_aiohttp, ask_by_openai])
Ask = Callable[[str, str | None], Awaitable[BaseException]]


@CLIENTS
async def test_a_certificate_that_nobody_trusts(ask: Ask, tmp_path: Path) -> None:
    """Its own word says why: self-signed, expired, of another host."""
    async with server(b"", server_context(tmp_path)) as port:
        error = await ask(f"https://127.0.0.1:{port}/v1", None)
    assert classify(error) is ConnectionFailure.CERTIFICATE
    host = f"127.0.0.1:{port}"
    assert explain(error, f"https://name:secret@{host}/v1") == (
        f"the certificate of {host} is not trusted (self-signed certificate)"
    )


@CLIENTS
async def test_https_where_http_is_spoken(ask: Ask) -> None:
    """What answers is no TLS."""
    async with server(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        error = await ask(f"https://127.0.0.1:{port}/v1", None)
    assert classify(error) is ConnectionFailure.NOT_TLS
    assert explain(error, f"https://127.0.0.1:{port}/") == f"127.0.0.1:{port} does not speak https at that port"


@CLIENTS
async def test_a_port_that_nobody_listens_on(ask: Ask) -> None:
    """It may be listened on later."""
    async with server(b"") as port:
        pass
    error = await ask(f"http://127.0.0.1:{port}/v1", None)
    assert classify(error) is ConnectionFailure.REFUSED
    assert explain(error, f"http://127.0.0.1:{port}/") == f"nothing listens at 127.0.0.1:{port}"


@CLIENTS
async def test_a_host_that_does_not_exist(ask: Ask) -> None:
    """RFC 6761 keeps `.invalid` free of hosts. Where no name service answers at all, that is what is said."""
    error = await ask("http://nowhere.invalid/v1", None)
    assert classify(error) in {ConnectionFailure.NO_SUCH_HOST, ConnectionFailure.NO_NAME_SERVICE}
    assert "nowhere.invalid" in explain(error, "http://nowhere.invalid/v1")


@CLIENTS
async def test_a_proxy_that_is_not_there(ask: Ask) -> None:
    """It is not the server that is out of reach."""
    async with server(b"") as port:
        pass
    error = await ask("https://slack.example/api/", f"http://127.0.0.1:{port}")
    assert classify(error) is ConnectionFailure.PROXY_AWAY
    assert explain(error, "https://slack.example/api/").startswith("the proxy on the way to slack.example is out of")


@CLIENTS
@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (407, ConnectionFailure.PROXY_REFUSED),
        (403, ConnectionFailure.PROXY_REFUSED),
        (502, ConnectionFailure.PROXY_AWAY),
        (504, ConnectionFailure.PROXY_AWAY),
        (408, ConnectionFailure.PROXY_AWAY),
    ],
)
async def test_a_proxy_that_refuses(ask: Ask, status: int, failure: ConnectionFailure) -> None:
    """One that wants a password or forbids the host does so again; one that does not reach it, perhaps not."""
    async with server(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode()) as port:
        error = await ask("https://slack.example/api/", f"http://127.0.0.1:{port}")
    assert classify(error) is failure
    assert (f"(HTTP {status})" in explain(error, "https://slack.example/")) is failure.is_lasting


async def test_a_proxy_whose_host_does_not_exist() -> None:
    """The server's address is in order, and is not blamed."""
    error = await ask_by_aiohttp("https://slack.example/api/", "http://nowhere.invalid:3128")
    if classify(error) is ConnectionFailure.NO_SUCH_HOST:
        assert explain(error, "https://slack.example/").startswith("the proxy on the way to slack.example does not")
