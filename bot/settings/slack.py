"""How Slack reaches the bot, and how the bot gets into workspaces: which settings belong together. Pure.

    whose it is     SLACK_BOT_TOKEN                          one workspace
                    SLACK_CLIENT_ID, SLACK_CLIENT_SECRET,    any number, by installs: needs PORT as well
                    PUBLIC_URL, TOKEN_KEY
    how it comes    SLACK_APP_TOKEN                          sockets (Socket Mode)
                    SLACK_SIGNING_SECRET and PORT            HTTP; both at once may be

Where both say whose it is, installs win: a token that was left behind opens one of the workspaces at the most.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bot.errors import SettingsError
from bot.network.proxies import is_this_machine
from bot.settings.reader import SHORTEST_TOKEN, Reader

EVERYWHERE = "0.0.0.0"  # noqa: S104 - Slack has to reach it, through whatever the host puts before it

WAYS = (
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "SLACK_CLIENT_ID",
    "SLACK_CLIENT_SECRET",
    "SLACK_SIGNING_SECRET",
    "PUBLIC_URL",
    "TOKEN_KEY",
    "PORT",
    "WEB_HOST",
    "METRICS_TOKEN",
)
"""All variables of this module; `web` has PORT and WEB_HOST as well."""

_APP_PAGE = "Copy it from your app's page at api.slack.com/apps: Basic Information, App Credentials."
_NO_TRANSPORT = "Or set SLACK_SIGNING_SECRET and PORT, to be reached over HTTP."


@dataclass(frozen=True, slots=True)
class Http:
    """Where the bot listens. Without a `signing_secret` Slack sends nothing there: it is for installs and health."""

    port: int
    host: str = EVERYWHERE
    signing_secret: str = field(default="", repr=False)
    metrics_token: str = field(default="", repr=False)  # without one, nobody is told of metrics


@dataclass(frozen=True, slots=True)
class Distribution:
    """The app that workspaces install. `token_keys` are one key, or the new and the old one; the first seals."""

    client_id: str
    client_secret: str = field(repr=False)
    public_url: str  # with no slash at its end
    token_keys: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ways:
    """All of it; a token that is not needed is empty."""

    bot_token: str
    app_token: str
    http: Http | None = None
    distribution: Distribution | None = None


def read_ways(reader: Reader, api_url: str) -> Ways:
    """Read how Slack reaches the bot, whose Web API is at `api_url`.

    Raises:
        SettingsError: a variable makes no sense, or is missing beside those that are set.
    """
    http = _read_http(reader)
    distribution = _read_distribution(reader, http, api_url) if reader.text("SLACK_CLIENT_ID") else None
    stray = next((one for one in ("SLACK_CLIENT_SECRET", "TOKEN_KEY", "PUBLIC_URL") if reader.text(one)), None)
    bot_token = reader.text("SLACK_BOT_TOKEN")
    if not distribution and stray and not bot_token:
        raise SettingsError(f"SLACK_CLIENT_ID is not set, and {stray} is. {_APP_PAGE}")
    is_reached = http is not None and http.signing_secret
    if not distribution:
        reader.check_tokens()
    app_token = reader.text("SLACK_APP_TOKEN")
    if app_token or not is_reached:
        if not app_token and http is not None:
            raise SettingsError(f"SLACK_SIGNING_SECRET is not set, and PORT is. {_APP_PAGE} Or set SLACK_APP_TOKEN.")
        if not app_token and reader.text("SLACK_SIGNING_SECRET"):
            raise SettingsError(
                "PORT is not set, and SLACK_SIGNING_SECRET is: where the bot listens for Slack. Or set SLACK_APP_TOKEN."
            )
        reader.check_token("SLACK_APP_TOKEN", hint=_NO_TRANSPORT)
    return Ways("" if distribution else bot_token, app_token, http, distribution)


def without_slack(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment without all that says how Slack reaches the bot, for what brings a Slack of its own."""
    return {name: value for name, value in environment.items() if name not in WAYS}


def _read_http(reader: Reader) -> Http | None:
    if not reader.text("PORT"):
        return None
    return Http(
        port=reader.count("PORT", 8_000, least=0, most=65_535),
        host=reader.host("WEB_HOST", EVERYWHERE),
        signing_secret=reader.word("SLACK_SIGNING_SECRET", _APP_PAGE),
        metrics_token=reader.secret("METRICS_TOKEN", SHORTEST_TOKEN),
    )


def _read_distribution(reader: Reader, http: Http | None, api_url: str) -> Distribution:
    client_id = reader.word("SLACK_CLIENT_ID", _APP_PAGE)
    client_secret = reader.word("SLACK_CLIENT_SECRET", _APP_PAGE)
    if not client_secret:
        raise SettingsError(f"SLACK_CLIENT_SECRET is not set, and SLACK_CLIENT_ID is. {_APP_PAGE}")
    public_url = _read_public_url(reader, api_url)
    keys = reader.token_keys()
    if http is None:
        raise SettingsError(
            "PORT is not set, and SLACK_CLIENT_ID is: installs need a page. Hosts set it by themselves."
        )
    return Distribution(client_id, client_secret, public_url, keys)


def _read_public_url(reader: Reader, api_url: str) -> str:
    name, example = "PUBLIC_URL", "https://perspectives.example.com"
    if not reader.text(name):
        raise SettingsError(f"{name} is not set, and SLACK_CLIENT_ID is: where browsers reach the bot, {example}.")
    url = reader.url(name, example)
    parts = urlsplit(url)
    if parts.query or parts.fragment or parts.username is not None:
        raise SettingsError(f"{name} is not an address such as {example}: nothing stands behind its path.")
    # Slack sends nobody back to an address without TLS; a Slack that is spoken to without it is none of Slack's.
    if parts.scheme != "https" and not is_this_machine(parts.hostname or "") and api_url.startswith("https:"):
        raise SettingsError(f"{name} does not begin with https://, and Slack sends nobody to it.")
    return url.rstrip("/")
