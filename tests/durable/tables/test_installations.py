"""Installations: found by the workspace or its organisation, sealed, replaced, removed in any order, and forgotten."""

import asyncio
from pathlib import Path

import pytest

from bot.durable.record import Changes, Search
from bot.durable.sealing import Sealer
from bot.durable.store import Store
from bot.durable.tables.installations import STRAGGLING, InstallationTable, Installed
from bot.errors import SettingsError, StoreError
from bot.slack.installation import Installation
from bot.slack.question import Action, Press
from tests.support.databases import query
from tests.support.stores import World, question, serve_workspace

pytestmark = pytest.mark.slow

OLD, NEW = "0123456789abcdef0123456789abcdef0123456789A=", "abcdef0123456789abcdef0123456789abcdef0123A="
ACME = Installation("T1", None, "xoxb-acme", "B1", "U1", frozenset({"commands", "chat:write"}))
ORGANISATION = Installation("", "E1", "xoxb-org", "B2", "U2")


async def table(world: World, *keys: str) -> InstallationTable:
    """The installations, seen by a process of its own."""
    return (await world.store("-".join(keys) or "one")).installations(Sealer(keys or [OLD]))


async def test_an_installation_is_found_with_its_token_which_the_database_does_not_show(world: World) -> None:
    """By its workspace, with the organisation's id or without."""
    kept = await table(world)
    await kept.save(ACME, name="Acme", at=100.0)
    assert await kept.find("T1", None) == await kept.find("T1", "E9") == ACME
    assert await kept.find("T2", None) is None
    assert await kept.find("", None) is None
    assert await kept.list_all() == [Installed("T1", "", "Acme", 100.0)]
    assert "xoxb-acme" not in str(await query(world.url, "SELECT * FROM installations"))


async def test_one_row_for_each_workspace_and_the_newest_counts(world: World) -> None:
    """Also where it comes late, and where the workspace has joined an organisation meanwhile."""
    kept = await table(world)
    for token, enterprise, at in (("xoxb-2", None, 200.0), ("xoxb-1", None, 100.0), ("xoxb-3", "E1", 300.0)):
        await kept.save(Installation("T1", enterprise, token, "B1", "U1"), name="Acme", at=at)
        found = await kept.find("T1", None)
        assert found
        assert found.bot_token == ("xoxb-3" if enterprise else "xoxb-2")
    assert len(await kept.list_all()) == 1


async def test_an_organisation_s_answers_in_each_of_its_workspaces_that_has_none_of_its_own(world: World) -> None:
    """With that workspace's id."""
    kept = await table(world)
    await kept.save(ORGANISATION, name="Org", at=100.0)
    await kept.save(Installation("T1", "E1", "xoxb-acme", "B1", "U1"), name="Acme", at=100.0)
    assert await kept.find("T2", "E1") == Installation("T2", "E1", "xoxb-org", "B2", "U2")
    own = await kept.find("T1", "E1")
    assert own
    assert own.bot_token == "xoxb-acme"
    assert await kept.find("T2", "E2") is None
    assert await kept.find("T2", None) is None
    # Its removal takes the workspaces along in which it answered, and not the one with its own.
    assert await kept.remove("", "E1", at=200.0) == {"T2"}
    assert await kept.find("T2", "E1") is None
    assert await kept.find("T1", "E1") == own


async def test_an_organisation_can_take_some_of_its_workspaces_away(world: World) -> None:
    """They are forgotten; one with its own installation keeps it, and one that is let in again is back."""
    store = await world.store("own")
    kept = await table(world)
    began = world.clock.now
    await kept.save(ORGANISATION, name="Org", at=began)
    for team in ("T1", "T2", "T3"):
        assert await kept.find(team, "E1")
        await store.add(question(f"of {team}", workspace=f"{team}/B2"))
    await kept.save(Installation("T3", "E1", "xoxb-3", "B1", "U1"), name="Three", at=began)
    assert await kept.withdraw({"T2", "T3"}, at=began - 1) == frozenset()  # of before the installation
    world.clock.now += 1
    assert await kept.withdraw({"T2", "T3", "T4"}, at=began + 1) == {"T2"}
    assert await kept.withdraw({"T2"}, at=began + 1) == frozenset()
    assert not await kept.forget()
    assert sorted(await query(world.url, "SELECT key FROM runs")) == [("of T1",), ("of T3",)]
    assert await kept.find("T2", "E1")
    world.clock.now += 1
    await store.add(question("again", workspace="T2/B2"))
    assert not await kept.forget()
    assert ("again",) in await query(world.url, "SELECT key FROM runs")
    # What Slack tells late is of then: what was asked since stays.
    assert await kept.withdraw({"T2"}, at=began + 1) == {"T2"}
    assert await kept.find("T2", "E1")
    assert not await kept.forget()
    assert ("again",) in await query(world.url, "SELECT key FROM runs")


