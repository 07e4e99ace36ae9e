"""What servers that speak OpenAI's chat completions really send, and what a person sees of it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx2
import pytest

from bot.engine.completions import Completions
from bot.engine.draft import Draft, State
from bot.engine.perspectives import PERSPECTIVES
from bot.engine.protocol.dialect import Dialect
from bot.texts.en import ENGLISH
from tests.support.clock import VirtualLoop
from tests.support.model_server import ModelServer, Script
from tests.support.world import body_of, running, shown

MODEL = "m"
SSE = "text/event-stream"
JSON = "application/json"

Answering = Callable[[dict[str, Any]], httpx2.Response]


class Body(httpx2.AsyncByteStream):
    """A response's body in given blocks; a number is seconds of silence, after the last the connection stands."""

    def __init__(self, blocks: list[bytes | float], *, stays_open: bool = False) -> None:
        self._blocks = blocks
        self._stays_open = stays_open

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for block in self._blocks:
            if isinstance(block, bytes):
                yield block
            else:
                await asyncio.sleep(block)
        if self._stays_open:
            await asyncio.sleep(100_000.0)


class Asking:
    """Completions whose server is a function, on a loop of its own. Clients are dear: one for many cases."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.answering: Answering = lambda _: httpx2.Response(500)
        self.completions = Completions(api_key="k", base_url="http://model.invalid/v1", model=MODEL, idle_timeout=60.0)
        self.completions._client = self.completions._client.with_options(
            http_client=httpx2.AsyncClient(transport=httpx2.MockTransport(self._answer))
        )
        self.runner = asyncio.Runner(loop_factory=VirtualLoop)

    def ask(self, answering: Answering, *, times: int = 1) -> tuple[list[Draft], float]:
        """All drafts of the last of `times` completions in a row, asked of a server not asked before; their seconds."""
        self.answering = answering
        self.requests.clear()
        self.completions._dialect = Dialect()

        async def read() -> tuple[list[Draft], float]:
            loop = asyncio.get_running_loop()
            for _ in range(times):
                began = loop.time()
                drafts = [draft async for draft in self.completions.stream(PERSPECTIVES[0], "Why?")]
            return drafts, loop.time() - began

        return self.runner.run(read())

    def together(self, answering: Answering, *, count: int) -> list[Draft]:
        """The last drafts of `count` completions at once."""
        self.answering = answering
        self.requests.clear()
        self.completions._dialect = Dialect()
        lasts: list[Draft] = []

        async def read() -> None:
            lasts.append([draft async for draft in self.completions.stream(PERSPECTIVES[0], "Why?")][-1])

        async def all_of_them() -> None:
            async with asyncio.TaskGroup() as group:
                for _ in range(count):
                    group.create_task(read())

        self.runner.run(all_of_them())
        return lasts

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        body = json.loads(request.content)
        self.requests.append(body)
        return self.answering(body)


@pytest.fixture(scope="module")
def asking() -> Iterator[Asking]:
    """Completions and their server."""
    one = Asking()
    yield one
    one.runner.close()


def event(data: Any) -> bytes:
    """One event."""
    return b"data: " + json.dumps(data).encode() + b"\n\n"


def says(content: Any = None, finish: str | None = None, **delta: Any) -> dict[str, Any]:
    """A chunk of one choice."""
    delta = {**({} if content is None else {"content": content}), **delta}
    return {"id": "c", "model": MODEL, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def whole(content: Any, finish: str | None = "stop", **fields: Any) -> dict[str, Any]:
    """A completion in one piece."""
    message = {"role": "assistant", "content": content, **fields}
    return {"object": "chat.completion", "model": MODEL, "choices": [{"message": message, "finish_reason": finish}]}


def events(*chunks: Any, end: bytes = b"data: [DONE]\n\n") -> bytes:
    """A stream of them; bytes are as they are."""
    return b"".join(one if isinstance(one, bytes) else event(one) for one in chunks) + end


def text(value: str) -> dict[str, str]:
    """A part of a content."""
    return {"type": "text", "text": value}


STOP = says(finish="stop")
COUNT = {"choices": [], "usage": {"total_tokens": 7}}
THOUGHT = [{"type": "thinking", "thinking": [text("hm")]}]

# What comes whole, whatever is odd about it.
WHOLE: dict[str, tuple[bytes, str]] = {
    "the usual": (events(says("One "), says("two."), STOP, COUNT), SSE),
    "a reason with every chunk": (events(says("One ", "stop"), says("two", "stop"), says(".", "stop")), SSE),
    "a reason in capitals": (events(says("One two."), says(finish="STOP")), SSE),
    "Anthropic's": (events(says("One two."), says(finish="end_turn")), SSE),
    "TGI's": (events(says("One two."), says(finish="eos_token")), SSE),
    "Cohere's": (events(says("One two."), says(finish="COMPLETE")), SSE),
    "an enumeration's": (events(says("One two."), says(finish="FinishReason.STOP")), SSE),
    "LM Studio's": (events(says("One two."), says(finish="eosFound")), SSE),
    "no reason": (events(says("One two.")), SSE),
    "an empty reason": (events(says("One two.", "")), SSE),
    "no [DONE]": (events(says("One two."), STOP, end=b""), SSE),
    "the end in small letters, with spaces": (events(says("One two."), end=b"data:  [done] \n\n"), SSE),
    "the end without a line's": (events(says("One two."), end=b"data: [DONE]"), SSE),
    "a byte order mark": (b"\xef\xbb\xbf" + events(says("One two."), STOP), SSE),
    "CR": (events(says("One two."), STOP).replace(b"\n", b"\r"), SSE),
    "CRLF": (events(says("One two."), STOP).replace(b"\n", b"\r\n"), SSE),
    "no space": (events(says("One two."), STOP).replace(b"data: ", b"data:"), SSE),
    "names, ids, comments": (
        events(b": hi\n\nevent: chunk\nid: 1\n", says("One two."), b"event: ping\ndata: {}\n\n", STOP),
        SSE,
    ),
    "Groq's": (events({**says("One two."), "x_groq": {"id": "r"}}, {**STOP, "x_groq": {"error": None}}), SSE),
    "SGLang's own reason": (events(says("One two."), says("", {"type": "stop", "matched": 2})), SSE),  # type: ignore[arg-type]
    "thoughts, then a frame": (
        events(says("<think>hm</think><ans"), says("wer>One two."), says("</answer>"), STOP),
        SSE,
    ),
    "Anthropic's ping": (events(b'event: ping\ndata: {"type": "ping"}\n\n', says("One two."), STOP), SSE),
    "parts": (events(says([text("One ")]), says([text("two"), text(".")]), STOP), SSE),
    "parts that are texts": (events(says(["One ", "two."]), STOP), SSE),
    "a part alone": (events(says(text("One two.")), STOP), SSE),
    "a text within a part": (events(says([{"type": "text", "text": {"value": "One two."}}]), STOP), SSE),
    "parts without a type": (events(says([{"text": "One "}, {"content": "two."}]), STOP), SSE),
    "Responses' parts": (events(says([{"type": "output_text", "text": "One two.", "annotations": []}]), STOP), SSE),
    "thoughts in parts": (events(says(THOUGHT), says([*THOUGHT, text("One two.")]), STOP), SSE),
    "Gemini's thoughts": (events(says([{"text": "hm", "thought": True}, {"text": "One two."}]), STOP), SSE),
    "thoughts in a field": (events(says(None, reasoning_content="hm"), says("One two."), STOP), SSE),
    "thoughts in another": (events(says("", reasoning="hm"), says("One two.", reasoning=None), STOP), SSE),
    "thoughts in a third": (events(says("", thinking="hm"), says("One two.", thought=""), STOP), SSE),
    "thoughts with a reason": (events(says("", "stop", reasoning_content="hm"), says("One two."), STOP), SSE),
    "thoughts in tags": (events(says("<think>hm"), says("</think>\n\nOne two."), STOP), SSE),
    "thoughts without an opening tag": (events(says("Okay, hm"), says("\n</think>\n\nOne two."), STOP), SSE),
    "one completion": (json.dumps(whole("One two.")).encode(), JSON),
    "one completion over many lines": (json.dumps(whole("One two."), indent=2).encode() + b"\n", JSON),
    "one completion, called a stream": (json.dumps(whole("One two.")).encode(), SSE),
    "one completion, called a text": (json.dumps(whole("One two.")).encode(), "text/plain; charset=utf-8"),
    "one completion as an event": (events(whole("One two.")), SSE),
    "one completion in parts": (json.dumps(whole([*THOUGHT, text("One two.")])).encode(), JSON),
    "one completion with thoughts": (json.dumps(whole("<think>\nhm\n</think>\nOne two.")).encode(), JSON),
    "a list of one": (json.dumps([whole("One two.")]).encode(), JSON),
    "lines of JSON": (b"".join(json.dumps(one).encode() + b"\n" for one in (says("One "), says("two."), STOP)), JSON),
    "lines of JSON, called NDJSON": (
        b"\n".join(json.dumps(one).encode() for one in (says("One "), says("two."), STOP)),
        "application/x-ndjson",
    ),
    "messages in place of deltas": (
        events(*({"choices": [{"message": {"content": one}}]} for one in ("One ", "two.")), STOP),
        SSE,
    ),
    "the whole once more": (
        events(says("One "), says("two."), {"choices": [{"delta": {}, "message": {"content": "One two."}}]}, STOP),
        SSE,
    ),
    "texts": (events({"choices": [{"text": "One "}]}, {"choices": [{"text": "two.", "finish_reason": "stop"}]}), SSE),
    "an index that is a text": (events({"choices": [{"index": "0", "delta": {"content": "One two."}}]}, STOP), SSE),
    "an index that is a list": (events({"choices": [{"index": [1], "delta": {}}]}, says("One two."), STOP), SSE),
    "a choice in place of choices": (events({"choices": {"delta": {"content": "One two."}}}, STOP), SSE),
    "choices by their index": (events({"choices": {"0": {"delta": {"content": "One two."}}}}, STOP), SSE),
    "no choices": (events({"choices": None, "prompt_filter_results": []}, says("One two."), STOP), SSE),
    "fields of odd types": (
        events(
            {**says("One "), "model": {"a": 1}, "created": "x", "id": [], "usage": "odd", "object": 3},
            {**says("two."), "usage": {"total_tokens": "7"}, "error": None, "system_fingerprint": {}},
            {**STOP, "usage": [1]},
        ),
        SSE,
    ),
    "errors that are none": (
        events({**says("One "), "error": None}, {**says("two."), "error": ""}, {**STOP, "error": {}}),
        SSE,
    ),
}


def bytewise(body: bytes) -> list[bytes | float]:
    """In single bytes."""
    return [body[place : place + 1] for place in range(len(body))]


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_answer_is_shown_whole(asking: Asking, name: str) -> None:
    """Fed whole, byte by byte, and with the connection left open behind `[DONE]` and more behind that."""
    body, kind = WHOLE[name]
    ways: list[tuple[list[bytes | float], bool]] = [([body], False), (bytewise(body), False)]
    if b"[DONE]\n\n" in body:
        ways.append(([body, event(says("never")), b"data: {nope\n\n"], True))
    for blocks, stays_open in ways:
        (*growing, last), _ = asking.ask(lambda _: response(Body(blocks, stays_open=stays_open), kind))  # noqa: B023
        assert (last.text, last.state, ENGLISH.explain(last.reason), last.model) == ("One two.", State.DONE, "", MODEL)
        assert len(asking.requests) == 1
        if "without an opening tag" not in name:
            assert all("One two.".startswith(draft.text) for draft in growing)


def response(body: Body | bytes, kind: str = SSE, status: int = 200) -> httpx2.Response:
    """What a server answers."""
    headers = {"Content-Type": kind} if kind else {}
    if isinstance(body, bytes):
        return httpx2.Response(status, headers=headers, content=body)
    return httpx2.Response(status, headers=headers, stream=body)


REPORTED = "the model's provider reported an error in the middle of the answer. Ask again."
UNKNOWN_END = "the model's provider ended the answer without a word that it is whole. Ask again."
FILTERED = "the provider's content filter withheld the rest. Put the problem in other words."
LONGEST = "the model reached the longest answer that it may give."
ERROR = {"message": "overloaded", "code": 503}
DONE = b"data: [DONE]\n\n"

# What is behind "One " and is no whole answer.
CUT: dict[str, tuple[bytes, State, str]] = {
    "an error for a reason": (event(says("", "error")), State.FAILED, UNKNOWN_END),
    "DeepSeek's": (event(says("", "insufficient_system_resource")), State.FAILED, UNKNOWN_END),
    "a word that nobody knows": (event(says("", "banana")), State.FAILED, UNKNOWN_END),
    "a word that begins as a good one": (event(says("", "stop_error")), State.FAILED, UNKNOWN_END),
    "Gemini's safety": (event(says("", "SAFETY")), State.FAILED, FILTERED),
    "Gemini's gateway's": (event(says("", "content_filter: RECITATION")), State.FAILED, FILTERED),
    "SGLang's own": (event(says("", {"type": "abort", "message": "x"})), State.FAILED, UNKNOWN_END),  # type: ignore[arg-type]
    "llama.cpp's field": (b"error: " + json.dumps(ERROR).encode() + b"\n\n", State.FAILED, REPORTED),
    "llama.cpp's field, a text": (b"error:overloaded\n\n", State.FAILED, REPORTED),
    "Groq's": (event({**says(""), "x_groq": {"id": "r", "error": "overloaded"}}), State.FAILED, REPORTED),
    "Groq's, called whole": (event({**STOP, "x_groq": {"id": "r", "error": "x"}}), State.FAILED, REPORTED),
    "a status that is an error": (event({"status": "error", "reason": "x"}), State.FAILED, REPORTED),
    "Cloudflare's": (event({"success": False, "errors": [], "result": None}), State.FAILED, REPORTED),
    "an exception": (event({"exception": "out of memory"}), State.FAILED, REPORTED),
    "Gemini's recitation": (event(says("", "RECITATION")), State.FAILED, FILTERED),
    "Zhipu's": (event(says("", "sensitive")), State.FAILED, FILTERED),
    "Bedrock's": (event(says("", "guardrail_intervened")), State.FAILED, FILTERED),
    "Gemini's limit": (event(says("", "MAX_TOKENS")), State.CUT, LONGEST),
    "Mistral's limit": (event(says("", "model_length")), State.CUT, LONGEST),
    "a limit, then the end": (event(says("", "length")) + event(COUNT), State.CUT, LONGEST),
    "an error in the choice": (
        event({"choices": [{"delta": {"content": ""}, "finish_reason": "error", "error": ERROR}]}),
        State.FAILED,
        REPORTED,
    ),
    "an error in the choice, called whole": (
        event({"choices": [{"delta": {}, "finish_reason": "stop", "error": ERROR}]}),
        State.FAILED,
        REPORTED,
    ),
    "an error in the delta": (event(says("", error="overloaded")), State.FAILED, REPORTED),
    "an error in the message": (event({"choices": [{"message": {"error": [ERROR]}}]}), State.FAILED, REPORTED),
    "an error in a part": (event(says([{"error": ERROR}])), State.FAILED, REPORTED),
    "an error in the chunk": (event({"error": ERROR}), State.FAILED, REPORTED),
    "a text for an error": (event({"error": "overloaded"}), State.FAILED, REPORTED),
    "a list of errors": (event({"error": [ERROR]}), State.FAILED, REPORTED),
    "errors": (event({"errors": [ERROR]}), State.FAILED, REPORTED),
    "an object that is an error": (event({"object": "error", "message": "x", "code": 500}), State.FAILED, REPORTED),
    "a type that is an error": (event({"type": "error", "message": "x"}), State.FAILED, REPORTED),
    "a type that ends so": (event({"type": "overloaded_error", "message": "x"}), State.FAILED, REPORTED),
    "a code and a message": (event({"code": "x", "message": "overloaded"}), State.FAILED, REPORTED),
    "a detail": (event({"detail": "overloaded"}), State.FAILED, REPORTED),
    "MiniMax's": (event({"base_resp": {"status_code": 1002, "status_msg": "x"}}), State.FAILED, REPORTED),
    "Baidu's": (event({"error_code": 18, "error_msg": "x"}), State.FAILED, REPORTED),
    "a list with an error": (event([{"error": ERROR}]), State.FAILED, REPORTED),
    "a named event": (b"event: error\n" + event(ERROR), State.FAILED, REPORTED),
    "a named event with a text": (b"event: error\ndata: overloaded\n\n", State.FAILED, REPORTED),
    "a named event without data": (b"event: Error\n\n", State.FAILED, REPORTED),
    "an error without data:": (json.dumps({"error": ERROR}).encode() + b"\n", State.FAILED, REPORTED),
}


@pytest.mark.parametrize("name", CUT)
def test_an_answer_that_is_not_whole_is_not_called_so(asking: Asking, name: str) -> None:
    """Fed whole, byte by byte, and with the connection left open; the text stands, and it is not bought again."""
    more, state, reason = CUT[name]
    beginning = event(says("One "))
    ways: list[tuple[list[bytes | float], bool]] = [
        ([beginning + more + DONE], False),
        (bytewise(beginning + more + DONE), False),
        ([beginning, 0.5, more, DONE], True),
    ]
    for blocks, stays_open in ways:
        (*_, last), seconds = asking.ask(lambda _: response(Body(blocks, stays_open=stays_open)))  # noqa: B023
        assert (last.text, last.state, ENGLISH.explain(last.reason)) == ("One ", state, reason)
        assert len(asking.requests) == 1
        assert seconds < 1


def test_an_end_without_a_word_is_started_over_and_then_not_whole(asking: Asking) -> None:
    """The connection ended; whether it was the end, nobody has said."""
    (*_, last), _ = asking.ask(lambda _: response(Body([event(says("One "))])))
    assert (last.text, last.state) == ("One ", State.FAILED)
    assert ENGLISH.explain(last.reason).startswith(
        "the connection to the model ended before the answer did; it was started over"
    )
    assert len(asking.requests) == 2


@pytest.mark.parametrize("pause", [0.4, 5.0, 59.0])
def test_silence_behind_a_reason_is_no_end_while_the_connection_stands(asking: Asking, pause: float) -> None:
    """Gateways say the reason with every chunk, or with the thoughts."""
    pieces = ["One ", "two ", "three ", "four ", "five ", "six."]
    blocks: list[bytes | float] = []
    for piece in pieces:
        blocks += [event({**says(piece, "stop"), "usage": {"total_tokens": 5}}), pause]
    (*_, last), _ = asking.ask(lambda _: response(Body([*blocks, DONE])))
    assert (last.text, last.state) == ("".join(pieces), State.DONE)
    thought: list[bytes | float] = [event(says("", "stop", reasoning_content="hm")), event(COUNT), min(pause, 4.0)]
    (*_, last), _ = asking.ask(lambda _: response(Body([*thought, events(says("One two."), STOP)])))
    assert (last.text, last.state) == ("One two.", State.DONE)


@pytest.mark.parametrize(
    ("blocks", "seconds"),
    [
        ([events(says("One two."), STOP, COUNT, end=b"")], 0.0),
        ([events(says("One two."), STOP, {"usage": {"total_tokens": 7}}, end=b"")], 0.0),
        ([events(says("One two."), STOP, end=b"")], 60.0),
        ([events(says("One ", "stop"), says("two.", "stop"), COUNT, end=b"")], 5.0),
        ([events(says("One ", "stop"), says("two.", "stop"), end=b"")], 60.0),
        ([events(says("One two."), STOP, end=b""), *[30.0, b": ping\n\n"] * 9], 60.0),
        ([events(says("One two."), STOP, end=b""), *[30.0, event(STOP)] * 9], 60.0),
        ([events(says("One two."), STOP, end=b""), *[30.0, event(says("", reasoning="hm"))] * 9], 60.0),
    ],
)
def test_no_answer_hangs_for_ever_where_the_end_is_not_said(
    asking: Asking, blocks: list[bytes | float], seconds: float
) -> None:
    """The count of tokens behind the reason is the end; else the time-out of a silence holds, and only text ends it."""
    (*_, last), taken = asking.ask(lambda _: response(Body(blocks, stays_open=True)))
    assert (last.text, last.state) == ("One two.", State.DONE)
    assert taken == pytest.approx(seconds, abs=0.1)


def test_an_error_behind_a_reason_that_was_not_the_last_is_one(asking: Asking) -> None:
    """A server that says the reason with every chunk has not said it of the whole."""
    body = events(says("One ", "stop"), says("two", "stop"), {"error": ERROR})
    (*_, last), _ = asking.ask(lambda _: response(Body([body])))
    assert (last.text, last.state, ENGLISH.explain(last.reason)) == ("One two", State.FAILED, REPORTED)


def test_thoughts_are_told_as_such_and_are_no_text(asking: Asking) -> None:
    """Nor are they an answer by themselves."""
    body = events(says("", reasoning_content="hm"), STOP)
    drafts, _ = asking.ask(lambda _: response(Body([event(says("", reasoning="hm")), 1.0, body])))
    assert [(draft.text, draft.state) for draft in drafts] == [("", State.THINKING), ("", State.FAILED)]
    assert ENGLISH.explain(drafts[-1].reason) == "the model only thought, and gave no answer. Ask again."
    assert len(asking.requests) == 1


def test_a_text_that_turns_out_to_be_thoughts_is_taken_back(asking: Asking) -> None:
    """And the next answer of that server is held until it is known, as thoughts."""
    blocks: list[bytes | float] = [
        event(says("Okay, ")),
        1.0,
        event(says("hm.\n</think>\n")),
        1.0,
        event(says("\nOne ")),
        1.0,
        events(says("two."), STOP),
    ]
    drafts, _ = asking.ask(lambda _: response(Body(blocks)))
    assert [(draft.text, draft.state) for draft in drafts] == [
        ("Okay, ", State.WRITING),
        ("", State.THINKING),
        ("One ", State.WRITING),
        ("One two.", State.DONE),
    ]
    drafts, _ = asking.ask(lambda _: response(Body(blocks)), times=2)
    assert [(draft.text, draft.state) for draft in drafts] == [
        ("", State.THINKING),
        ("One ", State.WRITING),
        ("One two.", State.DONE),
    ]


def test_what_is_held_for_thoughts_and_is_none_comes_at_the_end_and_once(asking: Asking) -> None:
    """The answer after that one is shown as it comes."""
    bodies = [events(says("Hm\n</think>\nOne."), STOP), *[events(says("One "), says("two."), STOP)] * 2]
    taken: list[list[Draft]] = []
    for times in (2, 3):
        left = iter(bodies)
        drafts, _ = asking.ask(lambda _: response(Body(bytewise(next(left)))), times=times)  # noqa: B023
        taken.append(drafts)
    assert [(draft.text, draft.state) for draft in taken[0]] == [("", State.THINKING), ("One two.", State.DONE)]
    assert [draft.text for draft in taken[1]] == ["One ", "One two.", "One two."][: len(taken[1])]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("/models/llama/weights.gguf", "m"),
        ("C:\\models\\llama.gguf", "m"),
        ("./llama.gguf", "m"),
        ("~/llama", "m"),
        ("models/llama.gguf", "m"),
        ("meta-llama/Llama-3", "meta-llama/Llama-3"),
        ("accounts/fireworks/models/llama-v3", "accounts/fireworks/models/llama-v3"),
        ("a\u202e done\nb", "a done b"),
        ("x" * 1_000, "x" * 79 + "…"),
        ({"a": 1}, "m"),
        (5, "m"),
        (None, "m"),
    ],
)
def test_the_models_name_is_one_short_line_and_no_path(asking: Asking, said: Any, shown: str) -> None:
    """It stands in every reply."""
    (*_, last), _ = asking.ask(lambda _: response(Body([events({**says("One.", "stop"), "model": said})])))
    assert (last.state, last.model) == (State.DONE, shown)


FORM = {"has_options": True, "has_stream": True, "has_system_role": True}


def form(body: dict[str, Any]) -> dict[str, bool]:
    """Which of the things that a server may refuse are in a request."""
    return {
        "has_options": "stream_options" in body,
        "has_stream": bool(body.get("stream")),
        "has_system_role": body["messages"][0]["role"] == "system",
    }


OPTIONS = {
    "Mistral": (
        422,
        {"detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options"], "msg": "Extra inputs"}]},
    ),
    "Mistral, later": (
        422,
        {"object": "error", "message": {"detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options"]}]}},
    ),
    "vLLM, early": (
        400,
        {"object": "error", "message": "[{'type': 'extra_forbidden', 'loc': ('body', 'stream_options')}]", "code": 400},
    ),
    "Fireworks": (400, {"error": {"message": "Extra inputs are not permitted, field: 'stream_options'"}}),
    "Databricks": (400, {"error_code": "BAD_REQUEST", "message": 'Bad request: json: unknown field "stream_options"'}),
    "Azure with own data": (
        400,
        {"error": {"message": "Validation error at #/stream_options: Extra inputs", "code": 400}},
    ),
    "by its parameter": (400, {"error": {"message": "no", "param": "stream_options"}}),
    "by what is in it": (400, {"error": {"message": "no", "param": "stream_options.include_usage"}}),
    "OpenAI's words": (
        400,
        {"error": {"message": "Unsupported parameter: 'stream_options'", "code": "unsupported_parameter"}},
    ),
    "unnamed, extra": (422, {"detail": "extra fields not permitted"}),
    "unnamed, unknown": (400, {"message": "unknown field"}),
    "unnamed, unsupported": (400, {"error": "Unsupported parameter"}),
    "unnamed, unsupported by a model": (400, {"error": {"message": "This parameter is not supported by the model"}}),
    "additional properties": (400, {"error": {"message": "Additional properties are not allowed"}}),
    "a text": (400, b"unknown argument stream_options"),
    "an exception": (500, {"detail": "create() got an unexpected keyword argument 'stream_options'"}),
}
ROLES = {
    "Gemma": (400, {"object": "error", "message": "System role not supported", "code": 400}),
    "OpenAI's early o1": (
        400,
        {
            "error": {
                "message": "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
                "param": "messages[0].role",
                "code": "unsupported_value",
            }
        },
    ),
    "Mistral's template": (400, {"error": {"message": "Conversation roles must alternate user/assistant/user"}}),
    "TGI": (
        424,
        {"error": "Template error: invalid operation: System role not supported", "error_type": "template_error"},
    ),
    "an exception": (500, {"error": "jinja2.exceptions.TemplateError: System role not supported"}),
    "Gemini": (400, [{"error": {"message": "Developer instruction is not enabled for models/gemma-3-27b-it"}}]),
    "pydantic": (422, {"detail": [{"loc": ["body", "messages", 0, "role"], "msg": "Input should be 'user'"}]}),
    "words": (400, {"error": {"message": "system messages are not supported by this model"}}),
    "more words": (400, {"error": {"message": "Only user and assistant roles are supported!"}}),
}
STREAMS = {
    "words": (400, {"error": {"message": "Streaming is not supported for this model"}}),
    "a parameter": (400, {"error": {"message": "no", "param": "stream"}}),
    "OpenAI's early o1": (
        400,
        {
            "error": {
                "message": "Unsupported value: 'stream' does not support true with this model.",
                "param": "stream",
                "code": "unsupported_value",
            }
        },
    ),
}
REFUSED = [
    *((name, "has_options", *said) for name, said in OPTIONS.items()),
    *((name, "has_system_role", *said) for name, said in ROLES.items()),
    *((name, "has_stream", *said) for name, said in STREAMS.items()),
]


def refusing(part: str, status: int, said: Any) -> Answering:
    """A server that refuses requests with a part of the form."""

    def answer(body: dict[str, Any]) -> httpx2.Response:
        if form(body)[part]:
            return response(said if isinstance(said, bytes) else json.dumps(said).encode(), JSON, status)
        if form(body)["has_stream"]:
            return response(Body([events(says("One two."), STOP)]))
        return response(json.dumps(whole("One two.")).encode(), JSON)

    return answer


@pytest.mark.parametrize(("name", "part", "status", "said"), REFUSED)
def test_what_a_server_refuses_is_left_out_at_once_and_remembered(
    asking: Asking, name: str, part: str, status: int, said: Any
) -> None:
    """The instruction then stands before the problem; nothing is asked for twice."""
    answering = refusing(part, status, said)
    (*_, last), seconds = asking.ask(answering, times=3)
    assert (last.text, last.state) == ("One two.", State.DONE)
    assert seconds == 0
    left = {**FORM, part: False, **({"has_options": False} if part == "has_stream" else {})}
    assert [form(body) for body in asking.requests] == [FORM, *[left] * 3]
    messages = asking.requests[-1]["messages"]
    instruction = PERSPECTIVES[0].instruction
    if part == "has_system_role":
        assert messages == [{"role": "user", "content": f"{instruction}\n\nWhy?"}]
    else:
        assert messages == [{"role": "system", "content": instruction}, {"role": "user", "content": "Why?"}]


def test_two_things_may_be_refused_one_after_another_and_by_four_requests_at_once(asking: Asking) -> None:
    """Each learns both, or has them from another; the next four know."""
    options, role = refusing("has_options", *OPTIONS["Mistral"]), refusing("has_system_role", *ROLES["Gemma"])

    def answer(body: dict[str, Any]) -> httpx2.Response:
        return options(body) if form(body)["has_options"] else role(body)

    lasts = asking.together(answer, count=4)
    assert [last.state for last in lasts] == [State.DONE] * 4
    assert len(asking.requests) <= 12
    asking.ask(answer, times=3)
    assert len(asking.requests) == 5


@pytest.mark.parametrize("status", [400, 422])
def test_a_server_that_refuses_every_form_is_not_asked_without_end(asking: Asking, status: int) -> None:
    """There are three things to leave out."""
    said = {"error": {"message": "stream_options: System role not supported. Streaming is not supported"}}
    (*_, last), _ = asking.ask(lambda _: response(json.dumps(said).encode(), JSON, status))
    assert last.state is State.FAILED
    assert len(asking.requests) <= 4
    (*_, last), _ = asking.ask(lambda _: response(b'{"error": "unknown field"}', JSON, status))
    assert ENGLISH.explain(last.reason).startswith("the model's provider refused the request")
    assert len(asking.requests) == 2


def test_what_was_refused_is_remembered_only_if_that_helped(asking: Asking) -> None:
    """Another request may have more luck with all of it."""
    asking.ask(lambda _: response(b'{"error": "unknown field"}', JSON, 400), times=2)
    assert [form(body)["has_options"] for body in asking.requests] == [True, False] * 2


def error(message: str = "x", **fields: Any) -> dict[str, Any]:
    """An error as OpenAI has it."""
    return {"error": {"message": message, **fields}}


BALANCE, KEY, NAME = "no balance or no quota left", "check OPENAI_API_KEY", "check OPENAI_MODEL"
ADDRESS = "check OPENAI_BASE_URL (does it end in /v1?)"
TOO_LONG, FILTER = "too long for the model", "content filter refused"
GOOGLE = "API key not valid. Please pass a valid API key."
PAGE = b"<!DOCTYPE html><html><body>Not Found</body></html>"
LASTING: list[tuple[int, Any, str]] = [
    (402, error("Insufficient Balance", code="invalid_request_error"), BALANCE),
    (402, b"", BALANCE),
    (402, error("Insufficient credits. Add more using https://x", code=402), BALANCE),
    (429, error("You exceeded your current quota, please check your plan", type="insufficient_quota"), BALANCE),
    (429, error("余额不足或无可用资源包,请充值。", code="1113"), BALANCE),
    (429, error("Your account is suspended due to insufficient balance", type="exceeded_current_quota_error"), BALANCE),
    (429, error("Monthly quota exceeded"), BALANCE),
    (429, error("You have run out of credits"), BALANCE),
    (429, error("You have reached your spending limit"), BALANCE),
    (400, error("Your credit balance is too low to access the Anthropic API", type="invalid_request_error"), BALANCE),
    (403, error("Arrearage: access denied, account in arrears", code="Arrearage"), BALANCE),
    (400, error("Budget has been exceeded! Current cost: 10.0, Max budget: 5.0", code="400"), BALANCE),
    (429, error("ExceededBudget: Key over budget. Spend=1", type="budget_exceeded"), BALANCE),
    (429, error("Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000"), BALANCE),
    (429, {"message": "You are using a Trial key, which is limited to 1000 API calls / month."}, BALANCE),
    (
        429,
        [error("x", details=[{"quotaId": "GenerateRequestsPerDayPerModel-FreeTier"}, {"retryDelay": "39s"}])],
        BALANCE,
    ),
    (403, {"code": "x", "error": "Your newly created teams doesn't have any credits yet."}, BALANCE),
    (412, error("Account x is suspended, possibly due to reaching the monthly spending limit"), BALANCE),
    (401, error("Incorrect API key provided: sk-x", code="invalid_api_key"), KEY),
    (401, PAGE, KEY),
    (401, b"", KEY),
    (401, error("No auth credentials found", code=401), KEY),
    (400, [{"error": {"code": 400, "message": GOOGLE, "details": [{"reason": "API_KEY_INVALID"}]}}], KEY),
    (400, error("Invalid API key"), KEY),
    (403, error("invalid api key format"), KEY),
    (403, {"error": {"status": "PERMISSION_DENIED", "message": "x"}}, "may not use the model “m”"),
    (403, PAGE, ADDRESS),
    (403, error("Country, region, or territory not supported", code="unsupported_country_region_territory"), "region"),
    (400, error("User location is not supported for the API use.", status="FAILED_PRECONDITION"), "region"),
    (400, error("x", param="stream", code="unsupported_value"), "verified"),
    (400, error("Your organization must be verified to stream this model.", param="stream"), "verified"),
    (404, error("The model `m` does not exist or you do not have access", code="model_not_found"), NAME),
    (404, error('model "m" not found, try pulling it first'), NAME),
    (404, error("No endpoints found for m."), NAME),
    (404, error("This is not a chat model", type="invalid_request_error"), NAME),
    (404, error(code="DeploymentNotFound"), NAME),
    (400, error("m is not a valid model ID"), NAME),
    (400, error("The model `m` has been decommissioned", code="model_decommissioned"), NAME),
    (400, {"error": {"message": "Invalid model: m"}}, NAME),
    (401, error("key not allowed to access model", type="key_model_access_denied", code="401"), NAME),
    (404, PAGE, ADDRESS),
    (404, b"404 page not found\n", ADDRESS),
    (404, {"type": "error", "error": {"type": "not_found_error", "message": "Not Found"}}, ADDRESS),
    (404, error("model: m", type="not_found_error"), "there is no model “m” there"),
    (404, error("models/m is not found for API version v1main", code=404), NAME),
    (400, error("The api-version query parameter (?api-version=) is required for all requests."), ADDRESS),
    (400, error("API version not supported", code="BadRequest"), ADDRESS),
    (400, b"Client sent an HTTP request to an HTTPS server.\n", ADDRESS),
    (404, b"", ADDRESS),
    (404, {"detail": "Not Found"}, ADDRESS),
    (404, error("Invalid URL (POST /v1/v1/chat/completions)", type="invalid_request_error"), ADDRESS),
    (404, {"error": {"code": "404", "message": "Resource not found"}}, ADDRESS),
    (405, {"detail": "Method Not Allowed"}, ADDRESS),
    (413, b"<html>413 Request Entity Too Large</html>", TOO_LONG),
    (413, error("Request too large for model `m` on tokens per minute (TPM)", code="rate_limit_exceeded"), TOO_LONG),
    (429, error("Request too large for m on tokens per min (TPM): Limit 30000, Requested 40000"), TOO_LONG),
    (400, error("This model's maximum context length is 4096 tokens"), TOO_LONG),
    (400, error("the request exceeds the available context size", type="exceed_context_size_error"), TOO_LONG),
    (400, error("prompt is too long: 210000 tokens > 200000 maximum"), TOO_LONG),
    (422, {"error": "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4097 `inputs` tokens"}, TOO_LONG),
    (422, {"error": "Input validation error: `inputs` must have less than 4095 tokens. Given: 5000"}, TOO_LONG),
    (400, error("The input token count (5000) exceeds the maximum number of tokens allowed (4096)."), TOO_LONG),
    (400, error("Invalid request: Your request exceeded model token limit: 8192"), TOO_LONG),
    (400, error("The response was filtered due to the prompt", code="content_filter"), FILTER),
    (400, error("triggering Azure OpenAI's content management policy"), FILTER),
    (400, error("Input data may contain inappropriate content.", code="data_inspection_failed"), FILTER),
    (400, error("Content Exists Risk", code="content_policy_violation"), FILTER),
    (400, error("The model m is not available at the moment"), "refused the request (400)"),
    (422, error("x"), "refused the request (422)"),
    (400, b'{"a"', "refused the request (400)"),
    (301, b"", "OPENAI_BASE_URL"),
    (307, b"", "OPENAI_BASE_URL"),
]


@pytest.mark.parametrize(("status", "said", "words"), LASTING)
def test_a_lasting_cause_is_told_at_once_and_by_its_setting(
    asking: Asking, status: int, said: Any, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Without retries that cannot help; and nothing that the server said is quoted."""
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    (*_, last), seconds = asking.ask(lambda _: response(body, JSON, status))
    assert (last.state, last.text) == (State.FAILED, "")
    assert words in ENGLISH.explain(last.reason)
    assert (len(asking.requests), seconds) == (1, 0.0)
    setting = last.reason.setting if last.reason else ""
    line = next(record.getMessage() for record in caplog.records if "completion.failed" in record.getMessage())
    assert line.endswith(f"setting={setting}")


