import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app import serve
from bot.errors import SettingsError, UnavailableError
from bot.network.proxies import read_proxies
from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import Workspace
from bot.settings import read_settings
from bot.slack.api import Slack, make_client
from bot.slack.wires.session import make_session
from tests.support.certificates import server_context, write_certificate
from tests.support.model_server import KEY, MODEL, ModelServer, words
from tests.support.process import process
from tests.support.proxy_server import ProxyServer
from tests.support.world import NAMES, PatientStore, body_of, running, wall_clock

PROXY = "http://proxy.example:3128"
SLACK = "https://slack.com/api/"

FOUND = [
    ({}, SLACK, None),
    ({"HTTPS_PROXY": PROXY}, SLACK, PROXY),
    ({"https_proxy": PROXY}, SLACK, PROXY),
    ({"HTTPS_PROXY": PROXY}, "wss://wss-primary.slack.com/link?ticket=1", PROXY),
    ({"HTTPS_PROXY": "proxy.example:3128"}, SLACK, PROXY),
    ({"HTTPS_PROXY": "http://me:pw@proxy.example"}, SLACK, "http://me:pw@proxy.example"),
    ({"HTTP_PROXY": PROXY}, SLACK, None),
    ({"HTTP_PROXY": PROXY}, "http://slack.example/api/", PROXY),
    ({"HTTP_PROXY": PROXY}, "ws://slack.example/link", PROXY),
    ({"HTTPS_PROXY": PROXY}, "http://slack.example/api/", None),
    ({"ALL_PROXY": PROXY}, SLACK, PROXY),
    ({"all_proxy": PROXY}, "http://slack.example/", PROXY),
    ({"ALL_PROXY": "socks5://x", "HTTPS_PROXY": PROXY}, SLACK, PROXY),
    ({"https_proxy": PROXY, "HTTPS_PROXY": "http://other"}, SLACK, PROXY),
    ({"https_proxy": "", "HTTPS_PROXY": PROXY}, SLACK, None),
    ({"HTTPS_PROXY": " "}, SLACK, None),
]


@pytest.mark.parametrize(("environment", "url", "proxy"), FOUND)
def test_the_address_says_which_variable_is_for_it(environment: dict[str, str], url: str, proxy: str | None) -> None:
    """By its scheme; ALL_PROXY is for what has none of its own."""
    assert read_proxies(environment).find(url) == proxy


HERE = [
    "http://localhost:8080/v1",
    "https://LOCALHOST/",
    "http://127.0.0.1:1/",
    "http://127.8.9.1/",
    "http://[::1]:1/v1",
]
HERE += ["http://[::ffff:127.0.0.1]/", "http://bot.localhost/", "ws://localhost./link"]


@pytest.mark.parametrize("url", HERE)
def test_this_machine_is_never_asked_through_a_proxy(url: str) -> None:
    """Whatever NO_PROXY says, and whether or not the proxy could be used."""
    for value in (PROXY, "socks5://proxy.example", "nonsense://"):
        assert read_proxies(dict.fromkeys(("HTTP_PROXY", "https_proxy", "ALL_PROXY"), value)).find(url) is None


EXCEPTED = [
    ("slack.com", SLACK, True),
    ("slack.com", "https://api.slack.com/", True),
    (".slack.com", SLACK, True),
    (".slack.com", "https://api.slack.com/", True),
    ("*.slack.com", "https://api.slack.com/", True),
    ("SLACK.com", "https://Slack.COM./", True),
    ("slack.com", "https://notslack.com/", False),
    ("lack.com", SLACK, False),
    ("other.example, slack.com", SLACK, True),
    ("other.example slack.com", SLACK, True),
    ("slack.com:443", SLACK, True),
    ("slack.com:443", "wss://slack.com/link", True),
    ("slack.com:8443", SLACK, False),
    ("slack.com:8443", "https://slack.com:8443/", True),
    (".slack.com:443", "https://api.slack.com/", True),
    ("*", SLACK, True),
    ("other.example,*", SLACK, True),
    ("10.0.0.1", "https://10.0.0.1/", True),
    ("10.0.0.1:80", "https://10.0.0.1/", False),
    ("10.0.0.1", "https://110.0.0.1/", False),
    ("10.0.0.0/8", "https://10.1.2.3/", True),
    ("10.1.2.0/8", "https://10.9.9.9/", True),
    ("10.0.0.0/8", "https://11.1.2.3/", False),
    ("10.0.0.0/8", "https://ten.example/", False),
    ("fd00::/8", "https://[fd12::1]/", True),
    ("fd12::1", "https://[fd12::1]/", True),
    ("[fd12::1]", "https://[fd12:0::1]/", True),
    ("[fd12::1]:443", "https://[fd12::1]/", True),
    ("[fd12::1]:80", "https://[fd12::1]/", False),
    (",, .,:", SLACK, False),
    ("10.0.0.0/99", "https://10.0.0.1/", False),
]


