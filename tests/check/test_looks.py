import asyncio
import logging
import sqlite3
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.check import OPTIONAL_SCOPES, SCOPES, Line, Verdict, check
from bot.check import looks as module
from bot.playground.slack.fault import Fault
from bot.playground.slack.methods import TABLE
from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import Workspace
from bot.settings import Settings
from tests.support.certificates import server_context
from tests.support.model_server import KEY, MODEL, ModelServer, Script

ROOT = Path(__file__).parent.parent.parent
TOKENS = {"SLACK_BOT_TOKEN": "xoxb-secret", "SLACK_APP_TOKEN": "xapp-secret", "OPENAI_API_KEY": "sk-secret"}
BOT_PASSED_OVER = [
    "note   SLACK_BOT_TOKEN     not checked: put SLACK_BOT_TOKEN right first",
    "note   scopes              not checked: put SLACK_BOT_TOKEN right first",
    "note   layouts             not checked: put SLACK_BOT_TOKEN right first",
]
PLACE = f"{MODEL} at 127.0.0.1"
REFUSED = "Your app's page at api.slack.com/apps shows which is valid."


GAIN = (
    "it reads no thread there that it is called into, and a reply whose posting was cut off is told as interrupted "
    "instead of being found again."
)
LAYOUTS = (
    "ok     layouts             Slack takes all 33 of them"
    if "blocks.validate" in TABLE
    else "note   layouts             not checked: there, Slack has no blocks.validate"
)


@dataclass(slots=True)
class World:
    """What is looked at, and the environment that names it."""

    workspace: Workspace
    slack: SlackServer
    model: ModelServer
    environment: dict[str, str]
    directory: Path

    async def look(self, **changed: str) -> tuple[bool, list[str]]:
        """Check, with `changed` variables: whether nothing is wrong, and the lines as they are read."""
        lines: list[Line] = []
        async with asyncio.timeout(60):
            is_well = await check({**self.environment, **changed}, lines.append)
        read = [str(line) for line in lines]
        secrets = [self.workspace.bot_token, self.workspace.app_token, KEY, "secret", "ticket"]
        assert not [line for line in read for secret in secrets if secret in line]
        assert not [line for line in read if "\n" in line]
        assert is_well is not any(line.verdict is Verdict.WRONG for line in lines)
        return is_well, read

    async def differences(self, **changed: str) -> list[str]:
        """The lines that are not among those of a check where all is well."""
        usual = self.usual()
        is_well, lines = await self.look(**changed)
        assert is_well is not any(line.startswith("wrong") for line in lines)
        return [line for line in lines if line not in usual and not line.startswith("ok     model ")]

    def usual(self) -> list[str]:
        """What is said where all is well, but for the model's line, which has a time in it."""
        return [
            "ok     settings            complete",
            "ok     SLACK_BOT_TOKEN     @perspectives in the workspace “playground”",
            "ok     scopes              app_mentions:read, chat:write, commands",
            (
                "note   scopes              without channels:history (in public channels), groups:history (in private "
                f"ones), im:history (in direct messages) {GAIN} It hears of no direct message either."
            ),
            LAYOUTS,
            "ok     SLACK_APP_TOKEN     Slack lets it connect (Socket Mode)",
            (
                "note   buttons and forms   whether Slack sends presses cannot be seen from here; it does with "
                "manifest.yml. If one does nothing: on your app's page, Interactivity & Shortcuts, switch them on"
            ),
            f"ok     database            runs are kept in SQLite, {self.directory}/runs.sqlite",
        ]


@asynccontextmanager
async def stand_ins(directory: Path, **how: Any) -> AsyncIterator[World]:
    """Slack and a model, in good order, and a directory for the database."""
    workspace = Workspace(**how)
    async with SlackServer(workspace) as slack, ModelServer() as model:
        environment = {
            "SLACK_BOT_TOKEN": workspace.bot_token,
            "SLACK_APP_TOKEN": workspace.app_token,
            "OPENAI_API_KEY": KEY,
            "OPENAI_BASE_URL": model.url,
            "OPENAI_MODEL": MODEL,
            "SLACK_API_URL": slack.url,
            "DATABASE_URL": f"sqlite:///{directory}/runs.sqlite",
        }
        yield World(workspace, slack, model, environment, directory)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """All is well."""
    async with stand_ins(tmp_path) as world:
        yield world


