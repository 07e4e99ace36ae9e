import asyncio
import itertools
import json
import pickle
import re
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from contextlib import nullcontext
from typing import Any

import httpx2
import openai
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openai import AsyncOpenAI

from bot.engine.completions import Completions
from bot.engine.draft import Draft, State
from bot.engine.perspectives import PERSPECTIVES
from bot.engine.protocol.sse import EVENT_LIMIT, ErrorData, EventDecoder, TooLongError
from bot.texts.en import ENGLISH
from tests.support.clock import VirtualLoop

MODEL = "m"
BROKEN = "the connection to the model broke"
ERROR = "the model's provider reported an error in the middle of the answer"
NONSENSE = "the model's provider sent something that makes no sense"
UNFINISHED = "the connection to the model ended before the answer did"
OVER = {"", "the connection to the model broke; it starts over."}  # what growing drafts may say


def events(*blocks: bytes) -> list[bytes]:
    """The data of all events in `blocks`, fed one after another."""
    decoder = EventDecoder()
    return [data for block in blocks for data in decoder.feed(block)]


def cut(body: bytes, places: list[int]) -> list[bytes]:
    """`body` in blocks that end at `places`; some may be empty."""
    ends = [0, *sorted(place % (len(body) + 1) for place in places), len(body)]
    return [body[start:end] for start, end in itertools.pairwise(ends)]


CASES: dict[str, tuple[bytes, list[bytes]]] = {
    "nothing": (b"", []),
    "one event": (b"data: a\n\n", [b"a"]),
    "two": (b"data: a\n\ndata: b\n\n", [b"a", b"b"]),
    "CRLF": (b"data: a\r\n\r\ndata: b\r\n\r\n", [b"a", b"b"]),
    "CR, something behind": (b"data: a\r\rdata: b\r\r:", [b"a", b"b"]),
    "CR up to the end": (b"data: a\r\rdata: b\r\r", [b"a", b"b"]),
    "all three in one event": (b"data: a\rdata: b\r\ndata: c\n\r\n", [b"a\nb\nc"]),
    "LF, CR": (b"data: a\n\rdata: b\n\n", [b"a", b"b"]),
    "CRLF is one end, not two": (b"data: a\r\ndata: b\r\n\r\n", [b"a\nb"]),
    "a comment": (b": ping\n\ndata: a\n\n", [b"a"]),
    "a comment within": (b"data: a\n: ping\ndata: b\n\n", [b"a\nb"]),
    "a comment that looks like data": (b":data: a\n\n", []),
    "several lines": (b"data: a\ndata:  b\ndata:\ndata: c\n\n", [b"a\n b\n\nc"]),
    "no space": (b"data:a\n\n", [b"a"]),
    "only one space goes": (b"data:  a \n\n", [b" a "]),
    "a tab stays": (b"data:\ta\n\n", [b"\ta"]),
    "a colon in it": (b"data: a: b\n\n", [b"a: b"]),
    "data alone": (b"data\n\n", []),
    "data alone, twice": (b"data\ndata\n\n", [b"\n"]),
    "data alone behind data": (b"data: a\ndata\n\n", [b"a\n"]),
    "empty data": (b"data:\n\ndata: \n\ndata: a\n\n", [b"a"]),
    "other fields": (b"event: x\nid: 7\nretry: 10\ndata: a\nnone: b\n\n", [b"a"]),
    "other fields alone": (b"id: 7\n\nevent: x\n\ndata: a\n\n", [b"a"]),
    "names that begin like it": (b"dat: a\ndatax: b\ndatax\nData: c\n data: d\n\n", []),
    "blank lines": (b"\n\n\r\n\r\n\ndata: a\n\n\n\n", [b"a"]),
    "cut off before its end": (b"data: a\n\ndata: b\n", [b"a"]),
    "cut off within a line": (b"data: a\n\ndata: b", [b"a"]),
    "cut off within a CRLF": (b"data: a\r\n\r\ndata: b\r", [b"a"]),
    "any bytes": (b"data: \xff\x00\xe2\x80\xa8\x0b\x0c\x85\n\n", [b"\xff\x00\xe2\x80\xa8\x0b\x0c\x85"]),
}


