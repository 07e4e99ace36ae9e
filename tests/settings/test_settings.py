import os
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import Settings, WebSettings, read_environment, read_settings, read_web_settings
from bot.settings.slack import WAYS

GOOD = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "OPENAI_API_KEY": "sk-1"}

WRONG = [
    ({"SLACK_BOT_TOKEN": ""}, "SLACK_BOT_TOKEN is not set. Copy it from"),
    ({"SLACK_APP_TOKEN": "  "}, "SLACK_APP_TOKEN is not set. Make one"),
    ({"OPENAI_API_KEY": ""}, "OPENAI_API_KEY is not set. Make one"),
    ({"SLACK_BOT_TOKEN": "xapp-1", "SLACK_APP_TOKEN": "xoxb-1"}, "SLACK_BOT_TOKEN and SLACK_APP_TOKEN are swapped"),
    ({"SLACK_BOT_TOKEN": "xoxp-secret"}, "SLACK_BOT_TOKEN is not such a token"),
    ({"SLACK_BOT_TOKEN": "xoxb-"}, "SLACK_BOT_TOKEN is not set"),
    ({"SLACK_APP_TOKEN": "xapp-secret\nx"}, "SLACK_APP_TOKEN is not such a token"),
    ({"OPENAI_API_KEY": "xoxb-secret"}, "OPENAI_API_KEY is not a key"),
    ({"OPENAI_API_KEY": "sk-sécret"}, "OPENAI_API_KEY is not a key"),
    ({"OPENAI_MODEL": "secret\nmodel"}, "OPENAI_MODEL is not a name such as"),
    ({"OPENAI_MODEL": "secret\u202emodel"}, "OPENAI_MODEL is not a name such as"),
    ({"OPENAI_MODEL": "secret" * 100}, "OPENAI_MODEL is not a name such as"),
    ({"OPENAI_BASE_URL": "secret.example"}, "OPENAI_BASE_URL is not an address"),
    ({"OPENAI_BASE_URL": "http://[secret"}, "OPENAI_BASE_URL is not an address"),
    ({"SLACK_API_URL": "ftp://secret.example"}, "SLACK_API_URL is not an address"),
    ({"SLACK_EDITS_PER_MINUTE": "secret"}, "SLACK_EDITS_PER_MINUTE is not a whole number from 6"),
    ({"SLACK_EDITS_PER_MINUTE": "5"}, "SLACK_EDITS_PER_MINUTE is not a whole number from 6"),
    ({"OPENAI_STREAM_IDLE_TIMEOUT": "nan"}, "OPENAI_STREAM_IDLE_TIMEOUT is not a number from 1"),
    ({"OPENAI_STREAM_IDLE_TIMEOUT": "0"}, "OPENAI_STREAM_IDLE_TIMEOUT is not a number from 1"),
    ({"DATABASE_URL": "mysql://me:secret@127.0.0.1/runs"}, "DATABASE_URL is not an address"),
    ({"HISTORY_DAYS": "0"}, "HISTORY_DAYS is not a whole number"),
    ({"MAX_STREAMS": "3"}, "MAX_STREAMS is not a whole number from 4"),
    ({"RUNS_PER_WORKSPACE": "0"}, "RUNS_PER_WORKSPACE is not a whole number"),
    ({"RUNS_PER_PERSON": "0"}, "RUNS_PER_PERSON is not a whole number"),
    ({"RUNS_PER_PERSON_PER_HOUR": "many"}, "RUNS_PER_PERSON_PER_HOUR is not a whole number"),
    ({"PROBLEM_LIMIT": "-1"}, "PROBLEM_LIMIT is not a whole number"),
    ({"LOG_FORMAT": "secret"}, "LOG_FORMAT is not one of text, logfmt, json"),
    ({"LOG_LEVEL": "secret"}, "LOG_LEVEL is not one of DEBUG"),
    ({"BOT_LANGUAGE": "xx"}, "BOT_LANGUAGE is not one of en, ja, auto; auto is the default."),
]


def test_three_variables_are_enough() -> None:
    """The others have defaults."""
    assert read_settings(GOOD) == Settings("xoxb-1", "xapp-1", "sk-1")


def test_each_variable_is_read() -> None:
    """As what it stands for."""
    settings = read_settings(
        GOOD
        | {
            "OPENAI_BASE_URL": " http://127.0.0.1:1/v1 ",
            "OPENAI_MODEL": "m",
            "OPENAI_STREAM_IDLE_TIMEOUT": "2.5",
            "SLACK_API_URL": "http://127.0.0.1:2/api/",
            "SLACK_EDITS_PER_MINUTE": "230",
            "DATABASE_URL": "postgres://me@127.0.0.1/runs",
            "HISTORY_DAYS": "7",
            "MAX_STREAMS": "8",
            "RUNS_PER_WORKSPACE": "5",
            "RUNS_PER_PERSON": "3",
            "RUNS_PER_PERSON_PER_HOUR": "40",
            "PROBLEM_LIMIT": "100",
            "BOT_LANGUAGE": " JA ",
            "LOG_LEVEL": "debug",
            "LOG_FORMAT": "JSON",
            "DYNO": "worker.1",
        }
    )
    assert settings == Settings(
        slack_bot_token="xoxb-1",
        slack_app_token="xapp-1",
        openai_api_key="sk-1",
        openai_base_url="http://127.0.0.1:1/v1",
        openai_model="m",
        openai_stream_idle_timeout=2.5,
        slack_api_url="http://127.0.0.1:2/api/",
        slack_edits_per_minute=230,
        database_url="postgres://me@127.0.0.1/runs",
        history_days=7,
        max_streams=8,
        runs_per_workspace=5,
        runs_per_person=3,
        runs_per_person_per_hour=40,
        problem_limit=100,
        bot_language="ja",
        log_level="DEBUG",
        log_format="json",
        is_disk_lost=True,
    )