@pytest.mark.slow
async def test_all_is_well(world: World) -> None:
    """A line for each thing, in one order; nothing was posted, and no connection is left."""
    is_well, lines = await world.look()
    assert is_well
    *first, model, database = lines
    assert [*first, database] == world.usual()
    assert model.startswith(f"ok     model               {PLACE} answers, after 0.")
    assert (world.workspace.messages, world.workspace.whispers) == ([], [])
    assert world.workspace.methods_seen == {"auth.test", "apps.connections.open", "blocks.validate"}
    assert (len(world.model.requests), world.model.open_streams) == (1, 0)


@pytest.mark.slow
async def test_the_optional_scopes_are_no_news_where_they_are(world: World) -> None:
    """What is had need not be praised; what is half had is told of the other half."""
    world.workspace.scopes |= set(OPTIONAL_SCOPES)
    assert "note   scopes" not in "".join((await world.look())[1])
    world.workspace.scopes -= {"groups:history"}
    assert await world.differences() == [f"note   scopes              without groups:history (in private ones) {GAIN}"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changed", "lines"),
    [
        (
            {"SLACK_BOT_TOKEN": "xoxb-secret"},
            [
                f"wrong  SLACK_BOT_TOKEN     Slack refuses the token of SLACK_BOT_TOKEN (invalid_auth). {REFUSED}",
                *BOT_PASSED_OVER[1:],
            ],
        ),
        (
            {"SLACK_APP_TOKEN": "xapp-secret"},
            [f"wrong  SLACK_APP_TOKEN     Slack refuses the token of SLACK_APP_TOKEN (invalid_auth). {REFUSED}"],
        ),
        (
            {"OPENAI_API_KEY": "sk-secret"},
            [f"wrong  model               {PLACE}: the model's provider refused the key. Check OPENAI_API_KEY."],
        ),
        (
            {"SLACK_BOT_TOKEN": ""},
            [
                (
                    "wrong  settings            SLACK_BOT_TOKEN is not set. Copy it from your app's page at "
                    "api.slack.com/apps: OAuth & Permissions, Bot User OAuth Token."
                ),
                *BOT_PASSED_OVER,
            ],
        ),
        (
            {"SLACK_API_URL": "secret"},
            [
                "wrong  settings            SLACK_API_URL is not an address such as https://slack.com/api/.",
                *(line.replace("put SLACK_BOT_TOKEN", "put SLACK_API_URL") for line in BOT_PASSED_OVER),
                "note   SLACK_APP_TOKEN     not checked: put SLACK_API_URL right first",
            ],
        ),
        (
            {"DATABASE_URL": "secret"},
            [
                (
                    "wrong  settings            DATABASE_URL is not an address such as sqlite:///perspectives.sqlite "
                    "or postgresql://user:password@host/name."
                ),
                "note   database            not checked: put DATABASE_URL right first",
            ],
        ),
        (
            {"LOG_LEVEL": "secret"},
            [
                (
                    "wrong  settings            LOG_LEVEL is not one of DEBUG, INFO, WARNING, ERROR, CRITICAL; "
                    "INFO is the default."
                )
            ],
        ),
    ],
    ids=["bot token", "app token", "key", "no bot token", "address", "database", "another setting"],
)
async def test_one_thing_that_is_wrong_is_told_alone(world: World, changed: dict[str, str], lines: list[str]) -> None:
    """The others are looked at all the same; what hangs on it says that it was not."""
    assert await world.differences(**changed) == lines


@pytest.mark.slow
async def test_two_things_that_are_wrong_are_both_told(world: World) -> None:
    """Of the settings, and of what they name."""
    first, second, *rest = await world.differences(
        SLACK_BOT_TOKEN="xoxp-secret", OPENAI_API_KEY="", SLACK_APP_TOKEN="xapp-secret"
    )
    assert first.startswith("wrong  settings            SLACK_BOT_TOKEN is not such a token: it begins with xoxb-.")
    assert second.startswith("wrong  settings            OPENAI_API_KEY is not set.")
    assert rest == [
        *BOT_PASSED_OVER,
        f"wrong  SLACK_APP_TOKEN     Slack refuses the token of SLACK_APP_TOKEN (invalid_auth). {REFUSED}",
        "note   model               not checked: put OPENAI_API_KEY right first",
    ]


