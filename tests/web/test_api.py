import asyncio
import json
from http import HTTPStatus
from typing import Any

import pytest

from bot.web.http.refusals import STATUS
from tests.support.model_server import ModelServer, Script, words
from tests.support.web import ASK, PROBLEM, Site, read, serving
from tests.support.world import NAMES

SHORT = {name: Script((f"{name} first.", " Then more.")) for name in NAMES}
JSON = {"Content-Type": "application/json"}


async def test_four_answers_are_streamed_as_they_grow() -> None:
    """The run, its drafts, the end of each, and that all are done."""
    async with serving(ModelServer(**SHORT)) as site:
        got = await site.ask(problem=PROBLEM)
    names = [name for name, _ in got.events]
    assert (names[0], names[-1], names.count("end"), names.count("done")) == ("run", "done", 4, 1)
    assert [one["key"] for one in got.run["perspectives"]] == NAMES
    assert got.texts == {name: f"{name} first. Then more." for name in NAMES}
    end = got.of("end")[0]
    assert end["takeaway"] == f"{end['perspective']} first."
    assert (end["state"], end["tokens"], end["model"]) == ("done", 42, "test-model-2026")
    assert 0 < end["seconds"] < 1


async def test_nobody_waits_for_the_slowest() -> None:
    """One that is quick has ended long before."""
    scripts = {**SHORT, "Depth": Script(("Slow", "."), every=20.0)}
    async with serving(ModelServer(**scripts)) as site:
        got = await site.ask(problem=PROBLEM)
    times = {data["perspective"]: at for (name, data), at in zip(got.events, got.times, strict=True) if name == "end"}
    assert max(times[name] for name in NAMES[1:]) < times["Depth"] - 19


async def test_what_comes_quickly_is_told_in_few_events() -> None:
    """Nobody sees 300 changes a second; and of the texts, nothing is lost."""
    scripts = {name: words(300, 300) for name in NAMES}
    async with serving(ModelServer(**scripts)) as site:
        got = await site.ask(problem=PROBLEM)
    assert got.texts == {name: words(300, 300).text for name in NAMES}
    drafts = [draft for draft in got.of("draft") if draft["perspective"] == "Time"]
    assert 10 < len(drafts) < 50  # a second, at 40 frames, of what is read 20 times


async def test_lines_of_json() -> None:
    """The same events, one a line."""
    async with (
        serving(ModelServer(**SHORT)) as site,
        site.client.post(
            site.url + ASK, json={"problem": PROBLEM}, headers={"Accept": "application/x-ndjson"}
        ) as response,
    ):
        assert response.content_type == "application/x-ndjson"
        lines = [json.loads(line) async for line in response.content]
    assert (lines[0]["event"], lines[-1]["event"]) == ("run", "done")
    assert sum(line["event"] == "end" for line in lines) == 4


async def test_all_at_once() -> None:
    """For who cannot read a stream."""
    async with (
        serving(ModelServer(**SHORT)) as site,
        site.client.post(
            site.url + ASK, json={"problem": PROBLEM}, headers={"Accept": "text/html, application/json;q=0.9"}
        ) as response,
    ):
        whole = await response.json()
    assert [one["text"] for one in whole["answers"]] == [f"{name} first. Then more." for name in NAMES]
    assert [one["state"] for one in whole["answers"]] == ["done"] * 4


async def test_a_client_that_goes_away_closes_its_streams(caplog: pytest.LogCaptureFixture) -> None:
    """Within half a second: nobody pays for what nobody reads."""
    model = ModelServer(**{name: words(600, 10) for name in NAMES})
    async with serving(model) as site:
        async with site.client.post(site.url + ASK, json={"problem": PROBLEM}) as response:
            await read(response, until="draft")
            assert model.open_streams == 4
            response.close()
        await asyncio.sleep(0.5)
        assert model.open_streams == 0
        assert all(request.is_cut_off for request in model.requests)
    assert not [record for record in caplog.records if record.name.startswith("aiohttp")]


