"""`python -m bot demo --browser` as a process, and which browser is opened."""

import re
import signal
import webbrowser
from pathlib import Path

import aiohttp
import pytest

from bot.playground.browser.demo import TEXT_BROWSERS, open_browser
from tests.support.model_server import KEY, ModelServer, Script
from tests.support.playground import Window
from tests.support.process import process, until
from tests.support.world import NAMES, PROBLEM

QUICK = {name: Script((f"{name} says so.",)) for name in NAMES}
ADDRESS = re.compile(r"Open (http://127\.0\.0\.1:\d+/)\?token=(\S+)")


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
async def test_it_shows_its_address_serves_the_bot_and_ends_politely(
    number: signal.Signals, code: int, tmp_path: Path
) -> None:
    """While a window listens; nothing else stands on the terminal, no problem and no answer."""
    async with (
        ModelServer(**QUICK) as model,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as client,
        process(
            tmp_path, "demo", "--browser", PROBLEM, OPENAI_API_KEY=KEY, OPENAI_BASE_URL=model.url, BROWSER="true"
        ) as bot,
    ):
        await until(lambda: bool(ADDRESS.search(bot._out.read_text())))
        address = ADDRESS.search(bot._out.read_text())
        assert address
        url, token = address.groups()
        async with client.get(url, params={"token": token}) as response:
            assert response.status == 200
        window = await Window(url, client).open()
        assert window.problem == PROBLEM
        await window.do("write", channel="general", text=f"/perspectives {PROBLEM}")
        await window.look(lambda items: "'together'" in str(items))
        async with client.get(f"{url}events", params={"window": window.key}) as response:
            assert response.status == 200
            bot.signal(number)
            ended = await bot.ended(within=5.0)
    assert (ended.code, ended.err) == (code, "")
    assert len(ended.out.splitlines()) == 5
    assert PROBLEM not in ended.out


class Browser:
    """A browser that only remembers what it was to open."""

    def __init__(self, name: str) -> None:
        self.basename = name
        self.opened: list[str] = []

    def open(self, address: str) -> bool:
        self.opened.append(address)
        return True


@pytest.mark.parametrize("name", ["firefox", *sorted(TEXT_BROWSERS)])
def test_a_browser_that_would_take_the_terminal_is_none(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C would be its own then, and the address could not be read."""
    browser = Browser(name)
    monkeypatch.setattr(webbrowser, "get", lambda: browser)
    assert open_browser("http://127.0.0.1:9/") is (name == "firefox")
    assert bool(browser.opened) is (name == "firefox")


def test_where_there_is_no_browser_nothing_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """The terminal says the address anyway."""

    def get() -> None:
        raise webbrowser.Error

    monkeypatch.setattr(webbrowser, "get", get)
    assert not open_browser("http://127.0.0.1:9/")