@pytest.mark.slow
async def test_scopes_that_are_missing_are_named_with_the_way_to_add_them(world: World) -> None:
    """And with what they are for."""
    world.workspace.scopes -= {"chat:write", "commands"}
    assert await world.differences() == [
        (
            "wrong  scopes              missing: chat:write (to post the thread and to edit it), commands (for "
            "/perspectives, and the shortcut on a message). Add what is missing on your app's page at "
            "api.slack.com/apps: OAuth & Permissions, Bot Token Scopes; then install the app anew."
        )
    ]


@pytest.mark.slow
async def test_scopes_that_slack_does_not_say_are_no_fault(world: World) -> None:
    """The line says which are needed, for whoever looks by hand."""
    world.workspace.names_scopes = False
    assert await world.differences() == [
        (
            "note   scopes              not checked: Slack does not say them; needed are "
            "app_mentions:read, chat:write, commands"
        )
    ]


@pytest.mark.slow
async def test_an_app_token_without_its_scope_is_told_which(world: World) -> None:
    """It has but one."""
    world.workspace.app_scopes.clear()
    (line,) = await world.differences()
    assert line.startswith("wrong  SLACK_APP_TOKEN     Slack refuses the token of SLACK_APP_TOKEN (missing_scope).")
    assert line.endswith(" It needs the scope connections:write.")


@pytest.mark.slow
async def test_slack_out_of_order_is_told_of_each_token(world: World) -> None:
    """It may be so for one method and not for the other."""
    world.workspace.faults.append(Fault("auth.test", http_status=503))
    world.workspace.faults.append(Fault("apps.connections.open", breaks=True))
    first, *rest, third = await world.differences()
    assert first == "wrong  SLACK_BOT_TOKEN     Slack cannot be reached, or does not work: http_503"
    assert rest == BOT_PASSED_OVER[1:]
    assert third.startswith("wrong  SLACK_APP_TOKEN     Slack cannot be reached, or does not work: ")


@asynccontextmanager
async def listener(answer: bytes, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server on loopback that answers whatever comes with these bytes, and closes; its host and port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100_000)
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls) as server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


def page(text: str, kind: str = "text/html", status: str = "200 OK") -> bytes:
    """An answer in HTTP."""
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode()


NO_SLACK = "what answers at {host} is not Slack's API. Check SLACK_API_URL."
DOORS = [
    ("https", b"", True, "the certificate of {host} is not trusted (self-signed certificate). Check SLACK_API_URL; if"),
    (
        "https",
        page("", status="400 Bad Request"),
        False,
        "{host} does not speak https at that port. Check SLACK_API_URL.",
    ),
    ("http", b"\x15\x03\x03\x00\x02\x02\x46", False, "what answers at {host} is no HTTP. Check SLACK_API_URL."),
    ("http", page("<html><title>secret</title>"), False, NO_SLACK),
    ("http", page("<html>", status="404 Not Found"), False, NO_SLACK),
    ("http", page("<html>", status="400 Bad Request"), False, NO_SLACK),
    ("http", page("secret", "text/plain"), False, NO_SLACK),
    ("http", page('{"status":"up"}', "application/json"), False, NO_SLACK),
    ("http", page("[1, 2]", "application/json"), False, NO_SLACK),
    ("http", page('{"ok":true}', "application/json"), False, NO_SLACK),
    ("http", page('{"ok":true,"user_id":[1],"bot_id":{},"team_id":"x\\ny"}', "application/json"), False, NO_SLACK),
]


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "answer", "is_secure", "told"), DOORS)
async def test_what_is_not_slack_at_its_address_is_told_for_what_it_is(
    world: World, scheme: str, answer: bytes, told: str, tmp_path: Path, *, is_secure: bool
) -> None:
    """At once, with the setting that names it."""
    began = asyncio.get_running_loop().time()
    async with listener(answer, server_context(tmp_path) if is_secure else None) as host:
        _, lines = await world.look(SLACK_API_URL=f"{scheme}://{host}/api/")
    assert asyncio.get_running_loop().time() - began < 5
    for subject in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"):
        (line,) = [line for line in lines if line.startswith(f"wrong  {subject} ")]
        assert told.format(host=host) in line


