"""The engine's page."""

import re
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.browser.doing import start
from tests.browser.looking import PHONE, find_barriers, is_dark, looking, scrolls_sideways
from tests.support.model_server import KEY, ModelServer, Script, words
from tests.support.process import Process, process, until
from tests.support.web import serving
from tests.support.world import NAMES, PROBLEM

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

QUICK = {name: Script((f"{name} says", " so.\n\nAnd **more**.")) for name in NAMES}
SLOW = dict.fromkeys(NAMES, words(300, 30))
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>\n\n![a](https://evil.example/a.png) "
    "[b](javascript:alert(3)) [c](https://evil.example/) <https://evil.example/d>\n\n"
    '<iframe src="https://evil.example"></iframe><style>*{display:none}</style>\n\n'
    "```html\n<b onclick=alert(4)>\n```\n\n<svg/onload=alert(5)> &lt;script&gt;"
)


async def say(page: Any, words: str) -> None:
    """Wait until the line that is read aloud says so."""
    await page.get_by_role("status").get_by_text(words).wait_for()


async def find_address(bot: Process) -> str:
    """What the process says that is to be opened."""
    await until(lambda: "Open http" in bot._out.read_text())
    return bot._out.read_text().split()[1]


async def test_answers_grow_side_by_side_and_are_gone_on_with(browser: Any) -> None:
    """Deeper with words, and together; nothing is in the way of anybody."""
    async with (
        serving(ModelServer(**QUICK, other=Script(("So in the end.",)))) as site,
        looking(browser, site.url) as page,
    ):
        await start(page)
        await say(page, "All answers have ended.")
        boxes = page.locator("#answers .box")
        assert [await boxes.nth(place).locator("strong").inner_text() for place in range(4)] == ["more"] * 4
        tops = [(await boxes.nth(place).bounding_box())["y"] for place in range(4)]
        assert len(set(tops)) == 1
        await page.get_by_role("button", name="Go deeper").first.click()
        await page.get_by_label("Ask Depth, or add what you know").fill("And those who stay?")
        await page.get_by_role("button", name="Ask", exact=True).click()
        await boxes.first.get_by_text("So in the end.").wait_for()
        await page.get_by_role("button", name="Draw together").click()
        await page.locator("#drawn").get_by_text("So in the end.").wait_for()
        assert "And those who stay?" in site.model.requests[4].body["messages"][-1]["content"]
        assert await find_barriers(page) == []


async def test_stop_ends_a_run_and_a_second_start_begins_none(browser: Any) -> None:
    """While one goes on: neither by the button, which cannot be pressed, nor by keys."""
    async with serving(ModelServer(**SLOW)) as site, looking(browser, site.url) as page:
        await start(page)
        await page.get_by_text("word3 ").first.wait_for()
        assert await page.get_by_role("button", name="Start").is_disabled()
        await page.get_by_label("Your problem").press("Control+Enter")
        assert await find_barriers(page) == []
        await page.get_by_role("button", name="Stop").click()
        await say(page, "All answers have ended.")
        assert await page.locator(".box[data-state=stopped]").count() == 4
        assert len(site.model.requests) == 4
        await page.get_by_label("Your problem").press("Control+Enter")
        await page.get_by_role("button", name="Stop").wait_for()
        assert len(site.model.requests) > 4


async def test_a_reload_in_the_middle_finds_its_run(browser: Any) -> None:
    """The same one, from where it is by then."""
    async with serving(ModelServer(**dict.fromkeys(NAMES, words(60, 30)))) as site, looking(browser, site.url) as page:
        await start(page)
        await page.get_by_text("word9 ").first.wait_for()
        await page.reload()
        await say(page, "All answers have ended.")
        assert await page.get_by_text(re.compile("word0 .*word59")).count() == 4
        assert await page.get_by_label("Your problem").input_value() == PROBLEM
        assert len(site.model.requests) == 4