PASSING: list[tuple[int, Any]] = [
    (429, error("Rate limit reached. Please try again in 6ms. Add a payment method at https://x/billing to go faster")),
    (429, [{"error": {"message": "You exceeded your current quota", "details": [{"retryDelay": "7s"}]}}]),
    (429, error("Quota exceeded for requests per minute")),
    (429, {"message": "You are using a Trial key, which is limited to 10 API calls / minute."}),
    (429, error("Rate limit reached on requests per day (RPD): Limit 200, Used 200. Please try again in 8s.")),
    (429, b""),
    (529, error("Overloaded", type="overloaded_error")),
    (503, error("The model is overloaded. Please try again later.")),
    (503, b"<html>503 Service Unavailable</html>"),
    (502, PAGE),
    (500, error("model not found in the pool")),
    (408, b""),
    (498, error("Flex tier capacity exceeded")),
]


@pytest.mark.parametrize(("status", "said"), PASSING)
def test_a_passing_cause_is_waited_for(asking: Asking, status: int, said: Any) -> None:
    """Also where its words are those of a lasting one."""
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    refusals = iter([True])
    (*_, last), seconds = asking.ask(
        lambda _: response(body, JSON, status) if next(refusals, False) else response(Body([events(says("A."), STOP)]))
    )
    assert (last.text, last.state) == ("A.", State.DONE)
    assert len(asking.requests) == 2
    assert 0.375 <= seconds <= 0.5


