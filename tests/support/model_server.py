"""A stand-in for OpenAI's chat completions, for the tests: streams what it is told, as fast as it is told."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from aiohttp import web

from bot.engine.perspectives import PERSPECTIVES

if TYPE_CHECKING:
    import ssl

KEY = "sk-test-key"
MODEL = "test-model"


@dataclass(frozen=True, slots=True)
class Script:
    """What one completion does: `status` other than 200 answers with `error`; else it streams `pieces`.

    A piece is a text, a whole chunk (an error is one), bytes that are sent as they are, or seconds of silence; before
    each other it waits `every` seconds, before the first `first`. `finish` None ends the stream without a finish
    reason; `breaks` breaks the connection instead of ending it, `drops` does so before anything is answered.
    """

    pieces: tuple[str | dict[str, Any] | bytes | float, ...] = ("An answer.",)
    every: float = 0.1
    first: float = 0.1
    finish: str | None = "stop"
    status: int = 200
    error: dict[str, Any] = field(default_factory=dict)
    retry_after: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)  # besides those that belong to it
    hangs: float = 0.0  # seconds before anything is answered
    drops: bool = False
    breaks: bool = False
    linger: float = 0.0  # seconds between the end of the text and the end of the stream
    usage: int | None = 42

    @property
    def text(self) -> str:
        return "".join(piece for piece in self.pieces if isinstance(piece, str))


def words(count: int, per_second: float, *, first: float = 0.1) -> Script:
    """A script of `count` words at an even pace."""
    return Script(tuple(f"word{number} " for number in range(count)), 1 / per_second, first)


@dataclass(slots=True)
class Request:
    """One request as it came, and what became of it; times are the loop's."""

    at: float
    name: str
    body: dict[str, Any]
    others: int  # how many streams were open when it came
    ended_at: float | None = None
    is_cut_off: bool = False


class ModelServer:
    """An async context manager that serves on loopback; `scripts` by the perspective's name, else `default`."""

    def __init__(self, **scripts: Script | Iterable[Script]) -> None:
        self.scripts: dict[str, Any] = dict(scripts)
        self.default = Script()
        self.requests: list[Request] = []
        self.url = ""
        self.tls: ssl.SSLContext | None = None  # it speaks https with one that is set before it listens
        self._runner: web.AppRunner | None = None

    @property
    def open_streams(self) -> int:
        return sum(request.ended_at is None for request in self.requests)

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._complete)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self.tls)
        await site.start()
        self.url = f"http{'s' if self.tls else ''}://127.0.0.1:{self._runner.addresses[0][1]}/v1"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._runner:
            await self._runner.cleanup()

    def _script(self, name: str) -> Script:
        script = self.scripts.get(name, self.default)
        if isinstance(script, Script):
            return script
        scripts: list[Script] = list(script)
        self.scripts[name] = scripts[1:] or scripts  # the last one again and again
        return scripts[0]

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        loop = asyncio.get_running_loop()
        body = await request.json()
        system = body["messages"][0]["content"]
        name = next((one.key for one in PERSPECTIVES if one.instruction == system), "other")
        record = Request(loop.time(), name, body, self.open_streams)
        self.requests.append(record)
        try:
            if request.headers.get("Authorization") != f"Bearer {KEY}":
                return web.json_response({"error": {"message": "no", "code": "invalid_api_key"}}, status=401)
            return await self._answer(request, self._script(name), record)
        except (asyncio.CancelledError, ConnectionError):
            record.is_cut_off = True
            raise
        finally:
            record.ended_at = loop.time()

    async def _answer(self, request: web.Request, script: Script, record: Request) -> web.StreamResponse:
        await asyncio.sleep(script.hangs)
        if script.drops and request.transport:
            request.transport.abort()
            return web.Response()
        if script.status != 200:
            headers = {"Retry-After": script.retry_after} if script.retry_after else {}
            headers.update(script.headers)
            return web.json_response({"error": script.error}, status=script.status, headers=headers)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", **script.headers})
        await response.prepare(request)
        async for chunk in _chunks(script, wants_usage=record.body["stream_options"]["include_usage"]):
            await response.write(
                chunk if isinstance(chunk, bytes) else b"data: " + json.dumps(chunk).encode() + b"\n\n"
            )
        if script.breaks and request.transport:
            request.transport.abort()
            return response
        await asyncio.sleep(script.linger)
        if script.finish:
            await response.write(b"data: [DONE]\n\n")
        return response


async def _chunks(script: Script, *, wants_usage: bool) -> AsyncIterator[dict[str, Any] | bytes]:
    loop = asyncio.get_running_loop()
    due = loop.time() + script.first
    await asyncio.sleep(script.first)
    yield _chunk({"role": "assistant", "content": ""})
    for piece in script.pieces:
        if isinstance(piece, int | float):
            due += piece
            continue
        # Held to a schedule of its own: pauses in a row would add up what each takes too long.
        await asyncio.sleep(due - loop.time())
        yield _chunk({"content": piece}) if isinstance(piece, str) else piece
        due += script.every
    if (silence := due - script.every - loop.time()) > 0:  # nothing at all else: the end comes with the last piece
        await asyncio.sleep(silence)
    if script.finish:
        yield _chunk({}, script.finish)
        if wants_usage and script.usage is not None:
            usage = {"prompt_tokens": 2, "completion_tokens": script.usage - 2, "total_tokens": script.usage}
            yield {**_chunk({}), "choices": [], "usage": usage}


def _chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": f"{MODEL}-2026", "choices": [choice]}
