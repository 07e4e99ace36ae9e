from collections.abc import AsyncIterator, Sequence

from bot.engine import ask
from bot.engine.completions import Completions
from bot.engine.draft import Draft, State
from bot.engine.perspectives import PERSPECTIVES
from tests.support.model_server import KEY, MODEL, ModelServer, Script

PROBLEM = "Why do our releases slip?"


async def test_a_problem_is_looked_at_from_all_sides_at_once() -> None:
    """With a model and nothing else: neither Slack nor a database."""
    scripts = {"Depth": Script(("Ask ", "why."), every=5.0), "Time": Script(("Soon.",))}
    states: list[list[str]] = []
    newest: Sequence[Draft | None] = ()
    async with (
        ModelServer(**scripts) as server,
        Completions(api_key=KEY, base_url=server.url, model=MODEL, idle_timeout=60) as model,
        ask(PROBLEM, model=model) as drafts,
    ):
        async for newest in drafts:
            states.append([draft.state.value if draft else "" for draft in newest])
    assert [one.key for one in PERSPECTIVES] == ["Depth", "Breadth", "Structure", "Time"]
    assert [draft.text for draft in newest if draft][::3] == ["Ask why.", "Soon."]
    assert states[-2:] == [["writing", "done", "done", "done"], ["done"] * 4]  # nobody waits for the slowest


async def numbers() -> AsyncIterator[int]:
    """A source that has nothing to do with answers."""
    yield 1
    yield 2


async def test_what_stands_already_is_gone_on_with() -> None:
    """A text stands until there is more, what is whole is not asked for again; what is beside comes along."""
    so_far = {"Depth": Draft.of("Ask", State.WRITING), "Breadth": Draft.of("Whole.", State.DONE)}
    async with (
        ModelServer(Depth=Script(("Ask why.",), first=1.0)) as server,
        Completions(api_key=KEY, base_url=server.url, model=MODEL, idle_timeout=60) as model,
        ask(PROBLEM, model=model, perspectives=PERSPECTIVES[:2], so_far=so_far, beside=[numbers()]) as drafts,
    ):
        seen = [values async for values in drafts]
    assert [request.name for request in server.requests] == ["Depth"]
    assert {(depth.text, breadth.text) for depth, breadth, _ in seen if depth and breadth} == {
        ("Ask", "Whole."),
        ("Ask why.", "Whole."),
    }
    assert seen[-1][2] == 2