NO_MODEL: list[tuple[bytes, str, str]] = [
    (b'{"error":"Unexpected endpoint or method. (POST /chat/completions). Returning 200 anyway"}', JSON, ADDRESS),
    (PAGE, "text/html", ADDRESS),
    (b"\n  <html></html>", "text/html; charset=utf-8", ADDRESS),
    (PAGE, "", ADDRESS),
    (b"", JSON, ADDRESS),
    (b"", "", ADDRESS),
    (b"", "text/plain", ADDRESS),
    (b"OK", "text/plain", ADDRESS),
    (b"Ollama is running", "text/plain; charset=utf-8", ADDRESS),
    (b'{"status":"ok"}', JSON, ADDRESS),
    (b'"ok"', JSON, ADDRESS),
    (b"[]", JSON, ADDRESS),
    (json.dumps(error("Invalid API key", code=401)).encode(), JSON, KEY),
    (json.dumps(error("Insufficient credits", code=402)).encode(), JSON, BALANCE),
    (json.dumps(error("No such thing", code=401)).encode(), JSON, KEY),
    (b'{"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}', JSON, BALANCE),
    (events(error("Insufficient credits", code=402)), SSE, BALANCE),
    (events(error("Too many", code=429)), SSE, "too many requests"),
]


@pytest.mark.parametrize(("body", "kind", "words"), NO_MODEL)
def test_what_is_no_completion_is_told_for_what_it_is(asking: Asking, body: bytes, kind: str, words: str) -> None:
    """Bought once, fed whole and byte by byte, and without waiting for an end that does not come."""
    ways: list[tuple[list[bytes | float], bool]] = [([body], False), (bytewise(body), False)]
    if body[:1] == b"<":
        ways.append(([body], True))
    for blocks, stays_open in ways:
        (*_, last), seconds = asking.ask(lambda _: response(Body(blocks, stays_open=stays_open), kind))  # noqa: B023
        assert last.state is State.FAILED
        assert words in ENGLISH.explain(last.reason)
        assert (len(asking.requests), seconds) == (1, 0.0)


