"""What every answer of a server on the web has: headers that shut others out, and JSON in place of what was refused.

The headers keep a page from running, loading or being framed by anything of others. What goes wrong for a reason that
whoever asked can know is told in their language; what is a fault of ours, by one word.
"""

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import hdrs, web

from bot.errors import describe
from bot.texts import read_language
from bot.texts.web.words import Fault
from bot.web.http.refusals import RefusedError
from bot.web.http.sending import JSON, write_json

logger = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LANGUAGE: web.RequestKey[str] = web.RequestKey("language", str)
"""The key of the language that is asked for, once the body is read."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
        "trusted-types 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",  # with no-referrer, browsers would not say whence the form comes
    "Server": "perspectives",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@web.middleware
async def tell_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what a handler raises into an answer."""
    headers: dict[str, str] = {}
    try:
        return await handler(request)
    except RefusedError as refused:
        refusal = refused
    except web.HTTPMethodNotAllowed as error:
        refusal = RefusedError(Fault.NO_SUCH_METHOD)
        headers["Allow"] = ", ".join(sorted(error.allowed_methods))
    except web.HTTPNotFound:
        refusal = RefusedError(Fault.NOT_FOUND)
    except ConnectionError:
        raise  # nobody is there to be told
    except Exception as error:  # noqa: BLE001 - the request's boundary: who asked is told, and the log has no words of theirs
        logger.error("web.broken path=%s error=%s", request.match_info.route.resource, describe(error))  # noqa: TRY400
        refusal = RefusedError(Fault.BROKEN)
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    if refusal.status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    language = request.get(LANGUAGE) or read_language(request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))
    return web.Response(
        body=write_json(refusal.write(language)), status=refusal.status, content_type=JSON, headers=headers
    )


def refuse_unread(status: HTTPStatus) -> web.Response:
    """Answer what is no HTTP (400), or what nothing has answered for (500)."""
    refusal = RefusedError(Fault.BROKEN if status is HTTPStatus.INTERNAL_SERVER_ERROR else Fault.NOT_HTTP)
    headers = HEADERS | {hdrs.CACHE_CONTROL: "no-store"}
    return web.Response(body=write_json(refusal.write("en")), status=refusal.status, content_type=JSON, headers=headers)


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Give an answer its headers."""
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")
