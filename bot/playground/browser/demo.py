"""`python -m bot demo --browser`: the very bot against the stand-in for Slack, and a page for whoever wants to click.

The terminal shows the address and stays until Ctrl-C. The address is opened in a browser where there is one that has a
window; one that would take the terminal is none.
"""

import asyncio
import threading
import webbrowser
from collections.abc import Mapping
from contextlib import suppress

from bot.playground.browser.server import serving_page
from bot.playground.demo import find_answerer, run_bot, start_model
from bot.playground.model import LocalModel
from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import BOT_SCOPES, HISTORY_SCOPES, Workspace
from bot.settings import read_environment

TEXT_BROWSERS = frozenset({"www-browser", "links", "elinks", "lynx", "w3m"})


def demo(problem: str | None) -> int:
    """Serve the playground until Ctrl-C; `problem` stands in the composer to begin with. The exit code.

    Raises:
        BotError: a setting is wrong, or the local model does not start.
    """
    environment = read_environment()
    with start_model(environment) as model, suppress(KeyboardInterrupt):  # which is how it is ended
        asyncio.run(_demo(problem or "", environment, model))
    return 0


async def _demo(problem: str, environment: Mapping[str, str], model: LocalModel | None) -> None:
    # With what whoever installs the app may decline: threads are read, and people write to the bot itself.
    async with SlackServer(Workspace(scopes=(*BOT_SCOPES, *HISTORY_SCOPES))) as slack:
        answerer = await find_answerer(environment, model)
        async with run_bot(answerer, slack), serving_page(slack, problem=problem) as address:
            _say("The bot is connected to a stand-in for Slack on this machine.")
            _say(answerer.description)
            _say(f"\nOpen {address}\n(each window is a person of its own; Ctrl-C ends)")
            # A browser may take its time, and may say things that nobody waits for.
            threading.Thread(target=open_browser, args=(address,), daemon=True).start()
            await asyncio.Event().wait()


def open_browser(address: str) -> bool:
    """Open an address in a browser with a window; whether there is one."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    if getattr(browser, "basename", "") in TEXT_BROWSERS:
        return False
    return browser.open(address)


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a person reads it
