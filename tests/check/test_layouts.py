import asyncio
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import pytest

from bot.check import Line, Verdict
from bot.check.layouts import LAYOUTS, TIMEOUT, bodies, forms, look_at_layouts
from bot.errors import Effect, FormRefusedError, RateLimitedError, SlackError, TokenRefusedError, UnavailableError
from bot.playground.slack.block_kit.blocks import find_problems
from bot.slack.api import Slack
from bot.slack.body import Body

NAMES = [name for name, _ in [*bodies(), *forms()]]


class Picky(Slack):
    """Refuses what `refusals` name with their error; each call takes `delay` seconds."""

    def __init__(self, refusals: dict[str, Exception] | None = None, delay: float = 0.0) -> None:
        self.refusals = refusals or {}
        self.delay = delay
        self.shown: list[Any] = []

    async def validate(self, *, blocks: Sequence[Any] | None = None, view: Any = None) -> None:
        assert (blocks is None) is not (view is None)
        await asyncio.sleep(self.delay)
        name = NAMES[len(self.shown)]
        self.shown.append(view or blocks)
        if error := self.refusals.get(name):
            raise error


def test_each_layout_is_one_that_the_stand_in_takes() -> None:
    """And has a name of its own, in one message or form each."""
    assert [(name, find_problems(body.blocks)) for name, body in bodies() if find_problems(body.blocks)] == []
    assert len(NAMES) == len(set(NAMES))


def test_each_fits_into_an_address() -> None:
    """That is how the SDK sends it."""
    shown = [body.blocks for _, body in bodies()] + [view for _, view in forms()]
    assert max(len(urlencode({"blocks": json.dumps(one)})) for one in shown) < 7_000


def test_the_layouts_are_all_that_there_are() -> None:
    """Every kind of block that the bot makes stands in one, and every function that makes a message is in it."""
    shown = [body for _, body in bodies()]
    assert all(isinstance(body, Body) for body in shown)
    kinds = {
        (block["type"], block.get("text", {}).get("type") if block["type"] == "section" else "")
        for body in shown
        for block in body.blocks
    }
    assert {("markdown", ""), ("context", ""), ("section", "mrkdwn"), ("section", "plain_text")} <= kinds


async def test_what_slack_takes_is_in_order() -> None:
    """All of it was shown to it."""
    slack = Picky()
    assert await look_at_layouts(slack) == Line(Verdict.OK, LAYOUTS, f"Slack takes all {len(NAMES)} of them")
    assert len(slack.shown) == len(NAMES)


async def test_what_slack_refuses_is_named_and_the_others_are_looked_at() -> None:
    """It keeps the bot from nothing."""
    refusals: dict[str, Exception] = {
        "the parent": FormRefusedError("invalid_blocks"),
        "the form to go deeper (ja)": SlackError("invalid_view"),
    }
    slack = Picky(refusals)
    assert await look_at_layouts(slack) == Line(
        Verdict.WARN,
        LAYOUTS,
        "Slack refuses the parent, the form to go deeper (ja): these will be shown in a plainer form, or not",
    )
    assert len(slack.shown) == len(NAMES)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (SlackError("unknown_method"), "not checked: there, Slack has no blocks.validate"),
        (RateLimitedError(30.0), "not checked: ratelimited"),
        (UnavailableError("http_503", Effect.UNKNOWN), "not checked: http_503"),
        (TokenRefusedError("the token", "invalid_auth"), "not checked: invalid_auth"),
    ],
)
async def test_what_cannot_be_looked_at_is_said(error: Exception, words: str) -> None:
    """Another Slack may not know the method; nothing is asked a second time."""
    slack = Picky({NAMES[0]: error})
    assert await look_at_layouts(slack) == Line(Verdict.NOTE, LAYOUTS, words)
    assert len(slack.shown) == 1


async def test_a_slack_that_takes_long_is_not_waited_for() -> None:
    """Whoever looks has seen the rest by then."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    line = await look_at_layouts(Picky(delay=1.0))
    assert line == Line(Verdict.NOTE, LAYOUTS, "not all checked: Slack took longer than 15 s")
    assert loop.time() - began == pytest.approx(TIMEOUT, abs=0.1)
