import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest

from bot.completions import Completions
from bot.draft import Draft, State
from bot.perspectives import PERSPECTIVES
from tests.model_server import KEY, MODEL, ModelServer, Script

DEPTH = PERSPECTIVES[0]
PROBLEM = "Why do our releases slip?"
SAID = "what the server said, with sk-test-key in it"


@asynccontextmanager
async def asking(*scripts: Script, idle_timeout: float = 60.0) -> AsyncIterator[tuple[Completions, ModelServer]]:
    """The completions against a server that follows one script after another, then the last again and again."""
    async with (
        ModelServer(Depth=scripts) as server,
        Completions(api_key=KEY, base_url=server.url, model=MODEL, idle_timeout=idle_timeout) as completions,
    ):
        yield completions, server


async def drafts_of(*scripts: Script, **how: Any) -> tuple[list[Draft], ModelServer]:
    """All drafts of one completion, and the server as it was left."""
    async with asking(*scripts, **how) as (completions, server):
        return [draft async for draft in completions.stream(DEPTH, PROBLEM)], server


def now() -> float:
    """The loop's time."""
    return asyncio.get_running_loop().time()


def chunk(**changed: Any) -> dict[str, Any]:
    """A chunk that says "x", with changes to it."""
    choice = {"index": 0, "delta": {"content": "x"}, "finish_reason": None}
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice], **changed}


def choice(**changed: Any) -> dict[str, Any]:
    """The same with changes to its only choice."""
    return chunk(choices=[{"index": 0, "delta": {"content": "x"}, "finish_reason": None, **changed}])


async def test_drafts_are_the_whole_text_so_far() -> None:
    """One for each block of bytes, in order; the final one comes with the last of the text and the count of tokens."""
    drafts, _ = await drafts_of(Script(("Ask ", "why ", "nine ", "times."), every=0.5, first=1.0))
    assert drafts == [
        Draft("Ask ", State.WRITING),
        Draft("Ask why ", State.WRITING),
        Draft("Ask why nine ", State.WRITING),
        Draft("Ask why nine times.", State.DONE, "", "test-model-2026", drafts[-1].seconds, 42),
    ]
    assert drafts[-1].seconds == pytest.approx(2.5)


async def test_drafts_come_when_their_pieces_do() -> None:
    """None waits for the next."""
    async with asking(Script(("a", "b", "c"), every=0.5, first=1.0)) as (completions, _):
        began = now()
        times = [now() - began async for _ in completions.stream(DEPTH, PROBLEM)]
    assert times == pytest.approx([1.0, 1.5, 2.0])


async def test_the_final_draft_does_not_wait_for_the_end_of_the_stream() -> None:
    """The server lingers for a minute; the finish reason is enough, with the count of tokens behind it."""
    async with asking(Script(linger=60.0)) as (completions, server):
        began = now()
        ends = [(draft.state, draft.tokens, now() - began) async for draft in completions.stream(DEPTH, PROBLEM)]
        assert [end[:2] for end in ends] == [(State.DONE, 42)]
        assert ends[0][2] == pytest.approx(0.1)
        await asyncio.sleep(0.1)
        assert server.open_streams == 0


async def test_a_count_of_tokens_that_does_not_come_is_not_waited_for() -> None:
    """A moment, in which text may still come, then the answer is done."""
    async with asking(Script(usage=None, linger=60.0)) as (completions, server):
        began = now()
        drafts = [draft async for draft in completions.stream(DEPTH, PROBLEM)]
        assert [(draft.state, draft.tokens) for draft in drafts] == [(State.WRITING, 0), (State.DONE, 0)]
        assert now() - began == pytest.approx(0.3, abs=0.01)
        await asyncio.sleep(0.1)
        assert server.requests[0].is_cut_off


