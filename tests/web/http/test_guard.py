import asyncio
from typing import Any

import pytest

from bot.web.http.guard import (
    FAILURES_FOR,
    MOST_ADDRESSES,
    MOST_FAILURES,
    SESSION,
    Failures,
    Guard,
    find_party,
    own_names,
)
from bot.web.http.refusals import RefusedError
from tests.support.model_server import ModelServer, Script
from tests.support.web import ASK, PROBLEM, serving
from tests.support.world import NAMES

TOKEN = "a-token-of-the-team-s"
OPEN = Guard(None, TOKEN)
HERE = Guard(own_names("127.0.0.1", 8_000))


def refused(guard: Guard, *, is_page: bool = False, **headers: str) -> str:
    """Why a request with these headers is refused; empty if it is not."""
    given = {"Host": "127.0.0.1:8000"} | {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        guard.check_source(given, is_page=is_page)
    except RefusedError as error:
        return error.fault.value
    return ""


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "LOCALHOST:8000", "[::1]:8000"])
def test_on_loopback_it_answers_by_its_own_names(host: str) -> None:
    """As browsers write them."""
    assert refused(HERE, Host=host, Origin=f"http://{host}".lower()) == ""


@pytest.mark.parametrize(
    "host", ["", "evil.example", "evil.example:8000", "127.0.0.1", "127.0.0.1:8001", "0.0.0.0:8000"]
)
def test_and_by_no_other(host: str) -> None:
    """A page whose name leads here by now says that name."""
    assert refused(HERE, Host=host) == "foreign_host"


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "http://localhost:8000", "http://127.0.0.1:3000", "null", "file://", "http://["]
)
def test_no_other_sites_page_may_use_it(origin: str) -> None:
    """Not even one of another port, or one that has no name."""
    assert refused(HERE, Origin=origin) == "foreign_origin"
    assert refused(OPEN, Origin=origin) == "foreign_origin"
    assert refused(HERE, Origin=origin, is_page=True) == "foreign_origin"


@pytest.mark.parametrize("site", ["cross-site", "same-site", "what-comes-yet"])
def test_what_a_browser_says_is_anothers_is_refused(site: str) -> None:
    """But for who follows a link to the page."""
    assert refused(HERE, Sec_Fetch_Site=site) == "foreign_origin"
    assert refused(HERE, Sec_Fetch_Site=site, is_page=True) == "foreign_origin"
    assert refused(HERE, Sec_Fetch_Site=site, Sec_Fetch_Mode="navigate", is_page=True) == ""
    assert refused(HERE, Sec_Fetch_Site=site, Sec_Fetch_Mode="navigate") == "foreign_origin"


def test_behind_a_proxy_the_name_is_its_own() -> None:
    """With a token, whatever it is; the page comes from there too."""
    assert refused(OPEN, Host="perspectives.example", Origin="https://perspectives.example") == ""


def test_port_80_needs_no_name() -> None:
    """Browsers leave it out."""
    assert {"localhost", "localhost:80"} <= own_names("127.0.0.1", 80)
    assert "localhost" not in own_names("127.0.0.1", 8_000)


def test_a_session_is_good_for_its_token_and_time() -> None:
    """And is nothing that could be made without the token."""
    session = OPEN.make_session(1_000.0)
    assert TOKEN not in session
    assert OPEN.is_session(session, 1_000.0 + SESSION - 1)
    assert not OPEN.is_session(session, 1_000.0 + SESSION)
    assert not Guard(None, "another-token-of-theirs").is_session(session, 1_000.0)
    ends, _, signature = session.partition(".")
    for forged in ("", ".", f"9{ends}.{signature}", f"{ends}.", f"{ends}.{signature}0", f"nan.{signature}", "é.\udcff"):
        assert not OPEN.is_session(forged, 1_000.0), forged


def test_who_fails_too_often_has_to_wait() -> None:
    """Each by itself, and for as long as is said."""
    failures = Failures()
    for number in range(MOST_FAILURES):
        failures.check("a", 10.0 + number)
        failures.note("a", 10.0 + number)
    with pytest.raises(RefusedError) as error:
        failures.check("a", 20.0)
    assert error.value.retry_after == 50
    failures.check("b", 20.0)
    failures.check("a", 10.0 + FAILURES_FOR)


