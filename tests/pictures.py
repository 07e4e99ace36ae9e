"""Make the pictures of the documentation anew: a thread, the engine's page, and four answers as they grow.

    UV_PROJECT_ENVIRONMENT=.venv-browser uv run --group browser python -m tests.pictures

The bot, the stand-in for Slack and both pages are the very same as ever. The answers are recorded: they are those that
an analyst would write, by which `tests.benchmarks.answers` shows what it counts, and they come as fast as a model's.
"""

import asyncio
import io
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.async_api import async_playwright

from tests.browser.conftest import CHROMIUM, SWITCHES
from tests.browser.doing import ask, start
from tests.browser.looking import looking
from tests.support.model_server import ModelServer, Script
from tests.support.playground import playing
from tests.support.process import ROOT
from tests.support.web import serving

DOCS = ROOT / "docs"
ANSWERS = ROOT / "tests/benchmarks/answers/counts/good.toml"
WORDS_PER_SECOND = {"Depth": 26.0, "Breadth": 19.0, "Structure": 23.0, "Time": 16.0}
FRAME = 0.25  # seconds
LINGER = 4.0  # seconds in which the end is seen
DESK = {"width": 1360, "height": 860}
TALL = {"width": 1120, "height": 1500}
SMALLER = 0.6  # what moves is as much smaller


def record() -> ModelServer:
    """A model that says what is recorded."""
    recorded = tomllib.loads(ANSWERS.read_text(encoding="utf-8"))["answers"]
    texts = {one["perspective"]: one["text"].strip() for one in recorded if one["problem"] == "leavers"}
    scripts = {}
    for name, speed in WORDS_PER_SECOND.items():
        words = [f"{word} " for word in texts[name].split(" ")]
        scripts[name] = Script(tuple(words), every=1 / speed, first=0.6)
    return ModelServer(**scripts)


async def draw_thread(browser: Any) -> None:
    """The playground, with a thread beside its channel."""
    async with playing(record()) as place, looking(browser, place.address, viewport=DESK) as page:
        await open_thread(page)
        await page.get_by_role("button", name="Draw together").first.wait_for()
        await page.locator("#replies").evaluate("one => one.scrollTo(0, 0)")
        keep(await page.screenshot(), DOCS / "thread.png")


async def draw_growth(browser: Any) -> None:
    """The same thread while it grows."""
    frames: list[Image.Image] = []
    times: list[float] = []
    async with playing(record()) as place, looking(browser, place.address, viewport=TALL) as page:
        await open_thread(page)
        is_over = False
        while not is_over:
            times.append(asyncio.get_running_loop().time())
            frames.append(read(await page.screenshot()))
            is_over = await page.locator("#messages").get_by_role("button", name="Draw together").count()
            await asyncio.sleep(FRAME)
        frames.append(read(await page.screenshot()))
    # A picture takes the longer the busier the machine is: each is shown for as long as it stood.
    shown = [later - earlier for earlier, later in pairwise([*times, times[-1] + FRAME])] + [LINGER]
    size = (round(TALL["width"] * SMALLER), round(TALL["height"] * SMALLER))
    first, *others = [frame.resize(size, Image.Resampling.LANCZOS) for frame in frames]
    first.save(
        DOCS / "growing.webp",
        save_all=True,
        append_images=others,
        duration=[round(seconds * 1_000) for seconds in shown],
        loop=0,
        quality=55,
        method=4,
    )


async def draw_page(browser: Any) -> None:
    """The engine's page."""
    async with serving(record()) as site, looking(browser, site.url, viewport=DESK) as page:
        await start(page)
        await page.get_by_role("button", name="Draw together").wait_for()
        keep(await page.screenshot(), DOCS / "page.png")


async def open_thread(page: Any) -> None:
    """Ask, and see the thread; the pointer is nowhere in the picture."""
    await ask(page)
    await page.get_by_role("heading", name="Thread").hover()


def read(picture: bytes) -> Image.Image:
    """A picture as a browser gives it."""
    return Image.open(io.BytesIO(picture)).convert("RGB")


def keep(picture: bytes, path: Path) -> None:
    """Write a still picture, in as many colours as a small file has; the rare ones are those of the signs."""
    few = read(picture).quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(path, optimize=True)


async def main() -> None:
    """Make all of them."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(SWITCHES))
        for draw in (draw_thread, draw_page, draw_growth):
            await draw(browser)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