async def test_a_request_is_the_prompt_the_problem_and_nothing_else() -> None:
    """What other servers may not know is not sent."""
    _, server = await drafts_of(Script())
    assert [request.body for request in server.requests] == [
        {
            "model": MODEL,
            "messages": [
                {"role": "system", "content": DEPTH.instruction},
                {"role": "user", "content": PROBLEM},
            ],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
    ]


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503])
async def test_a_refusal_before_the_first_token_is_tried_again(status: int) -> None:
    """After the delay that the server asks for, to the second; nobody sees it."""
    drafts, server = await drafts_of(Script(status=status, retry_after="7"), Script(("Well.",)))
    assert [(draft.text, draft.state) for draft in drafts][-1] == ("Well.", State.DONE)
    first, second = server.requests
    assert second.at - first.at == pytest.approx(7.0, abs=0.01)


async def test_it_is_tried_twice_more_and_no_oftener() -> None:
    """The third refusal is the answer's."""
    drafts, server = await drafts_of(Script(status=429, retry_after="20", error={"message": SAID}))
    assert [round(request.at - server.requests[0].at) for request in server.requests] == [0, 20, 40]
    assert drafts == [
        Draft(
            "",
            State.FAILED,
            "the model's provider has too many requests at the moment. Ask again in a minute.",
            MODEL,
            drafts[0].seconds,
        )
    ]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
async def test_what_will_not_get_better_is_not_tried_again(status: int) -> None:
    """The person who asked is told at once."""
    drafts, server = await drafts_of(Script(status=status, retry_after="1"))
    assert [draft.state for draft in drafts] == [State.FAILED]
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "script",
    [
        Script(("Half",), breaks=True, finish=None),
        Script(("Half",), finish=None),
        Script(("Half", "rest"), every=90.0),
        Script(("Half", {"error": {"message": SAID, "code": "server_error"}}), finish=None),
    ],
)
async def test_nothing_is_started_over_after_the_first_token(script: Script) -> None:
    """What had come stays; the answer has failed, once."""
    drafts, server = await drafts_of(script)
    assert [(draft.text, draft.state) for draft in drafts] == [("Half", State.WRITING), ("Half", State.FAILED)]
    assert len(server.requests) == 1


async def test_closing_the_generator_closes_the_stream_at_the_server() -> None:
    """Nobody pays for what nobody reads."""
    async with asking(Script(("a", "b"), every=30.0)) as (completions, server):
        async with aclosing(completions.stream(DEPTH, PROBLEM)) as stream:
            assert (await anext(stream)).text == "a"
            assert server.open_streams == 1
        await asyncio.sleep(0.1)
        assert server.requests[0].is_cut_off


@pytest.mark.parametrize(
    ("script", "after"),
    [
        (Script(first=30.0), 1.0),  # before the first token
        (Script(("a", "b"), every=30.0), 1.0),  # between two
        (Script(usage=None, linger=30.0), 0.2),  # in the wait for the count of tokens
    ],
)
async def test_cancelling_closes_the_stream_at_the_server(script: Script, after: float) -> None:
    """Whenever it happens, and the cancellation is not swallowed."""
    async with asking(script) as (completions, server):

        async def read() -> None:
            async with aclosing(completions.stream(DEPTH, PROBLEM)) as stream:
                async for _ in stream:
                    pass

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(after):
                await read()
        await asyncio.sleep(0.1)
        assert server.requests[0].is_cut_off


async def test_cancelling_while_it_waits_to_try_again_tries_no_more() -> None:
    """The pause that the server asked for ends with the run."""
    async with asking(Script(status=429, retry_after="20"), Script()) as (completions, server):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(10.0):
                await anext(completions.stream(DEPTH, PROBLEM))
        await asyncio.sleep(60.0)
        assert len(server.requests) == 1


@pytest.mark.parametrize(("length", "state"), [(40_000, State.DONE), (40_001, State.STOPPED)])
async def test_a_text_ends_at_40_000_characters(length: int, state: State) -> None:
    """Its stream is closed there, and it says so."""
    pieces = ("x" * (length - 5), "12345", "never read")
    async with asking(Script(pieces if state is State.STOPPED else pieces[:2])) as (completions, server):
        drafts = [draft async for draft in completions.stream(DEPTH, PROBLEM)]
        await asyncio.sleep(0.5)
        assert (len(drafts[-1].text), drafts[-1].state) == (40_000, state)
        assert max(len(draft.text) for draft in drafts) == 40_000
        assert server.requests[0].is_cut_off == (state is State.STOPPED)
    assert ("beyond 40,000 characters" in drafts[-1].reason) == (state is State.STOPPED)