@pytest.mark.parametrize("accept", ["application/json", "application/x-ndjson"])
async def test_so_does_one_that_waits_for_all(accept: str) -> None:
    """Though nothing was sent to it yet."""
    model = ModelServer(**{name: words(600, 10) for name in NAMES})
    async with serving(model) as site:
        with pytest.raises(TimeoutError):
            async with (
                asyncio.timeout(5),
                site.client.post(site.url + ASK, json={"problem": PROBLEM}, headers={"Accept": accept}) as response,
            ):
                await response.read()
        await asyncio.sleep(0.5)
        assert (len(model.requests), model.open_streams) == (4, 0)


async def test_a_run_that_lingers_is_found_again() -> None:
    """Who comes back in time gets what there is in one piece, and then what comes; who comes later, what came of it."""
    model = ModelServer(**{name: words(50, 10) for name in NAMES})
    async with serving(model) as site:
        async with site.client.post(site.url + ASK, json={"problem": PROBLEM, "linger": 5}) as response:
            got = await read(response, until="draft")
            response.close()
        await asyncio.sleep(2)
        async with site.client.get(f"{site.url}{ASK}/{got.run['id']}") as response:
            again = await read(response)
        assert again.run["id"] == got.run["id"]
        assert again.run["problem"] == PROBLEM
        assert again.texts == {name: words(50, 10).text for name in NAMES}
        assert len(again.of("draft")[0]["append"]) > 100
        assert len(model.requests) == 4
        async with site.client.get(f"{site.url}{ASK}/{got.run['id']}") as response:
            late = await read(response)
        assert [name for name, _ in late.events] == ["run", *["draft", "end"] * 4, "done"]


async def test_a_run_that_nobody_comes_back_to_ends() -> None:
    """After as many seconds as were asked for."""
    model = ModelServer(**{name: words(600, 10) for name in NAMES})
    async with serving(model) as site:
        async with site.client.post(site.url + ASK, json={"problem": PROBLEM, "linger": 5}) as response:
            await read(response, until="draft")
            response.close()
        await asyncio.sleep(4.5)
        assert model.open_streams == 4
        await asyncio.sleep(1)
        assert model.open_streams == 0


async def test_a_run_is_stopped() -> None:
    """Its readers are told, and what came stands."""
    model = ModelServer(**{name: words(600, 10) for name in NAMES})
    async with serving(model) as site, site.client.post(site.url + ASK, json={"problem": PROBLEM}) as response:
        got = await read(response, until="draft")
        await asyncio.sleep(3)
        async with site.client.post(f"{site.url}{ASK}/{got.run['id']}/stop") as stopped:
            assert stopped.status == 204
        rest = await read(response)
        assert rest.states == dict.fromkeys(NAMES, "stopped")
        assert rest.events[-1][0] == "done"
        assert model.open_streams == 0
        assert all(end["takeaway"] for end in rest.of("end"))


async def test_a_server_that_is_stopped_says_so() -> None:
    """Within a second, and with the text so far."""
    model = ModelServer(**{name: words(600, 10) for name in NAMES})
    async with serving(model) as site, site.client.post(site.url + ASK, json={"problem": PROBLEM}) as response:
        await read(response, until="draft")
        site.stop.set()
        async with asyncio.timeout(1):
            rest = await read(response)
    assert rest.states == dict.fromkeys(NAMES, "interrupted")
    assert rest.of("end")[0]["reason"] == {"code": "bot_stopped", "words": "the bot was stopped. Ask again."}


async def test_silence_is_broken_by_a_heartbeat() -> None:
    """Each 15 s."""
    async with serving(ModelServer(**{name: Script(first=50.0) for name in NAMES})) as site:
        got = await site.ask(problem=PROBLEM)
    assert got.comments == 3


async def test_an_answer_that_fails_says_why_and_leaves_the_others() -> None:
    """In the language that was asked for."""
    scripts = {**SHORT, "Time": Script(status=401, error={"code": "invalid_api_key"})}
    async with serving(ModelServer(**scripts)) as site:
        got = await site.ask(problem=PROBLEM, language="ja")
    assert got.states == {**dict.fromkeys(NAMES, "done"), "Time": "failed"}
    reason = next(end["reason"] for end in got.of("end") if end["state"] == "failed")
    assert reason["code"] == "bad_key"
    assert "OPENAI_API_KEY" in reason["words"]
    assert got.run["perspectives"][0]["name"] == "深さ"


