"""Server-sent events out of bytes, however these are cut. Pure.

As the standard has it (WHATWG HTML, 9.2): lines end with LF, CR or CRLF; a line that begins with a colon is a comment;
several `data` lines are one text; a blank line ends the event; one without data is none, and neither is one that the
end of the stream cuts off. Names of events, ids and times to retry after are of no use here and left out.
"""

import re

_LINE_END = re.compile(rb"\r\n|\n|\r")


class EventDecoder:
    """Takes bytes as they come, gives the data of each event that they complete."""

    def __init__(self) -> None:
        self._rest = b""  # a line that has not ended
        self._is_after_cr = False
        self._data: list[bytes] = []

    def feed(self, block: bytes) -> list[bytes]:
        """The data of the events that end in `block`, in order. Its cost grows with the block, not with the stream."""
        events: list[bytes] = []
        for line in self._lines(block):
            if not line:
                data, self._data = b"\n".join(self._data), []
                if data:
                    events.append(data)
            elif line.startswith(b"data:"):
                self._data.append(line[6:] if line.startswith(b"data: ") else line[5:])
            elif line == b"data":
                self._data.append(b"")
        return events

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
        lines[0] = self._rest + lines[0]
        self._rest = lines.pop()
        return lines
