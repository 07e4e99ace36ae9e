"""All settings, and those of `web`: what each variable is called, its default, and its bounds."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.errors import SettingsError
from bot.network.proxies import DIRECT, Proxies, is_this_machine, read_proxies
from bot.settings.reader import SHORTEST_TOKEN, WEB_TOKEN_SOURCE, Reader
from bot.settings.slack import Distribution, Http, read_ways, without_slack
from bot.texts import AUTO, LANGUAGES

OPENAI_URL = "https://api.openai.com/v1"
SLACK_URL = "https://slack.com/api/"
DATABASE_URL = "sqlite:///perspectives.sqlite"
WEB_HOST = "127.0.0.1"  # of `web`, which this machine alone reaches
WEB_PORT = 8_000
MODEL = "gpt-5.4-mini"  # small, quick, and listed in the SDK's `ChatModel`; four of them answer each problem

_NOT_OF_WEB = {"SLACK_API_URL", "SLACK_EDITS_PER_MINUTE", "DATABASE_URL", "HISTORY_DAYS"}
LOG_FORMATS = ("text", "logfmt", "json")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings; the names are those of the variables, in lower case. Secrets are left out of its `repr`.

    What belongs together is one: where it listens is `http`, the app that workspaces install is `distribution`. The
    token of what is not used is empty.
    """

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
    log_format: str = "text"
    is_disk_lost: bool = False  # whether the host's disk ends with the process
    proxies: Proxies = DIRECT
    http: Http | None = None
    distribution: Distribution | None = None


@dataclass(frozen=True, slots=True)
class WebSettings:
    """The settings of `web`: those of the `bot`, of which it uses what is neither Slack's nor the database's."""

    bot: Settings
    web_host: str = WEB_HOST
    port: int = WEB_PORT
    web_token: str = field(default="", repr=False)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings from `environment`. An empty value counts as none.

    Raises:
        SettingsError: a required variable is missing, or one makes no sense.
    """
    reader = Reader(environment)
    slack_api_url = reader.url("SLACK_API_URL", SLACK_URL)
    ways = read_ways(reader, slack_api_url)
    proxies = read_proxies(environment)
    settings = Settings(
        slack_bot_token=ways.bot_token,
        slack_app_token=ways.app_token,
        openai_api_key=reader.key(),
        openai_base_url=reader.url("OPENAI_BASE_URL", OPENAI_URL),
        openai_model=reader.name("OPENAI_MODEL", MODEL),
        openai_stream_idle_timeout=reader.number("OPENAI_STREAM_IDLE_TIMEOUT", 60, least=1, most=3_600),
        slack_api_url=slack_api_url,
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
        log_format=reader.choice("LOG_FORMAT", "text", LOG_FORMATS),
        is_disk_lost=bool(reader.text("DYNO")),  # Heroku names its processes so
        proxies=proxies,
        http=ways.http,
        distribution=ways.distribution,
    )
    for url in (settings.slack_api_url, settings.openai_base_url):
        proxies.find(url)  # one that cannot be used is told now
    return settings


def read_web_settings(environment: Mapping[str, str]) -> WebSettings:
    """Read the settings of `web`, which needs nothing of Slack's and no database, and asks for none.

    Raises:
        SettingsError: one is missing, or makes no sense.
    """
    reader = Reader(environment)
    needed = {name: value for name, value in without_slack(environment).items() if name not in _NOT_OF_WEB}
    settings = WebSettings(
        read_settings(needed | {"SLACK_BOT_TOKEN": "xoxb-none", "SLACK_APP_TOKEN": "xapp-none"}),
        web_host=reader.host("WEB_HOST", WEB_HOST),
        port=reader.count("PORT", WEB_PORT, least=0, most=65_535),
        web_token=reader.secret("WEB_TOKEN", SHORTEST_TOKEN),
    )
    if not settings.web_token and not is_this_machine(settings.web_host):
        raise SettingsError(f"WEB_TOKEN is not set, and WEB_HOST is an address that others reach. {WEB_TOKEN_SOURCE}")
    return settings


def read_database_url(environment: Mapping[str, str]) -> str:
    """Read `DATABASE_URL` alone, for whoever needs nothing else.

    Raises:
        SettingsError: it makes no sense.
    """
    return Reader(environment).database("DATABASE_URL", DATABASE_URL)
