"""What a host and a balancer are told, and how seldom it is looked at for that."""

import asyncio
import json
from typing import Any

from aiohttp.test_utils import make_mocked_request

from bot.errors import StoreError
from bot.slack.http.health import LOOK_TIMEOUT, LOOKED, READY, Health

REQUEST = make_mocked_request("GET", READY)


class Looks:
    """Two things, each in order until told otherwise."""

    def __init__(self) -> None:
        self.count = 0
        self.fault: Exception | None = None
        self.takes = 0.0

    async def store(self) -> None:
        """The first."""
        self.count += 1
        await asyncio.sleep(self.takes)
        if self.fault:
            raise self.fault

    async def slack(self) -> None:
        """The other."""


async def told(health: Health) -> tuple[int, dict[str, Any]]:
    """What it says, and with what status."""
    answer = await health.tell_ready(REQUEST)
    assert answer.text
    return answer.status, json.loads(answer.text)


async def test_it_is_ready_if_all_is_in_order() -> None:
    """The store takes what is written, Slack answers, and it is not about to stop."""
    looks = Looks()
    health = Health({"store": looks.store, "slack": looks.slack})
    assert await told(health) == (200, {"ready": True, "store": "ok", "slack": "ok", "stopping": "no"})
    assert (await health.tell_live(REQUEST)).status == 200
    health.stop()
    assert await told(health) == (503, {"ready": False, "store": "ok", "slack": "ok", "stopping": "yes"})


async def test_what_is_not_in_order_is_named_and_its_words_are_not_told() -> None:
    """They may name a host; and a process is alive without it."""
    looks = Looks()
    health = Health({"store": looks.store, "slack": looks.slack})
    looks.fault = StoreError("secret.example does not answer")
    assert await told(health) == (503, {"ready": False, "store": "StoreError", "slack": "ok", "stopping": "no"})
    looks.fault, looks.takes = None, LOOK_TIMEOUT + 1
    await asyncio.sleep(LOOKED)
    assert await told(health) == (503, {"ready": False, "store": "no answer", "slack": "ok", "stopping": "no"})
    assert (await health.tell_live(REQUEST)).status == 200
    looks.takes = 0.0
    await asyncio.sleep(LOOKED)
    assert (await told(health))[0] == 200


async def test_whoever_asks_often_causes_no_more_looks() -> None:
    """Nor many at once."""
    looks = Looks()
    looks.takes = 1.0
    health = Health({"store": looks.store})
    answers = await asyncio.gather(*(told(health) for _ in range(50)))
    assert {status for status, _ in answers} == {200}
    assert looks.count == 1
