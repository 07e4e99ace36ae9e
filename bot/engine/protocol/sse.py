"""Server-sent events out of bytes, however these are cut. Pure.

As the standard has it (WHATWG HTML, 9.2): a byte order mark may stand first; lines end with LF, CR or CRLF; a line that
begins with a colon is a comment; several `data` lines are one text; a blank line ends the event; one without data is
none, and neither is one that the end of the stream cuts off. Of the names of events only `error` matters; ids and times
to retry after are left out.

llama.cpp wrote errors into a field of their own, `error:`, until its pull request 16109: that is such an event, too.

Besides, since servers send it in place of events: JSON, one to a line, or one over all the lines. It counts as data.

What has no end is not kept: a line, or an event, of more than `EVENT_LIMIT` bytes is an error.
"""

import re

import jiter

EVENT_LIMIT = 524_288  # bytes; a whole completion of 40,000 characters has 480,000 in JSON's longest form

_LINE_END = re.compile(rb"\r\n|\n|\r")
_MARK = b"\xef\xbb\xbf"  # of byte order
_DONE = re.compile(rb"data: *\[DONE\]\s*", re.IGNORECASE)


class TooLongError(Exception):
    """A line or an event is longer than any that makes sense."""


class ErrorData(bytes):
    """The data of an event whose name is `error`."""

    __slots__ = ()


class EventDecoder:
    """Takes bytes as they come, gives the data of each event that they complete."""

    def __init__(self) -> None:
        # Both hold bytes and no objects: of lines of two bytes, those would take twenty times as much.
        self._rest = bytearray()  # a line that has not ended
        self._data = bytearray()  # the lines of an event, or a document, each with its end
        self._size = 0  # of what is kept, in bytes
        self._is_after_cr = False
        self._has_begun = False  # whether a first line has come that is not blank
        self._is_document = False  # whether all lines are one JSON document
        self._is_error = False  # whether the event's name is that
        self._beginning: bytes | None = b""  # what may be half a mark; None behind it

    def feed(self, block: bytes) -> list[bytes]:
        """The data of the events that end in `block`, in order. Its cost grows with the block, not with the stream.

        Raises:
            TooLongError: there is no end to be seen.
        """
        if self._beginning is not None:
            block = self._skip_mark(block)
        # Whole events of one line each, as in nearly every block.
        if (
            not self._size
            and not self._is_after_cr
            and not self._is_error
            and block.startswith(b"data: ")
            and block.endswith(b"\n\n")
            and b"\r" not in block
        ):
            whole = block[6:-2].split(b"\n\ndata: ")
            if block.count(b"\n") == 2 * len(whole) and b"" not in whole:
                self._has_begun = True
                return whole
        events: list[bytes] = []
        for line in self._lines(block):
            self._take(line, events)
        if self._size > EVENT_LIMIT:
            raise TooLongError(f"more than {EVENT_LIMIT} bytes without an end")
        return events

    def finish(self) -> list[bytes]:
        """The data that the end of the body makes whole: JSON without the end of a line, and the mark of the end."""
        line = bytes(self._rest)
        self._rest.clear()
        if self._is_document:
            return [bytes(self._data) + line]
        if _is_json(line):
            return [line]
        if _DONE.fullmatch(line) or self._data.strip().upper() == b"[DONE]":
            return [b"[DONE]"]
        return []

    def _take(self, line: bytes, events: list[bytes]) -> None:
        if self._is_document:
            self._keep(line)
        elif not line:
            if self._data or self._is_error:
                data = bytes(self._data[:-1])
                if data or self._is_error:
                    events.append(ErrorData(data) if self._is_error else data)
                self._data.clear()
                self._is_error = False
                self._size = 0
        elif line.startswith(b"data:"):
            self._keep(line[6:] if line.startswith(b"data: ") else line[5:])
        elif line == b"data":
            self._keep(b"")
        elif line.startswith((b"event:", b"error:")):
            self._take_name(line)
        elif _is_json(line):
            events.append(line.strip())
        elif not self._has_begun and line.lstrip()[:1] in {b"{", b"["}:
            self._is_document = True
            self._keep(line)
        self._has_begun = self._has_begun or bool(line.strip())

    def _take_name(self, line: bytes) -> None:
        field, _, value = line.partition(b":")
        self._is_error = field == b"error" or value.strip().lower() == b"error"
        if field == b"error":
            self._keep(value.lstrip())

    def _keep(self, line: bytes) -> None:
        self._data += line + b"\n"
        self._size += len(line) + 1

    def _skip_mark(self, block: bytes) -> bytes:
        block = (self._beginning or b"") + block
        if len(block) < len(_MARK) and _MARK.startswith(block):
            self._beginning = block
            return b""
        self._beginning = None
        return block.removeprefix(_MARK)

    def _lines(self, block: bytes) -> list[bytes]:
        """The lines that end in `block`."""
        if self._is_after_cr and block:
            block = block.removeprefix(b"\n")  # the second half of a CRLF that was cut in two
            self._is_after_cr = False
        if b"\r" in block:
            self._is_after_cr = block.endswith(b"\r")
            lines = _LINE_END.split(block)
        else:
            lines = block.split(b"\n")
        last = lines.pop()
        if lines and self._rest:
            self._size -= len(self._rest)
            lines[0] = bytes(self._rest) + lines[0]
            self._rest.clear()
        if last:
            self._rest += last
            self._size += len(last)
        return lines


def _is_json(line: bytes) -> bool:
    """Whether a line is an object or a list by itself."""
    line = line.strip()
    if line[:1] + line[-1:] not in {b"{}", b"[]"}:
        return False
    try:
        jiter.from_json(line)
    except ValueError:
        return False
    return True