def test_failures_are_forgotten() -> None:
    """Memory holds the newest, however many addresses somebody has."""
    failures = Failures()
    for number in range(MOST_ADDRESSES + 10):
        failures.note(f"{number}", 0.0)
    assert len(failures._failed) == MOST_ADDRESSES
    failures.check(f"{MOST_ADDRESSES}", FAILURES_FOR)
    assert len(failures._failed) == MOST_ADDRESSES - 1


@pytest.mark.parametrize(
    ("peer", "party"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("::ffff:10.0.0.7", "10.0.0.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_a_client_is_known_by_its_address_or_its_network(peer: str, party: str) -> None:
    """Of IPv6 addresses, everybody has as many as they like."""
    assert find_party(peer) == party


async def ask(url: str, client: Any, **headers: str) -> tuple[int, str]:
    """Ask for a run as `headers` say; the status and the code."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    async with client.post(url + ASK, json={"problem": PROBLEM}, headers=given) as response:
        if response.status == 200:
            await response.read()
            return 200, ""
        assert "Access-Control-Allow-Origin" not in response.headers
        return response.status, (await response.json())["error"]["code"]


async def test_dns_rebinding_comes_to_nothing() -> None:
    """The attacker's name leads here by now; the browser takes the page for the same site, and says its name."""
    async with serving(ModelServer()) as site:
        port = site.url.rstrip("/").rpartition(":")[2]
        evil = f"evil.example:{port}"
        reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
        for path in ("/", "/openapi.json", f"/{ASK}/some-run"):
            head = f"GET {path} HTTP/1.1\r\nHost: {evil}\r\nSec-Fetch-Site: same-origin\r\n\r\n"
            writer.write(head.encode())
            answer = await reader.readuntil(b"}")
            assert b" 403 " in answer, path
            assert b"foreign_host" in answer
            await reader.readexactly(1)
        writer.close()
        assert await ask(site.url, site.client, Host=evil, Origin=f"http://{evil}") == (403, "foreign_host")
        assert await ask(site.url, site.client, Origin="http://evil.example") == (403, "foreign_origin")
        # A preflight is no method that is known, and gets no leave.
        async with site.client.options(site.url + ASK, headers={"Origin": "http://evil.example"}) as response:
            assert response.status == 403
        assert site.model.requests == []


async def test_a_token_is_asked_for_where_one_is_set() -> None:
    """A bearer's; and who has tried wrong ones is not looked at for a while, however right the next is."""
    scripts = {name: Script(("Yes.",)) for name in NAMES}
    async with serving(ModelServer(**scripts), web={"web_token": TOKEN}) as site:
        assert await ask(site.url, site.client) == (401, "unauthorized")
        assert await ask(site.url, site.client, Authorization=f"Bearer {TOKEN}") == (200, "")
        assert await ask(site.url, site.client, Authorization=f"Basic {TOKEN}") == (401, "unauthorized")
        for _ in range(MOST_FAILURES):
            assert await ask(site.url, site.client, Authorization=f"Bearer {TOKEN}x") == (401, "unauthorized")
        assert await ask(site.url, site.client, Authorization=f"Bearer {TOKEN}") == (429, "too_many_failures")
        await asyncio.sleep(FAILURES_FOR)
        assert await ask(site.url, site.client, Authorization=f"Bearer {TOKEN}") == (200, "")


async def test_every_answer_has_the_headers_that_keep_others_out() -> None:
    """Refusals and streams too."""
    async with serving(ModelServer()) as site:
        for path in ("openapi.json", "nothing", f"{ASK}/none"):
            async with site.client.get(site.url + path) as response:
                policy = response.headers["Content-Security-Policy"]
                assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
                assert "unsafe" not in policy
                assert response.headers["X-Content-Type-Options"] == "nosniff"
                assert response.headers["Server"] == "perspectives"
        async with site.client.post(site.url + ASK, json={"problem": PROBLEM}) as response:
            assert response.headers["Content-Security-Policy"] == policy