async def test_a_removal_counts_once_and_not_if_it_is_older_than_the_installation(world: World) -> None:
    """Slack tells of it late, in any order, and twice: as uninstalled, and as tokens revoked."""
    kept = await table(world)
    await kept.save(ACME, name="Acme", at=100.0)
    assert await kept.remove("T1", None, at=99.0) == frozenset()
    assert await kept.find("T1", None) == ACME
    assert await kept.remove("T1", None, at=100.0) == {"T1"}
    assert await kept.find("T1", None) is None
    assert await kept.remove("T1", None, at=101.0) == frozenset()
    assert await kept.remove("T2", "E1", at=101.0) == frozenset()


async def test_what_a_workspace_had_asked_is_forgotten_with_it_and_nothing_of_another(world: World) -> None:
    """Also of the version that wrote the bot's id behind the workspace's, and what a process writes that is late."""
    stores = {}
    for place in ("T1", "T1/B1", "T11", "T2/B1"):
        store = Store(world.url, owner=place, clock=world.clock)
        stores[place] = store
        await store.open()
        for number in range(3):
            await store.add(question(f"{place}-{number}", workspace=place))
        await store.vote(place, f"{place}-1", "Depth", "U1", is_good=True)
        await store.save(Changes(edits=[(place, world.clock.now)], learned={place: "slow"}))
    kept = await table(world)
    await kept.save(ACME, name="Acme", at=world.clock.now)
    assert await kept.remove("T1", None, at=world.clock.now)
    assert await kept.forget(limit=4)  # six there are
    assert not await kept.forget(limit=4)
    await stores["T1"].add(question("late", workspace="T1"))
    assert not await kept.forget()
    for statement in (
        "SELECT DISTINCT workspace FROM runs",
        "SELECT DISTINCT workspace FROM learned",
        "SELECT DISTINCT workspace FROM edits",
    ):
        assert {place for (place,) in await query(world.url, statement)} == {"T11", "T2/B1"}
    assert await query(world.url, "SELECT count(*) FROM votes") == [(2,)]
    assert await query(world.url, "SELECT team FROM departures") == [("T1",)]
    world.clock.now += STRAGGLING + 1
    assert not await kept.forget()
    assert await query(world.url, "SELECT team FROM departures") == []
    for store in stores.values():
        await store.close()


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
async def test_what_was_forgotten_is_in_no_file_any_more(world: World, tmp_path: Path) -> None:
    """Nor in SQLite's log, though nothing else is written after that."""
    store = await world.store("own")
    await store.add(question("a", workspace="T1/B1"))
    kept = await table(world)
    await kept.save(ACME, name="Acme and its marmalade", at=100.0)

    def find() -> bool:
        return any(b"marmalade" in path.read_bytes() for path in tmp_path.iterdir())

    assert find()
    await kept.remove("T1", None, at=100.0)
    assert not await kept.forget()
    assert not find()


