"""Which settings make the bot complete, and what is said where one is missing beside the others."""

import pytest

from bot.errors import SettingsError
from bot.settings import Distribution, Http, read_settings, without_slack
from bot.settings.slack import EVERYWHERE

KEY = "0123456789abcdef0123456789abcdef0123456789A="
KEY_WITH_SIGNS = "+/23456789abcdef0123456789abcdef0123456789A="
MODEL = {"OPENAI_API_KEY": "sk-1"}
BOT, APP = {"SLACK_BOT_TOKEN": "xoxb-1"}, {"SLACK_APP_TOKEN": "xapp-1"}
HTTP = {"SLACK_SIGNING_SECRET": "s3cret", "PORT": "3000"}
INSTALLS = {
    "SLACK_CLIENT_ID": "1.2",
    "SLACK_CLIENT_SECRET": "client-secret",
    "PUBLIC_URL": "https://bot.example/",
    "TOKEN_KEY": KEY,
}


def test_one_workspace_over_http() -> None:
    """It needs no token for sockets, and listens at all addresses."""
    settings = read_settings(MODEL | BOT | HTTP)
    assert settings.http == Http(3_000, EVERYWHERE, "s3cret")
    assert (settings.slack_bot_token, settings.slack_app_token, settings.distribution) == ("xoxb-1", "", None)
    assert "s3cret" not in repr(settings)


def test_a_port_beside_sockets_is_for_health() -> None:
    """Hosts set it whether anything listens or not."""
    settings = read_settings(MODEL | BOT | APP | {"PORT": "3000", "WEB_HOST": "127.0.0.1"})
    assert settings.http == Http(3_000, "127.0.0.1", "")
    assert settings.slack_app_token == "xapp-1"


@pytest.mark.parametrize("way", [HTTP, APP | {"PORT": "3000"}, HTTP | APP], ids=["http", "sockets", "both"])
def test_installs_by_either_way(way: dict[str, str]) -> None:
    """The pages need a port; what comes from Slack may come through sockets all the same."""
    settings = read_settings(MODEL | INSTALLS | way)
    assert settings.distribution == Distribution("1.2", "client-secret", "https://bot.example", (KEY,))
    assert settings.slack_bot_token == ""
    assert not {"client-secret", KEY} & set(repr(settings).replace("'", " ").split())


def test_a_token_that_was_left_behind_is_not_used() -> None:
    """Else a bot that is to be installed anywhere would answer in one workspace."""
    assert read_settings(MODEL | INSTALLS | HTTP | BOT).slack_bot_token == ""


def test_two_keys_while_one_takes_the_others_place() -> None:
    """In either alphabet of base64."""
    distribution = read_settings(MODEL | INSTALLS | HTTP | {"TOKEN_KEY": f"{KEY_WITH_SIGNS} , {KEY}"}).distribution
    assert distribution
    assert distribution.token_keys == (KEY_WITH_SIGNS.replace("+", "-").replace("/", "_"), KEY)


WRONG = [
    (BOT, "SLACK_APP_TOKEN is not set. Make one"),
    (BOT, "Or set SLACK_SIGNING_SECRET and PORT"),
    (BOT | {"PORT": "3000"}, "SLACK_SIGNING_SECRET is not set, and PORT is"),
    (BOT | {"SLACK_SIGNING_SECRET": "s"}, "PORT is not set, and SLACK_SIGNING_SECRET is"),
    (BOT | HTTP | {"PORT": "secret"}, "PORT is not a whole number from 0"),
    (BOT | HTTP | {"SLACK_SIGNING_SECRET": "a secret"}, "SLACK_SIGNING_SECRET is not letters"),
    (BOT | HTTP | {"SLACK_APP_TOKEN": "secret"}, "SLACK_APP_TOKEN is not such a token"),
    (HTTP, "SLACK_BOT_TOKEN is not set"),
    (HTTP | {"TOKEN_KEY": KEY}, "SLACK_CLIENT_ID is not set, and TOKEN_KEY is"),
    (INSTALLS, "PORT is not set, and SLACK_CLIENT_ID is"),
    (INSTALLS | {"PORT": "1"}, "SLACK_SIGNING_SECRET is not set, and PORT is"),
    (INSTALLS | HTTP | {"SLACK_CLIENT_ID": "a secret"}, "SLACK_CLIENT_ID is not letters"),
    (INSTALLS | HTTP | {"SLACK_CLIENT_SECRET": ""}, "SLACK_CLIENT_SECRET is not set, and SLACK_CLIENT_ID is"),
    (INSTALLS | HTTP | {"PUBLIC_URL": ""}, "PUBLIC_URL is not set"),
    (INSTALLS | HTTP | {"PUBLIC_URL": "secret.example"}, "PUBLIC_URL is not an address"),
    (INSTALLS | HTTP | {"PUBLIC_URL": "https://bot.example/?secret=1"}, "PUBLIC_URL is not an address"),
    (INSTALLS | HTTP | {"PUBLIC_URL": "http://secret.example"}, "PUBLIC_URL does not begin with https://"),
    (INSTALLS | HTTP | {"TOKEN_KEY": ""}, "TOKEN_KEY is not set"),
    (INSTALLS | HTTP | {"TOKEN_KEY": "secret"}, "TOKEN_KEY is not a key of 32 bytes"),
    (INSTALLS | HTTP | {"TOKEN_KEY": f"{KEY},"}, "TOKEN_KEY is not a key of 32 bytes"),
    (INSTALLS | HTTP | {"TOKEN_KEY": ",".join([KEY] * 3)}, "TOKEN_KEY is not a key of 32 bytes"),
]


@pytest.mark.parametrize(("given", "words"), WRONG)
def test_what_is_missing_beside_others_is_named(given: dict[str, str], words: str) -> None:
    """In one line, which quotes no value."""
    with pytest.raises(SettingsError) as raised:
        read_settings(MODEL | given)
    assert words in str(raised.value)
    assert "secret" not in str(raised.value).lower().replace("client_secret", "").replace("signing_secret", "").replace(
        "signing secret", ""
    ).replace("client secret", "")
    assert KEY not in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_slack_of_ones_own_needs_none_of_it() -> None:
    """The demo brings one, and goes on without what the environment says of the real one."""
    assert without_slack(MODEL | INSTALLS | HTTP | BOT | APP) == MODEL


def test_plain_http_is_for_machines_without_the_real_slack() -> None:
    """This one, or where another server speaks Slack's protocol without TLS."""
    near = {"PUBLIC_URL": "http://localhost:3000"}
    assert read_settings(MODEL | INSTALLS | HTTP | near).distribution
    far = {"PUBLIC_URL": "http://bot.example", "SLACK_API_URL": "http://slack.example/api/"}
    assert read_settings(MODEL | INSTALLS | HTTP | far).distribution
