"""The settings: the environment, or a `.env` file, read once. Nothing else in this project reads the environment.

What is missing or wrong is told at the start, in one line that names the variable and says where to get it; values are
never shown, since most of them are secrets.
"""

import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import load_dotenv

from bot.durable.sql.dsn import read_dsn
from bot.errors import SettingsError
from bot.network.proxies import DIRECT, Proxies, is_this_machine, read_proxies
from bot.printable import printable
from bot.texts import AUTO, LANGUAGES

OPENAI_URL = "https://api.openai.com/v1"
SLACK_URL = "https://slack.com/api/"
DATABASE_URL = "sqlite:///perspectives.sqlite"
WEB_HOST = "127.0.0.1"  # which this machine alone reaches
WEB_PORT = 8_000
SHORTEST_TOKEN = 16  # characters; with a few wrong ones a minute, nobody guesses that
MODEL = "gpt-5.4-mini"  # small, quick, and listed in the SDK's `ChatModel`; four of them answer each problem

LONGEST_MODEL = 200  # characters; the longest names are paths of a hub, or of a cloud's resources

_NOT_OF_WEB = {"SLACK_API_URL", "SLACK_EDITS_PER_MINUTE", "DATABASE_URL", "HISTORY_DAYS"}
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

TOKEN_SOURCES = {
    "SLACK_BOT_TOKEN": "Copy it from your app's page at api.slack.com/apps: OAuth & Permissions, Bot User OAuth Token.",
    "SLACK_APP_TOKEN": "Make one on your app's page at api.slack.com/apps: Basic Information, App-Level Tokens, "
    "with the scope connections:write.",
}
_WEB_TOKEN_SOURCE = "`openssl rand -hex 16` makes one."  # noqa: S105 - words, and none that is secret
_KEY_SOURCE = "Make one at platform.openai.com/api-keys, or use the one of your OPENAI_BASE_URL's server."


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings; the names are those of the variables, in lower case. Secrets are left out of its `repr`."""

    slack_bot_token: str = field(repr=False)
    slack_app_token: str = field(repr=False)
    openai_api_key: str = field(repr=False)
    openai_base_url: str = OPENAI_URL
    openai_model: str = MODEL
    openai_stream_idle_timeout: float = 60.0  # seconds without a token before an answer is given up
    slack_api_url: str = SLACK_URL
    slack_edits_per_minute: int = 50  # Slack's for chat.update, an app and workspace
    database_url: str = field(default=DATABASE_URL, repr=False)  # it may hold a password
    history_days: int = 30  # after which a run that has ended is forgotten
    max_streams: int = 64  # completions open at once
    runs_per_workspace: int = 8  # at once; further ones wait
    runs_per_person: int = 2  # at once
    runs_per_person_per_hour: int = 20
    problem_limit: int = 4_000  # characters
    bot_language: str = AUTO  # in which the bot itself speaks
    log_level: str = "INFO"
    is_disk_lost: bool = False  # whether the host's disk ends with the process
    proxies: Proxies = DIRECT


@dataclass(frozen=True, slots=True)
class WebSettings:
    """The settings of `web`: those of the `bot`, of which it uses what is neither Slack's nor the database's."""

    bot: Settings
    web_host: str = WEB_HOST
    port: int = WEB_PORT
    web_token: str = field(default="", repr=False)


def read_environment() -> dict[str, str]:
    """The process's environment, filled up with what `.env` in the working directory adds to it.

    Raises:
        SettingsError: the file cannot be read as text, or a variable that the TLS library reads by itself names a file
            that it cannot use.
    """
    try:
        load_dotenv(Path(".env"))
    except UnicodeDecodeError as error:
        raise SettingsError(".env is not a text in UTF-8. Save it as one, or copy .env.example anew.") from error
    except OSError as error:
        raise SettingsError(f".env cannot be read: {error.strerror}. Let the user who runs this read it.") from error
    except ValueError as error:  # a null byte
        raise SettingsError(".env has a value that no variable can have. Copy .env.example anew.") from error
    _check_tls_files(os.environ)
    return dict(os.environ)


def _check_tls_files(environment: Mapping[str, str]) -> None:
    """Try what OpenSSL is to read or write because these variables say so.

    It is told before a library loads that uses them: aiohttp does while it is imported, with a traceback for one that
    is wrong; or nothing is said, and no server is trusted.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if file := environment.get("SSL_CERT_FILE"):
        try:
            context.load_verify_locations(cafile=file)
        except (OSError, ValueError) as error:  # an SSLError, where there is no certificate in it, is an OSError
            raise SettingsError(f"SSL_CERT_FILE names a file that {_say_unusable(error, 'certificates')}") from error
    if directory := environment.get("SSL_CERT_DIR"):
        first, *others = directory.split(os.pathsep)
        try:
            if not any(Path(one).is_dir() for one in others):  # one is enough
                next(Path(first).iterdir(), None)
        except (OSError, ValueError) as error:
            told = _say_unusable(error, "certificates")
            raise SettingsError(f"SSL_CERT_DIR names a directory that {told}") from error
    if file := environment.get("SSLKEYLOGFILE"):
        try:
            context.keylog_filename = file
        except (OSError, ValueError) as error:
            raise SettingsError(f"SSLKEYLOGFILE names a file that {_say_unusable(error, 'keys')}") from error