ENDLESS = "the model had not come to an end after 20 minutes. Ask again."
TOO_MUCH = "the model's provider sent more than makes sense. Ask again."


@pytest.mark.parametrize(
    ("beginning", "piece", "state", "reason"),
    [
        (b"", says("", reasoning="hm"), State.FAILED, ENDLESS),
        (event(says("One.")), says("", reasoning="hm"), State.CUT, ENDLESS),
        (b"", says("a"), State.CUT, ENDLESS),
        (event(says("One ", "stop")), says("a", "stop"), State.CUT, ENDLESS),
        (event(says("One.", "stop")), says("", reasoning="hm"), State.DONE, ""),
    ],
)
def test_no_answer_takes_longer_than_twenty_minutes(
    asking: Asking, beginning: bytes, piece: Any, state: State, reason: str
) -> None:
    """Thoughts included; then it is closed, and what has come stands. Thoughts behind the end keep nobody waiting."""
    slow: list[bytes | float] = [event(piece), 10.0]
    blocks = [beginning, *slow * 1_000]
    (*_, last), seconds = asking.ask(lambda _: response(Body(blocks)))
    assert (last.state, ENGLISH.explain(last.reason)) == (state, reason)
    assert seconds == pytest.approx(60.0 if state is State.DONE else 1_200.0)
    assert len(asking.requests) == 1


