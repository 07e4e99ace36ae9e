"""What all tests share: the virtual clock, and the bot against its stand-ins."""

import asyncio
import ssl
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import settings

from tests.clock import VirtualLoop


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Tests run on the virtual clock, but for those that are marked `slow`: they need the real one."""
    return {"real": asyncio.SelectorEventLoop} if item.get_closest_marker("slow") else {"virtual": VirtualLoop}


@pytest.fixture(scope="session", autouse=True)
def _few_certificates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let clients load one certificate in place of all: each needs 50 ms for those, and none is asked for here."""
    every = ssl.get_default_verify_paths().cafile
    with pytest.MonkeyPatch.context() as environment:
        if every:
            first = Path(every).read_text(encoding="utf-8").partition("-----END CERTIFICATE-----")
            file = tmp_path_factory.mktemp("certificates") / "one.pem"
            file.write_text(first[0] + first[1] + "\n", encoding="utf-8")
            environment.setenv("SSL_CERT_FILE", str(file))
        yield


# Examples are cheap for the pure core and dear where each runs an event loop; .ci/run looks harder.
settings.register_profile("quick", max_examples=40, deadline=None)
settings.register_profile("thorough", max_examples=300, deadline=None)
settings.load_profile("quick")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests marked `last` look back at the whole run."""
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)