@pytest.mark.parametrize(("no_proxy", "url", "is_excepted"), EXCEPTED)
def test_no_proxy_names_hosts_domains_addresses_and_networks(no_proxy: str, url: str, *, is_excepted: bool) -> None:
    """With a port or without, and in both cases."""
    for name in ("NO_PROXY", "no_proxy"):
        found = read_proxies({"HTTPS_PROXY": PROXY, name: no_proxy}).find(url)
        assert found == (None if is_excepted else PROXY)


@given(st.text(), st.text())
def test_whatever_stands_in_them_is_read_or_told(no_proxy: str, proxy: str) -> None:
    """The environment is written by hand."""
    try:
        found = read_proxies({"HTTPS_PROXY": proxy, "NO_PROXY": no_proxy}).find(SLACK)
    except SettingsError as error:
        found = str(error)
    assert found is None or "://" in found or found.startswith("HTTPS_PROXY is not")


UNUSABLE = [
    ({"HTTPS_PROXY": "socks5://me:secret@x:1080"}, "HTTPS_PROXY names a SOCKS proxy"),
    ({"ALL_PROXY": "socks5h://secret"}, "ALL_PROXY names a SOCKS proxy"),
    ({"all_proxy": "SOCKS4://secret"}, "all_proxy names a SOCKS proxy"),
    ({"https_proxy": "ftp://secret"}, "https_proxy is not a proxy's address"),
    ({"https_proxy": "http://"}, "https_proxy is not a proxy's address"),
    ({"https_proxy": "http://secret:99999"}, "https_proxy is not a proxy's address"),
    ({"https_proxy": "http://[secret"}, "https_proxy is not a proxy's address"),
    ({"https_proxy": "http://se cret"}, "https_proxy is not a proxy's address"),
]
TOKENS = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "OPENAI_API_KEY": "sk-1"}


@pytest.mark.parametrize(("environment", "told"), UNUSABLE)
def test_a_proxy_that_cannot_be_used_is_told_where_one_is_needed(environment: dict[str, str], told: str) -> None:
    """By its variable, without its value; and nothing is told where all is on this machine."""
    with pytest.raises(SettingsError) as error:
        read_settings(TOKENS | environment)
    assert str(error.value).startswith(told)
    assert "secret" not in str(error.value)
    here = {"SLACK_API_URL": "https://127.0.0.1:1/api/", "OPENAI_BASE_URL": "https://localhost:2/v1"}
    read_settings(TOKENS | environment | here)
    read_settings(TOKENS | environment | {"NO_PROXY": "slack.com,openai.com"})


# Names that only the proxy knows: nothing gets there without it.
SLACK_HOST, MODEL_HOST = "slack.test", "model.test"


@asynccontextmanager
async def behind_a_proxy(
    tls: ssl.SSLContext | None = None, *, password: str = ""
) -> AsyncIterator[tuple[SlackServer, ModelServer, ProxyServer, dict[str, str]]]:
    """Slack and a model that are reached through a proxy only, and the settings of a bot that talks to them."""
    workspace = Workspace()
    model = ModelServer(**{name: words(20, 40) for name in NAMES})
    model.tls = tls
    async with SlackServer(workspace, tls=tls, host=SLACK_HOST) as slack, model:
        port = urlsplit(model.url).port
        assert port
        hosts = {SLACK_HOST: ("127.0.0.1", slack.port), MODEL_HOST: ("127.0.0.1", port)}
        async with ProxyServer(hosts, password=password) as proxy:
            yield (
                slack,
                model,
                proxy,
                {
                    "SLACK_BOT_TOKEN": workspace.bot_token,
                    "SLACK_APP_TOKEN": workspace.app_token,
                    "OPENAI_API_KEY": KEY,
                    "OPENAI_BASE_URL": model.url.replace("127.0.0.1", MODEL_HOST),
                    "OPENAI_MODEL": MODEL,
                    "SLACK_API_URL": slack.url,
                    "DATABASE_URL": "sqlite://",
                },
            )


