"""How the bot gets into a workspace: whoever installs it is sent to Slack, agrees there, and comes back with a code.

Laws:

- Who comes back is who was sent: the state that came along is known to the database, which any replica asks, and to
  the browser, by a cookie. It is good once, and for ten minutes.
- What becomes of it is said in words, on a page that nothing of others is on; no word of the address is repeated.
- An installation counts from the moment at which Slack gave its token, by Slack's clock: what Slack tells of removals
  is of that clock too.
"""

import hmac
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from html import escape
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin

import aiohttp
from aiohttp import web
from slack_sdk.oauth import AuthorizeUrlGenerator
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.errors import RateLimitedError, SlackError, StoreError, TokenRefusedError, UnavailableError
from bot.network.proxies import DIRECT, Proxies
from bot.printable import as_code, is_code, printable
from bot.slack.api import Slack, make_client
from bot.slack.installation import Installation
from bot.slack.wires.call_failures import translated
from bot.texts import read_language
from bot.texts.installing import AGAIN, PAGES, TITLE, Page

logger = logging.getLogger(__name__)

INSTALL, REDIRECT = "/slack/install", "/slack/oauth_redirect"
COOKIE = "perspectives-install"
LIFETIME = 600.0  # seconds for whoever is asked to agree; Slack's code is good for as long
STATE_BYTES = 24

# What Slack says where it does not know the app by what the settings have of it.
_WRONG_SETTINGS = {
    "bad_client_secret": "SLACK_CLIENT_SECRET",
    "invalid_client_id": "SLACK_CLIENT_ID",
    "bad_redirect_uri": "PUBLIC_URL",
    "invalid_redirect_uri": "PUBLIC_URL",
}
_STATUS = {
    Page.INSTALLED: HTTPStatus.OK,
    Page.CANCELLED: HTTPStatus.OK,
    Page.OTHER_BROWSER: HTTPStatus.BAD_REQUEST,
    Page.TOO_LATE: HTTPStatus.BAD_REQUEST,
    Page.REFUSED: HTTPStatus.BAD_REQUEST,
    Page.UNREACHABLE: HTTPStatus.BAD_GATEWAY,
    Page.NOT_KEPT: HTTPStatus.SERVICE_UNAVAILABLE,
    Page.NOT_NOW: HTTPStatus.SERVICE_UNAVAILABLE,
}
_HTML = """\
<!DOCTYPE html><html lang="{language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>body{{font:18px/1.5 system-ui,sans-serif;max-width:36em;margin:15vh auto;padding:0 1em}}\
</style><h1>{title}</h1><p>{words}</p>{again}</html>
"""


@dataclass(frozen=True, slots=True)
class App:
    """The app as Slack knows it, the scopes that it asks for, and where browsers reach it: with no slash at the end."""

    client_id: str
    client_secret: str = field(repr=False)
    public_url: str
    scopes: tuple[str, ...]


class NoInstallError(Exception):
    """An install comes to nothing; `page` says why."""

    def __init__(self, page: Page, **arguments: str) -> None:
        super().__init__(page.value)
        self.page = page
        self.arguments = arguments


