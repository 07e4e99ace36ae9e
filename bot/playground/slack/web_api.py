"""The HTTP of Slack's Web API and of response_urls: reads a call, lets faults strike, writes the answer.

What a call does is in `methods` and `response_url`. Every call is recorded in the workspace, without its token.
"""

import asyncio
import json
import uuid
from collections.abc import Callable
from dataclasses import replace

from aiohttp import web

from bot.playground.slack.arguments import Json, RefusedError
from bot.playground.slack.fault import OK, Fault, take_fault
from bot.playground.slack.interaction.response_url import LIFETIME, ResponseUrl, Source
from bot.playground.slack.methods import Methods
from bot.playground.slack.workspace import Call, Workspace

TOO_MANY = 429  # the status of an answer that says when to come again
NOT_FOUND = frozenset({"used_url", "expired_url"})  # a response_url's errors that come with status 404
Act = Callable[[], tuple[Json, str | None]]
"""Carries out a call: its answer, and the ts of the message it made or edited."""


class WebApi:
    """Answers every call of one workspace, `latency` seconds late; `issue_link` makes Socket Mode addresses."""

    def __init__(self, workspace: Workspace, issue_link: Callable[[], str], latency: float) -> None:
        self._workspace = workspace
        self._methods = Methods(workspace, issue_link)
        self._latency = latency
        self._response_urls: dict[str, ResponseUrl] = {}

    def has_response_url(self, key: str) -> bool:
        """Whether a response_url is of this workspace."""
        return key in self._response_urls

    def issue_response_url(self, channel: str, user: str, source: Source = None) -> str:
        """Return the key of a new response_url; `source` is the message that has the button, if one was pressed."""
        key = uuid.uuid4().hex
        self._response_urls[key] = ResponseUrl(channel, user, self._workspace.now() + LIFETIME, source=source)
        return key

    async def call(self, request: web.Request) -> web.StreamResponse:
        """Answer a call of the method that the path names."""
        method = request.match_info["method"]
        try:
            args = await _read(request)
        except RefusedError as refused:
            return self._refuse(request, method, {}, refused)
        given = str(args.pop("token", ""))
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")

        def act() -> tuple[Json, str | None]:
            done = self._methods.call(method, token if scheme == "Bearer" else given, args)
            return done, done.get("ts") or done.get("message_ts")

        response = await self._answer(request, method, args, act)
        if method == "auth.test" and self._workspace.names_scopes:
            response.headers["x-oauth-scopes"] = ",".join(sorted(self._workspace.scopes))
        return response

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """Answer a call of the response_url that the path names."""
        address = self._response_urls.get(request.match_info["key"])
        if address is None:
            raise web.HTTPNotFound(text="no_service")
        try:
            args = await _read(request)
        except RefusedError as refused:
            return self._refuse(request, "response_url", {}, refused)
        return await self._answer(request, "response_url", args, lambda: ({}, address.use(self._workspace, args)))

    async def _answer(self, request: web.Request, method: str, args: Json, act: Act) -> web.StreamResponse:
        """Carry out a call, unless a fault strikes it, and answer it, unless a fault strikes the answer."""
        await asyncio.sleep(self._latency)
        fault = take_fault(self._workspace.faults, method, args)
        if fault is None:
            return self._carry_out(request, method, args, act)
        response = self._carry_out(request, method, args, act) if fault.after else None
        await asyncio.sleep(fault.delay)
        if fault.code:
            return self._strike(request, method, args, fault)
        return response or self._carry_out(request, method, args, act)

    def _carry_out(self, request: web.Request, method: str, args: Json, act: Act) -> web.StreamResponse:
        try:
            done, ts = act()
        except RefusedError as refused:
            return self._refuse(request, method, args, refused)
        self._record(request, Call(self._workspace.now(), method, args, ts=ts))
        return web.Response(text="ok") if method == "response_url" else web.json_response(done)

    def _refuse(self, request: web.Request, method: str, args: Json, refused: RefusedError) -> web.StreamResponse:
        self._record(request, Call(self._workspace.now(), method, args, error=refused.code))
        if refused.retry_after:
            return _write_refusal(method, refused, TOO_MANY, refused.retry_after)
        return _write_refusal(method, refused)

    def _record(self, request: web.Request, call: Call) -> None:
        self._workspace.record(replace(call, process=request.match_info.get("process", "")))

    def _strike(self, request: web.Request, method: str, args: Json, fault: Fault) -> web.StreamResponse:
        now = self._workspace.now()
        if not fault.after:
            self._record(request, Call(now, method, args, error=fault.code))
        if fault.breaks:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        if fault.is_page:
            page = "<!DOCTYPE html><title>Server Error</title>"
            return web.Response(text=page, status=fault.http_status, content_type="text/html")
        refused = RefusedError(fault.error)
        if fault.error != "ratelimited":
            return _write_refusal(method, refused, fault.http_status)
        gate = self._workspace.gates.find(method, str(args.get("channel")))
        if gate is not None and isinstance(fault.retry_after, int):
            gate.shut(now, fault.retry_after)
        return _write_refusal(method, refused, TOO_MANY, fault.retry_after)


def _write_refusal(
    method: str, refused: RefusedError, status: int = OK, retry_after: int | str | None = None
) -> web.StreamResponse:
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    if method != "response_url":
        return web.json_response(
            {"ok": False, "error": refused.code, **refused.details}, status=status, headers=headers
        )
    status = max(status, 404 if refused.code in NOT_FOUND else 400)
    return web.Response(text=refused.code, status=status, headers=headers)


async def _read(request: web.Request) -> Json:
    """Return the arguments of a call, from its JSON or its form and query.

    Raises:
        RefusedError: the body is not what it says it is.
    """
    if request.method == "GET":
        return {**request.query}
    if request.content_type in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        return {**request.query, **await request.post()}
    if request.content_type != "application/json":
        raise RefusedError("invalid_post_type" if "Content-Type" in request.headers else "missing_post_type")
    try:
        args = json.loads(await request.text())
        json.dumps(args, ensure_ascii=False).encode()  # half a surrogate pair is no character, and no JSON to Slack
    except ValueError:
        raise RefusedError("invalid_json") from None
    if not isinstance(args, dict):
        raise RefusedError("json_not_object")
    return args
