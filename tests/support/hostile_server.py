"""A model's server that misbehaves, as a process of its own: `python -m tests.support.hostile_server`.

It prints its port, and attacks by the name of the model that it is asked for.
"""

import asyncio
import contextlib
import gzip
import itertools
import json
from collections.abc import Iterator

SSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
REFUSAL = b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
MEGABYTE = 1_000_000
LONGEST = 500_000  # bytes; an event that is not too long
DONE = b"data: [DONE]\n\n"


def event(data: object) -> bytes:
    """One event."""
    return b"data: " + json.dumps(data).encode() + b"\n\n"


def chunk(finish: str | None = None, **delta: object) -> bytes:
    """An event with one choice."""
    return event({"model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


def filled(beginning: bytes, piece: bytes, end: bytes, size: int = LONGEST) -> bytes:
    """As many pieces as make `size` bytes."""
    return beginning + piece * ((size - len(beginning) - len(end)) // len(piece)) + end


def for_ever(piece: bytes, beginning: bytes = b"") -> Iterator[bytes]:
    """The same again and again, in blocks of some size."""
    yield beginning
    yield from itertools.repeat(piece * max(1, 65_536 // len(piece)))


def times(count: int, piece: bytes, beginning: bytes = b"", end: bytes = b"") -> Iterator[bytes]:
    """The same some times."""
    yield beginning
    for _ in range(count):
        yield piece
    yield end


def zipped(head: bytes, piece: bytes, size: int) -> bytes:
    """A response whose body is small, and large once it is unpacked."""
    body = gzip.compress(piece * (size // len(piece)), 9)
    return head.replace(b"Connection", b"Content-Encoding: gzip\r\nConnection") + body


CHOICES = filled(b'data: {"choices": [', b"{},", b"{}]}\n\n")
PART = b'data: {"choices": [{"delta": {"content": ['
PARTS = filled(PART, b'"",', b'""]}}]}\n\n')
OBJECTS = filled(PART, b'{"text": "a"},', b'"a"]}}]}\n\n')
NUMBERED = b",".join(b'"%d": 1' % number for number in range(40_000))
FIELDS = b'data: {"choices": [{"delta": {' + NUMBERED + b"}}]}\n\n"
KEYS = b"data: {" + NUMBERED + b"}\n\n"
TAGS = filled(b'data: {"choices": [{"delta": {"content": "', b"</thin", b'"}}]}\n\n')
HALVES = filled(b'data: {"choices": [{"delta": {"content": "', b"\\ud83d", b'"}}]}\n\n')
NAMES = [event({"model": f"{number}" * 30_000, "choices": []}) for number in range(10, 30)]

ATTACKS = {
    "error body": lambda: times(100, b"x" * MEGABYTE, REFUSAL + b'{"error": "'),
    "error body of models": lambda: times(1, filled(REFUSAL + b'{"error": "', b"model ", b'"}', 60_000)),
    "error body of many values": lambda: times(1, filled(REFUSAL + b"[", b"1,", b"1]", 60_000)),
    "error body that does not end": lambda: for_ever(b" ", REFUSAL),
    "packed error": lambda: times(1, zipped(REFUSAL, b"x" * 1_000, 300 * MEGABYTE)),
    "packed stream": lambda: times(1, zipped(SSE, b": ping\n\n" * 100, 300 * MEGABYTE)),
    "packed line": lambda: times(1, zipped(SSE, b"x" * 1_000, 300 * MEGABYTE)),
    "line": lambda: times(100, b"x" * MEGABYTE, SSE + b"data: "),
    "line in small pieces": lambda: for_ever(b"x", SSE + b"data: "),
    "event of lines": lambda: for_ever(b"data: x\n", SSE),
    "comments": lambda: for_ever(b":\n", SSE),
    "blank lines": lambda: for_ever(b"\n", SSE),
    "events without data": lambda: for_ever(b"event: x\n\n", SSE),
    "events of nothing": lambda: for_ever(b"data: {}\n\n", SSE),
    "deltas of nothing": lambda: for_ever(chunk(content=""), SSE),
    "choices": lambda: times(60, CHOICES, SSE),
    "parts": lambda: times(60, PARTS, SSE),
    "parts that are objects": lambda: times(60, OBJECTS, SSE),
    "as many choices as may be": lambda: times(60, filled(b'data: {"choices": [', b"{},", b"{}]}\n\n", 11_000), SSE),
    "as many objects as may be": lambda: times(60, filled(b'data: {"a": [', b'{"a":1},', b"{}]}\n\n", 31_000), SSE),
    "as many parts as may be": lambda: times(60, PART + b'"",' * 900 + b'""]}}]}\n\n', SSE),
    "as many values as may be": lambda: times(60, PART + b'"",' * 19_000 + b'""]}}]}\n\n', SSE),
    "as many chunks as may be": lambda: times(60, filled(b"data: [", b'{"a":1},', b"{}]\n\n", 16_000), SSE),
    "as many fields as may be": lambda: times(60, b"data: {" + NUMBERED[:190_000].rpartition(b",")[0] + b"}\n\n", SSE),
    "fields of a delta": lambda: times(60, FIELDS, SSE),
    "fields of a chunk": lambda: times(60, KEYS, SSE),
    "list of chunks": lambda: times(60, filled(b"data: [", b"{},", b"{}]\n\n"), SSE),
    "list of texts": lambda: times(60, filled(b"data: [", chunk(reasoning="a")[6:-2] + b",", b"{}]\n\n"), SSE),
    "brackets": lambda: times(60, filled(b"data: ", b"[", b"\n\n"), SSE),
    "objects within objects": lambda: times(60, filled(b"data: ", b'{"a":', b"\n\n"), SSE),
    "digits": lambda: times(60, filled(b'data: {"usage": {"total_tokens": ', b"9", b"}}\n\n"), SSE),
    "digits behind a point": lambda: times(60, filled(b'data: {"usage": {"total_tokens": 1.', b"9", b"}}\n\n"), SSE),
    "tags": lambda: times(60, TAGS, SSE),
    "halves of characters": lambda: times(60, HALVES, SSE),
    "names": lambda: times(60, b"".join(NAMES), SSE),
    "thoughts": lambda: for_ever(chunk(reasoning_content="hm"), SSE),
    "thoughts in tags": lambda: for_ever(chunk(content="hm"), SSE + chunk(content="<think>")),
    "thoughts behind the end": lambda: for_ever(
        chunk(reasoning_content="hm"), SSE + chunk(content="One.") + chunk("stop")
    ),
    "the end again and again": lambda: for_ever(chunk("stop"), SSE + chunk(content="One.")),
    "text": lambda: for_ever(chunk(content="a"), SSE),
    "blanks": lambda: for_ever(chunk(content=" "), SSE),
    "page": lambda: for_ever(b"<p>", SSE.replace(b"event-stream", b"html")),
    "plain text": lambda: for_ever(b"a b c\n", SSE.replace(b"event-stream", b"plain")),
    "JSON over many lines": lambda: for_ever(b"}\n", SSE + b'{"a":\n'),
    "lines of JSON": lambda: for_ever(b"{}\n", SSE.replace(b"text/event-stream", b"application/json")),
    "headers": lambda: for_ever(b"X-%d: x\r\n" % 1, b"HTTP/1.1 200 OK\r\n"),
    "a header": lambda: for_ever(b"x", b"HTTP/1.1 200 OK\r\nX: "),
    "a status": lambda: for_ever(b"x", b"HTTP/1.1 200 "),
    "interim responses": lambda: for_ever(b"HTTP/1.1 102 Processing\r\n\r\n"),
    "tiny blocks": lambda: for_ever(b"1\r\n:\r\n", SSE.replace(b"Connection: close", b"Transfer-Encoding: chunked")),
    "a size of a block": lambda: for_ever(b"0", SSE.replace(b"Connection: close", b"Transfer-Encoding: chunked")),
    "trailers": lambda: for_ever(
        b"X: x\r\n", SSE.replace(b"Connection: close", b"Transfer-Encoding: chunked") + b"0\r\n"
    ),
}


async def attack(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serve one request."""
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(int(head.lower().split(b"content-length:")[1].split()[0]))
        for block in ATTACKS[json.loads(body)["model"]]():
            writer.write(block)
            await writer.drain()
            await asyncio.sleep(0)  # others are attacked at the same time
    writer.close()


async def main() -> None:
    """Serve until killed."""
    async with await asyncio.start_server(attack, "127.0.0.1", 0) as server:
        print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - whoever started it reads it
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
