"""What all tests share: the virtual clock, and the bot against its stand-ins."""

import asyncio
import gc
import os
import ssl
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.clock import VirtualLoop

PROCESSES = 4  # at the most; each needs a second and some 200 MB to start, and the whole suite half a minute of one


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Tests run on the virtual clock, but for those that are marked `slow`: they need the real one."""
    return {"real": asyncio.SelectorEventLoop} if item.get_closest_marker("slow") else {"virtual": VirtualLoop}


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """The whole suite runs in several processes; what is named, in this one, since it ends before they would start."""
    is_whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    is_narrowed = config.option.keyword or config.option.lf or config.option.markexpr != "not slow and not heavy"
    return min(os.cpu_count() or 1, PROCESSES) if is_whole and not is_narrowed else 0


def pytest_collection_finish(session: pytest.Session) -> None:
    """Have the collector of garbage look at what tests make, and at that less often: it took an eighth of the time."""
    gc.collect()
    gc.freeze()  # modules and tests stay to the end
    gc.set_threshold(100_000, 20, 50)


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


@pytest.fixture(scope="session", autouse=True)
def _no_proxies() -> Iterator[None]:
    """What the tests' own clients ask is on this machine; the bare SDKs would ask the environment's proxy."""
    with pytest.MonkeyPatch.context() as environment:
        for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
            environment.delenv(name)
        yield


# Examples are cheap for the pure core and dear where each runs an event loop; .ci/run looks harder, at all of
# them. Where CI is set they are the same in each run: a change is judged by what it changes. Elsewhere each run looks
# at others.
IS_CI = bool(os.environ.get("CI"))
settings.register_profile("quick", max_examples=20, deadline=None, derandomize=IS_CI)
settings.register_profile("more", max_examples=40, deadline=None, derandomize=IS_CI)
settings.register_profile("thorough", max_examples=200, deadline=None, derandomize=IS_CI)
settings.load_profile("quick")
