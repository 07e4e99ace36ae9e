"""One Chromium for all tests of a file: to start one takes longer than most of them."""

import os
import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

IS_CI = bool(os.environ.get("CI"))
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or ""
SWITCHES = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu")  # as root, and in containers


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what cannot be run here, and say why; where CI is set, nothing is left out of a run of its own."""
    lacking = ""
    try:
        import playwright  # noqa: F401, PLC0415 - only `--group browser` has it
    except ImportError:
        lacking = "Playwright is not installed: uv run --group browser"
    else:
        if not CHROMIUM:
            assert not IS_CI, "there is no Chromium"
            lacking = "there is no Chromium in the path, and CHROMIUM names none"
    for item in items:
        if lacking and "tests/browser/" in item.nodeid:
            item.add_marker(pytest.mark.skip(reason=lacking))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Any]:
    """A browser without a window."""
    from playwright.async_api import async_playwright  # noqa: PLC0415 - see above

    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(SWITCHES))
        yield chromium
        await chromium.close()
