import json
import re
import shutil
import subprocess
import time
from html.parser import HTMLParser

import pytest

from bot.texts.web import WORDS
from bot.texts.web.words import Label
from bot.web.http.guard import MOST_FAILURES, SESSION
from bot.web.page import FILES, OPEN
from bot.web.server import COOKIE
from tests.support.model_server import ModelServer, Script
from tests.support.process import ROOT
from tests.support.web import ASK, PROBLEM, Site, read, serving
from tests.support.world import NAMES

TOKEN = "a-token-of-the-team-s"
MOST_BYTES = 60_000  # of all that a browser loads


class Elements(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


async def get(site: Site, path: str = "") -> str:
    """The text of what is at a path."""
    async with site.client.get(site.url + path) as response:
        assert response.status == 200
        return await response.text()


async def test_the_page_loads_nothing_from_outside_and_is_light() -> None:
    """All that it names is served here, and nothing of it stands where a policy would have to make exceptions."""
    async with serving(ModelServer()) as site:
        page = await get(site)
        elements = Elements(page).found
        loaded = [attrs.get("src") or attrs.get("href") for tag, attrs in elements if tag in {"script", "link", "img"}]
        scripts = ["/view.js", "/stream.js", "/markdown.js"]
        assert {one for one in loaded if one} | set(scripts) == set(OPEN)
        texts = [page, *[await get(site, path[1:]) for path in OPEN]]
    assert sum(len(text.encode()) for text in texts) <= MOST_BYTES
    for text in texts[1:]:
        assert set(re.findall(r'from "(.*?)"', text)) <= {f".{path}" for path in OPEN}
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|import\(", text)
    assert not [attrs for _, attrs in elements if {"style", "onclick", "onload"} & attrs.keys()]
    shown = [page, *[text for path, text in zip(OPEN, texts[1:], strict=True) if not path.endswith(".js")]]
    assert re.findall(r"\w+://[^\s\"']+|url\(|@import", "".join(shown)) == ["http://www.w3.org/2000/svg"]


async def test_all_that_the_page_says_is_in_it_in_every_language() -> None:
    """As data; and the script asks for no other words."""
    async with serving(ModelServer()) as site:
        page = await get(site)
    data = re.findall(r'<script id="words" type="application/json">(.*?)</script>', page)[0]
    words = json.loads(data)
    assert words["ja"]["start"] == WORDS["ja"].labels[Label.START]
    labels = {label.value for label in Label}
    scripts = "".join((FILES / name).read_text(encoding="utf-8") for name in ("page.js", "view.js"))
    asked = set(re.findall(r'say\([\w.]+, "(\w+)"', scripts)) | set(re.findall(r'data-label": "(\w+)"', scripts))
    asked |= set(re.findall(r'data-label="(\w+)"', page)) | set(re.findall(r'dataset\.label = "(\w+)"', scripts))
    asked |= set(re.findall(r'relabel\(at\("\w+"\), "(\w+)"', scripts))
    states = {"waiting", "thinking", "writing", "done", "failed", "cut", "stopped", "interrupted"}
    of_the_form = {"sign_in", "token", "token_hint", "wrong_token"}
    assert asked <= labels
    assert labels - asked == states | of_the_form


async def test_the_page_follows_from_a_link_and_from_no_frame() -> None:
    """Of what another site's page asks, only that it is opened is let through."""
    async with serving(ModelServer()) as site:
        link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
        async with site.client.get(site.url, headers=link) as response:
            assert response.status == 200
            assert response.headers["X-Frame-Options"] == "DENY"
            assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
        async with site.client.get(site.url, headers={**link, "Sec-Fetch-Mode": "no-cors"}) as response:
            assert response.status == 403


async def sign_in(site: Site, token: str) -> tuple[int, str]:
    """Send the form; the status, and the cookie's line."""
    async with site.client.post(site.url + "login", data={"token": token}, allow_redirects=False) as response:
        return response.status, response.headers.get("Set-Cookie", "")


async def test_with_a_token_the_page_asks_for_it_and_gives_a_cookie() -> None:
    """Which is good for the page and the API, no script can read, and no other site can send."""
    scripts = {name: Script(("Yes.",)) for name in NAMES}
    async with serving(ModelServer(**scripts), web={"web_token": TOKEN}) as site:
        for language, words in WORDS.items():
            async with site.client.get(site.url, headers={"Accept-Language": language}) as response:
                assert response.status == 401
                assert response.headers["WWW-Authenticate"] == "Bearer"
                assert words.labels[Label.TOKEN_HINT] in await response.text()
        assert await get(site, "page.css")  # the form is made of it
        status, cookie = await sign_in(site, "wrong")
        assert (status, cookie) == (401, "")
        status, cookie = await sign_in(site, f" {TOKEN} ")
        assert status == 303
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
        assert "Secure" not in cookie
        assert TOKEN not in cookie
        assert 'id="problem"' in await get(site)
        async with site.client.post(site.url + ASK, json={"problem": PROBLEM}) as response:
            assert (await read(response)).states == dict.fromkeys(NAMES, "done")


async def test_a_cookie_that_is_none_of_ours_or_too_old_is_none() -> None:
    """The form is there again."""
    async with serving(ModelServer(), web={"web_token": TOKEN}) as site:
        _, cookie = await sign_in(site, TOKEN)
        value = cookie.partition(";")[0].partition("=")[2]
        site.client.cookie_jar.clear()
        old = f"{time.time() - SESSION:.0f}.{value.partition('.')[2]}"
        for given in ("", "x", f"{value}x", old):
            async with site.client.get(site.url, headers={"Cookie": f"{COOKIE}={given}"}) as response:
                assert response.status == 401, given
            async with site.client.get(f"{site.url}{ASK}/x", headers={"Cookie": f"{COOKIE}={given}"}) as response:
                assert response.status == 401, given
        async with site.client.get(site.url, headers={"Cookie": f"{COOKIE}={value}"}) as response:
            assert response.status == 200


async def test_a_cookie_over_tls_is_never_sent_without() -> None:
    """Whether a proxy speaks it, the browser says."""
    async with serving(ModelServer(), web={"web_token": TOKEN, "web_host": "0.0.0.0"}) as site:  # noqa: S104
        url = site.url.replace("0.0.0.0", "127.0.0.1")  # noqa: S104
        headers = {"Host": "team.example", "Origin": "https://team.example"}
        async with site.client.post(
            url + "login", data={"token": TOKEN}, headers=headers, allow_redirects=False
        ) as response:
            assert "Secure" in response.headers["Set-Cookie"]


async def test_the_form_is_no_way_around_the_limit_of_failures() -> None:
    """It counts with the bearers'."""
    async with serving(ModelServer(), web={"web_token": TOKEN}) as site:
        for _ in range(MOST_FAILURES):
            assert (await sign_in(site, "wrong"))[0] == 401
        assert (await sign_in(site, TOKEN))[0] == 429
        async with site.client.get(site.url + "v1/x", headers={"Authorization": f"Bearer {TOKEN}"}) as response:
            assert response.status == 429
            assert 55 < int(response.headers["Retry-After"]) <= 60


@pytest.mark.parametrize("form", [b"token=" + b"x" * 5_000, b"", b"token", b"\xff\xfe=%ff"])
async def test_an_odd_form_signs_nobody_in(form: bytes) -> None:
    """Nor does one where no token is set."""
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    for web in ({}, {"web_token": TOKEN}):
        async with (
            serving(ModelServer(), web=web) as site,
            site.client.post(site.url + "login", data=form, headers=kind, allow_redirects=False) as response,
        ):
            assert response.status in {401, 413}
            assert "Set-Cookie" not in response.headers


async def test_a_form_of_another_site_is_refused() -> None:
    """It would sign somebody in as somebody else."""
    async with serving(ModelServer(), web={"web_token": TOKEN}) as site:
        headers = {"Origin": "http://evil.example"}
        async with site.client.post(site.url + "login", data={"token": TOKEN}, headers=headers) as response:
            assert response.status == 403


@pytest.mark.skipif(not shutil.which("node"), reason="there is no node here to run the page's own tests")
def test_the_pages_markdown() -> None:
    """By tests in its own language."""
    done = subprocess.run(
        ["node", "--test", "tests/web/markdown.test.mjs"],  # noqa: S607 - wherever it is
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