async def test_answers_are_drawn_together_and_gone_deeper_on() -> None:
    """From what stands, follow-ups and what was added to them too."""
    model = ModelServer(**SHORT, other=Script(("On it goes.",)))
    async with serving(model) as site:
        root = (await site.ask(problem=PROBLEM)).run["id"]
        deeper = await site.ask(f"{ASK}/{root}/Depth/deeper", added="We tried that.")
        assert deeper.texts == {"Depth": "On it goes."}
        assert (deeper.run["kind"], deeper.run["root"], deeper.run["problem"]) == ("deeper", root, "We tried that.")
        asked = model.requests[-1].body["messages"][-1]["content"]
        assert f"<problem>\n{PROBLEM}" in asked
        assert '<answer side="Depth">\nDepth first. Then more.' in asked
        assert "<added>\nWe tried that." in asked
        together = await site.ask(f"{ASK}/{root}/together")
        assert together.texts == {"Together": "On it goes."}
        asked = model.requests[-1].body["messages"][-1]["content"]
        assert all(f"{name} first. Then more." in asked for name in NAMES)
        assert "asked for with: We tried that.\n\nOn it goes." in asked
        async with site.client.get(f"{site.url}{ASK}/{root}") as response:
            again = await read(response)
        assert again.run["further"] == [deeper.run["id"], together.run["id"]]
        # What goes on with a follow-up goes on with the run that this goes on with.
        await site.ask(f"{ASK}/{deeper.run['id']}/Depth/deeper")
        asked = model.requests[-1].body["messages"][-1]["content"]
        assert "Depth first." in asked
        assert "<added>\n(nothing)" in asked


BAD: list[tuple[str, bytes, dict[str, str], int, str]] = [
    (ASK, b"{", JSON, 400, "not_json"),
    (ASK, b"\xff\xfe", JSON, 400, "not_json"),
    (ASK, b"[" * 20_000, JSON, 400, "not_json"),
    (ASK, b'{"problem": ' + b"1" * 5_000 + b"}", JSON, 400, "not_json"),
    (ASK, b"", JSON, 400, "not_json"),
    (ASK, b'{"problem": "Why?"}', {"Content-Type": "text/plain"}, 415, "not_declared_json"),
    (ASK, b"problem=Why", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "not_declared_json"),
    (ASK, b"x" * 60_000, JSON, 413, "too_large"),
    (ASK, b"[]", JSON, 422, "wrong_shape"),
    (ASK, b"{}", JSON, 422, "wrong_shape"),
    (ASK, b'{"problem": 7}', JSON, 422, "wrong_shape"),
    (ASK, b'{"problem": null}', JSON, 422, "wrong_shape"),
    (ASK, b'{"problem": "Why?", "language": "xx"}', JSON, 422, "wrong_shape"),
    (ASK, b'{"problem": "Why?", "linger": true}', JSON, 422, "wrong_shape"),
    (ASK, b'{"problem": "Why?", "linger": 1e9}', JSON, 422, "wrong_shape"),
    (ASK, b'{"problem": "Why?", "linger": NaN}', JSON, 422, "wrong_shape"),
    (ASK, b'{"problem": ""}', JSON, 422, "blank"),
    (ASK, '{"problem": "\u200b \u2060\u3164"}'.encode(), JSON, 422, "blank"),
    (ASK, json.dumps({"problem": "x" * 4_001}).encode(), JSON, 422, "too_long"),
    (f"{ASK}/none/together", b"", {}, 404, "unknown_run"),
    (f"{ASK}/none/stop", b"{}", JSON, 404, "unknown_run"),
    (f"{ASK}/none/Depth/deeper", b'{"added": 1}', JSON, 422, "wrong_shape"),
    ("v1/nothing", b"", {}, 404, "not_found"),
    ("openapi.json", b"", {}, 405, "no_such_method"),
]