async def test_a_server_that_is_stopped_in_the_middle_says_so_and_offers_again(browser: Any) -> None:
    """What had come still stands there, and the problem in its field; the next server answers it."""
    async with AsyncExitStack() as stack:
        async with serving(ModelServer(**SLOW)) as site:
            page = await stack.enter_async_context(looking(browser, site.url))
            await start(page)
            await page.locator("#answers").get_by_text("word3 ").nth(len(NAMES) - 1).wait_for()
        await page.get_by_text("the bot was stopped").first.wait_for()
        assert await page.locator("#answers").get_by_text("word3 ").count() == 4
        async with serving(ModelServer(**QUICK), web={"port": int(site.url.split(":")[2].strip("/"))}):
            await page.get_by_role("button", name="Ask again").click()
            await say(page, "All answers have ended.")
            assert await page.locator("#answers").get_by_text("Depth says so.").count() == 1


async def test_a_server_that_was_killed_in_the_middle_says_so_and_offers_again(browser: Any, tmp_path: Path) -> None:
    """The next one knows nothing of the run; the page does."""
    async with AsyncExitStack() as stack, ModelServer(**SLOW) as model:
        settings = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": model.url, "PORT": "0"}
        async with process(tmp_path, "web", **settings) as bot:
            url = await find_address(bot)
            page = await stack.enter_async_context(looking(browser, url))
            await start(page)
            await page.locator("#answers").get_by_text("word3 ").nth(len(NAMES) - 1).wait_for()
        async with process(tmp_path, "web", **settings | {"PORT": url.split(":")[2].strip("/")}):
            await page.get_by_role("alert").get_by_text("it was restarted").wait_for()
            assert await page.locator("#answers").get_by_text("word3 ").count() == 4
            model.scripts |= {name: [script] for name, script in QUICK.items()}
            await page.get_by_role("button", name="Ask again").click()
            await say(page, "All answers have ended.")


async def test_hostile_markdown_executes_nothing_and_loads_nothing(browser: Any) -> None:
    """From a model, and from the person: what is no Markdown stands there as it is written."""
    async with (
        serving(ModelServer(**dict.fromkeys(NAMES, Script((HOSTILE,))))) as site,
        looking(browser, site.url) as page,
    ):
        await start(page, HOSTILE)
        await say(page, "All answers have ended.")
        inside = page.locator(".text")
        assert await inside.locator("script, img, iframe, style, svg, [onclick]").count() == 0
        assert await page.get_by_text("<img src=x onerror=alert(2)>").count() >= 4
        addresses = await inside.locator("a").evaluate_all("links => links.map((one) => one.href)")
        assert {one.partition(":")[0] for one in addresses} == {"https"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_on_a_phone_the_answers_stand_below_each_other(browser: Any, scheme: str) -> None:
    """Nothing scrolls sideways; in the colours that the system has."""
    long = {name: Script((f"{name} {'x' * 300}\n\n```\n{'y' * 300}\n```",)) for name in NAMES}
    how = {"viewport": PHONE, "color_scheme": scheme}
    async with serving(ModelServer(**long)) as site, looking(browser, site.url, **how) as page:
        await start(page)
        await say(page, "All answers have ended.")
        boxes = [await page.locator("#answers .box").nth(place).bounding_box() for place in range(4)]
        assert len({box["x"] for box in boxes}) == 1
        assert [box["y"] for box in boxes] == sorted(box["y"] for box in boxes)
        assert not await scrolls_sideways(page)
        assert await is_dark(page) is (scheme == "dark")
        assert await find_barriers(page) == []


async def test_all_of_it_can_be_done_by_keys(browser: Any) -> None:
    """From the field on, in the order in which it is read; what is opened has the focus, and gives it back."""
    async with serving(ModelServer(**QUICK)) as site, looking(browser, site.url) as page:
        await page.keyboard.type(PROBLEM)
        await page.keyboard.press("Control+Enter")
        await say(page, "All answers have ended.")
        seen = []
        for _ in range(8):
            await page.keyboard.press("Tab")
            seen.append(await page.evaluate("document.activeElement.textContent"))
            if seen[-1] == "Go deeper":
                break
        assert seen == ["Start", "Draw together", "Copy as Markdown", "Download", "Go deeper"]
        await page.keyboard.press("Enter")
        assert await page.evaluate("document.activeElement.tagName") == "TEXTAREA"
        await page.keyboard.press("Escape")
        assert await page.evaluate("document.activeElement.textContent") == "Go deeper"