def _say_unusable(error: OSError | ValueError, content: str) -> str:
    """The rest of a sentence about a file."""
    if isinstance(error, ssl.SSLError) or not isinstance(error, OSError):
        return f"holds no {content}. Put it right, or do without the variable."
    return f"cannot be used: {error.strerror}. Put it right, or do without the variable."


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings from `environment`. An empty value counts as none.

    Raises:
        SettingsError: a required variable is missing, or one makes no sense.
    """
    reader = _Reader(environment)
    bot_token, app_token = reader.tokens()
    proxies = read_proxies(environment)
    settings = Settings(
        slack_bot_token=bot_token,
        slack_app_token=app_token,
        openai_api_key=reader.key(),
        openai_base_url=reader.url("OPENAI_BASE_URL", OPENAI_URL),
        openai_model=reader.name("OPENAI_MODEL", MODEL),
        openai_stream_idle_timeout=reader.number("OPENAI_STREAM_IDLE_TIMEOUT", 60, least=1, most=3_600),
        slack_api_url=reader.url("SLACK_API_URL", SLACK_URL),
        slack_edits_per_minute=reader.count("SLACK_EDITS_PER_MINUTE", 50, least=6, most=1_000_000),
        database_url=reader.database("DATABASE_URL", DATABASE_URL),
        history_days=reader.count("HISTORY_DAYS", 30, least=1, most=3_650),
        max_streams=reader.count("MAX_STREAMS", 64, least=4, most=100_000),
        runs_per_workspace=reader.count("RUNS_PER_WORKSPACE", 8, least=1, most=100_000),
        runs_per_person=reader.count("RUNS_PER_PERSON", 2, least=1, most=100_000),
        runs_per_person_per_hour=reader.count("RUNS_PER_PERSON_PER_HOUR", 20, least=1, most=100_000),
        problem_limit=reader.count("PROBLEM_LIMIT", 4_000, least=1, most=40_000),
        bot_language=reader.choice("BOT_LANGUAGE", AUTO, (*LANGUAGES, AUTO)),
        log_level=reader.choice("LOG_LEVEL", "INFO", LOG_LEVELS),
        is_disk_lost=bool(reader.text("DYNO")),  # Heroku names its processes so
        proxies=proxies,
    )
    for url in (settings.slack_api_url, settings.openai_base_url):
        proxies.find(url)  # one that cannot be used is told now
    return settings


def read_web_settings(environment: Mapping[str, str]) -> WebSettings:
    """Read the settings of `web`, which needs nothing of Slack's and no database, and asks for none.

    Raises:
        SettingsError: one is missing, or makes no sense.
    """
    reader = _Reader(environment)
    needed = {name: value for name, value in environment.items() if name not in _NOT_OF_WEB}
    settings = WebSettings(
        read_settings(needed | {"SLACK_BOT_TOKEN": "xoxb-none", "SLACK_APP_TOKEN": "xapp-none"}),
        web_host=reader.host("WEB_HOST", WEB_HOST),
        port=reader.count("PORT", WEB_PORT, least=0, most=65_535),
        web_token=reader.secret("WEB_TOKEN", SHORTEST_TOKEN),
    )
    if not settings.web_token and not is_this_machine(settings.web_host):
        raise SettingsError(f"WEB_TOKEN is not set, and WEB_HOST is an address that others reach. {_WEB_TOKEN_SOURCE}")
    return settings


def read_database_url(environment: Mapping[str, str]) -> str:
    """Read `DATABASE_URL` alone, for whoever needs nothing else.

    Raises:
        SettingsError: it makes no sense.
    """
    return _Reader(environment).database("DATABASE_URL", DATABASE_URL)


class _Reader:
    """Reads one variable after another, each into a value that can be used as it is."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def text(self, name: str, default: str = "") -> str:
        return self._environment.get(name, "").strip() or default

    def tokens(self) -> tuple[str, str]:
        bot, app = self.text("SLACK_BOT_TOKEN"), self.text("SLACK_APP_TOKEN")
        if bot.startswith("xapp-") and app.startswith("xoxb-"):
            raise SettingsError("SLACK_BOT_TOKEN and SLACK_APP_TOKEN are swapped: the bot's begins with xoxb-.")
        self._check_token("SLACK_BOT_TOKEN", bot, "xoxb-")
        self._check_token("SLACK_APP_TOKEN", app, "xapp-")
        return bot, app

    def key(self) -> str:
        key = self.text("OPENAI_API_KEY")
        if not key:
            raise SettingsError(f"OPENAI_API_KEY is not set. {_KEY_SOURCE}")
        if not _is_header_value(key) or re.match("xox|xapp-", key):
            raise SettingsError(f"OPENAI_API_KEY is not a key. {_KEY_SOURCE}")
        return key

    def name(self, name: str, default: str) -> str:
        text = self.text(name, default)
        if text != printable(text, LONGEST_MODEL):  # it stands in every reply
            raise SettingsError(
                f"{name} is not a name such as {default}: one line of at most {LONGEST_MODEL} characters."
            )
        return text

    def url(self, name: str, default: str) -> str:
        url = self.text(name, default)
        try:
            parts = urlsplit(url)
            is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_address = False
        if not is_address or not url.isprintable() or " " in url:
            raise SettingsError(f"{name} is not an address such as {default}.")
        return url

    def database(self, name: str, default: str) -> str:
        url = self.text(name, default)
        if not re.match(r"(jdbc:)?(sqlite|postgres|postgresql)(\+[a-z0-9_]+)?://", url) or not url.isprintable():
            raise SettingsError(f"{name} is not an address such as {default} or postgresql://user:password@host/name.")
        if not url.startswith("sqlite"):
            read_dsn(url)
        return url

    def number(self, name: str, default: float, *, least: float, most: float) -> float:
        try:
            number = float(self.text(name, str(default)))
        except ValueError:
            number = float("nan")
        if not least <= number <= most:
            raise SettingsError(f"{name} is not a number from {least:g} to {most:g}; {default:g} is the default.")
        return number

    def count(self, name: str, default: int, *, least: int, most: int) -> int:
        text = self.text(name, str(default))
        if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise SettingsError(f"{name} is not a whole number from {least} to {most}; {default} is the default.")
        return int(text)

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        text = self.text(name, default)
        choice = next((one for one in choices if one.lower() == text.lower()), None)
        if choice is None:
            raise SettingsError(f"{name} is not one of {', '.join(choices)}; {default} is the default.")
        return choice

    def host(self, name: str, default: str) -> str:
        text = self.text(name, default).removeprefix("[").removesuffix("]").lower()
        if not re.fullmatch(r"[0-9A-Za-z.:_-]{1,253}", text):
            raise SettingsError(f"{name} is not an address of this machine such as {default} or 0.0.0.0.")
        return text

    def secret(self, name: str, shortest: int) -> str:
        text = self.text(name)
        if text and (len(text) < shortest or not _is_header_value(text)):
            raise SettingsError(f"{name} is not {shortest} or more letters, digits and signs. {_WEB_TOKEN_SOURCE}")
        return text

    def _check_token(self, name: str, token: str, prefix: str) -> None:
        source = TOKEN_SOURCES[name]
        if token in {"", prefix}:
            raise SettingsError(f"{name} is not set. {source}")
        if not token.startswith(prefix) or not _is_header_value(token):
            raise SettingsError(f"{name} is not such a token: it begins with {prefix}. {source}")


def _is_header_value(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text
