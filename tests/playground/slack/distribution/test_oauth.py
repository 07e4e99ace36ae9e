"""OAuth as the SDK's client goes through it: a code is good once, for its app, and gets the workspace's token."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.oauth import AuthorizeUrlGenerator
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack.distribution.oauth import CLIENT_ID, CLIENT_SECRET, CODE_LIFETIME
from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import Workspace

BACK = "https://bot.example/slack/oauth_redirect"


class Installer:
    """Somebody who installs an app, and the app that gets the code."""

    def __init__(self, server: SlackServer, session: aiohttp.ClientSession) -> None:
        self.server = server
        self._session = session
        self._client = AsyncWebClient(base_url=server.url, session=session, retry_handlers=[])

    async def agree(self, team: str | None = None, client_id: str = CLIENT_ID) -> dict[str, list[str]]:
        """Come to the page; what is said to the app's address then."""
        address = self.server.url.replace("/api/", "/oauth/v2/authorize")
        generator = AuthorizeUrlGenerator(
            client_id=client_id, scopes=["commands", "chat:write"], redirect_uri=BACK, authorization_url=address
        )
        async with self._session.get(generator.generate("s1", team), allow_redirects=False) as response:
            response.raise_for_status()
            location = response.headers["Location"]
        assert location.startswith(f"{BACK}?")
        return parse_qs(urlsplit(location).query)

    async def exchange(self, code: str, secret: str = CLIENT_SECRET, back: str = BACK) -> str:
        """What the app gets for a code: the error, or the token."""
        try:
            # As `oauth_v2_access` does, by what aiohttp is about to lose.
            answer = await self._client.api_call(
                "oauth.v2.access",
                data={"code": code, "redirect_uri": back},
                headers={"Authorization": aiohttp.encode_basic_auth(CLIENT_ID, secret)},
            )
        except SlackApiError as error:
            return str(error.response["error"])
        return str(answer["access_token"])


@pytest.fixture
async def installer(session: aiohttp.ClientSession) -> AsyncIterator[Installer]:
    """Somebody of two workspaces."""
    async with SlackServer(Workspace(), others=[Workspace(team="acme")]) as server:
        yield Installer(server, session)


async def test_who_agrees_is_sent_back_with_a_code_that_is_good_once(installer: Installer) -> None:
    """And the app gets the token of the workspace that was chosen."""
    said = await installer.agree("T0ACME")
    assert said["state"] == ["s1"]
    (code,) = said["code"]
    assert await installer.exchange(code, secret="another") == "bad_client_secret"
    assert await installer.exchange(code, back="https://other.example") == "bad_redirect_uri"
    assert await installer.exchange(code) == "xoxb-acme-bot"
    assert await installer.exchange(code) == "invalid_code"
    assert installer.server.people["T0ACME"].workspace.scopes == {"commands", "chat:write"}


async def test_a_code_is_good_for_ten_minutes(installer: Installer) -> None:
    """Not for more."""
    (code,) = (await installer.agree())["code"]
    await asyncio.sleep(CODE_LIFETIME)
    assert await installer.exchange(code) == "code_expired"


async def test_who_refuses_is_sent_back_too(installer: Installer) -> None:
    """Without a code."""
    installer.server.oauth.denies = True
    said = await installer.agree()
    assert (said["error"], said.get("code")) == (["access_denied"], None)


async def test_an_app_that_is_unknown_gets_a_page_of_slack_s(installer: Installer) -> None:
    """And nobody is sent anywhere."""
    with pytest.raises(aiohttp.ClientResponseError, match="400"):
        await installer.agree(client_id="9.9")


async def test_a_new_install_after_a_removal_has_a_new_token(installer: Installer) -> None:
    """Without one in between, the old one stays good."""
    tokens = []
    for is_removed in (False, False, True):
        if is_removed:
            installer.server.workspace.is_installed = False
        tokens.append(await installer.exchange((await installer.agree())["code"][0]))
    assert tokens[0] == tokens[1] != tokens[2]