@asynccontextmanager
async def bot(environment: dict[str, str]) -> AsyncIterator[None]:
    """The bot, until the block is left."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(serve(read_settings(environment), stop=stop, make_store=PatientStore, clock=wall_clock))
        try:
            yield
        finally:
            stop.set()


async def run_whole(slack: SlackServer) -> None:
    """One command, to its index; and one that is answered to its sender alone, at its own address."""
    workspace = slack.workspace
    async with asyncio.timeout(60):
        await slack.connected()
        await slack.command("Why?")
        await workspace.until(lambda: bool(workspace.messages) and "Perspectives for" in workspace.messages[0].text)
        _, *replies = workspace.thread(workspace.messages[0].channel, workspace.messages[0].ts)
        assert [body_of(reply) for reply in replies] == [words(20, 40).text] * 4
        await slack.command("Why?", channel="private")
        await workspace.until(lambda: bool(workspace.whispers))


# Not ours: the transport of OpenAI's SDK hands a password over in aiohttp's old way.
@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated", "ignore:The 'proxy_auth'")
@pytest.mark.parametrize("is_secure", [False, True])
async def test_everything_goes_through_the_environments_proxy(tmp_path: Path, *, is_secure: bool) -> None:
    """The Web API, the websocket, a command's own address, the model: by CONNECT where it is https or a websocket."""
    tls = server_context(tmp_path) if is_secure else None
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SSL_CERT_FILE", str(write_certificate(tmp_path)))
        async with behind_a_proxy(tls, password="me:pass word") as (slack, model, proxy, settings):
            variable = "HTTPS_PROXY" if is_secure else "HTTP_PROXY"
            async with bot(settings | {variable: f"http://me:pass%20word@{proxy.address}"}):
                await run_whole(slack)
            assert len(model.requests) == 4
            asked = set(proxy.asked)
    if is_secure:
        at_slack, at_model = f"CONNECT {SLACK_HOST}:{slack.port}", f"CONNECT {MODEL_HOST}:"
        assert at_slack in asked
        assert any(one.startswith(at_model) for one in asked)
        assert all(one.startswith("CONNECT ") for one in asked)
    else:
        for path in ("/api/auth.test", "/api/chat.postMessage", "/link?", "/commands/", "/v1/chat/completions"):
            assert any(path in one for one in asked), path


async def test_what_no_proxy_names_is_asked_directly() -> None:
    """Here it is not found then: only the proxy knows the name."""
    async with behind_a_proxy() as (slack, _, proxy, _), make_session() as session:
        proxies = read_proxies({"HTTP_PROXY": f"http://{proxy.address}", "NO_PROXY": SLACK_HOST})
        with pytest.raises(UnavailableError):
            await Slack(make_client("xoxb-1", slack.url, session, proxies), proxies).identify()
        assert proxy.asked == []


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY"])
@pytest.mark.heavy
async def test_the_sdks_find_no_proxy_by_themselves(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is decided for each address is what is done, whatever stands in the environment."""
    async with running(ModelServer(**{name: words(20, 40) for name in NAMES})) as world, ProxyServer({}) as proxy:
        for name in (variable, variable.lower()):
            monkeypatch.setenv(name, f"http://{proxy.address}")
        _, *replies = await world.ask()
        assert [body_of(reply) for reply in replies] == [words(20, 40).text] * 4
        assert proxy.asked == []


DEAD = "http://127.0.0.1:9"
ENVIRONMENTS = [
    {"HTTPS_PROXY": DEAD, "NO_PROXY": "localhost,127.0.0.1"},
    {"HTTP_PROXY": DEAD},
    {"ALL_PROXY": "socks5://127.0.0.1:9"},
]


@pytest.mark.slow
@pytest.mark.parametrize("environment", ENVIRONMENTS)
async def test_the_demo_is_whole_whatever_proxies_the_environment_names(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """All of its traffic stays on this machine."""
    async with process(tmp_path, "demo", "Why do new hires leave?", **environment) as demo:
        ended = await demo.ended(within=60)
    assert ended.code == 0, ended.lines
    assert ended.out.count("✅ done") + ended.out.count("✂️") >= 4  # the small model does not always come to an end
