from collections.abc import Sequence

from bot.engine.completions import Completions
from bot.engine.draft import State
from bot.engine.perspectives import PERSPECTIVES
from tests.benchmarks.answers.asking import ask_all
from tests.benchmarks.answers.problems import PROBLEMS
from tests.benchmarks.answers.records import Asked
from tests.support.model_server import KEY, MODEL, ModelServer, Script

DEPTH = Script(("Ask ", "why."), every=5.0)
REFUSAL = Script(status=400, error={"message": "no", "code": "content_filter"})


async def ask(server: ModelServer, *, problems: int, at_once: int, told: list[list[str]]) -> Sequence[Asked]:
    """Ask a server so many problems; `told` gets the keys of those that were answered, each time."""

    def tell(asked: Sequence[Asked]) -> None:
        told.append([one.problem.key for one in asked])

    async with Completions(api_key=KEY, base_url=server.url, model=MODEL, idle_timeout=60) as model:
        return await ask_all(PROBLEMS[:problems], model=model, perspectives=PERSPECTIVES, at_once=at_once, tell=tell)


async def test_all_problems_are_asked_from_all_sides() -> None:
    """What comes is kept, with its state, tokens and seconds; a refusal is a state of that answer."""
    told: list[list[str]] = []
    async with ModelServer(Depth=DEPTH, Time=REFUSAL) as server:
        asked = await ask(server, problems=2, at_once=2, told=told)
    assert [one.problem for one in asked] == list(PROBLEMS[:2])
    for one in asked:
        depth, breadth, _, time = one.answers
        assert [answer.perspective for answer in one.answers] == [side.key for side in PERSPECTIVES]
        assert (depth.text, depth.state, depth.tokens) == ("Ask why.", State.DONE, 42)
        assert 5 < depth.seconds < 6
        assert breadth.text == "An answer."
        assert (time.text, time.state, bool(time.reason)) == ("", State.FAILED, True)
    assert {request.body["messages"][1]["content"] for request in server.requests} == {one.text for one in PROBLEMS[:2]}


async def test_no_more_are_asked_at_once_than_so_many() -> None:
    """Each is told of as soon as it is answered."""
    told: list[list[str]] = []
    async with ModelServer(Depth=DEPTH) as server:
        await ask(server, problems=5, at_once=2, told=told)
    assert max(request.others for request in server.requests) + 1 == 2 * len(PERSPECTIVES)
    assert [len(keys) for keys in told] == [1, 2, 3, 4, 5]


async def test_a_slow_problem_does_not_keep_the_others_waiting() -> None:
    """They come back in their order all the same."""
    told: list[list[str]] = []
    async with ModelServer(Depth=[Script(first=50.0), Script()]) as server:
        asked = await ask(server, problems=4, at_once=2, told=told)
    keys = [one.key for one in PROBLEMS[:4]]
    assert len(told[-1]) == 4
    assert told[-1] != keys
    assert [one.problem.key for one in asked] == keys
