"""Ports for servers that have to be told theirs before they listen."""

import itertools
import secrets
import socket
from contextlib import suppress

OURS = range(20_000, 32_000)  # below those that systems give to connections: none of these takes a port meanwhile
_numbers = itertools.count(secrets.randbelow(len(OURS)))  # tests that run in other processes begin elsewhere


def free_port() -> int:
    """A port of this machine at which nobody listens; it is not given twice."""
    for number in itertools.islice(_numbers, len(OURS)):
        port = OURS[number % len(OURS)]
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise RuntimeError("no port is free")