FAILURES = [
    (Script(status=401, error={"message": SAID, "code": "invalid_api_key"}), "refused the key"),
    (Script(status=403, error={"message": SAID}), "may not use the model “test-model”"),
    (Script(status=404, error={"message": SAID}), "no model “test-model” there"),
    (Script(status=404, error={"message": SAID, "code": "model_not_found"}), "no model “test-model” for this key"),
    (Script(status=429, error={"message": SAID, "code": SAID}), "too many requests"),
    (Script(status=429, error={"message": SAID, "code": "insufficient_quota"}), "no quota left"),
    (Script(status=500, error={"message": SAID, "type": SAID}), "failure of its own (500)"),
    (Script(status=400, error={"message": SAID, "param": SAID}), "refused the request (400)"),
    (Script(status=400, error={"message": SAID, "code": "context_length_exceeded"}), "too long for the model"),
    (Script(("Half", {"error": {"message": SAID}}), finish=None), "an error in the middle"),
    (Script(("Half", {"error": SAID}), finish=None), "an error in the middle"),
    (Script(("Half", f"data: {SAID}\n\n".encode()), finish=None), "makes no sense"),
    (Script(("Half",), breaks=True, finish=None), "connection to the model broke"),
]


@pytest.mark.parametrize(("script", "words"), FAILURES)
async def test_a_failure_has_words_without_the_key_and_the_servers_own(
    script: Script, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    """In what people see and in what the bot logs; a server may quote the key, or the problem."""
    drafts, _ = await drafts_of(script)
    assert drafts[-1].state is State.FAILED
    assert words in drafts[-1].reason
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("bot")]
    assert len(ours) == 1
    for text in (*ours, repr(drafts)):
        assert KEY not in text
        assert "the server said" not in text


async def test_a_server_out_of_reach_is_a_failure_with_words() -> None:
    """Once the SDK has tried three times."""
    async with ModelServer() as server:
        url = server.url
    async with Completions(api_key=KEY, base_url=url, model=MODEL, idle_timeout=60.0) as completions:
        drafts = [draft async for draft in completions.stream(DEPTH, PROBLEM)]
    assert [(draft.state, draft.reason) for draft in drafts] == [
        (State.FAILED, "the connection to the model broke. Ask again in a moment.")
    ]


def event(data: Any) -> bytes:
    """An event with `data`."""
    return b"data: " + json.dumps(data).encode() + b"\n\n"


HARMLESS: list[tuple[Any, str]] = [
    ({}, "Half rest"),
    ({"choices": None}, "Half rest"),
    (chunk(choices=None), "Half rest"),
    (chunk(choices=[]), "Half rest"),
    (choice(delta={}), "Half rest"),
    (choice(delta={"content": None}), "Half rest"),
    (choice(delta={"role": "assistant", "refusal": None}), "Half rest"),
    (choice(delta=None), "Half rest"),
    (chunk(usage={"total_tokens": None}), "Halfx rest"),
    (chunk(choices=[{"index": 1, "delta": {"content": "other"}}]), "Half rest"),
    (b"data:\n\n", "Half rest"),
    (chunk(model=None), "Halfx rest"),
    (b": a comment, which keeps the connection alive\n\n", "Half rest"),
    (b":\n:\n\n\n\n", "Half rest"),
    (event(chunk()).replace(b"\n", b"\r\n"), "Halfx rest"),
    (event(chunk()).replace(b"\n", b"\r"), "Halfx rest"),
    (b"id: 7\nretry: 10\nevent: chunk\n" + event(chunk()), "Halfx rest"),
    (b"data:" + event(chunk())[6:], "Halfx rest"),
]


@pytest.mark.parametrize(("piece", "text"), HARMLESS)
async def test_what_servers_send_beside_the_text_is_no_failure(piece: Any, text: str) -> None:
    """Empty and missing fields, comments, other line ends: the answer goes on."""
    drafts, _ = await drafts_of(Script(("Half", piece, " rest")))
    assert [(drafts[-1].text, drafts[-1].state, drafts[-1].tokens)] == [(text, State.DONE, 42)]