@pytest.mark.slow
@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://127.0.0.1:9/api/", "nothing listens at 127.0.0.1:9. Check SLACK_API_URL."),
        ("https://nowhere.invalid/api/", "nowhere.invalid"),
    ],
)
async def test_an_address_of_slack_where_nobody_is_is_told(world: World, url: str, told: str) -> None:
    """A port that nobody listens on; a host that does not exist."""
    _, lines = await world.look(SLACK_API_URL=url)
    assert sum(told in line for line in lines if line.startswith("wrong  SLACK_")) == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("link", "told"),
    [
        ("wss://{host}/link", "the certificate of {host} is not trusted"),
        ("ws://127.0.0.1:9/link", "nothing listens at 127.0.0.1:9"),
        ("wss://nowhere.invalid/link", "nowhere.invalid"),
    ],
)
async def test_an_address_of_the_connection_that_cannot_be_reached_is_told(
    world: World, link: str, told: str, tmp_path: Path
) -> None:
    """Slack gives it, and a firewall may know the one host and not the other."""
    async with listener(b"", server_context(tmp_path)) as host:
        world.slack.link = link.format(host=host) + "?ticket=secret"
        (line,) = await world.differences()
    assert line.startswith("wrong  SLACK_APP_TOKEN ")
    assert told.format(host=host) in line


@pytest.mark.slow
async def test_a_model_that_is_not_there_is_told_by_its_name(world: World) -> None:
    """With what to check."""
    error = {"code": "model_not_found", "message": "secret"}
    world.model.default = Script(status=404, error=error)
    (line,) = await world.differences()
    assert line.startswith("wrong  model ")
    assert MODEL in line
    assert line.endswith("Check OPENAI_MODEL.")


async def test_a_model_is_not_waited_for_longer_than_half_a_minute() -> None:
    """Servers take a question and never say a word."""
    async with ModelServer() as model:
        model.default = Script(first=1_000.0)
        settings = Settings("xoxb-1", "xapp-1", KEY, openai_base_url=model.url, openai_model=MODEL)
        started = asyncio.get_running_loop().time()
        (line,) = await module._look_at_model(settings, ())
        assert asyncio.get_running_loop().time() - started == pytest.approx(30.0, abs=0.1)
        assert str(line) == f"wrong  model               {PLACE}: no answer within 30 s"


@pytest.mark.parametrize("script", [Script(status=429), Script(status=503, retry_after="20"), Script(drops=True)])
async def test_a_model_that_has_no_time_is_told_within_seconds(script: Script) -> None:
    """That it is tried again would change nothing about what there is to say."""
    async with ModelServer() as model:
        model.default = script
        settings = Settings("xoxb-1", "xapp-1", KEY, openai_base_url=model.url, openai_model=MODEL)
        started = asyncio.get_running_loop().time()
        (line,) = await module._look_at_model(settings, ())
        assert asyncio.get_running_loop().time() - started == pytest.approx(5.0, abs=0.1)
        assert str(line).startswith(f"wrong  model               {PLACE}: no answer within 5 s: the ")
        assert "trying again in" in str(line)


async def test_a_model_that_thinks_answers() -> None:
    """For longer than anybody wants to wait for."""
    async with ModelServer() as model:
        model.default = Script(({"choices": [{"delta": {"reasoning_content": "hm"}}]}, 100.0), first=2.0)
        settings = Settings("xoxb-1", "xapp-1", KEY, openai_base_url=model.url, openai_model=MODEL)
        (line,) = await module._look_at_model(settings, ())
        assert str(line) == f"ok     model               {PLACE} answers, after 2.0 s"


async def test_a_model_is_left_after_its_first_words() -> None:
    """The rest would cost money, and time."""
    async with ModelServer() as model:
        model.default = Script(tuple("word " for _ in range(1_000)), every=1.0, first=2.0)
        settings = Settings("xoxb-1", "xapp-1", KEY, openai_base_url=model.url, openai_model=MODEL)
        (line,) = await module._look_at_model(settings, ())
        assert str(line) == f"ok     model               {PLACE} answers, after 2.0 s"
        await asyncio.sleep(3.0)
        assert model.open_streams == 0
        assert model.requests[0].is_cut_off


@pytest.mark.slow
async def test_a_database_that_cannot_be_opened_is_told(world: World) -> None:
    """By its variable, without the password in it."""
    for url in ("postgresql://me:secret@127.0.0.1:1/runs", f"sqlite:///{world.directory}"):
        (line,) = await world.differences(DATABASE_URL=url)
        assert line.startswith("wrong  database ")


