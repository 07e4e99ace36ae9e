"""Requests as they come over the wire, odd ones too."""

import asyncio
import gzip
import json
import logging

import pytest

from bot.texts import read_language
from bot.web.stream import Form, choose_form
from tests.support.model_server import ModelServer, Script
from tests.support.web import ASK, PROBLEM, Site, serving
from tests.support.world import NAMES

SECRET = "marmalade"
BODY = json.dumps({"problem": f"Why is there no {SECRET}?"}).encode()
LENGTH = f"Content-Length: {len(BODY)}"
YES = {name: Script(("Yes.",)) for name in NAMES}


async def send(site: Site, line: str, *headers: str, body: bytes = b"", host: str = "", ends: bool = False) -> bytes:
    """All that comes on a request of these words, until the server closes or has had the time for an answer."""
    address = site.url.split("/")[2]
    head = "\r\n".join((line, host or f"Host: {address}", *headers, "", ""))
    reader, writer = await asyncio.open_connection("127.0.0.1", int(address.partition(":")[2]))
    writer.write(head.encode() + body)
    if ends:
        writer.write_eof()
    try:
        return await reader.read(-1)  # it closes a connection that is idle
    finally:
        writer.close()


def split(answer: bytes) -> tuple[int, bytes, bytes]:
    """The status, the head and the body of an answer."""
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), head, body


POST = f"POST /{ASK} HTTP/1.1"
JSON = "Content-Type: application/json"
CHUNKED = "Transfer-Encoding: chunked"

NO_HTTP: list[tuple[str, list[str], bytes]] = [
    (SECRET, [], b""),
    ("\x16\x03\x01\x02", [], b""),
    ("PRI * HTTP/2.0", [], b""),
    ("GET / HTTP/1.1", ["Host: evil.example"], b""),
    ("GET / HTTP/1.1", [f"X-A: {SECRET}{'a' * 9_000}"], b""),
    ("GET / HTTP/1.1", [f"X-{number}: a" for number in range(1_000)], b""),
    (f"GET /{SECRET}{'a' * 9_000} HTTP/1.1", [], b""),
    (f"GET /{SECRET}é HTTP/1.1", [], b""),
    (POST, [JSON, LENGTH, CHUNKED], BODY),
    (POST, [JSON, LENGTH, "Content-Length: 3"], BODY),
    (POST, [JSON, "Content-Length: -1"], BODY),
    (POST, [JSON, CHUNKED], BODY),
    (POST, [JSON, CHUNKED], b"f" * 5_000),
]


