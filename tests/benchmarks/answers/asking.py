"""Asks problems through the engine's door, so many at once, and keeps what has come."""

import asyncio
from collections.abc import Callable, Sequence

from bot.engine import Model, ask
from bot.engine.draft import Draft
from bot.engine.perspectives import Perspective
from tests.benchmarks.answers.problems import Problem
from tests.benchmarks.answers.records import Answer, Asked


async def ask_all(
    problems: Sequence[Problem],
    *,
    model: Model,
    perspectives: Sequence[Perspective],
    at_once: int,
    tell: Callable[[Sequence[Asked]], None],
) -> Sequence[Asked]:
    """Ask all `problems`, at most so many `at_once`; they come back in their order.

    Each time that one is answered, `tell` is called with all that are, the newest last.
    """
    turns = asyncio.Semaphore(at_once)
    told: list[Asked] = []

    async def take_turn(problem: Problem) -> Asked:
        async with turns:
            asked = await _ask(problem, model, perspectives)
        told.append(asked)
        tell(told)
        return asked

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(take_turn(problem)) for problem in problems]
    return [task.result() for task in tasks]


async def _ask(problem: Problem, model: Model, perspectives: Sequence[Perspective]) -> Asked:
    newest: Sequence[Draft | None] = [None] * len(perspectives)
    async with ask(problem.text, model=model, perspectives=perspectives) as drafts:
        async for values in drafts:
            newest = values
    return Asked(
        problem, [Answer.of(one.key, draft or Draft()) for one, draft in zip(perspectives, newest, strict=True)]
    )
