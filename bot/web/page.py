"""The page, in files that a browser gets as they are, and the form that asks for the token.

The files are in `static`. All words of the page stand in it as data, in every language; its script chooses. What is
put into it here is escaped, and no file is looked up by what a client asks.
"""

import asyncio
from collections.abc import Iterator
from html import escape
from pathlib import Path

from aiohttp import web

from bot.texts import read_language
from bot.texts.web import WORDS
from bot.texts.web.words import Fault, Label
from bot.web.http.files import Files
from bot.web.http.refusals import RefusedError
from bot.web.http.sending import dump
from bot.web.http.sessions import Sessions

FILES = Path(__file__).parent / "static"
OPEN = ("/page.css", "/page.js", "/view.js", "/markdown.js", "/stream.js", "/icon.svg")
"""The addresses of files that anybody may read: there is nothing in them that is not public."""
LOGIN = "/login"
IS_SIGNED_IN: web.RequestKey[bool] = web.RequestKey("is_signed_in", bool)
"""The key of what the guard knows of who asks for the page."""
LOGIN_TIMEOUT = 10.0  # seconds in which the form has to come
LONGEST_FORM = 4_096  # bytes


class Page:
    """The handlers, and the `files` that anybody may read."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions
        self.files = Files({path: FILES / path[1:] for path in OPEN})
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
        yield from self.files.routes()

    async def _show(self, request: web.Request) -> web.Response:
        if not request.get(IS_SIGNED_IN, True):
            return self._ask_for_token(request, is_wrong=False)
        return web.Response(body=self._page, content_type="text/html", charset="utf-8")

    async def _sign_in(self, request: web.Request) -> web.Response:
        self.sessions.check(request)
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
        if self.sessions.is_token(request, given if isinstance(given, str) else ""):
            return self.sessions.open(request)
        return self._ask_for_token(request, is_wrong=True)

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