def test_no_body_is_read_beyond_its_bound(asking: Asking) -> None:
    """However quickly it comes, and whatever is in it; the text so far stands."""
    thought = event(says("", reasoning="x" * 10_000))
    blocks: list[bytes | float] = [event(says("One.")), *[thought] * 7_000]
    (*_, last), _ = asking.ask(lambda _: response(Body(blocks)))
    assert (last.text, last.state, ENGLISH.explain(last.reason)) == ("One.", State.FAILED, TOO_MUCH)
    assert len(asking.requests) == 1


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"choices": [' + b"{}," * 6_000 + b"{}]}", TOO_MUCH),
        (b'{"a": [' + b"1," * 30_000 + b"1]}", TOO_MUCH),
        (b"x" * 600_000, TOO_MUCH),
        (json.dumps(says([""] * 2_000 + ["x"])).encode(), "makes no sense"),
        (json.dumps(says("", **{str(number): "1" for number in range(200)})).encode(), "makes no sense"),
        (json.dumps(says([[[[[[[[[["x"]]]]]]]]]])).encode(), "makes no sense"),
    ],
)
def test_an_event_has_a_bound_in_every_direction(asking: Asking, data: bytes, reason: str) -> None:
    """Bytes, objects, values, parts, fields, depth."""
    body = events(says("One."), b"data: " + data + b"\n\n")
    blocks: list[bytes | float] = [body[place : place + 16_384] for place in range(0, len(body), 16_384)]
    (*_, last), _ = asking.ask(lambda _: response(Body(blocks)))
    assert (last.text, last.state) == ("One.", State.FAILED)
    assert reason in ENGLISH.explain(last.reason)