@pytest.mark.slow
async def test_a_database_that_can_be_read_and_not_written_is_told(world: World) -> None:
    """To open it says nothing of that."""
    assert await world.differences() == []
    with closing(sqlite3.connect(world.directory / "runs.sqlite")) as database:
        database.execute("CREATE TRIGGER no BEFORE INSERT ON edits BEGIN SELECT RAISE(ABORT, 'secret'); END")
    (line,) = await world.differences()
    assert line.startswith("wrong  database            SQLite, ")
    assert "secret" not in line


@pytest.mark.slow
async def test_no_process_is_waited_for_that_has_only_looked(world: World) -> None:
    """The database has none afterwards."""
    assert (await world.look())[0]
    with closing(sqlite3.connect(world.directory / "runs.sqlite")) as database:
        assert database.execute("SELECT owner FROM processes UNION SELECT owner FROM edits").fetchall() == []


async def test_a_disk_that_ends_with_the_process_is_warned_of(world: World) -> None:
    """Nothing is wrong all the same: the bot would run."""
    assert await world.differences(DYNO="worker.1") == [
        (
            "warn   database            this host's disk ends with the process (DYNO is set), and the runs with it: "
            "let DATABASE_URL name a PostgreSQL database"
        )
    ]


@pytest.mark.slow
async def test_what_is_looked_at_does_not_wait_for_each_other(tmp_path: Path) -> None:
    """Three that take 0.4 s take no 1.2; the lines come in their order."""
    async with stand_ins(tmp_path) as world:
        for method in ("auth.test", "apps.connections.open"):
            world.workspace.faults.append(Fault(method, delay=0.4))
        world.model.default = Script(first=0.4)
        started = asyncio.get_running_loop().time()
        _, lines = await world.look()
        assert asyncio.get_running_loop().time() - started < 1.0
        assert [line.split()[1] for line in lines] == [
            *("settings", "SLACK_BOT_TOKEN", "scopes", "scopes", "layouts"),
            *("SLACK_APP_TOKEN", "buttons", "model", "database"),
        ]


@pytest.mark.slow
async def test_the_log_gives_nothing_away_either(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """By us: the libraries' loggers are hushed where the command is run."""
    caplog.set_level(logging.DEBUG, "bot")
    await world.look(OPENAI_API_KEY="sk-secret", SLACK_APP_TOKEN="xapp-secret")
    ours = "".join(record.getMessage() for record in caplog.records if record.name.startswith("bot."))
    assert "secret" not in ours


def test_tokens_that_are_swapped_are_one_problem() -> None:
    """Each by itself would be no such token, which helps less; other problems are told beside it."""
    swapped = {"SLACK_BOT_TOKEN": "xapp-1", "SLACK_APP_TOKEN": "xoxb-1", "OPENAI_API_KEY": ""}
    _, wrong, lines = module._read(swapped)
    assert wrong == set(TOKENS)
    assert [line.text.split(".")[0] for line in lines] == [
        "SLACK_BOT_TOKEN and SLACK_APP_TOKEN are swapped: the bot's begins with xoxb-",
        "OPENAI_API_KEY is not set",
    ]


def test_each_setting_that_is_wrong_is_told() -> None:
    """Reading them for the bot stops at the first; the good ones keep their values."""
    wrong = {"PROBLEM_LIMIT": "-1", "LOG_LEVEL": "loud", "OPENAI_MODEL": "a-model", "DATABASE_URL": "secret"}
    settings, names, lines = module._read({**TOKENS, **wrong})
    assert names == {"PROBLEM_LIMIT", "LOG_LEVEL", "DATABASE_URL"}
    assert [line.text.split()[0] for line in lines] == ["DATABASE_URL", "PROBLEM_LIMIT", "LOG_LEVEL"]
    assert (settings.openai_model, settings.slack_bot_token) == ("a-model", "xoxb-secret")


def test_the_scopes_are_the_manifests() -> None:
    """The bot needs what its manifest asks for, but for what may be declined."""
    scopes = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))["oauth_config"]["scopes"]
    assert set(OPTIONAL_SCOPES) == set(scopes["bot_optional"])
    assert set(SCOPES) == set(scopes["bot"]) - set(OPTIONAL_SCOPES)


def test_a_line_is_one_line() -> None:
    """Whatever a workspace is called."""
    assert str(Line(Verdict.OK, "settings", "a\nb\x1b[31mc")) == "ok     settings            a b [31mc"