async def test_text_behind_the_finish_reason_is_part_of_the_answer() -> None:
    """Some servers send it with every chunk, or before the last of the text."""
    pieces = ("one ", choice(delta={"content": "two "}, finish_reason="stop"), "three")
    drafts, _ = await drafts_of(Script(pieces))
    assert (drafts[-1].text, drafts[-1].state) == ("one two three", State.DONE)


async def test_an_orderly_end_will_do_without_a_finish_reason() -> None:
    """Some servers send none."""
    drafts, _ = await drafts_of(Script(("All.", b"data: [DONE]\n\n"), finish=None))
    assert (drafts[-1].text, drafts[-1].state) == ("All.", State.DONE)


async def test_characters_that_are_cut_in_two_are_joined_and_lone_halves_marked() -> None:
    """JSON may have surrogates on their own; nothing that is sent may."""
    halves = (choice(delta={"content": "a\ud83d"}), choice(delta={"content": "\ude42b\ud83dc\ud83d"}))
    drafts, _ = await drafts_of(Script(halves))
    assert [draft.text for draft in drafts] == ["a", "a🙂b\ufffdc\ufffd"]


async def test_thoughts_that_are_not_shown_are_signs_of_life() -> None:
    """Comments are not: an answer without a token for so long is given up."""
    thoughts = tuple(choice(delta={"reasoning_content": "hm"}) for _ in range(5))
    drafts, _ = await drafts_of(Script((*thoughts, "Well."), every=40.0))
    assert [draft.text for draft in drafts] == ["Well."]
    began = now()
    drafts, _ = await drafts_of(Script(("Half", *(b": ping\n\n",) * 9), every=40.0))
    assert "silent for 60 seconds" in drafts[-1].reason
    assert now() - began == pytest.approx(60.1, abs=0.1)


async def test_a_server_that_says_nothing_at_all_is_asked_once_and_given_up() -> None:
    """After ninety seconds: nobody looks at a placeholder for longer."""
    began = now()
    drafts, server = await drafts_of(Script(first=1_000.0))
    assert "silent for 90 seconds" in drafts[-1].reason
    assert now() - began == pytest.approx(90, abs=0.1)
    assert len(server.requests) == 1


async def test_an_event_may_be_cut_anywhere() -> None:
    """Also within a character, and between the two ends of a line."""
    whole = "data: " + json.dumps(chunk(), ensure_ascii=False).replace('"x"', '"é…🙂"') + "\r\n\r\n"
    pieces = tuple(bytes([byte]) for byte in whole.encode())
    drafts, _ = await drafts_of(Script(pieces, every=0.01))
    assert (drafts[-1].text, drafts[-1].state) == ("é…🙂", State.DONE)


MALFORMED = [
    b"data: {nope\n\n",
    b"data: [1]\n\n",
    b'data: "ping"\n\n',
    b"data: null\n\n",
    b"data: " + b"[" * 100_000 + b"\n\n",
    chunk(choices="abc"),
    chunk(choices=[1]),
    choice(delta={"content": 5}),
    choice(delta="x"),
    b"data: \xff\xfe\n\n",
]


@pytest.mark.parametrize("piece", MALFORMED)
async def test_a_malformed_event_is_a_failure_of_the_answer(piece: Any) -> None:
    """In words, and what had come stays; nothing is raised."""
    drafts, _ = await drafts_of(Script(("Half", piece, " rest")))
    assert [(draft.text, draft.state) for draft in drafts] == [("Half", State.WRITING), ("Half", State.FAILED)]
    assert drafts[-1].reason == "the model's provider sent something that makes no sense. Ask again."


@pytest.mark.parametrize("piece", MALFORMED)
async def test_a_malformed_event_behind_the_end_changes_nothing(piece: Any) -> None:
    """The answer is whole by then."""
    drafts, _ = await drafts_of(Script(("Well.", choice(delta={}, finish_reason="stop"), piece), finish=None))
    assert [(draft.text, draft.state, draft.tokens) for draft in drafts] == [
        ("Well.", State.WRITING, 0),
        ("Well.", State.DONE, 0),
    ]
