import re
from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.playground.browser.server import LONGEST_DEED, OWN, SHARED
from bot.playground.browser.windows import MOST_PEOPLE
from tests.playground.slack.pressed import actions, button
from tests.support.model_server import ModelServer, Script
from tests.support.playground import Place, Window, playing
from tests.support.world import NAMES, PROBLEM

GENERAL = "C0GENERAL"
QUICK = {name: Script((f"{name} says so.",)) for name in NAMES}
MOST_BYTES = 60_000  # of all that a browser loads


async def status(place: Place, path: str = "", **headers: str) -> int:
    """How a client that has nothing but these headers is answered."""
    async with aiohttp.ClientSession() as client, client.get(place.url + path, headers=headers) as response:
        return response.status


async def text_of(place: Place, path: str = "") -> str:
    """What is at a path."""
    async with place.client.get(place.url + path) as response:
        assert response.status == 200
        return await response.text()


async def test_nobody_gets_in_without_the_address_that_the_terminal_shows() -> None:
    """Neither to the page, nor to what it asks; and a token that is guessed is none."""
    async with playing() as place:
        assert await status(place) == 401
        assert await status(place, "events?window=&since=") == 401
        assert [await status(place, "?token=guessed") for _ in range(6)] == [401] * 5 + [429]
        assert await status(place, Host="evil.example") == 403
        assert await status(place, Origin="http://evil.example") == 403
        async with place.client.post(place.url + "deeds", data="{}") as response:
            assert response.status == 415


async def test_the_page_loads_nothing_from_outside_and_runs_no_words() -> None:
    """It is made of these files, is light, and has no way to read a text as HTML."""
    async with playing() as place:
        page = await text_of(place)
        files = {name: await text_of(place, name) for name in (*OWN, *SHARED)}
        async with place.client.get(place.url) as response:
            policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert set(re.findall(r'(?:src|href)="/(\w+\.\w+)"', page)) <= files.keys()
    assert len((page + "".join(files.values())).encode()) <= MOST_BYTES
    scripts = [text for name, text in files.items() if name.endswith(".js")]
    for script in scripts:
        assert set(re.findall(r'from "\./(.*?)"', script)) <= files.keys()
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|import\(", script)
    shown = page + files["page.css"] + files["icon.svg"]
    assert re.findall(r"\w+://[^\s\"']+|url\(|@import", shown) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"\sstyle=|\son\w+=", page)


async def test_each_window_has_a_person_of_its_own_and_keeps_it() -> None:
    """Those who are there first; then others come, who are in the channels too."""
    async with playing(problem=PROBLEM) as place:
        windows = [await place.window() for _ in range(4)]
        names = [place.world.workspace.user(window.person).name for window in windows]
        assert names == ["ada", "ben", "cleo", "dan"]
        assert [window.problem for window in windows] == [PROBLEM, "", "", ""]
        again = await Window(place.url, place.client, key=windows[2].key).open()
        assert (again.person, again.key) == (windows[2].person, windows[2].key)
        await again.look()
        assert [one["name"] for one in again.of("channel")] == ["general", "random", "private", "perspectives"]
        assert (await again.do("write", channel="general", text="Hello"))[0] == 204


async def test_there_is_an_end_of_people() -> None:
    """Nobody needs so many, but for a page that opens windows in a circle."""
    async with playing() as place:
        for _ in range(MOST_PEOPLE):
            await place.window()
        async with place.client.post(place.url + "windows", json={}) as response:
            assert response.status == 503


async def test_a_question_from_the_composer_to_together() -> None:
    """Everybody sees it grow; what is pressed goes the way of a click."""
    async with playing(ModelServer(**QUICK, other=Script(("Do this first.",)))) as place:
        ada, ben = await place.window(), await place.window()
        assert await ada.do("write", channel=GENERAL, text=f"/perspectives {PROBLEM}") == (204, "")
        await ben.look(lambda items: "'together'" in str(items))
        parent, *replies = ben.of("message")
        assert PROBLEM in str(parent["nodes"])
        assert [reply["thread"] for reply in replies] == [parent["ts"]] * 4
        assert all(f"{name} says so." in str(reply) for name, reply in zip(NAMES, replies, strict=True))
        ben_limits = ben.items["limits"]
        assert ben_limits["edits"] == len(place.world.calls("chat.update"))
        assert (ben_limits["most"], ben_limits["refusals"], ben_limits["growing"]) == (50, 0, 0)
        button = parent["nodes"][-1]["within"][0]
        press = {name: button[name] for name in ("action_id", "value")}
        assert await ben.do("press", channel=GENERAL, ts=parent["ts"], **press) == (204, "")
        await ada.look(lambda items: "Do this first." in str(items))


