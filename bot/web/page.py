"""The page, in files that a browser gets as they are, and the form that asks for the token.

The files are in `static`. All words of the page stand in it as data, in every language; its script chooses. What is
put into it here is escaped, and no file is looked up by what a client asks.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import ClassVar

from aiohttp import web

from bot.texts import read_language
from bot.texts.web import WORDS
from bot.texts.web.words import Fault, Label
from bot.web.guard import COOKIE, SESSION, Failures, Guard, find_party
from bot.web.refusals import RefusedError
from bot.web.stream import dump

FILES = Path(__file__).parent / "static"
LOGIN = "/login"
IS_SIGNED_IN: web.RequestKey[bool] = web.RequestKey("is_signed_in", bool)
"""The key of what the guard knows of who asks for the page."""
LOGIN_TIMEOUT = 10.0  # seconds in which the form has to come
LONGEST_FORM = 4_096  # bytes

_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class Page:
    """The handlers. The files are read once, at the start."""

    OPEN: ClassVar[Mapping[str, str]] = {
        f"/{name}": name for name in ("page.css", "page.js", "view.js", "markdown.js", "stream.js", "icon.svg")
    }
    """The addresses of files that anybody may read: there is nothing in them that is not public."""

    def __init__(self, guard: Guard, failures: Failures) -> None:
        self._guard = guard
        self._failures = failures
        self._files = {path: (FILES / name).read_bytes() for path, name in self.OPEN.items()}
        self._page = _fill("page.html", words=dump(_labels()).replace("<", "\\u003c"))
        self._forms = {
            (language, is_wrong): _fill("login.html", is_filled=True, **_form_words(language, is_wrong=is_wrong))
            for language in WORDS
            for is_wrong in (False, True)
        }

    def routes(self) -> Iterator[web.RouteDef]:
        """What is asked where."""
        yield web.get("/", self._show)
        yield web.post(LOGIN, self._sign_in)
        for path in self.OPEN:
            yield web.get(path, self._send)

    async def _show(self, request: web.Request) -> web.Response:
        if not request.get(IS_SIGNED_IN, True):
            return self._ask_for_token(request, is_wrong=False)
        return web.Response(body=self._page, content_type="text/html", charset="utf-8")

    async def _send(self, request: web.Request) -> web.Response:
        kind = _TYPES[Path(self.OPEN[request.path]).suffix]
        return web.Response(
            body=self._files[request.path],
            content_type=kind,
            charset="utf-8",
            headers={"Cache-Control": "no-cache"},
        )

    async def _sign_in(self, request: web.Request) -> web.Response:
        party, now = find_party(request.remote or ""), asyncio.get_running_loop().time()
        self._failures.check(party, now)
        if (request.content_length or 0) > LONGEST_FORM:
            raise RefusedError(Fault.TOO_LARGE, limit=LONGEST_FORM)
        try:
            async with asyncio.timeout(LOGIN_TIMEOUT):
                given = (await request.post()).get("token", "")
        except TimeoutError:
            raise RefusedError(Fault.TOO_SLOW) from None
        except web.HTTPRequestEntityTooLarge:
            raise RefusedError(Fault.TOO_LARGE, limit=LONGEST_FORM) from None
        except (ValueError, LookupError, web.RequestPayloadError):  # it is no text, or of letters that nobody knows
            given = ""
        if not self._guard.token or not isinstance(given, str) or not self._guard.is_token(given.strip()):
            self._failures.note(party, now)
            return self._ask_for_token(request, is_wrong=True)
        response = web.Response(status=303, headers={"Location": "/"})
        response.set_cookie(
            COOKIE,
            self._guard.make_session(time.time()),
            max_age=int(SESSION),
            httponly=True,
            samesite="Strict",
            # A browser keeps one that is `secure` from plain http, where the server may be meant to be.
            secure=request.headers.get("Origin", "").startswith("https:"),
        )
        return response

    def _ask_for_token(self, request: web.Request, *, is_wrong: bool) -> web.Response:
        language = read_language(request.headers.get("Accept-Language", ""))
        return web.Response(
            body=self._forms[language, is_wrong],
            status=401,
            content_type="text/html",
            charset="utf-8",
            headers={"WWW-Authenticate": "Bearer"},
        )


def _labels() -> dict[str, dict[str, str]]:
    return {language: {label.value: text for label, text in words.labels.items()} for language, words in WORDS.items()}


def _form_words(language: str, *, is_wrong: bool) -> dict[str, str]:
    labels = WORDS[language].labels
    return {
        "language": language,
        "title": labels[Label.TITLE],
        "token": labels[Label.TOKEN],
        "hint": labels[Label.TOKEN_HINT],
        "wrong": labels[Label.WRONG_TOKEN] if is_wrong else "",
        "sign_in": labels[Label.SIGN_IN],
    }


def _fill(name: str, *, is_filled: bool = False, **words: str) -> bytes:
    """A file with words in place of its `{{names}}`: escaped for HTML where they are text."""
    text = (FILES / name).read_text(encoding="utf-8")
    for key, value in words.items():
        text = text.replace(f"{{{{{key}}}}}", escape(value) if is_filled else value)
    return text.encode()