async def test_whose_a_removed_workspace_was_and_what_was_pressed_there_is_forgotten(world: World) -> None:
    """Its owner gives it up first: until then nobody else may have it."""
    one = await world._stack.enter_async_context(Store(world.url, owner="one", clock=world.clock, is_shared=True))
    await one.open()
    for place in ("T1/B1", "T2/B1"):
        await serve_workspace(one, place)
        await one.signal(Press(Action.AGAIN, "a", "Depth", "U", "C", "1.0", "0.9", None, workspace=place))
    kept = await table(world)
    await kept.save(ACME, name="Acme", at=100.0)
    await kept.remove("T1", None, at=100.0)
    assert not await kept.forget()
    assert await query(world.url, "SELECT workspace FROM signals") == [("T2/B1",)]
    world.clock.now += STRAGGLING + 1
    assert not await kept.forget()
    assert ("T1/B1", "one") in await query(world.url, "SELECT workspace, owner FROM workspaces")
    await one.save(Changes(), Search(frozenset(), 0.0, left=frozenset({"T1/B1"})))
    assert not await kept.forget()
    assert await query(world.url, "SELECT workspace FROM workspaces") == [("T2/B1",)]
    assert await query(world.url, "SELECT team FROM departures") == []


@pytest.mark.parametrize("installation", [ACME, ORGANISATION], ids=["own", "organisation"])
async def test_a_workspace_that_is_back_keeps_what_it_asks_since(world: World, installation: Installation) -> None:
    """Though nothing was forgotten of it by then; whether it was installed there or in its organisation."""
    store = await world.store("own")
    kept = await table(world)
    await kept.save(installation, name="Acme", at=100.0)
    assert await kept.find("T1", installation.enterprise_id)
    await store.add(question("before", workspace="T1/B1"))
    assert await kept.remove(installation.team_id, installation.enterprise_id, at=100.0) == {"T1"}
    world.clock.now += 1
    await kept.save(installation, name="Acme", at=200.0)
    assert await kept.find("T1", installation.enterprise_id)
    await store.add(question("after", workspace="T1/B1"))
    await store.save(Changes(learned={"T1/B1": "slow"}))
    assert not await kept.forget()
    assert await query(world.url, "SELECT key FROM runs") == [("after",)]
    assert await query(world.url, "SELECT what FROM learned") == [("slow",)]
    assert await query(world.url, "SELECT team FROM departures") == []


async def test_a_key_that_is_wrong_or_was_changed_is_told_and_overwrites_nothing(world: World) -> None:
    """At the start, and where the database was away then: at the first install."""
    await (await table(world)).save(ACME, name="Acme", at=100.0)
    before = await query(world.url, "SELECT * FROM installations")
    other = await table(world, NEW)
    with pytest.raises(SettingsError, match=r"^TOKEN_KEY is not the key of the tokens"):
        await other.check()
    with pytest.raises(StoreError, match="TOKEN_KEY"):
        await other.save(Installation("T2", None, "xoxb-2", "B1", "U1"), name="Other", at=200.0)
    with pytest.raises(StoreError, match="TOKEN_KEY"):
        await other.find("T1", None)
    assert await query(world.url, "SELECT * FROM installations") == before


async def test_a_key_is_changed_by_setting_both_for_a_while(world: World) -> None:
    """Then the older one can be left out."""
    await (await table(world)).save(ACME, name="Acme", at=100.0)
    await (await table(world, NEW, OLD)).check()
    late = await table(world, NEW)
    await late.check()
    assert await late.find("T1", None) == ACME


async def test_a_state_is_good_once_for_a_while_at_any_process(world: World) -> None:
    """Of two that bring it at once, one gets it."""
    one, two = (await world.store("one")).oauth_states, (await world.store("two")).oauth_states
    await one.add("a", 600.0)
    await one.add("b", 600.0)
    assert not await two.take("c")
    assert sorted(await asyncio.gather(one.take("a"), two.take("a"))) == [False, True]
    world.clock.now += 600.0
    assert not await two.take("b")
    await one.add("d", 600.0)
    await one.add("e", 600.0)
    world.clock.now += 601.0
    await one.add("f", 600.0)
    assert await query(world.url, "SELECT state FROM oauth_states") == [("f",)]


async def test_more_installs_than_there_is_room_for_push_the_oldest_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody can begin one: neither do they fill the database, nor keep others from beginning."""
    monkeypatch.setattr("bot.durable.tables.oauth_states.MOST", 3)
    states = (await world.store("one")).oauth_states
    for state in "abcde":
        await states.add(state, 600.0)
        world.clock.now += 1
    assert sorted(await query(world.url, "SELECT state FROM oauth_states")) == [("c",), ("d",), ("e",)]
    assert not await states.take("a")
    assert await states.take("e")