@pytest.mark.parametrize(("change", "words"), WRONG)
def test_what_is_wrong_is_told_by_its_name_and_never_shown(change: dict[str, str], words: str) -> None:
    """One line, which says where to get it."""
    with pytest.raises(SettingsError) as error:
        read_settings(GOOD | change)
    assert str(error.value).startswith(words)
    assert "cret" not in str(error.value)
    assert "\n" not in str(error.value)


WEB = {"OPENAI_API_KEY": "sk-1"}


def test_the_web_needs_a_key_alone() -> None:
    """Nothing of Slack's and no database, and it does not mind what is wrong with those."""
    wrong = {"SLACK_BOT_TOKEN": "x", "SLACK_API_URL": "x", "DATABASE_URL": "x", "HISTORY_DAYS": "x"}
    for environment in (WEB, WEB | wrong):
        assert read_web_settings(environment) == WebSettings(Settings("xoxb-none", "xapp-none", "sk-1"))


def test_each_variable_of_the_web_is_read() -> None:
    """An address in brackets too, as links have it."""
    changes = {"WEB_HOST": "[::]", "PORT": "80", "WEB_TOKEN": " 0123456789abcdef ", "OPENAI_MODEL": "m"}
    settings = read_web_settings(WEB | changes)
    assert (settings.web_host, settings.port, settings.web_token) == ("::", 80, "0123456789abcdef")
    assert settings.bot.openai_model == "m"
    assert "0123456789abcdef" not in repr(settings)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"OPENAI_API_KEY": ""}, "OPENAI_API_KEY is not set."),
        ({"MAX_STREAMS": "3"}, "MAX_STREAMS is not a whole number"),
        ({"WEB_HOST": "http://secret"}, "WEB_HOST is not an address of this machine such as 127.0.0.1 or 0.0.0.0."),
        ({"WEB_HOST": "sec ret"}, "WEB_HOST is not an address"),
        ({"PORT": "65536"}, "PORT is not a whole number from 0 to 65535; 8000 is the default."),
        ({"PORT": "secret"}, "PORT is not a whole number"),
        ({"WEB_TOKEN": "secret"}, "WEB_TOKEN is not 16 or more letters, digits and signs."),
        ({"WEB_TOKEN": "sécret-0123456789"}, "WEB_TOKEN is not 16 or more letters, digits and signs."),
        ({"WEB_HOST": "0.0.0.0"}, "WEB_TOKEN is not set, and WEB_HOST is an address that others reach."),  # noqa: S104
        ({"WEB_HOST": "::"}, "WEB_TOKEN is not set, and"),
        ({"WEB_HOST": "192.168.0.7"}, "WEB_TOKEN is not set, and"),
        ({"WEB_HOST": "perspectives.example"}, "WEB_TOKEN is not set, and"),
    ],
)
def test_what_is_wrong_with_the_web_is_told_by_its_name(change: dict[str, str], words: str) -> None:
    """One line; above all, it is not open to others without a token."""
    with pytest.raises(SettingsError) as error:
        read_web_settings(WEB | change)
    assert str(error.value).startswith(words)
    assert "cret" not in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "LocalHost", "::1", "[::1]"])
def test_on_loopback_no_token_is_needed(host: str) -> None:
    """Others do not reach it."""
    assert read_web_settings(WEB | {"WEB_HOST": host}).web_token == ""


def test_an_env_file_fills_in_what_the_environment_lacks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And the environment wins."""
    monkeypatch.setattr(os, "environ", {"OPENAI_MODEL": "from-environment"})
    monkeypatch.chdir(tmp_path)
    lines = [f"{name}='{value}'" for name, value in (GOOD | {"OPENAI_MODEL": "from-file"}).items()]
    (tmp_path / ".env").write_text("\n".join(lines), encoding="utf-8")
    assert read_settings(read_environment()) == Settings("xoxb-1", "xapp-1", "sk-1", openai_model="from-environment")


def test_secrets_do_not_show_in_its_repr() -> None:
    """A log line with the settings in it gives nothing away."""
    assert not {"xoxb-1", "xapp-1", "sk-1"} & set(repr(read_settings(GOOD)).replace("'", " ").split())


def test_the_example_file_names_every_variable() -> None:
    """With the defaults that the code has. What the host is, it says itself."""
    text = (Path(__file__).parents[2] / ".env.example").read_text(encoding="utf-8")
    lines = [line.lstrip("# ") for line in text.splitlines() if "=" in line]
    example = dict(line.split("=", 1) for line in lines)
    ours = {*Settings.__dataclass_fields__, *WebSettings.__dataclass_fields__} | {name.lower() for name in WAYS}
    assert {name.lower() for name in example} == ours - {"is_disk_lost", "proxies", "bot", "http", "distribution"}
    assert read_web_settings(example | WEB) == read_web_settings(WEB)
    assert read_settings(example | GOOD) == read_settings(GOOD)