@pytest.mark.parametrize("tokens", [10**30, 2**31, -1, 7.0, True, "7", None, [7]])
def test_a_count_of_tokens_that_makes_no_sense_is_none(asking: Asking, tokens: Any) -> None:
    """The database would refuse it, again and again."""
    body = events(says("One.", "stop"), {"choices": [], "usage": {"total_tokens": tokens}})
    (*_, last), _ = asking.ask(lambda _: response(Body([body])))
    assert (last.state, last.tokens) == (State.DONE, 0)


def test_others_get_their_turn_while_much_lies_ready_to_be_read(asking: Asking) -> None:
    """A server may send more quickly than it can be read."""
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def read() -> None:
        watching = asyncio.create_task(count())
        async for _ in asking.completions.stream(PERSPECTIVES[0], "Why?"):
            pass
        watching.cancel()

    asking.answering = lambda _: response(Body([b": ping\n" * 1_000, *[b":\n"] * 10_000, event(says("One.")), DONE]))
    asking.runner.run(read())
    assert turns > 600


@pytest.mark.heavy
async def test_thoughts_are_told_in_the_thread_and_never_shown_nor_in_the_index() -> None:
    """Through the whole bot: in a field, in tags, and without an opening tag once that is known."""
    field = (says("", reasoning_content="secret thoughts"), 30.0, "The first week. ", "It decides.")
    tags = ("<think>secret ", "thoughts", 30.0, "</think>\n\n", "The first week. It decides.")
    stray = ("secret thoughts", 1.0, "\n</think>\n\n", "The first week. It decides.")
    model = ModelServer(Depth=Script(field), Breadth=Script(tags), Structure=Script(stray), Time=Script(field))
    async with running(model) as world:
        for _ in range(2):
            parent, *replies = await world.ask()
            assert shown(parent).count("The first week.") == 4
            assert "secret" not in shown(parent)
            assert [body_of(reply) for reply in replies] == ["The first week. It decides."] * 4
        versions = [version for reply in replies for version in reply.versions]
        assert not any("secret" in shown(version) for version in versions)
        assert sum("🤔 thinking…" in shown(version) for version in versions) >= 3
        assert not any("think>" in shown(version) for version in versions)


async def test_what_is_not_whole_is_told_so_in_the_thread_and_its_text_stands() -> None:
    """Through the whole bot; and the path of a file is no name of a model."""
    path = {**says("One.", "stop"), "model": "/srv/models/secret.gguf"}
    model = ModelServer(
        Depth=Script(("One. ", says("", "insufficient_system_resource"))),
        Breadth=Script(("One. ", b"event: error\n" + event(ERROR))),
        Structure=Script(tuple(says(f"{number} ", "stop") for number in range(6)), every=0.4),
        Time=Script((path,), finish=None),
    )
    async with running(model) as world:
        _, depth, breadth, structure, time = await world.ask()
        assert [body_of(reply).strip() for reply in (depth, breadth, structure)] == ["One.", "One.", "0 1 2 3 4 5"]
        assert f"⚠️ failed: {UNKNOWN_END}" in shown(depth)
        assert f"⚠️ failed: {REPORTED}" in shown(breadth)
        assert "✅ done" in shown(structure)
        assert "by test-model" in shown(time)
        assert "secret" not in shown(time)
