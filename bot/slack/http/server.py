"""The routes of the bot's own server, and what they have in common. What answers them is in the files beside it."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from aiohttp import hdrs, web

from bot.errors import describe
from bot.network.listening import answering
from bot.slack.http.events import LONGEST_BODY

logger = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",  # the address of the page after an install has its code in it
    "Server": "perspectives",
    "X-Content-Type-Options": "nosniff",
}


def make_app(gets: Mapping[str, Handler], posts: Mapping[str, Handler]) -> web.Application:
    """An application that answers these paths, and no other."""
    app = web.Application(middlewares=[_watch], client_max_size=LONGEST_BODY)
    app.add_routes([web.get(path, handler) for path, handler in gets.items()])
    app.add_routes([web.post(path, handler) for path, handler in posts.items()])
    app.on_response_prepare.append(_add_headers)
    return app


@web.middleware
async def _watch(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what a handler raises into an answer."""
    try:
        with answering(request):
            return await handler(request)
    except (web.HTTPException, ConnectionError):
        raise
    except Exception as error:  # noqa: BLE001 - the request's boundary; the log has no words of anybody's
        path = request.match_info.route.resource
        logger.error("http.broken path=%s error=%s", path.canonical if path else "", describe(error))  # noqa: TRY400
        return web.Response(status=HTTPStatus.INTERNAL_SERVER_ERROR, text="broken\n")


def refuse_unread(status: HTTPStatus) -> web.Response:
    """Answer what is no HTTP (400), or what nothing has answered for (500)."""
    return web.Response(status=status, text=f"{status.phrase}\n", headers=HEADERS)


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers[hdrs.SERVER] = HEADERS["Server"]
