from tests.model_server import ModelServer, words
from tests.world import NAMES, body_of, running, shown


async def test_a_command_opens_a_thread_of_four_answers_that_end_whole() -> None:
    """The main job."""
    scripts = {name: words(40 + 10 * number, 20) for number, name in enumerate(NAMES)}
    async with running(ModelServer(**scripts)) as world:
        parent, *replies = await world.ask()
        print(shown(parent))
        for r in replies:
            print(shown(r)[:100], len(r.versions))
        assert [body_of(reply) for reply in replies] == [scripts[name].text for name in NAMES]
