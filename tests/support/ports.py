"""Ports for servers that have to be told theirs before they listen."""

import itertools
import secrets
import socket

OURS = range(20_000, 32_000)  # below those that systems give to connections: none of these takes a port meanwhile
_numbers = itertools.count(secrets.randbelow(len(OURS)))  # tests that run in other processes begin elsewhere


def free_port() -> int:
    """A port of this machine at which nobody listens; it is not given twice."""
    while True:
        port = OURS[next(_numbers) % len(OURS)]
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
