"""Installing: there and back through the stand-in, by one browser, once; and what is said where it comes to nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from bot.errors import StoreError
from bot.network.listening import listen, serving
from bot.playground.slack.distribution.oauth import CLIENT_ID, CLIENT_SECRET
from bot.playground.slack.fault import Fault
from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import Workspace
from bot.slack.http.installs import INSTALL, LIFETIME, REDIRECT, App, Installs
from bot.slack.http.server import make_app, refuse_unread
from bot.slack.installation import Installation
from bot.slack.wires.session import make_session
from bot.texts.installing import PAGES, Page
from tests.support.world import wall_clock

SCOPES = ("app_mentions:read", "chat:write", "commands")


class Book:
    """States and installations in memory, which can be out of reach."""

    def __init__(self) -> None:
        self.until: dict[str, float] = {}
        self.saved: list[tuple[Installation, str, float]] = []
        self.is_away = False
        self.is_full = False  # no installation is taken any more

    async def add(self, state: str, lifetime: float) -> None:
        self._check()
        self.until[state] = wall_clock() + lifetime

    async def take(self, state: str) -> bool:
        self._check()
        return wall_clock() < self.until.pop(state, 0.0)

    async def save(self, installation: Installation, name: str, at: float) -> None:
        self._check()
        if self.is_full:
            raise StoreError("full")
        self.saved.append((installation, name, at))

    def installs(self, app: App, slack: SlackServer, session: aiohttp.ClientSession) -> Installs:
        """Those that are kept in it."""
        return Installs(
            app,
            api_url=slack.url,
            session=session,
            remember=self.add,
            use=self.take,
            keep=self.save,
            clock=wall_clock,
        )

    def _check(self) -> None:
        if self.is_away:
            raise StoreError("away")


class Stage:
    """The bot's pages, and two workspaces that may install it."""

    def __init__(self, slack: SlackServer, book: Book, url: str) -> None:
        self.slack = slack
        self.book = book
        self.url = url

    def browser(self) -> aiohttp.ClientSession:
        """Somebody's, with cookies of its own."""
        return aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"Accept-Language": "en-GB,en;q=0.8,ja;q=0.5"}
        )

    async def agree(self, browser: aiohttp.ClientSession, path: str = INSTALL) -> str:
        """Begin, and agree; where Slack sends the browser to then."""
        async with browser.get(f"{self.url}{path}", allow_redirects=False) as response:
            assert response.status == 302
            there = response.headers["Location"]
        async with browser.get(there, allow_redirects=False) as response:
            assert response.status == 302
            return response.headers["Location"]

    async def come_back(self, browser: aiohttp.ClientSession, address: str) -> tuple[int, str]:
        """Follow Slack back; the page's status and words."""
        async with browser.get(address) as response:
            return response.status, await response.text()


def words(page: Page, **arguments: str) -> str:
    """What a page says."""
    return PAGES["en"][page].format(**arguments)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """All of it, listening."""
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(SlackServer(Workspace(), others=[Workspace(team="acme")]))
        session = await stack.enter_async_context(make_session())
        listener, book = listen("127.0.0.1", 0), Book()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        app = App(CLIENT_ID, CLIENT_SECRET, url, SCOPES)
        installs = book.installs(app, slack, session)
        pages = make_app({INSTALL: installs.begin, REDIRECT: installs.end}, {})
        await stack.enter_async_context(serving(pages, listener, refuse=refuse_unread))
        yield Stage(slack, book, url)


async def test_who_agrees_has_installed_it(stage: Stage) -> None:
    """The installation is written down with its token, and the page says where."""
    async with stage.browser() as browser:
        status, page = await stage.come_back(browser, await stage.agree(browser, f"{INSTALL}?team=T0ACME"))
    assert status == 200
    assert words(Page.INSTALLED, team="acme") in page
    ((installation, name, _),) = stage.book.saved
    workspace = stage.slack.people["T0ACME"].workspace
    assert installation == Installation(
        "T0ACME", None, "xoxb-acme-bot", workspace.bot_id, workspace.bot.id, frozenset(SCOPES)
    )
    assert name == "acme"
    assert "xoxb" not in page


