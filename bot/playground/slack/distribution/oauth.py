"""OAuth: whoever installs an app agrees, and is sent back with a code, for which the app gets the workspace's token.

A code is good once, for ten minutes, with the app's own secret and the address to which it was sent. Nobody is asked:
who comes to the page agrees at once, unless `denies` says otherwise.
"""

import base64
import binascii
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from bot.playground.slack.arguments import RefusedError
from bot.playground.slack.workspace import Workspace

CODE_LIFETIME = 600.0  # seconds; documented
CLIENT_ID, CLIENT_SECRET = "1234567890.0987654321", "playground-client-secret"


@dataclass(slots=True)
class _Code:
    team_id: str
    redirect_uri: str
    scopes: frozenset[str]
    until: float


@dataclass(slots=True)
class OAuth:
    """An app that any of `teams` may install, by their ids; what an install grants is what it asks for."""

    teams: Mapping[str, Workspace]
    now: Callable[[], float]
    denies: bool = False  # whether people refuse
    declines: frozenset[str] = frozenset()  # the scopes that whoever installs it leaves out
    is_organisation: bool = False  # whether an organisation installs it as a whole
    answers_without: frozenset[str] = frozenset()  # fields that are missing in the answer to a code
    _codes: dict[str, _Code] = field(default_factory=dict)

    async def authorize(self, request: web.Request) -> web.Response:
        """The page on which people agree: sends them back at once.

        Raises:
            HTTPBadRequest: it is asked for by no app that is known.
        """
        query = request.query
        if query.get("client_id") != CLIENT_ID or not query.get("redirect_uri") or not query.get("scope"):
            raise web.HTTPBadRequest(text="invalid_client_id or bad_redirect_uri")
        answer = {"state": query.get("state", "")}
        if self.denies:
            answer["error"] = "access_denied"
        else:
            team = query.get("team") or next(iter(self.teams))
            answer["code"] = self.issue_code(team, query["redirect_uri"], frozenset(query["scope"].split(",")))
        separator = "&" if "?" in query["redirect_uri"] else "?"
        raise web.HTTPFound(f"{query['redirect_uri']}{separator}{urlencode(answer)}")

    def issue_code(self, team_id: str, redirect_uri: str, scopes: frozenset[str]) -> str:
        """A new code."""
        code = f"{secrets.randbelow(10**10)}.{secrets.randbelow(10**12)}.{secrets.token_hex(32)}"
        self._codes[code] = _Code(team_id, redirect_uri, scopes - self.declines, self.now() + CODE_LIFETIME)
        return code

    def exchange(self, authorization: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """`oauth.v2.access`: the token of the workspace that a code is for.

        Raises:
            RefusedError: it is not good (any more), or asked for by another app.
        """
        given = _read_basic(authorization) or (args.get("client_id"), args.get("client_secret"))
        if given[0] != CLIENT_ID:
            raise RefusedError("invalid_client_id")
        if given[1] != CLIENT_SECRET:
            raise RefusedError("bad_client_secret")
        code = self._codes.get(str(args.get("code")))
        if code is None:
            raise RefusedError("invalid_code")
        if args.get("redirect_uri") != code.redirect_uri:
            raise RefusedError("bad_redirect_uri")
        del self._codes[str(args["code"])]
        if code.until <= self.now():
            raise RefusedError("code_expired")
        workspace = self.teams[code.team_id]
        workspace.install(code.scopes)
        answer = {
            "app_id": workspace.app_id,
            "authed_user": {"id": next(one for one in workspace.users if one != workspace.bot.id)},
            "scope": ",".join(sorted(workspace.scopes)),
            "token_type": "bot",
            "access_token": workspace.bot_token,
            "bot_user_id": workspace.bot.id,
            "team": None if self.is_organisation else {"id": workspace.team_id, "name": workspace.domain},
            "enterprise": {"id": workspace.enterprise_id, "name": "org"} if workspace.enterprise_id else None,
            "is_enterprise_install": self.is_organisation,
        }
        return {"ok": True} | {name: value for name, value in answer.items() if name not in self.answers_without}


def _read_basic(authorization: str) -> tuple[str, str] | None:
    kind, _, encoded = authorization.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeError):
        return None
    return name, secret