class Installs:
    """Sends people to Slack, and takes in what they come back with; `clock` gives seconds since 1970.

    `remember` writes a state down for so many seconds, `use` uses one up and says whether it was good, `keep` writes an
    installation down, with the workspace's name and since when it counts. All raise `StoreError`.
    """

    def __init__(
        self,
        app: App,
        *,
        api_url: str,
        session: aiohttp.ClientSession,
        proxies: Proxies = DIRECT,
        remember: Callable[[str, float], Awaitable[None]],
        use: Callable[[str], Awaitable[bool]],
        keep: Callable[[Installation, str, float], Awaitable[None]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._app = app
        self._api_url = api_url
        self._session = session
        self._proxies = proxies
        self._remember = remember
        self._use = use
        self._keep = keep
        self._clock = clock
        self._redirect = f"{app.public_url}{REDIRECT}"
        self._generator = AuthorizeUrlGenerator(
            client_id=app.client_id,
            redirect_uri=self._redirect,
            scopes=[*app.scopes],
            # Beside the API, which is at slack.com/api/, or at that of a server that speaks its protocol.
            authorization_url=urljoin(api_url, "../oauth/v2/authorize"),
        )

    async def begin(self, request: web.Request) -> web.Response:
        """Send somebody to Slack."""
        state = secrets.token_urlsafe(STATE_BYTES)
        try:
            await self._remember(state, LIFETIME)
        except StoreError as error:
            logger.warning("install.not_now error=%s", error)
            return self._tell(request, Page.NOT_NOW)
        team = request.query.get("team", "")
        response = web.Response(status=HTTPStatus.FOUND)
        response.headers["Location"] = self._generator.generate(state, team if is_code(team) else None)
        response.set_cookie(COOKIE, state, max_age=int(LIFETIME), **self._cookie)
        return response

    async def end(self, request: web.Request) -> web.Response:
        """Take in what somebody comes back with."""
        try:
            name = await self._install(request)
        except NoInstallError as failure:
            logger.info("install.failed why=%s code=%s", failure.page.value, failure.arguments.get("code", ""))
            return self._tell(request, failure.page, **failure.arguments)
        response = self._tell(request, Page.INSTALLED, team=name)
        response.del_cookie(COOKIE, path="/")
        return response

    async def _install(self, request: web.Request) -> str:
        """Install the bot; the name of what it is installed in."""
        state, own = request.query.get("state", ""), request.cookies.get(COOKIE, "")
        if not state or not hmac.compare_digest(state.encode("utf-8", "replace"), own.encode("utf-8", "replace")):
            raise NoInstallError(Page.OTHER_BROWSER)
        try:
            is_good = await self._use(state)
        except StoreError as error:
            raise NoInstallError(Page.NOT_NOW) from error
        if not is_good:
            raise NoInstallError(Page.TOO_LATE)
        if code := as_code(request.query.get("error", "")):
            raise NoInstallError(*[Page.CANCELLED] if code == "access_denied" else [Page.REFUSED], code=code)
        try:
            installation, name, at = await self._exchange(request.query.get("code", ""))
        except (UnavailableError, RateLimitedError) as error:
            logger.warning("install.unavailable error=%s", error.code)
            raise NoInstallError(Page.UNREACHABLE) from error
        except (SlackError, TokenRefusedError) as error:
            if variable := _WRONG_SETTINGS.get(error.code):
                logger.error("install.refused error=%s: check %s", error.code, variable)  # noqa: TRY400 - all is said
            raise NoInstallError(Page.REFUSED, code=error.code) from error
        try:
            await self._keep(installation, name, at)
        except StoreError as error:
            logger.error("install.not_kept error=%s", error)  # noqa: TRY400 - all is said
            raise NoInstallError(Page.NOT_KEPT) from error
        logger.info("install.done team=%s enterprise=%s", installation.team_id, installation.enterprise_id)
        return name

    async def _exchange(self, code: str) -> tuple[Installation, str, float]:
        """Get the token that a code is for: the installation, the workspace's name, and when Slack gave it."""
        client = make_client(None, self._api_url, self._session, self._proxies)
        async with translated(self._api_url, token="SLACK_CLIENT_SECRET"):  # noqa: S106 - a variable's name
            answer = await _ask(client, self._app, code)
            data: Any = answer.data
            token, is_whole = data["access_token"], bool(data.get("is_enterprise_install"))
            team, enterprise = data.get("team") or {}, data.get("enterprise") or {}
            team_id, enterprise_id = "" if is_whole else team["id"], enterprise.get("id")
            if not isinstance(token, str) or not is_code(enterprise_id if is_whole else team_id):
                raise TypeError("an id is none")
            at = _read_date(answer.headers)
        if data.get("refresh_token"):
            logger.error("install.rotates: token rotation is switched on in the app's settings; its tokens will expire")
        bot = await Slack(make_client(token, self._api_url, self._session, self._proxies)).identify()
        scopes = bot.scopes if bot.scopes is not None else _read_scopes(data.get("scope"))
        installation = Installation(team_id, enterprise_id or None, token, bot.bot_id, bot.user_id, scopes)
        name = printable((enterprise if is_whole else team).get("name")) or bot.team
        return installation, name, self._clock() if at is None else at

    def _tell(self, request: web.Request, page: Page, **arguments: str) -> web.Response:
        language = read_language(request.headers.get("Accept-Language", ""))
        again = f'<p><a href="{escape(self._app.public_url)}{INSTALL}">{AGAIN[language]}</a></p>'
        html = _HTML.format(
            language=language,
            title=TITLE,
            words=escape(PAGES[language][page].format(**arguments)),
            again="" if page is Page.INSTALLED else again,
        )
        return web.Response(text=html, status=_STATUS[page], content_type="text/html")

    @property
    def _cookie(self) -> dict[str, Any]:
        is_secure = self._app.public_url.startswith("https:")
        return {"path": "/", "httponly": True, "samesite": "Lax", "secure": is_secure}


async def probe(app: App, *, api_url: str, session: aiohttp.ClientSession, proxies: Proxies = DIRECT) -> str:
    """Ask for the token of a code that is none: what Slack refuses it for says whether it knows the app.

    Raises:
        SlackError: Slack cannot be reached.
        TokenRefusedError: it answers what makes no sense here.
    """
    client = make_client(None, api_url, session, proxies)
    try:
        async with translated(api_url, token="SLACK_CLIENT_SECRET"):  # noqa: S106 - a variable's name
            await _ask(client, app, "0")
    except (UnavailableError, RateLimitedError):
        raise
    except SlackError as error:
        return error.code
    return "ok"


async def _ask(client: AsyncWebClient, app: App, code: str) -> AsyncSlackResponse:
    """Exchange a code. Not by the client's own method: it uses what aiohttp is about to lose."""
    return await client.api_call(
        "oauth.v2.access",
        data={"code": code, "redirect_uri": f"{app.public_url}{REDIRECT}"},
        headers={"Authorization": aiohttp.encode_basic_auth(app.client_id, app.client_secret)},
    )


def _read_date(headers: Any) -> float | None:
    """When Slack has answered, by its own clock."""
    date = {str(name).lower(): value for name, value in dict(headers).items()}.get("date")
    try:
        return parsedate_to_datetime(str(date)).timestamp()
    except (ValueError, TypeError):
        return None


def _read_scopes(text: Any) -> frozenset[str] | None:
    return frozenset(filter(None, map(printable, text.split(",")))) if isinstance(text, str) else None
