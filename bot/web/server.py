"""The server, put together: what is asked goes past the guard to the API or the page; what is refused becomes JSON.

Laws:

- Nobody gets past `guard`, but to the form that asks for the token and what that is made of.
- Every answer has the headers that keep a page from running, loading or being framed by anything of others.
- When it is stopped, who reads a run is told so, within a second; what is still open then is closed.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack

from aiohttp import hdrs, web

from bot.engine.completions import Completions
from bot.engine.conversation.followups import FURTHER, Further
from bot.engine.perspectives import PERSPECTIVES, Perspective
from bot.network.listening import answering, listen, serving
from bot.network.proxies import is_this_machine
from bot.network.tls import make_context
from bot.quotas import Limits
from bot.settings import WebSettings
from bot.texts.web.words import Fault
from bot.web.api import Api
from bot.web.asking import body_limit
from bot.web.http.guard import Guard, own_names
from bot.web.http.refusals import RefusedError
from bot.web.http.responses import Handler, add_headers, refuse_unread, tell_refusals
from bot.web.http.sessions import Sessions
from bot.web.page import IS_SIGNED_IN, LOGIN, Page
from bot.web.runs import Runs

logger = logging.getLogger(__name__)

COOKIE = "perspectives"
MOST_RUNS = 100  # at once, of all persons


async def serve(
    settings: WebSettings,
    *,
    stop: asyncio.Event,
    perspectives: Sequence[Perspective] = PERSPECTIVES,
    further: Further = FURTHER,
    on_listening: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve the page and the API until `stop` is set; `on_listening` is told the address.

    `further` says how what goes on with a run is asked.

    Raises:
        NotListeningError: the address is taken, or is none of this machine's.
    """
    bot = settings.bot
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(listen(settings.web_host, settings.port))
        model = await stack.enter_async_context(
            Completions(
                api_key=bot.openai_api_key,
                base_url=bot.openai_base_url,
                model=bot.openai_model,
                idle_timeout=bot.openai_stream_idle_timeout,
                max_streams=bot.max_streams,
                proxy=bot.proxies.find(bot.openai_base_url),
                tls=make_context(),
            )
        )
        limits = Limits(bot.runs_per_person, bot.runs_per_person_per_hour)
        most_runs = max(MOST_RUNS, bot.max_streams)
        runs = Runs(model, perspectives, limits, problem_limit=bot.problem_limit, most_runs=most_runs, further=further)
        port = listener.getsockname()[1]
        is_open = not is_this_machine(settings.web_host)
        guard = Guard(None if is_open else own_names(settings.web_host, port), settings.web_token)
        async with runs, serving(make_app(runs, guard, bot.bot_language), listener, refuse=refuse_unread):
            host = f"[{settings.web_host}]" if ":" in settings.web_host else settings.web_host
            logger.info("web.start host=%s port=%d model=%s", host, port, bot.openai_model)
            on_listening(f"http://{host}:{port}/")
            await stop.wait()
            runs.rest()
    logger.info("web.stop")


def make_app(runs: Runs, guard: Guard, language: str) -> web.Application:
    """All that the server answers; `language` is the one in which the bot speaks, as settings have it."""
    page = Page(Sessions(guard, COOKIE))

    @web.middleware
    async def watch(request: web.Request, handler: Handler) -> web.StreamResponse:
        with answering(request):
            _check(request, page)
            return await handler(request)

    app = web.Application(middlewares=[tell_refusals, watch], client_max_size=body_limit(runs.problem_limit))
    app.add_routes([*Api(runs, language).routes(), *page.routes()])
    app.on_response_prepare.append(add_headers)
    return app


def _check(request: web.Request, page: Page) -> None:
    """Let a request pass, or refuse it; what a page is to know of it stands in it then."""
    is_page = request.path == "/" and request.method in {hdrs.METH_GET, hdrs.METH_HEAD}
    sessions = page.sessions
    sessions.guard.check_source(request.headers, is_page=is_page)
    if not sessions.guard.token or request.path in page.files or request.path == LOGIN:
        return
    kind, _, given = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if kind.lower() == "bearer":
        if sessions.is_token(request, given):
            return
        raise RefusedError(Fault.UNAUTHORIZED)
    if sessions.has(request):
        return
    if not is_page:
        raise RefusedError(Fault.UNAUTHORIZED)
    request[IS_SIGNED_IN] = False
