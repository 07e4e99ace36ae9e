"""The database is away while somebody presses: they are told, nothing is bought twice, and once it is back it works."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.durable.sharing.ownership import Arrival
from bot.errors import StoreError
from bot.playground.slack.workspace import Message
from tests.scenarios.presses.test_restarts import SLOWLY, ask, host, thread
from tests.scenarios.test_conversation import QUICK, find
from tests.scenarios.test_restarts import Host
from tests.support.model_server import ModelServer, Script
from tests.support.world import NAMES, PatientStore, body_of, shown

REFUSED = Script(status=400, error={"message": "no"})


class Switched(PatientStore):
    """One whose database is away while `is_away`, or just fails to take new questions while `takes_none`."""

    is_away = False
    takes_none = False
    hangs = False

    def __init__(self, *how: Any, **more: Any) -> None:
        super().__init__(*how, **more)
        do = self._database.do

        async def do_if_there(*how: Any, **more: Any) -> Any:
            if type(self).hangs:
                await asyncio.sleep(30)
            if type(self).is_away:
                raise StoreError
            return await do(*how, **more)

        self._database.do = do_if_there  # type: ignore[method-assign]

    async def add(self, question: Any, *, is_admitted: bool = True) -> Arrival:
        if type(self).takes_none:
            type(self).is_away = True
            raise StoreError
        return await super().add(question, is_admitted=is_admitted)


@asynccontextmanager
async def away(store: type[Switched], how: str = "is_away") -> AsyncIterator[None]:
    """The database is away in the block; it is known to be back soon after."""
    setattr(store, how, True)
    await asyncio.sleep(0 if how == "takes_none" else 5)
    try:
        yield
    finally:
        store.is_away = store.takes_none = store.hangs = False
    await asyncio.sleep(10)


@asynccontextmanager
async def stood(directory: Path, scripts: dict[str, Any]) -> AsyncIterator[tuple[Host, ModelServer, type[Switched]]]:
    """A bot whose database can be switched off."""
    store = type("Store", (Switched,), {})
    async with host(directory, scripts) as (there, model), there.process(make_store=store):
        yield there, model, store


def told(there: Host, words: str) -> Callable[[], bool]:
    """Whether somebody was told so."""
    return lambda: any(words in shown(one) for one in there.workspace.whispers)


def is_whole(message: Message) -> bool:
    """Whether it shows an answer that is."""
    return "✅" in shown(message)


async def settled(there: Host, model: ModelServer) -> None:
    """Wait until nothing can come any more."""
    await there.until(lambda: not model.open_streams)
    await asyncio.sleep(30)
    assert not model.open_streams
    assert not there.workspace.warnings


@pytest.mark.parametrize("how", ["is_away", "hangs", "takes_none"])
@pytest.mark.parametrize("action", ["again", "together", "feedback"])
@pytest.mark.heavy
async def test_a_press_is_told_and_works_once_the_database_is_back(tmp_path: Path, action: str, how: str) -> None:
    """Whether it was known to be away, does not answer, or goes away in the middle of the press."""
    scripts = QUICK | ({"Time": [REFUSED, Script(("At last.",))]} if action == "again" else {})
    async with stood(tmp_path, scripts) as (there, model, store):
        parent, *replies = await ask(there)
        await settled(there, model)
        message = {"again": replies[3], "feedback": replies[0]}.get(action, parent)
        value = find(message, action)[0]
        model.default = Script(("So it is.",))
        async with away(store, how):
            seconds = await there.slack.click(message, action, value=value)
            assert seconds is not None
            assert seconds < 2.5
            await settled(there, model)
            if not (how == "takes_none" and action != "together"):
                assert told(there, "cannot look that up")()
                assert len(model.requests) == 4
        if action == "feedback":
            before = len(there.workspace.whispers)
            await there.slack.click(message, action, value=value)
            await settled(there, model)
            assert len(there.workspace.whispers) == before
            return
        await there.slack.click(message, action, value=value) if find(message, action) else None
        await settled(there, model)
        assert len(model.requests) == 5
        assert ("At last." if action == "again" else "So it is.") in shown(parent)


@pytest.mark.heavy
async def test_a_stop_needs_no_database(tmp_path: Path) -> None:
    """Where the run lives: its streams are closed at once, and the end is written when the database is back."""
    async with stood(tmp_path, dict.fromkeys(NAMES, SLOWLY)) as (there, model, store):
        await there.slack.command("Why?")
        await there.until(lambda: sum("writing" in shown(one) for one in thread(there)) == 4)
        parent = thread(there)[0]
        async with away(store):
            assert await there.slack.click(parent, "stop") is not None
            await there.until(lambda: shown(parent).count("stopped by") == 4)
            assert model.open_streams == 0
        await there.slack.click(parent, "again")
        await there.until(lambda: model.open_streams == 4 and find(parent, "stop") != [])
        await there.slack.click(parent, "stop")
        await settled(there, model)
        assert there.workspace.whispers == []


@pytest.mark.parametrize("how", ["is_away", "hangs"])
@pytest.mark.heavy
async def test_what_was_typed_to_go_deeper_is_not_lost(tmp_path: Path, how: str) -> None:
    """The form stays open with it, and says why; sent again, it is asked once."""
    async with stood(tmp_path, QUICK) as (there, model, store):
        _, *replies = await ask(there)
        await settled(there, model)
        model.default = Script(("So it is.",))
        async with away(store, how):
            await there.slack.click(replies[0], "deeper")
            [view] = there.workspace.views
            seconds = await there.slack.submit(view, {"words/words": "And those who stay?"})
            assert seconds is not None
            assert seconds < 2.5
            assert "cannot look that up" in str(view.errors)
            assert view.is_open
            await settled(there, model)
            assert len(model.requests) == 4
        await there.slack.submit(view, {"words/words": "And those who stay?"})
        assert not view.is_open
        await there.until(lambda: len(thread(there)) == 6 and is_whole(thread(there)[5]))
        await settled(there, model)
        assert len(model.requests) == 5
        assert body_of(thread(there)[5]) == "So it is."
        assert "*Depth*" in shown(thread(there)[5])


@pytest.mark.heavy
async def test_words_are_given_back_where_the_database_goes_away_behind_the_form(tmp_path: Path) -> None:
    """It was taken, and cannot be begun: whoever typed it is told so alone, with it."""
    async with stood(tmp_path, QUICK) as (there, model, store):
        _, *replies = await ask(there)
        await settled(there, model)
        async with away(store, "takes_none"):
            await there.slack.click(replies[0], "deeper")
            await there.slack.submit(there.workspace.views[0], {"words/words": "And those who stay?"})
            await there.until(told(there, "cannot look that up"))
            assert told(there, "And those who stay?")()
        await settled(there, model)
        assert len(model.requests) == 4