async def test_a_mention_a_message_and_a_command_are_told_apart_by_what_is_typed() -> None:
    """As Slack's client does; what it does not know it says itself, to the person alone."""
    async with playing(ModelServer(**QUICK)) as place:
        ada, ben = await place.window(), await place.window()
        await ada.do("write", channel=GENERAL, text="Good morning @ben")
        await ada.do("write", channel=GENERAL, text="/remind me")
        await ben.do("write", channel=GENERAL, text="So @perspectives why?")
        await ada.look(lambda items: len([one for one in items.values() if one["kind"] == "message"]) >= 7)
        await ben.look()
        messages = [one for one in ada.of("message") if not one.get("ephemeral")]
        assert "@ben" in str(messages[0]["nodes"])
        assert {one["thread"] for one in messages[2:]} == {messages[1]["ts"]}
        (told,) = [one for one in ada.of("message") if one.get("ephemeral")]
        assert "/remind is not a valid command." in str(told)
        assert not any(one.get("ephemeral") for one in ben.of("message"))
        await ada.do("write", channel=GENERAL, text="/perspectives why?", thread=messages[1]["ts"])
        await ada.look(lambda items: "not supported in threads" in str(items))


async def test_what_one_writes_to_the_bot_is_seen_by_nobody_else() -> None:
    """And is answered there."""
    async with playing(ModelServer(**QUICK)) as place:
        ada, ben = await place.window(), await place.window()
        direct = place.world.workspace.direct_channel(ada.person).id
        await ada.do("write", channel=direct, text=PROBLEM)
        await ada.look(lambda items: str(items).count("says so.") >= 4)
        await ben.look()
        assert not ben.of("message")
        assert (await ben.do("write", channel=direct, text="Me too"))[0] == 409
        assert {one["channel"] for one in ada.of("message")} == {direct}


async def test_a_form_opens_for_its_person_says_what_is_wrong_and_closes() -> None:
    """An empty command opens it; nobody else can send it."""
    async with playing(ModelServer(**QUICK)) as place:
        ada, ben = await place.window(), await place.window()
        await ada.do("write", channel=GENERAL, text="/perspectives")
        await ada.look(lambda items: any(one["kind"] == "form" for one in items.values()))
        await ben.look()
        (form,), none = ada.of("form"), ben.of("form")
        assert not none
        (field,) = form["nodes"]
        name = f"{field['block_id']}/{field['action_id']}"
        assert (await ben.do("submit", form=form["id"], texts={name: "x"}))[0] == 409
        for odd in ({"odd": "x"}, {name: 7}, {name: {name: "x"}}, "x"):
            assert (await ada.do("submit", form=form["id"], texts=odd))[0] == 409
        assert await ada.do("submit", form=form["id"], texts={name: ""}) == (204, "")
        await ada.look(lambda items: any(one.get("errors") for one in items.values()))
        await ada.do("submit", form=form["id"], texts={name: PROBLEM})
        await ada.look(lambda items: not any(one["kind"] == "form" for one in items.values()))
        await ada.look(lambda items: str(items).count("says so.") >= 4)
        await ada.do("write", channel=GENERAL, text="/perspectives")
        await ada.look(lambda items: any(one["kind"] == "form" for one in items.values()))
        await ada.do("close", form=ada.of("form")[0]["id"])
        await ada.look(lambda items: not any(one["kind"] == "form" for one in items.values()))


async def test_a_chosen_message_opens_the_form_with_its_words() -> None:
    """Also where the bot is no member."""
    async with playing() as place:
        ada = await place.window()
        await ada.do("write", channel="C0RANDOM", text=PROBLEM)
        await ada.look()
        (message,) = ada.of("message")
        assert await ada.do("choose", channel="C0RANDOM", ts=message["ts"]) == (204, "")
        await ada.look(lambda items: any(one["kind"] == "form" for one in items.values()))
        assert ada.of("form")[0]["nodes"][0]["initial_value"] == PROBLEM


