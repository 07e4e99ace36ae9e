"""The page `/metrics`, for whoever has the token: the address is one that Slack reaches, and so does everybody."""

import hmac
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder

from bot.metrics.collector import TallyCollector
from bot.tally import Levels, Tally

PATH = "/metrics"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Metrics:
    """Tells those who give `token` what `tally` has, and what the process uses of its machine."""

    def __init__(self, token: str, tally: Tally) -> None:
        self._authorization = f"Bearer {token}".encode()
        self._registry = CollectorRegistry()
        self._collector = TallyCollector(tally)
        self._registry.register(self._collector)
        ProcessCollector(registry=self._registry)

    def watch(self, read_levels: Callable[[], Levels]) -> None:
        """Tell from now on what `read_levels` says too, each time that somebody asks."""
        self._collector.read_levels = read_levels

    @property
    def pages(self) -> dict[str, Handler]:
        """What answers which path."""
        return {PATH: self.show}

    async def show(self, request: web.Request) -> web.Response:
        """Answer `/metrics`: 401 without the token."""
        given = request.headers.get("Authorization", "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, self._authorization):
            headers = {"WWW-Authenticate": "Bearer"}
            return web.Response(status=HTTPStatus.UNAUTHORIZED, text="METRICS_TOKEN is wanted\n", headers=headers)
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(self._registry), headers={"Content-Type": content_type})
