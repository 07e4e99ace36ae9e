"""How the bot is, for whoever runs it: a host that starts it anew, and a balancer that sends it requests.

`/healthz` says that the loop answers, and nothing else: to start a process anew mends no database. `/readyz` says
whether it should be sent anything: it can write a question down, it reaches Slack, and it is not about to stop.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from aiohttp import web

LIVE, READY = "/healthz", "/readyz"
LOOK_TIMEOUT = 3.0  # seconds for one look; balancers mostly wait for five
LOOKED = 2.0  # seconds for which a look is good: whoever asks, however often, causes no more of them

Look = Callable[[], Awaitable[object]]
"""Looks at one thing: returns if it is in order, and raises if not."""


class Health:
    """`looks` are what has to be in order, by its name, for the bot to be ready."""

    def __init__(self, looks: Mapping[str, Look]) -> None:
        self._looks = looks
        self._found: dict[str, str] = {}
        self._good_until = -math.inf
        self._turn = asyncio.Lock()
        self._is_stopping = False

    def stop(self) -> None:
        """Say from now on that the bot is about to stop."""
        self._is_stopping = True

    async def tell_live(self, _: web.Request) -> web.Response:
        """Answer `/healthz`."""
        return web.Response(text="ok\n")

    async def tell_ready(self, _: web.Request) -> web.Response:
        """Answer `/readyz`: each thing and how it is, as JSON; 503 where one is not in order."""
        found = {**await self._look(), "stopping": "yes" if self._is_stopping else "no"}
        is_ready = not self._is_stopping and all(how == "ok" for name, how in found.items() if name != "stopping")
        status = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
        return web.json_response({"ready": is_ready, **found}, status=status)

    async def _look(self) -> Mapping[str, str]:
        async with self._turn:
            if _now() >= self._good_until:
                async with asyncio.TaskGroup() as group:
                    looking = {name: group.create_task(_try(look)) for name, look in self._looks.items()}
                self._found = {name: task.result() for name, task in looking.items()}
                self._good_until = _now() + LOOKED
        return self._found


async def _try(look: Look) -> str:
    try:
        async with asyncio.timeout(LOOK_TIMEOUT):
            await look()
    except TimeoutError:
        return "no answer"
    except Exception as error:  # noqa: BLE001 - whatever it is, it is not in order; its own words may name a host
        return type(error).__name__
    return "ok"


def _now() -> float:
    return asyncio.get_running_loop().time()