@pytest.mark.parametrize(("path", "body", "headers", "status", "code"), BAD)
async def test_what_comes_to_nothing_is_json_with_a_code_and_words(
    path: str, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    """In a status that HTTP has for it; no model is asked."""
    async with (
        serving(ModelServer()) as site,
        site.client.post(site.url + path, data=body, headers=headers, skip_auto_headers=["Content-Type"]) as response,
    ):
        error = (await response.json())["error"]
        assert (response.status, error["code"]) == (status, code)
        assert error["words"].endswith(".")
        assert site.model.requests == []


async def test_unknown_keys_are_passed_over_and_halves_of_characters_replaced() -> None:
    """Neither breaks anything further on."""
    async with serving(ModelServer(**SHORT)) as site:
        got = await site.ask(problem="Why \ud800?", colour="red")
        assert got.states == dict.fromkeys(NAMES, "done")
        assert site.model.requests[0].body["messages"][-1]["content"] == "Why \ufffd?"


async def test_an_error_is_in_the_language_of_who_asks() -> None:
    """By the body where it says one, else by the header."""
    async with serving(ModelServer()) as site:
        for headers, language in (({"Accept-Language": "ja,en;q=0.5"}, None), ({}, "ja")):
            body = {"problem": "", "language": language}
            async with site.client.post(site.url + ASK, json=body, headers=headers) as response:
                assert (await response.json())["error"]["words"] == "問題がありません。言葉で書いてください。"


async def refusal(site: Site, path: str = ASK, **body: Any) -> tuple[int, str, str | None]:
    """The status, the code and the Retry-After of what is refused."""
    async with site.client.post(site.url + path, json=body) as response:
        return response.status, (await response.json())["error"]["code"], response.headers.get("Retry-After")


async def test_a_person_has_so_many_runs() -> None:
    """At once, and within the hour."""
    model = ModelServer(**{name: words(100, 10) for name in NAMES})
    async with serving(model, runs_per_person=1, runs_per_person_per_hour=2) as site:
        async with site.client.post(site.url + ASK, json={"problem": PROBLEM}) as response:
            root = (await read(response, until="run")).run["id"]
            assert await refusal(site, problem=PROBLEM) == (429, "too_many_runs", "60")
            assert (await refusal(site, f"{ASK}/{root}/together"))[:2] == (409, "going_on")
            assert (await refusal(site, f"{ASK}/{root}/Depth/deeper"))[:2] == (409, "going_on")
            await read(response)
        await site.ask(problem=PROBLEM)
        status, code, wait = await refusal(site, problem=PROBLEM)
        assert (status, code) == (429, "too_many_within_the_hour")
        assert 3_500 < int(wait or 0) <= 3_600
        assert (await refusal(site, f"{ASK}/{root}/together"))[:2] == (429, "too_many_within_the_hour")


async def test_all_persons_have_so_many_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than can be read to their ends would do nobody any good."""
    monkeypatch.setattr("bot.web.server.MOST_RUNS", 2)
    model = ModelServer(**{name: words(100, 10) for name in NAMES})
    async with serving(model, max_streams=1) as site, asyncio.TaskGroup() as group:
        tasks = [group.create_task(site.ask(problem=PROBLEM)) for _ in range(2)]
        await asyncio.sleep(1)
        assert await refusal(site, problem=PROBLEM) == (503, "crowded", "60")
        for task in tasks:
            task.cancel()


async def test_there_has_to_be_something_to_go_on_with() -> None:
    """Two whole answers, or the one that is meant."""
    scripts = {name: Script(status=400) for name in NAMES[1:]}
    async with serving(ModelServer(**scripts)) as site:
        root = (await site.ask(problem=PROBLEM)).run["id"]
        assert await refusal(site, f"{ASK}/{root}/together") == (409, "too_few", None)
        assert await refusal(site, f"{ASK}/{root}/Time/deeper") == (409, "not_whole", None)
        assert await refusal(site, f"{ASK}/{root}/Height/deeper") == (404, "unknown_side", None)
        assert await refusal(site, f"{ASK}/{root}/Depth/deeper", added="x" * 4_001) == (422, "too_long", None)


async def test_a_body_has_to_come_in_time() -> None:
    """Ten seconds are enough for all that is taken."""
    async with serving(ModelServer()) as site:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(site.url.rstrip("/").rpartition(":")[2]))
        host = site.url.split("/")[2]
        head = f"POST /{ASK} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n"
        writer.write(head.encode() + b'{"problem"')
        answer = await reader.readuntil(b"\r\n")
        assert b" 408 " in answer
        writer.close()


def test_every_fault_has_a_status_that_is_an_error() -> None:
    """And none is forgotten."""
    assert all(status >= HTTPStatus.BAD_REQUEST for status in STATUS.values())
