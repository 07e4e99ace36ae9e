"""Who has given the token: a browser shows it by a cookie, and keeps that for a working day."""

import asyncio
import time
from dataclasses import dataclass, field

from aiohttp import hdrs, web

from bot.web.http.guard import SESSION, Failures, Guard, find_party


@dataclass(frozen=True, slots=True)
class Sessions:
    """Those that a guard's token has opened; `cookie` is the name of their cookie."""

    guard: Guard
    cookie: str
    _failures: Failures = field(default_factory=Failures)

    def has(self, request: web.Request) -> bool:
        """Whether that comes within one."""
        return self.guard.is_session(request.cookies.get(self.cookie, ""), time.time())

    def check(self, request: web.Request) -> None:
        """Refuse whoever has given too many wrong tokens.

        Raises:
            RefusedError: they have.
        """
        self._failures.check(find_party(request.remote or ""), asyncio.get_running_loop().time())

    def is_token(self, request: web.Request, given: str) -> bool:
        """Whether that is the token; that it is not is noted of who has given it.

        Raises:
            RefusedError: they have given too many.
        """
        self.check(request)
        if self.guard.token and self.guard.is_token(given.strip()):
            return True
        self._failures.note(find_party(request.remote or ""), asyncio.get_running_loop().time())
        return False

    def open(self, request: web.Request) -> web.Response:
        """Send a browser that has given the token to the page, with its cookie."""
        response = web.Response(status=303, headers={"Location": "/"})
        response.set_cookie(
            self.cookie,
            self.guard.make_session(time.time()),
            max_age=int(SESSION),
            httponly=True,
            samesite="Strict",
            # A browser keeps one that is `secure` from plain http, where the server may be meant to be.
            secure=request.headers.get(hdrs.ORIGIN, "").startswith("https:"),
        )
        return response
