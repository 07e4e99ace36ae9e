"""The engine: a problem in, drafts of its answers out. It knows neither Slack nor a database.

async with Completions(api_key=…, base_url=…, model=…, idle_timeout=60) as model:
    async with ask("Why do our releases slip?", model=model) as drafts:
        async for depth, breadth, structure, time in drafts:
            ...
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import Any, Protocol

from bot.engine.draft import Draft
from bot.engine.merge import Merged, merge_async_iterators
from bot.engine.perspectives import PERSPECTIVES, Perspective
from bot.engine.turns import Party


class Model(Protocol):
    """Who answers: `engine.completions`."""

    def stream(
        self, perspective: Perspective, problem: str, *, previous: str = "", party: Party = ()
    ) -> AsyncIterator[Draft]:
        """Yield the answer's drafts; the last is final.

        `previous` is the text of a stream that was lost. Where streams have to wait, they go round by `party`.
        """

    def next_moment(self, now: float) -> float:
        """When there is more of the streams that flow; by the loop's time, as `now` is."""


def ask(
    problem: str,
    *,
    model: Model,
    perspectives: Sequence[Perspective] = PERSPECTIVES,
    so_far: Mapping[str, Draft] | None = None,
    party: Party = (),
    beside: Sequence[AsyncIterator[Any]] = (),
) -> Merged[Any]:
    """Look at a problem from all `perspectives` at once: an async context manager, which owns the streams.

    It gives an async iterator of tuples with the newest draft of each, in their order, None before its first; whenever
    at least one has changed, and never a backlog. What fails is a state of that answer. `drop` leaves one out.

    `so_far` has, by their keys, drafts of an earlier process: one that is final is not asked for again, the text of
    another stays until there is more. Where answers have to wait for their turn, `party` is who asks, from the outside
    inwards: a workspace, a person in it. The newest values of the iterators `beside` follow in each tuple.
    """
    old = so_far or {}
    return merge_async_iterators(
        *(_answer(model, one, problem, old.get(one.key, Draft()), party) for one in perspectives), *beside
    )


def _answer(model: Model, perspective: Perspective, problem: str, old: Draft, party: Party) -> AsyncIterator[Draft]:
    if old.state.is_final:
        return _repeat(old)
    return model.stream(perspective, problem, previous=old.text, party=party)


async def _repeat(draft: Draft) -> AsyncGenerator[Draft]:
    """The source of an answer that was whole already."""
    yield draft
