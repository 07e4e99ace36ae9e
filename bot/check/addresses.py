"""Where the bot is to listen, and whether that is where `PUBLIC_URL` leads: seen by listening there for a moment."""

import asyncio
import errno
import secrets
from contextlib import AsyncExitStack

import aiohttp
from aiohttp import web

from bot.check.lines import Line, Verdict
from bot.network.connection_failures import explain
from bot.network.listening import NotListeningError, listen, serving
from bot.network.proxies import Proxies
from bot.settings import Http, Settings
from bot.slack.http.health import LIVE
from bot.slack.http.server import make_app, refuse_unread

TIMEOUT = 5.0  # seconds for the answer
LONGEST = 100  # characters of it; what a bot says is shorter
PORT, PUBLIC_URL = "PORT", "PUBLIC_URL"  # what they are called in their lines
ALIVE = "ok"


async def look_at_addresses(settings: Settings, session: aiohttp.ClientSession) -> list[Line]:
    """See whether the bot can listen where it is to, and whether it is reached there by its address."""
    if settings.http is None:
        return []
    mark = secrets.token_hex(8)
    async with AsyncExitStack() as stack:
        lines = [await _listen(settings.http, mark, stack)]
        if settings.distribution:
            lines.append(await _follow(settings.distribution.public_url, mark, settings.proxies, session))
    return lines


async def _listen(http: Http, mark: str, stack: AsyncExitStack) -> Line:
    """Answer there with a mark; what stands in the way of that."""

    async def tell_mark(_: web.Request) -> web.Response:
        return web.Response(text=f"{ALIVE} {mark}\n")

    try:
        listener = stack.enter_context(listen(http.host, http.port))
    except NotListeningError as error:
        if isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.EADDRINUSE:
            return Line(Verdict.NOTE, PORT, f"{http.port} is taken: by the bot itself, if it runs here")
        return Line(Verdict.WRONG, PORT, str(error))
    await stack.enter_async_context(serving(make_app({LIVE: tell_mark}, {}), listener, refuse=refuse_unread))
    return Line(Verdict.OK, PORT, f"the bot can listen at {http.host}, port {listener.getsockname()[1]}")


async def _follow(url: str, mark: str, proxies: Proxies, session: aiohttp.ClientSession) -> Line:
    """Ask there how the bot is. That it is not reached from here is no proof that nobody reaches it."""
    asked = f"{url}{LIVE}"
    try:
        async with (
            asyncio.timeout(TIMEOUT),
            session.get(asked, proxy=proxies.find(asked), allow_redirects=False) as response,
        ):
            status, said = response.status, (await response.content.read(LONGEST)).decode(errors="replace").strip()
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        why = explain(error, asked) or (
            f"no answer within {TIMEOUT:.0f} s" if isinstance(error, TimeoutError) else type(error).__name__
        )
        return Line(Verdict.WARN, PUBLIC_URL, f"{url} is not reached from here: {why}")
    if said == f"{ALIVE} {mark}":
        return Line(Verdict.OK, PUBLIC_URL, f"{url} leads here")
    if said == ALIVE:
        return Line(Verdict.OK, PUBLIC_URL, f"a bot answers at {url}")
    return Line(Verdict.WARN, PUBLIC_URL, f"{url} does not lead to the bot: at {LIVE} it answers with {status}")
