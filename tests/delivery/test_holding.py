"""Until when calls are made, and given up, in literal times."""

import asyncio
import math

import pytest

from bot.delivery.holding import Holding
from bot.errors import Effect, UnavailableError


def now() -> float:
    """The loop's time, which is the clock here."""
    return asyncio.get_running_loop().time()


async def test_nothing_is_begun_after_the_end() -> None:
    """Before anything is said of one, there is none."""
    holding = Holding(now)
    assert not holding.is_over
    holding.end_at(now() + 1, is_strict=False)
    assert not holding.is_over
    await asyncio.sleep(1)
    assert holding.is_over


@pytest.mark.parametrize(("is_strict", "took"), [(True, 4.0), (False, 9.0)])
async def test_a_call_lasts_no_longer_where_others_may_go_on(*, is_strict: bool, took: float) -> None:
    """Whatever the call was told when it began; alone, it takes as long as it takes."""
    holding = Holding(now)
    holding.end_at(now() + 2, is_strict=is_strict)
    began = now()

    async def call() -> None:
        async with holding.limited():
            await asyncio.sleep(9)

    calling = asyncio.create_task(call())
    await asyncio.sleep(1)
    holding.end_at(began + 4, is_strict=is_strict)
    await asyncio.wait([calling])
    assert now() - began == pytest.approx(took)
    error = calling.exception()
    assert (error is not None) == is_strict
    if error:
        assert isinstance(error, UnavailableError)
        assert error.effect is Effect.PENDING


async def test_a_call_that_is_being_given_up_is_left_to_it() -> None:
    """It takes a while to unwind, and until when may be sent is told meanwhile."""
    holding = Holding(now)
    holding.end_at(now() + 2, is_strict=True)

    async def call() -> None:
        async with holding.limited():
            try:
                await asyncio.sleep(9)
            finally:
                await asyncio.sleep(1)

    calling = asyncio.create_task(call())
    await asyncio.sleep(2.5)
    holding.end_at(now() + 10, is_strict=True)
    await asyncio.wait([calling])
    assert isinstance(calling.exception(), UnavailableError)


async def test_a_call_goes_on_where_the_others_are_gone() -> None:
    """Nobody can take the runs then."""
    holding = Holding(now)
    holding.end_at(now() + 2, is_strict=True)
    began = now()
    async with holding.limited():
        await asyncio.sleep(1)
        holding.end_at(math.inf, is_strict=False)
        await asyncio.sleep(5)
    assert now() - began == pytest.approx(6)