async def test_it_asks_for_what_the_manifest_asks_for(stage: Stage) -> None:
    """And to be sent back to the address that the app's settings have."""
    async with (
        stage.browser() as browser,
        browser.get(f"{stage.url}{INSTALL}", allow_redirects=False) as response,
    ):
        query = parse_qs(urlsplit(response.headers["Location"]).query)
        cookie = response.headers["Set-Cookie"]
    assert query["client_id"] == [CLIENT_ID]
    assert query["scope"] == [",".join(SCOPES)]
    assert query["redirect_uri"] == [f"{stage.url}{REDIRECT}"]
    assert query["state"][0] in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert CLIENT_SECRET not in response.headers["Location"]


async def test_a_state_is_good_once(stage: Stage) -> None:
    """Whoever comes a second time, with a new code or the old one, installs nothing."""
    async with stage.browser() as browser:
        address = await stage.agree(browser)
        browser.cookie_jar.update_cookies({})
        kept = {cookie.key: cookie.value for cookie in browser.cookie_jar}
        assert (await stage.come_back(browser, address))[0] == 200
        browser.cookie_jar.update_cookies(kept)
        assert {cookie.key for cookie in browser.cookie_jar} == {*kept}
        async with browser.get(address, cookies=kept) as response:
            assert response.status == 400
            assert words(Page.TOO_LATE) in await response.text()
    assert len(stage.book.saved) == 1


async def test_a_state_of_another_browser_is_refused_and_not_used_up(stage: Stage) -> None:
    """Somebody has sent a link: it would install what they chose."""
    async with stage.browser() as own, stage.browser() as other:
        address = await stage.agree(own)
        status, page = await stage.come_back(other, address)
        assert status == 400
        assert words(Page.OTHER_BROWSER) in page
        assert stage.book.saved == []
        assert (await stage.come_back(own, address))[0] == 200


@pytest.mark.parametrize("query", ["", "?state=", "?code=1", "?state=a&code=b", "?state=%C3%A9%FF&code=b", "?error=x"])
async def test_what_nobody_has_begun_is_refused(stage: Stage, query: str) -> None:
    """Whatever the address says, and none of it is repeated."""
    async with stage.browser() as browser:
        status, page = await stage.come_back(browser, f"{stage.url}{REDIRECT}{query}")
    assert status == 400
    assert words(Page.OTHER_BROWSER) in page


async def test_who_takes_too_long_begins_again(stage: Stage) -> None:
    """Ten minutes there are."""
    async with stage.browser() as browser:
        address = await stage.agree(browser)
        cookies = {cookie.key: cookie.value for cookie in browser.cookie_jar}
        await asyncio.sleep(LIFETIME + 1)
        async with browser.get(address, cookies=cookies) as response:
            assert response.status == 400
            assert words(Page.TOO_LATE) in await response.text()
    assert stage.book.saved == []


async def test_who_refuses_is_told_that_nothing_was_installed(stage: Stage) -> None:
    """Which is no failure."""
    stage.slack.oauth.denies = True
    async with stage.browser() as browser:
        status, page = await stage.come_back(browser, await stage.agree(browser))
    assert (status, words(Page.CANCELLED) in page) == (200, True)
    assert stage.book.saved == []


async def test_a_code_that_slack_does_not_take_is_told(stage: Stage) -> None:
    """By Slack's word for it; markup in the address is none on the page."""
    async with stage.browser() as browser:
        address = await stage.agree(browser)
        state = parse_qs(urlsplit(address).query)["state"][0]
        forged = f"{stage.url}{REDIRECT}?state={state}&code=%3Cscript%3E"
        status, page = await stage.come_back(browser, forged)
    assert (status, words(Page.REFUSED, code="invalid_code") in page) == (400, True)
    assert "script" not in page


