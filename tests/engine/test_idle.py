import asyncio
from collections.abc import Callable

import pytest

from bot.engine.idle import IdleTimer


def now() -> float:
    """The loop's time."""
    return asyncio.get_running_loop().time()


async def test_a_wait_ends_at_its_deadline_and_what_was_waited_for_is_cancelled() -> None:
    """Also the second one, and one whose deadline is nearer than the last."""
    timer = IdleTimer()
    began = now()
    for seconds in (10.0, 10.0, 2.0, 30.0):
        work = asyncio.ensure_future(asyncio.sleep(1_000.0))
        before = now()
        with pytest.raises(TimeoutError):
            await timer.wait(work, before + seconds)
        assert work.cancelled()
        assert now() - before == pytest.approx(seconds)
    assert now() - began == pytest.approx(52.0)
    task = asyncio.current_task()
    assert task
    assert task.cancelling() == 0


async def test_one_timer_serves_many_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is set once in a time-out, however many tokens come in it."""
    loop = asyncio.get_running_loop()
    set_at: list[float] = []
    call_at = loop.call_at

    def counting(when: float, callback: Callable[..., object], *how: object, **more: object) -> asyncio.TimerHandle:
        if getattr(callback, "__self__", None) is timer:
            set_at.append(when)
        return call_at(when, callback, *how, **more)  # type: ignore[arg-type]

    timer = IdleTimer()
    monkeypatch.setattr(loop, "call_at", counting)
    for _ in range(1_000):
        assert await timer.wait(asyncio.sleep(0.1, "token"), now() + 60.0) == "token"
    assert len(set_at) == 2
    with pytest.raises(TimeoutError):
        await timer.wait(asyncio.sleep(100.0), now() + 60.0)


async def test_a_cancellation_from_elsewhere_is_not_swallowed() -> None:
    """Also where it comes at the very moment of the deadline."""

    async def wait() -> None:
        await IdleTimer().wait(asyncio.sleep(1_000.0), now() + 10.0)

    for seconds in (5.0, 10.0):
        task = asyncio.ensure_future(wait())
        asyncio.get_running_loop().call_later(seconds, task.cancel)
        await asyncio.wait([task])
        assert task.cancelled()


async def test_what_it_waits_for_may_fail_and_the_timer_be_closed() -> None:
    """Then nothing fires any more."""
    timer = IdleTimer()

    async def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await timer.wait(fail(), now() + 10.0)
    timer.close()
    timer.close()
    await asyncio.sleep(20.0)
    assert await timer.wait(asyncio.sleep(1.0, "after"), now() + 10.0) == "after"
    await asyncio.sleep(20.0)
    timer.close()
