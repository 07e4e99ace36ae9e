import socket

import pytest

from bot.network.listening import NotListeningError, listen


def test_a_second_one_is_told_at_once_that_the_port_is_taken() -> None:
    """By whichever listens there already, another process's or this one's; and the first is not disturbed."""
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(
            NotListeningError, match=rf"^Nothing can listen at 127\.0\.0\.1, port {port}: .*Set PORT\.$"
        ):
            listen("127.0.0.1", port)
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            pass  # it listens from the beginning


def test_the_port_of_one_that_has_ended_can_be_had_at_once() -> None:
    """A start anew does not wait for connections that the system remembers."""
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port), timeout=5)
        taken, _ = first.accept()
    taken.close()  # first, so that it is this side that remembers
    client.close()
    listen("127.0.0.1", port).close()


@pytest.mark.parametrize("host", ["a..b", f"{'a' * 64}.example", "\udcff", "."])
def test_a_host_that_is_none_ends_the_start_in_words(host: str) -> None:
    """Also one that cannot even be looked up."""
    with pytest.raises(NotListeningError, match="WEB_HOST is no address of this machine"):
        listen(host, 0)