async def test_a_vote_is_marked_for_whoever_gave_it() -> None:
    """The last one of theirs."""
    async with playing(ModelServer(**QUICK)) as place:
        ada, ben = await place.window(), await place.window()
        await ada.do("write", channel=GENERAL, text=f"/perspectives {PROBLEM}")
        await ada.look(lambda items: "'votes'" in str(items))
        answer = next(one for one in ada.of("message") if "'votes'" in str(one))
        good, bad = answer["nodes"][-1]["within"][0]["within"]
        for vote in (good, bad):
            press = {name: vote[name] for name in ("action_id", "value")}
            assert await ada.do("press", channel=GENERAL, ts=answer["ts"], **press) == (204, "")
        await ada.look(lambda items: any(one.get("value") == bad["value"] for one in items.values()))
        await ben.look()
        assert [one["value"] for one in ada.of("press")] == [bad["value"]]
        assert not ben.of("press")


async def test_whoever_has_done_what_the_app_does_not_take_is_warned() -> None:
    """They alone, in Slack's words, and it is no refusal: it was done."""
    async with playing() as place:
        ada, ben, workspace = await place.window(), await place.window(), place.world.workspace
        message = workspace.post(GENERAL, workspace.bot.id, "", [actions(button("unknown"))])
        place.world.slack.sockets.freeze()  # and the app hears nothing
        assert await ada.do("press", channel=GENERAL, ts=message.ts, action_id="unknown") == (204, "")
        await ada.look(lambda items: any(one["kind"] == "warning" for one in items.values()))
        await ben.look()
        assert [one["words"] for one in ada.of("warning")] == ["We had some trouble connecting. Try again?"]
        assert not ben.of("warning")


async def test_a_window_that_was_cut_off_goes_on_where_it_was() -> None:
    """And is sent all anew where its revision is another process's."""
    async with playing() as place:
        ada = await place.window()
        assert await ada.look()
        await ada.do("write", channel=GENERAL, text="One")
        assert not await ada.look(lambda items: "One" in str(items))
        assert len(ada.of("message")) == 1
        assert not await ada.look(lambda items: True)  # it is answered at once, though nothing is new
        ada.revision = "other-7"
        assert await ada.look()
        for odd in ("", "-", f"{ada.revision}x", "--1", "٣-٣"):
            ada.revision = odd
            assert await ada.look()


@pytest.mark.parametrize(
    "deed",
    [
        {},
        {"do": "fly"},
        {"do": ["write"]},
        {"do": "write", "channel": GENERAL},
        {"do": "write", "channel": GENERAL, "text": 7},
        {"do": "write", "channel": GENERAL, "text": {"a": "b"}},
        {"do": "write", "channel": {"a": "b"}, "text": "x"},
        {"do": "write", "channel": GENERAL, "text": " \n"},
        {"do": "write", "channel": GENERAL, "text": "half \ud83d"},
        {"do": "write", "channel": "C0NOWHERE", "text": "x"},
        {"do": "write", "channel": GENERAL, "text": "x", "thread": "1.000000"},
        {"do": "press", "channel": GENERAL, "ts": "1.000000", "action_id": "stop"},
        {"do": "choose", "channel": GENERAL, "ts": "1.000000"},
        {"do": "submit", "form": "V1", "texts": {}},
        {"do": "submit", "form": "V1", "texts": {"a": 1}},
        {"do": "close", "form": "V1"},
    ],
)
@pytest.mark.heavy
async def test_what_cannot_be_done_is_refused_in_words(deed: dict[str, object]) -> None:
    """Whatever a page sends: nothing breaks."""
    async with playing() as place:
        window = await place.window()
        deed = {"window": window.key, **deed}
        async with place.client.post(f"{place.url}deeds", json=deed) as response:
            code, words = response.status, (await response.json())["error"]["words"]
        assert code == 409
        assert words
        assert not place.world.workspace.messages


@pytest.mark.parametrize(
    ("body", "kind", "answer"),
    [
        (b"{", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"do": "fly"}', "text/plain", 415),
        (b" " * (LONGEST_DEED + 1), "application/json", 413),
        (b'{"window": ""}', "application/json; charset=foo", 404),
    ],
)
async def test_what_is_no_deed_is_refused_with_its_status(body: bytes, kind: str, answer: int) -> None:
    """Whatever it is said to be written in; also where nobody has said how long it is."""
    async with playing() as place:
        for sent in (body, in_pieces(body)):
            headers = {"Content-Type": kind}
            async with place.client.post(f"{place.url}deeds", data=sent, headers=headers) as response:
                assert response.status == answer
                assert (await response.json())["error"]["words"]


async def in_pieces(body: bytes) -> AsyncIterator[bytes]:
    """A body as it is sent by who does not know how long it will be."""
    for start in range(0, len(body), 50_000):
        yield body[start : start + 50_000]
