"""Windows of a browser, watched: nothing may break in a page, and nothing may be loaded from elsewhere."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

PATIENCE = 30_000  # milliseconds; the machine may be busy with other things
LONGEST = 90.0  # seconds of one look; some of what is asked of a browser has no limit of its own
PHONE = {"width": 360, "height": 640}
DESK = {"width": 1280, "height": 800}
SERIOUS = ("serious", "critical")


@asynccontextmanager
async def looking(browser: Any, address: str, **how: Any) -> AsyncIterator[Any]:
    """Open an address in a profile of its own; `how` are Playwright's options of one."""
    context = await browser.new_context(**{"viewport": DESK, "locale": "en-GB", **how})
    context.set_default_timeout(PATIENCE)
    faults: list[str] = []
    origin = urlsplit(address).netloc

    def watch(page: Any) -> None:
        page.on("pageerror", lambda error: faults.append(f"error {error}"))
        page.on("dialog", lambda dialog: faults.append(f"dialog {dialog.message}"))
        page.on("console", lambda said: faults.append(said.text) if "Security Policy" in said.text else None)
        page.on("request", lambda asked: faults.append(asked.url) if urlsplit(asked.url).netloc != origin else None)

    context.on("page", watch)
    try:
        async with asyncio.timeout(LONGEST):
            page = await context.new_page()
            await page.goto(address)
            try:
                yield page
            except BaseException as error:
                error.add_note(f"The page then: {await page.inner_text('body')}")
                raise
    finally:
        await context.close()
    assert faults == []


async def find_barriers(page: Any) -> list[str]:
    """What keeps people from using a page as it stands, as far as axe-core sees: the rule, and where it is broken."""
    from axe_playwright_python.async_playwright import Axe  # noqa: PLC0415 - only `--group browser` has it

    found = (await Axe().run(page)).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found if one["impact"] in SERIOUS]


async def scrolls_sideways(page: Any) -> bool:
    """Whether a page is wider than its window."""
    wide: bool = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return wide


async def is_dark(page: Any, selector: str = "body") -> bool:
    """Whether something has a dark ground."""
    colour: str = await page.locator(selector).evaluate("one => getComputedStyle(one).backgroundColor")
    return sum(int(part) for part in colour.strip("rgba()").split(",")[:3]) < 3 * 80