@pytest.mark.parametrize("name", CASES)
def test_events_are_read_whole_byte_by_byte_and_with_more_behind(name: str) -> None:
    """As the standard has it."""
    body, expected = CASES[name]
    assert events(body) == expected
    assert events(*(bytes([byte]) for byte in body)) == expected
    assert events(body, b"\n\ndata: more\n\n")[: len(expected)] == expected
    assert events(b"data: before\n\n" + body) == [b"before", *expected]


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_an_event_is_there_with_its_last_byte(end: bytes) -> None:
    """It does not wait for the next one, which may be a minute away; of a CRLF the CR will do."""
    decoder = EventDecoder()
    body = b"data: a" + end + end[:1]
    assert [decoder.feed(bytes([byte])) for byte in body] == [[]] * (len(body) - 1) + [[b"a"]]
    assert decoder.feed(end[1:] + b"data: b" + end + end) == [b"b"]


@given(
    st.lists(st.sampled_from([b"data", b":", b" ", b"\r", b"\n", b"\r\n", b"a", b"data: b", b"id: 1", b"\xc3\xa9"])),
    st.lists(st.integers(0, 200)),
)
@example([b"data: b", b"\r\n", b"\r\n"], [8])
def test_any_cut_gives_the_events_of_the_whole(parts: list[bytes], places: list[int]) -> None:
    """Wherever the network cuts the bytes, also into nothing."""
    body = b"".join(parts)
    assert events(*cut(body, places)) == events(body)


