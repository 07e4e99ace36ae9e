"""Votes: one of each person on each answer, kept as long as their run, and counted."""

import pytest

from bot.durable.record import Changes, Outcome
from bot.durable.tables.votes import Count
from bot.engine.draft import Draft, State
from bot.texts.ja import JAPANESE
from tests.support.databases import query
from tests.support.stores import World, question

pytestmark = pytest.mark.slow


async def test_the_last_vote_of_a_person_on_an_answer_counts(world: World) -> None:
    """Whatever process hears of it."""
    one, two = await world.store("one"), await world.store("two")
    await one.add(question())
    at = world.clock.now
    for store, name, user, is_good in (
        (one, "Depth", "U1", True),
        (two, "Depth", "U1", False),
        (one, "Time", "U1", True),
        (one, "Depth", "U2", True),
        (one, "Depth", "U2", True),
    ):
        assert await store.vote("", "T1", name, user, is_good=is_good)
        world.clock.now += 1
    assert await query(world.url, 'SELECT name, "user", is_good, at FROM votes ORDER BY name, "user"') == [
        ("Depth", "U1", 0, at + 1),
        ("Depth", "U2", 1, at + 4),
        ("Time", "U1", 1, at + 2),
    ]


async def test_a_vote_on_what_is_unknown_is_none(world: World) -> None:
    """On a run that was forgotten, with its votes; or on another bot's."""
    one = await world.store("one")
    await one.add(question("others", workspace="T1/B2"))
    await one.add(question())
    assert await one.vote("", "T1", "Depth", "U1", is_good=True)
    await one.save(Changes(ends={"T1": Outcome.DONE}))
    assert await one.clear(world.clock.now + 1, 100) == 1
    assert not await one.vote("", "T1", "Depth", "U1", is_good=True)
    assert not await one.vote("", "others", "Depth", "U1", is_good=True)
    assert await query(world.url, "SELECT * FROM votes") == []


async def test_votes_are_counted_by_perspective_model_and_language(world: World) -> None:
    """Of all workspaces; what a version without languages wrote was English, and an answer may be gone."""
    one = await world.store("one")
    assert await one.count_votes() == []
    for key, language, model in (("T1", {}, "m"), ("T2", {"language": JAPANESE}, "m"), ("T3", {}, "other")):
        await one.add(question(key, **language))
        await one.save(Changes(answers={(key, "Depth"): Draft.of("So.", State.DONE, model=model)}))
    await query(world.url, "UPDATE runs SET language = NULL, workspace = 'another' WHERE key = 'T3'")
    assert await one.vote("another", "T3", "Depth", "U1", is_good=False)
    for user in ("U1", "U2", "U3"):
        assert await one.vote("", "T1", "Depth", user, is_good=user != "U3")
        assert await one.vote("", "T2", "Depth", user, is_good=True)
    assert await one.vote("", "T1", "gone", "U1", is_good=False)
    assert await one.count_votes() == [
        Count("Depth", "m", "en", 2, 1),
        Count("Depth", "m", "ja", 3, 0),
        Count("Depth", "other", "en", 0, 1),
        Count("gone", "", "en", 0, 1),
    ]