@pytest.mark.parametrize(("line", "headers", "body"), NO_HTTP)
async def test_what_is_no_http_is_refused_and_not_logged(
    line: str, headers: list[str], body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """As JSON, with the headers of all answers; of what it was, neither answer nor log has a word."""
    caplog.set_level(logging.DEBUG)
    async with serving(ModelServer()) as site:
        answer = await send(site, line, *headers, body=body)
        status, head, told = split(answer)
        assert (status, json.loads(told)["error"]["code"]) == (400, "not_http")
        assert b"X-Content-Type-Options: nosniff" in head
        assert b"Server: perspectives" in head
        assert SECRET.encode() not in answer
        assert site.model.requests == []
    assert "http.unreadable error=" in caplog.text
    assert SECRET not in caplog.text
    assert "Traceback" not in caplog.text


BAD_BODIES: list[tuple[list[str], bytes, int, str]] = [
    (["Content-Encoding: gzip", LENGTH], BODY, 400, "not_json"),
    (["Content-Encoding: gzip", CHUNKED], b"3\r\nabc\r\n0\r\n\r\n", 400, "not_json"),
    ([CHUNKED], b"fffff\r\n" + b"a" * 100_000, 413, "too_large"),
    (["Content-Length: 100000"], b"a", 413, "too_large"),
    ([CHUNKED], b"1\r\n{\r\n", 408, "too_slow"),  # and no end
]


@pytest.mark.parametrize(("headers", "body", "status", "code"), BAD_BODIES)
async def test_a_body_that_cannot_be_read_is_refused(
    headers: list[str], body: bytes, status: int, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is a fault of who sends it."""
    async with serving(ModelServer()) as site:
        got, _, told = split(await send(site, POST, JSON, *headers, body=body))
        assert (got, json.loads(told)["error"]["code"]) == (status, code)
        assert site.model.requests == []
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_a_small_body_that_comes_to_much_is_not_unpacked_to_its_end() -> None:
    """The limit is of what it comes to."""
    bomb = gzip.compress(b" " * 10_000_000)
    async with serving(ModelServer()) as site:
        headers = (JSON, "Content-Encoding: gzip", f"Content-Length: {len(bomb)}")
        status, _, told = split(await send(site, POST, *headers, body=bomb))
        assert (status, json.loads(told)["error"]["code"]) == (413, "too_large")


FORM = "Content-Type: application/x-www-form-urlencoded"
BAD_FORMS: list[tuple[list[str], bytes, int]] = [
    ([FORM, CHUNKED], b"8000\r\n" + b"a" * 0x8000 + b"\r\n" + b"8000\r\n" + b"a" * 0x8000 + b"\r\n0\r\n\r\n", 413),
    ([f"{FORM}; charset=none-such", "Content-Length: 7"], b"token=a", 401),
    ([FORM, "Content-Encoding: gzip", "Content-Length: 7"], b"token=a", 401),
    (["Content-Type: multipart/form-data", "Content-Length: 7"], b"token=a", 401),
    (["Content-Type: multipart/form-data; boundary=x", "Content-Length: 7"], b"token=a", 401),
]


@pytest.mark.parametrize(("headers", "body", "status"), BAD_FORMS)
async def test_so_is_a_form(headers: list[str], body: bytes, status: int, caplog: pytest.LogCaptureFixture) -> None:
    """And nobody is signed in by one."""
    async with serving(ModelServer(), web={"web_token": "a-token-of-the-team-s"}) as site:
        got, head, _ = split(await send(site, "POST /login HTTP/1.1", *headers, body=body))
        assert got == status
        assert b"Set-Cookie" not in head
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_who_has_closed_their_half_is_gone(caplog: pytest.LogCaptureFixture) -> None:
    """The log has nothing of it, and no streams stay open."""
    async with serving(ModelServer(**YES)) as site:
        shown = await send(site, POST, JSON, LENGTH, body=BODY, ends=True)
        assert b"event: done" not in shown  # the run may have begun by the time that the server notices
        await asyncio.sleep(0.5)
        assert site.model.open_streams == 0
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("headers", [[LENGTH], [LENGTH, "Expect: 100-continue"], [CHUNKED]])
async def test_old_and_careful_clients_are_answered(headers: list[str]) -> None:
    """HTTP/1.0 knows no pieces; some ask before they send a body, some send it in pieces."""
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY) if CHUNKED in headers else BODY
    async with serving(ModelServer(**YES)) as site:
        for version in ("1.1", "1.0") if headers == [LENGTH] else ("1.1",):
            answer = await send(site, f"POST /{ASK} HTTP/{version}", JSON, *headers, body=body)
            assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\n") is (len(headers) == 2)
            _, head, told = split(answer.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n"))
            assert (b"Transfer-Encoding: chunked" in head) is (version == "1.1")
            assert b"event: done" in told


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([JSON, "Content-Length: 100000"], 413),
        (["Content-Type: text/plain", LENGTH], 415),
        ([JSON, LENGTH, "Origin: http://evil.example"], 403),
    ],
)
async def test_nobody_is_called_on_to_send_what_is_refused(headers: list[str], status: int) -> None:
    """A careful client learns of it before it has sent anything."""
    async with serving(ModelServer()) as site:
        got, _, _ = split(await send(site, POST, *headers, "Expect: 100-continue"))
        assert got == status


@pytest.mark.parametrize("path", ["", "page.js", "openapi.json"])
async def test_the_head_of_what_stands_still_can_be_had_alone(path: str) -> None:
    """As of anything that can be got."""
    async with serving(ModelServer()) as site:
        async with site.client.get(site.url + path) as whole, site.client.head(site.url + path) as head:
            assert (head.status, await head.read()) == (200, b"")
            assert head.headers["Content-Length"] == whole.headers["Content-Length"]
        async with site.client.head(f"{site.url}{ASK}/x") as none:
            assert (none.status, none.headers["Allow"]) == (405, "GET")


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", Form.SSE),
        ("*/*", Form.SSE),
        ("image/png", Form.SSE),
        ("application/json", Form.JSON),
        ("application/json, text/plain, */*", Form.JSON),
        ("text/event-stream, application/json", Form.SSE),
        ("application/json, text/event-stream", Form.JSON),
        ("application/json;q=0.2, text/event-stream;q=0.8", Form.SSE),
        ("text/event-stream;q=0, application/json;q=0.1", Form.JSON),
        ("text/event-stream;q=0, */*", Form.JSON),
        ("application/*", Form.JSON),
        ("application/json;q=0, application/*", Form.NDJSON),
        ("*/*;q=0.5, application/x-ndjson", Form.NDJSON),
        ("application/json;q=nan, application/x-ndjson;q=0.1", Form.NDJSON),
        ("Application/JSON ; Q=1", Form.JSON),
        ("application/json;q=2", Form.SSE),
    ],
)
def test_a_client_gets_the_form_that_it_likes_best(accept: str, form: Form) -> None:
    """What it names itself before what it takes as well; events where it likes none."""
    assert choose_form(accept) is form


async def test_a_header_may_stand_in_two_lines() -> None:
    """They are one."""
    async with serving(ModelServer(**YES)) as site:
        headers = (JSON, LENGTH, "Accept: text/html", "Accept: application/json")
        _, head, told = split(await send(site, POST, *headers, body=BODY))
        assert b"Content-Type: application/json" in head
        assert len(json.loads(told)["answers"]) == 4


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("", "en"),
        ("fr", "en"),
        ("ja-JP,en;q=0.5", "ja"),
        ("en;q=0.1, ja", "ja"),
        ("ja;q=0", "en"),
        ("en, en-GB;q=0.1, ja;q=0.5", "en"),
        (",".join(["fr"] * 1_000), "en"),
    ],
)
def test_the_language_that_is_liked_best_is_spoken(accept: str, language: str) -> None:
    """Of those that the bot speaks."""
    assert read_language(accept) == language


async def test_two_clients_read_one_run() -> None:
    """One that leaves does not end it for the other."""
    scripts = {name: Script(("One.", " Two."), every=5.0) for name in NAMES}
    async with serving(ModelServer(**scripts)) as site:
        async with site.client.post(site.url + ASK, json={"problem": PROBLEM}) as first:
            run = json.loads((await first.content.readuntil(b"\n\n")).partition(b"data: ")[2])["id"]
            async with site.client.get(f"{site.url}{ASK}/{run}") as second:
                await second.content.readuntil(b"One.")
                first.close()
                rest = (await second.read()).decode()
        assert rest.count("event: end") == 4
        assert rest.count('"append":" Two."') == 4
        assert not any(request.is_cut_off for request in site.model.requests)