JSON_CASES: dict[str, tuple[bytes, list[bytes]]] = {
    "lines": (b'{"a": 1}\n{"a": 2}\n', [b'{"a": 1}', b'{"a": 2}']),
    "lines with blanks, the last without an end": (b'\n {"a": 1} \r\n\r\n[2]', [b'{"a": 1}', b"[2]"]),
    "a line between events": (b'data: a\n\n{"a": 1}\ndata: b\n\n', [b"a", b'{"a": 1}', b"b"]),
    "what only looks like JSON": (b"data: a\n{a}\n{\ndata: b\n\n", [b"a\nb"]),
    "a document": (b'{\n "a": 1\n}\n', [b'{\n "a": 1\n}\n']),
    "a list over lines": (b'\n[\n{"a": 1},\n{}\n]', [b'[\n{"a": 1},\n{}\n]']),
    "half a document": (b'{"a":', []),
    "the mark of the end": (b"data: [DONE]", [b"[DONE]"]),
    "the mark of the end, a line": (b"data: a\n\ndata:[DONE] \n", [b"a", b"[DONE]"]),
    "half an event": (b"data: a\n", []),
    "a page": (b"<html>\n<p>\n</html>", []),
    "a mark of byte order": (b"\xef\xbb\xbfdata: a\n\n", [b"a"]),
    "half a mark": (b"\xef\xbbdata: a\n\n", []),
    "a second mark": (b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\ndata: b\n\n", [b"b"]),
    "a named error": (b"event: error\ndata: a\n\ndata: b\n\n", [b"a", b"b"]),
    "a named error without data": (b"event:error\n\n", [b""]),
    "another name": (b"event: errors\n\n", []),
}


@pytest.mark.parametrize("name", JSON_CASES)
def test_what_comes_in_place_of_events_is_read_and_what_comes_with_them(name: str) -> None:
    """Whole, byte by byte, and in two, cut anywhere; the end tells what it was."""
    body, data = JSON_CASES[name]
    ways = [[body], [bytes([byte]) for byte in body]] + [[body[:place], body[place:]] for place in range(len(body))]
    for blocks in ways:
        decoder = EventDecoder()
        found = [one for block in blocks for one in decoder.feed(block)] + decoder.finish()
        assert found == data
        is_error = [isinstance(one, ErrorData) for one in found]
        assert is_error == [one in {b"a", b""} and "named error" in name for one in data]


@pytest.mark.parametrize("beginning", [b"data: ", b": ", b"", b'{"a":\n'])
@pytest.mark.parametrize("piece", [b"x" * 10_000, b"x" * 99 + b"\n"])
@pytest.mark.heavy
def test_what_has_no_end_is_not_kept(beginning: bytes, piece: bytes) -> None:
    """A line, the lines of an event, a document; a comment that ends is nothing that is kept."""
    decoder = EventDecoder()
    decoder.feed(beginning)
    is_kept = beginning == b'{"a":\n' or not piece.endswith(b"\n")
    with pytest.raises(TooLongError) if is_kept else nullcontext():
        for _ in range(EVENT_LIMIT // len(piece) + 1):
            decoder.feed(piece)
    decoder = EventDecoder()
    with pytest.raises(TooLongError):
        for _ in range(EVENT_LIMIT):
            decoder.feed(b"data: x\n" * 10)


@pytest.mark.parametrize("piece", [b"data: xy\n", b"xy"])
@pytest.mark.heavy
def test_what_is_kept_takes_no_more_than_its_bytes(piece: bytes) -> None:
    """However short the pieces are in which it comes: as many streams as may be open keep as much."""
    decoder = EventDecoder()
    tracemalloc.start()
    try:
        for _ in range(20_000):
            assert decoder.feed(piece) == []
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 20_000 * 2 <= kept < 20_000 * 6


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_nothing_is_kept_of_events_that_were_given(end: bytes) -> None:
    """A stream may be long."""
    decoder = EventDecoder()
    sizes = set()
    for _ in range(1_000):
        assert decoder.feed(b"data: " + b"x" * 100 + end + end) == [b"x" * 100]
        sizes.add(len(pickle.dumps(decoder)))
    assert len(sizes) == 1


# What follows holds our reading of a body against the SDK's own typed stream of the same body, cut in the same places.


class Body(httpx2.AsyncByteStream):
    """A response's body in given blocks, which may break."""

    def __init__(self, blocks: list[bytes], *, breaks: bool) -> None:
        self._blocks = blocks
        self._breaks = breaks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for block in self._blocks:
            yield block
        if self._breaks:
            raise httpx2.ReadError("gone")

    async def aclose(self) -> None:
        if self._breaks:
            raise httpx2.CloseError("gone already")


class Both:
    """Reads bodies twice: with the SDK's typed stream, and with ours. One client each, since clients are dear."""

    def __init__(self) -> None:
        self._body = Body([], breaks=False)
        self._sdk = AsyncOpenAI(api_key="k", http_client=self._client())
        self._ours = Completions(api_key="k", base_url="http://model.invalid/v1", model=MODEL, idle_timeout=60.0)
        self._ours._client = self._ours._client.with_options(http_client=self._client())
        self._runner = asyncio.Runner(loop_factory=VirtualLoop)

    def close(self) -> None:
        """End the loop."""
        self._runner.close()

    def compare(self, blocks: list[bytes], *, breaks: bool = False, is_finished: bool = False) -> Draft:
        """Read a body both ways and hold one against the other. Returns our final draft.

        What breaks is started over here, with the same body, and so with the same text.
        """
        self._body = Body(blocks, breaks=breaks)
        text, error = self._runner.run(self._their_reading())
        *growing, last = self._runner.run(self._our_reading())
        assert last.text == text
        assert all(text.startswith(draft.text) and ENGLISH.explain(draft.reason) in OVER for draft in growing)
        assert all((draft.state is State.WRITING) is bool(draft.text) for draft in growing)
        lengths = [len(draft.text) for draft in growing if not draft.reason and draft.state is not State.THINKING]
        assert lengths == sorted(set(lengths))
        if error and not is_finished:  # an answer that the model has said to be done is no failure, whatever follows
            assert (last.state, cause(last)) == (State.FAILED, words_for(error))
        else:
            assert cause(last) not in {BROKEN, ERROR, NONSENSE}
        return last

    def _client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(transport=httpx2.MockTransport(self._answer))

    def _answer(self, _: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"Content-Type": "text/event-stream"}, stream=self._body)

    async def _their_reading(self) -> tuple[str, Exception | None]:
        """The first choice's text, and what the SDK raised, if it did."""
        text = ""
        try:
            stream = await self._sdk.chat.completions.create(
                model=MODEL, messages=[], stream=True, stream_options={"include_usage": True}
            )
            async for chunk in stream:
                text += "".join(choice.delta.content or "" for choice in chunk.choices if not choice.index)
        except (openai.APIError, ValueError) as error:
            return joined(text), error
        return joined(text), None

    async def _our_reading(self) -> list[Draft]:
        return [draft async for draft in self._ours.stream(PERSPECTIVES[0], "Why?")]


@pytest.fixture(scope="module")
def both() -> Iterator[Both]:
    """Both ways to read."""
    readers = Both()
    yield readers
    readers.close()


def joined(text: str) -> str:
    """What the SDK gives as halves of characters, joined; a lone half is a mark, and so is a NUL."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\0", "\ufffd")


def cause(draft: Draft) -> str:
    """What a draft says has happened, without what became of it."""
    return re.split(r"[;.]", ENGLISH.explain(draft.reason))[0]


def words_for(error: Exception) -> str:
    """What people read in place of what the SDK raises."""
    if isinstance(error, openai.APIConnectionError):
        return BROKEN
    return ERROR if isinstance(error, openai.APIError) else NONSENSE


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **changed: Any) -> dict[str, Any]:
    """A chunk with one choice; `changed` replaces fields."""
    choice = {"index": 0, "delta": delta or {}, "logprobs": None, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": MODEL, "choices": [choice], **changed}


USAGE = {"prompt_tokens": 2, "completion_tokens": 5, "total_tokens": 7}
FINISH = chunk(finish="stop")
COUNT = chunk(choices=[], usage=USAGE)
END = b"data: [DONE]\n\n"
FAILURE = {"error": {"message": "said by the server", "type": "server_error", "param": None, "code": None}}

half = st.sampled_from(["\ud83d", "\ude42", "\udfff", "\ud800"])
# Hypothesis tries what it finds in the code, tags of thoughts too, of which the SDK knows nothing.
plain = st.text(max_size=8).filter(lambda text: "think" not in text.lower())
texts = plain | st.text(alphabet='a \r\n\t"\\\u2028\u0085é…🙂𝒳', max_size=8)
chunks = texts.map(lambda text: chunk({"content": text})) | st.sampled_from(
    [
        chunk({"role": "assistant"}),
        chunk({"role": "assistant", "content": "", "refusal": None}),
        chunk({"content": None}),
        chunk({"reasoning_content": "hm"}),
        chunk(choices=[]),
        chunk({"content": "x"}, usage=USAGE),
        chunk(choices=[{"index": 1, "delta": {"content": "other"}, "finish_reason": None}]),
    ]
)


@st.composite
def rendered(draw: st.DrawFn, data: Any) -> bytes:
    """An event with `data`, in one of the many ways to write it.

    Not among them: an `id`, and events without data. The standard has the latter ignored, as we do; the SDK reads
    empty JSON from them, and from every blank line behind an `id`.
    """
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    space = draw(st.sampled_from([" ", ""]))
    is_split = draw(st.booleans())  # where JSON allows for white space, a line may end and another go on
    try:
        text = json.dumps(data, ensure_ascii=draw(st.booleans()), indent=draw(st.integers(0, 2)) if is_split else None)
        text.encode()
    except UnicodeEncodeError:
        text = json.dumps(data)
    lines = [f"data:{space}{line}" for line in text.split("\n")]
    beside = st.sampled_from([": ping", ":", "event: chunk", "retry: 10", "unknown: 1", "unknown"])
    for line in draw(st.lists(beside, max_size=2)):
        lines.insert(draw(st.integers(0, len(lines))), line)
    comments = draw(st.sampled_from(["", f": keep-alive{end}{end}", end]))
    return (comments + end.join([*lines, "", ""])).encode()


@st.composite
def bodies(draw: st.DrawFn, said: st.SearchStrategy[list[dict[str, Any]]]) -> bytes:
    """The events of what was said."""
    return b"".join([draw(rendered(data)) for data in draw(said)])


places = st.lists(st.integers(0, 10_000), max_size=12)


@given(
    body=bodies(st.lists(chunks, max_size=6)),
    how=st.sampled_from(["done", "counted", "finished", "ended", "broken"]),
    places=places,
)
def test_a_text_is_what_the_sdk_reads(both: Both, body: bytes, how: str, places: list[int]) -> None:
    """Whatever is said in whatever way, cut wherever, ended however."""
    finish, count = (b"data: " + json.dumps(data).encode() + b"\n\n" for data in (FINISH, COUNT))
    body += {"done": finish + count + END, "counted": finish + count, "finished": finish, "ended": END}.get(how, b"")
    last = both.compare(cut(body, places), breaks=how == "broken", is_finished=how in {"done", "counted", "finished"})
    if how == "broken":
        assert cause(last) == BROKEN
    elif last.text.strip():
        assert last.state is State.DONE


@given(pieces=st.lists(texts | half, min_size=1, max_size=6), places=places)
@example(pieces=["\ud83d", "\ude42"], places=[])
@example(pieces=["\0\ud83d", "\0"], places=[])
@example(pieces=["\ud83d\ud83d", "x\ude42"], places=[])
def test_halves_of_characters_are_joined_as_in_the_whole_text(both: Both, pieces: list[str], places: list[int]) -> None:
    """JSON may have characters cut in two, from one chunk to the next."""
    said = [*(chunk({"content": piece}) for piece in pieces), FINISH]
    body = b"".join(b"data: " + json.dumps(data).encode() + b"\n\n" for data in said)
    both.compare(cut(body, places), is_finished=True)


NONSENSES = [b"{nope", b'{"choices": [', b"ping", b"{} {}", b"'", b'{"a": "\x01"}', b'{"a": "\\ud8"}']


@given(
    before=bodies(st.lists(chunks, max_size=4)),
    data=st.sampled_from(
        [json.dumps(FAILURE).encode(), b'{"error": "x"}', b'{"error": {"a": 1}, "choices": []}', *NONSENSES]
    ),
    after=bodies(st.lists(chunks, max_size=2)),
    places=places,
)
def test_a_failure_is_one_where_it_is_one_to_the_sdk(
    both: Both, before: bytes, data: bytes, after: bytes, places: list[int]
) -> None:
    """An error event or broken JSON in the middle: the text before it stays, and nothing behind it counts."""
    last = both.compare(cut(before + b"data: " + data + b"\n\n" + after + END, places))
    assert cause(last) == (NONSENSE if data in NONSENSES else ERROR)


@given(body=bodies(st.lists(chunks, min_size=1, max_size=4)), place=st.integers(0, 10_000), breaks=st.booleans())
def test_a_body_may_end_or_break_anywhere(both: Both, body: bytes, place: int, *, breaks: bool) -> None:
    """What had come whole stays, and the answer has not ended."""
    # Not within a character of an event that is cut off anyway: there the SDK takes the end for nonsense.
    text = body.decode()
    last = both.compare([text[: place % (len(text) + 1)].encode()], breaks=breaks)
    assert cause(last) == (BROKEN if breaks else UNFINISHED)


@pytest.mark.parametrize("finish", [None, "stop"])
def test_a_failure_behind_the_finish_reason_is_none(both: Both, finish: str | None) -> None:
    """The SDK raises; the answer is whole all the same."""
    said = [chunk({"content": "Well."}, finish), FAILURE]
    body = b"".join(b"data: " + json.dumps(data).encode() + b"\n\n" for data in said)
    last = both.compare([body], is_finished=finish is not None)
    assert last.state is (State.DONE if finish else State.FAILED)


def test_a_block_of_several_events_is_read_as_each_by_itself() -> None:
    """The quick way for what comes together, and the slow one, give the same; an event without data is none."""
    for parts in ([b"data: {}\n\n"] * 3, [b"data: {}\n\n", b"data: \n\n"], [b"data: 1\n\n", b"data: 2\ndata: 3\n\n"]):
        decoder, whole = EventDecoder(), EventDecoder()
        singly = [event for part in parts for byte in part for event in decoder.feed(bytes([byte]))]
        assert whole.feed(b"".join(parts)) == singly