async def test_an_error_of_slack_s_is_told_by_its_code(stage: Stage) -> None:
    """And what is no code is none on the page."""
    async with stage.browser() as browser:
        state = parse_qs(urlsplit(await stage.agree(browser)).query)["state"][0]
        _, page = await stage.come_back(browser, f"{stage.url}{REDIRECT}?state={state}&error=%3Cb%3Eodd")
    assert words(Page.REFUSED, code="_b_odd") in page


async def test_while_slack_is_away_it_is_begun_again(stage: Stage) -> None:
    """The code is lost with the state."""
    stage.slack.workspace.faults.append(Fault("auth.test", http_status=503))
    async with stage.browser() as browser:
        status, page = await stage.come_back(browser, await stage.agree(browser))
    assert (status, words(Page.UNREACHABLE) in page) == (502, True)
    assert stage.book.saved == []


async def test_while_the_database_is_away_nothing_is_begun_nor_lost_in_silence(stage: Stage) -> None:
    """At the beginning, when they come back, and when it is to be written down."""
    async with stage.browser() as browser:
        stage.book.is_away = True
        status, page = await stage.come_back(browser, f"{stage.url}{INSTALL}")
        assert (status, words(Page.NOT_NOW) in page) == (503, True)
        stage.book.is_away = False
        address = await stage.agree(browser)
        stage.book.is_away = True
        status, page = await stage.come_back(browser, address)
        assert (status, words(Page.NOT_NOW) in page) == (503, True)
        stage.book.is_away, stage.book.is_full = False, True
        status, page = await stage.come_back(browser, await stage.agree(browser))
        assert (status, words(Page.NOT_KEPT) in page) == (503, True)


async def test_an_organisation_installs_it_as_a_whole() -> None:
    """Then it is of no workspace."""
    async with AsyncExitStack() as stack:
        workspace = Workspace(team="one", enterprise_id="E0ORG")
        slack = await stack.enter_async_context(SlackServer(workspace))
        slack.oauth.is_organisation = True
        session = await stack.enter_async_context(make_session())
        listener, book = listen("127.0.0.1", 0), Book()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        app = App(CLIENT_ID, CLIENT_SECRET, url, SCOPES)
        installs = book.installs(app, slack, session)
        await stack.enter_async_context(
            serving(make_app({INSTALL: installs.begin, REDIRECT: installs.end}, {}), listener, refuse=refuse_unread)
        )
        stage = Stage(slack, book, url)
        async with stage.browser() as browser:
            status, page = await stage.come_back(browser, await stage.agree(browser))
        assert (status, words(Page.INSTALLED, team="org") in page) == (200, True)
        ((installation, _, _),) = book.saved
        assert (installation.team_id, installation.enterprise_id) == ("", "E0ORG")


async def test_a_wrong_secret_is_told_to_whoever_runs_the_bot(
    stage: Stage, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the setting's name; the person reads that Slack has refused it."""
    monkeypatch.setattr("bot.playground.slack.distribution.oauth.CLIENT_SECRET", "another")
    async with stage.browser() as browser:
        _, page = await stage.come_back(browser, await stage.agree(browser))
    assert words(Page.REFUSED, code="bad_client_secret") in page
    assert "check SLACK_CLIENT_SECRET" in caplog.text
    assert CLIENT_SECRET not in caplog.text


async def test_pages_speak_japanese_to_browsers_that_ask_for_it(stage: Stage) -> None:
    """As the bot does."""
    async with (
        aiohttp.ClientSession(headers={"Accept-Language": "ja"}) as browser,
        browser.get(f"{stage.url}{REDIRECT}") as response,
    ):
        assert PAGES["ja"][Page.OTHER_BROWSER] in await response.text()
